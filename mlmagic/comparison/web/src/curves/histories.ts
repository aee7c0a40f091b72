/** What has been asked of the kernel: kept, so that only what is new is asked for, in one message. */

import { signal } from "@preact/signals-core";

import { KernelError, type Answer } from "../kernel.ts";
import { seriesOf, type Series } from "./series.ts";

export interface Pair {
  readonly run: string;
  readonly metric: string;
}

/** A part of the x axis at full detail: steps, or seconds since the run's start; null is all of it. */
export type Window = readonly [number, number] | null;

export interface Look {
  readonly by: "step" | "time";
  readonly window: Window;
}

type Ask = (kind: string, content: Record<string, unknown>) => Promise<Answer>;

const POINTS = 1000;
const KEPT_WINDOWS = 4;
/** Histories of runs that go on are read again after a rest of so many times what the last reading took. */
const REST_MS = 800;
const REST_SHARE = 30;
const LOOKS: readonly Look[] = [
  { by: "step", window: null },
  { by: "time", window: null },
];

export class Histories {
  /** Counts what arrived: who reads it is told of what is new. */
  readonly changed = signal(0);
  readonly waiting = signal(false);
  readonly problem = signal<KernelError | null>(null);
  /** Why a run has no history: it was deleted meanwhile. */
  readonly gone = new Map<string, string>();
  readonly #ask: Ask;
  readonly #origin: (run: string) => number;
  readonly #known = new Map<string, Series | null>();
  readonly #open = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #windows: string[] = [];
  /** Keys of histories that may be longer by now: they stay until the new ones are here. */
  readonly #stale = new Set<string>();
  #messages = 0;
  #restUntil = 0;
  #waking: ReturnType<typeof setTimeout> | undefined;

  /** `origin` tells the moment (ms since 1970) from which a run's time is counted. */
  constructor(ask: Ask, origin: (run: string) => number) {
    this.#ask = ask;
    this.#origin = origin;
  }

  /** Returns a history, null where the run has none, undefined where it is not known yet. */
  get({ run, metric }: Pair, look: Look): Series | null | undefined {
    for (const by of ["step", "time"] as const) {
      const whole = this.#known.get(keyOf(run, metric, { by, window: null }));
      if (whole === null || whole?.exact) return whole;
    }
    return this.#known.get(keyOf(run, metric, look));
  }

  /** Returns the whole history, thinned out by step or by time, to stand in while another is on its way. */
  whole(pair: Pair, by: Look["by"]): Series | null | undefined {
    return this.get(pair, { by, window: null }) ?? this.get(pair, { by: by === "step" ? "time" : "step", window: null });
  }

  /** Asks for what of these is neither known nor on its way. */
  want(pairs: readonly Pair[], look: Look): void {
    const isResting = performance.now() < this.#restUntil;
    const missing = pairs.filter((pair) => {
      const key = keyOf(pair.run, pair.metric, look);
      if (this.#open.has(key) || this.#failed.has(key) || this.gone.has(pair.run)) return false;
      return this.get(pair, look) === undefined || (this.#isStale(pair) && !isResting);
    });
    if (isResting && pairs.some((pair) => this.#isStale(pair))) this.#wake();
    if (missing.length === 0) return;
    this.#keep(look);
    const runs = [...new Set(missing.map(({ run }) => run))];
    const metrics = [...new Set(missing.map(({ metric }) => metric))];
    const keys = missing.map(({ run, metric }) => keyOf(run, metric, look));
    for (const key of keys) this.#open.add(key);
    void this.#fetch(runs, metrics, keys, look);
  }

  /** Asks again, after something went wrong. */
  retry(): void {
    this.#failed.clear();
    this.problem.value = null;
    this.changed.value++;
  }

  /** Forgets what is known of these runs, which may have logged more. */
  forget(runs: readonly string[]): void {
    const wanted = new Set(runs);
    for (const key of this.#known.keys()) if (wanted.has(runOf(key))) this.#known.delete(key);
    for (const run of runs) this.gone.delete(run);
    this.retry();
  }

  /** Asks for the histories of these runs again when they are wanted next, no more often than the kernel can bear. */
  renew(runs: readonly string[]): void {
    const wanted = new Set(runs);
    for (const key of this.#known.keys()) if (wanted.has(runOf(key))) this.#stale.add(key);
    if (this.#stale.size > 0) this.changed.value++;
  }

  /** Takes back what waits for a later moment. */
  destroy(): void {
    clearTimeout(this.#waking);
  }

  #isStale({ run, metric }: Pair): boolean {
    return LOOKS.some((look) => this.#stale.has(keyOf(run, metric, look)));
  }

  #wake(): void {
    clearTimeout(this.#waking);
    this.#waking = setTimeout(() => this.changed.value++, this.#restUntil - performance.now() + 1);
  }

  async #fetch(runs: string[], metrics: string[], keys: readonly string[], look: Look): Promise<void> {
    this.#messages++;
    this.waiting.value = true;
    const began = performance.now();
    const { by, window } = look;
    const origins = window && by === "time" ? { origins: runs.map((run) => this.#origin(run)) } : {};
    try {
      const answer = await this.#ask("histories", { runs, metrics, points: POINTS, by, between: window, ...origins });
      const { series, problems } = seriesOf(answer);
      for (const key of keys) this.#replace(key);
      for (const one of series) this.#known.set(keyOf(one.run, one.metric, look), one);
      for (const [run, text] of problems) this.gone.set(run, text);
      this.problem.value = null;
    } catch (error) {
      // Where older ones are known, they stay, and are asked for again with the next change.
      const unknown = keys.filter((key) => this.#known.get(key) === undefined);
      for (const key of keys) this.#stale.delete(key);
      for (const key of unknown) this.#failed.add(key);
      if (unknown.length > 0) this.problem.value = error instanceof KernelError ? error : new KernelError(String(error), "");
    } finally {
      const now = performance.now();
      this.#restUntil = Math.max(this.#restUntil, now + Math.max(REST_MS, REST_SHARE * (now - began)));
      for (const key of keys) this.#open.delete(key);
      this.waiting.value = --this.#messages > 0;
      this.changed.value++;
    }
  }

  /** Forgets a history, and what is old of it in other looks. */
  #replace(key: string): void {
    this.#known.set(key, null);
    if (this.#stale.size === 0) return;
    const [, run, metric] = key.split("\n");
    for (const old of [...this.#stale].filter((one) => one.endsWith(`\n${run}\n${metric}`))) {
      this.#stale.delete(old);
      if (old !== key) this.#known.delete(old);
    }
  }

  #keep(look: Look): void {
    if (!look.window) return;
    const name = lookOf(look);
    if (this.#windows.includes(name)) return;
    this.#windows.push(name);
    if (this.#windows.length <= KEPT_WINDOWS) return;
    const oldest = this.#windows.shift()!;
    for (const key of this.#known.keys()) if (key.startsWith(`${oldest}\n`)) this.#known.delete(key);
  }
}

function lookOf({ by, window }: Look): string {
  return `${by} ${window ? window.join(" ") : "all"}`;
}

function keyOf(run: string, metric: string, look: Look): string {
  return `${lookOf(look)}\n${run}\n${metric}`;
}

function runOf(key: string): string {
  return key.split("\n", 2)[1]!;
}
