import assert from "node:assert/strict";
import { test } from "node:test";

import { sharedParts } from "../src/name_element.ts";

/** Returns what of each name is its own. */
const own = (names: string[]) => sharedParts(names).map((shared, at) => names[at]!.slice(shared));

test("what all names of a family begin with gives way, up to the end of a word", () => {
  assert.deepEqual(own(["resnet50-imagenet-lr0.1-seed1", "resnet50-imagenet-lr0.1-seed2", "resnet50-imagenet-lr0.3-seed1"]), ["lr0.1-seed1", "lr0.1-seed2", "lr0.3-seed1"]);
  assert.deepEqual(own(["optimizer=adam, lr=0.1", "optimizer=adam, lr=0.3"]), ["0.1", "0.3"]);
});

test("a name of another family keeps its own beginning, and so does one that is alone", () => {
  assert.deepEqual(own(["baseline", "resnet50-imagenet-a", "resnet50-imagenet-b"]), ["baseline", "a", "b"]);
  assert.deepEqual(own(["resnet50-imagenet-a"]), ["resnet50-imagenet-a"]);
  assert.deepEqual(own(["same-name-here", "same-name-here"]), ["same-name-here", "same-name-here"]);
});

test("short beginnings stay, and no name is without anything of its own", () => {
  assert.deepEqual(own(["net 1", "net 2"]), ["net 1", "net 2"]);
  assert.deepEqual(own(["long-name-of-a-run", "long-name-of-a-run-2"]), ["run", "run-2"]);
  assert.deepEqual(own(["", ""]), ["", ""]);
});
