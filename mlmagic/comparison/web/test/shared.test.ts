import assert from "node:assert/strict";
import { test } from "node:test";

import { clean } from "../src/format.ts";
import { didYouMean } from "../src/table/filter/problem.ts";
import { secondsIn } from "../src/table/filter/values.ts";
import { summaryOf } from "../src/table/statistics.ts";
import { readsAs } from "../src/values.ts";
import cases from "./shared.json" with { type: "json" };

/** Numbers that JSON has no word for stand as texts. */
function numberOf(value: number | string | null): number | null {
  return typeof value === "string" ? Number(value.replace("inf", "Infinity").replace("nan", "NaN")) : value;
}

function assertNear(found: number, wanted: number, about: string): void {
  if (Number.isNaN(wanted)) assert.ok(Number.isNaN(found), about);
  else assert.ok(found === wanted || Math.abs(found - wanted) <= Math.max(Math.abs(wanted), 1e-12) * 1e-6, `${about}: ${found}, not ${wanted}`);
}

for (const [word, valid, nearest] of cases.nearest as [string, string[], string][]) {
  test(`the word nearest to ${word.slice(0, 20)} is that of Python`, () => assert.equal(didYouMean(word, valid), nearest && ` Did you mean '${nearest}'?`));
}

test("words read as numbers as in Python", () => {
  for (const [word, value] of cases.number_or_none as [string, number | string | null][]) {
    const wanted = numberOf(value);
    const found = readsAs(word);
    if (wanted === null || found === null) assert.equal(found, wanted, JSON.stringify(word));
    else assertNear(found, wanted, JSON.stringify(word));
  }
});

test("text is cleaned as in Python", () => {
  for (const [text, shown] of cases.clean as [string, string][]) assert.equal(clean(text), shown, JSON.stringify(text));
});

test("means and their errors are those of pandas", () => {
  for (const [values, mean, error] of cases.mean as [(number | string)[], number, number | string][]) {
    const summary = summaryOf(values.map((value) => numberOf(value)!))!;
    assertNear(summary.mean, mean, String(values));
    assertNear(summary.error, numberOf(error)!, String(values));
    assert.equal(summary.count + summary.others, values.length);
  }
});

test("durations are read as in Python", () => {
  for (const [text, seconds] of cases.seconds as [string, number | string | null][]) assert.equal(secondsIn(text), numberOf(seconds), text);
});
