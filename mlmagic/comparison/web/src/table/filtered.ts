/** The rows that the filter keeps: for the table, and for the charts of the same runs. */

import { computed, type ReadonlySignal } from "@preact/signals-core";

import type { State } from "../state.ts";
import type { TextColumn } from "../wire.ts";
import { archivedIn, asksForArchived, without } from "./archived.ts";
import { countOf, type Count } from "./counts.ts";
import { match } from "./filter/match.ts";
import type { Problem } from "./filter/problem.ts";

export interface Filtered {
  /** The rows that the filter keeps; null: all. */
  readonly rows: Uint8Array | null;
  readonly count: number;
  /** The kept rows, and all of the table but hidden archived ones. */
  readonly found: Count;
  readonly all: Count;
  /** How many archived runs are hidden. */
  readonly archived: number;
  readonly problem: Problem | null;
}

/** Returns the rows that the filter keeps. While a filter cannot be read, they stay those of the last one that could. */
export function filteredOf(state: State): ReadonlySignal<Filtered> {
  const filter = computed(() => state.view.value.filter);
  const hiddenIds = computed(() => state.view.value.hidden);
  const isArchiveShown = computed(() => state.view.value.archived || asksForArchived(filter.value));
  const archived = computed(() => (isArchiveShown.value ? null : archivedIn(state.table.value)));
  let last: { of: unknown; rows: Uint8Array | null } = { of: null, rows: null };
  return computed(() => {
    const all = state.table.value;
    const hidden = new Set(hiddenIds.value);
    const searched = all.columns.filter((column): column is TextColumn => column.type === "text" && !hidden.has(column.id));
    const matched = match(filter.value, all, searched);
    if (!matched.problem) last = { of: all, rows: matched.rows };
    else if (last.of !== all) last = { of: all, rows: null };
    const { rows, hidden: away } = without(last.rows, archived.value, all.count);
    const found = countOf(all, (row) => !rows || rows[row] === 1);
    const every = countOf(all, (row) => !archived.value?.[row]);
    return { rows, found, all: every, count: rows ? rows.reduce((sum, isIn) => sum + isIn, 0) : all.count, archived: away, problem: matched.problem };
  });
}
