/** What a click on a heading does to the order. */

import type { Sort } from "../state.ts";
import type { Column } from "../wire.ts";

/**
 * Returns the order after a click: the better ones of a metric first, then the other way round, then none. With `add`
 * (shift) the column becomes one more key, else the only one.
 */
export function clicked(sort: readonly Sort[], column: Column, add: boolean): Sort[] {
  const startsDescending = column.goal === "max";
  const before = sort.find((one) => one.column === column.id);
  const isLast = before !== undefined && before.descending !== startsDescending;
  const next: Sort = { column: column.id, descending: before ? !before.descending : startsDescending };
  if (!add) return isLast && sort.length === 1 ? [] : [isLast && sort.length > 1 ? { ...next, descending: startsDescending } : next];
  if (!before) return [...sort, next];
  return isLast ? sort.filter((one) => one !== before) : sort.map((one) => (one === before ? next : one));
}

/** Returns what an order is called, for those who cannot see the arrow. */
export function described(sort: readonly Sort[], label: (id: string) => string): string {
  if (sort.length === 0) return "Newest first.";
  return `Sorted by ${sort.map(({ column, descending }) => `${label(column)} ${descending ? "descending" : "ascending"}`).join(", then ")}.`;
}
