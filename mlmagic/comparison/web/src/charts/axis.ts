/** An axis: where each run stands on it, and what is written beside it. No DOM. */

import { ends, fromAxis, scaleOf, toAxis } from "../curves/scale.ts";
import { short } from "../curves/format.ts";
import { clean, duration, moment } from "../format.ts";
import { numberAt } from "../values.ts";
import { has, intervalAt, type Column } from "../wire.ts";
import { isNumeric } from "./columns.ts";

/** Values that span more than this are shown on a log axis. */
const LOG_FROM = 100;
/** So few values are written as they are, in place of round numbers. */
const FEW = 8;
/** Of so many values the part at either end does not stretch the scale of colours. */
const FEWEST_CUT = 10;
const CUT = 0.02;
const WHOLE = [false, false] as const;

export interface Mark {
  /** Where it stands, from 0 (the lowest) to 1. */
  readonly at: number;
  readonly text: string;
}

export interface Axis {
  readonly column: Column;
  readonly log: boolean;
  /** Whether a log axis has a place for any of the values. */
  readonly canLog: boolean;
  /** The ends in coordinates of the axis: the logarithm of the value, or the place in the list of words. */
  readonly low: number;
  readonly high: number;
  /** Where each of the rows stands, from 0 to 1; NaN where it has no place. */
  readonly places: Float64Array;
  /** The words of an axis of words, in order; null for numbers. */
  readonly words: readonly string[] | null;
  /** What the runs without a place have, in words (`missing`, `nan`); empty where each has a place. */
  readonly off: string;
  /** The different numbers, if they are few. */
  readonly few: readonly number[];
  /** Whether there are values beyond the lower and the higher end, which then stand at it. */
  readonly isCut: readonly [boolean, boolean];
}

/** Returns the axis of a column for these rows of the table; `log` null: its values decide. `room` is left at both ends. */
export function axisOf(column: Column, rows: Int32Array, log: boolean | null, room = 0): Axis {
  return isNumeric(column) ? numbersAxis(column, rows, log, room) : wordsAxis(column, rows);
}

/**
 * Returns the axis of colours of a column of numbers: between its 2nd and its 98th percentile, so that a run that is far
 * off does not leave one colour to all others. The ends are those of the runs that are not `unranked`.
 */
export function colourAxisOf(column: Column, rows: Int32Array, log: boolean | null, unranked: Uint8Array | null = null): Axis {
  const values = Float64Array.from(rows, (row) => (has(column, row) ? numberAt(column, row) : NaN));
  const finite = values.filter((value, at) => Number.isFinite(value) && !unranked?.[rows[at]!]).sort();
  const [first, last] = [Math.ceil(CUT * (finite.length - 1)), Math.floor((1 - CUT) * (finite.length - 1))];
  const [low, high] = finite.length < FEWEST_CUT ? [-Infinity, Infinity] : [finite[first]!, finite[last]!];
  // Where almost all are one value, the few others are what there is to see.
  if (!(low < high)) return numbersAxis(column, rows, log, 0);
  const axis = numbersAxis(column, rows, log, 0, values.map((value) => (Number.isFinite(value) ? Math.max(low, Math.min(high, value)) : value)));
  return { ...axis, isCut: [values.some((value) => value < low), values.some((value) => value > high)] };
}

function numbersAxis(column: Column, rows: Int32Array, wanted: boolean | null, room: number, given: Float64Array | null = null): Axis {
  const values = given ?? Float64Array.from(rows, (row) => (has(column, row) ? numberAt(column, row) : NaN));
  let [least, most, leastAbove] = [Infinity, -Infinity, Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    if (value > 0 && value < leastAbove) leastAbove = value;
  }
  const canLog = most > 0 && column.format === "number";
  const log = canLog && (wanted ?? (least > 0 && most / least > LOG_FROM));
  const [low, high] = ends(toAxis(log ? leastAbove : least, log), toAxis(most, log), room);
  const places = values.map((value) => partOf(toAxis(value, log), low, high));
  const few = new Set<number>();
  for (let at = 0; at < values.length && few.size <= FEW; at++) if (!Number.isNaN(places[at]!)) few.add(values[at]!);
  const reasons = new Set<string>();
  places.forEach((place, at) => {
    if (Number.isNaN(place)) reasons.add(reason(column, rows[at]!, values[at]!));
  });
  return { column, log, canLog, low, high, places, words: null, off: [...reasons].join(", "), few: few.size <= FEW ? [...few] : [], isCut: WHOLE };
}

