/** One metric: its canvas, the crosshair over it, the legend, and the same as a table. */

import { effect, signal, untracked } from "@preact/signals-core";

import { el, fill, uniqueId } from "../dom.ts";
import { savePng, saveSvg } from "../pictures.ts";
import type { Goal } from "../wire.ts";
import { Chart } from "./chart.ts";
import { Crosshair, type Actions } from "./crosshair.ts";
import { drawingOf, type Axes, type Drawing } from "./drawing.ts";
import { elapsed, short } from "./format.ts";
import { counted, cut } from "../words.ts";
import type { Emphasis } from "./emphasis.ts";
import { bestText, lastText, type Line } from "./lines.ts";
import { pictureOf } from "./picture.ts";
import { fromAxis } from "./scale.ts";
import { themeOf } from "./theme.ts";
import { goalText, markRows, valuesTable } from "./values.ts";

const LONGEST_NAME = 120;
const SUMMED_UP = 5;

export interface PanelContent {
  readonly lines: readonly Line[];
  readonly axes: Axes;
  readonly goal: Goal;
  /** What stands below the canvas, in words: runs without the metric, values that were thinned out. */
  readonly notes: readonly string[];
  /** Why there is nothing yet, null where there is. */
  readonly waiting: string | null;
}

export class Panel {
  readonly element: HTMLElement;
  readonly crosshair: Crosshair;
  readonly #metric: string;
  readonly #emphasis: Emphasis;
  readonly #canvas = el("div", { class: "mm-canvas", role: "img" });
  readonly #goal = el("span", { class: "mm-soft mm-goal" });
  readonly #waiting = el("div", { class: "mm-waiting", hidden: true });
  readonly #notes = el("div", { class: "mm-notes" });
  readonly #table = el("div", { class: "mm-values-box", hidden: true });
  readonly #asTable: HTMLButtonElement;
  readonly #plot: HTMLElement;
  readonly #chart: Chart;
  readonly #resized: ResizeObserver;
  readonly #stop: () => void;
  readonly #lines = signal<readonly Line[]>([]);
  #content: PanelContent | null = null;
  /** What was painted last, so that it is not painted again. */
  #painted: { readonly of: Drawing | null; readonly standing: ReadonlySet<string> } = { of: null, standing: new Set() };
  #drawing: Drawing | null = null;
  /** The size of the canvas when it was last drawn. */
  #size = { width: 0, height: 0 };

  constructor(metric: string, emphasis: Emphasis, actions: Omit<Actions, "near">) {
    this.#metric = metric;
    this.#emphasis = emphasis;
    this.#chart = new Chart(this.#canvas);
    this.crosshair = new Crosshair(this.#chart, { ...actions, near: (line) => emphasis.read(line) });
    const heading = el("h3", { id: uniqueId("metric"), title: cut(metric, LONGEST_NAME) }, el("bdi", {}, cut(metric, LONGEST_NAME)));
    this.#asTable = el("button", { type: "button", class: "mm-quiet", "aria-pressed": "false", click: this.#toggleTable }, "Show as table");
    const picture = (form: "PNG" | "SVG") => {
      const label = `Download ${cut(metric, 40)} as ${form}`;
      return el("button", { type: "button", class: "mm-quiet", "aria-label": label, title: label, click: () => this.#download(form) }, form);
    };
    this.#plot = el("div", { class: "mm-plot" }, this.#canvas, this.crosshair.element, this.#waiting);
    this.element = el(
      "section",
      { class: "mm-curve", "aria-labelledby": heading.id },
      el("header", {}, heading, this.#goal, el("span", { class: "mm-curve-tools" }, this.#asTable, picture("PNG"), picture("SVG"))),
      this.#plot,
      this.#table,
      this.#notes,
      this.crosshair.tip.element,
    );
    this.#resized = new ResizeObserver(() => this.#onSize());
    this.#resized.observe(this.#canvas);
    this.#stop = effect(() => {
      const lines = this.#lines.value;
      markRows(this.#table, emphasis.marked(lines));
      this.#paint(emphasis.standing(lines));
    });
  }

  update(content: PanelContent): void {
    this.#content = content;
    this.#goal.textContent = goalText(content.goal);
    this.#waiting.textContent = content.waiting ?? "";
    this.#waiting.hidden = content.waiting === null;
    this.crosshair.element.hidden = content.lines.length === 0;
    fill(this.#table, valuesTable(cut(this.#metric, LONGEST_NAME), content.lines, content.goal, (line) => this.#emphasis.point(line)));
    this.draw();
    this.#lines.value = content.lines;
  }

  /** Draws anew: what is shown, the size or the theme changed. */
  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!this.#content || !width || !height) return;
    const { lines, axes, goal, notes } = this.#content;
    this.#size = { width, height };
    this.#drawing = drawingOf(lines, axes, width, height);
    fill(this.#notes, ...[...this.#drawing.notes, ...notes].map((note) => el("p", {}, note)));
    this.#canvas.setAttribute("aria-label", this.#summary(this.#drawing));
    this.crosshair.update({ drawing: this.#drawing, goal, isTime: axes.x === "time", label: cut(this.#metric, LONGEST_NAME) });
    untracked(() => {
      markRows(this.#table, this.#emphasis.marked(lines));
      this.#paint(this.#emphasis.standing(lines));
    });
  }

  destroy(): void {
    this.#stop();
    this.#resized.disconnect();
    this.crosshair.clear();
    this.#chart.destroy();
  }

  /** A panel is observed as soon as it is there: what was drawn at this size is not drawn again. */
  #onSize(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!width || !height) this.#size = { width, height }; // out of sight, where a canvas may be emptied
    else if (width !== this.#size.width || height !== this.#size.height) this.draw();
  }

  #paint(standing: ReadonlySet<string>): void {
    if (!this.#drawing || (this.#painted.of === this.#drawing && same(this.#painted.standing, standing))) return;
    this.#painted = { of: this.#drawing, standing };
    this.#chart.draw(this.#drawing, standing);
  }

  #summary({ x, y }: Drawing): string {
    const { lines, axes } = this.#content!;
    const at = (place: number) => (axes.x === "time" ? elapsed(fromAxis(place, x.log)) : short(fromAxis(place, x.log), 9));
    const told = lines.slice(0, SUMMED_UP).map((line) => {
      const best = line.best === null ? "" : `, best ${bestText(line)}`;
      return `${cut(line.name, 60)}: last ${lastText(line)}${best}`;
    });
    const more = lines.length > SUMMED_UP ? [`and ${lines.length - SUMMED_UP} more`] : [];
    const logs = [x.log && "x", y.log && "y"].filter(Boolean).join(" and ");
    return [
      `${cut(this.#metric, LONGEST_NAME)} by ${axes.x === "time" ? "time since the start" : "step"}, ${counted(lines.length, "line")},`,
      `from ${at(x.low)} to ${at(x.high)}${logs ? `, log ${logs}` : ""}. ${[...told, ...more].join("; ")}`,
    ].join(" ");
  }

  readonly #toggleTable = (): void => {
    const isTable = this.#table.hidden;
    this.#table.hidden = !isTable;
    this.#plot.hidden = isTable;
    this.#asTable.setAttribute("aria-pressed", String(isTable));
    if (!isTable) this.draw();
  };

  #download(form: "PNG" | "SVG"): void {
    if (!this.#drawing || this.#drawing.lines.length === 0) return;
    const { width, height } = this.#size;
    (form === "PNG" ? savePng : saveSvg)(pictureOf(this.#metric, this.#drawing, width, height, themeOf(this.element)));
  }
}

function same(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((key) => other.has(key));
}
