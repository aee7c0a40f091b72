/** Tables for tests: from a record a run, as the kernel would send them. */

import { decode, type Format, type Goal, type Kind, type SentTable, type Table } from "../src/wire.ts";

export interface Wanted {
  id: string;
  label?: string;
  goal?: Goal;
  format?: Format;
  /** A value a run; null is missing. */
  values: readonly (number | string | null)[];
  /** The ids of the columns of the bounds of its interval. */
  ends?: [string, string];
  /** The lowest and the highest value of each run, and their first steps. */
  extremes?: { lows: number[]; low_steps: number[]; highs: number[]; high_steps: number[] };
}

export function tableOf(wanted: readonly Wanted[], more: Partial<{ parents: number[]; configurations: number[] }> = {}): Table {
  const count = wanted[0]?.values.length ?? 0;
  const columns = wanted.map(({ id, label, goal = null, format, values, ends, extremes = {} }) => {
    const kind = id.slice(0, id.indexOf(":")) as Kind;
    const shared = { id, kind, label: label ?? id.slice(kind.length + 1), goal, differs: new Set(values).size > 1, ...(ends && { ends }) };
    if (values.some((value) => typeof value === "number")) {
      const missing = Uint8Array.from(values, (value) => Number(value === null));
      return { ...shared, format: format ?? "number", numbers: view(Float64Array.from(values, (value) => (value === null ? NaN : Number(value)))), missing: view(missing), ...bytes(extremes) };
    }
    const words = [...new Set(values.filter((value) => value !== null))] as string[];
    return { ...shared, format: format ?? "text", words, codes: view(Int32Array.from(values, (value) => (value === null ? -1 : words.indexOf(value as string)))) };
  });
  return decode({
    ids: Array.from({ length: count }, (_, row) => `id${row}`),
    parents: view(Int32Array.from(more.parents ?? Array(count).fill(-1))),
    configurations: view(Int32Array.from(more.configurations ?? Array(count).fill(-1))),
    columns,
    title: "runs",
    total: null,
    notice: null,
    ui: null,
    experiments: [],
  } as SentTable);
}

function bytes(extremes: Record<string, number[]>): Record<string, DataView> {
  return Object.fromEntries(Object.entries(extremes).map(([name, values]) => [name, view(Float64Array.from(values))]));
}

function view(array: { buffer: ArrayBufferLike }): DataView {
  return new DataView(array.buffer as ArrayBuffer);
}

/** Numbers between 0 and 1 that are the same each time. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}
