/** The tab of differences: what is not the same in the selected runs. */

import { effect, signal } from "@preact/signals-core";

import type { Context, Part } from "../context.ts";
import { el, fill } from "../dom.ts";
import { KernelError } from "../kernel.ts";
import { nameOf } from "../names.ts";
import type { Table } from "../wire.ts";
import { cut } from "../words.ts";
import { Pictures } from "./pictures.ts";
import { sectionsOf } from "./sections.ts";
import type { Difference } from "./wire.ts";

/** So many runs stand side by side, at most; of more the first are compared. */
const MOST_RUNS = 8;
const LONGEST_NAME = 80;
const BUSY = "The kernel is running a cell; the difference comes when it is done.";

export function differencesPart(context: Context): Part {
  return new Differences(context);
}

class Differences implements Part {
  readonly element = el("div", { class: "mm-differences" });
  readonly #context: Context;
  readonly #pictures: Pictures;
  readonly #isVisible = signal(false);
  readonly #base = signal("");
  readonly #again = signal(0);
  readonly #opened = new Map<string, boolean>();
  readonly #chooser = el("select", { "aria-label": "Base", change: () => (this.#base.value = this.#chooser.value) });
  readonly #told = el("span", { class: "mm-soft" });
  readonly #bar = el("div", { class: "mm-bar" }, el("label", {}, "Base", this.#chooser), this.#told);
  readonly #body = el("div", {});
  readonly #stop: (() => void)[];
  #asked: string | null = null;

  constructor(context: Context) {
    this.#context = context;
    this.#pictures = new Pictures(context.kernel);
    this.element.append(this.#bar, this.#body);
    this.#stop = [
      effect(() => {
        const { table, selected } = context.state;
        void this.#again.value;
        if (!this.#isVisible.value) return;
        const there = selected.value.filter((id) => table.value.rows.has(id));
        this.#show(table.value, withBase(there.slice(0, MOST_RUNS), this.#base.value), there.length);
      }),
      effect(() => {
        if (context.kernel.busy.value && this.element.classList.contains("mm-loading")) fill(this.#body, empty(BUSY));
      }),
    ];
  }

  show(): void {
    this.#isVisible.value = true;
  }

  hide(): void {
    this.#isVisible.value = false;
  }

  destroy(): void {
    for (const stop of this.#stop) stop();
    this.#pictures.destroy();
  }

  #show(table: Table, runs: readonly string[], selected: number): void {
    const wanted = runs.join(" ");
    if (wanted === this.#asked) return;
    this.#asked = wanted;
    this.#bar.hidden = runs.length < 2;
    if (runs.length < 2) {
      this.element.classList.remove("mm-loading");
      fill(this.#body, this.#tooFew(table, runs));
      return;
    }
    this.#fillBar(table, runs, selected);
    void this.#ask(runs, wanted);
  }

  async #ask(runs: readonly string[], wanted: string): Promise<void> {
    this.element.classList.add("mm-loading");
    if (this.#body.childElementCount === 0 || this.#body.querySelector(".mm-empty")) fill(this.#body, empty("Loading …"));
    let shown: HTMLElement[];
    let said = "The difference could not be read.";
    try {
      const { content } = await this.#context.kernel.ask("difference", { runs });
      const difference = content.difference as Difference;
      shown = sectionsOf(difference, this.#pictures, this.#opened);
      const differing = difference.sections.filter((section) => section.differs).map(({ title }) => title.toLowerCase());
      said = differing.length > 0 ? `Differing: ${differing.join(", ")}.` : "Nothing that was recorded differs.";
    } catch (error) {
      shown = [this.#problem(error instanceof KernelError ? error : new KernelError(String(error), ""))];
    }
    if (wanted !== this.#asked) return; // others have been selected meanwhile
    this.element.classList.remove("mm-loading");
    fill(this.#body, ...shown);
    this.#context.say(said);
  }

  #fillBar(table: Table, runs: readonly string[], selected: number): void {
    fill(this.#chooser, ...runs.map((id, place) => el("option", { value: id, selected: place === 0 }, cut(nameOf(table, id), LONGEST_NAME))));
    this.#told.textContent =
      selected > MOST_RUNS ? `The first ${MOST_RUNS} of ${selected} selected runs are compared.` : "The others are compared with it.";
  }

  #tooFew(table: Table, runs: readonly string[]): HTMLElement {
    const others = table.ids.filter((id) => !runs.includes(id)).slice(0, 2 - runs.length);
    const [button, text] =
      runs.length === 1
        ? ["Compare with the newest other run", "One run is selected. Select another one in the table."]
        : ["Compare the newest two runs", "Select two runs or more in the table."];
    const isPossible = runs.length + others.length >= 2;
    return el(
      "div",
      { class: "mm-empty" },
      el("strong", {}, isPossible ? text : "There is only one run, which differs from nothing."),
      isPossible
        ? el("button", { type: "button", class: "mm-button", click: () => (this.#context.state.selected.value = [...runs, ...others]) }, button)
        : null,
    );
  }

  #problem(error: KernelError): HTMLElement {
    const again = () => {
      this.#asked = null;
      this.#again.value++;
    };
    return el(
      "div",
      { class: "mm-problem", role: "alert" },
      el("p", {}, `${error.message} ${error.hint}`),
      el("button", { type: "button", class: "mm-button", click: again }, "Try again"),
    );
  }
}

function empty(text: string): HTMLElement {
  return el("div", { class: "mm-empty" }, text);
}

/** Returns the runs with the base first, where it is among them. */
function withBase(runs: readonly string[], base: string): readonly string[] {
  return runs.includes(base) ? [base, ...runs.filter((id) => id !== base)] : runs;
}

