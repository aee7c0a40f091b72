import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { Histories } from "../src/curves/histories.ts";
import { Kernel } from "../src/kernel.ts";
import { Answers } from "../src/saved/answers.ts";
import { inflated, pointsOf, tableOf as unpacked, type SavedData } from "../src/saved/data.ts";
import { differenceOf } from "../src/saved/difference.ts";
import { SavedModel } from "../src/saved/model.ts";
import type { SentTable } from "../src/wire.ts";
import { tableOf } from "./tables.ts";

Object.assign(globalThis, { window: globalThis });

const SENT = {
  ids: ["a", "b"],
  parents: { bytes: [0, 8] },
  configurations: { bytes: [0, 8] },
  columns: [{ id: "metric:loss", kind: "metric", label: "loss", format: "number", goal: "min", differs: true, numbers: { bytes: [8, 16] } }],
  title: "</script> ü 漢",
  total: null,
  notice: null,
  ui: null,
  experiments: [],
};
const BYTES = new Uint8Array([...new Uint8Array(Int32Array.of(-1, -1).buffer), ...new Uint8Array(Float64Array.of(0.5, NaN).buffer)]);
const CURVES: SavedData["curves"] = { runs: ["a"], metrics: ["loss"], series: [[0, 0, 3, 3]], left_out: [], problem: "" };

/** The bytes of numbers, ordered by significance as Python writes them. */
function ordered(...numbers: number[]): Uint8Array {
  const bytes = new Uint8Array(Float64Array.from(numbers).buffer);
  return Uint8Array.from(bytes, (_, at) => bytes[8 * (at % numbers.length) + Math.floor(at / numbers.length)]!);
}

const POINTS = ordered(0, 1, 2, 1000, 3000, 2000, 0.5, NaN, Infinity);

function answers(curves = CURVES): Answers {
  return new Answers(unpacked(SENT, BYTES), curves, async () => POINTS);
}

function page(curves = CURVES): SavedModel {
  return new SavedModel({ table: unpacked(SENT, BYTES), view: {}, selected: [] } as never, answers(curves));
}

test("what Python compressed is read as it was, whatever its bytes", async () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7) % 256);
  assert.deepEqual(await inflated(`\n${deflateSync(bytes).toString("base64")} `), bytes);
  assert.deepEqual([...pointsOf(POINTS).values], [0.5, NaN, Infinity]);
  assert.deepEqual([...pointsOf(POINTS).steps], [0, 1, 2]);
  assert.equal(pointsOf(new Uint8Array()).steps.length, 0);
});

test("the table is as the kernel sends it", () => {
  const table = unpacked(SENT, BYTES) as SentTable;
  assert.equal(table.title, "</script> ü 漢");
  assert.equal(table.columns[0]!.numbers!.getFloat64(0, true), 0.5);
  assert.equal(table.parents.getInt32(4, true), -1);
});

test("the page answers for the kernel: histories, in the order of steps or times, whole or a part", async () => {
  const kernel = new Kernel(page());
  const histories = new Histories((kind, content) => kernel.ask(kind, content), () => 1000);
  const pair = { run: "a", metric: "loss" };
  histories.want([pair], { by: "step", window: null });
  while (histories.waiting.value) await new Promise((done) => setImmediate(done));
  const found = histories.get(pair, { by: "step", window: null })!;
  assert.deepEqual([found.count, found.exact, [...found.values]], [3, true, [0.5, NaN, Infinity]]);
  const by = async (content: Record<string, unknown>) => {
    const { content: told, buffers } = await kernel.ask("histories", { runs: ["a"], metrics: ["loss", "none"], points: 9, ...content });
    return [(told.series as { count: number }[])[0]?.count, ...buffers.slice(0, 1).map((one) => [...new Float64Array(one.buffer as ArrayBuffer)])];
  };
  assert.deepEqual(await by({ by: "time", between: null }), [3, [0, 2, 1]]);
  assert.deepEqual(await by({ by: "time", between: [0, 1], origins: [1000] }), [2, [0, 2]]);
  assert.deepEqual(await by({ by: "step", between: [1, 9] }), [2, [1, 2]]);
  assert.deepEqual(await by({ by: "step", between: [5, 9] }), [undefined]);
  kernel.destroy();
});

test("a thinned curve says how long it is in the store", async () => {
  const { content } = await answers({ ...CURVES, series: [[0, 0, 5000, 3]] }).to("histories", { runs: ["a"], metrics: ["loss"], by: "step", between: null });
  const [one] = content.series as { count: number; exact: boolean }[];
  assert.deepEqual([one!.count, one!.exact], [5000, false]);
});

