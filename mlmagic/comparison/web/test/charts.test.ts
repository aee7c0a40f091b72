import assert from "node:assert/strict";
import { test } from "node:test";

import { axisOf, colourAxisOf, marksOf, partAt, textAt, valueAt } from "../src/charts/axis.ts";
import { bestOf } from "../src/charts/best.ts";
import { brushBetween, brushText, inBox, nudged, passing } from "../src/charts/brush.ts";
import { axesOf, colourColumn, mainMetric, scatterColumn } from "../src/charts/columns.ts";
import { moved, placeAt, withToggled } from "../src/charts/order.ts";
import { blankRows, drawStanding, geometryOf, partAtPixel, pixelAt, rowNear } from "../src/charts/parallel_drawing.ts";
import { fileName } from "../src/pictures.ts";
import { binsOf, BINS, drawingOrder, NO_VALUE } from "../src/charts/ramp.ts";
import { dotNear, fromLeft, partsAt, plotOf, rectangleOf } from "../src/charts/scatter_drawing.ts";
import { NEW_CHARTS, soundCharts, type Brush } from "../src/charts/view.ts";
import type { Stroke } from "../src/surface.ts";
import type { Table } from "../src/wire.ts";
import { tableOf, type Wanted } from "./tables.ts";

type Values = Wanted["values"];
const rowsOf = (count: number) => Int32Array.from({ length: count }, (_, row) => row);
const near = (one: number, other: number) => assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

function axis(values: Values, more: Partial<Wanted> & { log?: boolean } = {}) {
  const { log = null, ...rest } = more;
  const table = tableOf([{ id: "param:p", values, ...rest }]);
  return axisOf(table.columns[0]!, rowsOf(values.length), log);
}

test("numbers stand between the least and the most, params of numbers as well", () => {
  for (const one of [axis([1, 3, 2]), axis(["1", "3", "2"], { format: "number" })]) {
    assert.deepEqual([...one.places], [0, 1, 0.5]);
    assert.deepEqual([one.log, one.off, one.words], [false, "", null]);
  }
});

test("an axis is logarithmic where positive values span more than a hundredfold, or where somebody says so", () => {
  assert.equal(axis([0.001, 1]).log, true);
  assert.deepEqual([axis([1, 100]).log, axis([1, 101]).log, axis([0, 1e6]).log, axis([-1, 1e6]).log], [false, true, false, false]);
  near(axis([0.01, 0.1, 1, 10]).places[1]!, 1 / 3);
  assert.equal(axis([1, 2], { log: true }).log, true);
  assert.deepEqual([axis([1, 1e9], { log: false }).log, axis([-1, -2], { log: true }).log, axis([-1, -2]).canLog], [false, false, false]);
});

test("what has no place says why: missing, nan, inf, and 0 or less on a log axis", () => {
  const one = axis([1, null, NaN, Infinity, 3]);
  assert.deepEqual([...one.places], [0, NaN, NaN, NaN, 1]);
  assert.equal(one.off, "missing, nan, inf");
  const log = axis([-1, 0, 1, 1000], { log: true });
  assert.deepEqual([...log.places], [NaN, NaN, 0, 1]);
  assert.equal(log.off, "≤ 0");
});

test("one value stands in the middle, and none at all is no trouble", () => {
  near(axis([5, 5]).places[0]!, 0.5);
  for (const none of [axis([null, null]), axis([]), axis([NaN, Infinity]), axis([null], { format: "text" })]) {
    assert.ok(none.places.every(Number.isNaN));
    assert.ok(marksOf(none, 300, 14).every(({ at }) => Number.isFinite(at)));
  }
});

test("the largest floats keep their places", () => {
  const one = axis([-1.7e308, 0, 1.7e308]);
  assert.deepEqual([...one.places], [0, 0.5, 1]);
  assert.ok(marksOf(one, 300, 14).length < 100);
});

test("words stand in the order in which a person counts, each in the middle of its part", () => {
  const one = axis(["v10", "v9", null, "v9"]);
  assert.deepEqual(one.words, ["v9", "v10"]);
  assert.deepEqual([...one.places], [0.75, 0.25, NaN, 0.25]);
  assert.equal(one.off, "missing");
  assert.deepEqual(marksOf(one, 100, 14).map(({ text }) => text), ["v9", "v10"]);
});

test("of five thousand words those are written that have room", () => {
  const one = axis(Array.from({ length: 5000 }, (_, at) => `word ${at}`));
  const marks = marksOf(one, 300, 14);
  assert.ok(marks.length > 10 && marks.length <= 300 / 14 + 1);
  assert.equal(new Set(one.places).size, 5000);
});

