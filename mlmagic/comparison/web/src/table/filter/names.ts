/** What the names in a filter mean: columns, by what kind of thing they are. */

import { has, word, type Column, type Kind, type NumberColumn, type Table, type TextColumn } from "../../wire.ts";
import { readsAs } from "../../values.ts";
import { readOut } from "./keys.ts";
import type { Condition } from "./parse.ts";
import { didYouMean, EXAMPLE, Problem, short } from "./problem.ts";

const KINDS: Record<string, Kind> = {
  metric: "metric", metrics: "metric",
  param: "param", params: "param", parameter: "param", parameters: "param",
  tag: "tag", tags: "tag",
  attr: "run", attribute: "run", attributes: "run", run: "run",
  data: "data", dataset: "data", datasets: "data",
};
/** What MLflow calls the columns that every run has. */
const ALIASES: Record<string, string> = { run_name: "name", "run name": "name", start_time: "started", created: "started", end_time: "ended", experiment_id: "experiment" };
const ATTRIBUTES = ["run_id", "name", "status", "started", "ended", "duration"];
const DATASET_PROPERTIES = ["name", "digest"];
const BY_NUMBER: readonly Kind[] = ["run", "metric", "param", "data", "tag"];
const BY_WORD: readonly Kind[] = ["run", "param", "metric", "data", "tag"];
const WITH_ARTICLE: Record<Kind, string> = { metric: "a metric", param: "a param", tag: "a tag", run: "an attribute", data: "a dataset" };
const SHOWN_NAMES = 6;
const SHOWN_LETTERS = 40;

interface Names {
  /** All columns that a filter knows: metrics, params, datasets, tags, and what every run has. */
  readonly known: readonly Column[];
  /** By their names in lower case: what is called so, and the name in its own case. */
  readonly index: ReadonlyMap<string, readonly (readonly [name: string, column: Column])[]>;
}

/** MLflow's own names of what runs read: `dataset.name = train` holds for a run of which one dataset is called so. */
export interface DatasetProperty {
  readonly property: string;
  readonly columns: readonly TextColumn[];
}

const names = new WeakMap<Table, Names>();

function namesOf(table: Table): Names {
  let made = names.get(table);
  if (made) return made;
  const columns = [...table.byId.values(), ...unseen(table)];
  const place = (column: Column): number => (ATTRIBUTES.indexOf(keyOf(column)) + 1 || ATTRIBUTES.length + 1) - 1;
  const of = (kind: Kind): Column[] => columns.filter((column) => column.kind === kind).toSorted((a, b) => (kind === "run" ? place(a) - place(b) : a.label < b.label ? -1 : 1));
  const known = (["metric", "param", "data", "tag", "run"] as const).flatMap(of);
  const index = new Map<string, [string, Column][]>();
  for (const column of known) {
    const aliases = column.kind === "run" ? Object.keys(ALIASES).filter((alias) => ALIASES[alias] === keyOf(column)) : [];
    for (const name of new Set([column.label, keyOf(column), ...aliases])) {
      const called = index.get(name.toLowerCase());
      if (called) called.push([name, column]);
      else index.set(name.toLowerCase(), [[name, column]]);
    }
  }
  names.set(table, (made = { known, index }));
  return made;
}

/** Columns that are not shown: the ids, and when runs ended. */
function unseen(table: Table): Column[] {
  const hidden = { kind: "run", goal: null, differs: true } as const;
  const ids: TextColumn = { ...hidden, type: "text", id: "run:run_id", label: "run_id", title: "run_id", format: "text", codes: Int32Array.from(table.ids.keys()), words: table.ids };
  const [started, duration, span] = ["run:started", "run:duration", "run:span"].map((id) => table.byId.get(id)) as (NumberColumn | undefined)[];
  if (!started || !duration) return [ids];
  const took = (row: number): number => (span && has(span, row) ? span : duration).numbers[row]!;
  const missing = Uint8Array.from(table.ids, (_, row) => Number(!has(started, row) || !has(duration, row)));
  const numbers = Float64Array.from(table.ids, (_, row) => Math.round(started.numbers[row]! + took(row) * 1000));
  return [ids, { ...hidden, type: "number", id: "run:ended", label: "ended", title: "ended", format: "moment", numbers, missing, interval: null, extremes: null, last: null, steps: null }];
}