test("a run without curves says why", async () => {
  const asked = { runs: ["a", "b"], metrics: ["loss"], by: "step", between: null };
  assert.deepEqual((await answers().to("histories", asked)).content.problems, [{ run: "b", text: "Its curves are not in this page: it has those of the best 1 run." }]);
  const away = { ...CURVES, runs: [], metrics: [], series: [], problem: "The store is away." };
  assert.match(JSON.stringify((await answers(away).to("histories", asked)).content.problems), /could not be read when it was saved/);
});

test("what needs a kernel says so in a sentence, and a page that is broken too", async () => {
  const kernel = new Kernel(page());
  await assert.rejects(kernel.ask("figure", { run: "a", path: "x.png" }), { message: "This is not in a saved page. Compare the runs in a notebook to see it." });
  const broken = new Kernel(new SavedModel({} as never, new Answers(unpacked(SENT, BYTES), CURVES, async () => Promise.reject(new Error("cut off")))));
  await assert.rejects(broken.ask("histories", { runs: ["a"], metrics: ["loss"], by: "step", between: null }), /The page could not be read: Error: cut off/);
});

test("the model keeps what is set, and tells who listens", () => {
  const model = page();
  const heard: unknown[] = [];
  const handler = () => heard.push(model.get("selected"));
  model.on("change:selected", handler);
  model.set("selected", ["a"]);
  model.save_changes();
  model.off("change:selected", handler);
  model.set("selected", []);
  assert.deepEqual(heard, [["a"]]);
});

const TABLE = tableOf([
  { id: "run:name", values: ["first", "second", "third"] },
  { id: "run:status", format: "status", values: ["FINISHED", "FAILED", "FINISHED"] },
  { id: "metric:loss", goal: "min", values: [0.3, 0.1, NaN] },
  { id: "metric:accuracy", goal: "max", values: [0.5, 0.5, 0.5] },
  { id: "metric:rare", values: [null, 1, null] },
  { id: "param:lr", values: ["0.1", "0.1", null] },
  { id: "param:note", values: ["a\nb", "a\nb", "a\nb"] },
  { id: "data:train", values: ["d1", "d2", "d1"] },
  { id: "tag:mlflow.source.git.commit", label: "git commit", values: ["x", "y", "z"] },
]);

test("differences are of what the table has: metrics, parameters, data and tags", () => {
  const { runs, sections, notices } = differenceOf(TABLE, ["id0", "id1", "id2"]);
  assert.deepEqual(runs.map(({ letter, name, status }) => [letter, name.text, status]), [["A", "first", "finished"], ["B", "second", "failed"], ["C", "third", "finished"]]);
  assert.deepEqual(sections.map(({ title, told, differs }) => [title, told, differs]), [
    ["Metrics", "2 of 3 differ", true],
    ["Parameters", "1 of 2 differs", true],
    ["Data", "1 of 1 differs", true],
    ["Tags", "not recorded", null],
    ...["Code", "Figures", "Git", "Environment"].map((title) => [title, "not in a saved page", null]),
  ]);
  const [loss, rare] = sections[0]!.rows;
  assert.deepEqual(loss!.values.map(({ lines, remark, is_best }) => [lines[0]!.text, remark, is_best]), [["0.3000", "", false], ["0.1000", "-0.2 (-66.7%)", true], ["nan", "was 0.3", false]]);
  assert.deepEqual([loss!.which, sections[1]!.rows[0]!.which], ["last", ""], "the label says which values of a metric are compared");
  assert.deepEqual(rare!.values.map(({ lines }) => lines[0]!.text), ["–", "1", "–"]);
  assert.deepEqual(sections[1]!.rows[0]!.values.map(({ lines, is_base }) => [lines[0]!.text, is_base]), [["0.1", false], ["0.1", true], ["–", false]]);
  assert.deepEqual(sections[1]!.equal.map((pair) => pair.map(({ text }) => text)), [["note", "a b"]]);
  assert.deepEqual(notices, []);
});

test("runs that are equal, or are not there, differ in nothing", () => {
  assert.deepEqual(differenceOf(TABLE, ["id0", "gone"]).runs.length, 1);
  const same = differenceOf(TABLE, ["id0", "id0"]).sections.filter(({ differs }) => differs !== null);
  assert.ok(same.length > 0 && same.every(({ differs }) => differs === false));
});
