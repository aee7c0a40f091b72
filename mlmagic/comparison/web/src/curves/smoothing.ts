/** The exponential moving average, debiased as TensorBoard does it: it begins at the first value, not at zero. */

/** Returns the average of `values` where each earlier one weighs `weight` times less; what is not finite stays a gap. */
export function smoothed(values: Float64Array, weight: number): Float64Array {
  if (weight <= 0) return values;
  const result = new Float64Array(values.length);
  let sum = 0;
  let weights = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (Number.isFinite(value)) {
      sum = sum * weight + (1 - weight) * value;
      weights = weights * weight + (1 - weight);
      result[index] = sum / weights;
    } else result[index] = NaN;
  }
  return result;
}
