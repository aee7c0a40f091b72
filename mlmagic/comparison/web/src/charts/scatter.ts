/** The scatter plot: pointed at, brushed by a rectangle, and walked through by keys. */

import type { Context } from "../context.ts";
import { themeOf, type Theme } from "../curves/theme.ts";
import { el } from "../dom.ts";
import { nameOf } from "../names.ts";
import { toggled } from "../table/selection.ts";
import type { Column } from "../wire.ts";
import { counted, cut } from "../words.ts";
import { brushBetween } from "./brush.ts";
import type { ChartData } from "./data.ts";
import { Layers } from "./layers.ts";
import { drawLegend, LEGEND_PX } from "./legend.ts";
import type { Picture } from "../pictures.ts";
import { coloursOf } from "./ramp.ts";
import { dotNear, drawDots, drawGrid, drawRings, fromLeft, partsAt, plotOf, rectangleOf, type Plot } from "./scatter_drawing.ts";
import { RunTip, spoken } from "./tip.ts";
import type { Box } from "./view.ts";

const REACH_PX = 12;
const LEAST_PX = 4;
const DOTS = 0;
const RINGS = 1;

export class Scatter {
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #data: ChartData;
  readonly #layers = new Layers(2);
  readonly #box = el("div", { class: "mm-box", hidden: true });
  readonly #touch: HTMLElement;
  readonly #tip = new RunTip();
  #theme: Theme | null = null;
  #plot: Plot | null = null;
  #plotOf: readonly unknown[] = [];
  #from: { x: number; y: number } | null = null;
  /** Where keys are, and where a range that they draw began: places in the order from left to right. */
  #key = -1;
  #anchor = -1;

