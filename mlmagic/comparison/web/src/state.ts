/** What is shown and selected: signals, kept in step with the traits `selected` and `view` of the widget. */

import { effect, signal } from "@preact/signals-core";

import { NEW_CHARTS, soundCharts, type ChartView } from "./charts/view.ts";
import type { Model } from "./model.ts";
import { decode, type Table } from "./wire.ts";

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
  /** Whether metrics are shaded by how good they are. */
  shaded: boolean;
  /** Whether archived runs are shown. */
  archived: boolean;
  /** What runs are grouped by: nothing, `configuration` (seeds aside), or the id of a column. */
  group: string;
  /** Ids of parent runs, and keys of groups, that are unfolded. */
  expanded: string[];
  /** The metric that matters: the id of its column, or nothing. */
  metric: string;
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
  shaded: true,
  archived: false,
  group: "",
  expanded: [],
  metric: "",
  curves: { metrics: [], x: "step", logX: false, logY: false, smoothing: 0, grouped: false },
  charts: NEW_CHARTS,
};

export class State {
  readonly table;
  readonly selected;
  readonly view;
  /** The id of the run whose page is open, empty if none is. */
  readonly page = signal("");
  /** Registered models by run: `churn@champion`. */
  readonly badges = signal<ReadonlyMap<string, readonly string[]>>(new Map());
  /** Returns the ids of the runs in the order of the table. */
  order: () => readonly string[] = () => this.table.peek().ids;
  readonly #stop: (() => void)[] = [];

  constructor(model: Model) {
    this.table = signal<Table>(decode(model.get("table")));
    this.selected = signal<readonly string[]>(model.get("selected"));
    this.view = signal<View>(whole(model.get("view")));
    const onTable = () => (this.table.value = decode(model.get("table")));
    const onSelected = () => {
      if (!same(model.get("selected"), this.selected.peek())) this.selected.value = model.get("selected");
    };
    const onView = () => {
      if (!same(model.get("view"), this.view.peek())) this.view.value = whole(model.get("view"));
    };
    model.on("change:table", onTable);
    model.on("change:selected", onSelected);
    model.on("change:view", onView);
    this.#stop.push(
      () => model.off("change:table", onTable),
      () => model.off("change:selected", onSelected),
      () => model.off("change:view", onView),
      effect(() => this.#save(model, "selected", [...this.selected.value])),
      effect(() => this.#save(model, "view", { ...this.view.value })),
    );
  }

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

  #save<Name extends "selected" | "view">(model: Model, name: Name, value: never[] | string[] | Record<string, unknown>): void {
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
