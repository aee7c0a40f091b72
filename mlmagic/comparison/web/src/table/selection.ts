/** Which runs are selected after a click or a key: ids, in the order of their selection. */

import type { Table } from "../wire.ts";
import { runsOf, type Line } from "./tree.ts";

/** So many runs are selected at once, at most: more lines nobody can tell apart. */
export const MOST_SELECTED = 500;

/** Returns the ids of the runs of a line: of a group all its runs. */
export function idsOf(table: Table, line: Line): string[] {
  return runsOf(line.branch).map((row) => table.ids[row]!);
}

/** Returns the ids of the runs of all lines between two, both included, from the one to the other. */
export function idsBetween(table: Table, lines: readonly Line[], from: number, to: number): string[] {
  const some = lines.slice(Math.min(from, to), Math.max(from, to) + 1);
  if (to < from) some.reverse();
  return [...new Set(some.flatMap((line) => idsOf(table, line)))];
}

/** Returns the selection without these runs where all were in it, else with them. */
export function toggled(selected: readonly string[], ids: readonly string[]): string[] {
  const known = new Set(selected);
  if (ids.every((id) => known.has(id))) {
    const taken = new Set(ids);
    return selected.filter((id) => !taken.has(id));
  }
  return [...selected, ...ids.filter((id) => !known.has(id))];
}
