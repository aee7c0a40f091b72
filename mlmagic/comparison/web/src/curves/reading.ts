/** What the crosshair reads: the value of each line at one x. */

import type { Goal } from "../wire.ts";
import type { DrawnLine, Drawing } from "./drawing.ts";
import { lowerBound } from "./search.ts";

export interface Reading {
  readonly drawn: DrawnLine;
  /** The index of the point in the line, and where it stands on the y axis: NaN in a gap. */
  readonly at: number;
  readonly y: number;
  /** The values themselves: what is drawn, what was logged, the standard error. */
  readonly value: number;
  readonly raw: number | null;
  readonly error: number | null;
}

/** Returns the x of the point nearest to `x` among those in view; null without one. */
export function nearestX({ lines, x: { low, high } }: Drawing, x: number): number | null {
  let found: number | null = null;
  for (const { xs } of lines) {
    const next = lowerBound(xs, x);
    for (const at of [next - 1, next]) {
      const one = xs[at];
      if (one === undefined || one < low || one > high) continue;
      if (found === null || Math.abs(one - x) < Math.abs(found - x)) found = one;
    }
  }
  return found;
}

/** Returns the next x that has a point, at least `least` away in the direction of its sign; null beyond the last one. */
export function nextX({ lines, x: { low, high } }: Drawing, x: number, least: number): number | null {
  let found: number | null = null;
  for (const { xs } of lines) {
    let at = lowerBound(xs, x + least);
    if (least < 0 && xs[at] !== x + least) at--;
    const one = xs[at];
    if (one === undefined || one < low || one > high) continue;
    if (found === null || Math.abs(one - x) < Math.abs(found - x)) found = one;
  }
  return found;
}

/**
 * Returns what each line shows at `x`, the best value first: its point there, or the nearest one, within its own ends
 * and `tolerance` beyond.
 */
export function readAt({ lines }: Drawing, x: number, tolerance: number, goal: Goal): Reading[] {
  const readings: Reading[] = [];
  for (const drawn of lines) {
    const { xs, ys, line, indices } = drawn;
    if (xs.length === 0 || x < xs[0]! - tolerance || x > xs.at(-1)! + tolerance) continue;
    let at = Math.min(lowerBound(xs, x), xs.length - 1);
    if (at > 0 && x - xs[at - 1]! < Math.abs(xs[at]! - x)) at--;
    const index = indices[at]!;
    readings.push({
      drawn,
      at,
      y: ys[at]!,
      value: Number.isFinite(line.ys[index]!) || !line.raw ? line.ys[index]! : line.raw[index]!,
      raw: line.raw?.[index] ?? null,
      error: line.band ? line.band.high[index]! - line.ys[index]! : null,
    });
  }
  const sign = goal === "min" ? 1 : -1;
  const rank = (value: number) => (Number.isNaN(value) ? Infinity : sign * value);
  return readings.sort((a, b) => rank(a.value) - rank(b.value) || a.drawn.line.place - b.drawn.line.place);
}
