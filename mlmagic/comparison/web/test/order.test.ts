import assert from "node:assert/strict";
import { test } from "node:test";

import type { Sort } from "../src/state.ts";
import { ordered } from "../src/table/order.ts";
import { commonRow, flattened, grouped, nested, rowsOf, runsOf, summaryIn } from "../src/table/tree.ts";
import { random, tableOf, type Wanted } from "./tables.ts";

function order(columns: Wanted[], ...sort: string[]): number[] {
  const table = tableOf(columns);
  const by: Sort[] = sort.map((one) => ({ column: one.replace(/^-/, ""), descending: one.startsWith("-") }));
  return rowsOf(ordered(table, nested(table, null), by));
}

test("numbers are ordered as numbers, infinities in their place, NaN and then missing last in either direction", () => {
  const values = [NaN, 2, null, -Infinity, 10, Infinity, -0.5];
  assert.deepEqual(order([{ id: "metric:a", values }], "metric:a"), [3, 6, 1, 4, 5, 0, 2]);
  assert.deepEqual(order([{ id: "metric:a", values }], "-metric:a"), [5, 4, 1, 6, 3, 0, 2]);
});

test("words that read as numbers come before words, by their value", () => {
  const values = ["auto", "1e-3", "10", "2", null, "0.5", "-inf", "nan", "Auto2"];
  assert.deepEqual(order([{ id: "param:lr", values }], "param:lr"), [6, 1, 5, 3, 2, 0, 8, 7, 4]);
  assert.deepEqual(order([{ id: "param:lr", values }], "-param:lr"), [8, 0, 2, 3, 5, 1, 6, 7, 4]);
});

test("the next key decides among equals, also where 0.1 is written as 1e-1; else the order stays", () => {
  const columns = [
    { id: "param:lr", values: ["1e-1", "0.1", "0.1", "0.01"] },
    { id: "metric:loss", values: [1, 3, 2, 4] },
  ];
  assert.deepEqual(order(columns, "param:lr", "-metric:loss"), [3, 1, 2, 0]);
  assert.deepEqual(order(columns, "param:lr"), [3, 0, 1, 2]);
  assert.deepEqual(order(columns, "metric:gone"), [0, 1, 2, 3]);
});

test("an order is a permutation, and ascending", () => {
  const next = random(3);
  const values = Array.from({ length: 500 }, () => (next() < 0.1 ? null : Math.floor(next() * 50)));
  const rows = order([{ id: "metric:a", values }], "metric:a");
  assert.deepEqual(rows.toSorted((a, b) => a - b), values.map((_, row) => row));
  const given = rows.map((row) => values[row]).filter((value) => value != null);
  assert.deepEqual(given, given.toSorted((a, b) => a! - b!));
});

const sweep = tableOf(
  [
    { id: "metric:score", values: [null, 0.1, 0.3, null, 0.9, null] },
    { id: "metric:own", values: [7, 1, 2, null, 3, null] },
    { id: "param:depth", values: [null, "1", "1", null, "3", null] },
  ],
  { parents: [-1, 0, 0, -1, 3, -1], configurations: [-1, 0, 0, -1, 1, -1] },
);

test("a parent has the mean of its children where it has no value itself, and is ordered by it", () => {
  const [parent] = nested(sweep, null);
  const score = summaryIn(sweep.byId.get("metric:score")!, parent!)!;
  assert.equal(score.count, 2);
  assert.ok(Math.abs(score.mean - 0.2) < 1e-12 && Math.abs(score.error - 0.1) < 1e-12);
  assert.deepEqual([score.low, score.high], [0.1, 0.3]);
  assert.equal(summaryIn(sweep.byId.get("metric:own")!, parent!), null);
  const best = ordered(sweep, nested(sweep, null), [{ column: "metric:score", descending: true }]);
  assert.deepEqual(best.map(({ row }) => row), [3, 0, 5]);
  assert.deepEqual(best[1]!.children.map(({ row }) => row), [2, 1]);
});

