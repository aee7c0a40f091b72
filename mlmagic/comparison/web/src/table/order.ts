/** The order of rows: numbers by value, words after them, and what is missing or NaN last in either direction. */

import type { Sort } from "../state.ts";
import { numbersOfWords } from "../values.ts";
import { has, type Column, type Table } from "../wire.ts";
import { commonRow, summaryIn, type Branch } from "./tree.ts";

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const keys = new WeakMap<Column, Float64Array>();

/** Returns a number a row by which a column is ordered, NaN for what comes last. */
export function keysOf(column: Column): Float64Array {
  let found = keys.get(column);
  if (!found) keys.set(column, (found = column.type === "number" ? ofNumbers(column.numbers, column.missing) : ofWords(column.codes, ranks(column.words, numbersOfWords(column)))));
  return found;
}

function ofNumbers(numbers: Float64Array, missing: Uint8Array | null): Float64Array {
  return missing ? numbers.map((value, row) => (missing[row] ? NaN : value)) : numbers;
}

function ofWords(codes: Int32Array, ranked: Float64Array): Float64Array {
  return Float64Array.from(codes, (code) => ranked[code] ?? NaN);
}

/** Returns the place of each word: the ones that read as numbers first, by their value. */
function ranks(words: readonly string[], numbers: Float64Array): Float64Array {
  const isNumber = (at: number) => !Number.isNaN(numbers[at]!);
  const order = words.map((_, at) => at).sort((a, b) => {
    if (isNumber(a) && isNumber(b)) return numbers[a] === numbers[b] ? 0 : numbers[a]! - numbers[b]! || 0;
    return Number(isNumber(b)) - Number(isNumber(a)) || collator.compare(words[a]!, words[b]!) || (words[a]! < words[b]! ? -1 : 1);
  });
  const ranked = new Float64Array(words.length);
  let rank = 0;
  order.forEach((at, place) => {
    const before = order[place - 1];
    // 0.1 and 1e-1 are one value, the next key decides.
    if (before === undefined || !isNumber(at) || numbers[at] !== numbers[before]) rank = place;
    ranked[at] = words[at]!.toLowerCase() === "nan" ? NaN : rank;
  });
  return ranked;
}

/** Returns the branches in order, those under them too; equal ones stay as they were. */
export function ordered(table: Table, branches: readonly Branch[], sort: readonly Sort[]): readonly Branch[] {
  const by = sort.flatMap(({ column, descending }) => {
    const found = table.byId.get(column);
    return found ? [{ column: found, descending }] : [];
  });
  return by.length === 0 ? branches : level(branches, by);
}

type By = readonly { column: Column; descending: boolean }[];

function level(branches: readonly Branch[], by: By): readonly Branch[] {
  if (branches.length === 0) return branches;
  const values = by.map(({ column, descending }) => {
    const sign = descending ? -1 : 1;
    const rows = keysOf(column);
    return Float64Array.from(branches, (branch) => sign * keyOf(column, rows, branch));
  });
  const [only, ...others] = values;
  if (others.length === 0 && !only!.some(Number.isNaN)) return arranged(branches, inOrder(only!), by);
  const missing = by.map(({ column }) => (at: number) => branches[at]!.row >= 0 && !has(column, branches[at]!.row));
  const order = Uint32Array.from(branches, (_, at) => at).sort((a, b) => {
    for (let key = 0; key < values.length; key++) {
      const x = values[key]![a]!;
      const y = values[key]![b]!;
      if (x < y) return -1;
      if (x > y) return 1;
      if (x === y) continue;
      const difference = Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || Number(missing[key]!(a)) - Number(missing[key]!(b));
      if (difference) return difference;
    }
    return a - b;
  });
  return arranged(branches, order, by);
}

function arranged(branches: readonly Branch[], order: Uint32Array, by: By): readonly Branch[] {
  return Array.from(order, (at) => {
    const branch = branches[at]!;
    return branch.children.length > 0 ? { ...branch, children: level(branch.children, by) } : branch;
  });
}

/** Returns the places of the values in ascending order, equal ones as they were: without a call for each comparison. */
function inOrder(values: Float64Array): Uint32Array {
  const next = new Map<number, number>();
  values.toSorted().forEach((value, place) => {
    if (!next.has(value)) next.set(value, place);
  });
  const order = new Uint32Array(values.length);
  values.forEach((value, at) => {
    const place = next.get(value)!;
    order[place] = at;
    next.set(value, place + 1);
  });
  return order;
}

/** Groups and parents are ordered by the mean of their children, or by the value that these share; failed runs are last by a metric. */
function keyOf(column: Column, rows: Float64Array, branch: Branch): number {
  if (branch.row >= 0 && (branch.children.length === 0 || has(column, branch.row))) return branch.isOut && column.kind === "metric" ? NaN : rows[branch.row]!;
  if (column.type === "number") return summaryIn(column, branch)?.mean ?? NaN;
  return rows[commonRow(column, branch)] ?? NaN;
}