test("a few values are written as they are, many as round numbers, and none on another", () => {
  assert.deepEqual(marksOf(axis([2, 4, 8, 16, 8, 2]), 300, 14).map(({ text }) => text), ["2", "4", "8", "16"]);
  assert.deepEqual(marksOf(axis(Array.from({ length: 50 }, (_, at) => at)), 300, 14).map(({ text }) => text), ["0", "10", "20", "30", "40"]);
  const tight = marksOf(axis([1, 1.0001, 2]), 100, 14).map(({ at }) => at * 100);
  assert.ok(tight.every((at, place) => place === 0 || at - tight[place - 1]! >= 14));
});

test("a value and the part of the axis where it stands are two ways to say one thing", () => {
  for (const one of [axis([2, 7]), axis([0.001, 100])]) for (const part of [0, 0.3, 1]) near(partAt(one, valueAt(one, part)), part);
  assert.equal(textAt(axis(["a", "b"]), 1), "b");
});

const ALL = { low: 0, high: 10, off: true };
const columns = (...wanted: Values[]) => {
  const table = tableOf(wanted.map((values, at) => ({ id: `metric:m${at}`, values })));
  return table.columns.map((column) => axisOf(column, rowsOf(table.count), null));
};

test("a run is kept where it lies in every range; a range of an axis that is not shown keeps all", () => {
  const axes = columns([1, 2, 3, null], [9, 8, 7, 6]);
  assert.equal(passing(axes, {}), null);
  assert.equal(passing(axes, { "metric:gone": { low: 1, high: 2, off: false } }), null);
  const first: Brush = { low: 2, high: 3, off: false };
  assert.deepEqual([...passing(axes, { "metric:m0": first })!], [0, 1, 1, 0]);
  assert.deepEqual([...passing(axes, { "metric:m0": { ...first, off: true } })!], [0, 1, 1, 1]);
  assert.deepEqual([...passing(axes, { "metric:m0": first, "metric:m1": { low: 8, high: 9, off: false } })!], [0, 1, 0, 0]);
});

test("below the axis the runs without a place are kept", () => {
  const [one] = columns([1, 2, null]);
  assert.deepEqual(brushBetween(one!, -1, 0.5), { low: 1, high: 1.5, off: true });
  const only = brushBetween(one!, -1, -1);
  assert.deepEqual([...passing([one!], { "metric:m0": only })!], [0, 0, 1]);
  assert.equal(brushText(one!, only), "only missing");
});

test("a range of words holds the words whose middle it covers", () => {
  const one = axis(["a", "b", "c"]);
  const brush = brushBetween(one, 0.1, 0.6);
  assert.deepEqual([brush.low, brush.high], [0, 1]);
  assert.deepEqual([...passing([one], { "param:p": brush })!], [1, 1, 0]);
  assert.equal(brushText(one, brush), "a to b");
});

test("keys make a range, narrow it, widen it, and all of the axis is no range", () => {
  const one = axis([0, 10, null]);
  const lower = nudged(one, null, -1, false)!;
  assert.deepEqual([lower.low, lower.high, lower.off], [0, 9.5, true]);
  assert.equal(nudged(one, lower, 1, false), null);
  const withoutMissing = nudged(one, null, 1, true)!;
  assert.deepEqual([withoutMissing.low, withoutMissing.high, withoutMissing.off], [0, 10, false]);
  assert.equal(nudged(one, withoutMissing, 1, true)!.low, 0.5);
  assert.equal(nudged(one, withoutMissing, -1, true), null);
  assert.equal(nudged(one, ALL, 1, false), null);
});

test("keys lead a range of words from word to word, never to none", () => {
  const one = axis(["a", "b", "c"]);
  let brush = nudged(one, null, -1, false)!;
  assert.equal(brushText(one, brush), "a to b");
  brush = nudged(one, brush, -1, false)!;
  assert.equal(brushText(one, brush), "a");
  assert.equal(brushText(one, nudged(one, brush, -1, false)!), "a");
  assert.equal(brushText(one, nudged(one, { low: 1, high: 1, off: false }, 1, false)!), "b to c");
});

test("a rectangle keeps what lies in both of its ranges", () => {
  const [x, y] = columns([1, 2, 3], [1, 5, 9]);
  assert.deepEqual([...inBox(x!, y!, { x: { low: 1, high: 2, off: false }, y: { low: 4, high: 9, off: false } })], [0, 1, 0]);
});

