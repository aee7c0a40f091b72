/** The tags of a run, edited in place: each value in a box of its own, and a line for another tag. */

import { el, fill, uniqueId } from "../dom.ts";
import type { Editing } from "../editing.ts";
import { clean } from "../format.ts";
import { text } from "./lists.ts";
import type { Page, Pair } from "./wire.ts";

const LONGEST = 8000;

/** Returns the tags; those of a deleted run cannot be changed. */
export function tagsBox(page: Page, editing: Editing): HTMLElement {
  return new Tags(page, editing).element;
}

class Tags {
  readonly element = el("div", { class: "mm-tags" });
  readonly #page: Page;
  readonly #editing: Editing;
  readonly #tags: Map<string, string>;
  readonly #list = el("tbody", {});
  readonly #problem = el("p", { class: "mm-problem-line", role: "alert", hidden: true });
  readonly #name = el("input", { type: "text", "aria-label": "Name of a new tag", placeholder: "name", autocomplete: "off", spellcheck: "false" });
  readonly #value = el("input", { type: "text", "aria-label": "Value of the new tag", placeholder: "value", autocomplete: "off", spellcheck: "false" });

  constructor(page: Page, editing: Editing) {
    this.#page = page;
    this.#editing = editing;
    this.#tags = new Map(page.tags);
    const add = el(
      "form",
      { class: "mm-add-tag", submit: (event: SubmitEvent) => (event.preventDefault(), void this.#add()), keydown: (event: KeyboardEvent) => this.#onKey(event) },
      this.#name,
      this.#value,
      el("button", { type: "submit", class: "mm-button" }, "Add tag"),
    );
    this.element.append(el("table", {}, el("caption", { class: "mm-unseen" }, "Tags"), this.#list), this.#problem);
    if (!page.is_deleted) this.element.append(add);
    this.#draw();
  }

  #draw(): void {
    const sorted = [...this.#tags].sort(([a], [b]) => (a < b ? -1 : 1));
    fill(this.#list, ...sorted.map((pair) => this.#row(pair)));
    this.#list.parentElement!.hidden = sorted.length === 0;
  }

  #row([name, value]: Pair): HTMLElement {
    const shown = clean(name);
    if (this.#page.is_deleted || value.length > LONGEST) return el("tr", {}, el("th", { scope: "row" }, text(name)), el("td", { colspan: 2 }, text(value)));
    const box = el("input", {
      type: "text",
      id: uniqueId("tag"),
      "aria-label": `Value of ${shown}`,
      autocomplete: "off",
      spellcheck: "false",
      keydown: (event: KeyboardEvent) => {
        if (event.key === "Enter") (event.preventDefault(), box.blur());
        if (event.key !== "Escape" || box.value === value) return;
        event.preventDefault();
        event.stopPropagation();
        box.value = value;
      },
      change: () => void this.#change(name, box.value),
    });
    box.value = value;
    const remove = el("button", { type: "button", class: "mm-button mm-quiet", "aria-label": `Remove the tag ${shown}`, title: "Remove", click: () => void this.#change(name, null) }, "✕");
    return el("tr", {}, el("th", { scope: "row" }, text(name)), el("td", {}, box), el("td", { class: "mm-number" }, remove));
  }

  async #add(): Promise<void> {
    const name = this.#name.value.trim();
    if (!(await this.#change(name, this.#value.value))) return;
    this.#name.value = this.#value.value = "";
    this.#name.focus();
  }

  /** Escape empties the boxes first, and only then leaves the page. */
  #onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || this.#name.value + this.#value.value === "") return;
    event.preventDefault();
    event.stopPropagation();
    this.#name.value = this.#value.value = "";
  }

  /** Changes or removes a tag; returns whether the store has it so. What was typed stays where it does not. */
  async #change(name: string, value: string | null): Promise<boolean> {
    const why = await this.#editing.tried("tags", [this.#page.id], { tags: { [name]: value } });
    this.#problem.hidden = why === null;
    this.#problem.textContent = why === null ? "" : `The tag is not saved. ${why}`;
    if (why !== null) return false;
    if (value === null) this.#tags.delete(name);
    else this.#tags.set(name, value);
    this.#draw();
    return true;
  }
}
