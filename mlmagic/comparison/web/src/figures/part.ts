/** The tab of figures: those of the selected runs side by side, a row a name. */

import { AskingPart, nothing, type Shown } from "../asking.ts";
import type { Context, Part } from "../context.ts";
import { el, fill } from "../dom.ts";
import { Images } from "../images.ts";
import { nameOf } from "../names.ts";
import { swatch } from "../swatch.ts";
import type { Table } from "../wire.ts";
import { counted, cut } from "../words.ts";
import { seriesElement, type Headed, type Series } from "./series.ts";

const MOST_RUNS = 12;
const MOST_ROWS = 60;
const NEWEST = 4;
const LONGEST_NAME = 60;
const SEARCHED_FROM = 6;
const BUSY = "The kernel is running a cell; the figures come when it is done.";

export function figuresPart(context: Context): Part {
  return new Figures(context);
}

class Figures extends AskingPart {
  readonly #context: Context;
  readonly #images: Images;
  readonly #search = el("input", { type: "search", "aria-label": "Search figures", placeholder: "Search figures", input: () => fill(this.body, ...this.#rows()) });
  readonly #size = el("input", { type: "range", min: 120, max: 620, step: 20, value: 240, "aria-label": "Size of the figures", input: () => this.#resize() });
  readonly #said = el("span", { class: "mm-soft" });
  #found: { series: Series[]; runs: Headed[]; problems: string[] } = { series: [], runs: [], problems: [] };

  constructor(context: Context) {
    super(context, { kind: "figures", fewest: 1, most: MOST_RUNS, busy: BUSY });
    this.#context = context;
    this.#images = new Images(context.kernel);
    this.element.classList.add("mm-figures");
    this.bar.append(this.#said, el("span", { class: "mm-gap-wide" }), this.#search, el("label", {}, "Size", this.#size));
    this.#resize();
  }

  override destroy(): void {
    super.destroy();
    this.#images.destroy();
  }

  protected prepare(_table: Table, runs: readonly string[], selected: number): void {
    this.#said.textContent = selected > runs.length ? `The figures of the first ${runs.length} of ${selected} selected runs.` : "";
  }

  protected tooFew(table: Table): HTMLElement {
    const newest = table.ids.slice(0, NEWEST);
    if (newest.length === 0) return nothing("There are no runs.", "", () => {});
    const button = newest.length === 1 ? "Show those of the run" : `Show those of the newest ${newest.length} runs`;
    return nothing("Select runs in the table to see their figures side by side.", button, () => (this.#context.state.selected.value = newest));
  }

  protected shown(content: Record<string, unknown>, table: Table, runs: readonly string[]): Shown {
    const headed = runs.map((id, place) => this.#headed(table, id, place));
    // What more runs have is worth more to look at beside each other.
    const series = (content.figures as Series[]).sort((a, b) => sharedBy(b) - sharedBy(a));
    this.#found = { series, runs: headed, problems: content.problems as string[] };
    this.#search.hidden = series.length < SEARCHED_FROM;
    this.bar.hidden = series.length === 0;
    return { elements: this.#rows(), said: `${counted(series.length, "figure")} of ${counted(runs.length, "run")}.`, count: series.length };
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

  #rows(): (HTMLElement | null)[] {
    const { series, problems } = this.#found;
    // A run without any figure has no column of its own.
    const places = this.#found.runs.flatMap((_, place) => (series.some((one) => one.runs[place]!.length > 0) ? [place] : []));
    const runs = places.map((place) => this.#found.runs[place]!);
    const without = this.#found.runs.filter((run) => !runs.includes(run));
    const search = this.#search.value.trim().toLowerCase();
    const found = series.filter(({ name }) => name.toLowerCase().includes(search));
    const shown = found.slice(0, MOST_ROWS);
    const remark = (text: string) => el("p", { class: "mm-foot" }, text);
    return [
      series.length === 0
        ? el("div", { class: "mm-empty" }, el("strong", {}, "These runs have no figures."), el("p", {}, "A tracked cell records the figures that it shows; mlmagic.log_figure(figure, \"name\") records another one."))
        : null,
      series.length > 0 && found.length === 0 ? el("div", { class: "mm-empty" }, "No figure is called like this.") : null,
      el("div", { class: "mm-figure-rows", tabindex: 0, role: "region", "aria-label": "Figures" }, ...shown.map((one) => seriesElement({ ...one, runs: places.map((place) => one.runs[place]!) }, runs, this.#images))),
      found.length > shown.length ? remark(`${found.length - shown.length} more figures: search for one by its name.`) : null,
      series.length > 0 && without.length > 0 ? remark(`Without figures: ${without.map(({ name }) => name).join(", ")}.`) : null,
      ...problems.map(remark),
    ];
  }

  #resize(): void {
    this.element.style.setProperty("--mm-figure", `${this.#size.value}px`);
  }
}

function sharedBy({ runs }: Series): number {
  return runs.filter((frames) => frames.length > 0).length;
}
