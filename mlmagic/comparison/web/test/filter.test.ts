import assert from "node:assert/strict";
import { test } from "node:test";

import { match } from "../src/table/filter/match.ts";
import { suggest } from "../src/table/filter/suggest.ts";
import type { Format, TextColumn } from "../src/wire.ts";
import cases from "./filters.json" with { type: "json" };
import { random, tableOf } from "./tables.ts";

const isNoNumber = (value: unknown): boolean => value === "nan" || value === "inf" || value === "-inf";
const table = tableOf(
  cases.columns.map(({ id, label, format, values }) => ({
    id,
    ...(label === undefined ? {} : { label }),
    ...(format === undefined ? {} : { format: format as Format }),
    values: values.map((value) => (format === "moment" && value !== null ? new Date(value).getTime() : format === "number" && isNoNumber(value) ? Number(String(value).replace("inf", "Infinity")) : value)),
  })),
);
const searched = table.columns.filter((column): column is TextColumn => column.type === "text");

function found(text: string): number[] {
  const { rows, problem } = match(text, table, searched);
  assert.equal(problem, null, `${text}: ${problem?.message}`);
  return table.ids.flatMap((_, row) => (rows === null || rows[row] ? [row] : []));
}

const ACCEPTED = cases.accepted as [string, number[]][];
for (const [text, rows] of ACCEPTED) test(`keeps ${JSON.stringify(rows)}: ${text}`, () => assert.deepEqual(found(text), rows));

for (const [text, message, where] of cases.refused as [string, string, string][]) {
  test(`tells what is wrong and where: ${text}`, () => {
    const { rows, problem } = match(text, table, searched);
    assert.equal(rows, null);
    assert.equal(problem!.message, message);
    assert.equal(text.slice(problem!.start, problem!.end), where);
  });
}

const PIECES = ["val_loss", "<", ">=", "0.2", "and", "or", "not", "(", ")", "optimizer", "=", "adam", "'a b'", "`val loss`", "in", "is", "missing", "~", "!", ",", "'", '"', "`", "&", "<b>", "🎉", "=>", "nan", "tags.", "metrics.val_loss", "%", "like", "\u202e", "", "()", "is not missing"];

test("no filter throws, and each problem lies within the text", () => {
  const next = random(11);
  let problems = 0;
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: Math.floor(next() * 9) }, () => PIECES[Math.floor(next() * PIECES.length)]).join(next() < 0.8 ? " " : "");
    const { problem } = match(text, table, searched);
    suggest(text, Math.floor(next() * (text.length + 1)), table);
    if (!problem) continue;
    problems++;
    assert.ok(0 <= problem.start && problem.start < problem.end && problem.end <= text.length, text);
    assert.ok(problem.message.length > 10);
  }
  assert.ok(problems > 1000);
});

test("`and` is the intersection, `or` the union, `not` the rest", () => {
  const simple = ACCEPTED.map(([text]) => text).filter((text) => text.trim() && !/\b(and|or)\b/i.test(text));
  const next = random(5);
  for (let round = 0; round < 500; round++) {
    const [a, b] = [0, 0].map(() => simple[Math.floor(next() * simple.length)]!) as [string, string];
    const [inA, inB] = [new Set(found(a)), new Set(found(b))];
    assert.deepEqual(new Set(found(`(${a}) and (${b})`)), new Set([...inA].filter((row) => inB.has(row))), `${a} | ${b}`);
    assert.deepEqual(new Set(found(`(${a}) or (${b})`)), new Set([...inA, ...inB]));
    assert.deepEqual(found(`not (${a})`), [0, 1, 2, 3, 4].filter((row) => !inA.has(row)));
  }
});

test("a quoted word is looked for, whatever columns are called", () => {
  assert.deepEqual(found("'val'"), []);
  assert.deepEqual(found("xyz"), []);
});

test("deep nesting is a problem, not an overflow", () => {
  assert.match(match("(".repeat(20_000), table, searched).problem!.message, /nested too deeply/);
});

test("names and words are completed", () => {
  const options = (text: string) => suggest(text, text.length, table)?.options.map((option) => option.text);
  assert.deepEqual(options("opt"), ["optimizer"]);
  assert.deepEqual(options("val"), ["val_loss", "`val loss`", "`valid set`"]);
  assert.deepEqual(options("tw"), ["metric.twin", "param.twin"]);
  assert.deepEqual(options("param.tw"), ["param.twin"]);
  assert.deepEqual(options("val_loss < 1 and depth"), ["model.depth"]);
  assert.deepEqual(options("optimizer = a"), ["adam", "'adam w'"]);
  assert.deepEqual(options("status ="), ["FINISHED", "FAILED", "RUNNING", "KILLED"]);
  assert.deepEqual(options("team = r"), ["red"]);
  assert.equal(options("optimizer = adam and "), undefined);
});

test("a word with a million characters is looked through", () => {
  const long = tableOf([{ id: "param:text", values: ["x".repeat(1_000_000), "y"] }]);
  const { rows } = match("y", long, long.columns as TextColumn[]);
  assert.deepEqual([...rows!], [0, 1]);
});

test("a hostile filter takes no time", () => {
  const start = performance.now();
  const long = tableOf([{ id: "param:text", values: [`${"1".repeat(1_000_000)}x`, "a".repeat(100_000)] }]);
  const texts = ["a ".repeat(20_000), `${"a ".repeat(20_000)}= 1`, "a = b (".repeat(5000), `a = b ${"(c ".repeat(20_000)}`, `text like '${"%a".repeat(50)}%b'`, `text = ${"1".repeat(100_000)}x`, `duration > ${"1".repeat(100_000)}x`];
  for (const text of texts) match(text, long, long.columns as TextColumn[]);
  assert.ok(performance.now() - start < 5000);
});
