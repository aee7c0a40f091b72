/** Which columns are in sight, in what order, and where they stand. */

import { formatter, number } from "../format.ts";
import { has, type Column, type NumberColumn, type Table } from "../wire.ts";

export const NAME = "run:name";
export const ROW_HEIGHT = 28;
export const HEADER_HEIGHT = 46;
export const SELECT_WIDTH = 36;
export const NARROWEST = 48;
export const WIDEST = 900;
const WIDEST_NAME = 560;
const NAME_SHARE = 0.27;
/** The star, the swatch, the link and the gaps beside a name. */
const BESIDE_NAME = 110;
const LETTER = 7.4;
const SAMPLE = 200;
/** So many values are looked at, at most, to tell in which columns the shown runs differ; else all runs decide. */
const MOST_LOOKED_AT = 10_000_000;

export interface Layout {
  readonly columns: readonly Column[];
  readonly pinned: number;
  /** Where each column begins, in pixels, and after the last one where all end. */
  readonly lefts: Float64Array;
}

/** How many letters the longest name has with its badges, and how wide the table is: 0 if that is not known. */
export interface NameRoom {
  readonly letters: number;
  readonly room: number;
}

export interface Wanted {
  readonly hidden: ReadonlySet<string>;
  readonly pinned: readonly string[];
  readonly differing: boolean;
  /** The rows in sight, null: all. */
  readonly rows: Uint8Array | null;
}

/** Returns the pinned columns, then the others; the name is always there, since it tells what a row is. */
export function shownColumns(table: Table, { hidden, pinned, differing, rows }: Wanted): { columns: Column[]; pinned: number } {
  const isCheap = rows !== null && table.columns.length * table.count <= MOST_LOOKED_AT;
  const differs = (column: Column) => column.differs && (!isCheap || differsAmong(column, rows));
  const isShown = (column: Column) => column.id === NAME || (!hidden.has(column.id) && (!differing || differs(column)));
  const first = pinned.flatMap((id) => table.byId.get(id) ?? []).filter(isShown);
  const isPinned = new Set(first);
  return { columns: [...first, ...table.columns.filter((column) => !isPinned.has(column) && isShown(column))], pinned: first.length };
}

/** Tells whether the runs in `rows` have more than one value in a column; a missing one is a value too. */
export function differsAmong(column: Column, rows: Uint8Array): boolean {
  let first: number | null | undefined;
  for (let row = 0; row < rows.length; row++) {
    if (!rows[row]) continue;
    const value = !has(column, row) ? null : column.type === "text" ? column.codes[row]! : column.numbers[row]!;
    if (first === undefined) first = value;
    else if (!Object.is(first, value)) return true;
  }
  return false;
}

/** Returns where the columns stand; `lettersOfMeans` tells how long the means and their errors in a column are, and the names of groups. */
export function layoutOf(
  columns: readonly Column[],
  pinned: number,
  widths: Readonly<Record<string, number>>,
  lettersOfMeans: (column: Column) => number = () => 0,
  names: NameRoom = { letters: 0, room: 0 },
): Layout {
  const lefts = new Float64Array(columns.length + 1);
  lefts[0] = SELECT_WIDTH;
  const own = columns.map((column) => widths[column.id] ?? defaultWidth(column, lettersOfMeans(column)));
  const spare = names.room - own.reduce((sum, width) => sum + width, SELECT_WIDTH);
  columns.forEach(({ id }, at) => {
    const width = id === NAME && widths[id] === undefined ? nameWidth(own[at]!, names, spare) : own[at]!;
    lefts[at + 1] = lefts[at]! + width;
  });
  return { columns, pinned, lefts };
}

/** Names take the room that the other columns leave, and a part of it even if they leave none. */
function nameWidth(least: number, { letters, room }: NameRoom, spare: number): number {
  const most = Math.min(WIDEST_NAME, Math.max(least + spare, NAME_SHARE * room));
  return Math.round(Math.max(least, Math.min(letters * LETTER + BESIDE_NAME, most)));
}

function defaultWidth(column: Column, lettersOfMeans: number): number {
  if (column.id === NAME) return Math.round(Math.max(248, Math.min(380, lettersOfMeans * LETTER + 130)));
  if (column.format === "status" || column.format === "moment") return 122;
  if (column.format === "duration") return 108;
  const heading = Math.min(column.title.length, 24) * LETTER + 46;
  const letters = column.kind === "data" ? 8 : column.type === "number" ? lettersOf(column) : longestWord(column.words.slice(0, SAMPLE));
  if (column.type === "number" && column.interval) return Math.round(Math.min(Math.max(heading, (3 * letters + 5) * LETTER + 48), 290));
  // The error of a mean is a part of what it says: it is not cut.
  if (lettersOfMeans > 0) return Math.round(Math.max(heading, Math.min(270, lettersOfMeans * LETTER + 52)));
  return Math.round(Math.min(Math.max(heading, letters * LETTER + 30, 76), 210));
}

/** More values need more decimals to be told apart: two for each time that there are ten times as many. */
function lettersOf(column: NumberColumn): number {
  const sample = column.numbers.subarray(0, SAMPLE);
  const more = Math.max(0, Math.ceil(2 * Math.log10(column.numbers.length / SAMPLE)));
  const isWhole = sample.every((value) => Number.isInteger(value) || Number.isNaN(value));
  return longestWord(Array.from(sample, isWhole ? number : formatter(sample))) + (isWhole ? 0 : more);
}

function longestWord(words: readonly string[]): number {
  return words.reduce((longest, word) => Math.max(longest, Math.min(word.length, 40)), 0);
}

/** Returns the first and the one after the last of the unpinned columns that lie between two places. */
export function columnsBetween({ lefts, columns, pinned }: Layout, from: number, to: number): [number, number] {
  const first = Math.max(pinned, lastAt(lefts, from));
  return [Math.min(first, columns.length), Math.min(columns.length, lastAt(lefts, to) + 1)];
}

/** Returns the last column that begins at `x` or before. */
function lastAt(lefts: Float64Array, x: number): number {
  let low = 0;
  let high = lefts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (lefts[middle]! <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}