test("axes are moved, added before the metric and taken away", () => {
  const ids = ["a", "b", "c", "m"];
  assert.deepEqual(moved(ids, 0, 2), ["b", "c", "a", "m"]);
  assert.deepEqual(moved(ids, 3, 0), ["m", "a", "b", "c"]);
  assert.deepEqual([moved(ids, 0, -1), moved(ids, 3, 4), moved(ids, 9, 0)], [ids, ids, ids]);
  assert.deepEqual([placeAt(-50, 100, 4), placeAt(149, 100, 4), placeAt(999, 100, 4)], [0, 1, 3]);
  assert.deepEqual(withToggled(ids, "new"), ["a", "b", "c", "new", "m"]);
  assert.deepEqual(withToggled(ids, "b"), ["a", "c", "m"]);
});

const TABLE = tableOf([
  { id: "run:name", values: ["a", "b", "c"] },
  { id: "metric:same", values: [1, 1, 1], goal: "max" },
  { id: "metric:loss", values: [1, 2, 3], goal: "min" },
  { id: "param:seed", values: ["1", "2", "3"], format: "number" },
  { id: "param:fixed", values: ["1", "1", "1"], format: "number" },
  { id: "param:lr", values: ["0.1", "0.2", "0.3"], format: "number" },
  { id: "param:optimizer", values: ["adam", "sgd", "sgd"] },
]);

const axesIn = (table: Table, rows = rowsOf(table.count)) => axesOf(table, rows, [], mainMetric(table, "")).map(({ id }) => id);

test("the params that vary have axes, the metric comes last, and a seed has one only where nothing else varies", () => {
  assert.equal(mainMetric(TABLE, "")?.id, "metric:loss");
  assert.deepEqual(axesIn(TABLE), ["param:lr", "param:optimizer", "metric:loss"]);
  assert.deepEqual(axesIn(TABLE, rowsOf(3).subarray(1)), ["param:lr", "metric:loss"]);
  const seeds = tableOf([{ id: "metric:loss", values: [1, 2], goal: "min" }, { id: "param:seed", values: ["1", "2"], format: "number" }]);
  assert.deepEqual(axesIn(seeds), ["param:seed", "metric:loss"]);
});

test("the axes are those of most values, in the order of the table, without what is mostly missing or says the same", () => {
  const every = (values: (at: number) => string | null) => Array.from({ length: 40 }, (_, at) => values(at));
  const param = (name: string, values: (at: number) => string | null, format: "number" | "text" = "number") => ({ id: `param:${name}`, values: every(values), format });
  const wide = tableOf([
    param("binary", (at) => `${at % 2}`),
    param("optimizer.lr", (at) => `${at / 10}`),
    param("lr", (at) => `${at / 10}`),
    param("dropout", (at) => `${((at * 7) % 40) / 80}`),
    param("momentum", (at) => (at % 4 ? null : `${at}`)),
    param("note", (at) => `word ${at}`, "text"),
    param("layers", (at) => `${at % 5}`),
    param("depth", (at) => `${at % 7}`),
    param("batch", (at) => `${at % 4}`),
    param("optimizer", (at) => ["adam", "sgd", "lion"][at % 3]!, "text"),
    param("warmup", (at) => `${at % 6}`),
    { id: "metric:loss", values: every((at) => `${at}`).map(Number), goal: "min" as const },
  ]);
  assert.deepEqual(axesIn(wide), ["param:lr", "param:dropout", "param:layers", "param:depth", "param:batch", "param:warmup", "metric:loss"]);
});

test("the scatter plot begins with the number that most runs have, and an axis is not for what few have", () => {
  const every = (values: (at: number) => string | null) => Array.from({ length: 40 }, (_, at) => values(at));
  const some = tableOf([
    { id: "param:warmup", values: every((at) => (at < 30 ? `${at}` : null)), format: "number" },
    { id: "param:kind", values: every((at) => ["a", "b"][at % 2]!) },
    { id: "param:lr", values: every((at) => `${at % 3}`), format: "number" },
    { id: "metric:loss", values: every((at) => `${at}`).map(Number), goal: "min" as const },
  ]);
  assert.equal(scatterColumn(some, rowsOf(40), "", "x", null)?.id, "param:lr");
  const rare = tableOf([
    { id: "param:often", values: every((at) => (at < 12 ? `${at}` : null)), format: "number" },
    { id: "param:rare", values: every((at) => (at < 9 ? `${at}` : null)), format: "number" },
    { id: "metric:loss", values: every((at) => `${at}`).map(Number), goal: "min" as const },
  ]);
  assert.deepEqual(axesIn(rare, rowsOf(40)), ["param:often", "metric:loss"]);
});

