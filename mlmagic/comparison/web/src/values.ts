/** Values of columns as numbers, and as the exact text that a file holds. */

import { has, type Column, type TextColumn } from "./wire.ts";

const NUMBER = /^[ \t\n\v\f\r]*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?[ \t\n\v\f\r]*$/i;
const NO_FINITE = /^[ \t\n\v\f\r]*([+-]?)(inf|infinity|nan)[ \t\n\v\f\r]*$/i;
const numbers = new WeakMap<readonly string[], Float64Array>();

/** Returns the number that a word reads as in Python (`1e-3`, `.5`, `-inf`), null where it is none. */
export function readsAs(word: string): number | null {
  if (NUMBER.test(word)) return Number(word);
  const special = NO_FINITE.exec(word);
  if (!special) return null;
  return special[2]!.toLowerCase() === "nan" ? NaN : special[1] === "-" ? -Infinity : Infinity;
}

/** Returns the number of each word of a column, NaN where it reads as none. */
export function numbersOfWords(column: TextColumn): Float64Array {
  let found = numbers.get(column.words);
  if (!found) numbers.set(column.words, (found = Float64Array.from(column.words, (word) => readsAs(word) ?? NaN)));
  return found;
}

/** Returns the number of a run, NaN where it has none: look at `has` to tell what is missing. */
export function numberAt(column: Column, row: number): number {
  if (column.type === "number") return column.missing?.[row] ? NaN : column.numbers[row]!;
  return numbersOfWords(column)[column.codes[row]!] ?? NaN;
}

/** Returns the value of a run without loss, as Python reads it back; empty where it is missing. */
export function exact(column: Column, row: number): string {
  if (!has(column, row)) return "";
  if (column.type === "text") return column.words[column.codes[row]!]!;
  const value = column.numbers[row]!;
  if (column.format === "moment") return isMoment(value) ? new Date(value).toISOString() : "";
  return Number.isNaN(value) ? "nan" : Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";
}

/** Tells whether these milliseconds since 1970 are a day of the calendar. */
export function isMoment(milliseconds: number): boolean {
  return Math.abs(milliseconds) <= 8.64e15;
}
