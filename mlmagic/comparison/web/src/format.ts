/** Numbers, durations and moments as `mlmagic/views/rendering.py` writes them, so that all views say the same. */

import { isMoment } from "./values.ts";
import { counted } from "./words.ts";

const DIGITS_LEAST = 4;
const DIGITS_MOST = 6;
const DIGITS_APART = 7;
const SCIENTIFIC_ABOVE = 1e6;
const INTEGER_ABOVE = 1e15;
const SIZE_ALIGNED_FROM = 1e-3;
const LARGE_CHANGE = 100;
const MINUTE = 60;
const DAY = 86_400;
const UNITS: readonly (readonly [string, number])[] = [["year", 365 * DAY], ["month", 30 * DAY], ["day", DAY], ["hour", 3600], ["minute", MINUTE]];
export const MISSING = "–";

/** Returns a number at four to six significant digits, more where fewer would make it look exact. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < INTEGER_ABOVE) return String(value === 0 ? 0 : value);
  const beforePoint = String(BigInt(Math.trunc(size))).length;
  const least = size >= SCIENTIFIC_ABOVE ? DIGITS_MOST : beforePoint < DIGITS_LEAST ? DIGITS_LEAST : beforePoint + 1;
  for (let digits = least; digits <= Math.max(least, DIGITS_MOST); digits++) {
    const text = general(value, digits);
    if (!Number.isInteger(Number(text)) || size >= SCIENTIFIC_ABOVE) return text;
  }
  return shortest(value);
}

/**
 * Returns how the numbers of one column are written: with aligned decimals where their sizes are alike, and as many
 * digits as tell them apart, up to seven.
 */
export function formatter(values: ArrayLike<number>): (value: number) => string {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  const distinct = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  let least = Infinity;
  let most = 0;
  for (const value of distinct) {
    const size = Math.abs(value);
    if (size > most) most = size;
    if (size > 0 && size < least) least = size;
  }
  const areAlike = most > 0 && least >= SIZE_ALIGNED_FROM && most < Math.min(SCIENTIFIC_ABOVE, 1e3 * least);
  if (areAlike && !distinct.every(Number.isInteger)) {
    const fewest = Math.max(DIGITS_LEAST - 1 - Math.floor(Math.log10(most)), 1);
    let decimals = fewest;
    while (decimals < fewest + DIGITS_APART - DIGITS_LEAST && !differAt(distinct, decimals)) decimals++;
    return (value) => (Number.isFinite(value) ? fixed(value, decimals) : number(value));
  }
  const areApart = distinct.every((value, at) => at === 0 || number(value) !== number(distinct[at - 1]!));
  return areApart ? number : (value) => (Number.isFinite(value) ? general(value, DIGITS_APART) : number(value));
}

/** Returns how each number of a column is written. */
export function numbers(values: readonly number[]): string[] {
  return values.map(formatter(values));
}

/** Tells whether all of these ascending numbers look different at so many decimals; neighbours decide. */
function differAt(ascending: Float64Array, decimals: number): boolean {
  const scale = 10 ** decimals;
  for (let at = 1; at < ascending.length; at++) {
    const before = ascending[at - 1]!;
    const value = ascending[at]!;
    if ((value - before) * scale < 1.001 && fixed(value, decimals) === fixed(before, decimals)) return false;
  }
  return true;
}

/** As `f"{value:.{decimals}f}"`: what lies exactly between two goes to the even one. */
function fixed(value: number, decimals: number): string {
  const scaled = value * 10 ** decimals;
  const isTie = Math.abs(scaled % 1) === 0.5 && Number.isInteger(value * 2 ** (decimals + 1));
  return (isTie ? (2 * Math.round(scaled / 2)) / 10 ** decimals : value).toFixed(decimals);
}

/** As `f"{value:.{digits}g}"`. */
function general(value: number, digits: number): string {
  const [mantissa, power] = value.toExponential(digits - 1).split("e") as [string, string];
  const exponent = Number(power);
  if (exponent >= -4 && exponent < digits) return withoutZeros(fixed(value, Math.max(digits - 1 - exponent, 0)));
  return `${withoutZeros(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** As `repr(value)`: the fewest digits that are read back as the same number. */
function shortest(value: number): string {
  if (!Number.isFinite(value)) return number(value);
  const exponent = value === 0 ? 0 : Number(value.toExponential().split("e")[1]);
  if (exponent >= -4 && exponent < 16) {
    const text = exponent < -6 || exponent > 20 ? value.toFixed(20) : String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const [mantissa] = value.toExponential().split("e");
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Returns a mean with as many decimals as its standard error has at two digits, and the error. */
export function meanText(mean: number, error: number, format: (value: number) => string): [string, string] {
  if (!Number.isFinite(error) || !Number.isFinite(mean)) return [format(mean), ""];
  if (error === 0) return [format(mean), "0"];
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(error)));
  const size = Math.abs(mean);
  if (decimals > 8 || size >= 1e9) return [number(mean), number(Number(error.toPrecision(2)))];
  return [mean.toFixed(decimals), error.toFixed(decimals)];
}

function withoutZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Returns a duration of seconds as a person says it; a dash when it is not known. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return MISSING;
  if (seconds < 0.0095) return `${general(seconds * 1000, 2)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  return days ? `${days} d ${hours % 24} h` : `${hours} h ${minutes % 60} min`;
}

/** Returns a moment as short as it is clear: the time of today, the day of this year, else the date. */
export function moment(milliseconds: number, now: number): string {
  if (!isMoment(milliseconds)) return MISSING;
  const at = new Date(milliseconds);
  const today = new Date(now);
  const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (at.toDateString() === today.toDateString()) return time;
  if (at.getFullYear() !== today.getFullYear()) return isoDay(at);
  return `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${time}`;
}

/** Returns how long ago a moment was, in its largest unit; one that is not past as `moment` writes it. */
export function ago(milliseconds: number, now: number): string {
  if (!isMoment(milliseconds)) return MISSING;
  const seconds = (now - milliseconds) / 1000;
  if (seconds < -MINUTE) return moment(milliseconds, now); // of a machine with another clock
  if (seconds < MINUTE) return "just now";
  const [unit, length] = UNITS.find(([, length]) => seconds >= length)!;
  return `${counted(Math.floor(seconds / length), unit)} ago`;
}

/** Returns a moment to the second, with how long ago it was. */
export function exactMoment(milliseconds: number, now: number): string {
  if (!isMoment(milliseconds)) return MISSING;
  const at = new Date(milliseconds);
  const exact = `${isoDay(at)} ${at.toLocaleTimeString("en-GB")}`;
  return now > milliseconds ? `${exact}, ${duration((now - milliseconds) / 1000)} ago` : exact;
}

/** Returns the day and the minute of a moment. */
export function exactDay(milliseconds: number): string {
  const at = new Date(milliseconds);
  return isMoment(milliseconds) ? `${isoDay(at)} ${at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}` : MISSING;
}

/** Returns the change from `previous` to `value` with its sign, `=` where there is none. */
export function difference(value: number, previous: number): string {
  if (value === previous || (Number.isNaN(value) && Number.isNaN(previous))) return "=";
  const change = value - previous;
  if (!Number.isFinite(change)) return `was ${number(previous)}`;
  const shown = Math.abs(change) < LARGE_CHANGE ? general(change, 3) : number(change);
  return change > 0 ? `+${shown}` : shown;
}

function isoDay(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Returns text on one line, without the control characters that move, colour or mirror what follows. */
export function clean(text: string): string {
  return text.replace(/[\n\r\t]/g, " ").replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}