test("columns that a view names and that are gone are left out", () => {
  const rows = rowsOf(3);
  const main = mainMetric(TABLE, "metric:gone");
  assert.deepEqual(axesOf(TABLE, rows, ["param:gone", "metric:loss"], main).map(({ id }) => id), ["metric:loss"]);
  assert.deepEqual(axesOf(TABLE, rows, ["param:gone"], main).length, 3);
  assert.equal(scatterColumn(TABLE, rows, "param:gone", "x", main)?.id, "param:lr");
  assert.equal(scatterColumn(TABLE, rows, "", "y", main)?.id, "metric:loss");
  assert.deepEqual([colourColumn(TABLE, "param:gone", main)?.id, colourColumn(TABLE, "none", main), colourColumn(TABLE, "param:optimizer", main)?.id], ["metric:loss", null, "metric:loss"]);
});

test("without params and without metrics there is nothing, and no failure", () => {
  const empty = tableOf([{ id: "run:name", values: [] }]);
  const rows = rowsOf(0);
  assert.deepEqual(axesOf(empty, rows, [], mainMetric(empty, "")), []);
  assert.equal(scatterColumn(empty, rows, "", "x", null), null);
  assert.equal(geometryOf([], [], 100, 100).ys.length, 0);
});

test("a view of another version is read as far as it can be", () => {
  for (const odd of [undefined, null, 3, "x", [], { kind: "pie", axes: "a", logs: [1], brushes: { a: 3, b: { low: null, high: 2 } }, box: { x: 1 }, colour: 7, future: {} }]) {
    assert.deepEqual(soundCharts(odd), NEW_CHARTS);
  }
  const view = { ...NEW_CHARTS, kind: "scatter", axes: ["a", "b", "a"], logs: { a: true }, brushes: { a: ALL }, box: { x: ALL, y: ALL } } as const;
  assert.deepEqual(soundCharts(JSON.parse(JSON.stringify(view))), { ...view, axes: ["a", "b"] });
});

test("the better a run the stronger its colour, and it is drawn last", () => {
  const loss = axisOf(tableOf([{ id: "metric:l", values: [3, 1, null, 2], goal: "min" }]).columns[0]!, rowsOf(4), null);
  const bins = binsOf(loss, 4);
  assert.deepEqual([...bins], [0, BINS - 1, NO_VALUE, BINS / 2]);
  assert.deepEqual([...drawingOrder(bins)], [2, 0, 3, 1]);
  assert.equal(new Set(binsOf(null, 5)).size, 1);
});

test("the scale of colours is that of nearly all runs: one that is far off stands at its end", () => {
  const losses = [...Array.from({ length: 40 }, (_, at) => 0.5 + at / 100), 1e9];
  const [column] = tableOf([{ id: "metric:l", values: losses, goal: "min" }]).columns;
  const scale = colourAxisOf(column!, rowsOf(41), null);
  assert.deepEqual([scale.log, scale.isCut, valueAt(scale, 0), valueAt(scale, 1)], [false, [true, true], 0.51, 0.89]);
  assert.ok(new Set(binsOf(scale, 41)).size > 20, "almost every colour is used");
  assert.deepEqual([scale.places[0], scale.places[40]], [0, 1]);
  const few = colourAxisOf(tableOf([{ id: "metric:l", values: [1, 2, 3] }]).columns[0]!, rowsOf(3), null);
  assert.deepEqual([few.isCut, valueAt(few, 1)], [[false, false], 3]);
  const failed = colourAxisOf(column!, rowsOf(41), null, Uint8Array.from({ length: 41 }, (_, at) => Number(at > 30)));
  assert.deepEqual([failed.isCut, valueAt(failed, 1)], [[true, true], 0.79], "runs that failed do not stretch it either");
  const rare = colourAxisOf(tableOf([{ id: "metric:l", values: [...Array<number>(60).fill(1), 2] }]).columns[0]!, rowsOf(61), null);
  assert.deepEqual([rare.isCut, valueAt(rare, 1)], [[false, false], 2], "where almost all are one value the other one is seen");
});

/** Notes the colours of lines. */
class Noted {
  readonly colours: string[] = [];
  polyline(_points: ArrayLike<number>, _count: number, { colour }: Stroke): void {
    this.colours.push(colour);
  }
  dot(): void {}
  box(): void {}
  area(): void {}
  shape(): void {}
  text(): void {}
}

