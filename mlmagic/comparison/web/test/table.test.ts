import assert from "node:assert/strict";
import { test } from "node:test";

import { csv, fileName } from "../src/table/csv.ts";
import { scaleOf, SHADES } from "../src/table/shade.ts";
import { sectionOf, shortLabel } from "../src/table/labels.ts";
import { summaryOf } from "../src/table/statistics.ts";
import { readsAs } from "../src/values.ts";
import type { Goal, NumberColumn } from "../src/wire.ts";
import { tableOf } from "./tables.ts";

function scale(values: (number | null)[], goal: Goal, shown: Uint8Array | null = null) {
  return scaleOf(tableOf([{ id: "metric:a", goal, values }]).columns[0] as NumberColumn, shown);
}

test("the best is the strongest, by the direction of the metric", () => {
  for (const [goal, best] of [["min", 1], ["max", 5]] as const) {
    const { best: found, level } = scale([1, 2, 3, 4, 5, NaN, null], goal);
    assert.equal(found, best);
    assert.equal(level(best), SHADES);
    assert.equal(level(6 - best), 0);
    assert.equal(level(NaN), 0);
  }
});

test("without a direction, or where all are alike, nothing is best", () => {
  assert.equal(scale([1, 2], null).best, null);
  assert.equal(scale([2, 2], "min").best, null);
  assert.equal(scale([null, NaN], "min").best, null);
});

test("a run that diverged does not flatten the others", () => {
  const { level } = scale([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1e9, Infinity], "min");
  assert.equal(level(1e9), 0);
  assert.ok(level(0.3) > level(0.7));
});

test("only what is in sight counts", () => {
  assert.equal(scale([1, 2, 3], "min", Uint8Array.from([0, 1, 1])).best, 2);
});

test("a single value has a mean and no error", () => {
  assert.equal(summaryOf([]), null);
  assert.deepEqual([summaryOf([2])!.mean, summaryOf([2])!.error], [2, NaN]);
});

test("words read as numbers as in Python", () => {
  assert.deepEqual(["1e-3", " .5 ", "1.", "-INF", "1_000", "0x10", "", "adam", "1e", "infinity"].map(readsAs), [0.001, 0.5, 1, -Infinity, null, null, null, null, null, Infinity]);
  assert.ok(Number.isNaN(readsAs("NaN")));
});

test("a file of values is exact, quoted, and runs no formula", () => {
  const table = tableOf([
    { id: "run:name", values: ['say "hi", all', "=HYPERLINK(1)", "line\nbreak", "-1"] },
    { id: "run:started", format: "moment", values: [0, null, 1e300, 86_400_000] },
    { id: "metric:loss", values: [0.1 + 0.2, NaN, -Infinity, null] },
    { id: "param:loss", values: ["-0.5", "@cmd", "+1 and more", "ok"] },
  ]);
  assert.equal(
    csv(table, [3, 1, 0, 2], table.columns),
    "run_id,name,started,metric.loss,param.loss\r\n" +
      "id3,-1,1970-01-02T00:00:00.000Z,,ok\r\n" +
      "id1,'=HYPERLINK(1),,nan,'@cmd\r\n" +
      'id0,"say ""hi"", all",1970-01-01T00:00:00.000Z,0.30000000000000004,-0.5\r\n' +
      "id2,\"line\nbreak\",,-inf,'+1 and more\r\n",
  );
});

test("the file has a name that any system takes", () => {
  assert.equal(fileName("experiment ../../<digits>: 漢"), "experiment-digits-漢.csv");
  assert.equal(fileName("///"), "runs.csv");
});

test("a dotted name is told by its last part, unless that says nothing", () => {
  assert.deepEqual(["lr", "model.depth", "optimizer.name", "data.loader.type", "name"].map(shortLabel), ["lr", "depth", "optimizer", "loader", "name"]);
  assert.deepEqual(["lr", "model.depth", "optimizer.name", "a sentence. And more"].map(sectionOf), [0, 6, 0, 0]);
});
