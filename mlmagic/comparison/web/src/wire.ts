/**
 * What the kernel sends, as `mlmagic/comparison/wire.py` describes it, and the same made ready for use.
 *
 * Columns travel, not rows: numbers as the bytes of float64, words as int32 codes into a list of them.
 */

export type Kind = "run" | "param" | "metric" | "tag" | "data";
export type Format = "number" | "text" | "moment" | "duration" | "status";
export type Goal = "min" | "max" | null;

/** A column on the wire. `id` is unique (`metric:loss`), `label` is what is shown (`loss`). */
export interface SentColumn {
  id: string;
  kind: Kind;
  label: string;
  format: Format;
  goal: Goal;
  /** Whether the runs differ in it. */
  differs: boolean;
  /** The ids of the columns of the bounds of a metric's interval, the lower one first. */
  ends?: [string, string];
  /** float64, a value a run: NaN is a value as well, so what is missing stands in `missing` (uint8), absent if nothing is. */
  numbers?: DataView;
  missing?: DataView;
  /** int32, an index into `words` a run, -1 where it is missing. */
  codes?: DataView;
  words?: string[];
  /** Of a metric with steps, float64 a run: the lowest and the highest value and their first steps; NaN where unknown. */
  lows?: DataView;
  low_steps?: DataView;
  highs?: DataView;
  high_steps?: DataView;
}

export interface SentTable {
  ids: string[];
  /** int32: the row of the parent, -1 without one in the table. */
  parents: DataView;
  /** int32: the number of the run's configuration, seeds aside; -1 where it has no parameters. */
  configurations: DataView;
  columns: SentColumn[];
  /** What is compared, in words: `experiment digits`. */
  title: string;
  /** How many runs there are in the store where not all are here, else null. */
  total: number | null;
  /** Why there is nothing to see, and what to do about it. */
  notice: { text: string; hint: string } | null;
  /** The address of the MLflow UI, null where none serves; with it the experiment of each run. */
  ui: string | null;
  experiments: string[];
  /** The runs that were deleted in this widget. */
  deleted?: string[];
  /** The experiment and the filter that found the runs, null where they were named one by one. */
  query?: Query | null;
  /** In a saved page, which has no kernel: what is not in it. */
  saved?: Saved;
}

export interface Query {
  experiment: string;
  filter: string;
}

export interface Saved {
  /** The names of the metrics whose curves had no room in the page. */
  without_curves: string[];
}

/** Columns in the place of those with their ids, while the runs stay the same. */
export interface Changes {
  columns?: SentColumn[];
}

/** When the table was read (ms since 1970), why not since, new runs, how many are gone, and new columns to hide. */
export interface Reading {
  at: number;
  problem: string;
  new: string[];
  gone: number;
  hide: string[];
}

/** Puts the changed columns into the table that was sent; to do it twice changes nothing. */
export function apply(table: SentTable, { columns = [] }: Changes): void {
  const changed = new Map(columns.map((column) => [column.id, column]));
  table.columns = table.columns.map((column) => changed.get(column.id) ?? column);
}

interface AnyColumn {
  readonly id: string;
  readonly kind: Kind;
  readonly label: string;
  /** The label, and which of the values of a metric with steps these are, unless they are the last ones. */
  readonly title: string;
  readonly format: Format;
  readonly goal: Goal;
  readonly differs: boolean;
}

/** The lowest and the highest values of a metric over its steps, NaN where a run has no history, and their first steps. */
export interface Extremes {
  readonly lows: Float64Array;
  readonly lowSteps: Float64Array;
  readonly highs: Float64Array;
  readonly highSteps: Float64Array;
}

/** The bounds of an interval; that of a run is known where it has both. */
export interface Interval {
  readonly low: NumberColumn;
  readonly high: NumberColumn;
}

export interface NumberColumn extends AnyColumn {
  readonly type: "number";
  readonly numbers: Float64Array;
  readonly missing: Uint8Array | null;
  /** The interval of the last values of a metric. */
  readonly interval: Interval | null;
  readonly extremes: Extremes | null;
  /** The last values of the metric, and the steps of `numbers`, where these are others. */
  readonly last: Float64Array | null;
  readonly steps: Float64Array | null;
}

export interface TextColumn extends AnyColumn {
  readonly type: "text";
  readonly codes: Int32Array;
  readonly words: readonly string[];
}

export type Column = NumberColumn | TextColumn;

