/** Several values as one: their mean, and how sure it is. */

export interface Summary {
  /** How many values the mean is of; NaN and infinities are not among them, and are counted in `others`. */
  readonly count: number;
  readonly others: number;
  readonly mean: number;
  /** The standard error: the standard deviation of the sample by the root of the count; NaN of a single value. */
  readonly error: number;
  readonly low: number;
  readonly high: number;
  /** Of a search: of how many points this is the best one, and the best value of a single run. */
  readonly search?: { readonly points: number; readonly best: number };
}

/** Returns the summary of the values, null where there are none. */
export function summaryOf(values: readonly number[]): Summary | null {
  if (values.length === 0) return null;
  let count = 0;
  let mean = 0;
  let squares = 0;
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    count++;
    const off = value - mean;
    mean += off / count;
    squares += off * (value - mean);
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const others = values.length - count;
  if (count === 0) return { count, others, mean: values[0]!, error: NaN, low: NaN, high: NaN };
  return { count, others, mean, error: count > 1 ? Math.sqrt(squares / (count - 1) / count) : NaN, low, high };
}
