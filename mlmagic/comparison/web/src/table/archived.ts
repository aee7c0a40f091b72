/** Archived runs, which the table hides unless one asks for them. */

import { word, type Table } from "../wire.ts";
import { soundParents } from "./tree.ts";

export const ARCHIVED = "tag:mlmagic.archived";
const known = new WeakMap<Table, Uint8Array | null>();

/** Returns which rows are archived, or lie below one that is; null if none is. */
export function archivedIn(table: Table): Uint8Array | null {
  const before = known.get(table);
  if (before !== undefined) return before;
  const column = table.byId.get(ARCHIVED);
  let found: Uint8Array | null = null;
  if (column?.type === "text") {
    const own = Uint8Array.from({ length: table.count }, (_, row) => Number(word(column, row) === "true"));
    const parents = soundParents(table);
    const isIn = own.map((_, row) => {
      for (let at = row; at >= 0; at = parents[at]!) if (own[at]) return 1;
      return 0;
    });
    found = isIn.includes(1) ? isIn : null;
  }
  known.set(table, found);
  return found;
}

/** Returns `rows` (null: all) without the archived ones, and how many of these were among them. */
export function without(rows: Uint8Array | null, archived: Uint8Array | null, count: number): { rows: Uint8Array | null; hidden: number } {
  if (archived === null) return { rows, hidden: 0 };
  let hidden = 0;
  const left = Uint8Array.from({ length: count }, (_, row) => {
    const isIn = rows ? rows[row]! : 1;
    hidden += isIn & archived[row]!;
    return isIn & (archived[row]! ^ 1);
  });
  return { rows: left, hidden };
}

/** Tells whether a filter names the tag of archived runs, so that it must see them. */
export function asksForArchived(filter: string): boolean {
  return /(^|[\s(.`"])(mlmagic\.)?archived\b/i.test(filter.replace(/'[^']*'/g, "''"));
}
