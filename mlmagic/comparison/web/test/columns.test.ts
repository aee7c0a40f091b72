import assert from "node:assert/strict";
import { test } from "node:test";

import { columnsBetween, differsAmong, layoutOf, NAME, NARROWEST, SELECT_WIDTH, shownColumns } from "../src/table/columns.ts";
import { longestName } from "../src/table/labels.ts";
import { clicked, described } from "../src/table/sorting.ts";
import { idsBetween, toggled } from "../src/table/selection.ts";
import { flattened, grouped, nested } from "../src/table/tree.ts";
import type { Sort } from "../src/state.ts";
import { random, tableOf } from "./tables.ts";

const table = tableOf([
  { id: "run:name", values: ["a", "b", "c"] },
  { id: "metric:loss", goal: "min", values: [0.5, 0.25, null] },
  { id: "metric:same", goal: null, values: [1, 1, 1] },
  { id: "param:lr", values: ["0.1", "0.1", "0.2"] },
  { id: "tag:note", values: ["x", null, "x"] },
]);
const ids = (wanted: Partial<Parameters<typeof shownColumns>[1]>) =>
  shownColumns(table, { hidden: new Set(), pinned: [NAME], differing: false, rows: null, ...wanted }).columns.map(({ id }) => id);

test("pinned columns stand first, in the order in which they were pinned, and each once", () => {
  assert.deepEqual(ids({}), ["run:name", "metric:loss", "metric:same", "param:lr", "tag:note"]);
  assert.deepEqual(ids({ pinned: ["param:lr", NAME, "param:lr"] }).slice(0, 2), ["param:lr", "run:name"]);
  assert.deepEqual(ids({ pinned: ["gone", "tag:note"] }), ["tag:note", "run:name", "metric:loss", "metric:same", "param:lr"]);
});

test("what is hidden is not shown, but the name is", () => {
  assert.deepEqual(ids({ hidden: new Set(["metric:loss", NAME, "gone"]) }), ["run:name", "metric:same", "param:lr", "tag:note"]);
  assert.deepEqual(ids({ hidden: new Set(["metric:loss"]), pinned: ["metric:loss"] }), ["run:name", "metric:same", "param:lr", "tag:note"]);
});

test("only what differs among the rows in sight is shown", () => {
  assert.deepEqual(ids({ differing: true }), ["run:name", "metric:loss", "param:lr", "tag:note"]);
  assert.deepEqual(ids({ differing: true, rows: Uint8Array.from([1, 1, 0]) }), ["run:name", "metric:loss", "tag:note"]);
  assert.deepEqual(ids({ differing: true, rows: Uint8Array.from([0, 1, 0]) }), ["run:name"]);
  assert.deepEqual(ids({ differing: true, rows: Uint8Array.from([0, 0, 0]) }), ["run:name"]);
});

test("a missing value is another one, NaN is the same as NaN", () => {
  const odd = tableOf([
    { id: "metric:a", values: [NaN, NaN, 1, null] },
    { id: "param:b", values: ["x", null, "x", null] },
  ]);
  const differs = (id: string, ...rows: number[]) => differsAmong(odd.byId.get(id)!, Uint8Array.from(rows));
  assert.deepEqual([differs("metric:a", 1, 1, 0, 0), differs("metric:a", 1, 0, 1, 0), differs("metric:a", 0, 0, 0, 1), differs("metric:a", 0, 0, 1, 1)], [false, true, false, true]);
  assert.deepEqual([differs("param:b", 1, 0, 1, 0), differs("param:b", 0, 1, 0, 1), differs("param:b", 1, 1, 0, 0)], [false, false, true]);
});

test("columns stand beside each other without a gap, as wide as they were dragged", () => {
  const { lefts } = layoutOf(table.columns, 1, { "metric:loss": 300 });
  assert.equal(lefts[0], SELECT_WIDTH);
  assert.equal(lefts[2]! - lefts[1]!, 300);
  for (let at = 1; at < lefts.length; at++) assert.ok(lefts[at]! - lefts[at - 1]! >= NARROWEST);
  const means = layoutOf(table.columns, 1, {}, ({ kind }) => (kind === "metric" ? 17 : 0)).lefts;
  assert.ok(means[2]! - means[1]! > 17 * 7, "a mean with its error is not cut");
});

test("names take the room that the other columns leave, up to a limit, and a part of the table where they leave none", () => {
  const width = (letters: number, room: number, widths = {}) => {
    const { lefts } = layoutOf(table.columns, 1, widths, () => 0, { letters, room });
    return lefts[1]! - lefts[0]!;
  };
  const least = width(60, 0);
  assert.equal(width(5, 2000), least, "short names need no more");
  assert.ok(width(40, 2000) > 40 * 7 + 90);
  assert.ok(width(1000, 4000) <= 600);
  assert.equal(width(60, 500), least);
  const all = layoutOf(table.columns, 1, {}, () => 0, { letters: 60, room: 900 }).lefts.at(-1)!;
  assert.ok(all <= 900, "the columns still fit");
  const wide = { "metric:loss": 800, "metric:same": 800 };
  assert.ok(width(60, 1400, wide) > least && width(60, 1400, wide) < 400);
  assert.equal(width(60, 2000, { [NAME]: 100 }), 100, "as wide as it was dragged");
});

