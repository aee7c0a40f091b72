/** Runs that failed or were killed: in sight, but neither averaged nor ranked, unless one asks for them. */

import { computed, type ReadonlySignal } from "@preact/signals-core";

import type { View } from "./state.ts";
import { word, type Table } from "./wire.ts";

const STATUS = "run:status";
const known = new WeakMap<Table, Uint8Array | null>();

/** Returns which rows are of runs that failed or were killed, null if none is. */
export function failedIn(table: Table): Uint8Array | null {
  const before = known.get(table);
  if (before !== undefined) return before;
  const column = table.byId.get(STATUS);
  let found: Uint8Array | null = null;
  if (column?.type === "text") {
    const isOut = column.words.map((one) => one === "FAILED" || one === "KILLED");
    if (isOut.includes(true)) {
      const rows = Uint8Array.from(column.codes, (code) => Number(isOut[code] ?? false));
      found = rows.includes(1) ? rows : null;
    }
  }
  known.set(table, found);
  return found;
}

/** Returns the rows that are left out of means and of the ranking: those of `failedIn`, unless they are asked for. */
export function unrankedOf(table: ReadonlySignal<Table>, view: ReadonlySignal<View>): ReadonlySignal<Uint8Array | null> {
  const isWanted = computed(() => isFailedRanked(view.value));
  return computed(() => (isWanted.value ? null : failedIn(table.value)));
}

/** Tells whether failed runs are ranked: where the person says so, or where the filter or the groups are of the status. */
export function isFailedRanked({ failed, filter, group }: Pick<View, "failed" | "filter" | "group">): boolean {
  return failed || group === STATUS || /(^|[\s(`"])(run\.)?status\b/i.test(filter.replace(/'[^']*'/g, "''"));
}

/** Returns how many of the rows failed and how many were killed, in words; empty if none. */
export function failuresIn(table: Table, rows: readonly number[]): string {
  const column = table.byId.get(STATUS);
  if (column?.type !== "text" || !failedIn(table)) return "";
  const count = (status: string) => rows.reduce((sum, row) => sum + Number(word(column, row) === status), 0);
  const [failed, killed] = [count("FAILED"), count("KILLED")];
  return [failed ? `${failed.toLocaleString("en-US")} failed` : "", killed ? `${killed.toLocaleString("en-US")} killed` : ""].filter(Boolean).join(", ");
}

/** Returns which rows count for the ranking: those of `rows` (null: all) that are not `unranked`. */
export function ranked(rows: Uint8Array | null, unranked: Uint8Array | null): Uint8Array | null {
  if (!unranked) return rows;
  return unranked.map((isOut, row) => (isOut ? 0 : (rows?.[row] ?? 1)));
}
