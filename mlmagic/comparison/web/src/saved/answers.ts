/** Answers what is asked of a kernel, from what the page has. */

import type { Answer } from "../kernel.ts";
import { decode, type SentTable } from "../wire.ts";
import { counted } from "../words.ts";
import { keyOf, pointsOf, seriesIn, type Points, type SavedData, type SavedSeries } from "./data.ts";
import { differenceOf } from "./difference.ts";

interface Wanted {
  runs: string[];
  metrics: string[];
  by: "step" | "time";
  between: [number, number] | null;
  origins?: number[];
}

/** What the page cannot answer, as the kernel would say it. */
export class NotHereError extends Error {}

export class Answers {
  readonly #table;
  readonly #series: Map<string, SavedSeries>;
  readonly #runs: Set<string>;
  readonly #curves: SavedData["curves"];
  readonly #read: () => Promise<Uint8Array>;
  #points: Promise<Points> | null = null;

  /** `read` returns the bytes of all points; it is called when the first curve is asked for. */
  constructor(table: SentTable, curves: SavedData["curves"], read: () => Promise<Uint8Array>) {
    this.#table = decode(table);
    this.#curves = curves;
    this.#series = seriesIn(curves);
    this.#runs = new Set(curves.runs);
    this.#read = read;
  }

  async to(kind: string, content: Record<string, unknown>): Promise<Answer> {
    if (kind === "histories") return this.#histories(content as unknown as Wanted);
    if (kind === "difference") return { content: { difference: differenceOf(this.#table, content.runs as string[]) }, buffers: [] };
    throw new NotHereError("This is not in a saved page. Compare the runs in a notebook to see it.");
  }

  async #histories({ runs, metrics, by, between, origins }: Wanted): Promise<Answer> {
    this.#points ??= this.#read().then(pointsOf);
    const points = await this.#points;
    const series: Record<string, unknown>[] = [];
    const buffers: DataView[] = [];
    runs.forEach((run, place) => {
      const origin = by === "time" ? (origins?.[place] ?? 0) : 0;
      const window = between?.map((at) => (by === "time" ? origin + 1000 * at : at)) as [number, number] | undefined;
      for (const metric of metrics) {
        const found = this.#series.get(keyOf(run, metric));
        if (!found) continue;
        const rows = rowsOf(found, points, by, window);
        if (rows.length === 0) continue;
        const exact = found.count === found.length;
        series.push({ run, metric, count: window && exact ? rows.length : found.count, exact });
        for (const numbers of [points.steps, points.times, points.values]) buffers.push(view(rows, numbers));
      }
    });
    return { content: { series, problems: runs.flatMap((run) => this.#problemOf(run)) }, buffers };
  }

  #problemOf(run: string): { run: string; text: string }[] {
    if (this.#runs.has(run)) return [];
    const why = this.#curves.problem ? "they could not be read when it was saved" : `it has those of the best ${counted(this.#runs.size, "run")}`;
    return [{ run, text: `Its curves are not in this page: ${why}.` }];
  }
}

/** Returns the rows of a curve, ordered by its axis; those in the window, if there is one. */
function rowsOf({ from, length }: SavedSeries, { steps, times }: Points, by: "step" | "time", window: [number, number] | undefined): Int32Array {
  const axis = by === "step" ? steps : times;
  const other = by === "step" ? times : steps;
  const rows = Int32Array.from({ length }, (_, at) => from + at);
  const shown = window ? rows.filter((row) => axis[row]! >= window[0] && axis[row]! <= window[1]) : rows;
  return shown.sort((a, b) => axis[a]! - axis[b]! || other[a]! - other[b]!);
}

function view(rows: Int32Array, numbers: Float64Array): DataView {
  return new DataView(Float64Array.from(rows, (row) => numbers[row]!).buffer);
}
