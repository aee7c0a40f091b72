/** Which value of a metric with steps is shown, and what it is compared by. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { valueShown, valuesOf, withValues, type MetricValue } from "../src/metric_value.ts";
import { csv } from "../src/table/csv.ts";
import { match } from "../src/table/filter/match.ts";
import type { NumberColumn } from "../src/wire.ts";
import { tableOf } from "./tables.ts";

const NOTHING = { values: {}, sort: [], metric: "" };
const LOSS = "metric:loss";

function table(goal: "min" | "max" | null = "min") {
  return tableOf([
    { id: "run:name", values: ["a", "b", "c"] },
    { id: LOSS, goal, values: [0.6, 0.5, 0.4], extremes: { lows: [0.2, 0.5, NaN], low_steps: [3, 9, NaN], highs: [0.9, 0.8, NaN], high_steps: [0, NaN, NaN] } },
    { id: "metric:once", goal, values: [1, 2, 3] },
  ]);
}

function shown(value: MetricValue, goal: "min" | "max" | null = "min"): NumberColumn {
  return withValues(table(goal), new Map([[LOSS, value]])).byId.get(LOSS) as NumberColumn;
}

test("a metric without steps has nothing to choose, one without a direction has no best value", () => {
  assert.deepEqual(valuesOf(table().byId.get("metric:once")!), []);
  assert.deepEqual(valuesOf(table().byId.get("run:name")!), []);
  assert.deepEqual(valuesOf(table().byId.get(LOSS)!), ["last", "best", "min", "max"]);
  assert.deepEqual(valuesOf(table(null).byId.get(LOSS)!), ["last", "min", "max"]);
});

test("the best value ranks, the last one is shown otherwise, and what was chosen stays", () => {
  const loss = table().byId.get(LOSS)!;
  const sort = [{ column: LOSS, descending: false }];
  assert.equal(valueShown(loss, NOTHING), "last");
  assert.equal(valueShown(loss, { ...NOTHING, sort }), "best");
  assert.equal(valueShown(loss, { ...NOTHING, metric: LOSS }), "best");
  assert.equal(valueShown(loss, { ...NOTHING, sort, values: { [LOSS]: "last" } }), "last");
  assert.equal(valueShown(table(null).byId.get(LOSS)!, { ...NOTHING, sort }), "last");
  assert.equal(valueShown(loss, { ...NOTHING, values: { [LOSS]: "odd" as MetricValue } }), "last");
});

test("the best one is the lowest or the highest by the direction, the last one where there is no history", () => {
  assert.deepEqual([...shown("best").numbers], [0.2, 0.5, 0.4]);
  assert.deepEqual([...shown("best", "max").numbers], [0.9, 0.8, 0.4]);
  assert.deepEqual([...shown("max").numbers], [0.9, 0.8, 0.4]);
  assert.deepEqual([...shown("min").steps!], [3, 9, NaN]);
  assert.equal(shown("best").title, "loss (best)");
  assert.equal(shown("best").label, "loss");
  assert.equal(shown("last").title, "loss");
});

test("the same column is the same object, and a table without a choice is itself", () => {
  const whole = table();
  const wanted = new Map<string, MetricValue>([[LOSS, "best"]]);
  assert.equal(withValues(whole, wanted).byId.get(LOSS), withValues(whole, wanted).byId.get(LOSS));
  assert.equal(withValues(whole, new Map()), whole);
});

test("a filter compares the last value, as in Python, and a file says which value it has", () => {
  const best = withValues(table(), new Map<string, MetricValue>([[LOSS, "best"]]));
  assert.deepEqual([...match("loss < 0.45", best, []).rows!], [0, 0, 1]);
  assert.equal(csv(best, [0], [best.byId.get(LOSS)!]), "run_id,loss (best)\r\nid0,0.2\r\n");
});
