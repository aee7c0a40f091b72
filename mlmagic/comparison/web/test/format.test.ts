import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, clean, duration, formatter, moment, number, numbers } from "../src/format.ts";
import examples from "./formats.json" with { type: "json" };
import { random } from "./tables.ts";

test("numbers are written as in Python", () => {
  for (const [value, text] of examples.number) assert.equal(number(value as number), text);
  assert.deepEqual([NaN, Infinity, -Infinity].map(number), ["nan", "inf", "-inf"]);
});

test("columns of numbers are written as in Python", () => {
  for (const [values, texts] of examples.numbers) assert.deepEqual(numbers(values as number[]), texts);
  assert.deepEqual(numbers([0.5, NaN, 0.25]), ["0.5000", "nan", "0.2500"]);
});

test("durations are written as in Python", () => {
  for (const [seconds, text] of examples.duration) assert.equal(duration(seconds as number), text);
  assert.deepEqual([null, NaN].map(duration), ["–", "–"]);
});

test("numbers of a column that differ in seven digits look different, and none lies", () => {
  const next = random(7);
  for (let round = 0; round < 200; round++) {
    const values = Array.from({ length: 1 + Math.floor(next() * 60) }, () => (next() - 0.3) * 10 ** Math.floor(next() * 8 - 4));
    const texts = numbers(values);
    assert.equal(new Set(texts).size, new Set(values).size, String(values));
    texts.forEach((text, at) => assert.ok(Math.abs(Number(text) - values[at]!) <= Math.max(Math.abs(values[at]!) * 1e-3, 0.0501)));
  }
});

test("the format of a column of 10,000 is found once and holds for all", () => {
  const next = random(1);
  const values = Array.from({ length: 10_000 }, next);
  const texts = values.map(formatter(values));
  assert.ok(texts.every((text, at) => text.replace(/e.*/, "").replace(".", "").replace(/^0+/, "").length <= 7 && Math.abs(Number(text) - values[at]!) < 1e-7));
});

test("a moment is as short as it is clear", () => {
  const now = new Date(2026, 5, 10, 18, 0).getTime();
  assert.equal(moment(new Date(2026, 5, 10, 9, 5).getTime(), now), "09:05");
  assert.equal(moment(new Date(2026, 2, 3, 9, 5).getTime(), now), "3 Mar, 09:05");
  assert.equal(moment(new Date(2024, 2, 3, 9, 5).getTime(), now), "2024-03-03");
  assert.equal(moment(1e300, now), "–");
});

test("how long ago a moment was is told in its largest unit", () => {
  const now = new Date(2026, 5, 10, 18, 0).getTime();
  const told = (seconds: number) => ago(now - 1000 * seconds, now);
  assert.deepEqual([0, 59, 60, 185, 3599, 3600].map(told), ["just now", "just now", "1 minute ago", "3 minutes ago", "59 minutes ago", "1 hour ago"]);
  assert.deepEqual([2 * 86_400, 29 * 86_400, 31 * 86_400, 364 * 86_400, 800 * 86_400].map(told), ["2 days ago", "29 days ago", "1 month ago", "12 months ago", "2 years ago"]);
  assert.equal(told(-30), "just now", "clocks differ a little");
  assert.equal(told(-3600), "19:00");
  assert.equal(ago(1e300, now), "–");
});

test("text is shown on one line, and cannot mirror what follows", () => {
  assert.equal(clean("a\nb\u202ec\u0007"), "a b\ufffdc\ufffd");
  assert.equal(clean("naïve 漢 🎉 שלום"), "naïve 漢 🎉 שלום");
});
