/** Ranges of axes: which runs lie in all of them, and how keys and the pointer change one. No DOM. */

import { partAt, textAt, valueAt, type Axis } from "./axis.ts";
import type { Box, Brush } from "./view.ts";

/** So much of an axis of numbers a key moves an end by. */
const STEP = 0.05;
const ROUNDED_OFF = 1e-9;

/** Returns which of the rows lie in every range: 1 or 0 each; null where there is no range on an axis that is shown. */
export function passing(axes: readonly Axis[], brushes: Readonly<Record<string, Brush>>): Uint8Array | null {
  const ranges = axes.flatMap((axis) => {
    const brush = brushes[axis.column.id];
    return brush ? [{ axis, brush }] : [];
  });
  if (ranges.length === 0) return null;
  const passed = new Uint8Array(axes[0]!.places.length).fill(1);
  for (const { axis, brush } of ranges) keepWithin(passed, axis, brush);
  return passed;
}

/** Returns which of the rows lie in a rectangle of two axes. */
export function inBox(x: Axis, y: Axis, box: Box): Uint8Array {
  const passed = new Uint8Array(x.places.length).fill(1);
  keepWithin(passed, x, box.x);
  keepWithin(passed, y, box.y);
  return passed;
}

function keepWithin(passed: Uint8Array, axis: Axis, brush: Brush): void {
  const [low, high] = partsOf(axis, brush);
  axis.places.forEach((place, at) => {
    const isIn = Number.isNaN(place) ? brush.off : place >= low - ROUNDED_OFF && place <= high + ROUNDED_OFF;
    if (!isIn) passed[at] = 0;
  });
}

/** Returns the parts of the axis, from 0 to 1, at which a range begins and ends. */
export function partsOf(axis: Axis, { low, high }: Brush): [number, number] {
  const from = partAt(axis, low);
  // What a log axis has no place for lies below it.
  return [Number.isNaN(from) ? -1 : from, Number.isNaN(partAt(axis, high)) ? -1 : partAt(axis, high)];
}

/** Returns the range between two parts of the axis (0 to 1); what lies below 0 takes in the runs without a place. */
export function brushBetween(axis: Axis, one: number, other: number): Brush {
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  const within = (part: number) => Math.max(0, Math.min(1, part));
  if (high < 0) return { low: 1, high: 0, off: true }; // nothing but what has no place
  const from = valueAt(axis, within(low));
  const to = valueAt(axis, within(high));
  return axis.words ? { low: Math.ceil(from) + 0, high: Math.floor(to) + 0, off: low < 0 } : { low: from, high: to, off: low < 0 };
}

/** Returns the range after a key: up and down move the higher end, with `isLower` the lower one; null: no range. */
export function nudged(axis: Axis, brush: Brush | null, steps: number, isLower: boolean): Brush | null {
  const step = axis.words ? 1 / axis.words.length : STEP;
  const now = brush ?? { low: valueAt(axis, 0), high: valueAt(axis, 1), off: axis.off !== "" };
  let [low, high] = brush && brush.low > brush.high ? [0, 0] : partsOf(axis, now);
  // A range of words begins and ends between two of them.
  if (axis.words && brush) [low, high] = [low - step / 2, high + step / 2];
  let off = now.off;
  if (isLower) {
    if (steps < 0 && low <= step / 2 && axis.off) off = true;
    else if (steps > 0 && off) off = false;
    else low = Math.max(0, Math.min(high - step, low + steps * step));
  } else high = Math.min(1, Math.max(low + step, high + steps * step));
  if (low <= ROUNDED_OFF && high >= 1 - ROUNDED_OFF && (off || !axis.off)) return null;
  return { ...brushBetween(axis, Math.max(0, low), high), off };
}

/** Returns a range in words: `0.1 to 0.5`, `adam to sgd, and missing`. */
export function brushText(axis: Axis, brush: Brush | null): string {
  if (!brush) return "all runs";
  if (brush.low > brush.high) return brush.off ? `only ${axis.off || "missing"}` : "no run";
  const [low, high] = [textAt(axis, brush.low), textAt(axis, brush.high)];
  const range = low === high ? low : `${low} to ${high}`;
  return brush.off && axis.off ? `${range}, and ${axis.off}` : range;
}
