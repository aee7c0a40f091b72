/** The metrics of a run: the last value, and where there is a curve, its range, its steps and a small picture of it. */

import { el, fill } from "../dom.ts";
import { number } from "../format.ts";
import type { Kernel } from "../kernel.ts";
import { copied } from "../wire.ts";
import { rows, text } from "./lists.ts";
import { sparkline } from "./sparkline.ts";
import type { Page } from "./wire.ts";

const POINTS = 120;
/** A server is asked once for each curve. */
const MOST_CURVES = 200;

interface Curve {
  count: number;
  steps: Float64Array;
  values: Float64Array;
}

/** Returns the table of the metrics; the curves fill it in when they come. `open` shows one in the tab of curves. */
export function metricsTable(page: Page, values: Float64Array, kernel: Kernel, open: (metric: string) => void): HTMLElement | null {
  if (page.metrics.length === 0) return null;
  const holder = el("div", {});
  const places = new Map(page.metrics.map(([name], at) => [name, at]));
  const bounds = boundsOf(page);
  const draw = (curves: ReadonlyMap<string, Curve>) => {
    const has = curves.size > 0;
    const found = page.metrics.flatMap(([name, goal], at) => {
      if (bounds.has(name)) return [];
      const curve = curves.get(name);
      const arrow = goal ? el("span", { class: "mm-soft", title: goal === "min" ? "less is better" : "more is better" }, goal === "min" ? " ↓" : " ↑") : null;
      const label = curve
        ? el("button", { type: "button", class: "mm-plain", title: "Show the curve", click: () => open(name) }, text(name))
        : text(name);
      const ends = page.ends?.[name]?.map((end) => values[places.get(end)!]!);
      const interval = ends && el("span", { class: "mm-soft", title: ends.join(" to ") }, ` [${ends.map(number).join(", ")}]`);
      const last = el("span", {}, el("strong", { title: String(values[at]) }, number(values[at]!)), interval ?? null);
      const first = el("span", {}, label, arrow);
      if (!has) return [[first, last]];
      if (!curve) return [[first, last, el("span"), el("span"), el("span"), el("span")]];
      const finite = curve.values.filter(Number.isFinite);
      const [low, high] = finite.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
      const range = finite.length === 0 ? ["–", "–"] : [number(low), number(high)];
      return [[first, last, el("span", {}, range[0]!), el("span", {}, range[1]!), el("span", {}, curve.count.toLocaleString("en-US")), sparkline(curve.steps, curve.values)]];
    });
    const numeric = ["", "mm-number", "mm-number", "mm-number", "mm-number", ""];
    fill(holder, rows("Metrics", has ? ["Metric", "Last", "Lowest", "Highest", "Values", "Curve"] : ["Metric", "Last"], found, numeric));
  };
  draw(new Map());
  const metrics = page.metrics.slice(0, MOST_CURVES).map(([name]) => name);
  void curvesOf(kernel, page.id, metrics).then(draw, () => undefined); // without curves the last values are all there is
  return holder;
}

/** Returns the names of the metrics that are the bounds of another one's interval, and stand beside that. */
export function boundsOf({ ends = {} }: Page): Set<string> {
  return new Set(Object.values(ends).flat());
}

async function curvesOf(kernel: Kernel, run: string, metrics: readonly string[]): Promise<Map<string, Curve>> {
  const { content, buffers } = await kernel.ask("histories", { runs: [run], metrics, points: POINTS, by: "step", between: null });
  const series = content.series as { metric: string; count: number }[];
  const numbers = (at: number) => new Float64Array(copied(buffers[at]!));
  const found = series.map(({ metric, count }, at): [string, Curve] => [metric, { count, steps: numbers(3 * at), values: numbers(3 * at + 2) }]);
  return new Map(found.filter(([, { count }]) => count > 1));
}
