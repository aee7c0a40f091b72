/** Which value of a metric with steps is shown: the last one, the best one by its direction, the lowest or the highest. */

import type { Sort } from "./state.ts";
import type { Column, NumberColumn, Table } from "./wire.ts";

export type MetricValue = "last" | "best" | "min" | "max";

const made = new WeakMap<NumberColumn, Map<MetricValue, NumberColumn>>();

/** Returns the values that there are to choose from; none of a metric without steps. */
export function valuesOf(column: Column): readonly MetricValue[] {
  if (column.type !== "number" || !column.extremes) return [];
  return column.goal ? ["last", "best", "min", "max"] : ["last", "min", "max"];
}

/** Returns which value of a metric is shown: what was chosen, else the best one of a metric that ranks the runs. */
export function valueShown(column: Column, { values, sort, metric }: { values: Readonly<Record<string, MetricValue>>; sort: readonly Sort[]; metric: string }): MetricValue {
  const there = valuesOf(column);
  const wanted = values[column.id] ?? (column.id === metric || sort.some((one) => one.column === column.id) ? "best" : "last");
  return there.includes(wanted) ? wanted : "last";
}

/** Returns the table with those values of its metrics; a column of last values stays as it is. */
export function withValues(table: Table, wanted: ReadonlyMap<string, MetricValue>): Table {
  if (wanted.size === 0) return table;
  const columns = table.columns.map((column) => (column.type === "number" ? withValue(column, wanted.get(column.id) ?? "last") : column));
  return { ...table, columns, byId: new Map([...table.byId, ...columns.map((one) => [one.id, one] as const)]) };
}

/** Returns the column with another value of its metric; the same object for the same column, by which others remember. */
export function withValue(column: NumberColumn, value: MetricValue): NumberColumn {
  const isLow = value === "min" || (value === "best" && column.goal === "min");
  if (value === "last" || !column.extremes) return column;
  const known = made.get(column) ?? new Map<MetricValue, NumberColumn>();
  made.set(column, known);
  let found = known.get(value);
  if (!found) {
    const { lows, lowSteps, highs, highSteps } = column.extremes;
    const [chosen, steps] = isLow ? [lows, lowSteps] : [highs, highSteps];
    const numbers = column.numbers.map((last, row) => (Number.isNaN(chosen[row]!) ? last : chosen[row]!));
    known.set(value, (found = { ...column, numbers, steps, last: column.numbers, title: `${column.label} (${value})` }));
  }
  return found;
}
