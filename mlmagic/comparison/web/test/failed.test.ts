import assert from "node:assert/strict";
import { test } from "node:test";

import { bestOf } from "../src/charts/best.ts";
import { shownOf } from "../src/curves/content.ts";
import { failedIn, failuresIn, isFailedRanked, ranked } from "../src/failed.ts";
import { ordered } from "../src/table/order.ts";
import { scaleOf } from "../src/table/shade.ts";
import { grouped, nested, summaryIn } from "../src/table/tree.ts";
import type { NumberColumn } from "../src/wire.ts";
import { tableOf } from "./tables.ts";

/** Runs of two configurations; one of each ended after its first step, at the lowest loss of all. */
const table = tableOf(
  [
    { id: "run:status", values: ["FINISHED", "FAILED", "FINISHED", "KILLED", "RUNNING"], format: "status" },
    { id: "param:lr", values: ["1", "1", "2", "2", "2"] },
    { id: "metric:loss", goal: "min", values: [0.5, 0.01, 0.3, 0.02, 0.7] },
  ],
  { configurations: [0, 0, 1, 1, 1] },
);
const loss = table.byId.get("metric:loss") as NumberColumn;
const failed = failedIn(table)!;
const ALL = Int32Array.from([0, 1, 2, 3, 4]);

test("failed and killed runs are known, and counted in words", () => {
  assert.deepEqual([...failed], [0, 1, 0, 1, 0]);
  assert.equal(failuresIn(table, [0, 1, 2, 3, 4]), "1 failed, 1 killed");
  assert.equal(failuresIn(table, [0, 2]), "");
  assert.equal(failedIn(tableOf([{ id: "run:status", values: ["FINISHED"] }])), null);
});

test("they are ranked where a person says so, or where the filter or the groups are of the status", () => {
  const view = { failed: false, filter: "", group: "" };
  assert.equal(isFailedRanked(view), false);
  for (const more of [{ failed: true }, { filter: "lr = 1 and status = FAILED" }, { filter: "run.status = FAILED" }, { group: "run:status" }]) {
    assert.equal(isFailedRanked({ ...view, ...more }), true, JSON.stringify(more));
  }
  assert.equal(isFailedRanked({ ...view, filter: "http_status = 3 and note = 'status'" }), false);
});

test("the mean of a group is that of the runs that did not fail", () => {
  const [one, two] = grouped(table, null, "configuration", failed);
  assert.deepEqual([summaryIn(loss, one!)!.mean, summaryIn(loss, one!)!.count], [0.5, 1]);
  assert.deepEqual([summaryIn(loss, two!)!.mean, summaryIn(loss, two!)!.count], [0.5, 2]);
  const [all] = grouped(table, null, "configuration");
  assert.deepEqual([summaryIn(loss, all!)!.mean, summaryIn(loss, all!)!.count], [0.255, 2], "asked for, they count");
});

test("failed runs are last in the order of a metric, either way, and stay in that of a parameter", () => {
  const rows = (column: string, descending: boolean) => ordered(table, nested(table, null, failed), [{ column, descending }]).map(({ row }) => row);
  assert.deepEqual([rows("metric:loss", false), rows("metric:loss", true)], [[2, 0, 4, 1, 3], [4, 0, 2, 1, 3]]);
  assert.deepEqual(rows("param:lr", true), [2, 3, 4, 0, 1]);
});

test("the star, the shade and the best below a chart are those of runs that did not fail", () => {
  assert.equal(scaleOf(loss, ranked(null, failed)).best, 0.3);
  assert.equal(scaleOf(loss, ranked(Uint8Array.from([1, 1, 0, 1, 1]), failed)).best, 0.5);
  assert.deepEqual(bestOf(loss, ALL, null, 2, failed), [2, 0]);
  assert.deepEqual(bestOf(loss, ALL, null, 2), [1, 3]);
});

test("averaged curves leave failed runs out and say so; single ones are drawn as far as they came", () => {
  const shown = shownOf(table, table.ids, "metric:loss", "", true, failed);
  assert.deepEqual(shown.groups.map(({ runs, without }) => [runs, without]), [[["id0"], "1 failed"], [["id2", "id4"], "1 killed"]]);
  assert.deepEqual(shown.unaveraged, ["id1", "id3"]);
  assert.deepEqual(shownOf(table, table.ids, "metric:loss", "", false, failed).runs, table.ids);
  assert.deepEqual(shownOf(table, ["id1"], "metric:loss", "", true, failed).runs, ["id1"], "where all failed they are what there is");
});
