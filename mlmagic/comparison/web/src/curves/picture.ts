/** A panel as a picture: its name, the curves and the legend, drawn alike as PNG and as SVG. */

import { styleOf } from "../palette.ts";
import type { Picture } from "../pictures.ts";
import type { Surface } from "../surface.ts";
import { cut } from "../words.ts";
import type { DrawnLine, Drawing } from "./drawing.ts";
import { bestText, lastText, type Line } from "./lines.ts";
import { CHARACTER_PX, FAINT_RAW, markers, MOST_RINGS, RING } from "./plot.ts";
import { lowerBound } from "./search.ts";
import type { Theme } from "./theme.ts";

const HEAD_PX = 34;
const ROW_PX = 18;
const EDGE_PX = 14;
const FOOT_PX = 40;
const LONGEST_NAME = 120;
const BAND = 0.18;

/** Where the plot lies in the picture, and where a place on its axes is. */
interface Place {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly x: (at: number) => number;
  readonly y: (at: number) => number;
}

/** Returns the picture of a drawing that is `width` by `height` pixels; the legend and the name are added to it. */
export function pictureOf(metric: string, drawing: Drawing, width: number, height: number, theme: Theme): Picture {
  const { lines } = drawing;
  return {
    name: metric,
    width,
    height: HEAD_PX + height + lines.length * ROW_PX + EDGE_PX,
    font: theme.font,
    back: theme.colour("--mm-back"),
    draw: (surface) => {
      const place = placeOf(drawing, width, height);
      surface.text(cut(metric, LONGEST_NAME), EDGE_PX, HEAD_PX / 2, { colour: theme.colour("--mm-text"), bold: true, size: 14 });
      drawAxes(surface, drawing, place, theme);
      for (const one of lines) drawBeneath(surface, one, drawing, place, theme);
      for (const one of lines) drawLine(surface, one, drawing, place, theme);
      lines.forEach(({ line }, at) => drawLegend(surface, line, HEAD_PX + height + (at + 0.5) * ROW_PX, theme));
    },
  };
}

function placeOf({ x, y }: Drawing, width: number, height: number): Place {
  const longest = Math.max(3, ...y.ticks.map(({ text }) => text.length));
  const [left, right] = [Math.ceil(longest * CHARACTER_PX) + EDGE_PX, width - 16];
  const [top, bottom] = [HEAD_PX + 10, HEAD_PX + height - FOOT_PX];
  return {
    left,
    right,
    top,
    bottom,
    x: (at) => left + ((at - x.low) / (x.high - x.low)) * (right - left),
    // Halves, because the distance of two large floats may overflow.
    y: (at) => bottom - ((at / 2 - y.low / 2) / (y.high / 2 - y.low / 2)) * (bottom - top),
  };
}

function drawAxes(surface: Surface, { x, y }: Drawing, { left, right, bottom, ...at }: Place, theme: Theme): void {
  const soft = theme.colour("--mm-soft");
  for (const tick of y.ticks) {
    surface.polyline([left, at.y(tick.at), right, at.y(tick.at)], 2, { colour: theme.colour("--mm-line"), width: 1, alpha: 1 });
    surface.text(tick.text, left - 8, at.y(tick.at), { colour: soft, align: "right" });
  }
  for (const tick of x.ticks) surface.text(tick.text, at.x(tick.at), bottom + 13, { colour: soft, align: "center" });
  surface.text(x.name, (left + right) / 2, bottom + 31, { colour: soft, align: "center" });
  surface.polyline([left, bottom, right, bottom], 2, { colour: theme.colour("--mm-strong-line"), width: 1, alpha: 1 });
}

