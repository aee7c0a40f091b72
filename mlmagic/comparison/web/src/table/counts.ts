/** How many runs there are: those below another run are counted apart, since they are folded away. */

import { counted } from "../words.ts";
import type { Table } from "../wire.ts";
import { soundParents } from "./tree.ts";

export interface Count {
  /** The runs that are not below another one. */
  readonly top: number;
  readonly below: number;
}

/** Counts the rows for which `isIn` holds. */
export function countOf(table: Table, isIn: (row: number) => boolean): Count {
  const parents = soundParents(table);
  const count = { top: 0, below: 0 };
  for (let row = 0; row < table.count; row++) {
    if (!isIn(row)) continue;
    if (parents[row]! < 0) count.top++;
    else count.below++;
  }
  return count;
}

export function isSame(one: Count, other: Count): boolean {
  return one.top === other.top && one.below === other.below;
}

/** Returns `34 runs + 9 below`, or of some of `all` `12 of 34 runs + 2 below`. */
export function countText({ top, below }: Count, all: Count | null = null): string {
  const runs = all ? `${top.toLocaleString("en-US")} of ${counted(all.top, "run")}` : counted(top, "run");
  return below > 0 ? `${runs} + ${below.toLocaleString("en-US")} below` : runs;
}
