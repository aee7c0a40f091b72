/** The tab of the runs: the bar, the grid, and what is shown in its place where there is nothing in it. */

import { effect, untracked } from "@preact/signals-core";

import { Confirm } from "../confirm.ts";
import type { Context, Part } from "../context.ts";
import { Copying } from "../copying.ts";
import { el, fill } from "../dom.ts";
import { Actions } from "./actions.ts";
import { Grid } from "./grid.ts";
import { TableModel } from "./model.ts";
import { SelectedMenu } from "./selected.ts";
import { Toolbar } from "./toolbar.ts";
import { rowsOf } from "./tree.ts";

export function tablePart(context: Context): Part {
  const { state } = context;
  const model = new TableModel(state);
  const confirm = new Confirm();
  const copying = new Copying(context.say);
  const selected = new SelectedMenu(model, context, confirm, copying);
  const toolbar = new Toolbar(model, selected.button);
  let last = "";
  const grid = new Grid(model);
  const actions = new Actions(grid, model, context);
  const empty = el("div", { class: "mm-empty" });
  const element = el("div", { class: "mm-table" }, toolbar.element, confirm.element, copying.element, grid.element, empty, actions.menu.element, selected.menu.element);
  state.order = () => inSight(model);
  const stopReturning = effect(() => {
    const page = state.page.value;
    untracked(() => {
      if (page === "" && last !== "" && state.view.peek().tab === "table") returnTo(grid, model, last);
      last = page;
    });
  });
  const stop = effect(() => {
    const { notice, count } = state.table.value;
    const isNothing = count === 0;
    const { archived } = model.filtered.value;
    const isFiltered = !isNothing && model.lines.value.length === 0;
    toolbar.element.hidden = isNothing;
    grid.element.hidden = isNothing || isFiltered;
    empty.hidden = !isNothing && !isFiltered;
    if (isNothing) fill(empty, el("strong", {}, notice?.text ?? "No runs."), el("p", {}, notice?.hint ?? ""));
    else if (isFiltered) {
      const isText = state.view.value.filter.trim() !== "";
      const clear = el("button", { type: "button", class: "mm-button", click: () => toolbar.filter.clear() }, "Clear the filter");
      const show = el("button", { type: "button", class: "mm-button", click: () => state.change({ archived: true }) }, "Show archived runs");
      fill(empty, el("strong", {}, isText ? "No run matches the filter." : "All runs are archived."), isText ? clear : null, archived > 0 ? show : null);
    }
  });
  return {
    element,
    show() {},
    hide() {},
    destroy() {
      stop();
      stopReturning();
      selected.destroy();
      toolbar.destroy();
      grid.destroy();
    },
  };
}

/** Returns the ids of the runs in the table's order: those in sight, and those below a page that is open. */
function inSight(model: TableModel): string[] {
  const { table, page } = model.state;
  const ids = (rows: readonly number[]) => rows.map((row) => table.peek().ids[row]!);
  const shown = ids(model.lines.peek().flatMap(({ branch }) => (branch.row >= 0 ? [branch.row] : [])));
  return page.peek() === "" || shown.includes(page.peek()) ? shown : ids(rowsOf(model.branches.peek()));
}

/** Gives the focus back to the row of a run, and brings it in sight. */
function returnTo(grid: Grid, model: TableModel, run: string): void {
  const line = model.lines.peek().findIndex(({ branch }) => branch.key === run);
  queueMicrotask(() => grid.element.focus({ preventScroll: true }));
  // The grid knows its size again only after it was laid out.
  requestAnimationFrame(() => requestAnimationFrame(() => line >= 0 && grid.activate({ line, column: Math.max(0, grid.active.column) })));
}
