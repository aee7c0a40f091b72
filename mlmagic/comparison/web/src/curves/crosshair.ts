/** What lies over a canvas and takes pointer (mouse, pen, finger) and keys: the crosshair reads values, a selection zooms. */

import { el } from "../dom.ts";
import type { Goal } from "../wire.ts";
import type { Chart } from "./chart.ts";
import type { Drawing } from "./drawing.ts";
import { elapsed, short } from "./format.ts";
import { cut } from "../words.ts";
import type { Line } from "./lines.ts";
import { nearestX, nextX, readAt, type Reading } from "./reading.ts";
import { fromAxis } from "./scale.ts";
import { Tip, valueText } from "./tip.ts";

const NEAR_PX = 16;
const LEAST_WINDOW_PX = 6;
const SPOKEN_NAMES = 60;
/** How much of the axis stays when one zooms in by key, button or wheel. */
const ZOOM = 0.6;

export interface Actions {
  /** Looks at this part of the axis (its own coordinates), or at all of it. */
  readonly zoom: (window: readonly [number, number] | null) => void;
  readonly say: (text: string) => void;
  /** The line that the pointer is nearest to, null for none. */
  readonly near: (line: Line | null) => void;
}

export interface Shown {
  readonly drawing: Drawing;
  readonly goal: Goal;
  readonly isTime: boolean;
  readonly label: string;
}

export class Crosshair {
  readonly element: HTMLElement;
  readonly tip = new Tip();
  readonly #chart: Chart;
  readonly #actions: Actions;
  #shown: Shown | null = null;
  #x: number | null = null;
  #drag: number | null = null;
  #near: Line | null = null;

  constructor(chart: Chart, actions: Actions) {
    this.#chart = chart;
    this.#actions = actions;
    this.element = el("div", {
      class: "mm-cross",
      role: "slider",
      tabindex: 0,
      "aria-orientation": "horizontal",
      keydown: this.#onKey,
      pointerdown: this.#onDown,
      pointermove: this.#onMove,
      pointerup: this.#onUp,
      pointercancel: this.#stopDragging,
      pointerleave: () => this.#drag === null && this.clear(),
      blur: () => this.clear(),
      dblclick: () => this.#actions.zoom(null),
    });
    this.element.addEventListener("wheel", this.#onWheel, { passive: false });
  }

  /** Takes what is drawn now. */
  update(shown: Shown): void {
    this.#shown = shown;
    const { x } = shown.drawing;
    this.element.setAttribute("aria-label", `${shown.label}: crosshair`);
    this.element.setAttribute("aria-valuemin", String(fromAxis(x.low, x.log)));
    this.element.setAttribute("aria-valuemax", String(fromAxis(x.high, x.log)));
    this.clear();
  }

  clear(): void {
    this.#x = null;
    this.#point(null);
    this.#chart.unpoint();
    this.tip.hide();
    const x = this.#shown?.drawing.x;
    this.element.setAttribute("aria-valuenow", String(x ? fromAxis(x.low, x.log) : 0));
    this.element.setAttribute("aria-valuetext", "Left and right read the values, plus and minus zoom");
  }

  /** What others point at is left as it is. */
  #point(line: Line | null): void {
    if (line === this.#near) return;
    this.#near = line;
    this.#actions.near(line);
  }

  /** Zooms by this factor about `at`, a place on the axis; the crosshair or the middle if none is given. */
  zoomBy(factor: number, at: number | null = this.#x): void {
    const axis = this.#shown?.drawing.x;
    if (!axis) return;
    const centre = at ?? (axis.low + axis.high) / 2;
    this.#actions.zoom([centre - (centre - axis.low) * factor, centre + (axis.high - centre) * factor]);
  }

  zoomIn(): void {
    this.zoomBy(ZOOM);
  }

  zoomOut(): void {
    this.zoomBy(1 / ZOOM);
  }

  #perPixel(): number {
    const { low, high } = this.#shown!.drawing.x;
    return (high - low) / this.#chart.width;
  }

