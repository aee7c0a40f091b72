/** The mean of several runs, and how sure it is. */

import { lowerBound } from "./search.ts";

export interface Points {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
}

/** The mean at each x, the standard error below and above it, and of how many runs it is. */
export interface Mean extends Points {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly counts: Uint16Array;
}

const MOST_POINTS = 2000;

/**
 * Returns the mean of the runs on a common x: the x of all of them, where not too many. Between its own points a run
 * is interpolated; before its first and after its last one it does not count. The band is one standard error
 * (the standard deviation of the sample by the root of the number of runs), zero where there is one run.
 */
export function meanOf(runs: readonly Points[]): Mean {
  const xs = commonXs(runs);
  const ys = new Float64Array(xs.length).fill(NaN);
  const low = ys.slice();
  const high = ys.slice();
  const counts = new Uint16Array(xs.length);
  for (let at = 0; at < xs.length; at++) {
    let count = 0;
    let mean = 0;
    let squares = 0;
    for (const run of runs) {
      const y = valueAt(run, xs[at]!);
      if (!Number.isFinite(y)) continue;
      count++;
      const off = y - mean;
      mean += off / count;
      squares += off * (y - mean);
    }
    if (count === 0) continue;
    const error = count > 1 ? Math.sqrt(squares / (count - 1) / count) : 0;
    counts[at] = count;
    ys[at] = mean;
    low[at] = mean - error;
    high[at] = mean + error;
  }
  return { xs, ys, low, high, counts };
}

/** Returns the value at `x`, between two points on the line through them; NaN outside, and next to a gap. */
export function valueAt({ xs, ys }: Points, x: number): number {
  const next = lowerBound(xs, x);
  if (xs[next] === x) return ys[next]!;
  if (next === 0 || next === xs.length) return NaN;
  const before = xs[next - 1]!;
  const part = (x - before) / (xs[next]! - before);
  return ys[next - 1]! * (1 - part) + ys[next]! * part;
}

function commonXs(runs: readonly Points[]): Float64Array {
  const all = new Float64Array(runs.reduce((sum, { xs }) => sum + xs.length, 0));
  let filled = 0;
  for (const { xs } of runs) {
    all.set(xs, filled);
    filled += xs.length;
  }
  all.sort();
  const unique = all.filter((x, at) => at === 0 || x !== all[at - 1]);
  if (unique.length <= MOST_POINTS) return unique;
  const stride = (unique.length - 1) / (MOST_POINTS - 1);
  return Float64Array.from({ length: MOST_POINTS }, (_, at) => unique[Math.round(at * stride)]!);
}
