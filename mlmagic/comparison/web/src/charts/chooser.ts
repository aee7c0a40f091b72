/** Chooses which columns have an axis: a panel with a search, by kind of column. */

import { el, fill } from "../dom.ts";
import { showAt } from "../table/popover.ts";
import type { Column, Kind } from "../wire.ts";
import { cut } from "../words.ts";
import { MOST_AXES, offeredColumns } from "./columns.ts";
import type { ChartData } from "./data.ts";
import { withToggled } from "./order.ts";

const TITLES: Record<Kind, string> = { param: "Parameters", metric: "Metrics", run: "Run", data: "Data", tag: "Tags" };
const LISTED = 300;
const LONGEST_NAME = 120;

export class AxisChooser {
  readonly button: HTMLButtonElement;
  readonly element: HTMLElement;
  readonly #data: ChartData;
  readonly #search = el("input", { type: "search", placeholder: "Search columns", "aria-label": "Search columns", input: () => this.#fill() });
  readonly #list = el("div", { class: "mm-columns-list" });
  readonly #told = el("p", { class: "mm-soft" });

  constructor(data: ChartData) {
    this.#data = data;
    const reset = el("button", { type: "button", class: "mm-button", click: () => this.#reset() }, "Choose for me");
    this.element = el(
      "div",
      { class: "mm-popover mm-columns", popover: "auto", role: "dialog", "aria-label": "Axes" },
      el("div", { class: "mm-columns-head" }, this.#search, reset),
      this.#list,
      this.#told,
    );
    this.button = el("button", { type: "button", class: "mm-button", "aria-haspopup": "dialog", "aria-expanded": "false", click: () => this.#open() }, "Axes");
    this.element.addEventListener("toggle", (event) => {
      const isOpen = (event as ToggleEvent).newState === "open";
      this.button.setAttribute("aria-expanded", String(isOpen));
      if (!isOpen && this.element.contains(document.activeElement)) this.button.focus();
    });
  }

  update(): void {
    this.button.textContent = `Axes: ${this.#ids().length}`;
  }

  #ids(): string[] {
    return this.#data.axes.peek().map(({ column }) => column.id);
  }

  #open(): void {
    this.#search.value = "";
    this.#fill();
    showAt(this.element, this.button);
    this.#search.focus();
  }

  #reset(): void {
    this.#data.state.changeCharts({ axes: [] });
    this.#fill();
  }

  #fill(): void {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = offeredColumns(this.#data.table.peek()).filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
    const chosen = new Set(this.#ids());
    const kinds = Object.keys(TITLES) as Kind[];
    fill(
      this.#list,
      ...kinds.flatMap((kind) => {
        const columns = found.slice(0, LISTED).filter((column) => column.kind === kind);
        return columns.length === 0 ? [] : [el("fieldset", {}, el("legend", {}, TITLES[kind]), ...columns.map((column) => this.#choice(column, chosen.has(column.id))))];
      }),
    );
    const more = found.length - LISTED;
    this.#told.textContent = found.length === 0 ? "No column is called like this." : more > 0 ? `${more} more columns: type to find them.` : "";
  }

  #choice(column: Column, isOn: boolean): HTMLElement {
    const box = el("input", { type: "checkbox", change: () => this.#toggle(column, box) });
    box.checked = isOn;
    const soft = column.differs ? null : el("span", { class: "mm-soft" }, "same for all");
    return el("label", { title: cut(column.title, 1000) }, box, el("bdi", { class: "mm-name" }, cut(column.title, LONGEST_NAME)), soft);
  }

  #toggle(column: Column, box: HTMLInputElement): void {
    const axes = withToggled(this.#ids(), column.id);
    const isSound = axes.length > 0 && axes.length <= MOST_AXES;
    this.#told.textContent = isSound ? "" : axes.length === 0 ? "One axis stays." : `At most ${MOST_AXES} axes.`;
    if (isSound) this.#data.state.changeCharts({ axes });
    else box.checked = !box.checked;
  }
}
