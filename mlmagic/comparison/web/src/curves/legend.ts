/** Which line is which, its last and best value; pointing at one makes it stand out in every panel. */

import type { Signal } from "@preact/signals-core";

import { el, fill } from "../dom.ts";
import { swatch } from "../swatch.ts";
import type { Goal } from "../wire.ts";
import { short } from "./format.ts";
import { counted, cut } from "../words.ts";
import type { Line } from "./lines.ts";

const LONGEST_NAME = 200;

export interface Emphasis {
  /** The key of the line that stands out while it is pointed at, and of the one that was clicked. */
  readonly pointed: Signal<string | null>;
  readonly pinned: Signal<string | null>;
}

export class Legend {
  readonly element = el("div", { class: "mm-legend" });
  readonly #emphasis: Emphasis;
  readonly #buttons = new Map<string, HTMLButtonElement>();

  constructor(emphasis: Emphasis) {
    this.#emphasis = emphasis;
    this.element.addEventListener("keydown", this.#onKey);
  }

  update(lines: readonly Line[], goal: Goal): void {
    const focused = [...this.#buttons].find(([, button]) => button === document.activeElement)?.[0];
    this.#buttons.clear();
    for (const line of lines) this.#buttons.set(line.key, this.#button(line, goal));
    const labels = lines.find((line) => line.parts)?.parts?.labels ?? "";
    const heads = ["last", goal ? "best" : null].filter((head) => head !== null);
    fill(
      this.element,
      lines.length ? el("div", { class: "mm-legend-head", "aria-hidden": "true" }, el("bdi", { class: "mm-name", title: labels }, labels), ...heads.map((head) => el("span", {}, head))) : null,
      el("ul", { class: "mm-legend-list" }, ...[...this.#buttons.values()].map((button) => el("li", {}, button))),
    );
    this.element.classList.toggle("mm-goalless", goal === null);
    const stop = (focused && this.#buttons.get(focused)) || [...this.#buttons.values()][0];
    for (const button of this.#buttons.values()) button.tabIndex = button === stop ? 0 : -1;
    if (focused) this.#buttons.get(focused)?.focus({ preventScroll: true });
  }

  /** Marks the line that stands out. */
  mark(key: string | null, pinned: string | null): void {
    for (const [own, button] of this.#buttons) {
      button.classList.toggle("mm-standing", own === key);
      button.setAttribute("aria-pressed", String(own === pinned));
    }
  }

  #button(line: Line, goal: Goal): HTMLButtonElement {
    const { pointed, pinned } = this.#emphasis;
    const name = cut(line.name, LONGEST_NAME);
    const size = line.size > 1 ? `n=${line.size}` : null;
    const bestText = line.best === null || goal === null ? null : short(line.best);
    const shown = line.parts ? cut(line.parts.values, LONGEST_NAME) : name;
    const said = [bestText ? "last and best value" : "last value", line.size > 1 ? `mean of ${counted(line.size, "run")}` : null];
    return el(
      "button",
      {
        type: "button",
        class: "mm-legend-item",
        title: name,
        pointerenter: () => (pointed.value = line.key),
        pointerleave: () => (pointed.value = null),
        focus: (event: FocusEvent) => (event.target as Element).matches(":focus-visible") && (pointed.value = line.key),
        blur: () => (pointed.value = null),
        click: () => (pinned.value = pinned.peek() === line.key ? null : line.key),
      },
      swatch(line.place),
      el("bdi", { class: "mm-name" }, shown),
      size && el("span", { class: "mm-soft" }, size),
      el("span", { class: "mm-value" }, short(line.last)),
      bestText && el("span", { class: "mm-value mm-best" }, bestText),
      el("span", { class: "mm-unseen" }, ` (${said.filter(Boolean).join(", ")})`),
    );
  }

  /** One stop of the Tab key; arrows lead from line to line. */
  readonly #onKey = (event: KeyboardEvent): void => {
    const buttons = [...this.#buttons.values()];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = buttons[to];
    if (!next) return;
    buttons[at]!.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
}
