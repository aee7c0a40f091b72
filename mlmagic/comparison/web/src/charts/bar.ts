/** The bars above a chart: which chart, of which columns, coloured by what; and what to do with the runs in a range. */

import { el, fill } from "../dom.ts";
import type { Column, Kind } from "../wire.ts";
import { countOf, countText, isSame, type Count } from "../table/counts.ts";
import { counted, cut } from "../words.ts";
import type { Axis } from "./axis.ts";
import { AxisChooser } from "./chooser.ts";
import { numericColumns, offeredColumns } from "./columns.ts";
import type { ChartData } from "./data.ts";
import { showLegend } from "./legend.ts";
import { CHARTS, type ChartKind } from "./view.ts";

const LABELS: Record<ChartKind, string> = { parallel: "Parallel coordinates", scatter: "Scatter", importance: "Importance" };
const GROUPS: readonly (readonly [Kind, string])[] = [["metric", "Metrics"], ["param", "Parameters"], ["run", "Run"], ["data", "Data"], ["tag", "Tags"]];
const LONGEST_NAME = 60;
const MOST_OPTIONS = 1000;

export interface BarActions {
  readonly select: () => void;
  readonly clear: () => void;
  readonly save: (kind: "png" | "svg") => void;
}

export class Bar {
  readonly element: HTMLElement;
  readonly #data: ChartData;
  readonly #kinds: ReadonlyMap<ChartKind, HTMLButtonElement>;
  readonly #chooser: AxisChooser;
  readonly #axes: HTMLElement;
  readonly #x = this.#select("Horizontal axis", (x) => this.#change({ x, box: null }));
  readonly #y = this.#select("Vertical axis", (y) => this.#change({ y, box: null }));
  readonly #metric = this.#select("Metric", (metric) => this.#data.state.change({ metric }));
  readonly #colour = this.#select("Colour by", (colour) => this.#change({ colour }));
  readonly #logX = button("Log x", () => this.#log("x"));
  readonly #logY = button("Log y", () => this.#log("y"));
  readonly #logColour = button("Log colour", () => this.#log("colour"));
  readonly #scatter: HTMLElement;
  readonly #ofMetric: HTMLElement;
  readonly #coloured: HTMLElement;
  readonly #files: HTMLElement;
  readonly #legend = el("span", { class: "mm-scale" });
  readonly #count = el("span", { class: "mm-soft mm-chart-count" });
  readonly #chosen: HTMLButtonElement;
  readonly #cleared: HTMLButtonElement;
  readonly #below: HTMLElement;

