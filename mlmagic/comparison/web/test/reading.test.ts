import assert from "node:assert/strict";
import { test } from "node:test";

import { byColumn } from "../src/curves/groups.ts";
import { drawingOf } from "../src/curves/drawing.ts";
import { best, lineOf, type Line, type Source } from "../src/curves/lines.ts";
import { nearestX, nextX, readAt } from "../src/curves/reading.ts";
import { ends, fromAxis, scaleOf, toAxis } from "../src/curves/scale.ts";
import { lowerBound } from "../src/curves/search.ts";
import { elapsed, onAxis, short, unitOf } from "../src/curves/format.ts";
import { random, tableOf } from "./tables.ts";

const floats = (...values: number[]) => Float64Array.from(values);

function line(place: number, xs: number[], ys: number[], more: Partial<Line> = {}): Line {
  const shared = { parts: null, runs: [`run ${place}`], lastError: null, bestOfMean: null, size: 1, without: "", raw: null, band: null, best: null, exact: true, notFinite: ys.filter((y) => !Number.isFinite(y)).length };
  return { key: `run ${place}`, name: `run ${place}`, place, xs: floats(...xs), ys: floats(...ys), count: ys.length, first: ys[0]!, last: ys.at(-1)!, ...shared, ...more };
}

const AXES = { x: "step", logX: false, logY: false, window: null } as const;
const drawing = drawingOf([line(0, [0, 2, 4], [5, 3, 1]), line(1, [1, 2, 3], [2, NaN, 4])], AXES, 400, 200);

test("the first of the ascending values that is not below is found", () => {
  const next = random(2);
  for (let round = 0; round < 300; round++) {
    const xs = Array.from({ length: Math.floor(next() * 12) }, () => Math.floor(next() * 10)).sort((a, b) => a - b);
    const x = Math.floor(next() * 12) - 1;
    const at = lowerBound(xs, x);
    assert.ok(xs.slice(0, at).every((one) => one < x) && xs.slice(at).every((one) => one >= x), `${xs} ${x}`);
  }
});

test("the crosshair goes to the nearest point of any line, and by keys from one to the next", () => {
  assert.deepEqual([-5, 0.4, 0.6, 2.4, 9].map((x) => nearestX(drawing, x)), [0, 0, 1, 2, 4]);
  assert.deepEqual([nextX(drawing, 0, 0.1), nextX(drawing, 1, 0.1), nextX(drawing, 4, 0.1)], [1, 2, null]);
  assert.deepEqual([nextX(drawing, 4, -0.1), nextX(drawing, 1, -0.1), nextX(drawing, 0, -0.1)], [3, 0, null]);
  assert.equal(nearestX(drawingOf([], AXES, 400, 200), 1), null);
});

test("the best value stands first, a gap last, and a line beyond whose end it lies is left out", () => {
  const at = (x: number, goal: "min" | "max" | null) => readAt(drawing, x, 0.1, goal).map(({ drawn, value }) => [drawn.line.place, value]);
  assert.deepEqual(at(1, "min"), [[1, 2], [0, 3]]);
  assert.deepEqual(at(1, "max"), [[0, 3], [1, 2]]);
  assert.deepEqual(at(2, "min"), [[0, 3], [1, NaN]]);
  assert.deepEqual(at(4, "min"), [[0, 1]]);
  assert.deepEqual(at(3.05, "min"), [[0, 1], [1, 4]]);
  assert.deepEqual(at(-0.05, null), [[0, 5]]);
  assert.deepEqual(at(-1, null), []);
});

test("a smoothed line is read with what was logged, a mean with its error", () => {
  const smooth = line(0, [0, 1], [1, NaN], { raw: floats(2, 4) });
  const mean = line(1, [0, 1], [3, 3], { size: 2, band: { low: floats(2, 2), high: floats(4, 5) } });
  const [first, second] = readAt(drawingOf([smooth, mean], AXES, 400, 200), 1, 0, "max");
  assert.deepEqual([first!.value, first!.raw, first!.error], [4, 4, null]);
  assert.deepEqual([second!.value, second!.raw, second!.error], [3, null, 2]);
});

test("what cannot be seen is told", () => {
  const odd = [line(0, [0, 1, 2], [1, NaN, -1]), line(1, [-1, 1], [Infinity, 2], { exact: false })];
  assert.deepEqual(drawingOf(odd, AXES, 400, 200).notes, ["At least 2 values are not finite: a gap in the line."]);
  assert.deepEqual(drawingOf(odd, { ...AXES, logX: true, logY: true }, 400, 200).notes.slice(1), [
    "2 points at step 0 or below left out: a log axis begins above 0.",
    "1 value of 0 or below left out: a log axis begins above 0.",
  ]);
  assert.deepEqual(drawingOf([line(0, [0], [NaN])], AXES, 400, 200).notes, ["1 value is not finite: a gap in the line."]);
});

function source(values: number[], more: Partial<Source> & { times?: number[]; exact?: boolean } = {}): Source {
  const times = floats(...(more.times ?? values.map((_, at) => 1000 * at)));
  const whole = { run: "r", metric: "m", count: values.length, exact: more.exact ?? true, steps: floats(...values.keys()), times, values: floats(...values) };
  return { shown: whole, whole, origin: more.origin ?? 0 };
}

const group = (...runs: string[]) => ({ key: "k", name: "n", parts: null, runs });

