import assert from "node:assert/strict";
import { test } from "node:test";

import { codeOfRun, codeOfRuns, codeOfView } from "../src/code.ts";
import { frameAt, stepsOf, type Series } from "../src/figures/series.ts";
import { plainLines } from "../src/page/lists.ts";
import { sizeOf } from "../src/page/sections.ts";
import { pathOf } from "../src/page/sparkline.ts";
import { NEW_VIEW } from "../src/state.ts";
import { archivedIn, asksForArchived, without } from "../src/table/archived.ts";
import { withNested } from "../src/table/tree.ts";
import { uiAddress } from "../src/wire.ts";
import { tableOf } from "./tables.ts";

const yes = "true";

test("archived runs are hidden with those below them", () => {
  const table = tableOf([{ id: "tag:mlmagic.archived", values: [yes, null, null, "false", null] }], { parents: [-1, 0, 1, -1, -1] });
  assert.deepEqual([...archivedIn(table)!], [1, 1, 1, 0, 0]);
  assert.deepEqual(without(null, archivedIn(table), 5), { rows: Uint8Array.from([0, 0, 0, 1, 1]), hidden: 3 });
  assert.deepEqual(without(Uint8Array.from([1, 0, 0, 1, 0]), archivedIn(table), 5), { rows: Uint8Array.from([0, 0, 0, 1, 0]), hidden: 1 });
});

test("without archived runs nothing is counted", () => {
  const table = tableOf([{ id: "tag:mlmagic.archived", values: ["false", null] }]);
  assert.equal(archivedIn(table), null);
  assert.equal(archivedIn(tableOf([{ id: "param:lr", values: ["1"] }])), null);
  assert.deepEqual(without(null, null, 2), { rows: null, hidden: 0 });
});

test("a filter that names the tag sees archived runs", () => {
  for (const filter of ["archived = true", "lr > 1 and archived is missing", "not (mlmagic.archived = true)", "tags.`mlmagic.archived` = 'true'", "Archived = true"]) assert.ok(asksForArchived(filter), filter);
  for (const filter of ["", "loss < 1", "name = 'archived run'", "unarchived = 1"]) assert.ok(!asksForArchived(filter), filter);
});

test("runs are taken with all that lie below them, each once", () => {
  const table = tableOf([{ id: "run:name", values: ["a", "b", "c", "d"] }], { parents: [-1, 0, 1, -1] });
  assert.deepEqual(withNested(table, ["id0", "id1"]), ["id0", "id1", "id2"]);
  assert.deepEqual(withNested(table, ["id3", "gone"]), ["id3"]);
  const circle = tableOf([{ id: "run:name", values: ["a", "b"] }], { parents: [1, 0] });
  assert.equal(withNested(circle, ["id0"]).includes("id0"), true);
});

test("code of runs names them by their ids, and no name leaves its comment", () => {
  assert.equal(codeOfRun("ab", "forest\nimport os"), 'import mlmagic\n\nrun = mlmagic.Run.find("ab")  # forest import os\nrun.params, run.metrics, run.tags\n');
  const table = tableOf([{ id: "run:name", values: ["net\n1", "net 2"] }, { id: "metric:loss", values: [1, 2], goal: "min" }]);
  assert.equal(codeOfRuns(table, NEW_VIEW, ["id1"]), codeOfRun("id1", "net 2"));
  const both = (more: string) => `import mlmagic\n\nmlmagic.compare(\n    [\n        "id0",  # net 1\n        "id1",  # net 2\n    ],\n${more})\n`;
  assert.equal(codeOfRuns(table, NEW_VIEW, table.ids), both(""));
  const view = { ...NEW_VIEW, metric: "metric:loss", group: "configuration" };
  assert.equal(codeOfRuns(table, view, table.ids), both('    metric="loss",\n    group_by="seed",\n'));
});