function drawBeneath(surface: Surface, drawn: DrawnLine, drawing: Drawing, place: Place, theme: Theme): void {
  const { line, low, high, raw, xs } = drawn;
  const colour = theme.colour(styleOf(line.place).colour);
  if (low && high && line.size > 1) {
    // Where a log axis has no place for the lower edge, the band ends at the axis.
    const lower = low.map((value, at) => (Number.isNaN(value) && !Number.isNaN(drawn.ys[at]!) ? drawing.y.low : value));
    const edges = [partsOf(xs, high, drawing, place), partsOf(xs, lower, drawing, place)] as const;
    edges[0].forEach((upper, at) => {
      const under = edges[1][at];
      if (under) surface.area([...upper, ...backwards(under)], (upper.length + under.length) / 2, colour, BAND);
    });
  }
  if (raw) for (const part of partsOf(xs, raw, drawing, place)) surface.polyline(part, part.length / 2, { colour, width: 1, alpha: FAINT_RAW });
  const best = drawn.best < 0 || drawing.lines.length > MOST_RINGS ? NaN : (raw ?? drawn.ys)[drawn.best]!;
  if (!Number.isNaN(best) && isSeen(xs[drawn.best]!, drawing)) surface.shape(RING, place.x(xs[drawn.best]!), place.y(best), { fill: theme.colour("--mm-back"), stroke: colour, width: 1.5 });
}

function drawLine(surface: Surface, drawn: DrawnLine, drawing: Drawing, place: Place, theme: Theme): void {
  const { colour: variable, dash, marker, isHollow } = styleOf(drawn.line.place);
  const colour = theme.colour(variable);
  for (const part of partsOf(drawn.xs, drawn.ys, drawing, place)) surface.polyline(part, part.length / 2, { colour, width: 1.6, alpha: 1, dash });
  const look = { fill: isHollow ? theme.colour("--mm-back") : colour, stroke: colour, width: isHollow ? 1.5 : 0 };
  for (const at of markers(drawn, drawing)) surface.shape(marker, place.x(drawn.xs[at]!), place.y(drawn.ys[at]!), look);
}

function drawLegend(surface: Surface, line: Line, y: number, theme: Theme): void {
  const { colour: variable, dash, marker, isHollow } = styleOf(line.place);
  const colour = theme.colour(variable);
  surface.polyline([EDGE_PX, y, EDGE_PX + 28, y], 2, { colour, width: 2, alpha: 1, dash });
  surface.shape(marker, EDGE_PX + 14, y, { fill: isHollow ? theme.colour("--mm-back") : colour, stroke: colour, width: isHollow ? 1.5 : 0 });
  const size = line.size > 1 ? ` (n=${line.size})` : "";
  const best = line.best === null ? "" : `, best ${bestText(line)}`;
  surface.text(`${cut(line.name, LONGEST_NAME)}${size}   last ${lastText(line)}${best}`, EDGE_PX + 36, y, { colour: theme.colour("--mm-text"), size: 12 });
}

function isSeen(at: number, { x: { low, high } }: Drawing): boolean {
  return at >= low && at <= high;
}

/** Returns the parts of a line between its gaps in pixels (x, y, x, y …), cut off where the axis ends. */
export function partsOf(xs: Float64Array, ys: Float64Array, { x: { low, high } }: Drawing, place: Pick<Place, "x" | "y">): number[][] {
  const [from, to] = [Math.max(0, lowerBound(xs, low) - 1), Math.min(xs.length, lowerBound(xs, high) + 1)];
  const between = (one: number, other: number, at: number) => ys[one]! + ((ys[other]! - ys[one]!) * (at - xs[one]!)) / (xs[other]! - xs[one]!);
  const parts: number[][] = [];
  let open: number[] = [];
  for (let at = from; at < to; at++) {
    let [across, up] = [xs[at]!, ys[at]!];
    if (across < low && at + 1 < to) [across, up] = [low, between(at, at + 1, low)];
    else if (across > high && at > from) [across, up] = [high, between(at - 1, at, high)];
    if (Number.isNaN(up) || across < low || across > high) {
      if (open.length > 0) parts.push(open);
      open = [];
    } else open.push(place.x(across), place.y(up));
  }
  if (open.length > 0) parts.push(open);
  return parts;
}

function backwards(points: readonly number[]): number[] {
  const turned: number[] = [];
  for (let at = points.length - 2; at >= 0; at -= 2) turned.push(points[at]!, points[at + 1]!);
  return turned;
}
