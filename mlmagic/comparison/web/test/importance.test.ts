import assert from "node:assert/strict";
import { test } from "node:test";

import { directionText } from "../src/charts/importance.ts";

test("a param is better in one direction, in none, or near a value", () => {
  assert.equal(directionText(0.8, "3", "max", true), "higher is better (ρ\u00a0+0.80)");
  assert.equal(directionText(0.8, "3", "min", true), "lower is better (ρ\u00a0+0.80)");
  assert.equal(directionText(-0.8, null, null, true), "falls with it (ρ\u00a0−0.80)");
  assert.equal(directionText(0.1, "3", "max", true), "best near 3 (ρ\u00a0+0.10)");
  assert.equal(directionText(null, "adam", "max", null), "best: adam");
  assert.equal(directionText(null, null, null, null), "–");
});

test("an effect that turns back has no direction, whatever the correlation is", () => {
  assert.equal(directionText(null, "0.01", "min", false), "not monotonic: best near 0.01");
  assert.equal(directionText(-0.6, null, null, false), "not monotonic");
});
