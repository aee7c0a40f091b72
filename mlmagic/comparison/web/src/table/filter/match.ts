/** Which runs a filter keeps. */

import { numbersOfWords, readsAs } from "../../values.ts";
import { has, type Column, type NumberColumn, type Table, type TextColumn } from "../../wire.ts";
import { isName, locate } from "./names.ts";
import { parse, type Condition, type Expression, type Text } from "./parse.ts";
import { didYouMean, Problem } from "./problem.ts";

/** The rows that match (1) or not (0), all where there is no filter; or what is wrong. */
export type Matched = { readonly rows: Uint8Array | null; readonly problem: null } | { readonly rows: null; readonly problem: Problem };

const SHORTEST_ID = 4;
const STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
const UNITS: Record<string, number> = { ms: 0.001, s: 1, min: 60, m: 60, h: 3600, d: 86_400 };
const lowercase = new WeakMap<readonly string[], readonly string[]>();

/** Returns the rows that a filter keeps; words are looked for in `searched`, and in the ids. Never throws. */
export function match(text: string, table: Table, searched: readonly TextColumn[]): Matched {
  try {
    const expression = parse(text, (name) => isName(table, name));
    return { rows: expression && rowsOf(expression, table, searched), problem: null };
  } catch (problem) {
    if (problem instanceof Problem) return { rows: null, problem };
    throw problem;
  }
}

function rowsOf(expression: Expression, table: Table, searched: readonly TextColumn[]): Uint8Array {
  switch (expression.kind) {
    case "text":
      return withText(expression, table, searched);
    case "not":
      return rowsOf(expression.part, table, searched).map((isIn) => 1 - isIn);
    case "all":
    case "any": {
      const [first, ...others] = expression.parts.map((part) => rowsOf(part, table, searched));
      const isAll = expression.kind === "all";
      for (const other of others) for (let row = 0; row < other.length; row++) first![row] = isAll ? first![row]! & other[row]! : first![row]! | other[row]!;
      return first!;
    }
    case "condition":
      return condition(expression, table);
  }
}

function withText({ text, quoted, start, end }: Text, table: Table, searched: readonly TextColumn[]): Uint8Array {
  const wanted = text.toLowerCase();
  // The beginning of an id is meant from four characters on, as everywhere: 07 is a part of a name.
  const isId = wanted.length >= SHORTEST_ID;
  const rows = Uint8Array.from(table.ids, (id) => Number(isId && id.startsWith(wanted)));
  for (const column of searched) {
    const holds = Uint8Array.from(lowered(column.words), (word) => Number(word.includes(wanted)));
    for (let row = 0; row < rows.length; row++) rows[row] = rows[row]! | (holds[column.codes[row]!] ?? 0);
  }
  const begun = quoted || rows.includes(1) ? undefined : table.columns.find(({ label }) => label.toLowerCase().startsWith(wanted));
  // The name of a column on its way to a condition, not a search for a word that no run has.
  if (begun) throw new Problem(`No run has the word '${text}'. For a condition an operator follows: ${begun.label.slice(0, 60)} ${begun.type === "number" ? "< 0.2" : "= adam"}`, start, end);
  return rows;
}

function lowered(words: readonly string[]): readonly string[] {
  let found = lowercase.get(words);
  if (!found) lowercase.set(words, (found = words.map((word) => word.toLowerCase())));
  return found;
}

function condition(wanted: Condition, table: Table): Uint8Array {
  const column = locate(table, wanted);
  if (wanted.operator === "is missing" || wanted.operator === "is not missing") {
    const isWanted = wanted.operator === "is not missing";
    return Uint8Array.from({ length: table.count }, (_, row) => Number(has(column, row) === isWanted));
  }
  if (column.type === "number") {
    const test = numberTest(wanted, column);
    return Uint8Array.from(column.numbers, (value, row) => Number(!column.missing?.[row] && test(value)));
  }
  if (column.format === "status") checkStatus(wanted);
  const test = textTest(wanted, column);
  const holds = Uint8Array.from(column.words, (_, code) => Number(test(code)));
  return Uint8Array.from(column.codes, (code) => holds[code] ?? 0);
}

