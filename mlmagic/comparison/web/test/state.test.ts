import assert from "node:assert/strict";
import { test } from "node:test";

import { Histories, type Look } from "../src/curves/histories.ts";
import { Kernel, KernelError } from "../src/kernel.ts";
import type { Model, Traits } from "../src/model.ts";
import { NEW_VIEW, State } from "../src/state.ts";
import { TableModel } from "../src/table/model.ts";

Object.assign(globalThis, { window: globalThis });

function bytes(array: { buffer: ArrayBufferLike }): DataView {
  return new DataView(array.buffer as ArrayBuffer);
}

/** The traits of a widget, without a kernel: what is saved is counted, and a change can be made from the other side. */
class Traited implements Model {
  saved = 0;
  readonly #traits: Traits;
  readonly #handlers = new Map<string, Set<() => void>>();

  constructor(view: Record<string, unknown> = {}) {
    const numbers = (...values: number[]) => bytes(Float64Array.from(values));
    const none = bytes(Int32Array.from([-1, -1, -1]));
    const columns = [
      { id: "run:name", kind: "run", label: "name", format: "text", goal: null, differs: true, words: ["a", "b", "c"], codes: bytes(Int32Array.from([0, 1, 2])) },
      { id: "metric:loss", kind: "metric", label: "loss", format: "number", goal: "min", differs: true, numbers: numbers(0.5, 0.1, 0.3) },
      { id: "param:lr", kind: "param", label: "lr", format: "number", goal: null, differs: true, words: ["1", "2"], codes: bytes(Int32Array.from([0, 1, 0])) },
    ];
    const table = { ids: ["r0", "r1", "r2"], parents: none, configurations: bytes(Int32Array.from([0, 1, 0])), columns, title: "t", total: null, notice: null, ui: null, experiments: [] };
    this.#traits = { table: table as unknown as Traits["table"], selected: [], view };
  }

  get<Name extends keyof Traits>(name: Name): Traits[Name] {
    return this.#traits[name];
  }

  set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void {
    this.#traits[name] = value;
  }

  save_changes(): void {
    this.saved++;
  }

  send(): void {}

  on(event: string, handler: () => void): void {
    this.#handlers.set(event, (this.#handlers.get(event) ?? new Set()).add(handler));
  }

  off(event: string, handler: () => void): void {
    this.#handlers.get(event)?.delete(handler);
  }

