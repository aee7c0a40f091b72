/** The bar above the curves: which metrics, which axes, how smooth, what part. */

import { el } from "../dom.ts";
import type { CurveView } from "../state.ts";
import type { Column } from "../wire.ts";
import { cut } from "../words.ts";
import type { Chooser } from "./chooser.ts";

const SMOOTHEST = 0.99;
const LONGEST_NAME = 24;

export interface BarActions {
  readonly change: (changes: Partial<CurveView>) => void;
  readonly zoomIn: () => void;
  readonly zoomOut: () => void;
  readonly reset: () => void;
  readonly reload: () => void;
}

export class Bar {
  readonly element: HTMLElement;
  readonly #step: HTMLButtonElement;
  readonly #time: HTMLButtonElement;
  readonly #logX: HTMLButtonElement;
  readonly #logY: HTMLButtonElement;
  readonly #grouped: HTMLButtonElement;
  readonly #zoomOut: HTMLButtonElement;
  readonly #reset: HTMLButtonElement;
  readonly #reload: HTMLButtonElement;
  readonly #smoothing = el("input", { type: "range", min: 0, max: SMOOTHEST, step: 0.01 });
  readonly #weight = el("output", { class: "mm-soft" });
  #view: CurveView | null = null;

  constructor(chooser: Chooser, actions: BarActions) {
    const { change } = actions;
    const toggle = (name: "logX" | "logY" | "grouped") => () => change({ [name]: !this.#view?.[name] });
    this.#step = button("Step", () => change({ x: "step" }));
    this.#time = button("Time", () => change({ x: "time" }));
    this.#logX = button("Log x", toggle("logX"));
    this.#logY = button("Log y", toggle("logY"));
    this.#grouped = button("Average seeds", toggle("grouped"));
    this.#zoomOut = button("−", actions.zoomOut, "Zoom out");
    this.#reset = button("Reset", actions.reset, "Reset zoom");
    this.#reload = button("Reload", actions.reload);
    this.#smoothing.addEventListener("input", () => change({ smoothing: this.#smoothing.valueAsNumber }));
    this.element = el(
      "div",
      { class: "mm-bar" },
      chooser.button,
      el("div", { class: "mm-joined", role: "group", "aria-label": "Horizontal axis" }, this.#step, this.#time),
      el("div", { class: "mm-joined", role: "group", "aria-label": "Logarithmic axes" }, this.#logX, this.#logY),
      el("label", { class: "mm-smoothing" }, "Smoothing", this.#smoothing, this.#weight),
      this.#grouped,
      el(
        "div",
        { class: "mm-joined mm-zoom", role: "group", "aria-label": "Zoom" },
        this.#zoomOut,
        button("+", actions.zoomIn, "Zoom in"),
        this.#reset,
      ),
      this.#reload,
    );
  }

  update(view: CurveView, state: { isZoomed: boolean; isRunning: boolean; by: Column | null }): void {
    this.#view = view;
    press(this.#step, view.x === "step");
    press(this.#time, view.x === "time");
    press(this.#logX, view.logX);
    press(this.#logY, view.logY);
    press(this.#grouped, view.grouped);
    this.#grouped.textContent = state.by ? `Average by ${cut(state.by.label, LONGEST_NAME)}` : "Average seeds";
    const which = state.by ? `equal in ${cut(state.by.label, 200)}` : "of one configuration, seeds aside,";
    this.#grouped.title = `Runs ${which} are drawn as their mean and its standard error`;
    if (this.#smoothing.valueAsNumber !== view.smoothing) this.#smoothing.valueAsNumber = view.smoothing;
    this.#weight.textContent = view.smoothing.toFixed(2);
    this.#smoothing.setAttribute("aria-valuetext", view.smoothing === 0 ? "none" : view.smoothing.toFixed(2));
    // Not `disabled`: that takes the focus away, and keys would go to the notebook.
    for (const one of [this.#reset, this.#zoomOut]) one.setAttribute("aria-disabled", String(!state.isZoomed));
    this.#reload.hidden = !state.isRunning;
  }
}

function button(text: string, click: () => void, label: string | null = null): HTMLButtonElement {
  return el("button", { type: "button", class: "mm-button", "aria-label": label, title: label, click }, text);
}

function press(one: HTMLButtonElement, isPressed: boolean): void {
  one.setAttribute("aria-pressed", String(isPressed));
}