/** Returns all columns that a filter knows, those that matter most first. */
export function knownColumns(table: Table): readonly Column[] {
  return namesOf(table).known;
}

/** Returns the columns of this name, whatever their kind: in this case of its letters, else in any. */
export function columnsCalled(table: Table, name: string): readonly Column[] {
  const { index } = namesOf(table);
  const found = index.get(name.toLowerCase()) ?? index.get(readOut(name, index.keys()) ?? "") ?? [];
  const exactly = found.filter(([called]) => called === name);
  return [...new Set((exactly.length > 0 ? exactly : found).map(([, column]) => column))];
}

export function keyOf(column: Column): string {
  return column.id.slice(column.kind.length + 1);
}

/** Returns the kind that a name begins with (`metrics.loss`), null without one, and the rest. */
export function splitName(name: string): { kind: Kind | null; prefix: string; key: string } {
  const dot = name.indexOf(".");
  const prefix = dot > 0 ? name.slice(0, dot).toLowerCase() : "";
  const kind = KINDS[prefix];
  const rest = name.slice(dot + 1);
  if (kind && rest) return { kind, prefix, key: rest.replace(/^[`"]|[`"]$/g, "") };
  return { kind: null, prefix: "", key: name.replace(/^[`'"]|[`'"]$/g, "") };
}

/** Tells whether a column is called like this, with or without its kind. */
export function isName(table: Table, name: string): boolean {
  const { kind, prefix, key } = splitName(name);
  return columnsCalled(table, key).some((column) => kind === null || column.kind === kind) || (kind !== null && columnsCalled(table, `${prefix}.${key}`).length > 0);
}

/** Returns what a condition names; throws a `Problem` where none or two are called so. */
export function locate(table: Table, condition: Condition): Column | DatasetProperty {
  const { kind, prefix, key } = splitName(condition.name);
  if ((prefix === "dataset" || prefix === "datasets") && DATASET_PROPERTIES.includes(key)) {
    return { property: key, columns: table.columns.filter((column): column is TextColumn => column.kind === "data" && column.type === "text") };
  }
  const isList = condition.operator === "in" || condition.operator === "not in";
  const isNumber = !isList && !condition.quoted && readsAs(condition.value) !== null;
  const order = isNumber ? BY_NUMBER : BY_WORD;
  const called = columnsCalled(table, key);
  const ofKind = called.filter((column) => kind === null || column.kind === kind);
  // A section of a config may be called `run` or `tags`: run.lr
  const found = (ofKind.length > 0 || kind === null ? ofKind : columnsCalled(table, condition.name)).toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  if (kind === null && isNumber && found[0]?.kind === "metric" && found[1]?.kind === "param") {
    throw new Problem(`'${short(key)}' is a metric and a param: write metrics.${short(key)} or params.${short(key)}.`, condition.start, condition.nameEnd);
  }
  if (found[0]) return found[0];
  throw unknown(table, kind, key, condition);
}

function unknown(table: Table, kind: Kind | null, key: string, { start, nameEnd }: Condition): Problem {
  if (kind === null && readsAs(key) !== null) return new Problem(`'${short(key)}' is a number: write the name first, then what to compare it with. ${EXAMPLE}`, start, nameEnd);
  const known = knownColumns(table).filter((column) => kind === null || column.kind === kind);
  const near = didYouMean(key, known.flatMap((column) => [column.label, keyOf(column)]));
  const listed = known.slice(0, SHOWN_NAMES).map(({ label }) => label.slice(0, SHOWN_LETTERS)).join(", ");
  const hint = near || `${listed && ` There are ${listed}${known.length > SHOWN_NAMES ? ", …" : ""}.`} ${EXAMPLE}`;
  return new Problem(`No run has ${kind ? WITH_ARTICLE[kind] : "a metric, param or tag"} '${short(key)}'.${hint}`, start, nameEnd);
}

/** Returns the values of this property that the datasets of a run have. */
export function valuesOf({ property, columns }: DatasetProperty, row: number): string[] {
  return columns.filter((column) => has(column, row)).map((column) => (property === "name" ? keyOf(column) : word(column, row)!));
}
