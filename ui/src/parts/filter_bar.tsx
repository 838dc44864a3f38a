// SPDX-License-Identifier: Apache-2.0
// The filter of all pages, in the language of the command line, with completion of fields and of their values.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { change, go, parameter } from "../address";
import { sql } from "../api";
import { complete, isOfRates, quoted, terms } from "../filter";
import type { Choice } from "../filter";
import { range } from "../range";
import { Icon } from "./icons";

const CHOICES_MAXIMUM = 12;

const VALUES_MS = 30e3;
const known = new Map<string, { until: number; values: Promise<Choice[]> }>();

/** Values that the field has had in the range, the most frequent first; the same for a while. */
function valuesOf(field: string): Promise<Choice[]> {
  const found = known.get(field);
  if (found && found.until > Date.now()) return found.values;
  const values = askValues(field);
  known.set(field, { until: Date.now() + VALUES_MS, values });
  return values;
}

/** The field's name is of the field tables. */
async function askValues(field: string): Promise<Choice[]> {
  const { since, until } = range.peek();
  const rows = await sql(
    `SELECT "${field}" AS value, sum(count) AS requests FROM request_rate
     WHERE time_ns >= ${since}000000 AND time_ns < ${until}000000 AND "${field}" <> ''
     GROUP BY value ORDER BY requests DESC LIMIT 200`,
  ).catch(() => []);
  return rows.map((row) => ({ text: quoted(String(row.value)), help: "" }));
}

export function FilterBar() {
  const text = useSignal(parameter("filter"));
  const choices = useSignal<Choice[]>([]);
  const chosen = useSignal(-1);
  const place = useRef({ start: 0, end: 0 });
  const input = useRef<HTMLInputElement>(null);
  const asked = useRef(0);
  const stored = parameter("filter");
  useEffect(() => {
    text.value = stored;
  }, [stored]);

  const close = () => {
    asked.current++;
    choices.value = [];
    chosen.value = -1;
  };
  const apply = () => {
    close();
    go(change({ filter: text.value.trim() || null, open: null }));
  };
  const offer = async () => {
    const field = input.current!;
    const mine = ++asked.current;
    const found = complete(field.value, field.selectionStart ?? field.value.length);
    place.current = found;
    let list = found.choices;
    if (found.valuesOf) {
      const typed = field.value.slice(found.start, found.end).toLowerCase();
      list = (await valuesOf(found.valuesOf)).filter((choice) => choice.text.toLowerCase().includes(typed));
    }
    if (mine !== asked.current || document.activeElement !== field) return;
    choices.value = list.slice(0, CHOICES_MAXIMUM);
    chosen.value = -1;
  };
  const choose = (choice: Choice) => {
    const field = input.current!;
    const { start, end } = place.current;
    const isValue = /[=~<>|]['"]?$/.test(text.value.slice(0, start));
    const added = isValue ? choice.text : `${choice.text}=`;
    text.value = text.value.slice(0, start) + added + text.value.slice(end);
    close();
    requestAnimationFrame(() => {
      field.focus();
      field.setSelectionRange(start + added.length, start + added.length);
      if (!isValue) offer();
    });
  };
  const onKey = (event: KeyboardEvent) => {
    const count = choices.value.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!count) return void offer();
      chosen.value = (chosen.value + (event.key === "ArrowDown" ? 1 : count) + count) % count;
    } else if ((event.key === "Enter" || event.key === "Tab") && chosen.value >= 0) choose(choices.value[chosen.value]!);
    else if (event.key === "Tab" && count) choose(choices.value[0]!);
    else if (event.key === "Enter") apply();
    else if (event.key === "Escape" && count) {
      close();
      event.stopPropagation();
    } else return;
    event.preventDefault();
  };
  return (
    <div class="filter" role="search">
      <Icon name="search" />
      <input
        id="filter"
        ref={input}
        value={text.value}
        placeholder="Filter: service=shop status=5xx duration>100ms"
        aria-label="Filter"
        role="combobox"
        aria-expanded={choices.value.length > 0}
        aria-controls="choices"
        aria-activedescendant={chosen.value >= 0 ? `choice-${chosen.value}` : undefined}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          offer();
        }}
        onFocus={offer}
        onKeyDown={onKey}
        onBlur={() => {
          close();
          if (text.value.trim() !== stored) apply();
        }}
      />
      {text.value ? (
        <button
          class="plain"
          aria-label="Clear the filter"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => {
            text.value = "";
            apply();
          }}
        >
          <Icon name="close" />
        </button>
      ) : (
        <kbd>/</kbd>
      )}
      <ul id="choices" role="listbox" aria-label="Completions" hidden={!choices.value.length}>
        {choices.value.map((choice, index) => (
          <li
            id={`choice-${index}`}
            role="option"
            aria-selected={index === chosen.value}
            onMouseDown={(event) => {
              event.preventDefault();
              choose(choice);
            }}
          >
            <code>{choice.text}</code>
            <span>{choice.help}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Says which terms a page of exact counts leaves out. */
export function IgnoredTerms() {
  const ignored = terms(parameter("filter")).filter((term) => !isOfRates(term));
  if (!ignored.length) return null;
  return (
    <p class="note">
      Counts are kept without{" "}
      {ignored.map((term, index) => (
        <>
          {index > 0 && ", "}
          <code>{term.text}</code>
        </>
      ))}
      , so it is left out here.
    </p>
  );
}
