/** Python that gets the same runs: of one run, of some, or of what the table shows. */

import { clean } from "./format.ts";
import { nameOf } from "./names.ts";
import type { View } from "./state.ts";
import type { Table } from "./wire.ts";

const LONGEST_COMMENT = 80;
const OPERATOR = /[=<>~≤≥≠]|\s(?:i?like|in|is)\s/i;
const PLAIN = /^[\w./-]+$/;

/** Returns code that reads one run. */
export function codeOfRun(id: string, name: string): string {
  return `import mlmagic\n\nrun = mlmagic.Run.find(${quoted(id)})  # ${comment(name)}\nrun.params, run.metrics, run.tags\n`;
}

/** Returns code for these runs: it finds a single one, and shows several side by side, by the same metric and groups. */
export function codeOfRuns(table: Table, view: View, ids: readonly string[]): string {
  if (ids.length === 1) return codeOfRun(ids[0]!, nameOf(table, ids[0]!));
  const metric = metricOf(table, view);
  const by = groupOf(table, view);
  const listed = `[\n${ids.map((id) => `        ${quoted(id)},  # ${comment(nameOf(table, id))}\n`).join("")}    ]`;
  const more = [metric && `metric=${quoted(metric)}`, by && `group_by=${quoted(by)}`].filter(Boolean).map((one) => `    ${one},\n`);
  return `import mlmagic\n\nmlmagic.compare(\n    ${listed},\n${more.join("")})\n`;
}

/**
 * Returns code that finds what the table shows. `shown` are the runs in sight, in their order: they are named one by one
 * where no filter in Python means the same.
 */
export function codeOfView(table: Table, view: View, shown: readonly string[]): string {
  const filters = [table.query?.filter ?? "", view.filter].map((one) => one.trim()).filter((one) => one !== "");
  // Words without an operator are names of runs in %compare, and are searched for in the box.
  if (table.query === null || !filters.every((one) => OPERATOR.test(` ${one} `))) return codeOfRuns(table, view, shown);
  const filter = filters.length > 1 ? filters.map((one) => `(${one})`).join(" and ") : (filters[0] ?? "");
  const words = ["%compare", filter.replace(/[{}]/g, "$&$&"), "-e", word(table.query.experiment)];
  const metric = metricOf(table, view);
  if (metric) words.push("--metric", word(metric));
  const by = groupOf(table, view);
  if (by) words.push("--group-by", word(by));
  return `${words.filter((one) => one !== "").join(" ")}\n`;
}

function groupOf(table: Table, { group }: View): string {
  return group === "configuration" ? "seed" : (table.byId.get(group)?.label ?? "");
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
