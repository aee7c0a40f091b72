import assert from "node:assert/strict";
import { test } from "node:test";

import { valueText } from "../src/charts/axis.ts";
import { axesOf, mainMetric, offeredColumns } from "../src/charts/columns.ts";
import { shownOf } from "../src/curves/content.ts";
import { withValues } from "../src/metric_value.ts";
import { NAME, shownColumns } from "../src/table/columns.ts";
import { match } from "../src/table/filter/match.ts";
import { intervalAt, type NumberColumn } from "../src/wire.ts";
import { tableOf } from "./tables.ts";

const table = tableOf([
  { id: NAME, values: ["a", "b", "c"] },
  { id: "metric:accuracy_low", values: [0.88, 0.8, null] },
  { id: "metric:accuracy", goal: "max", values: [0.91, 0.9, 0.7], ends: ["metric:accuracy_low", "metric:accuracy_high"], extremes: { lows: [0.1, 0.9, 0.7], low_steps: [0, 1, 0], highs: [0.95, 0.9, 0.7], high_steps: [1, 1, 0] } },
  { id: "metric:accuracy_high", values: [0.93, 0.95, null] },
]);
const accuracy = table.byId.get("metric:accuracy") as NumberColumn;

test("a metric with an interval is one column, in the table, the charts and the curves", () => {
  const ids = ["run:name", "metric:accuracy"];
  assert.deepEqual(table.columns.map(({ id }) => id), ids);
  assert.deepEqual(shownColumns(table, { hidden: new Set(), pinned: [], differing: false, rows: null }).columns.map(({ id }) => id), ids);
  assert.deepEqual(offeredColumns(table).map(({ id }) => id), ["metric:accuracy"]);
  assert.equal(mainMetric(table, "")?.id, "metric:accuracy");
  assert.deepEqual(axesOf(table, Int32Array.from([0, 1, 2]), [], mainMetric(table, "")).map(({ id }) => id), ["metric:accuracy"]);
  assert.deepEqual(shownOf(table, table.ids, "", "", false).offered, ["accuracy"]);
});

test("the interval stands beside the value of a run that has one", () => {
  assert.deepEqual([0, 1, 2].map((row) => intervalAt(accuracy, row)), [[0.88, 0.93], [0.8, 0.95], null]);
  assert.deepEqual([0, 2].map((row) => valueText(accuracy, row)), ["0.91 [0.88, 0.93]", "0.7"]);
});

test("it is that of the last value: beside another one there is none", () => {
  const best = withValues(table, new Map([["metric:accuracy", "best"]]));
  const column = best.byId.get("metric:accuracy") as NumberColumn;
  assert.deepEqual([0, 1].map((row) => intervalAt(column, row)), [null, [0.8, 0.95]]);
  assert.ok(best.byId.has("metric:accuracy_low"));
});

test("a filter may still name a bound", () => {
  assert.deepEqual([...match("accuracy_low > 0.85", table, []).rows!], [1, 0, 0]);
});

test("a bound without its other one is a metric as any", () => {
  const alone = tableOf([{ id: "metric:day_low", values: [1, 2] }]);
  assert.deepEqual(alone.columns.map(({ id }) => id), ["metric:day_low"]);
});
