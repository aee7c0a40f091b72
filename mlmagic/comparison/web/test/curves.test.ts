import assert from "node:assert/strict";
import { test } from "node:test";

import { choose } from "../src/curves/choice.ts";
import { shownOf } from "../src/curves/content.ts";
import { byColumn, byConfiguration, eachRun } from "../src/curves/groups.ts";
import { meanOf, valueAt } from "../src/curves/mean.ts";
import { drawingOf } from "../src/curves/drawing.ts";
import { bestText, lastText, lineOf, type Line } from "../src/curves/lines.ts";
import { plotOf } from "../src/curves/plot.ts";
import { smoothed } from "../src/curves/smoothing.ts";
import { elapsed, onAxis, short } from "../src/curves/format.ts";
import { ends, fromAxis, toAxis } from "../src/curves/scale.ts";
import { styleOf } from "../src/palette.ts";
import { tableOf } from "./tables.ts";

const numbers = (...values: number[]) => Float64Array.from(values);
let seed = 1;
const random = () => ((seed = (seed * 16807) % 2147483647) / 2147483647);

test("a constant stays constant under any smoothing, and begins at its first value", () => {
  for (const weight of [0, 0.3, 0.9, 0.99]) {
    const value = random() * 100;
    for (const one of smoothed(new Float64Array(50).fill(value), weight)) assert.ok(Math.abs(one - value) < 1e-9);
  }
  assert.equal(smoothed(numbers(5, 1), 0.9)[0], 5);
});

test("smoothing stays between the least and the greatest value so far, and leaves gaps", () => {
  const values = Float64Array.from({ length: 200 }, () => random() - 0.5);
  values[20] = NaN;
  values[30] = Infinity;
  const result = smoothed(values, 0.8);
  assert.ok(Number.isNaN(result[20]) && Number.isNaN(result[30]));
  let [low, high] = [Infinity, -Infinity];
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) return;
    [low, high] = [Math.min(low, value), Math.max(high, value)];
    assert.ok(result[at]! >= low - 1e-12 && result[at]! <= high + 1e-12);
  });
});

test("the band of one run is zero, of two equal ones too", () => {
  const run = { xs: numbers(0, 1, 2), ys: numbers(3, 1, 2) };
  for (const runs of [[run], [run, run]]) {
    const { ys, low, high } = meanOf(runs);
    assert.deepEqual([...ys], [3, 1, 2]);
    assert.deepEqual([...low], [...high]);
  }
});

test("the mean of two runs has half their distance as its standard error", () => {
  const { xs, ys, low, high } = meanOf([
    { xs: numbers(0, 2), ys: numbers(0, 2) },
    { xs: numbers(0, 1, 2), ys: numbers(2, 3, 4) },
  ]);
  assert.deepEqual([...xs], [0, 1, 2]);
  assert.deepEqual([...ys], [1, 2, 3]);
  assert.ok(Math.abs(high[1]! - low[1]! - 2) < 1e-9);
});

test("beyond its ends a run does not count", () => {
  const { ys } = meanOf([
    { xs: numbers(0, 1), ys: numbers(1, 1) },
    { xs: numbers(1, 2), ys: numbers(3, 3) },
  ]);
  assert.deepEqual([...ys], [1, 2, 3]);
  assert.ok(Number.isNaN(valueAt({ xs: numbers(0, 1), ys: numbers(1, 1) }, 2)));
});

test("no two of the first 24 runs look alike, even without colour", () => {
  const looks = Array.from({ length: 24 }, (_, place) => styleOf(place));
  assert.equal(new Set(looks.map((look) => JSON.stringify(look))).size, 24);
  assert.equal(new Set(looks.map(({ colour: _, ...look }) => JSON.stringify(look))).size, 24);
});

test("numbers and times read as a person writes them", () => {
  assert.deepEqual([0.12345, 12300, 0.000012, NaN, -Infinity].map((value) => short(value)), ["0.1235", "12,300", "1.2e-5", "NaN", "−∞"]);
  assert.deepEqual([0, 0.25, 0.5].map((value) => onAxis(value, 0.25)), ["0", "0.25", "0.50"]);
  assert.equal(onAxis(15_000, 5000, 20_000), "15k");
  assert.deepEqual([3.2, 3900, 172_800].map(elapsed), ["3.2 s", "1 h 5 min", "2 d"]);
});

test("a log axis and back is the same place, and the ends of one value have room", () => {
  for (const value of [1e-9, 0.5, 1, 12345]) assert.ok(Math.abs(fromAxis(toAxis(value, true), true) / value - 1) < 1e-9);
  const [low, high] = ends(3, 3);
  assert.ok(low < 3 && high > 3);
});

