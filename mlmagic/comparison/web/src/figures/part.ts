/** The tab of figures: those of the selected runs side by side, a row a name. */

import { effect, signal } from "@preact/signals-core";

import type { Context, Part } from "../context.ts";
import { el, fill } from "../dom.ts";
import { told } from "../editing.ts";
import { Images } from "../images.ts";
import { nameOf } from "../names.ts";
import { swatch } from "../swatch.ts";
import type { Table } from "../wire.ts";
import { counted, cut } from "../words.ts";
import { seriesElement, type Headed, type Series } from "./series.ts";

/** So many runs stand side by side, at most; of more the first are shown. */
const MOST_RUNS = 12;
const MOST_ROWS = 60;
const NEWEST = 4;
const LONGEST_NAME = 60;
const SEARCHED_FROM = 6;
const BUSY = "The kernel is running a cell; the figures come when it is done.";

export function figuresPart(context: Context): Part {
  return new Figures(context);
}

class Figures implements Part {
  readonly element = el("div", { class: "mm-figures" });
  readonly #context: Context;
  readonly #images: Images;
  readonly #isVisible = signal(false);
  readonly #again = signal(0);
  readonly #search = el("input", { type: "search", "aria-label": "Search figures", placeholder: "Search figures", input: () => this.#draw() });
  readonly #size = el("input", { type: "range", min: 120, max: 620, step: 20, value: 240, "aria-label": "Size of the figures", input: () => this.#resize() });
  readonly #said = el("span", { class: "mm-soft" });
  readonly #bar = el("div", { class: "mm-bar" }, this.#said, el("span", { class: "mm-gap-wide" }), this.#search, el("label", {}, "Size", this.#size));
  readonly #body = el("div", {});
  readonly #stop: (() => void)[];
  #asked: string | null = null;
  #shown: { series: Series[]; runs: Headed[]; problems: string[] } = { series: [], runs: [], problems: [] };

  constructor(context: Context) {
    this.#context = context;
    this.#images = new Images(context.kernel);
    this.element.append(this.#bar, this.#body);
    this.#resize();
    this.#stop = [
      effect(() => {
        const { table, selected } = context.state;
        void this.#again.value;
        if (!this.#isVisible.value) return;
        const there = selected.value.filter((id) => table.value.rows.has(id));
        this.#show(table.value, there.slice(0, MOST_RUNS), there.length);
      }),
      effect(() => {
        if (context.kernel.busy.value && this.#body.querySelector(".mm-waiting")) fill(this.#body, empty(BUSY));
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
    this.#images.destroy();
  }

  #show(table: Table, runs: readonly string[], selected: number): void {
    const wanted = runs.join(" ");
    this.#said.textContent = selected > runs.length ? `The figures of the first ${runs.length} of ${selected} selected runs.` : "";
    if (wanted === this.#asked) return;
    this.#asked = wanted;
    this.#bar.hidden = true;
    if (runs.length === 0) return fill(this.#body, this.#none(table));
    void this.#ask(table, runs, wanted);
  }

  async #ask(table: Table, runs: readonly string[], wanted: string): Promise<void> {
    fill(this.#body, empty("Loading …"));
    try {
      const { content } = await this.#context.kernel.ask("figures", { runs });
      if (wanted !== this.#asked) return; // others have been selected meanwhile
      const headed = runs.map((id, place) => this.#headed(table, id, place));
      // What more runs have is worth more to look at beside each other.
      const series = (content.figures as Series[]).sort((a, b) => sharedBy(b) - sharedBy(a));
      this.#shown = { series, runs: headed, problems: content.problems as string[] };
      this.#search.hidden = this.#shown.series.length < SEARCHED_FROM;
      this.#bar.hidden = this.#shown.series.length === 0;
      this.#draw();
      this.#context.say(`${counted(this.#shown.series.length, "figure")} of ${counted(runs.length, "run")}.`);
    } catch (error) {
      if (wanted === this.#asked) fill(this.#body, this.#problem(told(error)));
    }
  }

  #headed(table: Table, id: string, place: number): Headed {
    const name = cut(nameOf(table, id), LONGEST_NAME);
    const open = () => el("button", { type: "button", class: "mm-plain", title: "Open the run", click: () => (this.#context.state.page.value = id) }, el("bdi", {}, name));
    return {
      id,
      name,
      get heading() {
        return el("span", { class: "mm-run-head" }, swatch(place), open());
      },
    };
  }

  #draw(): void {
    const { series, problems } = this.#shown;
    // A run without any figure has no column of its own.
    const places = this.#shown.runs.flatMap((_, place) => (series.some((one) => one.runs[place]!.length > 0) ? [place] : []));
    const runs = places.map((place) => this.#shown.runs[place]!);
    const without = this.#shown.runs.filter((run) => !runs.includes(run));
    const search = this.#search.value.trim().toLowerCase();
    const found = series.filter(({ name }) => name.toLowerCase().includes(search));
    const shown = found.slice(0, MOST_ROWS);
    const remark = (text: string) => el("p", { class: "mm-foot" }, text);
    fill(
      this.#body,
      series.length === 0
        ? el("div", { class: "mm-empty" }, el("strong", {}, "These runs have no figures."), el("p", {}, "A tracked cell records the figures that it shows; mlmagic.log_figure(figure, \"name\") records another one."))
        : null,
      series.length > 0 && found.length === 0 ? el("div", { class: "mm-empty" }, "No figure is called like this.") : null,
      el("div", { class: "mm-figure-rows", tabindex: 0, role: "region", "aria-label": "Figures" }, ...shown.map((one) => seriesElement({ ...one, runs: places.map((place) => one.runs[place]!) }, runs, this.#images))),
      found.length > shown.length ? remark(`${found.length - shown.length} more figures: search for one by its name.`) : null,
      series.length > 0 && without.length > 0 ? remark(`Without figures: ${without.map(({ name }) => name).join(", ")}.`) : null,
      ...problems.map(remark),
    );
  }

  #none(table: Table): HTMLElement {
    const newest = table.ids.slice(0, NEWEST);
    return el(
      "div",
      { class: "mm-empty" },
      el("strong", {}, newest.length > 0 ? "Select runs in the table to see their figures side by side." : "There are no runs."),
      newest.length > 0
        ? el("button", { type: "button", class: "mm-button", click: () => (this.#context.state.selected.value = newest) }, newest.length === 1 ? "Show those of the run" : `Show those of the newest ${newest.length} runs`)
        : null,
    );
  }

  #problem(text: string): HTMLElement {
    const again = () => {
      this.#asked = null;
      this.#again.value++;
    };
    return el("div", { class: "mm-problem", role: "alert" }, el("p", {}, text), el("button", { type: "button", class: "mm-button", click: again }, "Try again"));
  }

  #resize(): void {
    this.element.style.setProperty("--mm-figure", `${this.#size.value}px`);
  }
}

function sharedBy({ runs }: Series): number {
  return runs.filter((frames) => frames.length > 0).length;
}

function empty(text: string): HTMLElement {
  return el("div", { class: "mm-empty mm-waiting" }, text);
}
