/** Python that gets the same runs: of one run, of some, or of what the table shows. */

import { clean } from "./format.ts";
import type { View } from "./state.ts";
import type { Table } from "./wire.ts";

const LONGEST_COMMENT = 80;
const OPERATOR = /[=<>~≤≥≠]|\s(?:i?like|in|is)\s/i;
const PLAIN = /^[\w./-]+$/;

/** Returns code that reads one run. */
export function codeOfRun(id: string, name: string): string {
  return `import mlmagic\n\nrun = mlmagic.Run(${quoted(id)})  # ${comment(name)}\nrun.params, run.metrics, run.tags\n`;
}

/** Returns code that compares these runs. */
export function codeOfRuns(ids: readonly string[]): string {
  const listed = ids.length === 1 ? `[${quoted(ids[0]!)}]` : `[\n${ids.map((id) => `    ${quoted(id)},\n`).join("")}]`;
  return `import mlmagic\n\nwidget = mlmagic.compare(${listed})\nwidget.to_dataframe()\n`;
}

/**
 * Returns code that finds what the table shows. `shown` are the runs in sight, in their order: they are named one by one
 * where no filter in Python means the same.
 */
export function codeOfView(table: Table, view: View, shown: readonly string[]): string {
  const filters = [table.query?.filter ?? "", view.filter].map((one) => one.trim()).filter((one) => one !== "");
  // Words without an operator are names of runs in %compare, and are searched for in the box.
  if (table.query === null || !filters.every((one) => OPERATOR.test(` ${one} `))) return codeOfRuns(shown);
  const filter = filters.length > 1 ? filters.map((one) => `(${one})`).join(" and ") : (filters[0] ?? "");
  const words = ["%compare", filter.replace(/[{}]/g, "$&$&"), "-e", word(table.query.experiment)];
  const metric = metricOf(table, view);
  if (metric) words.push("--metric", word(metric));
  if (view.group === "configuration") words.push("--group-by", "seed");
  else if (view.group) words.push("--group-by", word(table.byId.get(view.group)?.label ?? ""));
  return `${words.filter((one) => one !== "").join(" ")}\n`;
}

function metricOf(table: Table, view: View): string {
  const sort = view.sort[0];
  const column = table.byId.get(sort?.column ?? view.metric);
  if (column?.kind !== "metric") return "";
  if (column.goal || !sort) return column.label;
  return `${column.label} ${sort.descending ? "max" : "min"}`;
}

/** Returns a word of a magic's line, in quotes where it needs them. */
function word(text: string): string {
  if (PLAIN.test(text)) return text;
  const shown = text.replace(/[{}]/g, "$&$&");
  return shown.includes('"') ? `'${shown}'` : `"${shown}"`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function comment(text: string): string {
  return clean(text).slice(0, LONGEST_COMMENT);
}
