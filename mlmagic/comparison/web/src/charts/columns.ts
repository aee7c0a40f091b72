/** Which columns have an axis: what is offered, and what is shown where nobody chose. */

import { isRepetition } from "../names.ts";
import { numberAt } from "../values.ts";
import { has, word, type Column, type Table } from "../wire.ts";

/** So many axes are shown where nobody chose, beside that of the metric. */
export const FIRST_AXES = 6;
export const MOST_AXES = 24;
/** A column of words in which almost every run has its own says nothing about a group of runs. */
const MOST_FIRST_WORDS = 50;
const FEW_WORDS = 8;
/** A column that fewer of the runs have has an axis only where nothing else does; and one below `RARE` has none. */
const LEAST_SHARE = 0.5;
const RARE = 0.25;
const MOST_COUNTED = 1000;
const OFFERED = new Set(["param", "metric", "data", "tag"]);
const OFFERED_OF_RUN = new Set(["run:status", "run:duration", "run:span", "run:experiment", "run:started"]);

export function isNumeric(column: Column): boolean {
  return column.type === "number" || column.format === "number";
}

/** Returns the columns that may be an axis: metrics first, then params and what else there is. */
export function offeredColumns(table: Table): Column[] {
  return table.columns.filter(({ id, kind }) => OFFERED.has(kind) || OFFERED_OF_RUN.has(id));
}

/** Returns the columns of numbers: what may colour. */
export function numericColumns(table: Table): Column[] {
  return offeredColumns(table).filter(isNumeric);
}

/** Returns the metric that matters: the one that was named, else preferably one in which runs differ, with a direction. */
export function mainMetric(table: Table, named: string): Column | null {
  const own = table.byId.get(named);
  if (own?.kind === "metric") return own;
  const metrics = table.columns.filter(({ kind }) => kind === "metric");
  return metrics.find(({ differs, goal }) => differs && goal) ?? metrics.find(({ differs }) => differs) ?? metrics[0] ?? null;
}

/** Returns how many values the runs have in a column, at most `most`. */
export function distinct(column: Column, rows: Int32Array, most: number): number {
  const seen = new Set<number>();
  for (const row of rows) {
    if (!has(column, row)) continue;
    seen.add(column.type === "text" ? column.codes[row]! : column.numbers[row]!);
    if (seen.size >= most) break;
  }
  return seen.size;
}

/**
 * Returns the columns of a kind that tell these rows apart best, in the order of the table: those of most values, in which
 * most of the rows have one, each different from the others. Seeds and words that almost every run has its own of come
 * in only where there is nothing else.
 */
export function tellingColumns(table: Table, rows: Int32Array, kind: "param" | "metric", most: number, without: Column | null = null): Column[] {
  const mostWords = Math.min(MOST_FIRST_WORDS, Math.max(FEW_WORDS, rows.length / 2));
  const varying = table.columns.flatMap((column) => {
    if (column.kind !== kind || column === without) return [];
    const values = distinct(column, rows, MOST_COUNTED);
    return values > 1 && shareOf(column, rows) >= RARE ? [{ column, values, isPoor: isRepetition(column.label) || (!isNumeric(column) && values > mostWords) }] : [];
  });
  const known = preferred(varying, ({ column }) => shareOf(column, rows) >= LEAST_SHARE);
  const telling = preferred(known, ({ isPoor }) => !isPoor);
  const different = new Map<string, (typeof telling)[number]>();
  // The shortest name of those that say the same: `lr` before `optimizer.lr`.
  for (const one of telling.toSorted((a, b) => a.column.label.length - b.column.label.length)) {
    const key = contentOf(one.column, rows);
    if (!different.has(key)) different.set(key, one);
  }
  return ofMostValues(table, rows, [...different.values()].map(({ column }) => column), most);
}

/** Returns the columns of most values, in the order of the table. */
function ofMostValues(table: Table, rows: Int32Array, columns: readonly Column[], most: number): Column[] {
  const sized = columns.map((column) => ({ column, values: distinct(column, rows, MOST_COUNTED) }));
  const best = new Set(sized.sort((a, b) => b.values - a.values).slice(0, most).map(({ column }) => column));
  return table.columns.filter((column) => best.has(column));
}

/** Returns those for which the test holds, all of them where it holds for none. */
function preferred<One>(all: readonly One[], test: (one: One) => boolean): readonly One[] {
  const some = all.filter(test);
  return some.length > 0 ? some : all;
}

function shareOf(column: Column, rows: Int32Array): number {
  return rows.reduce((sum, row) => sum + Number(has(column, row)), 0) / Math.max(1, rows.length);
}

/** Returns a key that two columns share if they have the same numbers, or words that part the rows in the same way. */
function contentOf(column: Column, rows: Int32Array): string {
  const values = isNumeric(column) ? Float64Array.from(rows, (row) => (has(column, row) ? numberAt(column, row) : NaN)) : Float64Array.from(firstPlaces(column, rows));
  let [hash, other] = [2166136261, 5381];
  for (const part of new Int32Array(values.buffer)) {
    hash = Math.imul(hash ^ part, 16777619);
    other = (Math.imul(other, 33) + part) | 0;
  }
  return `${isNumeric(column)} ${hash} ${other}`;
}

/** Returns for each row the number of its word, in the order in which the words come first. */
function firstPlaces(column: Column, rows: Int32Array): number[] {
  const places = new Map<string | null, number>();
  return Array.from(rows, (row) => {
    const value = column.type === "text" ? word(column, row) : null;
    return places.get(value) ?? places.set(value, places.size).size - 1;
  });
}

/** Returns the columns of the axes: the chosen ones that there are, else those that tell the runs apart, and last the metric. */
export function axesOf(table: Table, rows: Int32Array, chosen: readonly string[], main: Column | null): Column[] {
  const own = chosen.flatMap((id) => table.byId.get(id) ?? []);
  if (own.length > 0) return own.slice(0, MOST_AXES);
  const params = tellingColumns(table, rows, "param", FIRST_AXES);
  // Without params that vary, metrics against each other are better than one axis.
  const first = params.length > 0 ? params : tellingColumns(table, rows, "metric", FIRST_AXES, main);
  return main ? [...first, main] : first;
}

/** Returns the column of an axis of the scatter plot: the chosen one, else the varied param that most runs have (x) or the metric (y). */
export function scatterColumn(table: Table, rows: Int32Array, chosen: string, which: "x" | "y", main: Column | null): Column | null {
  const own = table.byId.get(chosen);
  if (own) return own;
  const offered = offeredColumns(table);
  if (which === "y") return main ?? offered[0] ?? null;
  const params = preferred(tellingColumns(table, rows, "param", Infinity), isNumeric);
  const share = Math.max(...params.map((column) => shareOf(column, rows)));
  const known = params.filter((column) => shareOf(column, rows) === share);
  return ofMostValues(table, rows, known, FIRST_AXES)[0] ?? offered.find((column) => column !== main && isNumeric(column)) ?? offered[0] ?? null;
}

/** Returns the column that colours, null for none. */
export function colourColumn(table: Table, chosen: string, main: Column | null): Column | null {
  if (chosen === "none") return null;
  const own = table.byId.get(chosen);
  return own && isNumeric(own) ? own : main;
}
