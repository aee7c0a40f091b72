/** The range of one axis: drawn by the pointer along the axis, or made by the arrow keys. */

import { el } from "../dom.ts";
import { cut } from "../words.ts";
import { brushBetween, brushText, nudged, partsOf } from "./brush.ts";
import { partAtPixel, pixelAt, type Geometry } from "./parallel_drawing.ts";
import type { Brush } from "./view.ts";

const LEAST_PX = 4;

export interface RangeActions {
  /** The range while it is drawn; null: none. */
  readonly draw: (brush: Brush | null) => void;
  /** The range that holds. */
  readonly set: (brush: Brush | null) => void;
  readonly say: (text: string) => void;
}

export class Range {
  readonly element: HTMLElement;
  readonly #actions: RangeActions;
  readonly #shown = el("div", { class: "mm-range-shown", hidden: true });
  readonly #off = el("div", { class: "mm-range-shown", hidden: true });
  #geometry: Geometry | null = null;
  #at = 0;
  #brush: Brush | null = null;
  /** Where the pointer went down, and the range that is moved with it. */
  #from: { y: number; moves: Brush | null } | null = null;

  constructor(actions: RangeActions) {
    this.#actions = actions;
    this.element = el(
      "div",
      {
        class: "mm-range",
        role: "slider",
        tabindex: 0,
        "aria-orientation": "vertical",
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        title: "Drag to keep a range of runs; a click clears it. Keys: up and down move the higher end, with Shift the lower one, Escape clears.",
        pointerdown: (event: PointerEvent) => this.#onDown(event),
        pointermove: (event: PointerEvent) => this.#onMove(event),
        pointerup: (event: PointerEvent) => this.#onUp(event),
        pointercancel: () => this.#stop(),
        keydown: (event: KeyboardEvent) => this.#onKey(event),
      },
      this.#shown,
      this.#off,
    );
  }

  update(geometry: Geometry, at: number, brush: Brush | null): void {
    [this.#geometry, this.#at, this.#brush] = [geometry, at, brush];
    const axis = geometry.axes[at]!;
    this.element.setAttribute("aria-label", `Range of ${cut(axis.column.title, 120)}`);
    this.element.setAttribute("aria-valuetext", brushText(axis, brush));
    let [low, high] = brush ? partsOf(axis, brush) : [0, 1];
    const half = axis.words ? 0.5 / axis.words.length : 0;
    [low, high] = [Math.max(0, low - half), Math.min(1, high + half)];
    this.element.setAttribute("aria-valuenow", String(Math.round(100 * Math.max(0, high))));
    const isSeen = brush !== null && brush.low <= brush.high && high >= 0;
    this.#shown.hidden = !isSeen;
    if (isSeen) {
      const [one, other] = [pixelAt(geometry, at, low), pixelAt(geometry, at, high)];
      this.#shown.style.top = `${Math.min(one, other)}px`;
      this.#shown.style.height = `${Math.max(3, Math.abs(other - one))}px`;
    }
    this.#off.hidden = !brush?.off || !axis.off;
    this.#off.style.top = `${geometry.off - 9}px`;
    this.#off.style.height = "18px";
  }

  #part(event: PointerEvent): number {
    const { top } = this.element.getBoundingClientRect();
    return partAtPixel(this.#geometry!, this.#at, event.clientY - top);
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0 || !this.#geometry) return;
    event.preventDefault();
    this.element.focus({ preventScroll: true, focusVisible: false } as FocusOptions);
    this.element.setPointerCapture(event.pointerId);
    const isInside = event.target === this.#shown && this.#brush !== null;
    this.#from = { y: event.clientY, moves: isInside ? this.#brush : null };
  }

  #onMove(event: PointerEvent): void {
    if (this.#from && Math.abs(event.clientY - this.#from.y) >= LEAST_PX) this.#actions.draw(this.#drawn(event));
  }

  #onUp(event: PointerEvent): void {
    if (!this.#from) return;
    const isClick = Math.abs(event.clientY - this.#from.y) < LEAST_PX;
    const brush = isClick ? null : this.#drawn(event);
    this.#stop();
    this.#set(brush);
  }

  #drawn(event: PointerEvent): Brush {
    const axis = this.#geometry!.axes[this.#at]!;
    const { top } = this.element.getBoundingClientRect();
    const { y, moves } = this.#from!;
    const from = partAtPixel(this.#geometry!, this.#at, y - top);
    const to = this.#part(event);
    if (!moves || from < 0) return brushBetween(axis, from, to);
    const [low, high] = partsOf(axis, moves);
    const half = axis.words ? 0.5 / axis.words.length : 0;
    const by = Math.max(half - low, Math.min(1 - half - high, Math.max(0, to) - from));
    const off = moves.off;
    return { ...brushBetween(axis, low - half + by, high + half + by), off };
  }

  #stop(): void {
    this.#from = null;
  }

  #set(brush: Brush | null): void {
    this.#actions.set(brush);
    const axis = this.#geometry!.axes[this.#at]!;
    this.#actions.say(`${cut(axis.column.title, 60)}: ${brushText(axis, brush)}.`);
  }

  #onKey(event: KeyboardEvent): void {
    if (!this.#geometry || event.altKey || event.ctrlKey || event.metaKey) return;
    const axis = this.#geometry.axes[this.#at]!;
    const up = this.#geometry.isFlipped[this.#at] ? -1 : 1;
    const steps = { ArrowUp: up, ArrowDown: -up, PageUp: 5 * up, PageDown: -5 * up }[event.key];
    const isCleared = ["Escape", "Delete", "Backspace"].includes(event.key);
    if (steps === undefined && !(isCleared && this.#brush)) return;
    event.preventDefault();
    this.#set(isCleared ? null : nudged(axis, this.#brush, steps!, event.shiftKey));
  }
}
