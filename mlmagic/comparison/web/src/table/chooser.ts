/** Chooses which columns are shown: a panel with a search, by kind of column. */

import { el, fill } from "../dom.ts";
import type { Column, Kind } from "../wire.ts";
import { cut } from "../words.ts";
import { NAME } from "./columns.ts";
import type { TableModel } from "./model.ts";
import { showAt } from "./popover.ts";

const TITLES: Record<Kind, string> = { run: "Run", metric: "Metrics", param: "Parameters", data: "Data", tag: "Tags" };
const LISTED = 300;
const LONGEST_NAME = 120;

export class ColumnChooser {
  readonly button: HTMLButtonElement;
  readonly element: HTMLElement;
  readonly #model: TableModel;
  readonly #search = el("input", { type: "search", placeholder: "Search columns", "aria-label": "Search columns", input: () => this.#fill() });
  readonly #list = el("div", { class: "mm-columns-list" });
  readonly #told = el("p", { class: "mm-soft" });

  constructor(model: TableModel) {
    this.#model = model;
    this.element = el(
      "div",
      { class: "mm-popover mm-columns", popover: "auto", role: "dialog", "aria-label": "Columns" },
      el("div", { class: "mm-columns-head" }, this.#search, quick("Show all", () => this.#show(true)), quick("Hide all", () => this.#show(false))),
      this.#list,
      this.#told,
    );
    this.button = el("button", { type: "button", class: "mm-button", "aria-haspopup": "dialog", "aria-expanded": "false", click: () => this.#open() }, "Columns");
    this.element.addEventListener("toggle", (event) => {
      const isOpen = (event as ToggleEvent).newState === "open";
      this.button.setAttribute("aria-expanded", String(isOpen));
      if (!isOpen && this.element.contains(document.activeElement)) this.button.focus();
    });
  }

  #open(): void {
    this.#search.value = "";
    this.#fill();
    showAt(this.element, this.button);
    this.#search.focus();
  }

  #found(): Column[] {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    return this.#model.state.table
      .peek()
      .columns.filter((column) => column.id !== NAME && words.every((word) => column.label.toLowerCase().includes(word)));
  }

  #fill(): void {
    const hidden = new Set(this.#model.state.view.peek().hidden);
    const found = this.#found();
    const kinds = Object.keys(TITLES) as Kind[];
    fill(
      this.#list,
      ...kinds.flatMap((kind) => {
        const columns = found.slice(0, LISTED).filter((column) => column.kind === kind);
        return columns.length === 0 ? [] : [el("fieldset", {}, el("legend", {}, TITLES[kind]), ...columns.map((column) => this.#choice(column, !hidden.has(column.id))))];
      }),
    );
    const more = found.length - LISTED;
    this.#told.textContent = found.length === 0 ? "No column is called like this." : more > 0 ? `${more} more columns: type to find them.` : "";
  }

  #choice(column: Column, isOn: boolean): HTMLElement {
    const box = el("input", { type: "checkbox", change: () => this.#toggle(column, box.checked) });
    box.checked = isOn;
    const soft = column.differs ? null : el("span", { class: "mm-soft" }, "same for all");
    return el("label", { title: cut(column.label, 1000) }, box, el("bdi", { class: "mm-name" }, cut(column.label, LONGEST_NAME)), soft);
  }

  #toggle(column: Column, isShown: boolean): void {
    const hidden = this.#model.state.view.peek().hidden.filter((id) => id !== column.id);
    this.#model.state.change({ hidden: isShown ? hidden : [...hidden, column.id] });
  }

  /** Shows or hides all columns that the search finds. */
  #show(isShown: boolean): void {
    const found = new Set(this.#found().map(({ id }) => id));
    const others = this.#model.state.view.peek().hidden.filter((id) => !found.has(id));
    this.#model.state.change({ hidden: isShown ? others : [...others, ...found] });
    this.#fill();
  }
}

function quick(label: string, click: () => void): HTMLElement {
  return el("button", { type: "button", class: "mm-button", click }, label);
}
