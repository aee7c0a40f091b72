import assert from "node:assert/strict";
import { test } from "node:test";

import { nameOf, isShared } from "../src/names.ts";
import { exact, isMoment, numberAt, numbersOfWords } from "../src/values.ts";
import { counted, cut, markOf } from "../src/words.ts";
import { copied, has, word, type TextColumn } from "../src/wire.ts";
import { random, tableOf } from "./tables.ts";

test("what is counted is one or several", () => {
  assert.deepEqual([counted(0, "run"), counted(1, "run"), counted(12_345, "run")], ["0 runs", "1 run", "12,345 runs"]);
});

test("a text is cut between characters, not within one", () => {
  assert.equal(cut("short", 10), "short");
  assert.equal(cut("abcdefghij", 10), "abcdefghij");
  assert.equal(cut("abcdefghijk", 10), "abcdefghi…");
  assert.equal(cut("🎉".repeat(10), 10), "🎉".repeat(10));
  assert.equal(cut("🎉".repeat(11), 10), `${"🎉".repeat(9)}…`);
  const next = random(9);
  for (let round = 0; round < 300; round++) {
    const text = Array.from({ length: Math.floor(next() * 30) }, () => (next() < 0.5 ? "a" : "🎉")).join("");
    const most = 2 + Math.floor(next() * 12);
    const shown = cut(text, most);
    assert.ok([...shown].length <= most);
    assert.ok(shown === text || (shown.endsWith("…") && text.startsWith(shown.slice(0, -1))));
    assert.doesNotMatch(shown, /\p{Cs}/u);
  }
});

test("a status has its mark, an unknown one that of a run on its way", () => {
  assert.deepEqual(["FINISHED", "failed", "Killed", "RUNNING", "", "odd"].map(markOf), ["good", "bad", "warn", "live", "live", "live"]);
});

const table = tableOf([
  { id: "run:name", values: ["net", "net", "wide", ""] },
  { id: "metric:loss", values: [0.5, NaN, null, -Infinity] },
  { id: "param:lr", values: ["1e-3", "adam", null, "0.10"] },
  { id: "run:started", format: "moment", values: [0, 1e300, null, 86_400_000] },
]);

test("twins are told apart by their ids, and a run without a name is its id", () => {
  assert.deepEqual(table.ids.map((id) => nameOf(table, id)), ["net (id0)", "net (id1)", "wide", "id3"]);
  assert.equal(nameOf(table, "unknown-and-long"), "unknown-");
  assert.deepEqual([0, 1, 2, 3].map((row) => isShared(table, row)), [true, true, false, false]);
  assert.equal(nameOf(tableOf([{ id: "param:lr", values: ["1"] }]), "id0"), "id0");
});

test("a value is read back without loss, and a missing one is empty", () => {
  const [, loss, lr, started] = table.columns;
  assert.deepEqual([0, 1, 2, 3].map((row) => exact(loss!, row)), ["0.5", "nan", "", "-inf"]);
  assert.deepEqual([0, 1, 2, 3].map((row) => exact(lr!, row)), ["1e-3", "adam", "", "0.10"]);
  assert.deepEqual([0, 1, 2, 3].map((row) => exact(started!, row)), ["1970-01-01T00:00:00.000Z", "", "", "1970-01-02T00:00:00.000Z"]);
  assert.deepEqual([0, 1, 2, 3].map((row) => numberAt(loss!, row)), [0.5, NaN, NaN, -Infinity]);
  assert.deepEqual([0, 1, 2, 3].map((row) => numberAt(lr!, row)), [0.001, NaN, NaN, 0.1]);
  assert.deepEqual([...numbersOfWords(lr as TextColumn)], [0.001, NaN, 0.1]);
  assert.deepEqual([0, 1, 2, 3].map((row) => has(loss!, row)), [true, true, false, true]);
  assert.deepEqual([0, 2].map((row) => word(lr as TextColumn, row)), ["1e-3", null]);
});

test("days of the calendar end 100 million days from 1970", () => {
  assert.deepEqual([0, 8.64e15, -8.64e15, 8.64e15 + 1, Infinity].map(isMoment), [true, true, true, false, false]);
  assert.equal(isMoment(NaN), false);
});

test("bytes that begin anywhere in a buffer are read as they are", () => {
  const buffer = new ArrayBuffer(19);
  new DataView(buffer).setFloat64(3, 0.5, true);
  new DataView(buffer).setFloat64(11, -2, true);
  assert.deepEqual([...new Float64Array(copied(new DataView(buffer, 3, 16)))], [0.5, -2]);
});