  constructor(data: ChartData, actions: BarActions) {
    this.#data = data;
    this.#chooser = new AxisChooser(data);
    this.#kinds = new Map(CHARTS.map((kind) => [kind, button(LABELS[kind], () => this.#change({ kind }))]));
    this.#axes = el("span", {}, this.#chooser.button, this.#chooser.element);
    this.#scatter = el(
      "span",
      { class: "mm-chart-options" },
      el("label", {}, "x", this.#x),
      el("label", {}, "y", this.#y),
      el("div", { class: "mm-joined", role: "group", "aria-label": "Logarithmic axes" }, this.#logX, this.#logY),
    );
    this.#ofMetric = el("label", {}, "Metric", this.#metric);
    this.#coloured = el("span", { class: "mm-chart-options" }, el("label", {}, "Colour by", this.#colour), this.#logColour);
    this.#files = el(
      "div",
      { class: "mm-joined", role: "group", "aria-label": "Download the chart" },
      button("PNG", () => actions.save("png"), "Download the chart as PNG"),
      button("SVG", () => actions.save("svg"), "Download the chart as SVG"),
    );
    this.#chosen = button("", actions.select);
    this.#cleared = button("", actions.clear);
    this.#below = el("div", { class: "mm-bar mm-chart-below" }, this.#legend, el("span", { class: "mm-gap-wide" }), this.#count, this.#chosen, this.#cleared);
    this.element = el(
      "div",
      {},
      el(
        "div",
        { class: "mm-bar" },
        el("div", { class: "mm-joined", role: "group", "aria-label": "Chart" }, ...this.#kinds.values()),
        this.#axes,
        this.#scatter,
        this.#ofMetric,
        this.#coloured,
        el("span", { class: "mm-gap-wide" }),
        this.#files,
      ),
      this.#below,
    );
  }

  update(hasPicture: boolean): void {
    const data = this.#data;
    const table = data.table.value;
    const { charts, metric } = data.state.view.value;
    const passed = data.passed.value;
    const [x, y, colour] = [data.x.value, data.y.value, data.colour.value];
    void data.axes.value;
    for (const [kind, one] of this.#kinds) one.setAttribute("aria-pressed", String(kind === charts.kind));
    this.#axes.hidden = charts.kind !== "parallel";
    this.#scatter.hidden = charts.kind !== "scatter";
    this.#ofMetric.hidden = charts.kind !== "importance";
    this.#files.hidden = !hasPicture;
    for (const one of [this.#coloured, this.#below]) one.hidden = charts.kind === "importance";
    this.#chooser.update();
    const offered = offeredColumns(table);
    options(this.#x, offered, x?.column.id ?? "");
    options(this.#y, offered, y?.column.id ?? "");
    options(this.#metric, offered.filter(({ kind }) => kind === "metric"), data.main.value?.id ?? metric);
    options(this.#colour, numericColumns(table), colour?.column.id ?? "none", "nothing");
    log(this.#logX, x);
    log(this.#logY, y);
    log(this.#logColour, colour);
    showLegend(this.#legend, colour);
    const count = passed ? passed.reduce((sum, isIn) => sum + isIn, 0) : 0;
    const { found, all } = data.filtered.value;
    const filtered = isSame(found, all) ? "" : ` that ${found.top + found.below === 1 ? "passes" : "pass"} the filter`;
    const blank = charts.kind === "parallel" ? data.blank.value : 0;
    const without = blank > 0 ? `, ${blank.toLocaleString("en-US")} without a value on any axis` : "";
    this.#count.textContent = passed ? `${countText(this.#countOf(passed), found)}${filtered} in the ${charts.kind === "scatter" ? "rectangle" : "ranges"}` : `${countText(found)}${filtered}${without}`;
    this.#chosen.hidden = passed === null;
    this.#chosen.textContent = `Select ${count === 1 ? "this run" : `these ${counted(count, "run")}`}`;
    this.#chosen.setAttribute("aria-disabled", String(count === 0));
    this.#cleared.hidden = passed === null;
    this.#cleared.textContent = charts.kind === "scatter" ? "Clear the rectangle" : "Clear the ranges";
  }

  #countOf(passed: Uint8Array): Count {
    const rows = this.#data.rows.peek();
    const isIn = new Set(rows.filter((_, at) => passed[at]));
    return countOf(this.#data.table.peek(), (row) => isIn.has(row));
  }

  #change(changes: Parameters<ChartData["state"]["changeCharts"]>[0]): void {
    this.#data.state.changeCharts(changes);
  }

  #log(which: "x" | "y" | "colour"): void {
    const axis = this.#data[which].peek();
    if (!axis?.canLog) return;
    this.#change({ logs: { ...this.#data.state.view.peek().charts.logs, [axis.column.id]: !axis.log } });
  }

  #select(label: string, change: (id: string) => void): HTMLSelectElement {
    const made = el("select", { "aria-label": label, change: () => change(made.value) });
    return made;
  }
}

function log(one: HTMLButtonElement, axis: Axis | null): void {
  one.setAttribute("aria-pressed", String(axis?.log === true));
  // Not `disabled`: that takes the focus away, and keys would go to the notebook.
  one.setAttribute("aria-disabled", String(!axis?.canLog));
}

/** Fills a list of columns, unless it holds them. */
function options(list: HTMLSelectElement, columns: readonly Column[], chosen: string, none: string | null = null): void {
  const shown = columns.filter(({ id }, at) => at < MOST_OPTIONS || id === chosen);
  const key = [none ?? "", ...shown.map(({ id }) => id)].join("\n");
  if (list.dataset.columns !== key) {
    list.dataset.columns = key;
    fill(
      list,
      none === null ? null : el("option", { value: "none" }, none),
      ...GROUPS.flatMap(([kind, label]) => {
        const some = shown.filter((column) => column.kind === kind);
        return some.length === 0 ? [] : [el("optgroup", { label }, ...some.map((column) => el("option", { value: column.id }, cut(column.title, LONGEST_NAME))))];
      }),
    );
  }
  if (list.value !== chosen) list.value = chosen;
}

function button(text: string, click: () => void, label: string | null = null): HTMLButtonElement {
  return el("button", { type: "button", class: "mm-button", "aria-label": label, title: label, click }, text);
}
