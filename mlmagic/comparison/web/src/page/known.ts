/** What the table holds of a run: its page where the kernel does not answer. */

import { el } from "../dom.ts";
import { clean, duration, exactMoment, moment, number } from "../format.ts";
import { nameOf } from "../names.ts";
import { exact } from "../values.ts";
import { has, type Column, type Kind, type Table } from "../wire.ts";
import { counted, cut } from "../words.ts";
import { rows, section, text } from "./lists.ts";

const LONGEST_NAME = 200;
const SECTIONS: readonly [Kind, string][] = [
  ["metric", "Metrics"],
  ["param", "Parameters"],
  ["run", "Run"],
  ["data", "Data"],
  ["tag", "Tags"],
];

/** Returns the run's name and its values by kind; null if the table does not have it. */
export function knownOf(table: Table, run: string): HTMLElement | null {
  const row = table.rows.get(run);
  if (row === undefined) return null;
  const sections = SECTIONS.map(([kind, title]) => {
    const some = table.columns.filter((column) => column.kind === kind && column.id !== "run:name" && has(column, row));
    const made = some.map((column) => [text(column.title), valueOf(column, row)]);
    return section(title, made.length > 1 ? counted(made.length, "value") : "", rows(title, [], made));
  });
  return el(
    "div",
    {},
    el(
      "div",
      { class: "mm-page-head" },
      el("div", { class: "mm-page-title" }, el("h2", {}, el("bdi", {}, cut(clean(nameOf(table, run)), LONGEST_NAME)))),
      el("div", { class: "mm-facts" }, el("span", {}, "What the table holds of this run:"), el("code", { title: "The id of the run" }, run)),
    ),
    el("div", { class: "mm-page-body" }, el("div", { class: "mm-column" }, sections[0]!, sections[2]!, sections[3]!), el("div", { class: "mm-column" }, sections[1]!, sections[4]!)),
  );
}

function valueOf(column: Column, row: number): HTMLElement {
  if (column.type === "text") return text(column.words[column.codes[row]!]!);
  const value = column.numbers[row]!;
  if (column.format === "duration") return el("span", { title: `${exact(column, row)} s` }, duration(value));
  if (column.format === "moment") return el("span", { title: exactMoment(value, Date.now()) }, moment(value, Date.now()));
  return el("span", { title: exact(column, row) }, number(value));
}
