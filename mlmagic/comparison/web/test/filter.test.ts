import assert from "node:assert/strict";
import { test } from "node:test";

import { match } from "../src/table/filter/match.ts";
import { suggest } from "../src/table/filter/suggest.ts";
import type { TextColumn } from "../src/wire.ts";
import { random, tableOf } from "./tables.ts";

const table = tableOf([
  { id: "run:name", values: ["first try", "second", "שלום", "<b>bold</b>", "AND more"] },
  { id: "run:status", format: "status", values: ["FINISHED", "FAILED", "FINISHED", "RUNNING", "KILLED"] },
  { id: "run:duration", format: "duration", values: [30, 90, 600, null, 7200] },
  { id: "run:started", format: "moment", values: [1, 2, 3, 4, 5].map((day) => new Date(2026, 0, day, 12).getTime()) },
  { id: "metric:val_loss", values: [0.1, 0.2, 0.3, NaN, null] },
  { id: "metric:val loss", values: [1, 2, 3, 4, 5] },
  { id: "metric:twin", values: [1, 2, 3, 4, 5] },
  { id: "param:twin", values: ["1", "b", "3", "4", "5"] },
  { id: "param:optimizer", values: ["adam", "SGD", "adam w", null, "o'neil"] },
  { id: "param:lr", values: ["0.1", "0.10", "1e-3", "auto", null] },
  { id: "param:model.depth", values: ["3", "4", "5", null, null] },
  { id: "param:run.seed", values: ["1", "2", null, null, null] },
  { id: "tag:team", values: ["red", "red", "blue", null, "in"] },
  { id: "tag:mlflow.user", label: "user", values: ["ann", "bob", "ann", "bob", "eve"] },
]);
const searched = table.columns.filter((column): column is TextColumn => column.type === "text");

function found(text: string): number[] {
  const { rows, problem } = match(text, table, searched);
  assert.equal(problem, null, `${text}: ${problem?.message}`);
  return table.ids.flatMap((_, row) => (rows === null || rows[row] ? [row] : []));
}

const EXAMPLES: [string, number[]][] = [
  ["", [0, 1, 2, 3, 4]],
  ["   ", [0, 1, 2, 3, 4]],
  ["val_loss < 0.2", [0]],
  ["val_loss<=0.2", [0, 1]],
  ["VAL_LOSS >= 2e-1", [1, 2]],
  ["val_loss = nan", [3]],
  ["val_loss != nan", [0, 1, 2]],
  ["val_loss is missing", [4]],
  ["val_loss is not missing", [0, 1, 2, 3]],
  ["val_loss is null", [4]],
  ["not val_loss < 0.2", [1, 2, 3, 4]],
  ["val loss > 3", [3, 4]],
  ["`val loss` > 3 and metrics.`val loss` < 5", [3]],
  ["optimizer = adam", [0]],
  ["optimizer = 'adam w'", [2]],
  ["optimizer = adam w", [2]],
  ["optimizer == sgd", [1]],
  ["optimizer != adam", [1, 2, 4]],
  ["optimizer ~ ada", [0, 2]],
  ["optimizer !~ ada", [1, 4]],
  ["optimizer like 'adam%'", [0, 2]],
  ["optimizer ilike 'sg_'", [1]],
  ["optimizer like 'sg_'", []],
  ['optimizer = "o\'neil"', [4]],
  ["optimizer in (adam, SGD)", [0, 1]],
  ["optimizer not in (adam, 'adam w')", [1, 4]],
  ["lr = 0.1", [0, 1]],
  ["lr = '0.1'", [0]],
  ["lr < 0.05", [2]],
  ["lr in (0.1, auto)", [0, 1, 3]],
  ["lr != 0.1", [2, 3]],
  ["model.depth > 3", [1, 2]],
  ["params.model.depth > 3", [1, 2]],
  ["run.seed = 2", [1]],
  ["metric.twin > 3", [3, 4]],
  ["param.twin > 3", [3, 4]],
  ["twin = b", [1]],
  ["tag.team = red", [0, 1]],
  ["tags.mlflow.user = ann", [0, 2]],
  ["user = ann", [0, 2]],
  ["duration > 60", [1, 2, 4]],
  ["duration > 5 min", [2, 4]],
  ["duration > 1.5h", [4]],
  ["status = failed", [1]],
  ["attributes.status = FINISHED", [0, 2]],
  ["status in (failed, killed)", [1, 4]],
  ["run_name = second", [1]],
  ["started > 2026-01-03", [2, 3, 4]],
  ["started < '2026-01-02 13:00'", [0, 1]],
  ["try", [0]],
  ["TRY FIRST", [0]],
  ["'first try'", [0]],
  ["'<b>'", [3]],
  ["שלום", [2]],
  ["ann val_loss > 0.1", [2]],
  ["val_loss < 0.2 or val_loss > 0.2", [0, 2]],
  ["val_loss < 0.2 or val_loss > 0.2 and status = failed", [0]],
  ["(val_loss < 0.2 or val_loss > 0.2) and not (optimizer = adam)", [2]],
  ["NOT status = FINISHED AND duration > 60", [1, 4]],
  ["team = in", [4]],
  ["'and'", [4]],
];

