/** Which lines stand out: those of the runs that are pointed at, here or in the table, else the one that was clicked. */

import { batch, signal, type ReadonlySignal } from "@preact/signals-core";

import type { Line } from "./lines.ts";

const NONE: ReadonlySet<string> = new Set();

/** What is known of all runs that are pointed at (`State`). */
export interface Pointing {
  readonly pointed: ReadonlySignal<readonly string[]>;
  readonly point: (runs: readonly string[]) => void;
}

export class Emphasis {
  /** The key of the line that was clicked. */
  readonly pinned = signal<string | null>(null);
  readonly #pointing: Pointing;
  /** Whether the crosshair points: the other lines stay as strong as they are while values are read. */
  readonly #isReading = signal(false);

  constructor(pointing: Pointing) {
    this.#pointing = pointing;
  }

  /** Makes a line stand out, until it is called with null. */
  point(line: Line | null): void {
    this.#point(line, false);
  }

  /** Marks the line that the crosshair is nearest to in the legend and in the table. */
  read(line: Line | null): void {
    this.#point(line, line !== null);
  }

  #point(line: Line | null, isReading: boolean): void {
    batch(() => {
      this.#isReading.value = isReading;
      this.#pointing.point(line?.runs ?? []);
    });
  }

  /** Returns the keys of the lines that are marked, in the legend and in tables. */
  marked(lines: readonly Line[]): ReadonlySet<string> {
    const pinned = this.pinned.value;
    const pointed = new Set(this.#pointing.pointed.value);
    const keys = pointed.size > 0 ? lines.filter(({ runs }) => runs.some((run) => pointed.has(run))).map(({ key }) => key) : [];
    if (keys.length > 0) return new Set(keys);
    return lines.some(({ key }) => key === pinned) ? new Set([pinned!]) : NONE;
  }

  /** Returns the keys of the lines that stand out, while the others are faint; none: all are alike. */
  standing(lines: readonly Line[]): ReadonlySet<string> {
    if (!this.#isReading.value) return this.marked(lines);
    const pinned = this.pinned.value;
    return lines.some(({ key }) => key === pinned) ? new Set([pinned!]) : NONE;
  }
}
