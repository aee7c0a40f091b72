/** The heading of a column: its name, what kind of thing it is, its order, its menu, and a handle for its width. */

import { el, fill } from "../dom.ts";
import { clean } from "../format.ts";
import type { Sort } from "../state.ts";
import type { Column } from "../wire.ts";
import { cut } from "../words.ts";
import { isNumeric } from "./cells.ts";
import { keyOf } from "./filter/names.ts";

const GOALS = { min: "lower is better", max: "higher is better" };
const ARROWS = { min: "↓", max: "↑" };

/** Draws a heading anew. */
export function drawHeading(cell: HTMLElement, column: Column, sort: readonly Sort[]): void {
  const label = cut(clean(column.label), 200);
  const which = column.title.slice(column.label.length).replace(/[ ()]/g, "");
  const place = sort.findIndex((one) => one.column === column.id);
  const by = sort[place];
  cell.className = `mm-heading${isNumeric(column) ? " mm-number" : ""}`;
  cell.setAttribute("aria-sort", by ? (by.descending ? "descending" : "ascending") : "none");
  const kind = column.kind === "run" ? "" : column.kind;
  const goal = column.kind === "metric" && column.goal ? column.goal : null;
  cell.title = [cut(clean(keyOf(column)), 500), kind, goal ? GOALS[goal] : "", which ? `the ${{ best: "best", min: "lowest", max: "highest" }[which] ?? which} value of each run; a filter compares the last one` : ""].filter(Boolean).join(" · ");
  fill(
    cell,
    el("span", { class: "mm-kind" }, kind + (goal ? " " : ""), goal ? el("span", { "aria-hidden": "true" }, ARROWS[goal]) : null),
    el(
      "span",
      { class: "mm-label" },
      el("bdi", { class: "mm-name" }, label),
      which ? el("small", { class: "mm-which" }, ` ${which}`) : null,
      by ? el("span", { class: "mm-arrow", "aria-hidden": "true" }, (by.descending ? "▼" : "▲") + (sort.length > 1 ? String(place + 1) : "")) : null,
    ),
    el("button", { type: "button", tabindex: -1, class: "mm-more", "data-do": "menu", "aria-haspopup": "menu", "aria-label": `Menu of ${cut(label, 60)}` }, "⋮"),
    el("span", { class: "mm-handle", "data-do": "resize", "aria-hidden": "true" }),
  );
}