test("code of what is shown has the filters, the metric that orders and the groups", () => {
  const plain = tableOf([{ id: "metric:val loss", values: [1, 2] }, { id: "metric:size", values: [1, 2] }, { id: "param:lr", values: ["1", "2"] }]);
  const table = { ...plain, query: { experiment: "my churn", filter: "lr > 0" } };
  const view = { ...NEW_VIEW, filter: "depth = 3" };
  assert.equal(codeOfView(table, view, []), '%compare (lr > 0) and (depth = 3) -e "my churn"\n');
  assert.equal(codeOfView(table, { ...view, filter: "" }, []), '%compare lr > 0 -e "my churn"\n');
  const sorted = { ...view, filter: "", sort: [{ column: "metric:size", descending: false }], group: "param:lr" };
  assert.equal(codeOfView(table, sorted, []), '%compare lr > 0 -e "my churn" --metric "size min" --group-by lr\n');
  assert.equal(codeOfView(table, { ...view, filter: "name = '{x}'", group: "configuration" }, []), "%compare (lr > 0) and (name = '{{x}}') -e \"my churn\" --group-by seed\n");
});

test("where no filter in Python means the same the runs are named", () => {
  const table = tableOf([{ id: "run:name", values: ["a", "b"] }]);
  assert.equal(codeOfView(table, NEW_VIEW, ["id0", "id1"]), codeOfRuns(table, NEW_VIEW, ["id0", "id1"]));
  const found = { ...table, query: { experiment: "Default", filter: "" } };
  assert.match(codeOfView(found, { ...NEW_VIEW, filter: "forest" }, ["id1"]), /find\("id1"\)/);
  assert.equal(codeOfView(found, NEW_VIEW, ["id1"]), "%compare -e Default\n");
});

const series: Series = { name: "loss", media_type: "image/png", unit: "step", runs: [[{ at: 0, path: "a" }, { at: 10, path: "b" }], [{ at: 5, path: "c" }], []] };

test("a slider goes over the steps of all runs, and each shows its last one up to there", () => {
  assert.deepEqual(stepsOf(series), [0, 5, 10]);
  const at = (step: number) => series.runs.map((frames) => frameAt(frames, step)?.path ?? null);
  assert.deepEqual(at(0), ["a", "c", null]);
  assert.deepEqual(at(7), ["a", "c", null]);
  assert.deepEqual(at(10), ["b", "c", null]);
  assert.deepEqual(at(Infinity), ["b", "c", null]);
});

test("a small curve fills its picture, and has a gap where a value is not finite", () => {
  assert.equal(pathOf(Float64Array.from([0, 1]), Float64Array.from([0, 1])), "M2.0 20.0L108.0 2.0");
  assert.equal(pathOf(Float64Array.from([0, 1, 2]), Float64Array.from([1, NaN, 1])), "M2.0 11.0M108.0 11.0");
  assert.equal(pathOf(new Float64Array(), new Float64Array()), "");
});

test("code and output keep their lines and tabs, and lose what a terminal would obey", () => {
  assert.equal(plainLines("a\n\tb\r\nc\rd"), "a\n\tb\nc\nd");
  assert.equal(plainLines("\u001b[31mred\u001b[0m"), "red");
  assert.equal(plainLines("x = 1 \u202e# evil"), "x = 1 \ufffd# evil");
});

test("sizes are written as people say them", () => {
  assert.deepEqual([0, 999, 1000, 12_345, 50_000_000, 2e15].map(sizeOf), ["0 B", "999 B", "1.0 kB", "12 kB", "50 MB", "2000 TB"]);
});

test("only pages of the web are linked", () => {
  const table = tableOf([{ id: "run:name", values: ["a"] }]);
  assert.equal(uiAddress({ ...table, ui: "javascript:alert(1)", experiments: ["1"] }, 0), null);
  assert.equal(uiAddress({ ...table, ui: "https://x", experiments: ["1/2"] }, 0), "https://x/#/experiments/1%2F2/runs/id0");
  assert.equal(uiAddress(table, 0), null);
});
