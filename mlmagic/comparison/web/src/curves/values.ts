/** The same as a canvas in a table: for who cannot see it, and for who wants numbers. */

import { el } from "../dom.ts";
import type { Goal } from "../wire.ts";
import { short } from "./format.ts";
import { cut } from "../words.ts";
import { bestText, lastText, type Line } from "./lines.ts";

const LONGEST_NAME = 300;

/** Returns a table of the lines: how many values each has, the first, best and last of them. `point` is told which row is pointed at. */
export function valuesTable(metric: string, lines: readonly Line[], goal: Goal, point: (line: Line | null) => void): HTMLElement {
  const heads = ["run", "values", "first", "best", "last"];
  return el(
    "table",
    { class: "mm-values" },
    el("caption", {}, `${metric}${goal ? ` (${goalText(goal)})` : ""}`),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el(
      "tbody",
      {},
      ...lines.map((line) =>
        el(
          "tr",
          { "data-line": line.key, pointerenter: () => point(line), pointerleave: () => point(null) },
          el("th", { scope: "row" }, el("bdi", {}, cut(line.name, LONGEST_NAME)), line.size > 1 ? ` (n=${line.size})` : null),
          el("td", {}, line.count.toLocaleString("en-US")),
          el("td", {}, short(line.first)),
          el("td", {}, line.best === null ? "–" : bestText(line)),
          el("td", {}, lastText(line)),
        ),
      ),
    ),
  );
}

/** Marks the rows of the lines of these keys. */
export function markRows(table: HTMLElement, keys: ReadonlySet<string>): void {
  for (const row of table.querySelectorAll<HTMLElement>("[data-line]")) row.classList.toggle("mm-standing", keys.has(row.dataset.line!));
}

export function goalText(goal: Goal): string {
  return goal === "min" ? "lower is better" : goal === "max" ? "higher is better" : "";
}
