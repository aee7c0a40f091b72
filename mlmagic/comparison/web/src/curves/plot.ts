/** A drawing as options and data of uPlot. Nothing here is text of users: names stand in the legend, outside the canvas. */

import uPlot from "uplot";

import { styleOf } from "../palette.ts";
import type { DrawnLine, Drawing } from "./drawing.ts";
import type { Scale } from "./scale.ts";
import { lowerBound } from "./search.ts";
import type { Theme } from "./theme.ts";

export interface Plot {
  readonly options: Omit<uPlot.Options, "width" | "height">;
  readonly data: uPlot.AlignedData;
  /** The line that a series of uPlot is the path of, by the number of the series; null for what lies beneath or on it. */
  readonly lines: readonly (DrawnLine | null)[];
}

const LAYERS = ["beneath", "line", "marker"] as const;
const MARKERS = 6;
export const CHARACTER_PX = 6.6;
const FAINT = 0.15;
/** How opaque the values are that were smoothed. */
export const FAINT_RAW = 0.25;
/** The ring about the best point, and how many lines have one at the same time; of more lines the one that stands out. */
export const RING = "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z";
export const MOST_RINGS = 12;

interface Row {
  /** Bands and raw values lie beneath all lines, markers on them. */
  readonly layer: (typeof LAYERS)[number];
  readonly drawn: DrawnLine;
  readonly ys: readonly (number | null)[];
  readonly series: uPlot.Series;
  /** The colour between this row and the next one. */
  readonly band?: string;
}

/** Returns what uPlot draws. The lines of the keys `emphasised` are drawn last, and the others are faint. */
export function plotOf(drawing: Drawing, theme: Theme, emphasised: ReadonlySet<string>): Plot {
  const { x, y, lines } = drawing;
  const stands = ({ line }: DrawnLine) => emphasised.has(line.key);
  const ordered = [...lines].sort((a, b) => Number(stands(a)) - Number(stands(b)));
  const all = ordered.flatMap((drawn) => {
    const look = { alpha: emphasised.size === 0 || stands(drawn) ? 1 : FAINT, width: stands(drawn) ? 2.6 : 1.6 };
    return [...(stands(drawn) || lines.length <= MOST_RINGS ? ringOf(drawn, theme, look.alpha) : []), ...rowsOf(drawn, drawing, theme, look.alpha, look.width)];
  });
  const rows = LAYERS.flatMap((layer) => all.filter((row) => row.layer === layer));
  const rule = (variable: string) => ({ show: true, stroke: theme.colour(variable), width: 1 });
  const longest = Math.max(3, ...y.ticks.map(({ text }) => text.length));
  return {
    lines: [null, ...rows.map(({ layer, drawn }) => (layer === "line" ? drawn : null))],
    data: [null, ...rows.map(({ drawn: { xs }, ys }) => [xs, ys])] as unknown as uPlot.AlignedData, // uPlot's types describe the data of mode 1 only
    options: {
      mode: 2, // each line has its own x
      padding: [10, 16, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, range: [x.low, x.high] }, y: { range: [y.low, y.high] } },
      axes: [
        { ...axis(y, theme), scale: "y", side: 3, gap: 8, size: Math.ceil(longest * CHARACTER_PX) + 14, grid: rule("--mm-line") },
        { ...axis(x, theme), scale: "x", side: 2, gap: 5, size: 22, label: x.name, labelSize: 18, border: rule("--mm-strong-line") },
      ],
      series: [{}, ...rows.map(({ series }) => ({ points: { show: false }, pxAlign: 0, ...series }))],
      bands: rows.flatMap(({ band }, at) => (band ? [{ series: [at + 1, at + 2], fill: band }] : [])),
    },
  };
}

function axis({ ticks }: Scale, { font, colour }: Theme): uPlot.Axis {
  return {
    splits: ticks.map(({ at }) => at),
    values: ticks.map(({ text }) => text),
    space: 0, // uPlot leaves out an axis for which it finds no increment
    incrs: [10],
    stroke: colour("--mm-soft"),
    font: `11px ${font}`,
    labelFont: `11px ${font}`,
    ticks: { show: false },
    grid: { show: false },
  };
}

