/** What a value in a filter reads as: a duration, a date, a pattern; as in `mlmagic/store/query/filters/values.py`. */

import { readsAs } from "../../values.ts";

const UNITS: Record<string, number> = { ms: 0.001, s: 1, min: 60, m: 60, h: 3600, d: 86_400 };
const DURATION = /^(\S*?\d\.?)\s*(ms|s|min|m|h|d)$/i;
const DAY = String.raw`(?<year>\d{4})(?<dash>-?)(?:(?<month>\d\d)\k<dash>(?<day>\d\d)|W(?<week>\d\d)(?:\k<dash>(?<weekday>\d))?)`;
const TIME = String.raw`(?<hour>\d\d)(?:(?<colon>:?)(?<minute>\d\d)(?:\k<colon>(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?)?`;
const DATE = new RegExp(`^${DAY}(?:[T ]${TIME}(?<offset>Z|[+-]\\d\\d(?::?\\d\\d)?)?)?$`);

/** Returns a duration in seconds: a number, with a unit or without; null where it is none. */
export function secondsIn(text: string): number | null {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  const number = amount === undefined ? null : readsAs(amount);
  return number === null ? readsAs(text) : number * UNITS[unit!.toLowerCase()]!;
}

/** Returns a date in milliseconds since 1970: such a number, or an ISO 8601 date, local without an offset; else null. */
export function millisecondsIn(text: string): number | null {
  const number = readsAs(text);
  if (number !== null) return Number.isFinite(number) ? number : null;
  const parts = DATE.exec(text)?.groups;
  if (!parts) return null;
  const [year, month, hour, minute, second] = ["year", "month", "hour", "minute", "second"].map((name) => Number(parts[name] ?? 0)) as [number, number, number, number, number];
  const day = parts["week"] ? dayOfWeek(year, Number(parts["week"]), Number(parts["weekday"] ?? 1)) : Number(parts["day"]);
  const isClock = hour < 24 && minute < 60 && second < 60;
  if (day === null || year === 0 || !isClock) return null;
  const thousandths = Number((parts["fraction"] ?? "").padEnd(3, "0").slice(0, 3));
  const made = new Date(0);
  made.setUTCFullYear(year, parts["week"] ? 0 : month - 1, day);
  if (!parts["week"] && (made.getUTCMonth() !== month - 1 || made.getUTCDate() !== day)) return null;
  if (parts["offset"]) return made.setUTCHours(hour, minute, second, thousandths) - offsetOf(parts["offset"]);
  const local = new Date(0);
  local.setFullYear(made.getUTCFullYear(), made.getUTCMonth(), made.getUTCDate());
  return local.setHours(hour, minute, second, thousandths);
}

/** Returns the day of the year, from 1 on or before, on which this day of an ISO week falls; null where there is none. */
function dayOfWeek(year: number, week: number, weekday: number): number | null {
  const fourth = new Date(Date.UTC(year, 0, 4)).getUTCDay() || 7;
  const isLong = [Date.UTC(year, 0, 1), Date.UTC(year, 11, 31)].some((day) => new Date(day).getUTCDay() === 4);
  return week < 1 || week > (isLong ? 53 : 52) || weekday < 1 || weekday > 7 ? null : 4 - fourth + 7 * (week - 1) + weekday;
}

function offsetOf(text: string): number {
  if (text === "Z") return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(3).replace(":", "") || 0);
  return (text[0] === "-" ? -1 : 1) * minutes * 60_000;
}

/**
 * Returns a test of a whole text against a pattern of SQL: `%` is any text, `_` any character. Each part between two `%`
 * is taken where it first fits, so that no pattern makes the search slow.
 */
export function like(pattern: string): (text: string) => boolean {
  const parts = pattern.split("%").map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replaceAll("_", "."));
  if (parts.length === 1) {
    const whole = new RegExp(`^${parts[0]}$`, "su");
    return (text) => whole.test(text);
  }
  const first = new RegExp(`^${parts[0]}`, "su");
  const last = new RegExp(`${parts.at(-1)}$`, "su");
  const middle = parts.slice(1, -1).map((part) => new RegExp(part, "gsu"));
  return (text) => {
    const begun = first.exec(text);
    if (!begun) return false;
    let at = begun[0].length;
    for (const part of middle) {
      part.lastIndex = at;
      const found = part.exec(text);
      if (!found) return false;
      at = found.index + found[0].length;
    }
    return last.test(text.slice(at));
  };
}
