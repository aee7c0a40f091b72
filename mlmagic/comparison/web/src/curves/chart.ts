/** A canvas on which uPlot draws, as large as the element that holds it, with uPlot's crosshair and selection over it. */

import uPlot from "uplot";

import { styleOf } from "../palette.ts";
import type { DrawnLine, Drawing } from "./drawing.ts";
import { plotOf } from "./plot.ts";
import type { Reading } from "./reading.ts";
import { themeOf } from "./theme.ts";

export class Chart {
  readonly #element: HTMLElement;
  #plot: uPlot | null = null;
  /** The points at the crosshair. */
  #points = new Map<DrawnLine | null, number>();

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  /** Draws, if the element has a size and there are lines. The lines of the keys `emphasised` stand out. */
  draw(drawing: Drawing, emphasised: ReadonlySet<string>): void {
    const { clientWidth: width, clientHeight: height } = this.#element;
    if (!width || !height) return;
    if (drawing.lines.length === 0) return this.destroy();
    const theme = themeOf(this.#element);
    const { lines, options, data } = plotOf(drawing, theme, emphasised);
    const before = this.#plot;
    const cursor: uPlot.Cursor = {
      y: false,
      ...(before && { left: before.cursor.left!, top: before.cursor.top! }), // what is pointed at and selected outlives a drawing
      dataIdx: (_, series) => this.#points.get(lines[series] ?? null) ?? (null as unknown as number),
      points: { size: 8, width: 1.5, stroke: theme.colour("--mm-back"), fill: (_, series) => theme.colour(styleOf(lines[series]?.line.place ?? 0).colour) },
    };
    this.#plot = new uPlot({ ...options, width, height, cursor, ...(before && { select: before.select }) }, data, (plot, start) => {
      this.#element.append(plot.root);
      plot.batch(start);
    });
    before?.destroy();
  }

  /** The width of the plot, in pixels. */
  get width(): number {
    return this.#plot!.over.clientWidth;
  }

  /** Returns the place on the x axis that is this many pixels from the left of the element, the nearest one if it is outside. */
  placeAt(pixel: number): number {
    return this.#plot!.posToVal(this.#inPlot(pixel), "x");
  }

  /** Shows the crosshair at `x` with the points that are read there, and returns where in the window that is. */
  point(x: number, readings: readonly Reading[]): { left: number; topOf: (y: number) => number } {
    const plot = this.#plot!;
    this.#points = new Map(readings.map(({ drawn, at }) => [drawn, at]));
    plot.setCursor({ left: plot.valToPos(x, "x"), top: 0 });
    const { left, top } = plot.over.getBoundingClientRect();
    return { left: left + plot.cursor.left!, topOf: (y) => top + plot.valToPos(y, "y") };
  }

  unpoint(): void {
    this.#plot?.setCursor({ left: -1, top: -1 });
  }

  /** Shows the part from one pixel of the element to another as selected; none if they are one. */
  select(one: number, other: number): void {
    if (!this.#plot) return;
    const [from, to] = [one, other].map((pixel) => this.#inPlot(pixel)).sort((a, b) => a - b) as [number, number];
    this.#plot.setSelect({ left: from, width: to - from, top: 0, height: from < to ? this.#plot.over.clientHeight : 0 });
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = null;
  }

  #inPlot(pixel: number): number {
    const { over } = this.#plot!;
    return Math.min(over.clientWidth, Math.max(0, pixel - over.offsetLeft));
  }
}
