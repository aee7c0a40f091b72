/** The box for the filter: what is wrong stands below it, and names of columns are offered while one types. */

import { effect } from "@preact/signals-core";

import { el, fill, uniqueId } from "../dom.ts";
import type { TableModel } from "./model.ts";
import { suggest, type Suggestion, type Suggestions } from "./filter/suggest.ts";
import { EXAMPLE } from "./filter/problem.ts";

/** While one types the table waits: filtering ten thousand runs at each key would hold the next one back. */
const WAITS_MS = 150;

export class FilterBox {
  readonly element: HTMLElement;
  readonly problem = el("p", { class: "mm-filter-problem", id: uniqueId("problem"), role: "alert" });
  readonly #model: TableModel;
  readonly #input: HTMLInputElement;
  readonly #list: HTMLElement;
  readonly #stop: () => void;
  #offered: Suggestions | null = null;
  #marked = -1;
  #waiting: number | undefined;

  constructor(model: TableModel) {
    this.#model = model;
    const listId = uniqueId("names");
    this.#list = el("ul", { id: listId, class: "mm-suggestions", role: "listbox", "aria-label": "Names and values", hidden: true });
    this.#input = el("input", {
      type: "search",
      role: "combobox",
      class: "mm-filter",
      placeholder: "Filter: val_loss < 0.2 and optimizer = adam",
      title: `Words, or conditions joined by and, or, not. ${EXAMPLE}`,
      "aria-label": "Filter",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": listId,
      "aria-describedby": this.problem.id,
      autocomplete: "off",
      spellcheck: "false",
      input: () => this.#typed(),
      keydown: (event: KeyboardEvent) => this.#onKey(event),
      blur: () => (this.#apply(), this.#offer(null)),
    });
    // A click must not take the focus from the box before it is seen.
    this.#list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const at = [...this.#list.children].indexOf((event.target as Element).closest("li")!);
      if (at >= 0) this.#take(this.#offered!.options[at]!);
    });
    this.element = el("div", { class: "mm-filter-box" }, this.#input, this.#list);
    this.#stop = effect(() => {
      const { filter } = model.state.view.value;
      if (this.#input.value !== filter && this.#waiting === undefined) this.#input.value = filter;
      const { problem } = model.filtered.value;
      this.problem.textContent = problem?.message ?? "";
      this.problem.hidden = !problem;
      this.#input.setAttribute("aria-invalid", String(problem !== null));
    });
  }

  clear(): void {
    this.#input.value = "";
    this.#apply();
    this.#input.focus();
  }

  destroy(): void {
    window.clearTimeout(this.#waiting);
    this.#stop();
  }

  /** Filters by what is in the box. */
  #apply(): void {
    window.clearTimeout(this.#waiting);
    this.#waiting = undefined;
    if (this.#model.state.view.peek().filter !== this.#input.value) this.#model.state.change({ filter: this.#input.value });
  }

  #typed(): void {
    window.clearTimeout(this.#waiting);
    this.#waiting = window.setTimeout(() => this.#apply(), WAITS_MS);
    const caret = this.#input.selectionStart ?? this.#input.value.length;
    this.#offer(suggest(this.#input.value, caret, this.#model.state.table.peek()));
  }

  #offer(offered: Suggestions | null): void {
    this.#offered = offered && offered.options.length > 0 ? offered : null;
    this.#marked = -1;
    const options = this.#offered?.options ?? [];
    fill(
      this.#list,
      ...options.map(({ label, hint }, at) =>
        el("li", { id: `${this.#list.id}-${at}`, role: "option", "aria-selected": "false" }, el("bdi", {}, label), hint ? el("span", { class: "mm-soft" }, hint) : null),
      ),
    );
    this.#list.hidden = options.length === 0;
    this.#input.setAttribute("aria-expanded", String(options.length > 0));
    this.#input.removeAttribute("aria-activedescendant");
  }

  #take({ text }: Suggestion): void {
    const { from, to } = this.#offered!;
    const before = this.#input.value;
    this.#input.value = `${before.slice(0, from)}${text} ${before.slice(to).trimStart()}`;
    const caret = from + text.length + 1;
    this.#input.setSelectionRange(caret, caret);
    this.#apply();
    this.#offer(null);
  }

  #mark(at: number): void {
    const options = [...this.#list.children];
    this.#marked = (at + options.length) % options.length;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === this.#marked)));
    this.#input.setAttribute("aria-activedescendant", options[this.#marked]!.id);
    options[this.#marked]!.scrollIntoView({ block: "nearest" });
  }

  #onKey(event: KeyboardEvent): void {
    const isOpen = this.#offered !== null;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!isOpen) return;
      event.preventDefault();
      this.#mark(event.key === "ArrowDown" ? this.#marked + 1 : Math.max(this.#marked, 0) - 1);
    } else if ((event.key === "Enter" || event.key === "Tab") && isOpen && this.#marked >= 0) {
      event.preventDefault();
      this.#take(this.#offered!.options[this.#marked]!);
    } else if (event.key === "Enter") {
      this.#apply();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (isOpen) this.#offer(null);
      else this.clear();
    }
  }
}
