/** What is shown and selected: signals, kept in step with the traits `selected` and `view` of the widget. */

import { computed, effect, signal } from "@preact/signals-core";

import { NEW_CHARTS, soundCharts, type ChartView } from "./charts/view.ts";
import { valueShown, withValues, type MetricValue } from "./metric_value.ts";
import type { Model } from "./model.ts";
import { apply, decode, type Reading, type Table } from "./wire.ts";

export const TABS = ["table", "curves", "charts", "figures", "differences"] as const;
export type Tab = (typeof TABS)[number];

export interface Sort {
  column: string;
  descending: boolean;
}

/** How the table and the curves are looked at: plain JSON, so that it travels to the kernel and back. */
export interface View {
  tab: Tab;
  /** The columns that order the rows, the first one first; none: the newest run is first. */
  sort: Sort[];
  filter: string;
  /** Columns that are not shown, columns that stay at the left, and widths in pixels, by the id of the column. */
  hidden: string[];
  pinned: string[];
  widths: Record<string, number>;
  /** Whether only those columns are shown in which the runs differ. */
  differing: boolean;
  /** Whether the table stays in sight above the curves and the charts. */
  split: boolean;
  /** Whether metrics are shaded by how good they are. */
  shaded: boolean;
  /** Whether archived runs are shown. */
  archived: boolean;
  /** Whether runs that failed or were killed are averaged and ranked like others. */
  failed: boolean;
  /** What runs are grouped by: nothing, `configuration` (seeds aside), or the id of a column. */
  group: string;
  /** Ids of parent runs, and keys of groups, that are unfolded. */
  expanded: string[];
  /** The metric that matters: the id of its column, or nothing. */
  metric: string;
  /** Which value of a metric with steps is shown, by the id of its column; the best one of a metric that ranks if nothing is said. */
  values: Record<string, MetricValue>;
  curves: CurveView;
  charts: ChartView;
}

export interface CurveView {
  /** Names of metrics; empty: the ones that fit on a page. */
  metrics: string[];
  x: "step" | "time";
  logX: boolean;
  logY: boolean;
  /** Weight of the exponential moving average, 0 (none) to 0.99. */
  smoothing: number;
  /** Whether runs of one configuration are drawn as their mean with a band. */
  grouped: boolean;
}

export const NEW_VIEW: View = {
  tab: "table",
  sort: [],
  filter: "",
  hidden: [],
  pinned: ["run:name"],
  widths: {},
  differing: false,
  split: false,
  shaded: true,
  archived: false,
  failed: false,
  group: "",
  expanded: [],
  metric: "",
  values: {},
  curves: { metrics: [], x: "step", logX: false, logY: false, smoothing: 0, grouped: false },
  charts: NEW_CHARTS,
};

const FRESH_MS = 4000;

export class State {
  readonly table;
  readonly selected;
  readonly view;
  /** The id of the run whose page is open, empty if none is. */
  readonly page = signal("");
  /** The ids of the runs that are pointed at, in the table, a legend or a chart: they stand out in all of these. */
  readonly pointed = signal<readonly string[]>([]);
  /** Registered models by run: `churn@champion`. */
  readonly badges = signal<ReadonlyMap<string, readonly string[]>>(new Map());
  /** Returns the ids of the runs in the order of the table. */
  order: () => readonly string[] = () => this.table.peek().ids;
  /** When the table was read, null in a saved page; whether the store is followed; and the runs that came just now. */
  readonly reading;
  readonly live;
  readonly fresh = signal<ReadonlySet<string>>(new Set());
  readonly #stop: (() => void)[] = [];
  readonly #first: View;
  #fading: ReturnType<typeof setTimeout> | undefined;

