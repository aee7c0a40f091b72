/** A panel in coordinates of its axes: what uPlot draws, and what the crosshair reads. */

import { counted } from "../words.ts";
import type { Line } from "./lines.ts";
import { ends, scaleOf, toAxis, type Scale } from "./scale.ts";
import { lowerBound } from "./search.ts";
import type { Window } from "./histories.ts";

export interface DrawnLine {
  readonly line: Line;
  /** In coordinates of the axes; a NaN in y is a gap. The points that a log axis has no place for are not among them. */
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  readonly raw: Float64Array | null;
  readonly low: Float64Array | null;
  readonly high: Float64Array | null;
  /** The index of each point in the line. */
  readonly indices: Int32Array;
  /** Which of the points is the best one, -1 where it is not among them. */
  readonly best: number;
}

export interface Drawing {
  readonly lines: readonly DrawnLine[];
  readonly x: Scale;
  readonly y: Scale;
  /** What cannot be seen, in words. */
  readonly notes: readonly string[];
}

export interface Axes {
  readonly x: "step" | "time";
  readonly logX: boolean;
  readonly logY: boolean;
  /** The part of x that is looked at, in steps or seconds. */
  readonly window: Window;
}

/** Returns the lines on their axes; `width` and `height` (pixels) decide how many ticks there are. */
export function drawingOf(lines: readonly Line[], axes: Axes, width: number, height: number): Drawing {
  const drawn = lines.map((line) => onAxes(line, axes));
  const window = axes.window?.map((x) => toAxis(x, axes.logX)) ?? null;
  const [low, high] = window && window.every(Number.isFinite) ? (window as [number, number]) : endsOfXs(drawn);
  const about = { x: Math.max(2, Math.round(width / 90)), y: Math.max(2, Math.round(height / 48)) };
  return {
    lines: drawn,
    x: scaleOf(low, high, { log: axes.logX, about: about.x, of: axes.x }),
    y: scaleOf(...endsOfYs(drawn, low, high), { log: axes.logY, about: about.y }),
    notes: notesOf(drawn, axes),
  };
}

function onAxes(line: Line, { logX, logY }: Axes): DrawnLine {
  const kept: number[] = [];
  for (let at = 0; at < line.xs.length; at++) if (!logX || line.xs[at]! > 0) kept.push(at);
  const indices = Int32Array.from(kept);
  const pick = (values: Float64Array, log: boolean) =>
    Float64Array.from(indices, (at) => {
      const place = toAxis(values[at]!, log);
      return Number.isFinite(place) ? place : NaN;
    });
  const values = line.raw ?? line.ys;
  return {
    line,
    indices,
    best: line.best === null ? -1 : indices.findIndex((at) => (line.bestOfMean ? line.xs[at] === line.bestOfMean.x : values[at] === line.best)),
    xs: pick(line.xs, logX),
    ys: pick(line.ys, logY),
    raw: line.raw && pick(line.raw, logY),
    low: line.band && pick(line.band.low, logY),
    high: line.band && pick(line.band.high, logY),
  };
}

function endsOfXs(lines: readonly DrawnLine[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const { xs } of lines) {
    if (xs.length === 0) continue;
    low = Math.min(low, xs[0]!);
    high = Math.max(high, xs.at(-1)!);
  }
  return ends(low, high);
}

/** The axis holds what is seen between `low` and `high`, and the line that leads there from either side. */
function endsOfYs(lines: readonly DrawnLine[], low: number, high: number): [number, number] {
  let least = Infinity;
  let most = -Infinity;
  for (const { xs, ys, raw, low: below, high: above } of lines) {
    const from = lowerBound(xs, low);
    for (let at = from; at < xs.length && xs[at]! <= high; at++) {
      for (const values of [ys, raw, below, above]) {
        const y = values?.[at] ?? NaN;
        if (y < least) least = y;
        if (y > most) most = y;
      }
    }
    const crossing = [between(xs, ys, low), between(xs, ys, high)].filter(Number.isFinite);
    least = Math.min(least, ...crossing);
    most = Math.max(most, ...crossing);
  }
  return ends(least, most, 0.05);
}

function between(xs: Float64Array, ys: Float64Array, x: number): number {
  const next = lowerBound(xs, x);
  if (next === 0 || next === xs.length) return NaN;
  const part = (x - xs[next - 1]!) / (xs[next]! - xs[next - 1]!);
  return ys[next - 1]! * (1 - part) + ys[next]! * part;
}

function notesOf(lines: readonly DrawnLine[], { x, logX, logY }: Axes): string[] {
  const notes: string[] = [];
  const isWhole = lines.every(({ line }) => line.exact);
  const notFinite = sum(lines, ({ line }) => line.notFinite);
  if (notFinite > 0) {
    const verb = notFinite === 1 ? "is" : "are";
    notes.push(`${isWhole ? "" : "At least "}${counted(notFinite, "value")} ${verb} not finite: a gap in the line.`);
  }
  const early = logX ? sum(lines, ({ line, indices }) => line.xs.length - indices.length) : 0;
  if (early > 0) notes.push(`${counted(early, "point")} at ${x} 0 or below left out: a log axis begins above 0.`);
  const negative = logY ? sum(lines, ({ line, indices }) => indices.filter((at) => line.ys[at]! <= 0).length) : 0;
  if (negative > 0) notes.push(`${counted(negative, "value")} of 0 or below left out: a log axis begins above 0.`);
  return notes;
}

function sum(lines: readonly DrawnLine[], of: (line: DrawnLine) => number): number {
  return lines.reduce((total, line) => total + of(line), 0);
}