for (const [text, rows] of EXAMPLES) test(`keeps ${JSON.stringify(rows)}: ${text}`, () => assert.deepEqual(found(text), rows));

const WRONG: [string, RegExp, string][] = [
  ["val_los < 1", /No run has a metric, param or tag 'val_los'\. Did you mean 'val_loss'\?/, "val_los"],
  ["metric.optimizer = 1", /No run has a metric 'optimizer'.* There are val_loss/, "metric.optimizer"],
  ["val_loss <", /A value is missing after <\. For example: val_loss < 0\.2/, "<"],
  ["val_loss => 1", /=> is not an operator\. Did you mean >=\?/, "=>"],
  ["< 3", /Name what < compares/, "<"],
  ["(val_loss < 1", /This \( is not closed/, "("],
  ["val_loss < 1)", /This \) has no \( before it/, ")"],
  ["val_loss < 1 and", /A condition is missing after and/, "and"],
  ["or try", /A condition is missing before it/, "or"],
  ["optimizer = 'ada", /The quote ' is not closed/, "'ada"],
  ["val_loss < fast", /'val_loss' is a metric: compare it with a number, not 'fast'/, " < fast"],
  ["val_loss ~ 1", /'val_loss' is a metric: compare it by =, !=, <, <=, >, >=, not ~/, " ~ 1"],
  ["optimizer < adam", /'optimizer' is text: < compares it with a number, not 'adam'/, " < adam"],
  ["twin > 3", /'twin' is a metric and a param: write metric\.twin or param\.twin/, "twin"],
  ["status = finishd", /'finishd' is not a status\. Did you mean 'FINISHED'\?/, " = finishd"],
  ["duration > long", /A duration is compared with seconds/, " > long"],
  ["started > soon", /'started' is compared with a date, not 'soon'/, " > soon"],
  ["optimizer in ()", /The list is empty/, "()"],
  ["optimizer in (adam", /This \( is not closed/, "("],
  ["lr = (0.1, 0.2)", /A list is for in: lr in \(a, b\)/, "("],
  ["0.1 < val_loss < 0.3", /No run has a metric, param or tag '0\.1'|Two comparisons/, "<"],
  ["val", /No run has the word 'val'\. For a condition an operator follows: val_loss < 0\.2/, "val"],
  ["first optimi", /For a condition an operator follows: optimizer = adam/, "optimi"],
  ["val_loss < 1 & lr = 1", /Write 'and' for &/, "&"],
];

for (const [text, message, where] of WRONG) {
  test(`tells what is wrong and where: ${text}`, () => {
    const { rows, problem } = match(text, table, searched);
    assert.equal(rows, null);
    assert.match(problem!.message, message);
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
  const simple = EXAMPLES.map(([text]) => text).filter((text) => text.trim() && !/\b(and|or)\b/i.test(text));
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
  assert.deepEqual(options("val"), ["val_loss", "`val loss`"]);
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
