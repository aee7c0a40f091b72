/** What the rows of the table are called: runs by their names, groups by what their runs share. */

import { number } from "../format.ts";
import { isRepetition } from "../names.ts";
import { numberAt } from "../values.ts";
import { word, type Table, type TextColumn } from "../wire.ts";
import { NAME } from "./columns.ts";
import { commonRow, type Branch } from "./tree.ts";

const MOST_PARAMS = 4;
const DOTTED = /^[\p{L}\p{N}_.-]+$/u;
const UNTELLING = new Set(["name", "type", "kind", "_target_", "id", "value"]);

/** Returns the last part of a dotted name, the one before where that says nothing: `optimizer` of `optimizer.name`. */
export function shortLabel(label: string): string {
  const parts = label.split(".");
  const last = parts.pop()!;
  return UNTELLING.has(last.toLowerCase()) ? (parts.pop() ?? last) : last;
}

/** Returns how many letters of a dotted name come before its last part, 0 where that says nothing by itself. */
export function sectionOf(label: string): number {
  const last = label.lastIndexOf(".") + 1;
  return !DOTTED.test(label) || UNTELLING.has(label.slice(last).toLowerCase()) ? 0 : last;
}

/** Returns the name of a run or a group. */
export function labelOf(branch: Branch, table: Table, group: string): string {
  const names = table.byId.get(NAME);
  return branch.row >= 0 ? ((names?.type === "text" ? word(names, branch.row) : null) ?? "") : groupLabel(branch, table, group);
}

/**
 * The value that a group shares; or of a configuration the name that its runs share, and the params in which the runs of
 * the table differ and its own do not.
 */
function groupLabel(branch: Branch, table: Table, group: string): string {
  const by = table.byId.get(group);
  if (by) {
    const row = commonRow(by, branch);
    return `${by.label} = ${row < 0 ? "missing" : by.type === "text" ? word(by, row) : number(numberAt(by, row))}`;
  }
  const names = table.byId.get(NAME)!;
  const named = commonRow(names, branch);
  const told: string[] = [];
  for (const column of table.columns) {
    if (column.kind !== "param" || !column.differs || column.type !== "text" || isRepetition(column.label)) continue;
    const row = commonRow(column, branch);
    if (row >= 0) told.push(`${shortLabel(column.label)}=${word(column, row)}`);
    if (told.length === MOST_PARAMS) break;
  }
  const params = told.join(", ");
  if (named < 0) return params || "one configuration";
  const name = word(names as TextColumn, named);
  return params ? `${params} · ${name}` : (name ?? "");
}