/** Why a run has no place on an axis of numbers. */
function reason(column: Column, row: number, value: number): string {
  if (!has(column, row)) return "missing";
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? "≤ 0" : "inf";
}

function wordsAxis(column: Column, rows: Int32Array): Axis {
  if (column.type !== "text") throw new Error(`${column.id} has no words`);
  const codes = [...new Set(Array.from(rows, (row) => column.codes[row]!))].filter((code) => code >= 0);
  const order = new Intl.Collator("en", { numeric: true });
  const sorted = codes.sort((a, b) => order.compare(column.words[a]!, column.words[b]!));
  const placeOf = new Map(sorted.map((code, place) => [code, place]));
  const [low, high] = [-0.5, Math.max(1, sorted.length) - 0.5];
  const places = Float64Array.from(rows, (row) => {
    const place = placeOf.get(column.codes[row]!);
    return place === undefined ? NaN : partOf(place, low, high);
  });
  const words = sorted.map((code) => clean(column.words[code]!));
  return { column, log: false, canLog: false, low, high, places, words, off: places.some(Number.isNaN) ? "missing" : "", few: [], isCut: WHOLE };
}

/** Halves, because the distance of two large floats may overflow. */
function partOf(value: number, low: number, high: number): number {
  const part = (value / 2 - low / 2) / (high / 2 - low / 2);
  return Number.isFinite(part) ? part : NaN;
}

/** Returns the value, or the place in the list of words, that stands at this part of the axis. */
export function valueAt({ low, high, log }: Axis, part: number): number {
  return fromAxis(low * (1 - part) + high * part, log);
}

/** Returns the part of the axis at which a value stands; NaN where it has no place. */
export function partAt({ low, high, log }: Axis, value: number): number {
  return partOf(toAxis(value, log), low, high);
}

/** Returns a value of the axis as a person reads it. */
export function textAt(axis: Axis, value: number): string {
  if (axis.words) return axis.words[Math.max(0, Math.min(axis.words.length - 1, Math.round(value)))] ?? "";
  if (axis.column.format === "duration") return duration(value);
  if (axis.column.format === "moment") return moment(value, Date.now());
  return short(value);
}

/** Returns the value of a run in a column as a person reads it. */
export function valueText(column: Column, row: number): string {
  if (!has(column, row)) return "missing";
  if (column.type === "text") return clean(column.words[column.codes[row]!]!);
  const value = column.numbers[row]!;
  if (column.format === "duration") return duration(value);
  if (column.format === "moment") return moment(value, Date.now());
  const interval = intervalAt(column, row);
  return interval ? `${short(value)} [${short(interval[0])}, ${short(interval[1])}]` : short(value);
}

/** Returns what is written beside an axis of so many pixels, no two nearer than `apart`. */
export function marksOf(axis: Axis, pixels: number, apart: number): Mark[] {
  const { words, few, log, low, high, column } = axis;
  if (words) {
    const stride = Math.max(1, Math.ceil((words.length * apart) / Math.max(1, pixels)));
    return words.flatMap((text, place) => (place % stride ? [] : [{ at: partOf(place, low, high), text }]));
  }
  const own = few.length > 0 ? spaced(few.toSorted((a, b) => a - b).map((value) => ({ at: partAt(axis, value), text: textAt(axis, value) })), pixels, apart) : [];
  if (own.length === few.length && own.length > 0 && new Set(own.map(({ text }) => text)).size === own.length) return own;
  const { ticks } = scaleOf(low, high, { log, about: Math.max(2, Math.round(pixels / Math.max(48, apart * 1.5))) });
  const isPlain = column.format === "number";
  const marks = ticks.map(({ at, text }) => ({ at: partOf(at, low, high), text: isPlain ? text : textAt(axis, fromAxis(at, log)) }));
  return spaced(marks.filter(({ at }) => at > -1e-9 && at < 1 + 1e-9), pixels, apart);
}

function spaced(marks: readonly Mark[], pixels: number, apart: number): Mark[] {
  const kept: Mark[] = [];
  for (const mark of marks) {
    const last = kept.at(-1);
    if (!last || (mark.at - last.at) * pixels >= apart) kept.push(mark);
  }
  return kept;
}
