/** What may be meant by the word that is being typed into the filter. */

import type { Table } from "../../wire.ts";
import { columnsCalled, isName, keyOf, locate, splitName } from "./names.ts";
import { lowered, PLAIN, tokensOf } from "./tokens.ts";

export interface Suggestion {
  /** What replaces the text between `from` and `to`. */
  readonly text: string;
  readonly label: string;
  readonly hint: string;
}

export interface Suggestions {
  readonly from: number;
  readonly to: number;
  readonly options: readonly Suggestion[];
}

const MOST = 8;
const LONGEST = 60;
const KEYWORDS = new Set(["and", "or", "not", "in", "is", "like", "ilike", "missing", "null"]);

/** Returns names of columns, or after an operator the words of the column, that the word at the caret may become. */
export function suggest(text: string, caret: number, table: Table): Suggestions | null {
  const tokens = tokensOf(text.slice(0, caret));
  const last = tokens.at(-1);
  if (!last || last.end !== caret) return null;
  const isValue = last.kind === "symbol" || (last.kind === "word" && tokens.at(-2)?.kind === "symbol");
  if (isValue) {
    const at = last.kind === "symbol" ? tokens.length - 1 : tokens.length - 2;
    const typed = last.kind === "symbol" ? "" : last.text;
    const name = tokens[at - 1];
    return name && tokens[at]!.text.length < 3 ? { from: caret - typed.length, to: caret, options: values(table, name.text, typed) } : null;
  }
  if (last.kind !== "word" || KEYWORDS.has(lowered(last))) return null;
  return { from: last.start, to: caret, options: names(table, last.text) };
}

function names(table: Table, typed: string): Suggestion[] {
  const { kind, key } = splitName(typed);
  const wanted = (kind && !typed.endsWith(".") ? key : typed.replace(/\.$/, "")).toLowerCase();
  const found = table.columns.flatMap((column) => {
    if (kind !== null && column.kind !== kind) return [];
    const place = column.label.toLowerCase().indexOf(wanted);
    return place < 0 || column.label.length > LONGEST ? [] : [{ column, place: place === 0 ? 0 : 1 }];
  });
  found.sort((a, b) => a.place - b.place);
  return found
    .slice(0, MOST)
    .map(({ column }) => {
      const isAlone = columnsCalled(table, column.label).length === 1;
      const quoted = PLAIN.test(column.label) ? column.label : `\`${column.label}\``;
      return { text: isAlone && kind === null ? quoted : `${column.kind}.${quoted}`, label: column.label, hint: column.kind };
    })
    .filter(({ text, label }) => text !== typed && !label.includes("`"));
}

function values(table: Table, name: string, typed: string): Suggestion[] {
  if (!isName(table, name)) return [];
  const column = locate(table, { kind: "condition", name, operator: "=", value: "", quoted: true, choices: [], start: 0, nameEnd: 0, end: 0 });
  if ("property" in column || column.type !== "text" || keyOf(column) === "name") return [];
  const wanted = typed.toLowerCase();
  return column.words
    .filter((word) => word.length <= LONGEST && word.toLowerCase().startsWith(wanted) && word.toLowerCase() !== wanted && !word.includes("'"))
    .slice(0, MOST)
    .map((word) => ({ text: PLAIN.test(word) && !KEYWORDS.has(word.toLowerCase()) ? word : `'${word}'`, label: word, hint: "" }));
}
