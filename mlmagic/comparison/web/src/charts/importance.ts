/** Which params matter to a metric: asked of the kernel, and shown as bars with their intervals. */

import { signal } from "@preact/signals-core";

import type { Context } from "../context.ts";
import { el, fill } from "../dom.ts";
import { KernelError } from "../kernel.ts";
import { short } from "../curves/format.ts";
import { clean } from "../format.ts";
import { nameElement } from "../name_element.ts";
import { sectionOf } from "../table/labels.ts";
import { counted, cut } from "../words.ts";
import { themeOf } from "../curves/theme.ts";
import type { Picture } from "../pictures.ts";
import type { ChartData } from "./data.ts";
import { importancePicture, type Row } from "./importance_picture.ts";

const SETTLES_MS = 250;
const LONGEST_NAME = 80;
const LONGEST_VALUE = 40;
/** Of a weaker correlation nobody can say that more of a param is better, or worse. */
const ONE_WAY = 0.3;

/** What `mlmagic/comparison/importance.py` sends. */
export interface SentImportance {
  readonly params: readonly { readonly name: string; readonly importance: number; readonly low: number; readonly high: number; readonly direction: number | null; readonly best?: string | null; readonly monotonic?: boolean | null }[];
  readonly runs: number;
  readonly explained: number | null;
  /** Why there is nothing to show, or what it does not hold; empty: nothing of both. */
  readonly notice: string;
  readonly notes: readonly string[];
}

export class Importance {
  readonly element = el("div", { class: "mm-importance", "aria-live": "polite" });
  readonly #context: Context;
  readonly #data: ChartData;
  /** The latest answer, with the question that it answers. */
  readonly #answer = signal<{ readonly asked: string; readonly result: SentImportance | KernelError } | null>(null);
  #asked = "";
  #latest = 0;
  #timer = 0;
  #picture: (() => Picture) | null = null;

  constructor(context: Context, data: ChartData) {
    this.#context = context;
    this.#data = data;
  }

