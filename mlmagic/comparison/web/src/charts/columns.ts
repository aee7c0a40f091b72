/** Which columns have an axis: what is offered, and what is shown where nobody chose. */

import { isRepetition } from "../names.ts";
import { has, type Column, type Table } from "../wire.ts";

/** So many axes are shown where nobody chose, the metric among them. */
export const FIRST_AXES = 8;
export const MOST_AXES = 24;
/** A column of words in which almost every run has its own says nothing about a group of runs. */
const MOST_FIRST_WORDS = 50;
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

/** Returns the params that vary among these rows, those first that most runs have in common; seeds last. */
export function varyingParams(table: Table, rows: Int32Array): Column[] {
  const params = table.columns.filter((column) => column.kind === "param" && distinct(column, rows, 2) > 1);
  const isPoor = (column: Column) => !isNumeric(column) && distinct(column, rows, MOST_FIRST_WORDS + 1) > MOST_FIRST_WORDS;
  const rank = (column: Column) => Number(isPoor(column)) * 2 + Number(isRepetition(column.label));
  return params.map((column) => ({ column, rank: rank(column) })).sort((a, b) => a.rank - b.rank).map(({ column }) => column);
}

/** Returns the columns of the axes: the chosen ones that there are, else the varying params and last the metric. */
export function axesOf(table: Table, rows: Int32Array, chosen: readonly string[], main: Column | null): Column[] {
  const own = chosen.flatMap((id) => table.byId.get(id) ?? []);
  if (own.length > 0) return own.slice(0, MOST_AXES);
  const metrics = table.columns.filter((column) => column.kind === "metric" && column !== main && distinct(column, rows, 2) > 1);
  const params = varyingParams(table, rows);
  const last = main ? [main] : [];
  const room = FIRST_AXES - last.length;
  // Without params that vary, metrics against each other are better than one axis.
  const first = params.length > 0 ? params : metrics;
  return [...first.slice(0, room), ...last];
}

/** Returns the column of an axis of the scatter plot: the chosen one, else a param that varies (x) or the metric (y). */
export function scatterColumn(table: Table, rows: Int32Array, chosen: string, which: "x" | "y", main: Column | null): Column | null {
  const own = table.byId.get(chosen);
  if (own) return own;
  const offered = offeredColumns(table);
  if (which === "y") return main ?? offered[0] ?? null;
  const params = varyingParams(table, rows);
  return params.find(isNumeric) ?? params[0] ?? offered.find((column) => column !== main && isNumeric(column)) ?? offered[0] ?? null;
}

/** Returns the column that colours, null for none. */
export function colourColumn(table: Table, chosen: string, main: Column | null): Column | null {
  if (chosen === "none") return null;
  const own = table.byId.get(chosen);
  return own && isNumeric(own) ? own : main;
}