test("a few selected runs have the styles of the curves, and where all are selected each keeps the colour of its value", () => {
  const axes = columns(Array.from({ length: 30 }, (_, at) => at), Array.from({ length: 30 }, (_, at) => -at));
  const geometry = geometryOf(axes, [false, false], 200, 200);
  const colours = Array.from({ length: BINS + 1 }, (_, bin) => `bin ${bin}`);
  const bins = binsOf(axes[0]!, 30);
  const drawn = (selected: number, pointed: number[] = []) => {
    const places = Int32Array.from({ length: 30 }, (_, at) => (at < selected ? at : -1));
    const surface = new Noted();
    drawStanding(surface, geometry, { places, bins, colours }, pointed, { font: "", colour: (variable) => variable });
    return new Set(surface.colours);
  };
  assert.deepEqual([...drawn(2)], ["--mm-back", "--mm-1", "--mm-2"]);
  assert.deepEqual([...drawn(30)].toSorted(), [...new Set([...bins].map((bin) => `bin ${bin}`))].toSorted());
  assert.ok(drawn(30, [3]).has("--mm-text"));
});

test("a pixel of an axis is the part that stands there, flipped or not, and below it what has no place", () => {
  const axes = columns([1, 2, null], [1, 2, 3]);
  for (const isFlipped of [false, true]) {
    const geometry = geometryOf(axes, [isFlipped, false], 400, 300);
    for (const part of [0, 0.25, 1]) near(partAtPixel(geometry, 0, pixelAt(geometry, 0, part)), part);
    assert.equal(partAtPixel(geometry, 0, geometry.off), -1);
    assert.equal(geometry.ys[2 * 2], Math.fround(geometry.off));
  }
  assert.ok(Number.isNaN(geometryOf([axes[1]!], [false], 400, 300).off));
});

test("the line nearest to the pointer is found, of those in the ranges", () => {
  const geometry = geometryOf(columns([1, 2, 3], [1, 2, 3]), [false, false], 400, 300);
  const middle = pixelAt(geometry, 0, 0.5);
  assert.equal(rowNear(geometry, 200, middle + 2, null, 7), 1);
  assert.equal(rowNear(geometry, 200, middle + 40, null, 7), -1);
  assert.equal(rowNear(geometry, 200, middle + 2, Uint8Array.of(1, 0, 1), 7), -1);
});

test("a run without a place on any axis has no line", () => {
  const axes = columns([1, 2, null, NaN], [1, null, 3, null]);
  assert.deepEqual([...blankRows(axes)], [0, 0, 0, 1]);
  const geometry = geometryOf(axes, [false, false], 400, 300);
  assert.equal(rowNear(geometry, 200, geometry.off, Uint8Array.of(0, 0, 0, 1), 7), -1);
});

test("dots stand where their values are, and are found and walked through from left to right", () => {
  const [x, y] = columns([3, 1, null], [1, 2, 3]);
  const plot = plotOf(x!, y!, 600, 400);
  assert.deepEqual([...fromLeft(plot)], [2, 1, 0]);
  assert.equal(dotNear(plot, plot.points[0]! + 3, plot.points[1]!, 12), 0);
  assert.equal(dotNear(plot, plot.points[0]! + 30, plot.points[1]!, 12), -1);
  assert.ok(plot.points[4]! < plot.left);
  const box = { x: { low: 1, high: 3, off: false }, y: { low: 1, high: 3, off: false } };
  const [left, top, wide, tall] = rectangleOf(plot, box);
  assert.deepEqual(partsAt(plot, left, top + tall).map(Math.round), [0, 0]);
  assert.deepEqual(partsAt(plot, left + wide, top).map(Math.round), [1, 1]);
});

test("the best runs come first, those that are not a number not at all", () => {
  const table = tableOf([{ id: "metric:loss", values: [3, 1, NaN, null, 2], goal: "min" }]);
  assert.deepEqual(bestOf(table.columns[0]!, rowsOf(5), null, 2), [1, 4]);
  assert.deepEqual(bestOf(table.columns[0]!, rowsOf(5), Uint8Array.of(1, 0, 1, 1, 1), 9), [4, 0]);
});

test("a file is named after the chart, whatever the metric is called", () => {
  assert.equal(fileName("val/loss-by-lr", "svg"), "val-loss-by-lr.svg");
  assert.equal(fileName("../<b>", "png"), "b.png");
  assert.equal(fileName("///", "png"), "chart.png");
});