  draw(): void {
    const data = this.#data;
    const main = data.main.value;
    const selected = data.state.selected.value;
    const rows = data.rows.value;
    const answer = this.#answer.value;
    const isBusy = this.#context.kernel.busy.value;
    if (!main) return this.#tell("No metric", "The runs have logged none. In a cell: mlmagic.log(loss=loss)");
    const runs = selected.length > 0 ? selected : Array.from(rows, (row) => data.table.peek().ids[row]!);
    this.#ask(main.id, runs);
    if (answer?.asked !== this.#asked) this.#tell(isBusy ? "The kernel is running a cell" : "Computing…", isBusy ? "The importance comes when it is done." : `Random forests of ${counted(runs.length, "run")}.`);
    else if (answer.result instanceof KernelError) this.#failed(answer.result);
    else this.#show(answer.result, main.label, main.goal, selected.length > 0);
  }

  destroy(): void {
    window.clearTimeout(this.#timer);
    this.#latest++;
  }

  #ask(metric: string, runs: readonly string[]): void {
    const asked = JSON.stringify([metric, runs]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    const number = ++this.#latest;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(async () => {
      let result: SentImportance | KernelError;
      try {
        result = (await this.#context.kernel.ask("importance", { metric, runs })).content as unknown as SentImportance;
      } catch (problem) {
        result = problem instanceof KernelError ? problem : new KernelError(String(problem), "");
      }
      if (number === this.#latest) this.#answer.value = { asked, result };
    }, SETTLES_MS);
  }

  /** Returns the bars as a picture, null while there are none. */
  picture(): Picture | null {
    return this.#picture?.() ?? null;
  }

  get hasPicture(): boolean {
    return this.#picture !== null;
  }

  #tell(title: string, hint: string): void {
    this.#picture = null;
    fill(this.element, el("div", { class: "mm-empty" }, el("strong", {}, title), el("p", {}, hint)));
  }

  #failed(problem: KernelError): void {
    this.#picture = null;
    const retry = el("button", { type: "button", class: "mm-button", click: () => ((this.#asked = ""), (this.#answer.value = null)) }, "Try again");
    fill(this.element, el("div", { class: "mm-problem", role: "alert" }, el("p", {}, problem.message), problem.hint ? el("p", { class: "mm-soft" }, problem.hint) : null, retry));
  }

  #show(sent: SentImportance, metric: string, goal: string | null, isSelected: boolean): void {
    if (sent.notice) return this.#tell("No importance to show", sent.notice);
    const rows = rowsOf(sent, goal);
    const name = cut(metric, LONGEST_NAME);
    const remarks = [
      `${counted(sent.runs, "run")} with ${name}${isSelected ? ", of the selected ones" : ""}. Random forests explain ${share(sent.explained ?? 0)} of the order of the runs (out-of-bag R² ${short(sent.explained ?? 0, 2)}).`,
      ...sent.notes,
    ];
    fill(
      this.element,
      el(
        "table",
        { class: "mm-importance-table" },
        el("caption", {}, `Importance for ${name}: the share of the order of the runs that goes with a param, alone or together with others`),
        el("thead", {}, el("tr", {}, ...["Param", "", "Importance, 90% of refits", "Direction"].map((head) => (head ? el("th", { scope: "col" }, head) : el("td", {}))))),
        el("tbody", {}, ...rows.map(rowElement)),
      ),
      ...remarks.map((text) => el("p", { class: "mm-soft" }, text)),
    );
    this.#picture = () => importancePicture(metric, rows, remarks, themeOf(this.element));
  }
}

function rowsOf({ params }: SentImportance, goal: string | null): Row[] {
  const most = Math.max(...params.map(({ high }) => high), 1e-12);
  const at = (value: number) => Math.max(0, Math.min(1, value / most));
  return params.map(({ name, importance, low, high, direction, best = null, monotonic = null }) => ({
    name,
    bar: at(importance),
    low: at(low),
    high: at(high),
    share: share(importance),
    interval: `${share(low)} to ${share(high)}`,
    told: low <= 0 ? "may be none" : directionText(direction, best, goal, monotonic),
    isUnclear: low <= 0,
  }));
}

function rowElement(row: Row): HTMLElement {
  const percent = (part: number) => `${(100 * part).toFixed(2)}%`;
  const bar = el("span", { class: "mm-bar-filled" });
  bar.style.width = percent(row.bar);
  const interval = el("span", { class: "mm-bar-interval" });
  interval.style.left = percent(row.low);
  interval.style.width = `calc(${percent(row.high)} - ${percent(row.low)})`;
  return el(
    "tr",
    { class: row.isUnclear ? "mm-unclear" : "" },
    el("th", { scope: "row", title: cut(row.name, 1000) }, nameElement(cut(row.name, LONGEST_NAME), sectionOf(row.name))),
    el("td", { class: "mm-bar-cell" }, el("span", { class: "mm-bar-track", "aria-hidden": "true" }, bar, interval)),
    el("td", { class: "mm-number" }, row.share, " ", el("span", { class: "mm-soft" }, row.interval)),
    el("td", {}, row.isUnclear ? el("span", { class: "mm-soft" }, row.told) : el("bdi", {}, row.told)),
  );
}

function share(value: number): string {
  return `${Math.round(100 * value)}%`.replace("-", "−");
}

/** Returns where a metric goes with a param, by Spearman's rank correlation; where it goes no one way, where it is best. */
export function directionText(direction: number | null, best: string | null, goal: string | null, monotonic: boolean | null): string {
  const at = best === null ? null : cut(clean(best), LONGEST_VALUE);
  if (monotonic === false) return at === null ? "not monotonic" : `not monotonic: best near ${at}`;
  if (direction === null) return at === null ? "–" : `best: ${at}`;
  const strength = `ρ\u00a0${direction < 0 ? "−" : "+"}${Math.abs(direction).toFixed(2)}`;
  if (Math.abs(direction) < ONE_WAY) return `${at === null ? "no one way" : `best near ${at}`} (${strength})`;
  const isBetterHigh = goal === null ? null : (goal === "max") === direction > 0;
  if (isBetterHigh === null) return `${direction > 0 ? "rises" : "falls"} with it (${strength})`;
  return `${isBetterHigh ? "higher" : "lower"} is better (${strength})`;
}