/** Returns the rows of a line: the band of a mean, the values that were smoothed, the line and its markers. */
function rowsOf(drawn: DrawnLine, drawing: Drawing, theme: Theme, alpha: number, width: number): Row[] {
  const { line, low, high, raw } = drawn;
  const { colour, dash, marker, isHollow } = styleOf(line.place);
  const stroke = theme.colour(colour);
  const paths = pathIn(drawn, drawing.x);
  const rows: Row[] = [];
  if (low && high && line.size > 1) {
    // Where a log axis has no place for the lower edge, the band ends at the axis.
    const lower = low.map((value, at) => (Number.isNaN(value) && !Number.isNaN(drawn.ys[at]!) ? drawing.y.low : value));
    const edge = { layer: "beneath" as const, drawn, series: { paths, width: 0, alpha: 0.18 * alpha } };
    rows.push({ ...edge, ys: gapped(high), band: stroke }, { ...edge, ys: gapped(lower) });
  }
  if (raw) rows.push({ layer: "beneath", drawn, ys: gapped(raw), series: { paths, stroke, width: 1, alpha: FAINT_RAW * alpha } });
  const fill = isHollow ? theme.colour("--mm-back") : stroke;
  const points = { show: true, filter: markers(drawn, drawing), paths: markersAs(marker), stroke, fill, width: isHollow ? 1.5 : 0 };
  const ys = gapped(drawn.ys);
  const dashes = dash.map((length) => length * uPlot.pxRatio); // uPlot scales widths alone
  rows.push({ layer: "line", drawn, ys, series: { paths, stroke, width, dash: dashes, alpha } });
  rows.push({ layer: "marker", drawn, ys, series: { paths: () => null, points, alpha } });
  return rows;
}

/** Returns the ring about the best point of a line, which lies beneath all lines. */
function ringOf(drawn: DrawnLine, theme: Theme, alpha: number): Row[] {
  if (drawn.best < 0) return [];
  const stroke = theme.colour(styleOf(drawn.line.place).colour);
  const points = { show: true, filter: () => [drawn.best], paths: markersAs(RING), stroke, fill: theme.colour("--mm-back"), width: 1.5 };
  return [{ layer: "beneath", drawn, ys: gapped(drawn.raw ?? drawn.ys), series: { paths: () => null, points, alpha } }];
}

/** To uPlot a gap is null. */
function gapped(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}

/** Draws the part of a line that is in view, and what leads there. */
function pathIn({ xs }: DrawnLine, x: Scale): uPlot.Series.PathBuilder {
  const [from, to] = inView(xs, x);
  const linear = uPlot.paths.linear!();
  return (plot, series) => (xs.length ? linear(plot, series, Math.max(0, from - 1), Math.min(to, xs.length - 1)) : null);
}

function markersAs(outline: string): uPlot.Series.Points.PathBuilder {
  return (plot, series, _from, _to, places) => {
    const [xs, ys] = plot.data[series] as unknown as [Float64Array, number[]];
    const shape = new Path2D(outline);
    const path = new Path2D();
    for (const at of places ?? []) {
      const [left, top] = [plot.valToPos(xs[at]!, "x", true), plot.valToPos(ys[at]!, "y", true)];
      path.addPath(shape, new DOMMatrix([uPlot.pxRatio, 0, 0, uPlot.pxRatio, left, top]));
    }
    return { stroke: path, fill: path };
  };
}

/** The points with a marker: all of a short line, else a few, apart from those of other lines; and what stands alone. */
export function markers({ xs, ys, line }: DrawnLine, { x }: Drawing): number[] {
  const [from, to] = inView(xs, x);
  const seen = (at: number) => Number.isFinite(ys[at]!);
  const found = new Set<number>();
  if (to - from <= 2 * MARKERS) for (let at = from; at < to; at++) found.add(at);
  else {
    const shift = (line.place % 4) / 4;
    for (let marker = 0; marker < MARKERS; marker++) {
      const place = x.low + ((marker + 0.2 + 0.6 * shift) / MARKERS) * (x.high - x.low);
      const at = lowerBound(xs, place);
      if (at >= from && at < to) found.add(at);
    }
  }
  for (let at = from; at < to; at++) if (!seen(at - 1) && !seen(at + 1)) found.add(at);
  return [...found].filter(seen).sort((a, b) => a - b);
}

/** Returns the index of the first point in view, and of the one after the last. */
function inView(xs: Float64Array, { low, high }: Scale): [number, number] {
  return [lowerBound(xs, low), lowerBound(xs, high + (high - low) * 1e-9)];
}