  constructor(model: Model) {
    const sent = signal<Table>(decode(model.get("table")));
    this.selected = signal<readonly string[]>(model.get("selected"));
    this.view = signal<View>(whole(model.get("view")));
    const chosen = computed(() => {
      const shown = sent.value.columns.map((column) => [column.id, valueShown(column, this.view.value)] as const);
      return JSON.stringify(shown.filter(([, value]) => value !== "last"));
    });
    this.table = computed(() => withValues(sent.value, new Map(JSON.parse(chosen.value) as [string, MetricValue][])));
    this.#first = whole(model.get("first") ?? model.get("view"));
    this.reading = signal<Reading | null>(model.get("reading") ?? null);
    this.live = signal(model.get("live") ?? false);
    const onChanges = () => {
      apply(model.get("table"), model.get("changes") ?? {});
      onTable();
    };
    const onLive = () => (this.live.value = model.get("live") ?? false);
    const onReading = () => this.#read(model.get("reading") ?? null);
    const onTable = () => (sent.value = decode(model.get("table")));
    const onSelected = () => {
      if (!same(model.get("selected"), this.selected.peek())) this.selected.value = model.get("selected");
    };
    const onView = () => {
      if (!same(model.get("view"), this.view.peek())) this.view.value = whole(model.get("view"));
    };
    model.on("change:table", onTable);
    model.on("change:selected", onSelected);
    model.on("change:view", onView);
    model.on("change:changes", onChanges);
    model.on("change:live", onLive);
    model.on("change:reading", onReading);
    this.#stop.push(
      () => model.off("change:table", onTable),
      () => model.off("change:selected", onSelected),
      () => model.off("change:view", onView),
      () => model.off("change:changes", onChanges),
      () => model.off("change:live", onLive),
      () => model.off("change:reading", onReading),
      () => clearTimeout(this.#fading),
      effect(() => this.#save(model, "selected", [...this.selected.value])),
      effect(() => this.#save(model, "view", { ...this.view.value })),
      effect(() => {
        const isLive = this.live.value;
        if (this.reading.peek()) this.#save(model, "live", isLive);
      }),
    );
  }

  /** Shows the table as it was at first, with the tab that is open, and selects nothing. */
  reset(): void {
    this.view.value = { ...this.#first, tab: this.view.peek().tab };
    this.selected.value = [];
  }

  /** Whether the view is as it was at first. */
  isFirst(): boolean {
    const { tab } = this.view.value;
    return this.selected.value.length === 0 && same({ ...this.#first, tab, expanded: [] }, { ...this.view.value, expanded: [] });
  }

  /** Notes which runs are pointed at. */
  readonly point = (runs: readonly string[]): void => {
    if (!same(runs, this.pointed.peek())) this.pointed.value = runs;
  };

  /** Changes some of the view. */
  change(changes: Partial<View>): void {
    this.view.value = { ...this.view.peek(), ...changes };
  }

  changeCurves(changes: Partial<CurveView>): void {
    this.change({ curves: { ...this.view.peek().curves, ...changes } });
  }

  changeCharts(changes: Partial<ChartView>): void {
    this.change({ charts: { ...this.view.peek().charts, ...changes } });
  }

  destroy(): void {
    for (const stop of this.#stop) stop();
  }

  /** Notes a reading: its runs are new for a while, and its columns are hidden that are hidden at first. */
  #read(reading: Reading | null): void {
    this.reading.value = reading;
    if (!reading) return;
    if (reading.hide.length > 0) this.change({ hidden: [...new Set([...this.view.peek().hidden, ...reading.hide])] });
    if (reading.new.length === 0) return;
    this.fresh.value = new Set(reading.new);
    clearTimeout(this.#fading);
    this.#fading = setTimeout(() => (this.fresh.value = new Set()), FRESH_MS);
  }

  #save<Name extends "selected" | "view" | "live">(model: Model, name: Name, value: never[] | string[] | boolean | Record<string, unknown>): void {
    if (same(model.get(name), value)) return;
    model.set(name, value as never);
    model.save_changes();
  }
}

/** Returns a view of which only a part was given, the rest as in the beginning. */
function whole(given: Record<string, unknown>): View {
  const view = given as Partial<View>;
  const tab = TABS.find((one) => one === view.tab) ?? NEW_VIEW.tab;
  return { ...NEW_VIEW, ...view, tab, curves: { ...NEW_VIEW.curves, ...view.curves }, charts: soundCharts(view.charts) };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
