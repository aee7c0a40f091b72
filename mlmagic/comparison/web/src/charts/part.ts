/** The tab of charts: all runs that pass the filter, in one of three charts. */

import { effect, signal } from "@preact/signals-core";

import type { Context, Part } from "../context.ts";
import { el, fill } from "../dom.ts";
import { MOST_SELECTED } from "../table/selection.ts";
import { watchTheme } from "../theme_watch.ts";
import { counted } from "../words.ts";
import { Bar } from "./bar.ts";
import { Best, bestOf } from "./best.ts";
import { ChartData } from "./data.ts";
import { Importance } from "./importance.ts";
import { Parallel } from "./parallel.ts";
import { savePng, saveSvg } from "../pictures.ts";
import { Scatter } from "./scatter.ts";
import type { ChartKind } from "./view.ts";

export function chartsPart(context: Context): Part {
  return new Charts(context);
}

class Charts implements Part {
  readonly element = el("div", { class: "mm-charts" });
  readonly #context: Context;
  readonly #data: ChartData;
  readonly #bar: Bar;
  readonly #parallel: Parallel;
  readonly #scatter: Scatter;
  readonly #importance: Importance;
  readonly #best: Best;
  readonly #empty = el("div", { class: "mm-empty" });
  readonly #isVisible = signal(false);
  readonly #resized = new ResizeObserver(() => this.#again());
  readonly #drawn = signal(0);
  readonly #stop: (() => void)[] = [];
  #frame = 0;

  constructor(context: Context) {
    this.#context = context;
    const data = (this.#data = new ChartData(context.state));
    this.#parallel = new Parallel(context, data);
    this.#scatter = new Scatter(context, data);
    this.#importance = new Importance(context, data);
    this.#best = new Best(data);
    this.#bar = new Bar(data, { select: () => this.#select(), clear: () => this.#clear(), save: (kind) => this.#save(kind) });
    this.element.append(this.#bar.element, this.#empty, this.#parallel.element, this.#scatter.element, this.#importance.element, this.#best.element);
    this.#resized.observe(this.element);
    this.#stop.push(
      watchTheme(() => this.#again()),
      effect(() => {
        void this.#drawn.value;
        if (!this.#isVisible.value) return;
        this.#read();
        cancelAnimationFrame(this.#frame);
        this.#frame = requestAnimationFrame(() => this.#draw());
      }),
    );
  }

  show(): void {
    this.#isVisible.value = true;
  }

  hide(): void {
    this.#isVisible.value = false;
    this.#parallel.hide();
    this.#scatter.hide();
  }

  destroy(): void {
    for (const stop of this.#stop) stop();
    cancelAnimationFrame(this.#frame);
    this.#resized.disconnect();
    this.#importance.destroy();
  }

  /** Reads all that a drawing depends on: several changes are one drawing, in the next frame. */
  #read(): void {
    const data = this.#data;
    const { charts, metric } = data.state.view.value;
    void [charts, metric, data.state.selected.value, data.rows.value, data.brushing.value, data.boxing.value, data.pointed.value];
    void this.#context.kernel.busy.value;
    if (charts.kind === "importance") this.#importance.draw();
  }

  /** JupyterLab hides the page at the moment of a change of theme, when nothing has a size: the next frame has. */
  #again(): void {
    requestAnimationFrame(() => {
      this.#parallel.forgetTheme();
      this.#scatter.forgetTheme();
      this.#drawn.value++;
    });
  }

  #draw(): void {
    if (!this.#isVisible.peek()) return;
    const data = this.#data;
    const { kind } = data.state.view.peek().charts;
    const { notice, count } = data.table.peek();
    const total = data.rows.peek().length;
    this.#empty.hidden = total > 0;
    this.#bar.element.hidden = count === 0;
    const shown: Record<ChartKind, HTMLElement> = { parallel: this.#parallel.element, scatter: this.#scatter.element, importance: this.#importance.element };
    for (const [one, element] of Object.entries(shown)) element.hidden = one !== kind || total === 0;
    this.#best.element.hidden = true;
    this.#bar.update(kind !== "importance" || this.#importance.hasPicture);
    if (count === 0) return fill(this.#empty, el("strong", {}, notice?.text ?? "No runs."), el("p", {}, notice?.hint ?? ""));
    if (total === 0) {
      const clear = el("button", { type: "button", class: "mm-button", click: () => data.state.change({ filter: "" }) }, "Clear the filter");
      return fill(this.#empty, el("strong", {}, "No run matches the filter."), clear);
    }
    if (kind === "parallel" && data.axes.peek().length === 0) {
      shown.parallel.hidden = true;
      this.#empty.hidden = false;
      return fill(this.#empty, el("strong", {}, "Nothing to draw"), el("p", {}, "These runs have no params and no metrics. In a cell: mlmagic.log(loss=loss)"));
    }
    if (kind === "parallel") this.#parallel.draw();
    if (kind === "scatter") this.#scatter.draw();
    if (kind !== "importance") this.#best.update();
  }

  #select(): void {
    const data = this.#data;
    const passed = data.passed.peek();
    const rows = data.rows.peek();
    if (!passed?.some((isIn) => isIn)) return;
    const main = data.main.peek();
    const all = [...rows.keys()].filter((at) => passed[at]);
    // More than can be looked at: the best of them.
    const some = all.length <= MOST_SELECTED || !main ? all.slice(0, MOST_SELECTED) : bestOf(main, rows, passed, MOST_SELECTED, data.unranked.peek());
    data.state.selected.value = some.map((at) => data.id(at));
    const more = some.length < all.length ? ` The ${main ? "best" : "first"} ${MOST_SELECTED} of ${all.length.toLocaleString("en-US")}; more would be too many to look at.` : "";
    this.#context.say(`${counted(some.length, "run")} selected.${more}`);
  }

  #clear(): void {
    const { state } = this.#data;
    state.changeCharts(state.view.peek().charts.kind === "scatter" ? { box: null } : { brushes: {} });
    this.#context.say("All runs are kept.");
  }

  #save(kind: "png" | "svg"): void {
    const charts = { parallel: this.#parallel, scatter: this.#scatter, importance: this.#importance };
    const picture = charts[this.#data.state.view.peek().charts.kind].picture();
    if (picture) (kind === "png" ? savePng : saveSvg)(picture);
  }
}