test("a run is its own line, several are their mean with a band", () => {
  const look = { x: "step", smoothing: 0, goal: "min" } as const;
  assert.equal(lineOf(group("a"), 0, [], look), null);
  const one = lineOf(group("a"), 0, [source([3, 1, 2])], look)!;
  assert.deepEqual([[...one.ys], one.raw, one.band, one.first, one.best, one.last, one.count], [[3, 1, 2], null, null, 3, 1, 2, 3]);
  const two = lineOf(group("a", "b"), 0, [source([3, 1]), source([1, 3], { exact: false })], look)!;
  assert.deepEqual([[...two.ys], two.size, two.first, two.best, two.last, two.count, two.exact], [[2, 2], 2, 2, 2, 2, 4, false]);
  assert.deepEqual([...two.band!.high], [3, 3]);
  const alone = lineOf(group("a", "b"), 0, [source([3, 1])], look)!;
  assert.deepEqual([[...alone.band!.low], [...alone.band!.high]], [[3, 1], [3, 1]]);
});

test("time counts in seconds from the start, and values that came out of order stand in order", () => {
  const made = lineOf(group("a"), 0, [source([1, 2, 3], { times: [5000, 3000, 4000], origin: 3000 })], { x: "time", smoothing: 0, goal: null })!;
  assert.deepEqual([[...made.xs], [...made.ys]], [[0, 1, 2], [2, 3, 1]]);
});

test("smoothing keeps what was logged beside it", () => {
  const made = lineOf(group("a"), 0, [source([4, 0, NaN])], { x: "step", smoothing: 0.5, goal: "max" })!;
  assert.deepEqual([...made.raw!], [4, 0, NaN]);
  assert.ok(made.ys[1]! > 0 && made.ys[1]! < 4);
  assert.equal(made.notFinite, 1);
  assert.equal(made.best, 4);
});

test("the best value is finite", () => {
  assert.deepEqual([best(floats(1, NaN, -Infinity, 3), "min"), best(floats(1, Infinity, 3), "max"), best(floats(2, 1), null)], [1, 3, 2]);
  assert.ok(Number.isNaN(best(floats(NaN, Infinity), "min")));
});

test("groups of a column are told apart by the exact value, and a text is never what is missing", () => {
  const table = tableOf([
    { id: "run:duration", format: "duration", values: [0.12341, 0.12342, 0.12341, null] },
    { id: "param:note", values: ["missing", null, "", "missing"] },
  ]);
  const groups = (id: string) => byColumn(table, table.ids, table.byId.get(id)!).map(({ name, runs }) => [name, runs.length]);
  assert.deepEqual(groups("run:duration").map(([, count]) => count), [2, 1, 1]);
  assert.deepEqual(groups("param:note"), [["note=missing", 2], ["note=missing", 1], ["note=''", 1]]);
  const keys = byColumn(table, table.ids, table.byId.get("param:note")!).map(({ key }) => key);
  assert.equal(new Set(keys).size, 3);
});

test("ticks are ascending, lie within the axis and look different", () => {
  const next = random(8);
  for (let round = 0; round < 500; round++) {
    const log = next() < 0.4;
    const low = log ? next() * 8 - 4 : (next() - 0.5) * 10 ** Math.floor(next() * 10 - 4);
    const [from, to] = ends(low, low + (log ? next() * 6 : 10 ** Math.floor(next() * 8 - 4)));
    for (const of of ["step", "time", undefined] as const) {
      const { ticks, low: first, high } = scaleOf(from, to, { log, about: 2 + Math.floor(next() * 8), of });
      const slack = (high - first) * 1e-4;
      ticks.forEach(({ at }, place) => assert.ok(at >= first - slack && at <= high + slack && (place === 0 || at > ticks[place - 1]!.at), `${from} ${to} ${log}`));
      assert.ok(ticks.length <= 40);
    }
  }
});

test("an axis without values is there, and a log axis has no place for what is not above 0", () => {
  assert.deepEqual(ends(Infinity, -Infinity), [0, 1]);
  assert.deepEqual(ends(NaN, 1), [0, 1]);
  assert.deepEqual(ends(0, 0), [-1, 1]);
  assert.deepEqual(ends(0, 10, 0.1), [-1, 11]);
  assert.ok([0, -1, NaN].map((value) => toAxis(value, true)).every(Number.isNaN));
  assert.deepEqual([toAxis(-1, false), fromAxis(2, true), fromAxis(2, false)], [-1, 100, 2]);
});

test("times are told in the unit in which they read best", () => {
  assert.deepEqual([0, 119, 120, 7199, 7200, 172_799, 172_800].map((seconds) => unitOf(seconds).name), ["seconds", "seconds", "minutes", "minutes", "hours", "hours", "days"]);
  assert.deepEqual([0, 59.9, 60, 3600, 3661, 86_400, 90_061, -90].map(elapsed), ["0 s", "59.9 s", "1 min", "1 h", "1 h 1 min", "1 d", "1 d 1 h", "−1 min 30 s"]);
});

test("numbers on an axis share their letter and their decimals", () => {
  assert.deepEqual([0, 500, 1000].map((value) => onAxis(value, 500, 1000)), ["0", "500", "1,000"]);
  assert.deepEqual([0, 5e3, 2e4].map((value) => onAxis(value, 5e3, 2e4)), ["0", "5k", "20k"]);
  assert.deepEqual([5e5, 1.5e6].map((value) => onAxis(value, 5e5, 1.5e6)), ["0.5M", "1.5M"]);
  assert.deepEqual([2e9, -3e9].map((value) => onAxis(value, 1e9, 3e9)), ["2G", "−3G"]);
  assert.equal(onAxis(1e-5, 1e-5, 1e-5), "1e-5");
  assert.deepEqual([1234.5678, -0.00001, 1e12, 0, 42].map((value) => short(value)), ["1,235", "−1e-5", "1e12", "0", "42"]);
});
