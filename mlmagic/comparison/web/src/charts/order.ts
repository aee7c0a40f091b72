/** The order of axes: moved by keys or dragged, added and taken away. No DOM. */

/** Returns the ids with the one at `from` moved to `to`; the same list where that is no place in it. */
export function moved(ids: readonly string[], from: number, to: number): readonly string[] {
  if (from === to || from < 0 || to < 0 || from >= ids.length || to >= ids.length) return ids;
  const others = ids.filter((_, at) => at !== from);
  return [...others.slice(0, to), ids[from]!, ...others.slice(to)];
}

/** Returns the place at which an axis that is dragged to `x` (pixels) lies among axes that are `apart`, the first at half of it. */
export function placeAt(x: number, apart: number, count: number): number {
  return Math.max(0, Math.min(count - 1, Math.floor(x / apart)));
}

/** Returns the ids with one added before the last one, which is the metric, or taken away. */
export function withToggled(ids: readonly string[], id: string): readonly string[] {
  if (ids.includes(id)) return ids.filter((one) => one !== id);
  return ids.length === 0 ? [id] : [...ids.slice(0, -1), id, ids.at(-1)!];
}
