/** Which runs a filter keeps; `mlmagic/store/query/filters/matching.py` decides the same of MLflow's runs. */

import { numbersOfWords, readsAs } from "../../values.ts";
import { has, type Column, type NumberColumn, type Table, type TextColumn } from "../../wire.ts";
import { isName, knownColumns, locate, valuesOf } from "./names.ts";
import { parse, type Condition, type Expression, type Text, type Value } from "./parse.ts";
import { didYouMean, Problem, short } from "./problem.ts";
import { PLAIN } from "./tokens.ts";
import { like, millisecondsIn, secondsIn } from "./values.ts";

/** The rows that match (1) or not (0), all where there is no filter; or what is wrong. */
export type Matched = { readonly rows: Uint8Array | null; readonly problem: null } | { readonly rows: null; readonly problem: Problem };

type About = Pick<Column, "label" | "kind" | "format">;

const SHORTEST_ID = 4;
const OF_TEXT = "=, !=, ~, !~, like, in (…)";
const STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
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
  const begun = quoted || rows.includes(1) ? undefined : knownColumns(table).find(({ label }) => label.toLowerCase().startsWith(wanted));
  // The name of a column on its way to a condition, not a search for a word that no run has.
  if (begun) throw new Problem(`No run has the word '${short(text)}'. For a condition an operator follows: ${conditionOn(begun)}`, start, end);
  return rows;
}

function lowered(words: readonly string[]): readonly string[] {
  let found = lowercase.get(words);
  if (!found) lowercase.set(words, (found = words.map((word) => word.toLowerCase())));
  return found;
}

function condition(wanted: Condition, table: Table): Uint8Array {
  const column = locate(table, wanted);
  const isNot = wanted.operator === "is not missing";
  const isAsked = wanted.operator === "is missing" || isNot;
  if ("property" in column) {
    const test = isAsked ? () => true : wordTest(wanted, { label: wanted.name, kind: "data", format: "text" });
    return Uint8Array.from(table.ids, (_, row) => Number(valuesOf(column, row).some((word) => test(word)) !== (isAsked && !isNot)));
  }
  if (isAsked) return Uint8Array.from(table.ids, (_, row) => Number(has(column, row) === isNot));
  if (column.type === "number") {
    const test = numberTest(wanted, column);
    return Uint8Array.from(column.last ?? column.numbers, (value, row) => Number(!column.missing?.[row] && test(value)));
  }
  const test = textTest(wanted, column);
  const holds = Uint8Array.from(column.words, (_, code) => Number(test(code)));
  return Uint8Array.from(column.codes, (code) => holds[code] ?? 0);
}

/** A condition as an example, with an operator and a value that fit the column. */
function conditionOn({ label, kind, format }: About): string {
  const value = kind === "metric" ? "< 0.2" : format === "moment" ? "> 2026-01-31" : format === "duration" ? "> 60" : format === "status" ? "= FAILED" : "= adam";
  return `${PLAIN.test(label) ? short(label) : `\`${short(label)}\``} ${value}`;
}

function numberTest(wanted: Condition, column: NumberColumn): (value: number) => boolean {
  const { operator, choices } = wanted;
  if (operator === "in" || operator === "not in") {
    const numbers = new Set(choices.map(({ text }) => numberFor(text, column, wanted)));
    return (value) => numbers.has(value) === (operator === "in");
  }
  if (!(operator in COMPARE)) {
    const what = column.kind === "metric" ? "metric" : column.format === "moment" ? "date" : column.format;
    throw new Problem(`'${short(column.label)}' is a ${what}: compare it by ${Object.keys(COMPARE).join(", ")}, not ${operator}. For example: ${conditionOn(column)}`, wanted.nameEnd, wanted.end);
  }
  return comparison(operator as Sign, numberFor(wanted.value, column, wanted));
}

function numberFor(value: string, column: Column, { nameEnd, end }: Condition): number {
  const shown = short(value);
  const [number, refusal] =
    column.format === "duration" ? [secondsIn(value), `A duration is compared with seconds, or 5 min, not '${shown}'.`]
    : column.format === "moment" ? [millisecondsIn(value), `'${column.label}' is compared with a date, not '${shown}'.`]
    : [readsAs(value), `'${short(column.label)}' is a metric: compare it with a number, not '${shown}'.`];
  if (number !== null) return number;
  throw new Problem(`${refusal} For example: ${conditionOn(column)}`, nameEnd, end);
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
  const numbers = numbersOfWords(column);
  const words = lowered(column.words);
  const test = wordTest(wanted, column);
  if (["<", "<=", ">", ">="].includes(wanted.operator) && column.words.every((word) => readsAs(word) === null)) {
    throw new Problem(`'${short(column.label)}' is not a number in any run: ${wanted.operator} compares numbers. For example: ${conditionOn(column)}`, wanted.nameEnd, wanted.end);
  }
  return (code) => test(column.words[code]!, words[code]!, numbers[code]!);
}

/** Returns a test of a word, which is given in lower case and as a number as well where that is at hand. */
function wordTest(wanted: Condition, column: About): (word: string, lower?: string, number?: number) => boolean {
  const { operator } = wanted;
  const values = column.format === "status" && ["=", "!=", "in", "not in"].includes(operator) ? statuses(wanted) : wanted.choices.length > 0 ? wanted.choices : [{ text: wanted.value, quoted: wanted.quoted }];
  const { text, quoted } = values[0]!;
  switch (operator) {
    case "in":
    case "not in":
    case "=":
    case "!=": {
      const tests = values.map(equalTo);
      const isWanted = operator === "in" || operator === "=";
      return (word, lower = word.toLowerCase(), number = readsAs(word) ?? NaN) => tests.some((test) => test(word, lower, number)) === isWanted;
    }
    case "~":
    case "!~": {
      const part = text.toLowerCase();
      return (word, lower = word.toLowerCase()) => lower.includes(part) === (operator === "~");
    }
    case "like":
      return like(text);
    case "ilike": {
      const fits = like(text.toLowerCase());
      return (word, lower = word.toLowerCase()) => fits(lower);
    }
    default: {
      if (column.kind !== "param" && column.kind !== "tag") throw new Problem(`'${short(column.label)}' is text: compare it by ${OF_TEXT}, not ${operator}. For example: ${conditionOn(column)}`, wanted.nameEnd, wanted.end);
      const limit = quoted ? null : readsAs(text);
      if (limit === null) throw new Problem(`'${short(column.label)}' is text: ${operator} compares it with a number, not '${short(text)}'. For example: ${conditionOn(column)}`, wanted.nameEnd, wanted.end);
      const test = comparison(operator as Sign, limit);
      return (word, _, number = readsAs(word) ?? NaN) => test(number);
    }
  }
}

/** Returns a test for the text of a quoted value to the letter; for any other in any case, or for its number. */
function equalTo({ text, quoted }: Value): (word: string, lower: string, number: number) => boolean {
  if (quoted) return (word) => word === text;
  const wanted = text.toLowerCase();
  const limit = readsAs(text);
  return (_, lower, number) => lower === wanted || (limit !== null && number === limit);
}

function statuses({ value, choices, quoted, nameEnd, end }: Condition): readonly Value[] {
  const values = choices.length > 0 ? choices : [{ text: value, quoted }];
  for (const { text } of values) {
    if (STATUSES.includes(text.toUpperCase())) continue;
    throw new Problem(`'${short(text)}' is not a status.${didYouMean(text, STATUSES)} There are ${STATUSES.join(", ")}. For example: status = FAILED`, nameEnd, end);
  }
  return values.map(({ text }) => ({ text: text.toUpperCase(), quoted: true }));
}
