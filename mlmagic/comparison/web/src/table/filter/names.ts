/** What the names in a filter mean: columns, by what kind of thing they are. */

import type { Column, Kind, Table } from "../../wire.ts";
import { didYouMean, EXAMPLE, Problem } from "./problem.ts";
import type { Condition } from "./parse.ts";
import { readsAs } from "../../values.ts";

const KINDS: Record<string, Kind> = {
  metric: "metric", metrics: "metric",
  param: "param", params: "param", parameter: "param", parameters: "param",
  tag: "tag", tags: "tag",
  attr: "run", attribute: "run", attributes: "run", run: "run",
  data: "data", dataset: "data", datasets: "data",
};
/** What MLflow calls the columns that every run has. */
const ALIASES: Record<string, string> = { run_name: "name", start_time: "started", "run name": "name", experiment_id: "experiment" };
const BY_NUMBER: readonly Kind[] = ["run", "metric", "param", "data", "tag"];
const BY_WORD: readonly Kind[] = ["run", "param", "metric", "data", "tag"];

const indexes = new WeakMap<Table, Map<string, Column[]>>();

/** Returns the columns of this name, whatever their kind. */
export function columnsCalled(table: Table, name: string): readonly Column[] {
  let index = indexes.get(table);
  if (!index) {
    indexes.set(table, (index = new Map()));
    for (const column of table.columns) {
      for (const word of new Set([column.label, keyOf(column)].map((one) => one.toLowerCase()))) {
        index.get(word)?.push(column) ?? index.set(word, [column]);
      }
    }
  }
  const found = index.get(name.toLowerCase()) ?? [];
  const exactly = found.filter((column) => column.label === name || keyOf(column) === name);
  return exactly.length > 0 ? exactly : found;
}

export function keyOf(column: Column): string {
  return column.id.slice(column.kind.length + 1);
}

/** Returns the kind that a name begins with (`metrics.loss`), null without one, and the rest. */
export function splitName(name: string): { kind: Kind | null; key: string } {
  const dot = name.indexOf(".");
  const kind = dot > 0 ? KINDS[name.slice(0, dot).toLowerCase()] : undefined;
  const rest = name.slice(dot + 1);
  if (kind && rest) return { kind, key: rest.replace(/^[`"]|[`"]$/g, "") };
  return { kind: null, key: name.replace(/^[`'"]|[`'"]$/g, "") };
}

/** Tells whether a column is called like this, with or without its kind. */
export function isName(table: Table, name: string): boolean {
  const { kind, key } = splitName(name);
  return columnsCalled(table, key).some((column) => kind === null || column.kind === kind) || columnsCalled(table, name).length > 0;
}

/** Returns the column that a condition names; throws a `Problem` where none or two are called so. */
export function locate(table: Table, condition: Condition): Column {
  const { kind, key } = splitName(condition.name);
  const called = columnsCalled(table, ALIASES[key.toLowerCase()] && kind !== "param" && kind !== "metric" && kind !== "tag" ? ALIASES[key.toLowerCase()]! : key);
  // A section of a config may be called `run` or `tags`: run.lr
  const found = kind ? (called.filter((column) => column.kind === kind)[0] ?? columnsCalled(table, condition.name)[0]) : null;
  if (found) return found;
  if (kind === null && called.length > 0) {
    const isNumber = !condition.quoted && readsAs(condition.value) !== null;
    const order = isNumber ? BY_NUMBER : BY_WORD;
    const sorted = called.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
    const isUnclear = isNumber && sorted[0]!.kind === "metric" && sorted[1]?.kind === "param";
    if (isUnclear) throw new Problem(`'${key}' is a metric and a param: write metric.${key} or param.${key}.`, condition.start, condition.nameEnd);
    return sorted[0]!;
  }
  const known = table.columns.filter((column) => kind === null || column.kind === kind);
  const near = didYouMean(key, known.flatMap((column) => [column.label, keyOf(column)]));
  const listed = known.slice(0, 6).map(({ label }) => label.slice(0, 40)).join(", ");
  const hint = near || (listed ? ` There are ${listed}${known.length > 6 ? ", …" : ""}.` : "");
  throw new Problem(`No run has a ${kind ?? "metric, param or tag"} '${key.slice(0, 60)}'.${hint} ${near ? "" : EXAMPLE}`.trim(), condition.start, condition.nameEnd);
}