  fromKernel<Name extends keyof Traits>(name: Name, value: Traits[Name]): void {
    this.set(name, value);
    for (const handler of this.#handlers.get(`change:${name}`) ?? []) handler();
  }

  fromKernelEvent(event: string): void {
    for (const handler of this.#handlers.get(event) ?? []) handler();
  }

  get listeners(): number {
    return [...this.#handlers.values()].reduce((sum, some) => sum + some.size, 0);
  }
}

test("a view of which the kernel gives a part is whole, and travels back once", () => {
  const model = new Traited({ sort: [{ column: "metric:loss", descending: false }], curves: { grouped: true } });
  const state = new State(model);
  assert.deepEqual(state.view.value, { ...NEW_VIEW, sort: [{ column: "metric:loss", descending: false }], curves: { ...NEW_VIEW.curves, grouped: true } });
  assert.equal(model.saved, 1);
  assert.deepEqual(model.get("view"), state.view.value);
  state.change({ filter: "loss < 1" });
  state.changeCurves({ smoothing: 0.5 });
  assert.equal(model.saved, 3);
  assert.deepEqual([state.view.value.filter, state.view.value.curves.smoothing, state.view.value.curves.grouped], ["loss < 1", 0.5, true]);
  state.change({ filter: "loss < 1" });
  assert.equal(model.saved, 3);
});

test("what Python selects is shown, and is not sent back", () => {
  const model = new Traited();
  const state = new State(model);
  const before = model.saved;
  model.fromKernel("selected", ["r1"]);
  assert.deepEqual(state.selected.value, ["r1"]);
  assert.equal(model.saved, before);
  state.selected.value = ["r1", "r2"];
  assert.deepEqual(model.get("selected"), ["r1", "r2"]);
  state.destroy();
  assert.equal(model.listeners, 0);
  model.fromKernel("selected", []);
  assert.deepEqual(state.selected.value, ["r1", "r2"]);
});

test("the table follows the filter, the order and the groups of the view", () => {
  const state = new State(new Traited());
  const model = new TableModel(state);
  const ids = () => model.lines.value.map(({ branch }) => branch.key);
  assert.deepEqual(ids(), ["r0", "r1", "r2"]);
  state.change({ sort: [{ column: "metric:loss", descending: false }] });
  assert.deepEqual(ids(), ["r1", "r2", "r0"]);
  state.change({ filter: "lr = 1" });
  assert.deepEqual(ids(), ["r2", "r0"]);
  assert.equal(model.filtered.value.count, 2);
  state.change({ filter: "lr = " });
  assert.ok(model.filtered.value.problem);
  assert.deepEqual(ids(), ["r2", "r0"]);
  state.change({ filter: "", group: "param:lr", expanded: [] });
  assert.equal(model.lines.value.length, 2);
  assert.ok(model.hasMeans.value);
  state.change({ expanded: [model.branches.value[0]!.key] });
  assert.ok(model.lines.value.length > 2);
});

test("the best of the means is marked only where there are two that differ", () => {
  const state = new State(new Traited({ group: "param:lr" }));
  const model = new TableModel(state);
  const loss = state.table.value.byId.get("metric:loss")!;
  assert.ok(loss.type === "number");
  assert.equal(model.bestMean(loss), 0.1);
  state.change({ filter: "lr = 1" });
  assert.equal(model.bestMean(loss), null);
  assert.equal(model.scale(loss).best, 0.3);
  assert.deepEqual([model.label("metric:loss"), model.label("gone")], ["loss", "gone"]);
});

const STEP: Look = { by: "step", window: null };
const PAIRS = [{ run: "r0", metric: "loss" }, { run: "r1", metric: "loss" }];

function answered(runs: readonly string[], exact = true) {
  const floats = (...values: number[]) => bytes(Float64Array.from(values));
  return {
    content: { series: runs.map((run) => ({ run, metric: "loss", count: 2, exact })), problems: [] },
    buffers: runs.flatMap(() => [floats(0, 1), floats(0, 1000), floats(0.5, 0.25)]),
  };
}

test("a history is asked for once, also while the answer is on its way", async () => {
  const asked: Record<string, unknown>[] = [];
  const histories = new Histories(async (_, content) => (asked.push(content), answered(content.runs as string[])), () => 0);
  histories.want(PAIRS, STEP);
  histories.want(PAIRS, STEP);
  assert.equal(asked.length, 1);
  assert.ok(histories.waiting.value);
  assert.equal(histories.get(PAIRS[0]!, STEP), undefined);
  await new Promise((done) => setImmediate(done));
  assert.ok(!histories.waiting.value);
  assert.deepEqual([...histories.get(PAIRS[0]!, STEP)!.values], [0.5, 0.25]);
  histories.want(PAIRS, STEP);
  histories.want(PAIRS, { by: "time", window: null });
  histories.want(PAIRS, { by: "step", window: [0, 1] });
  assert.equal(asked.length, 1, "what is exact is enough for every look");
});

test("a window of a thinned history is asked for, by time from each run's start", async () => {
  const asked: Record<string, unknown>[] = [];
  const histories = new Histories(async (_, content) => (asked.push(content), answered(content.runs as string[], false)), (run) => Number(run[1]) * 10);
  histories.want(PAIRS, STEP);
  await new Promise((done) => setImmediate(done));
  histories.want(PAIRS, { by: "step", window: [5, 6] });
  histories.want(PAIRS, { by: "time", window: [5, 6] });
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(asked.map(({ between, origins }) => [between, origins]), [[null, undefined], [[5, 6], undefined], [[5, 6], [0, 10]]]);
  assert.ok(histories.whole(PAIRS[0]!, "time"));
  for (let at = 0; at < 6; at++) histories.want(PAIRS, { by: "step", window: [at, at + 1] });
  await new Promise((done) => setImmediate(done));
  assert.equal(histories.get(PAIRS[0]!, { by: "time", window: [5, 6] }), undefined, "old windows are forgotten");
  assert.ok(histories.get(PAIRS[0]!, { by: "step", window: [5, 6] }));
});

test("what went wrong is told, not asked again until one says so, and then is known", async () => {
  let fails = true;
  let asked = 0;
  const histories = new Histories(async (_, content) => {
    asked++;
    if (fails) throw new KernelError("The store is away.", "Try again.");
    return answered(content.runs as string[]);
  }, () => 0);
  histories.want(PAIRS, STEP);
  await new Promise((done) => setImmediate(done));
  assert.equal(histories.problem.value!.message, "The store is away.");
  histories.want(PAIRS, STEP);
  assert.equal(asked, 1);
  fails = false;
  histories.retry();
  assert.equal(histories.problem.value, null);
  histories.want(PAIRS, STEP);
  await new Promise((done) => setImmediate(done));
  assert.equal(asked, 2);
  assert.ok(histories.get(PAIRS[1]!, STEP));
  histories.forget(["r1"]);
  assert.equal(histories.get(PAIRS[1]!, STEP), undefined);
  assert.ok(histories.get(PAIRS[0]!, STEP));
});

test("a run that was deleted is told and not asked for again; one without the metric has no history", async () => {
  let asked = 0;
  const histories = new Histories(async () => (asked++, { content: { series: [], problems: [{ run: "r0", text: "It was deleted." }] }, buffers: [] }), () => 0);
  histories.want(PAIRS, STEP);
  await new Promise((done) => setImmediate(done));
  assert.equal(histories.gone.get("r0"), "It was deleted.");
  assert.equal(histories.get(PAIRS[1]!, STEP), null);
  histories.want(PAIRS, STEP);
  assert.equal(asked, 1);
});

test("runs that go on are asked for again, and drawn as they were until the answer is here", async () => {
  let asked = 0;
  const histories = new Histories(async (_, content) => (asked++, answered(content.runs as string[])), () => 0);
  const settled = () => new Promise((done) => setImmediate(done));
  histories.want(PAIRS, STEP);
  await settled();
  histories.renew(["r0"]);
  histories.want(PAIRS, STEP);
  assert.equal(asked, 1, "not at once after the last time");
  await new Promise((done) => {
    const stop = histories.changed.subscribe(() => {
      histories.want(PAIRS, STEP);
      if (asked === 2) done(queueMicrotask(() => stop()));
    });
  });
  assert.ok(histories.get(PAIRS[0]!, STEP), "the old one is there meanwhile");
  await settled();
  histories.want(PAIRS, STEP);
  assert.equal(asked, 2, "what is new is not asked for again");
  histories.destroy();
});

test("what could not be read again stays as it was, without a problem", async () => {
  let fails = false;
  const histories = new Histories(async (_, content) => {
    if (fails) throw new KernelError("The kernel was restarted.", "");
    return answered(content.runs as string[]);
  }, () => 0);
  histories.want(PAIRS, STEP);
  await new Promise((done) => setImmediate(done));
  fails = true;
  await new Promise((done) => setTimeout(done, 850));
  histories.renew(["r0", "r1"]);
  histories.want(PAIRS, STEP);
  await new Promise((done) => setImmediate(done));
  assert.equal(histories.problem.value, null);
  assert.ok(histories.get(PAIRS[0]!, STEP));
  histories.destroy();
});

test("columns that changed take the place of the old ones, in every view of the widget", () => {
  const model = new Traited();
  const [one, other] = [new State(model), new State(model)];
  const loss = { ...model.get("table").columns[1]!, numbers: bytes(Float64Array.of(9, 8, 7)) };
  model.fromKernel("changes", { columns: [loss] });
  for (const state of [one, other]) {
    const column = state.table.value.byId.get("metric:loss");
    assert.deepEqual(column?.type === "number" && [...column.numbers], [9, 8, 7]);
    assert.equal(state.table.value.columns.length, 3);
  }
  assert.deepEqual(new State(model).table.value.byId.get("metric:loss"), one.table.value.byId.get("metric:loss"));
});

test("a reading says which runs are new and which columns to hide, and leaves the view as it is", () => {
  const model = new Traited({ filter: "lr = 1", hidden: ["param:lr"] });
  model.set("reading", { at: 1, problem: "", new: [], gone: 0, hide: [] });
  model.set("live", true);
  const state = new State(model);
  state.selected.value = ["r1"];
  model.fromKernel("reading", { at: 2, problem: "", new: ["r2"], gone: 0, hide: ["tag:a", "param:lr"] });
  assert.deepEqual([...state.fresh.value], ["r2"]);
  assert.deepEqual([state.view.value.filter, state.view.value.hidden, state.selected.value], ["lr = 1", ["param:lr", "tag:a"], ["r1"]]);
  state.live.value = false;
  assert.equal(model.get("live"), false);
  state.destroy();
  assert.equal(model.listeners, 0);
});

test("when the kernel is gone, whoever waits or asks is told, and it stays so", async () => {
  const model = new Traited();
  const kernel = new Kernel(model);
  const waiting = kernel.ask("histories", {});
  model.fromKernelEvent("comm_live_update");
  await assert.rejects(waiting, /restarted or shut down/);
  await assert.rejects(kernel.ask("histories", {}), /restarted or shut down/);
  assert.ok(kernel.lost.value);
  kernel.tell("seen", {});
  kernel.destroy();
});
