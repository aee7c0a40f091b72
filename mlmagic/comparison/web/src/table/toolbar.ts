/** The bar above the table: filter, columns, groups, and the file. */

import { computed, effect } from "@preact/signals-core";

import { el, fill } from "../dom.ts";
import { failedIn, failuresIn, isFailedRanked } from "../failed.ts";
import type { Column, Table } from "../wire.ts";
import { cut } from "../words.ts";
import { ColumnChooser } from "./chooser.ts";
import { countText, isSame } from "./counts.ts";
import { csv, fileName } from "./csv.ts";
import { FilterBox } from "./filterbox.ts";
import type { TableModel } from "./model.ts";
import { rowsOf } from "./tree.ts";

/** A column of more values makes groups that nobody looks at. */
const MOST_GROUPS = 200;

export class Toolbar {
  readonly element: HTMLElement;
  readonly filter: FilterBox;
  readonly #model: TableModel;
  readonly #stop: (() => void)[];

  constructor(model: TableModel, selected: HTMLElement) {
    this.#model = model;
    const { state } = model;
    this.filter = new FilterBox(model);
    const chooser = new ColumnChooser(model);
    const count = el("span", { class: "mm-soft mm-found" });
    const differing = toggle("Only differing", "Show only the columns in which the runs in sight differ", () =>
      state.change({ differing: !state.view.peek().differing }),
    );
    const shaded = toggle("Shade", "Shade metrics: the better, the stronger", () => state.change({ shaded: !state.view.peek().shaded }));
    const archived = toggle("", "Runs with the tag mlmagic.archived", () => state.change({ archived: !state.view.peek().archived }));
    const failed = toggle("", "Average and rank runs that failed or were killed, as others are", () => state.change({ failed: !state.view.peek().failed }));
    const group = el("select", { "aria-label": "Group by", change: () => state.change({ group: group.value }) });
    const file = el(
      "button",
      { type: "button", class: "mm-button", title: "Download the runs and columns in sight; text that a spreadsheet would run gets an apostrophe", click: () => this.#download() },
      "CSV",
    );
    this.element = el(
      "div",
      { class: "mm-table-tools" },
      el("div", { class: "mm-bar" }, this.filter.element, count, selected, el("span", { class: "mm-gap-wide" }), archived, failed, chooser.button, differing, shaded, el("label", {}, "Group by", group), file),
      this.filter.problem,
      chooser.element,
    );
    // Each of its own: an order of the rows must not make the list of groups anew.
    const isArchiveShown = computed(() => state.view.value.archived);
    const [isDiffering, isShaded, chosen] = [computed(() => state.view.value.differing), computed(() => state.view.value.shaded), computed(() => state.view.value.group)];
    this.#stop = [
      effect(() => differing.setAttribute("aria-pressed", String(isDiffering.value))),
      effect(() => shaded.setAttribute("aria-pressed", String(isShaded.value))),
      effect(() => {
        const { found, all, archived: hidden } = model.filtered.value;
        count.textContent = countText(found, isSame(found, all) ? null : all);
        const isShown = isArchiveShown.value;
        archived.hidden = hidden === 0 && !isShown;
        archived.textContent = isShown ? "Archived" : `${hidden.toLocaleString("en-US")} archived`;
        archived.setAttribute("aria-pressed", String(isShown));
      }),
      effect(() => {
        const table = state.table.value;
        const rows = failedIn(table);
        const isRanked = isFailedRanked(state.view.value);
        failed.hidden = rows === null;
        failed.setAttribute("aria-pressed", String(isRanked));
        failed.textContent = `Rank ${rows ? failuresIn(table, [...rows.keys()].filter((row) => rows[row])) : ""}`;
      }),
      effect(() => fill(group, ...groupsOf(state.table.value, chosen.value))),
    ];
  }

  destroy(): void {
    this.filter.destroy();
    for (const stop of this.#stop) stop();
  }

  #download(): void {
    const table = this.#model.state.table.peek();
    const text = csv(table, rowsOf(this.#model.branches.peek()), withBounds(this.#model.columns.peek().columns));
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    const link = el("a", { href: address, download: fileName(table.title) });
    this.element.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
}

/** A file has the bounds of an interval in columns of their own. */
function withBounds(columns: readonly Column[]): Column[] {
  return columns.flatMap((column) => (column.type === "number" && column.interval ? [column, column.interval.low, column.interval.high] : [column]));
}

function groupsOf(table: Table, chosen: string): HTMLElement[] {
  const columns = table.columns.filter((column) => column.id === chosen || (column.type === "text" && column.kind !== "run" && column.words.length <= MOST_GROUPS));
  const option = (value: string, label: string) => el("option", { value, selected: value === chosen }, cut(label, 60));
  return [option("", "nothing"), option("configuration", "configuration, seeds aside"), ...columns.map(({ id, kind, label }) => option(id, `${kind} ${label}`))];
}

function toggle(label: string, title: string, click: () => void): HTMLButtonElement {
  return el("button", { type: "button", class: "mm-button", title, "aria-pressed": "false", click }, label);
}
