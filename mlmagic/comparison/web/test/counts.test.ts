import assert from "node:assert/strict";
import { test } from "node:test";

import { signal } from "@preact/signals-core";

import { NEW_VIEW } from "../src/state.ts";
import { countOf, countText, isSame } from "../src/table/counts.ts";
import { filteredOf } from "../src/table/filtered.ts";
import { tableOf } from "./tables.ts";

const TABLE = tableOf(
  [{ id: "run:name", values: ["a", "b", "c", "d"] }, { id: "tag:mlmagic.archived", values: [null, null, null, "true"] }],
  { parents: [-1, 0, 0, -1] },
);

test("runs below another one are counted apart", () => {
  const all = countOf(TABLE, () => true);
  assert.deepEqual(all, { top: 2, below: 2 });
  assert.equal(countText(all), "2 runs + 2 below");
  assert.equal(countText({ top: 1, below: 0 }), "1 run");
  assert.equal(countText(countOf(TABLE, (row) => row < 2), all), "1 of 2 runs + 1 below");
  assert.equal(countText({ top: 1200, below: 3000 }, { top: 34_000, below: 9000 }), "1,200 of 34,000 runs + 3,000 below");
  assert.ok(isSame(all, { ...all }) && !isSame(all, { top: 2, below: 1 }));
});

test("archived runs that are hidden do not count, whatever the filter", () => {
  const textOf = (changes: object) => {
    const { found, all } = filteredOf({ table: signal(TABLE), view: signal({ ...NEW_VIEW, ...changes }) } as never).value;
    return countText(found, isSame(found, all) ? null : all);
  };
  assert.equal(textOf({}), "1 run + 2 below");
  assert.equal(textOf({ archived: true }), "2 runs + 2 below");
  assert.equal(textOf({ filter: "name = b" }), "0 of 1 run + 1 below");
});
