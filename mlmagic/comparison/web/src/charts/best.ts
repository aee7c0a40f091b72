/** The best of the runs in a range, below the chart: pointing at one makes its line stand out, a click selects it. */

import { el, fill } from "../dom.ts";
import { nameOf } from "../names.ts";
import { nameElement, sharedParts } from "../name_element.ts";
import { swatch } from "../swatch.ts";
import { toggled } from "../table/selection.ts";
import { numberAt } from "../values.ts";
import { has, type Column } from "../wire.ts";
import { cut } from "../words.ts";
import { valueText } from "./axis.ts";
import type { ChartData } from "./data.ts";

const MOST = 8;
const LONGEST_NAME = 120;

/**
 * Returns the best of the rows that `isIn` holds (null: all), as places in `rows`, those left out that are `unranked`.
 * Without a direction the highest ones.
 */
export function bestOf(main: Column, rows: Int32Array, isIn: Uint8Array | null, most: number, unranked: Uint8Array | null = null): number[] {
  const sign = main.goal === "min" ? 1 : -1;
  const found: { at: number; key: number }[] = [];
  rows.forEach((row, at) => {
    if ((isIn && !isIn[at]) || unranked?.[row]) return;
    const value = has(main, row) ? numberAt(main, row) : NaN;
    if (!Number.isNaN(value)) found.push({ at, key: sign * value });
  });
  return found
    .sort((a, b) => a.key - b.key || a.at - b.at)
    .slice(0, most)
    .map(({ at }) => at);
}

export class Best {
  readonly element = el("div", { class: "mm-best-runs" });
  readonly #data: ChartData;
  #shown = "";

  constructor(data: ChartData) {
    this.#data = data;
  }

  update(): void {
    const data = this.#data;
    const main = data.main.value;
    const passed = data.passed.value;
    const rows = data.rows.value;
    const places = data.places.value;
    const best = main ? bestOf(main, rows, passed, MOST, data.unranked.value) : [];
    this.element.hidden = best.length < 2;
    if (!main || best.length < 2) return;
    // Only where something changed: a button that is made anew is not pointed at any more.
    const shown = JSON.stringify([main.id, best.map((at) => [data.id(at), places[at]])]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const isFocused = this.element.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.run : undefined;
    const parts = sharedParts(best.map((at) => cut(nameOf(data.table.peek(), data.id(at)), LONGEST_NAME)));
    const heading = `${main.goal === "min" ? "Lowest" : main.goal === "max" ? "Best" : "Highest"} ${cut(main.label, 60)}${passed ? " in range" : ""}`;
    fill(this.element, el("span", { class: "mm-soft" }, heading), el("ul", {}, ...best.map((at, place) => el("li", {}, this.#button(at, main, places[at]!, parts[place]!)))));
    if (isFocused) this.element.querySelector<HTMLElement>(`[data-run="${CSS.escape(isFocused)}"]`)?.focus({ preventScroll: true });
  }

  #button(at: number, main: Column, place: number, shared: number): HTMLElement {
    const data = this.#data;
    const table = data.table.peek();
    const id = data.id(at);
    const { selected } = data.state;
    const point = (to: number) => data.point(to);
    return el(
      "button",
      {
        type: "button",
        class: "mm-quiet",
        "data-run": id,
        "aria-pressed": String(place >= 0),
        title: cut(nameOf(table, id), 1000),
        pointerenter: () => point(at),
        pointerleave: () => point(-1),
        focus: (event: FocusEvent) => (event.target as Element).matches(":focus-visible") && point(at),
        blur: () => point(-1),
        click: () => (selected.value = toggled(selected.peek(), [id])),
      },
      place >= 0 ? swatch(place) : null,
      nameElement(cut(nameOf(table, id), LONGEST_NAME), shared),
      el("strong", {}, valueText(main, data.rows.peek()[at]!)),
    );
  }
}