  /** Reads the values at `x`; `pointer` is how far down the window the pointer is (pixels), null without one. */
  #read(x: number, pointer: number | null): Reading[] {
    const { drawing, goal } = this.#shown!;
    this.#x = x;
    const readings = readAt(drawing, x, 4 * this.#perPixel(), goal);
    const { left, topOf } = this.#chart.point(x, readings);
    const near = pointer === null ? null : nearest(readings, ({ y }) => Math.abs(topOf(y) - pointer));
    this.#point(near?.drawn.line ?? null);
    this.tip.show(this.#title(x), readings, near, left, pointer ?? topOf((drawing.y.low + drawing.y.high) / 2));
    this.element.setAttribute("aria-valuenow", String(fromAxis(x, drawing.x.log)));
    return readings;
  }

  #title(x: number): string {
    const { drawing, isTime } = this.#shown!;
    const value = fromAxis(x, drawing.x.log);
    return isTime ? `${elapsed(value)} after the start` : `step ${short(value, 9)}`;
  }

  readonly #onMove = (event: PointerEvent): void => {
    if (!this.#shown) return;
    if (this.#drag !== null) return this.#chart.select(this.#drag, event.offsetX);
    const x = nearestX(this.#shown.drawing, this.#chart.placeAt(event.offsetX));
    if (x === null) this.clear();
    else this.#read(x, event.clientY);
  };

  readonly #onDown = (event: PointerEvent): void => {
    if (!this.#shown || event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.#drag = event.offsetX;
  };

  readonly #onUp = (event: PointerEvent): void => {
    const from = this.#drag;
    this.#stopDragging();
    if (from === null || Math.abs(event.offsetX - from) < LEAST_WINDOW_PX) return;
    const [low, high] = [from, event.offsetX].map((pixel) => this.#chart.placeAt(pixel)).sort((a, b) => a - b);
    this.#actions.zoom([low!, high!]);
  };

  readonly #stopDragging = (): void => {
    this.#drag = null;
    this.#chart.select(0, 0);
  };

  readonly #onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey || !this.#shown) return; // without ctrl the wheel scrolls the notebook
    event.preventDefault();
    this.zoomBy(event.deltaY < 0 ? ZOOM : 1 / ZOOM, this.#chart.placeAt(event.offsetX));
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (!this.#shown || event.altKey || event.ctrlKey || event.metaKey) return;
    const { drawing } = this.#shown;
    const step = event.shiftKey ? 10 : 1;
    const moves: Record<string, () => number | null> = {
      ArrowLeft: () => this.#next(-step),
      ArrowRight: () => this.#next(step),
      Home: () => nearestX(drawing, drawing.x.low),
      End: () => nearestX(drawing, drawing.x.high),
    };
    const actions: Record<string, () => void> = {
      "+": () => this.zoomIn(),
      "=": () => this.zoomIn(),
      "-": () => this.zoomOut(),
      "0": () => this.#actions.zoom(null),
      Escape: () => (this.#drag !== null ? this.#stopDragging() : this.#x !== null ? this.clear() : this.#actions.zoom(null)),
    };
    const move = moves[event.key];
    const act = actions[event.key];
    if (!move && !act) return;
    event.preventDefault();
    if (act) return act();
    const x = move!();
    if (x === null) return;
    const readings = this.#read(x, null);
    const values = readings.map((reading) => `${cut(reading.drawn.line.name, SPOKEN_NAMES)} ${valueText(reading)}`).join(", ");
    const text = `${this.#title(x)}: ${values || "no value"}`;
    this.element.setAttribute("aria-valuetext", text);
    this.#actions.say(text);
  };

  /** A point less than a pixel away would not be seen to move. */
  #next(steps: number): number | null {
    const { drawing } = this.#shown!;
    if (this.#x === null) return nearestX(drawing, steps > 0 ? drawing.x.low : drawing.x.high);
    const least = Math.sign(steps) * this.#perPixel() * (Math.abs(steps) > 1 ? this.#chart.width / 20 : 1);
    return nextX(drawing, this.#x, least) ?? nearestX(drawing, steps > 0 ? drawing.x.high : drawing.x.low);
  }
}

/** Returns the reading with the least distance, unless that is large; a gap has none. */
function nearest(readings: readonly Reading[], distance: (reading: Reading) => number): Reading | null {
  const [first] = readings.filter((reading) => distance(reading) <= NEAR_PX).sort((a, b) => distance(a) - distance(b));
  return first ?? null;
}
