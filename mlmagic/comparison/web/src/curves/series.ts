/** The histories that the kernel sends (`mlmagic/comparison/histories.py`). */

import type { Answer } from "../kernel.ts";
import { copied } from "../wire.ts";

/** The history of one metric of one run, in order; thinned out where it is not `exact`. */
export interface Series {
  readonly run: string;
  readonly metric: string;
  /** How many values were recorded, in the window that was asked for. */
  readonly count: number;
  readonly exact: boolean;
  readonly steps: Float64Array;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
  readonly values: Float64Array;
}

interface Sent {
  series: { run: string; metric: string; count: number; exact: boolean }[];
  problems: { run: string; text: string }[];
}

/** Returns the series of an answer, and by the id of a run why it has none. */
export function seriesOf({ content, buffers }: Answer): { series: Series[]; problems: Map<string, string> } {
  const sent = content as unknown as Sent;
  const numbers = (index: number) => new Float64Array(copied(buffers[index]!));
  return {
    series: sent.series.map((one, at) => ({
      ...one,
      steps: numbers(3 * at),
      times: numbers(3 * at + 1),
      values: numbers(3 * at + 2),
    })),
    problems: new Map(sent.problems.map(({ run, text }) => [run, text])),
  };
}
