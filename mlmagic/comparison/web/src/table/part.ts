/** The tab of the runs: the bar, the grid, and what is shown in its place where there is nothing in it. */

import { effect } from "@preact/signals-core";

import type { Context, Part } from "../context.ts";
import { el, fill } from "../dom.ts";
import { Actions } from "./actions.ts";
import { Grid } from "./grid.ts";
import { TableModel } from "./model.ts";
import { Toolbar } from "./toolbar.ts";

export function tablePart(context: Context): Part {
  const { state } = context;
  const model = new TableModel(state);
  const toolbar = new Toolbar(model);
  const grid = new Grid(model);
  const actions = new Actions(grid, model, context);
  const empty = el("div", { class: "mm-empty" });
  const element = el("div", { class: "mm-table" }, toolbar.element, grid.element, empty, actions.menu.element);
  const stop = effect(() => {
    const { notice, count } = state.table.value;
    const isNothing = count === 0;
    const isFiltered = !isNothing && model.lines.value.length === 0;
    toolbar.element.hidden = isNothing;
    grid.element.hidden = isNothing || isFiltered;
    empty.hidden = !isNothing && !isFiltered;
    if (isNothing) fill(empty, el("strong", {}, notice?.text ?? "No runs."), el("p", {}, notice?.hint ?? ""));
    else if (isFiltered) {
      const clear = el("button", { type: "button", class: "mm-button", click: () => toolbar.filter.clear() }, "Clear the filter");
      fill(empty, el("strong", {}, "No run matches the filter."), clear);
    }
  });
  return {
    element,
    show() {},
    hide() {},
    destroy() {
      stop();
      toolbar.destroy();
      grid.destroy();
    },
  };
}