  constructor(context: Context, data: ChartData) {
    this.#context = context;
    this.#data = data;
    this.#touch = el("div", {
      class: "mm-scatter-touch",
      role: "slider",
      tabindex: 0,
      "aria-label": "Runs of the scatter plot",
      "aria-valuemin": 0,
      title: "Drag to keep the runs of a rectangle; click a dot to select its run. Keys: left and right lead from run to run, with Shift they draw a rectangle, Enter selects, Escape clears.",
      pointerdown: (event: PointerEvent) => this.#onDown(event),
      pointermove: (event: PointerEvent) => this.#onMove(event),
      pointerup: (event: PointerEvent) => this.#onUp(event),
      pointercancel: () => this.#stop(),
      pointerleave: () => this.#from || this.#point(-1),
      blur: () => this.#point(-1),
      keydown: (event: KeyboardEvent) => this.#onKey(event),
    });
    this.element = el("div", { class: "mm-scatter" }, this.#layers.element, this.#box, this.#touch, this.#tip.element);
  }

  draw(): void {
    const data = this.#data;
    const [x, y] = [data.x.value, data.y.value];
    const looks = { order: data.order.value, bins: data.bins.value, passed: data.passed.value, places: data.places.value };
    const pointed = data.pointed.value;
    const box = data.box.value;
    const { width, height } = this.#layers.size;
    if (!width || !height || !x || !y) return;
    const theme = (this.#theme ??= themeOf(this.element));
    const depends = [width, height, x, y];
    if (depends.some((one, at) => one !== this.#plotOf[at])) [this.#plot, this.#plotOf] = [plotOf(x, y, width, height), depends];
    const plot = this.#plot!;
    const colours = coloursOf(theme.colour);
    const palette = colours.join();
    this.#layers.draw(DOTS, theme.font, [plot, looks.order, looks.passed, palette], (surface) => {
      drawGrid(surface, plot, theme);
      drawDots(surface, plot, { ...looks, colours }, theme);
    });
    this.#layers.draw(RINGS, theme.font, [plot, looks.order, looks.places, pointed, palette], (surface) => drawRings(surface, plot, { bins: looks.bins, colours }, looks.places, pointed, theme));
    this.#layers.element.setAttribute("aria-label", this.#summary());
    this.#touch.setAttribute("aria-valuemax", String(Math.max(0, looks.order.length - 1)));
    if (pointed.length === 0) {
      this.#touch.setAttribute("aria-valuenow", "0");
      this.#touch.setAttribute("aria-valuetext", "Left and right lead from run to run");
    }
    this.#box.hidden = box === null;
    if (!box) return;
    const [left, top, wide, tall] = rectangleOf(plot, box);
    Object.assign(this.#box.style, { left: `${left}px`, top: `${top}px`, width: `${Math.max(2, wide)}px`, height: `${Math.max(2, tall)}px` });
  }

  picture(): Picture | null {
    const plot = this.#plot;
    if (!plot) return null;
    const data = this.#data;
    const theme = (this.#theme ??= themeOf(this.element));
    const colours = coloursOf(theme.colour);
    const looks = { order: data.order.peek(), bins: data.bins.peek(), passed: data.passed.peek(), places: data.places.peek(), colours };
    const colour = data.colour.peek();
    const head = colour ? LEGEND_PX : 0;
    const shifted = { ...plotOf(plot.x, plot.y, plot.width, plot.height), top: plot.top + head, bottom: plot.bottom + head, height: plot.height + head };
    shifted.points.forEach((value, at) => at % 2 && (shifted.points[at] = value + head));
    return {
      name: `${plot.y.column.title}-by-${plot.x.column.title}`,
      width: plot.width,
      height: plot.height + head,
      font: theme.font,
      back: theme.colour("--mm-back"),
      draw: (surface) => {
        if (colour) drawLegend(surface, colour, colours, 12, LEGEND_PX / 2, theme);
        drawGrid(surface, shifted, theme);
        drawDots(surface, shifted, looks, theme);
        drawRings(surface, shifted, looks, looks.places, [], theme);
      },
    };
  }

  /** Reads colours and the font anew in the next drawing. */
  forgetTheme(): void {
    this.#theme = null;
  }

  hide(): void {
    this.#tip.hide();
  }

  #columns(): Column[] {
    const data = this.#data;
    return [data.y.peek(), data.x.peek(), data.colour.peek()].flatMap((axis) => (axis ? [axis.column] : []));
  }

  #summary(): string {
    const data = this.#data;
    const { x, y } = this.#plot!;
    const passed = data.passed.peek();
    const colour = data.colour.peek();
    return [
      `Scatter plot of ${counted(data.rows.peek().length, "run")}: ${cut(y.column.title, 80)} by ${cut(x.column.title, 80)}${colour ? `, coloured by ${cut(colour.column.title, 60)}` : ""}.`,
      passed ? `${counted(passed.reduce((sum, isIn) => sum + isIn, 0), "run")} in the rectangle.` : "",
    ]
      .filter(Boolean)
      .join(" ");
  }

  #place(event: PointerEvent): { x: number; y: number } {
    const { left, top } = this.#touch.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #boxOf(one: { x: number; y: number }, other: { x: number; y: number }): Box {
    const plot = this.#plot!;
    const [from, to] = [partsAt(plot, one.x, one.y), partsAt(plot, other.x, other.y)];
    return { x: brushBetween(plot.x, from[0], to[0]), y: brushBetween(plot.y, from[1], to[1]) };
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0 || !this.#plot) return;
    this.#touch.setPointerCapture(event.pointerId);
    this.#from = this.#place(event);
  }

  #onMove(event: PointerEvent): void {
    if (!this.#plot) return;
    const at = this.#place(event);
    if (!this.#from) return this.#point(dotNear(this.#plot, at.x, at.y, REACH_PX), event);
    if (Math.hypot(at.x - this.#from.x, at.y - this.#from.y) < LEAST_PX) return;
    this.#point(-1);
    this.#data.boxing.value = this.#boxOf(this.#from, at);
  }

  #onUp(event: PointerEvent): void {
    const from = this.#from;
    if (!from || !this.#plot) return this.#stop();
    const to = this.#place(event);
    this.#stop();
    if (Math.hypot(to.x - from.x, to.y - from.y) >= LEAST_PX) return this.#set(this.#boxOf(from, to));
    const at = dotNear(this.#plot, to.x, to.y, REACH_PX);
    if (at >= 0) this.#toggle(at);
    else this.#set(null);
  }

  #stop(): void {
    this.#from = null;
    this.#data.boxing.value = null;
  }

  #set(box: Box | null): void {
    if (box === null && this.#data.state.view.peek().charts.box === null) return;
    this.#data.state.changeCharts({ box });
    const passed = this.#data.passed.peek();
    this.#context.say(passed ? `${counted(passed.reduce((sum, isIn) => sum + isIn, 0), "run")} in the rectangle.` : "All runs are kept.");
  }

  #toggle(at: number): void {
    const id = this.#data.id(at);
    const { selected } = this.#data.state;
    selected.value = toggled(selected.peek(), [id]);
    this.#context.say(`${nameOf(this.#data.table.peek(), id)} is ${selected.peek().includes(id) ? "selected" : "no longer selected"}.`);
  }

  #point(at: number, event: PointerEvent | null = null): void {
    this.#data.point(at);
    if (at < 0) return this.#tip.hide();
    const { left, top } = this.#touch.getBoundingClientRect();
    const { points } = this.#plot!;
    this.#tip.show(this.#data, at, this.#columns(), event?.clientX ?? left + points[2 * at]!, event?.clientY ?? top + points[2 * at + 1]!);
  }

  #onKey(event: KeyboardEvent): void {
    const plot = this.#plot;
    if (!plot || event.altKey || event.ctrlKey || event.metaKey) return;
    const order = fromLeft(plot);
    const last = order.length - 1;
    const to = { ArrowLeft: this.#key - 1, ArrowRight: this.#key + 1, Home: 0, End: last, PageUp: this.#key - 10, PageDown: this.#key + 10 }[event.key];
    if (to !== undefined && last >= 0) {
      event.preventDefault();
      const before = Math.max(0, this.#key);
      this.#key = Math.max(0, Math.min(last, to));
      if (!event.shiftKey) this.#anchor = -1;
      else {
        if (this.#anchor < 0) this.#anchor = before;
        this.#set(this.#around(order.subarray(Math.min(this.#anchor, this.#key), Math.max(this.#anchor, this.#key) + 1)));
      }
      const at = order[this.#key]!;
      this.#point(at);
      const text = spoken(this.#data, at, this.#columns());
      this.#touch.setAttribute("aria-valuenow", String(this.#key));
      this.#touch.setAttribute("aria-valuetext", text);
      if (!event.shiftKey) this.#context.say(text);
    } else if ((event.key === "Enter" || event.key === " ") && this.#key >= 0 && this.#key <= last) {
      event.preventDefault();
      this.#toggle(order[this.#key]!);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.#anchor = -1;
      this.#set(null);
      this.#point(-1);
    }
  }

  /** Returns the rectangle about the dots of these rows. */
  #around(rows: Uint32Array): Box {
    const plot = this.#plot!;
    const range = (axis: Plot["x"]) => {
      const places = Array.from(rows, (row) => axis.places[row]!);
      const finite = places.filter((place) => !Number.isNaN(place));
      const off = finite.length < places.length;
      if (finite.length === 0) return { low: 1, high: 0, off };
      const room = axis.words ? 0.4 / axis.words.length : 0.005;
      return { ...brushBetween(axis, Math.max(0, Math.min(...finite) - room), Math.min(1, Math.max(...finite) + room)), off };
    };
    return { x: range(plot.x), y: range(plot.y) };
  }
}
