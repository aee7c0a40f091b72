/** The colours of values: the better (or the higher), the further from the background. No DOM. */

import type { Axis } from "./axis.ts";

/** So many colours there are; a run without a value has the one after the last. */
export const BINS = 24;
export const NO_VALUE = BINS;
/** The CSS variables between which colours are mixed, the nearest to the background first. */
export const STOPS = ["--mm-ramp-1", "--mm-ramp-2", "--mm-ramp-3", "--mm-ramp-4", "--mm-ramp-5"] as const;

/** Returns the number of the colour of each row; null: one colour for all. */
export function binsOf(axis: Axis | null, count: number): Uint8Array {
  if (!axis) return new Uint8Array(count).fill(Math.floor(BINS * 0.7));
  const isDown = isReversed(axis);
  return Uint8Array.from(axis.places, (place) => {
    if (Number.isNaN(place)) return NO_VALUE;
    return Math.min(BINS - 1, Math.floor((isDown ? 1 - place : place) * BINS));
  });
}

/** Tells whether the lowest value has the strongest colour. */
export function isReversed({ column }: Axis): boolean {
  return column.goal === "min";
}

/** Returns the colours, from those of the theme; the last one is that of runs without a value. */
export function coloursOf(colour: (variable: string) => string): string[] {
  const stops = STOPS.map((variable) => channels(colour(variable)));
  const mixed = Array.from({ length: BINS }, (_, bin) => {
    const at = (bin / (BINS - 1)) * (stops.length - 1);
    const first = Math.min(stops.length - 2, Math.floor(at));
    const [from, to] = [stops[first]!, stops[first + 1]!];
    return `rgb(${from.map((part, channel) => Math.round(part + (to[channel]! - part) * (at - first))).join(", ")})`;
  });
  return [...mixed, colour("--mm-strong-line")];
}

function channels(colour: string): number[] {
  return (colour.match(/\d+/g) ?? []).slice(0, 3).map(Number);
}

/** Returns the places of the rows in the order in which they are drawn: those without a value first, the strongest last. */
export function drawingOrder(bins: Uint8Array): Uint32Array {
  const counts = new Uint32Array(BINS + 2);
  const rank = (bin: number) => (bin === NO_VALUE ? 0 : bin + 1);
  for (const bin of bins) counts[rank(bin) + 1]!++;
  for (let at = 1; at < counts.length; at++) counts[at]! += counts[at - 1]!;
  const order = new Uint32Array(bins.length);
  bins.forEach((bin, at) => (order[counts[rank(bin)]!++] = at));
  return order;
}

/** Returns how opaque each of so many lines is: few are solid, of many only what lies on each other is. */
export function opacityOf(count: number): number {
  return Math.max(0.14, Math.min(0.9, 9 / Math.sqrt(Math.max(1, count))));
}
