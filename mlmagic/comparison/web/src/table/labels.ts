/** What the rows of the table are called: runs by their names, groups by what their runs share. */

import { failuresIn } from "../failed.ts";
import { number } from "../format.ts";
import { isRepetition, isShared } from "../names.ts";
import { numberAt } from "../values.ts";
import { word, type Table, type TextColumn } from "../wire.ts";
import { counted } from "../words.ts";
import { NAME } from "./columns.ts";
import { commonRow, type Branch } from "./tree.ts";

const MOST_PARAMS = 4;
const MOST_NAMES = 1000;
export const MOST_BADGES = 2;
export const LONGEST_BADGE = 30;
/** In letters: the edges of a badge, the beginning of an id, and how far a nested run is indented. */
const BADGE_EDGES = 3;
const ID_LETTERS = 9;
const INDENT = 3;
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

/** Returns how many runs there are below a branch, and how many of them failed: `3 runs, 1 failed`. */
export function countsOf(table: Table, children: readonly Branch[]): string {
  return [counted(children.length, "run"), failuresIn(table, children.map(({ row }) => row))].filter(Boolean).join(", ");
}

/** Returns how many letters the longest name of these runs has, with all that stands beside it; those below are indented. */
export function longestName(branches: readonly Branch[], table: Table, badges: ReadonlyMap<string, readonly string[]>): number {
  const lettersOf = ({ key, row, children }: Branch, depth: number): number => {
    const own = (badges.get(key) ?? []).slice(0, MOST_BADGES).reduce((sum, badge) => sum + Math.min(badge.length, LONGEST_BADGE) + BADGE_EDGES, 0);
    const counts = children.length > 0 ? countsOf(table, children).length : 0;
    const id = isShared(table, row) ? ID_LETTERS : 0;
    return labelOf({ key, row, children }, table, "").length + own + counts + id + INDENT * depth;
  };
  const longest = (some: readonly Branch[], depth: number): number =>
    some.slice(0, MOST_NAMES).reduce((most, branch) => Math.max(most, lettersOf(branch, depth), longest(branch.children, depth + 1)), 0);
  return longest(branches, 0);
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