test("runs are grouped by their configuration, or by a column, and twins are told apart by their ids", () => {
  const table = tableOf(
    [
      { id: "run:name", values: ["net", "net", "wide", "deep"] },
      { id: "param:lr", values: ["0.1", "0.1", "0.2", null] },
      { id: "param:depth", values: ["2", "2", "2", "9"] },
    ],
    { configurations: [0, 0, 1, 2] },
  );
  const told = (groups: { name: string; runs: readonly string[] }[]) => groups.map(({ name, runs }) => [name, runs.length]);
  assert.deepEqual(told(eachRun(table, table.ids)).slice(0, 3), [["net (id0)", 1], ["net (id1)", 1], ["wide", 1]]);
  assert.deepEqual(told(byConfiguration(table, table.ids)), [["lr=0.1, depth=2", 2], ["lr=0.2, depth=2", 1], ["lr=–, depth=9", 1]]);
  assert.deepEqual(told(byColumn(table, table.ids, table.byId.get("param:depth")!)), [["depth=2", 3], ["depth=9", 1]]);
  assert.deepEqual(told(byColumn(table, table.ids, table.byId.get("param:lr")!)), [["lr=0.1", 2], ["lr=0.2", 1], ["lr=missing", 1]]);
});

test("all runs of a group count, however many are selected; groups that are not drawn are counted", () => {
  const configurations = Array.from({ length: 40 * 5 }, (_, run) => run % 40); // the seeds of one lie far from each other
  const metric = configurations.map((_, run) => run / 1000);
  const params = configurations.map((one) => `${one / 100}`);
  const table = tableOf([{ id: "metric:loss", values: metric }, { id: "param:lr", values: params }], { configurations });
  const averaged = shownOf(table, table.ids, "metric:loss", "", true);
  assert.deepEqual([averaged.groups.length, averaged.left, averaged.runs.length], [30, 10, 150]);
  for (const { runs } of averaged.groups) assert.equal(runs.length, 5);
  const single = shownOf(table, table.ids, "metric:loss", "", false);
  assert.deepEqual([single.runs, single.left], [table.ids.slice(0, 30), 170]);
});

test("a group of very many runs is drawn whole, and few groups beside it", () => {
  const sizes = [400, 300, 5];
  const configurations = sizes.flatMap((size, one) => Array<number>(size).fill(one));
  const table = tableOf([{ id: "metric:loss", values: configurations.map(() => 1) }], { configurations });
  const shown = shownOf(table, table.ids, "", "", true);
  assert.deepEqual([shown.groups.map(({ runs }) => runs.length), shown.left], [[400], 2]);
});

test("a metric of one value is drawn where it was chosen, else told", () => {
  const lengths: Record<string, number> = { loss: 60, final: 1, never: 0 };
  const lengthOf = (metric: string) => lengths[metric];
  assert.deepEqual(choose(["loss", "final", "never"], [], lengthOf), { drawn: ["loss"], single: ["final"], ask: ["loss", "final", "never"] });
  assert.deepEqual(choose(["loss", "final", "never"], ["final", "never"], lengthOf).drawn, ["final"]);
});

const THEME = { font: "sans-serif", colour: (variable: string) => variable };
const AXES = { x: "step", logX: false, logY: false, window: null } as const;

function line(place: number, ys: number[], more: Partial<Line> = {}): Line {
  const xs = Float64Array.from(ys.keys());
  const shared = { parts: null, runs: [`run ${place}`], size: 1, without: "", raw: null, band: null, lastError: null, best: null, bestOfMean: null, exact: true, notFinite: 0 };
  return { key: `run ${place}`, name: `run ${place}`, place, xs, ys: numbers(...ys), count: ys.length, first: ys[0]!, last: ys.at(-1)!, ...shared, ...more };
}

test("the line that stands out is drawn last, the others are faint, and markers lie on all lines", () => {
  const drawing = drawingOf([line(0, [1, 2]), line(1, [2, 1]), line(2, [3, 3])], AXES, 400, 200);
  const { lines, options } = plotOf(drawing, THEME, new Set(["run 1"]));
  const [, ...series] = options.series;
  assert.deepEqual(lines.map((one) => one?.line.place), [undefined, 0, 2, 1, undefined, undefined, undefined]);
  assert.deepEqual(series.map(({ alpha }) => alpha), [0.15, 0.15, 1, 0.15, 0.15, 1]);
  assert.deepEqual(series.map(({ points }) => points?.show), [false, false, false, true, true, true]);
  assert.equal(new Set(plotOf(drawing, THEME, new Set()).options.series.slice(1).map(({ alpha }) => alpha)).size, 1);
});

test("a value that is not finite is a gap, and a band without a lower edge ends at a log axis", () => {
  const band = { low: numbers(-1, NaN, 1), high: numbers(2, NaN, 3) };
  const drawing = drawingOf([line(0, [1, NaN, 2], { size: 2, band })], { ...AXES, logY: true }, 400, 200);
  const { data, options } = plotOf(drawing, THEME, new Set());
  const [, high, low, path] = data as unknown as [null, ...[Float64Array, (number | null)[]][]];
  assert.deepEqual(options.bands, [{ series: [1, 2], fill: "--mm-1" }]);
  assert.deepEqual([high![1], low![1], path![1]].map((ys) => ys[1]), [null, null, null]);
  assert.deepEqual([low![1][0], low![1][2]], [drawing.y.low, 0]);
});

