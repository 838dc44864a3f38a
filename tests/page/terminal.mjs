// SPDX-License-Identifier: Apache-2.0
// Pictures of a terminal: what a program draws in tmux, as a document with the same cells and colours.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";

const PALETTES = {
  dark: { back: "#16161a", front: "#d6d6d6", colors: ["#3a3a40", "#e8705f", "#7fb46b", "#d8a848", "#6d9fdc", "#b98bd6", "#5fb3b3", "#c8c8c8"] },
  light: { back: "#ffffff", front: "#2a2a2a", colors: ["#202020", "#b3321f", "#3f7a2a", "#8a6100", "#1f5fae", "#7d3fa3", "#1d7474", "#8a8a8a"] },
};

const LOOKS = 300;

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** 216 colours in a cube and 24 greys, behind the 16 of the palette. */
function colorOf(number, { colors }) {
  if (number < 16) return colors[number % 8];
  if (number >= 232) return `rgb(${Array(3).fill(8 + 10 * (number - 232))})`;
  const level = (part) => (part ? 55 + 40 * part : 0);
  return `rgb(${[Math.floor((number - 16) / 36), Math.floor((number - 16) / 6) % 6, (number - 16) % 6].map(level)})`;
}

function apply(style, codes) {
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === 0) for (const name of Object.keys(style)) delete style[name];
    else if ([1, 2, 4, 7].includes(code)) style[code] = true;
    else if (code === 22) delete style[1], delete style[2];
    else if (code === 24 || code === 27) delete style[code - 20];
    else if ((code === 38 || code === 48) && codes[at + 1] === 5) (style[code] = codes[at + 2]), (at += 2);
    else if (code === 39 || code === 49) delete style[code - 1];
    else if ((code >= 30 && code < 38) || (code >= 40 && code < 48)) style[code < 40 ? 38 : 48] = code % 10;
    else if (code >= 90 && code < 98) style[38] = code - 90;
  }
}

function cssOf(style, palette) {
  let front = style[38] === undefined ? palette.front : colorOf(style[38], palette);
  let back = style[48] === undefined ? "" : colorOf(style[48], palette);
  if (style[7]) [front, back] = [back || palette.back, front];
  return `color:${front};${back && `background:${back};`}${style[1] ? "font-weight:700;" : ""}${style[2] ? "opacity:.65;" : ""}${style[4] ? "text-decoration:underline;" : ""}`;
}

export function documentOf(screen, scheme) {
  const palette = PALETTES[scheme];
  const style = {};
  // Only colours are left: tmux has drawn the rest.
  const parts = screen.split(/\x1b\[([\d;]*)m|\x1b\(B|\x0f|\x0e/).map((part, index) => {
    if (index % 2 === 0) return `<span style="${cssOf(style, palette)}">${escaped(part)}</span>`;
    if (part !== undefined) apply(style, part.split(";").map(Number));
    return "";
  });
  return `<!doctype html><body style="margin:0;background:${palette.back}"><pre style="margin:0;padding:14px 18px;display:inline-block;font:13px/1.32 'DejaVu Sans Mono',monospace">${parts.join("")}</pre>`;
}

/** What the program shows in a terminal of that size as soon as the screen matches. */
export async function screenOf(socket, [columns, rows], command, wanted) {
  const tmux = (...words) => execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...words], { encoding: "utf8" });
  const env = { ...process.env, LC_ALL: "C.UTF-8", TERM: "xterm-256color" };
  delete env.NO_COLOR;
  execFileSync("tmux", ["-S", socket, "-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows, command.map((word) => `'${word}'`).join(" ")].map(String), { env });
  try {
    for (let look = 0; !wanted.test(tmux("capture-pane", "-p")); look++) {
      if (look > LOOKS) throw new Error(`the terminal does not show ${wanted}: ${tmux("capture-pane", "-p")}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return tmux("capture-pane", "-e", "-p").trimEnd();
  } finally {
    tmux("kill-server");
    rmSync(socket, { force: true });
  }
}
