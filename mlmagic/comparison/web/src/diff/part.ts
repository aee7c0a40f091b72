/** The tab of differences: what is not the same in the selected runs. */

import { signal } from "@preact/signals-core";

import { AskingPart, nothing, type Shown } from "../asking.ts";
import type { Context, Part } from "../context.ts";
import { el, fill } from "../dom.ts";
import { nameOf } from "../names.ts";
import type { Table } from "../wire.ts";
import { cut } from "../words.ts";
import { Pictures } from "./pictures.ts";
import { countOf, sectionsOf } from "./sections.ts";
import type { Difference } from "./wire.ts";

const MOST_RUNS = 8;
const LONGEST_NAME = 80;
const BUSY = "The kernel is running a cell; the difference comes when it is done.";

export function differencesPart(context: Context): Part {
  return new Differences(context);
}

class Differences extends AskingPart {
  readonly #context: Context;
  readonly #pictures: Pictures;
  /** The run that the others are compared with; where it is not selected the first one is. */
  readonly #base = signal("");
  readonly #opened = new Map<string, boolean>();
  readonly #chooser = el("select", { "aria-label": "Base", change: () => (this.#base.value = this.#chooser.value) });
  readonly #told = el("span", { class: "mm-soft" });

  constructor(context: Context) {
    super(context, { kind: "difference", fewest: 2, most: MOST_RUNS, busy: BUSY });
    this.#context = context;
    this.#pictures = new Pictures(context.kernel);
    this.element.classList.add("mm-differences");
    this.bar.append(el("label", {}, "Base", this.#chooser), this.#told);
  }

  override destroy(): void {
    super.destroy();
    this.#pictures.destroy();
  }

  protected override order(runs: readonly string[]): readonly string[] {
    const base = this.#base.value;
    return runs.includes(base) ? [base, ...runs.filter((id) => id !== base)] : runs;
  }

  protected prepare(table: Table, runs: readonly string[], selected: number): void {
    fill(this.#chooser, ...runs.map((id, place) => el("option", { value: id, selected: place === 0 }, cut(nameOf(table, id), LONGEST_NAME))));
    this.#told.textContent = selected > MOST_RUNS ? `The first ${MOST_RUNS} of ${selected} selected runs are compared.` : "The others are compared with it.";
  }

  protected tooFew(table: Table, runs: readonly string[]): HTMLElement {
    const others = table.ids.filter((id) => !runs.includes(id)).slice(0, 2 - runs.length);
    if (runs.length + others.length < 2) return nothing("There is only one run, which differs from nothing.", "", () => {});
    const select = () => (this.#context.state.selected.value = [...runs, ...others]);
    return runs.length === 1
      ? nothing("One run is selected. Select another one in the table.", "Compare with the newest other run", select)
      : nothing("Select two runs or more in the table.", "Compare the newest two runs", select);
  }

  protected shown(content: Record<string, unknown>): Shown {
    const difference = content.difference as Difference;
    const differing = difference.sections.filter((section) => section.differs).map(({ title }) => title.toLowerCase());
    return {
      elements: sectionsOf(difference, this.#pictures, this.#opened),
      said: differing.length > 0 ? `Differing: ${differing.join(", ")}.` : "Nothing that was recorded differs.",
      count: countOf(difference),
    };
  }
}
