/** Chooses metrics: a list with a search, below the bar. */

import { el, fill, uniqueId } from "../dom.ts";
import { MOST_DRAWN } from "./choice.ts";
import { counted, cut } from "../words.ts";

const LISTED = 200;
const LONGEST_NAME = 200;

export interface Chosen {
  readonly offered: readonly string[];
  readonly shown: readonly string[];
  /** Whether the person chose, and not we. */
  readonly isOwn: boolean;
}

export class Chooser {
  readonly button: HTMLButtonElement;
  readonly element: HTMLElement;
  readonly #search = el("input", { type: "search", placeholder: "Search metrics", "aria-label": "Search metrics" });
  readonly #list = el("ul", { class: "mm-chooser-list" });
  readonly #told = el("span", { class: "mm-soft" });
  readonly #reset: HTMLButtonElement;
  readonly #change: (metrics: string[]) => void;
  #chosen: Chosen = { offered: [], shown: [], isOwn: false };

  constructor(change: (metrics: string[]) => void) {
    this.#change = change;
    const id = uniqueId("metrics");
    this.button = el("button", { type: "button", class: "mm-button", "aria-expanded": "false", "aria-controls": id, click: () => this.#open(this.element.hidden === true) }, "Metrics");
    this.#reset = el("button", { type: "button", class: "mm-button", click: () => this.#change([]) }, "Choose for me");
    this.element = el(
      "div",
      { id, class: "mm-chooser", role: "group", "aria-label": "Metrics", hidden: true },
      el("div", { class: "mm-chooser-head" }, this.#search, this.#reset, this.#told),
      this.#list,
    );
    this.#search.addEventListener("input", () => this.#fill());
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#open(false);
      this.button.focus();
    });
  }

  update(chosen: Chosen): void {
    this.#chosen = chosen;
    this.button.textContent = `Metrics: ${chosen.shown.length} of ${chosen.offered.length}`;
    this.#reset.hidden = !chosen.isOwn;
    if (!this.element.hidden) this.#fill();
  }

  #open(isOpen: boolean): void {
    this.element.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    this.#fill();
    this.#search.focus();
  }

  #fill(): void {
    const { offered, shown } = this.#chosen;
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = offered.filter((metric) => words.every((word) => metric.toLowerCase().includes(word)));
    const focused = (document.activeElement as HTMLInputElement | null)?.value;
    const isInList = this.#list.contains(document.activeElement);
    const ticked = new Set(shown);
    const isFull = shown.length >= MOST_DRAWN;
    fill(
      this.#list,
      ...found.slice(0, LISTED).map((metric) => {
        const isOn = ticked.has(metric);
        const box = el("input", { type: "checkbox", value: metric, disabled: isFull && !isOn, change: () => this.#toggle(metric) });
        box.checked = isOn;
        return el("li", {}, el("label", { title: cut(metric, LONGEST_NAME) }, box, el("bdi", { class: "mm-name" }, cut(metric, LONGEST_NAME))));
      }),
    );
    if (isInList) this.#list.querySelector<HTMLInputElement>(`input[value="${CSS.escape(focused ?? "")}"]`)?.focus();
    const hidden = found.length - LISTED;
    this.#told.textContent =
      found.length === 0
        ? "No metric of the selected runs is called like this."
        : hidden > 0
          ? `${counted(hidden, "more metric")}: type to find them.`
          : isFull
            ? `At most ${MOST_DRAWN} at once.`
            : "";
  }

  #toggle(metric: string): void {
    const { offered, shown } = this.#chosen;
    const wanted = new Set(shown);
    if (!wanted.delete(metric)) wanted.add(metric);
    this.#change(offered.filter((one) => wanted.has(one)));
  }
}
