/** Axes: where a value stands on one, and which values are written beside it. */

import { onAxis, short, unitOf, type Unit } from "./format.ts";

export interface Tick {
  /** Where it stands, in coordinates of the axis: the logarithm of the value on a log axis. */
  readonly at: number;
  readonly text: string;
}

export interface Scale {
  readonly log: boolean;
  /** The ends of the axis, in its coordinates. */
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly Tick[];
  readonly name: string;
}

/** Returns where a value stands; NaN where a log axis has no place for it. */
export function toAxis(value: number, log: boolean): number {
  if (!log) return value;
  return value > 0 ? Math.log10(value) : NaN;
}

export function fromAxis(place: number, log: boolean): number {
  return log ? 10 ** place : place;
}

/** Returns the axis from `low` to `high` (coordinates of the axis) with about so many ticks, on whole numbers if it is one of steps. */
export function scaleOf(low: number, high: number, options: { log: boolean; about: number; of?: "step" | "time" | undefined }): Scale {
  const { log, about, of } = options;
  const unit = of === "time" ? unitOf(fromAxis(high, log)) : null;
  const ticks = log ? logTicks(low, high, about, unit) : linearTicks(low, high, about, unit, of === "step" ? 1 : 0);
  const name = unit ? `${unit.name} since the start` : (of ?? "");
  return { log, low, high, ticks, name };
}

/** Returns the ends of an axis that holds all of these; room is left where they are one value, or `room` (a part) says so. */
export function ends(low: number, high: number, room = 0): [number, number] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (high - low <= Math.abs(high) * 1e-12) {
    const around = Math.abs(low) / 10 || 1;
    return [low - around, high + around];
  }
  const more = high * room - low * room; // the distance of two large floats may overflow
  return [Math.max(low - more, -Number.MAX_VALUE), Math.min(high + more, Number.MAX_VALUE)];
}

function linearTicks(low: number, high: number, about: number, unit: Unit | null, least: number): Tick[] {
  const size = unit?.seconds ?? 1;
  const step = Math.max(least, niceStep((high - low) / size / about));
  const largest = Math.max(Math.abs(low), Math.abs(high)) / size;
  return multiples(low / size, high / size, step).map((value) => ({ at: value * size, text: onAxis(value, step, largest) }));
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const nice = [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10;
  return nice * power;
}

function multiples(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step - 1e-6);
  const last = Math.floor(high / step + 1e-6);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** A wide axis is marked by powers of ten, a narrower one by 1, 2, 5, and one within less than an octave evenly. */
function logTicks(low: number, high: number, about: number, unit: Unit | null): Tick[] {
  const shift = Math.log10(unit?.seconds ?? 1);
  const from = low - shift;
  const to = high - shift;
  const decades = to - from;
  if (decades < 0.5) {
    const step = niceStep((10 ** to - 10 ** from) / about);
    return multiples(10 ** from, 10 ** to, step)
      .filter((value) => value > 0)
      .map((value) => ({ at: Math.log10(value) + shift, text: onAxis(value, step, 10 ** to) }));
  }
  const stride = Math.max(1, Math.ceil(decades / about));
  const factors = decades > about / 1.5 ? [1] : decades > about / 3 ? [1, 3] : [1, 2, 5];
  const ticks: Tick[] = [];
  for (let power = Math.floor(from); power <= Math.ceil(to); power++) {
    if (power % stride) continue;
    for (const factor of factors) {
      const place = power + Math.log10(factor);
      if (place >= from - 1e-9 && place <= to + 1e-9) ticks.push({ at: place + shift, text: powerText(factor, power) });
    }
  }
  return ticks;
}

function powerText(factor: number, power: number): string {
  const value = Number(`${factor}e${power}`);
  return power < -3 ? short(value, 3) : onAxis(value, value);
}
