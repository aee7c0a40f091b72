/** The lines of one metric: what is drawn of each run, or of the runs of a configuration. */

import { meanText } from "../format.ts";
import { summaryOf } from "../table/statistics.ts";
import type { Goal } from "../wire.ts";
import { short } from "./format.ts";
import { meanOf, type Mean, type Points } from "./mean.ts";
import type { Group } from "./groups.ts";
import type { Series } from "./series.ts";
import { smoothed } from "./smoothing.ts";

/** Where the curve of a mean is best, how sure it is there (the standard error), and of how many runs it is there. */
export interface BestOfMean {
  readonly x: number;
  readonly error: number;
  readonly count: number;
}

export interface Line {
  readonly key: string;
  readonly name: string;
  readonly parts: Group["parts"];
  /** The ids of the runs that it is drawn of. */
  readonly runs: readonly string[];
  /** Its place among what is selected, which decides its style. */
  readonly place: number;
  /** How many runs it is the mean of. */
  readonly size: number;
  /** The runs of the group that are not averaged, in words; empty if none. */
  readonly without: string;
  /** Steps, or seconds since the start, ascending. */
  readonly xs: Float64Array;
  /** What is drawn: smoothed, or the mean; NaN is a gap. */
  readonly ys: Float64Array;
  /** The values as they were logged, where something else is drawn. */
  readonly raw: Float64Array | null;
  readonly band: { readonly low: Float64Array; readonly high: Float64Array } | null;
  /** What the table says of it, over all of the history. */
  readonly count: number;
  readonly first: number;
  readonly last: number;
  /** The standard error of the last values of several runs, null for one. */
  readonly lastError: number | null;
  /** The best value: as it was logged, or of several runs that of their mean; null without a direction. */
  readonly best: number | null;
  readonly bestOfMean: BestOfMean | null;
  readonly exact: boolean;
  /** How many of the values that are here are NaN or infinite. */
  readonly notFinite: number;
}

export interface Source {
  /** What is drawn, perhaps a window at full detail. */
  readonly shown: Series;
  /** All of the history. */
  readonly whole: Series;
  /** The moment from which time counts, in milliseconds since 1970. */
  readonly origin: number;
}

/** Returns the line of a group, null where none of its runs has the metric. */
export function lineOf(
  group: Group,
  place: number,
  sources: readonly Source[],
  look: { x: "step" | "time"; smoothing: number; goal: Goal },
): Line | null {
  if (sources.length === 0) return null;
  const parts = sources.map((source) => points(source, look.x));
  const drawn = parts.map(({ xs, ys }) => ({ xs, ys: smoothed(ys, look.smoothing) }));
  const only = group.runs.length === 1;
  const mean = only ? null : meanOf(drawn);
  const found = mean && look.goal && bestOfMean(isWhole(sources) ? mean : meanOf(sources.map((source) => wholeOf(source, look))), look.goal);
  const last = summaryOf(sources.map(({ whole }) => whole.values.at(-1)!))!;
  return {
    key: group.key,
    name: group.name,
    parts: group.parts,
    runs: group.runs,
    place,
    size: sources.length,
    without: group.without ?? "",
    xs: mean ? mean.xs : drawn[0]!.xs,
    ys: mean ? mean.ys : drawn[0]!.ys,
    raw: only && look.smoothing > 0 ? parts[0]!.ys : null,
    band: mean ? { low: mean.low, high: mean.high } : null,
    count: sources.reduce((sum, { whole }) => sum + whole.count, 0),
    first: average(sources, ({ whole }) => whole.values[0]!),
    last: last.mean,
    lastError: only ? null : last.error,
    best: look.goal === null ? null : only ? best(sources[0]!.whole.values, look.goal) : (found?.best ?? NaN),
    bestOfMean: found?.of ?? null,
    exact: sources.every(({ whole }) => whole.exact),
    notFinite: parts.reduce((sum, { ys }) => sum + ys.filter((y) => !Number.isFinite(y)).length, 0),
  };
}

/** Returns the best finite value, NaN where there is none. */
export function best(values: Float64Array, goal: Goal): number {
  let found = NaN;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (Number.isNaN(found) || (goal === "min" ? value < found : value > found)) found = value;
  }
  return found;
}

/** Returns a value with its standard error, as it stands in a legend or a table: `0.912 ± 0.003`. */
export function spreadText(value: number, error: number | null): string {
  const [mean, spread] = meanText(value, error ?? NaN, short);
  return spread ? `${mean} ± ${spread}` : mean;
}

/** Returns the best value of a line: of a mean with its error, and of how many runs it is there if these are not all. */
export function bestText({ best, bestOfMean, size }: Line): string {
  const text = spreadText(best ?? NaN, bestOfMean?.error ?? null);
  return bestOfMean && bestOfMean.count !== size ? `${text} (n=${bestOfMean.count})` : text;
}

/** Returns the last value of a line: of a mean the mean of the last values, with its error. */
export function lastText({ last, lastError }: Line): string {
  return spreadText(last, lastError);
}

function isWhole(sources: readonly Source[]): boolean {
  return sources.every(({ shown, whole }) => shown === whole);
}

function wholeOf(source: Source, look: { x: "step" | "time"; smoothing: number }): Points {
  const { xs, ys } = points({ ...source, shown: source.whole }, look.x);
  return { xs, ys: smoothed(ys, look.smoothing) };
}

function bestOfMean({ xs, ys, high, counts }: Mean, goal: Goal): { best: number; of: BestOfMean } | null {
  const value = best(ys, goal);
  const at = ys.indexOf(value);
  return at < 0 ? null : { best: value, of: { x: xs[at]!, error: counts[at]! > 1 ? high[at]! - value : NaN, count: counts[at]! } };
}

function points({ shown, origin }: Source, x: "step" | "time"): Points {
  if (x === "step") return { xs: shown.steps, ys: shown.values };
  const xs = shown.times.map((time) => (time - origin) / 1000);
  if (xs.every((one, at) => at === 0 || one >= xs[at - 1]!)) return { xs, ys: shown.values };
  const order = Array.from(xs.keys()).sort((a, b) => xs[a]! - xs[b]! || a - b);
  return { xs: Float64Array.from(order, (at) => xs[at]!), ys: Float64Array.from(order, (at) => shown.values[at]!) };
}

function average(sources: readonly Source[], value: (source: Source) => number): number {
  return sources.reduce((sum, source) => sum + value(source), 0) / sources.length;
}
