/** A tab that asks the kernel about the selected runs, and what it shows until there is an answer, or where there is none. */

import { computed, effect, signal, type ReadonlySignal } from "@preact/signals-core";

import type { Context, Part } from "./context.ts";
import { el, fill } from "./dom.ts";
import { told } from "./editing.ts";
import type { Table } from "./wire.ts";

/** An answer: what it looks like, what is said of it, and how many things it shows. */
export interface Shown {
  readonly elements: readonly (HTMLElement | null)[];
  readonly said: string;
  readonly count: number;
}

interface Question {
  /** What the kernel is asked for. */
  readonly kind: string;
  /** So few runs are needed, and so many are asked about; of more selected ones the first are. */
  readonly fewest: number;
  readonly most: number;
  /** What is said while the kernel runs a cell. */
  readonly busy: string;
}

const LOADING = "mm-loading";

export abstract class AskingPart implements Part {
  readonly element = el("div", {});
  /** How many things the tab shows of the runs that are selected now, null while that is not known. */
  readonly count: ReadonlySignal<number | null>;
  protected readonly bar = el("div", { class: "mm-bar", hidden: true });
  protected readonly body = el("div", {});
  readonly #context: Context;
  readonly #question: Question;
  readonly #isVisible = signal(false);
  readonly #again = signal(0);
  readonly #found = signal<{ readonly of: string; readonly count: number } | null>(null);
  readonly #stop: (() => void)[];
  #asked: string | null = null;
  #prepared = "";

  protected constructor(context: Context, question: Question) {
    this.#context = context;
    this.#question = question;
    this.element.append(this.bar, this.body);
    const { table, selected } = context.state;
    const there = computed(() => selected.value.filter((id) => table.value.rows.has(id)));
    this.count = computed(() => (this.#found.value?.of === keyOf(this.order(there.value.slice(0, question.most))) ? this.#found.value.count : null));
    this.#stop = [
      effect(() => {
        void this.#again.value;
        if (this.#isVisible.value) this.#ask(table.value, this.order(there.value.slice(0, question.most)), there.value.length);
      }),
      effect(() => {
        if (context.kernel.busy.value && this.element.classList.contains(LOADING)) fill(this.body, waiting(question.busy));
      }),
    ];
  }

  /** Returns the runs in the order in which they are asked about. */
  protected order(runs: readonly string[]): readonly string[] {
    return runs;
  }

  /** Fills the bar for these runs, of so many that are selected. */
  protected abstract prepare(table: Table, runs: readonly string[], selected: number): void;
  /** Returns what is shown where too few runs are selected. */
  protected abstract tooFew(table: Table, runs: readonly string[]): HTMLElement;
  /** Returns what is shown of an answer. */
  protected abstract shown(content: Record<string, unknown>, table: Table, runs: readonly string[]): Shown;

  show(): void {
    this.#isVisible.value = true;
  }

  hide(): void {
    this.#isVisible.value = false;
  }

  destroy(): void {
    for (const stop of this.#stop) stop();
  }

  #ask(table: Table, runs: readonly string[], selected: number): void {
    const wanted = keyOf(runs);
    const isEnough = runs.length >= this.#question.fewest;
    if (isEnough && `${wanted} ${selected}` !== this.#prepared) this.prepare(table, runs, selected);
    this.#prepared = `${wanted} ${selected}`;
    if (wanted === this.#asked) return;
    this.#asked = wanted;
    this.bar.hidden = !isEnough;
    this.element.classList.toggle(LOADING, isEnough);
    if (isEnough) void this.#answer(table, runs, wanted);
    else fill(this.body, this.tooFew(table, runs));
  }

  async #answer(table: Table, runs: readonly string[], wanted: string): Promise<void> {
    if (this.body.childElementCount === 0 || this.body.querySelector(":scope > .mm-empty")) fill(this.body, waiting("Loading …"));
    let shown: Shown | null = null;
    let problem = "";
    try {
      const { content } = await this.#context.kernel.ask(this.#question.kind, { runs });
      if (wanted === this.#asked) shown = this.shown(content, table, runs);
    } catch (error) {
      problem = told(error);
    }
    if (wanted !== this.#asked) return; // others have been selected meanwhile
    this.element.classList.remove(LOADING);
    fill(this.body, ...(shown?.elements ?? [this.#problem(problem)]));
    this.#found.value = shown && { of: wanted, count: shown.count };
    if (shown) this.#context.say(shown.said);
  }

  #problem(text: string): HTMLElement {
    const again = () => {
      this.#asked = null;
      this.#again.value++;
    };
    return el("div", { class: "mm-problem", role: "alert" }, el("p", {}, text), el("button", { type: "button", class: "mm-button", click: again }, "Try again"));
  }
}

/** Returns what stands in the place of an answer: a title, and a button that does something about it. */
export function nothing(title: string, button: string, click: () => void): HTMLElement {
  return el("div", { class: "mm-empty" }, el("strong", {}, title), button ? el("button", { type: "button", class: "mm-button", click }, button) : null);
}

function waiting(text: string): HTMLElement {
  return el("div", { class: "mm-empty mm-waiting" }, text);
}

function keyOf(runs: readonly string[]): string {
  return runs.join(" ");
}
