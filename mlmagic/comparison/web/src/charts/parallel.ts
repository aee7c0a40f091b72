/** The chart of parallel coordinates: headings that are moved, ranges that are drawn, and three canvases of lines. */

import type { Context } from "../context.ts";
import { themeOf, type Theme } from "../curves/theme.ts";
import { el, fill } from "../dom.ts";
import { nameOf } from "../names.ts";
import { Menu } from "../table/popover.ts";
import { toggled } from "../table/selection.ts";
import { counted, cut } from "../words.ts";
import type { Axis } from "./axis.ts";
import { brushText } from "./brush.ts";
import type { ChartData } from "./data.ts";
import { Heading } from "./heading.ts";
import { Layers } from "./layers.ts";
import { drawLegend, LEGEND_PX } from "./legend.ts";
import { moved, placeAt } from "./order.ts";
import { drawAxes, drawColoured, drawFaint, drawStanding, geometryOf, rowNear, xOf, type Geometry } from "./parallel_drawing.ts";
import type { Picture } from "../pictures.ts";
import { coloursOf } from "./ramp.ts";
import { Range } from "./range.ts";
import { RunTip } from "./tip.ts";

const REACH_PX = 7;
const LEAST_APART_PX = 84;
const HEAD_PX = 40;
const FAINT = 0;
const COLOURED = 1;
const STANDING = 2;

export class Parallel {
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #data: ChartData;
  readonly #layers = new Layers(3);
  readonly #heads = el("div", { class: "mm-axis-heads" });
  readonly #ranges = el("div", { class: "mm-ranges" });
  readonly #plot: HTMLElement;
  readonly #tip = new RunTip();
  #theme: Theme | null = null;
  readonly #menu = new Menu();
  readonly #known = new Map<string, { heading: Heading; range: Range }>();
  #geometry: Geometry | null = null;
  #geometryOf: readonly unknown[] = [];
  /** The row under the pointer, -1 for none. */
  #at = -1;
  /** The axis that is dragged, by how many pixels, and the order that it would have. */
  #drag: { id: string; pixels: number; order: readonly string[]; from: number } | null = null;

