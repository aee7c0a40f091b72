/** The heading of an axis: its name, which is dragged, moved by arrow keys, and opens a menu. */

import { el, fill } from "../dom.ts";
import { cut } from "../words.ts";
import { nameElement } from "../name_element.ts";
import { sectionOf } from "../table/labels.ts";
import type { Axis } from "./axis.ts";

const LONGEST_NAME = 120;
const DRAGGED_PX = 5;

export interface HeadingActions {
  /** Moves the axis by so many places. */
  readonly move: (by: number) => void;
  readonly flip: () => void;
  readonly log: () => void;
  readonly remove: () => void;
  readonly menu: () => void;
  /** The heading is dragged by so many pixels from where it stood; null: no longer. */
  readonly drag: (pixels: number | null) => void;
}

export class Heading {
  readonly element: HTMLElement;
  readonly button: HTMLButtonElement;
  readonly #actions: HeadingActions;
  readonly #name = el("span", { class: "mm-axis-label" });
  readonly #marks = el("span", { class: "mm-axis-marks mm-soft" });
  /** Which of the axes it is, for screen readers. */
  readonly #place = el("span", { class: "mm-unseen" });
  #from: number | null = null;
  #isDragged = false;

  constructor(actions: HeadingActions) {
    this.#actions = actions;
    this.button = el(
      "button",
      {
        type: "button",
        class: "mm-axis-name",
        "aria-haspopup": "menu",
        "aria-keyshortcuts": "ArrowLeft ArrowRight F L Delete",
        click: () => (this.#isDragged ? (this.#isDragged = false) : actions.menu()),
        keydown: (event: KeyboardEvent) => this.#onKey(event),
        pointerdown: (event: PointerEvent) => this.#onDown(event),
        pointermove: (event: PointerEvent) => this.#onMove(event),
        pointerup: () => this.#onUp(),
        pointercancel: () => this.#onUp(),
      },
      this.#name,
      this.#marks,
      this.#place,
    );
    this.element = el("div", { class: "mm-axis-head" }, this.button);
  }

  update(axis: Axis, isFlipped: boolean, at: number, count: number): void {
    const name = cut(axis.column.title, LONGEST_NAME);
    const marks = [axis.log && "log", isFlipped && "flipped"].filter((mark) => mark !== false);
    if (this.#name.textContent !== name) fill(this.#name, nameElement(name, sectionOf(name)));
    this.#marks.textContent = marks.join(", ") || "\u00a0";
    this.button.title = `${name}\nDrag or arrow keys: move. F: flip. L: log. Delete: remove.`;
    this.#place.textContent = `, axis ${at + 1} of ${count}`;
  }

  #onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { move, flip, log, remove } = this.#actions;
    const act = { ArrowLeft: () => move(-1), ArrowRight: () => move(1), f: flip, l: log, Delete: remove, Backspace: remove }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#from = event.clientX;
    this.#isDragged = false;
    this.button.setPointerCapture(event.pointerId);
  }

  #onMove(event: PointerEvent): void {
    if (this.#from === null) return;
    const pixels = event.clientX - this.#from;
    if (Math.abs(pixels) > DRAGGED_PX) this.#isDragged = true;
    if (this.#isDragged) this.#actions.drag(pixels);
  }

  #onUp(): void {
    if (this.#from !== null && this.#isDragged) this.#actions.drag(null);
    this.#from = null;
  }
}