test("a ring lies about the best point, beneath the lines; of very many lines about the one that stands out", () => {
  const ringed = (count: number, emphasised: string[]) => {
    const lines = Array.from({ length: count }, (_, place) => line(place, [3, 1, 2], { best: 1 }));
    const drawing = drawingOf(lines, AXES, 400, 200);
    const { lines: paths, options } = plotOf(drawing, THEME, new Set(emphasised));
    const first = paths.slice(1).findIndex((one) => one !== null);
    return options.series.slice(1, 1 + first).map(({ points }) => (points!.filter as () => number[])());
  };
  assert.deepEqual([ringed(2, []), ringed(13, []), ringed(13, ["run 4"])], [[[1], [1]], [], [[1]]]);
  assert.equal(drawingOf([line(0, [3, 1], { best: 1, size: 2, bestOfMean: { x: 7, error: 0, count: 2 } }), line(1, [3, 1], { best: 9 })], AXES, 400, 200).lines[0]!.best, -1);
});

function sourceOf(run: string, values: number[], steps = values.map((_, step) => step)) {
  const series = { run, metric: "loss", count: values.length, exact: true, steps: numbers(...steps), times: numbers(...steps), values: numbers(...values) };
  return { shown: series, whole: series, origin: 0 };
}

test("the best value of a mean is that of its curve, with its error and the ring on it", () => {
  const group = { key: "g", name: "g", parts: null, runs: ["a", "b"] };
  const look = { x: "step", smoothing: 0, goal: "min" } as const;
  const mean = lineOf(group, 0, [sourceOf("a", [5, 1, 4]), sourceOf("b", [5, 4, 1])], look)!;
  assert.deepEqual([mean.best, mean.bestOfMean], [2.5, { x: 1, error: 1.5, count: 2 }], "not 1, which no point of the curve has");
  assert.equal(bestText(mean), "2.5 ± 1.5");
  assert.equal(lastText(mean), "2.5 ± 1.5");
  const [drawn] = drawingOf([mean], AXES, 400, 200).lines;
  assert.deepEqual([drawn!.best, drawn!.ys[drawn!.best]], [1, 2.5]);
  const longer = lineOf(group, 0, [sourceOf("a", [5, 4, 1]), sourceOf("b", [5, 4])], look)!;
  assert.equal(bestText(longer), "1 (n=1)", "where fewer runs are left that is said");
});

test("the best value of a mean is that of its whole history, wherever one looks, and of what is smoothed", () => {
  const group = { key: "g", name: "g", parts: null, runs: ["a", "b"] };
  const part = (run: string, values: number[]) => ({ ...sourceOf(run, values), shown: sourceOf(run, values.slice(2), [2, 3]).shown });
  const sources = [part("a", [1, 2, 3, 3.5]), part("b", [2, 3, 4, 5])];
  const look = { x: "step", smoothing: 0, goal: "min" } as const;
  const zoomed = lineOf(group, 0, sources, look)!;
  assert.deepEqual([zoomed.best, zoomed.bestOfMean!.x, drawingOf([zoomed], AXES, 400, 200).lines[0]!.best], [1.5, 0, -1]);
  const smooth = lineOf(group, 0, [sourceOf("a", [4, 0, 4]), sourceOf("b", [4, 0, 4])], { ...look, smoothing: 0.5 })!;
  assert.equal(smooth.best, smooth.ys[1]);
});

test("the best point of a smoothed line is the one that was logged", () => {
  const smooth = line(0, [3, 2, 2.5], { raw: numbers(3, 1, 4), best: 1 });
  assert.equal(drawingOf([smooth], AXES, 400, 200).lines[0]!.best, 1);
  assert.equal(drawingOf([smooth], { ...AXES, logX: true }, 400, 200).lines[0]!.best, 0);
});

test("an axis of steps is marked at whole steps, however few there are", () => {
  const drawing = drawingOf([line(0, [1, 2, 3])], AXES, 800, 200);
  assert.deepEqual(drawing.x.ticks.map(({ text }) => text), ["0", "1", "2"]);
});

test("every tick is written, and the axes end where the drawing does", () => {
  const drawing = drawingOf([line(0, [1e300, -1e300])], AXES, 400, 200);
  const { axes, scales } = plotOf(drawing, THEME, new Set()).options;
  for (const [axis, scale] of [[axes![0]!, drawing.y], [axes![1]!, drawing.x]] as const) {
    assert.deepEqual(axis.values, scale.ticks.map(({ text }) => text));
    assert.deepEqual(scales![axis.scale!]!.range, [scale.low, scale.high]);
  }
});