  constructor(context: Context, data: ChartData) {
    this.#context = context;
    this.#data = data;
    this.#plot = el(
      "div",
      {
        class: "mm-parallel-plot",
        pointermove: (event: PointerEvent) => this.#onMove(event),
        pointerleave: () => this.#point(-1),
        click: (event: MouseEvent) => this.#onClick(event),
      },
      this.#layers.element,
      this.#ranges,
    );
    this.element = el("div", { class: "mm-parallel" }, el("div", { class: "mm-parallel-wide" }, this.#heads, this.#plot), this.#tip.element, this.#menu.element);
  }

  draw(): void {
    const data = this.#data;
    const axes = data.axes.value;
    const brushes = data.brushes.value;
    const looks = { order: data.order.value, bins: data.bins.value, passed: data.passed.value, places: data.places.value };
    const pointed = data.pointed.value;
    const { flipped } = data.state.view.value.charts;
    (this.element.firstElementChild as HTMLElement).style.minWidth = `${axes.length * LEAST_APART_PX}px`;
    const { width, height } = this.#layers.size;
    if (!width || !height) return;
    const theme = (this.#theme ??= themeOf(this.element));
    const depends = [width, height, axes, flipped];
    if (this.#geometryOf.length === 0 || depends.some((one, at) => one !== this.#geometryOf[at])) {
      this.#geometry = geometryOf(axes, axes.map(({ column }) => flipped.includes(column.id)), width, height);
      this.#geometryOf = depends;
    }
    const geometry = this.#geometry!;
    const colours = coloursOf(theme.colour);
    const palette = colours.join();
    this.#layers.draw(FAINT, theme.font, [geometry, looks.order, looks.passed !== null, palette], (surface) => drawFaint(surface, geometry, looks, theme));
    this.#layers.draw(COLOURED, theme.font, [geometry, looks.order, looks.passed, looks.places, palette], (surface) => {
      drawColoured(surface, geometry, { ...looks, colours });
      if (!hasStanding(looks.places, pointed)) drawAxes(surface, geometry, theme);
    });
    this.#layers.draw(STANDING, theme.font, [geometry, looks.places, looks.bins, pointed, palette], (surface) => {
      drawStanding(surface, geometry, { ...looks, colours }, pointed, theme);
      drawAxes(surface, geometry, theme); // what is written stays readable on a line that stands out
    });
    this.#layers.element.setAttribute("aria-label", this.#summary(axes));
    this.#placeAxes(geometry, brushes);
  }

  /** Returns the chart as it is drawn, with headings and the scale of colours. */
  picture(): Picture | null {
    const geometry = this.#geometry;
    if (!geometry) return null;
    const data = this.#data;
    const theme = (this.#theme ??= themeOf(this.element));
    const looks = { order: data.order.peek(), bins: data.bins.peek(), passed: data.passed.peek(), places: data.places.peek(), colours: coloursOf(theme.colour) };
    const colour = data.colour.peek();
    const head = HEAD_PX + (colour ? LEGEND_PX : 0);
    const shifted: Geometry = { ...geometry, top: geometry.top + head, bottom: geometry.bottom + head, off: geometry.off + head, ys: geometry.ys.map((y) => y + head) };
    return {
      name: `${data.main.peek()?.label ?? "runs"}-parallel-coordinates`,
      width: geometry.width,
      height: geometry.height + head,
      font: theme.font,
      back: theme.colour("--mm-back"),
      draw: (surface) => {
        if (colour) drawLegend(surface, colour, looks.colours, 12, LEGEND_PX / 2 + 4, theme);
        drawHeadings(surface, geometry, head, theme);
        drawFaint(surface, shifted, looks, theme);
        drawColoured(surface, shifted, looks);
        drawStanding(surface, shifted, looks, [], theme);
        drawAxes(surface, shifted, theme);
      },
    };
  }

  /** Reads colours and the font anew in the next drawing. */
  forgetTheme(): void {
    this.#theme = null;
  }

  hide(): void {
    this.#at = -1;
    this.#tip.hide();
  }

  #summary(axes: readonly Axis[]): string {
    const data = this.#data;
    const passed = data.passed.peek();
    const count = passed ? passed.reduce((sum, isIn) => sum + isIn, 0) : data.rows.peek().length;
    const ranges = axes.flatMap((axis) => {
      const brush = data.brushes.peek()[axis.column.id];
      return brush ? [`${cut(axis.column.title, 60)} ${brushText(axis, brush)}`] : [];
    });
    const colour = data.colour.peek();
    return [
      `Parallel coordinates of ${counted(data.rows.peek().length, "run")} on ${axes.length} axes: ${axes.map(({ column }) => cut(column.title, 60)).join(", ")}.`,
      colour ? `Coloured by ${cut(colour.column.title, 60)}.` : "",
      ranges.length > 0 ? `${counted(count, "run")} in the ranges ${ranges.join("; ")}.` : "",
    ]
      .filter(Boolean)
      .join(" ");
  }

  #placeAxes(geometry: Geometry, brushes: ChartData["brushes"]["value"]): void {
    const { axes, isFlipped } = geometry;
    const ids = axes.map(({ column }) => column.id);
    for (const [id] of this.#known) if (!ids.includes(id)) this.#known.delete(id);
    const parts = ids.map((id) => this.#axis(id));
    place(this.#heads, parts.map(({ heading }) => heading.element));
    place(this.#ranges, parts.map(({ range }) => range.element));
    parts.forEach(({ heading, range }, at) => {
      const id = ids[at]!;
      const order = this.#drag?.order ?? ids;
      const isDragged = this.#drag?.id === id;
      const shown = order.indexOf(id);
      heading.update(axes[at]!, isFlipped[at]!, at, axes.length);
      heading.element.style.width = `${geometry.apart - 4}px`;
      heading.element.style.left = `${(isDragged ? this.#drag!.from : shown) * geometry.apart + 2 + (isDragged ? this.#drag!.pixels : 0)}px`;
      heading.element.classList.toggle("mm-dragged", isDragged);
      range.element.style.left = `${xOf(geometry, at) - 12}px`;
      range.update(geometry, at, brushes[id] ?? null);
    });
  }

  #axis(id: string): { heading: Heading; range: Range } {
    const known = this.#known.get(id);
    if (known) return known;
    const { say } = this.#context;
    const heading = new Heading({
      move: (by) => this.#move(id, by),
      flip: () => this.#flip(id),
      log: () => this.#log(id),
      remove: () => this.#remove(id),
      menu: () => this.#openMenu(id, heading),
      drag: (pixels) => this.#dragged(id, pixels),
    });
    const range = new Range({
      draw: (brush) => (this.#data.brushing.value = this.#with(id, brush)),
      set: (brush) => {
        const brushes = this.#with(id, brush);
        this.#data.brushing.value = null;
        this.#data.state.changeCharts({ brushes });
      },
      say,
    });
    const made = { heading, range };
    this.#known.set(id, made);
    return made;
  }

  #with(id: string, brush: ChartData["brushes"]["value"][string] | null): ChartData["brushes"]["value"] {
    const { [id]: _, ...others } = this.#data.state.view.peek().charts.brushes;
    return brush ? { ...others, [id]: brush } : others;
  }

  #ids(): string[] {
    return this.#data.axes.peek().map(({ column }) => column.id);
  }

  #move(id: string, by: number): void {
    const ids = this.#ids();
    const to = ids.indexOf(id) + by;
    this.#reorder(moved(ids, ids.indexOf(id), to), id);
    this.#known.get(id)?.heading.button.focus();
  }

  #reorder(axes: readonly string[], id: string): void {
    this.#data.state.changeCharts({ axes });
    this.#context.say(`${this.#label(id)} is axis ${axes.indexOf(id) + 1} of ${axes.length}.`);
  }

  #dragged(id: string, pixels: number | null): void {
    const geometry = this.#geometry;
    if (!geometry) return;
    const ids = this.#ids();
    if (pixels === null) {
      const order = this.#drag?.order ?? ids;
      this.#drag = null;
      this.#reorder(order, id);
      this.draw();
      return;
    }
    const from = ids.indexOf(id);
    const order = moved(ids, from, placeAt(xOf(geometry, from) + pixels, geometry.apart, ids.length));
    this.#drag = { id, pixels, order, from };
    this.#placeAxes(geometry, this.#data.brushes.peek());
  }

  #flip(id: string): void {
    const { flipped } = this.#data.state.view.peek().charts;
    const isFlipped = flipped.includes(id);
    this.#data.state.changeCharts({ flipped: isFlipped ? flipped.filter((one) => one !== id) : [...flipped, id] });
    this.#context.say(`${this.#label(id)} is ${isFlipped ? "no longer " : ""}flipped.`);
  }

  #log(id: string): void {
    const axis = this.#data.axes.peek().find(({ column }) => column.id === id);
    if (!axis?.canLog) return this.#context.say(`${this.#label(id)} has no values above 0: a log axis has no place for them.`);
    this.#data.state.changeCharts({ logs: { ...this.#data.state.view.peek().charts.logs, [id]: !axis.log } });
    this.#context.say(`${this.#label(id)} has a ${axis.log ? "linear" : "log"} axis.`);
  }

  #remove(id: string): void {
    const ids = this.#ids();
    if (ids.length < 2) return this.#context.say("The last axis stays.");
    this.#data.state.changeCharts({ axes: ids.filter((one) => one !== id), brushes: this.#with(id, null) });
    this.#context.say(`${this.#label(id)} has no axis any more.`);
    const next = ids[ids.indexOf(id) + 1] ?? ids[ids.indexOf(id) - 1]!;
    this.#known.get(next)?.heading.button.focus();
  }

  #openMenu(id: string, heading: Heading): void {
    const axis = this.#data.axes.peek().find(({ column }) => column.id === id);
    if (!axis) return;
    const { charts } = this.#data.state.view.peek();
    const at = this.#ids().indexOf(id);
    const count = this.#ids().length;
    this.#menu.open(
      heading.button,
      cut(axis.column.title, 120),
      [
        [
          { label: "Flipped", isOn: charts.flipped.includes(id), run: () => this.#flip(id) },
          ...(axis.canLog ? [{ label: "Log axis", isOn: axis.log, run: () => this.#log(id) }] : []),
          ...(axis.words ? [] : [{ label: "Colour by this", isOn: this.#data.colour.peek()?.column.id === id, run: () => this.#data.state.changeCharts({ colour: id }) }]),
        ],
        [
          ...(at > 0 ? [{ label: "Move left", run: () => this.#move(id, -1) }] : []),
          ...(at < count - 1 ? [{ label: "Move right", run: () => this.#move(id, 1) }] : []),
        ],
        [
          ...(charts.brushes[id] ? [{ label: "Clear the range", run: () => this.#data.state.changeCharts({ brushes: this.#with(id, null) }) }] : []),
          { label: "Remove the axis", run: () => this.#remove(id) },
        ],
      ],
      heading.button,
    );
  }

  #label(id: string): string {
    return cut(this.#data.table.peek().byId.get(id)?.label ?? id, 60);
  }

  #onMove(event: PointerEvent): void {
    if (event.buttons !== 0 || !this.#geometry) return;
    const { left, top } = this.#plot.getBoundingClientRect();
    const at = rowNear(this.#geometry, event.clientX - left, event.clientY - top, this.#data.passed.peek(), REACH_PX);
    this.#point(at);
    if (at >= 0) this.#tip.show(this.#data, at, this.#geometry.axes.map(({ column }) => column), event.clientX, event.clientY);
  }

  #point(at: number): void {
    this.#at = at;
    this.#data.point(at);
    if (at < 0) this.#tip.hide();
  }

  #onClick(event: MouseEvent): void {
    const at = this.#at;
    if (at < 0 || at >= this.#data.rows.peek().length || (event.target as Element).closest(".mm-range")) return;
    const id = this.#data.id(at);
    const { selected } = this.#data.state;
    selected.value = toggled(selected.peek(), [id]);
    this.#context.say(`${nameOf(this.#data.table.peek(), id)} is ${selected.peek().includes(id) ? "selected" : "no longer selected"}.`);
  }
}

function hasStanding(places: Int32Array, pointed: readonly number[]): boolean {
  return pointed.length > 0 || places.some((place) => place >= 0);
}

/** Puts elements in their order, unless they are: one that is taken out loses the focus. */
function place(parent: HTMLElement, children: readonly HTMLElement[]): void {
  if (children.length === parent.children.length && children.every((one, at) => parent.children[at] === one)) return;
  const focused = document.activeElement as HTMLElement | null;
  const isInside = parent.contains(focused);
  fill(parent, ...children);
  if (isInside) focused?.focus({ preventScroll: true });
}

function drawHeadings(surface: Parameters<Picture["draw"]>[0], geometry: Geometry, head: number, theme: Theme): void {
  const letters = Math.max(3, Math.floor(geometry.apart / 7));
  geometry.axes.forEach((axis, at) => {
    surface.text(cut(axis.column.title, letters), xOf(geometry, at), head - 14, { colour: theme.colour("--mm-text"), align: "center", bold: true, size: 12 });
    const marks = [axis.log && "log", geometry.isFlipped[at] && "flipped"].filter(Boolean).join(", ");
    if (marks) surface.text(marks, xOf(geometry, at), head, { colour: theme.colour("--mm-soft"), align: "center", size: 10 });
  });
}