export interface Table {
  readonly count: number;
  readonly ids: readonly string[];
  readonly rows: ReadonlyMap<string, number>;
  readonly parents: Int32Array;
  readonly configurations: Int32Array;
  /** The columns that are shown and offered: not those of the bounds of an interval, which `byId` has as well. */
  readonly columns: readonly Column[];
  readonly byId: ReadonlyMap<string, Column>;
  readonly title: string;
  readonly total: number | null;
  readonly notice: { text: string; hint: string } | null;
  readonly ui: string | null;
  readonly experiments: readonly string[];
  readonly deleted: ReadonlySet<string>;
  readonly query: Query | null;
  readonly saved: Saved | null;
}

/** Returns the table that was sent, its buffers as typed arrays. */
export function decode(sent: SentTable): Table {
  const [columns, byId] = withIntervals(sent.columns);
  return {
    count: sent.ids.length,
    ids: sent.ids,
    rows: new Map(sent.ids.map((id, row) => [id, row])),
    parents: new Int32Array(copied(sent.parents)),
    configurations: new Int32Array(copied(sent.configurations)),
    columns,
    byId,
    title: sent.title,
    total: sent.total,
    notice: sent.notice,
    ui: sent.ui,
    experiments: sent.experiments,
    deleted: new Set(sent.deleted ?? []),
    query: sent.query ?? null,
    saved: sent.saved ?? null,
  };
}

/** Returns the columns, those with an interval with its bounds and without the columns of these, and all columns by id. */
function withIntervals(sent: readonly SentColumn[]): [Column[], Map<string, Column>] {
  const byId = new Map(sent.map((one) => [one.id, column(one)]));
  const bounds = new Set<string>();
  for (const { id, ends } of sent) {
    const [own, low, high] = [id, ...(ends ?? [])].map((one) => byId.get(one));
    if (own?.type !== "number" || low?.type !== "number" || high?.type !== "number") continue;
    byId.set(id, { ...own, interval: { low, high } });
    for (const one of ends!) bounds.add(one);
  }
  return [[...byId.values()].filter(({ id }) => !bounds.has(id)), byId];
}

/** Returns the bounds of the interval of a run, null where it has none, or where the value is not the last one. */
export function intervalAt({ interval, last, numbers }: NumberColumn, row: number): [number, number] | null {
  if (!interval || !has(interval.low, row) || !has(interval.high, row) || (last && !Object.is(last[row], numbers[row]))) return null;
  return [interval.low.numbers[row]!, interval.high.numbers[row]!];
}

function column(sent: SentColumn): Column {
  const { id, kind, label, format, goal, differs } = sent;
  const common = { id, kind, label, title: label, format, goal, differs };
  if (sent.numbers) {
    const missing = sent.missing ? new Uint8Array(copied(sent.missing)) : null;
    return { ...common, type: "number", numbers: new Float64Array(copied(sent.numbers)), missing, interval: null, extremes: extremesOf(sent), last: null, steps: null };
  }
  const codes = sent.codes ? new Int32Array(copied(sent.codes)) : new Int32Array();
  return { ...common, type: "text", codes, words: sent.words ?? [] };
}

function extremesOf({ lows, low_steps, highs, high_steps }: SentColumn): Extremes | null {
  if (!lows || !low_steps || !highs || !high_steps) return null;
  const [low, lowStep, high, highStep] = [lows, low_steps, highs, high_steps].map((bytes) => new Float64Array(copied(bytes)));
  return { lows: low!, lowSteps: lowStep!, highs: high!, highSteps: highStep! };
}

/** A typed array needs an aligned buffer of its own; a DataView may begin anywhere in one. */
export function copied(view: DataView): ArrayBuffer {
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength).slice().buffer;
}

/** Returns the word of a run in the text column of this id, null where it has none. */
export function wordOf(table: Table, id: string, row: number): string | null {
  const column = table.byId.get(id);
  return column?.type === "text" ? word(column, row) : null;
}

/** Returns the page of a run in the MLflow UI; only pages of the web are linked, whatever the settings say. */
export function uiAddress({ ui, ids, experiments }: Table, row: number): string | null {
  if (ui === null || !/^https?:\/\//i.test(ui)) return null;
  return `${ui}/#/experiments/${encodeURIComponent(experiments[row]!)}/runs/${encodeURIComponent(ids[row]!)}`;
}

/** Tells whether a run has a value in the column. */
export function has(column: Column, row: number): boolean {
  return column.type === "number" ? !column.missing?.[row] : (column.codes[row] ?? -1) >= 0;
}

/** Returns the word of a run in a text column, null without one. */
export function word(column: TextColumn, row: number): string | null {
  return column.words[column.codes[row] ?? -1] ?? null;
}
