/** How good a metric is among the runs in sight: its shade, and the best. */

import { has, type NumberColumn } from "../wire.ts";

export const SHADES = 6;

export interface Scale {
  /** The best value; null where the column has no direction, or all are alike. */
  readonly best: number | null;
  /** Returns how strongly a value is shaded, 0 (not at all) to `SHADES` (the best). */
  level(value: number): number;
}

const PLAIN: Scale = { best: null, level: () => 0 };
/** One run that diverged must not flatten all others: the worst of so many runs do not stretch the scale. */
const WORST_LEFT_OUT = 0.1;

/** Returns the scale of a metric over the rows that `shown` holds (null: all). */
export function scaleOf(column: NumberColumn, shown: Uint8Array | null): Scale {
  if (column.kind !== "metric" || column.goal === null) return PLAIN;
  const values = column.numbers
    .filter((value, row) => (!shown || shown[row]) && has(column, row) && Number.isFinite(value))
    .sort();
  if (column.goal === "max") values.reverse();
  const best = values[0];
  const worst = values[Math.ceil(values.length * (1 - WORST_LEFT_OUT)) - 1];
  if (best === undefined || values.at(-1) === best) return PLAIN;
  const level = (value: number) => {
    if (!Number.isFinite(value)) return 0;
    if (worst === best) return value === best ? SHADES : 0;
    const part = (value - worst!) / (best - worst!);
    return Math.max(0, Math.min(SHADES, Math.round(part * SHADES)));
  };
  return { best, level };
}
