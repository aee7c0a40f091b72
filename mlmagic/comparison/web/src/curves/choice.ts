/** Which metrics are drawn: the chosen ones, else those that have a curve, the one that matters first. */

export const MOST_DRAWN = 24;
const AT_FIRST = 6;
const LOOKED_AT_FIRST = 12;
const MOST_LOOKED_AT = 400;

export interface Choice {
  /** Metrics with more than one value, to be drawn. */
  readonly drawn: readonly string[];
  /** Metrics with one value, to be told in words. */
  readonly single: readonly string[];
  /** What has to be known to say more. */
  readonly ask: readonly string[];
}

/**
 * Returns what to draw of the metrics that the runs have, in the order in which they are offered. `lengthOf` tells how
 * many values the longest history of one has, undefined while it is not known.
 */
export function choose(
  offered: readonly string[],
  chosen: readonly string[],
  lengthOf: (metric: string) => number | undefined,
): Choice {
  const there = new Set(offered);
  const wanted = chosen.filter((metric) => there.has(metric)).slice(0, MOST_DRAWN);
  if (wanted.length > 0) {
    return { drawn: wanted.filter((metric) => lengthOf(metric) !== 0), single: [], ask: wanted };
  }
  const most = Math.min(offered.length, MOST_LOOKED_AT);
  for (let looked = Math.min(LOOKED_AT_FIRST, most); ; looked = Math.min(2 * looked, most)) {
    const seen = offered.slice(0, looked);
    const drawn = seen.filter((metric) => (lengthOf(metric) ?? 0) > 1).slice(0, AT_FIRST);
    const single = seen.filter((metric) => (lengthOf(metric) ?? 0) === 1);
    const isKnown = seen.every((metric) => lengthOf(metric) !== undefined);
    if (!isKnown || drawn.length === AT_FIRST || looked === most) return { drawn, single, ask: seen };
  }
}
