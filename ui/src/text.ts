// SPDX-License-Identifier: Apache-2.0
// Text that others chose, made harmless to look at: what is invisible or turns the reading direction becomes visible,
// what is endless is cut. Pure.

const TEXT_MAXIMUM = 4096;
/** Controls, and the marks of direction and of no width (Unicode, general categories Cc and Cf). */
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

function visible(character: string): string {
  const code = character.codePointAt(0)!;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `\u27e8${code.toString(16).toUpperCase().padStart(4, "0")}\u27e9`;
}

export function inert(text: string, most = TEXT_MAXIMUM): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replace(HIDDEN, visible);
}