test("the longest name counts with its badges, and those below it", () => {
  const named = tableOf([{ id: NAME, values: ["a", "bb", "below it"] }], { parents: [-1, -1, 0] });
  const longest = (badges: [string, string[]][] = []) => longestName(nested(named, null), named, new Map(badges));
  assert.ok(longest() >= 8);
  assert.ok(longest([["id1", ["digits@champion"]]]) >= 2 + "digits@champion".length);
  assert.equal(longest([["id1", ["x".repeat(30), "x".repeat(30), "x".repeat(30)]]]), longest([["id1", ["x".repeat(30), "x".repeat(30)]]]));
});

test("the unpinned columns between two places are those that can be seen there", () => {
  const layout = layoutOf(table.columns, 1, Object.fromEntries(table.columns.map(({ id }) => [id, 100])));
  const right = layout.lefts.at(-1)!;
  assert.deepEqual(columnsBetween(layout, 0, right), [1, 5]);
  const next = random(4);
  for (let round = 0; round < 200; round++) {
    const from = next() * right;
    const to = from + next() * (right - from);
    const [first, end] = columnsBetween(layout, from, to);
    for (let at = layout.pinned; at < table.columns.length; at++) {
      const isSeen = layout.lefts[at]! < to && layout.lefts[at + 1]! > from;
      if (isSeen) assert.ok(first <= at && at < end, `${from} ${to} ${at}`);
    }
  }
});

const [, loss, same, lr] = table.columns as [never, (typeof table.columns)[0], (typeof table.columns)[0], (typeof table.columns)[0]];
const by = (column: { id: string }, descending: boolean): Sort => ({ column: column.id, descending });

test("a click orders by a column, the next turns the order, the third takes it away", () => {
  let sort: Sort[] = [];
  sort = clicked(sort, loss, false);
  assert.deepEqual(sort, [by(loss, false)]);
  sort = clicked(sort, loss, false);
  assert.deepEqual(sort, [by(loss, true)]);
  assert.deepEqual(clicked(sort, loss, false), []);
  assert.deepEqual(clicked(sort, lr, false), [by(lr, false)]);
});

test("the better values of a metric come first", () => {
  const best = tableOf([{ id: "metric:acc", goal: "max", values: [1, 2] }]).columns[0]!;
  assert.deepEqual(clicked([], best, false), [by(best, true)]);
  assert.deepEqual(clicked([by(best, true)], best, false), [by(best, false)]);
  assert.deepEqual(clicked([by(best, false)], best, false), []);
});

test("with Shift a column is one more key", () => {
  const two = clicked(clicked([], loss, false), lr, true);
  assert.deepEqual(two, [by(loss, false), by(lr, false)]);
  assert.deepEqual(clicked(two, loss, true), [by(loss, true), by(lr, false)]);
  assert.deepEqual(clicked([by(loss, true), by(lr, false)], loss, true), [by(lr, false)]);
  assert.deepEqual(clicked(two, same, true), [...two, by(same, false)]);
  assert.deepEqual(clicked([by(loss, true), by(lr, false)], loss, false), [by(loss, false)]);
});

test("an order is told in words", () => {
  const label = (id: string) => table.byId.get(id)?.label ?? id;
  assert.equal(described([], label), "Newest first.");
  assert.equal(described([by(loss, true), by(lr, false)], label), "Sorted by loss descending, then lr ascending.");
});

test("a range selects what lies between two lines, from the one to the other, a group with all its runs", () => {
  const lines = flattened(nested(table, null), new Set());
  assert.deepEqual(idsBetween(table, lines, 0, 2), ["id0", "id1", "id2"]);
  assert.deepEqual(idsBetween(table, lines, 2, 1), ["id2", "id1"]);
  assert.deepEqual(idsBetween(table, lines, 1, 1), ["id1"]);
  const groups = flattened(grouped(table, null, "param:lr"), new Set());
  assert.deepEqual(idsBetween(table, groups, 0, 0), ["id0", "id1"]);
});

test("runs are taken out of the selection where all of them are in it, else added once", () => {
  assert.deepEqual(toggled([], ["a", "b"]), ["a", "b"]);
  assert.deepEqual(toggled(["a"], ["a", "b"]), ["a", "b"]);
  assert.deepEqual(toggled(["c", "a", "b"], ["a", "b"]), ["c"]);
  assert.deepEqual(toggled(["a"], []), ["a"]);
});
