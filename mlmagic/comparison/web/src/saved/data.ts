/** What a saved page embeds (`mlmagic/comparison/saved_page.py`), as the kernel would send it. */

import type { SentTable } from "../wire.ts";

/** A metric's history of one run: its values in the store, and how many of them the page has from `from` on. */
export interface SavedSeries {
  readonly run: string;
  readonly metric: string;
  readonly count: number;
  readonly from: number;
  readonly length: number;
}

export interface SavedData {
  readonly table: unknown;
  readonly view: Record<string, unknown>;
  readonly selected: string[];
  readonly curves: {
    readonly runs: readonly string[];
    readonly metrics: readonly string[];
    /** Places of run and metric, the number of values in the store, and in the page. */
    readonly series: readonly (readonly [number, number, number, number])[];
    readonly left_out: readonly string[];
    readonly problem: string;
  };
}

/** Steps, times and values of all curves, one behind the other. */
export interface Points {
  readonly steps: Float64Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** Returns the bytes that were compressed by zlib and written as base64. */
export async function inflated(base64: string): Promise<Uint8Array> {
  const text = atob(base64.trim());
  const compressed = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) compressed[at] = text.charCodeAt(at);
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Returns the table, with the bytes in the places that refer to them. */
export function tableOf(table: unknown, bytes: Uint8Array): SentTable {
  return withBytes(table, bytes) as SentTable;
}

function withBytes(value: unknown, bytes: Uint8Array): unknown {
  if (Array.isArray(value)) return value.every((one) => typeof one !== "object") ? value : value.map((one) => withBytes(one, bytes));
  if (value === null || typeof value !== "object") return value;
  const place = (value as { bytes?: [number, number] }).bytes;
  if (Array.isArray(place)) return new DataView(bytes.buffer, bytes.byteOffset + place[0], place[1]);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withBytes(one, bytes)]));
}

/** Returns the points: their bytes are ordered by significance, the first bytes of all numbers before the second ones. */
export function pointsOf(bytes: Uint8Array): Points {
  const count = bytes.length / 8;
  const ordered = new Uint8Array(bytes.length);
  for (let byte = 0; byte < 8; byte++) for (let at = 0; at < count; at++) ordered[8 * at + byte] = bytes[byte * count + at]!;
  const numbers = new Float64Array(ordered.buffer);
  const third = count / 3;
  return { steps: numbers.subarray(0, third), times: numbers.subarray(third, 2 * third), values: numbers.subarray(2 * third) };
}

/** Returns where each run's history of a metric is, by run and metric. */
export function seriesIn({ runs, metrics, series }: SavedData["curves"]): Map<string, SavedSeries> {
  let from = 0;
  return new Map(
    series.map(([run, metric, count, length]) => {
      const one = { run: runs[run]!, metric: metrics[metric]!, count, from, length };
      from += length;
      return [keyOf(one.run, one.metric), one];
    }),
  );
}

export function keyOf(run: string, metric: string): string {
  return `${run}\n${metric}`;
}