function numberTest(wanted: Condition, column: NumberColumn): (value: number) => boolean {
  const { operator, choices } = wanted;
  if (operator === "in" || operator === "not in") {
    const numbers = new Set(choices.map((choice) => numberFor(choice, column, wanted)));
    return (value) => numbers.has(value) === (operator === "in");
  }
  if (!(operator in COMPARE)) {
    throw new Problem(`'${column.label}' is a ${column.kind === "metric" ? "metric" : column.format}: compare it by ${Object.keys(COMPARE).join(", ")}, not ${operator}.`, wanted.nameEnd, wanted.end);
  }
  return comparison(operator as Sign, numberFor(wanted.value, column, wanted));
}

function numberFor(value: string, column: Column, { nameEnd, end }: Condition): number {
  const number = readsAs(value);
  if (number !== null) return number;
  if (column.format === "duration") {
    const [, amount, unit] = /^(\S*?\d\.?)\s*(ms|s|min|m|h|d)$/i.exec(value) ?? [];
    const parsed = amount === undefined ? null : readsAs(amount);
    if (parsed !== null && unit) return parsed * UNITS[unit.toLowerCase()]!;
    throw new Problem(`A duration is compared with seconds, or 5 min, not '${value}'. For example: duration > 60`, nameEnd, end);
  }
  if (column.format === "moment") {
    // A day alone is meant in local time, as in %runs.
    const moment = Date.parse(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00` : value);
    if (!Number.isNaN(moment)) return moment;
    throw new Problem(`'${column.label}' is compared with a date, not '${value}'. For example: ${column.label} > 2026-01-31`, nameEnd, end);
  }
  throw new Problem(`'${column.label}' is a metric: compare it with a number, not '${value}'.`, nameEnd, end);
}

type Sign = "=" | "!=" | "<" | "<=" | ">" | ">=";
const COMPARE: Record<Sign, (a: number, b: number) => boolean> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

function comparison(sign: Sign, limit: number): (value: number) => boolean {
  if (Number.isNaN(limit) && (sign === "=" || sign === "!=")) return (value) => Number.isNaN(value) === (sign === "=");
  const compare = COMPARE[sign];
  return (value) => compare(value, limit);
}

/** An unquoted number compares by value, so that `lr = 0.10` finds the param `0.1`. */
function textTest(wanted: Condition, column: TextColumn): (code: number) => boolean {
  const { operator, value, quoted, choices } = wanted;
  const words = lowered(column.words);
  const numbers = numbersOfWords(column);
  const equal = (text: string, isText: boolean): ((code: number) => boolean) => {
    const number = isText ? null : readsAs(text);
    const word = text.toLowerCase();
    return (code) => words[code] === word || (number !== null && numbers[code] === number);
  };
  switch (operator) {
    case "in":
    case "not in": {
      const tests = choices.map((choice) => equal(choice, false));
      return (code) => tests.some((test) => test(code)) === (operator === "in");
    }
    case "=":
    case "!=": {
      const test = equal(value, quoted);
      return (code) => test(code) === (operator === "=");
    }
    case "~":
    case "!~": {
      const part = value.toLowerCase();
      return (code) => words[code]!.includes(part) === (operator === "~");
    }
    case "like":
    case "ilike": {
      const pattern = value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("%", ".*").replaceAll("_", ".");
      const expression = new RegExp(`^${pattern}$`, operator === "ilike" ? "isu" : "su");
      return (code) => expression.test(column.words[code]!);
    }
    default: {
      const number = quoted ? null : readsAs(value);
      if (number === null) throw new Problem(`'${column.label}' is text: ${operator} compares it with a number, not '${value}'.`, wanted.nameEnd, wanted.end);
      const test = comparison(operator as Sign, number);
      return (code) => test(numbers[code]!);
    }
  }
}

function checkStatus({ operator, value, choices, nameEnd, end }: Condition): void {
  if (operator === "~" || operator === "!~" || operator.endsWith("like")) return;
  for (const status of choices.length > 0 ? choices : [value]) {
    if (STATUSES.includes(status.toUpperCase())) continue;
    throw new Problem(`'${status}' is not a status.${didYouMean(status, STATUSES)} There are ${STATUSES.join(", ")}.`, nameEnd, end);
  }
}
