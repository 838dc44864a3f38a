// SPDX-License-Identifier: Apache-2.0
// An SQL editor with completion of tables, columns and functions. It lives in a shadow root, where CodeMirror's style
// sheets are constructed ones, which the Content-Security-Policy allows.
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { SQLite, sql } from "@codemirror/lang-sql";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, tooltips } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { color: "var(--text)", fontSize: "12.5px", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": {
    fontFamily: 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace',
    padding: "10px 12px",
    caretColor: "var(--text)",
    lineHeight: "1.5",
  },
  ".cm-scroller": { maxHeight: "300px", minHeight: "118px", overflow: "auto" },
  ".cm-line": { padding: "0" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": { background: "var(--accent-back) !important" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-tooltip": { background: "var(--raised)", border: "1px solid var(--line)", borderRadius: "8px", color: "var(--text)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit", maxHeight: "220px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--hover)", color: "var(--text)" },
  ".cm-completionDetail": { color: "var(--soft)", fontStyle: "normal" },
});

const colors = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--rate)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--live)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--latency)" },
  { tag: tags.comment, color: "var(--faint)" },
]);

export interface Schema {
  [table: string]: { label: string; detail: string; type: string }[];
}

export interface Editor {
  set(text: string): void;
  destroy(): void;
}

export function makeEditor(
  parent: HTMLElement,
  text: string,
  schema: Schema,
  functions: string[],
  on: { run: () => void; change: (text: string) => void },
): Editor {
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: "open" });
  const inner = document.createElement("div");
  root.replaceChildren(inner);
  const completions = functions.map((label) => ({ label, type: "function", apply: `${label}(` }));
  const language = sql({ dialect: SQLite, schema, upperCaseKeywords: true });
  const view = new EditorView({
    parent: inner,
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(
          keymap.of([
            { key: "Mod-Enter", run: () => (on.run(), true) },
            { key: "Escape", run: (one) => (one.contentDOM.blur(), true) },
          ]),
        ),
        history(),
        language,
        language.language.data.of({
          autocomplete: (context: { matchBefore(pattern: RegExp): { from: number; to: number } | null }) => {
            const word = context.matchBefore(/\w+/);
            return word && { from: word.from, options: completions };
          },
        }),
        // Chromium would remove what is selected with style attributes, which the policy forbids.
        EditorView.domEventHandlers({
          beforeinput(event, one) {
            if (event.inputType !== "insertText" || !event.data || one.state.selection.main.empty) return false;
            one.dispatch(one.state.update(one.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true }));
            event.preventDefault();
            return true;
          },
        }),
        autocompletion({ icons: false }),
        keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        tooltips({ parent: inner }),
        syntaxHighlighting(colors),
        look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "SQL", spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) on.change(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    set(next) {
      if (next !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    destroy: () => view.destroy(),
  };
}
