/** Numbers and times as people read them. */

/** Returns a number in at most `digits` significant digits: 0.1235, 12,300, 1.2e-5, NaN, ∞. */
export function short(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return minus(value.toExponential(digits - 2).replace(/\.?0+e/, "e").replace("e+", "e"));
  if (Number.isInteger(value)) return minus(value.toLocaleString("en-US"));
  return minus(value.toLocaleString("en-US", { maximumSignificantDigits: Math.max(digits, String(Math.trunc(size)).length) }));
}

/** Returns the number as the label of an axis up to `largest`, whose labels stand `step` apart: 0.25, 15k, 1.5M, 1e-5. */
export function onAxis(value: number, step: number, largest = Math.abs(value)): string {
  if (Math.abs(value) < step / 1e6) return "0";
  if (largest >= 1e12 || largest < 1e-4) return short(value, 3);
  for (const [size, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    if (largest >= (size === 1e3 ? 10 * size : size)) return `${fixed(value / size, step / size)}${letter}`;
  }
  return fixed(value, step);
}

function fixed(value: number, step: number): string {
  const fewest = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const shown = step * 10 ** fewest;
  const decimals = Math.min(10, Math.abs(shown - Math.round(shown)) < 1e-6 ? fewest : fewest + 1); // 0.25 takes two
  return minus(value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
}

function minus(text: string): string {
  return text.replace("-", "−").replace("e−", "e-");
}

export interface Unit {
  readonly name: string;
  readonly seconds: number;
}

const UNITS: readonly Unit[] = [
  { name: "days", seconds: 86_400 },
  { name: "hours", seconds: 3600 },
  { name: "minutes", seconds: 60 },
  { name: "seconds", seconds: 1 },
];

/** Returns the unit in which times up to this many seconds read best. */
export function unitOf(seconds: number): Unit {
  return UNITS.find((unit) => seconds >= 2 * unit.seconds) ?? UNITS.at(-1)!;
}

/** Returns a time in words: `1 h 5 min`, `3.2 s`. */
export function elapsed(seconds: number): string {
  if (seconds < 0) return `−${elapsed(-seconds)}`;
  if (seconds < 60) return `${short(seconds, 3)} s`;
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [Math.floor(seconds) % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