test("a search is its best configuration, by the mean over seeds, and has the star of its best run", () => {
  const table = tableOf(
    [{ id: "metric:loss", goal: "min", values: [null, 0.5, 0.7, 0.1, 0.9, NaN, 0.55] }, { id: "metric:size", values: [null, 1, 2, 3, 4, 5, 6] }],
    { parents: [-1, 0, 0, 0, 0, 0, -1], configurations: [-1, 0, 0, 1, 1, 2, 3] },
  );
  const [search, single] = nested(table, null);
  const loss = table.byId.get("metric:loss")!;
  const best = summaryIn(loss, search!)!;
  assert.deepEqual([best.mean, best.count, best.low, best.high, best.search], [0.5, 2, 0.1, 0.9, { points: 3, best: 0.1 }]);
  assert.equal(summaryIn(table.byId.get("metric:size")!, search!)!.mean, 3, "without a direction nothing is best");
  const rows = (descending: boolean) => ordered(table, [search!, single!], [{ column: "metric:loss", descending }]).map(({ row }) => row);
  assert.deepEqual([rows(false), rows(true)], [[0, 6], [6, 0]]);
});

test("folds, which have no params, are one point: their mean counts", () => {
  const table = tableOf([{ id: "metric:loss", goal: "min", values: [null, 1, 2, 6] }], { parents: [-1, 0, 0, 0] });
  const summary = summaryIn(table.columns[0]!, nested(table, null)[0]!)!;
  assert.deepEqual([summary.mean, summary.count, summary.search], [3, 3, undefined]);
});

test("parents of a match stay, and what is folded is out of sight", () => {
  const shown = Uint8Array.from([0, 0, 1, 0, 0, 0]);
  const tree = nested(sweep, shown);
  assert.deepEqual(rowsOf(tree), [0, 2]);
  assert.deepEqual(flattened(tree, new Set()).map(({ branch }) => branch.row), [0]);
  assert.deepEqual(flattened(tree, new Set(["id0"])).map(({ branch, depth }) => [branch.row, depth]), [[0, 0], [2, 1]]);
});

test("runs that call each other their parent are all there", () => {
  const values = [1, 2, 3, 4];
  for (const parents of [[0, 1, 2, 3], [1, 0, 3, 2], [1, 2, 0, -1], [1, 2, 3, 1]]) {
    const tree = nested(tableOf([{ id: "metric:a", values }], { parents }), null);
    assert.deepEqual(rowsOf(tree).toSorted(), [0, 1, 2, 3], String(parents));
  }
});

test("runs are grouped by configuration: one that ran once is that run, without params each is by itself", () => {
  const groups = grouped(sweep, null, "configuration");
  assert.deepEqual(groups.map((group) => [group.row, runsOf(group)]), [[0, [0]], [-1, [1, 2]], [3, [3]], [4, [4]], [5, [5]]]);
  assert.equal(commonRow(sweep.byId.get("param:depth")!, groups[1]!), 1);
  assert.equal(commonRow(sweep.byId.get("metric:score")!, groups[1]!), -1);
});

test("runs are grouped by a column, those without a value too", () => {
  const groups = grouped(sweep, null, "param:depth");
  assert.deepEqual(groups.map(runsOf), [[0, 3, 5], [1, 2], [4]]);
  assert.deepEqual(grouped(sweep, null, "metric:score").map(runsOf), [[0, 3, 5], [1], [2], [4]]);
});

test("NaN and infinities among children are counted beside the mean", () => {
  const table = tableOf([{ id: "metric:a", values: [null, 1, NaN, 3, Infinity] }], { parents: [-1, 0, 0, 0, 0] });
  const summary = summaryIn(table.columns[0]!, nested(table, null)[0]!)!;
  assert.deepEqual([summary.mean, summary.count, summary.others], [2, 2, 2]);
});
