/** Parallel coordinates on a surface: a line a run, through its place on each axis. */

import type { Theme } from "../curves/theme.ts";
import { styleOf } from "../palette.ts";
import { cut } from "../words.ts";
import { marksOf, type Axis } from "./axis.ts";
import { NO_VALUE, opacityOf } from "./ramp.ts";
import type { Surface } from "../surface.ts";

const TOP_PX = 12;
const BOTTOM_PX = 14;
const OFF_PX = 44;
const LETTER_PX = 6.6;
/** More selected runs than this keep the colours of their values. */
export const MOST_STYLED = 8;

export interface Geometry {
  readonly axes: readonly Axis[];
  readonly isFlipped: readonly boolean[];
  readonly width: number;
  readonly height: number;
  /** The distance of two axes; the first one stands at half of it. */
  readonly apart: number;
  readonly top: number;
  readonly bottom: number;
  /** Where the runs without a place stand; NaN where each run has a place on each axis. */
  readonly off: number;
  /** How far down each row is on each axis: the rows one after the other. */
  readonly ys: Float32Array;
  /** Which rows have no place on any of the axes: they have no line. */
  readonly isBlank: Uint8Array;
}

export function geometryOf(axes: readonly Axis[], isFlipped: readonly boolean[], width: number, height: number): Geometry {
  const hasOff = axes.some(({ off }) => off !== "");
  const top = TOP_PX;
  const bottom = height - (hasOff ? OFF_PX : BOTTOM_PX);
  const off = hasOff ? height - OFF_PX / 2 + 4 : NaN;
  const count = axes[0]?.places.length ?? 0;
  const ys = new Float32Array(count * axes.length);
  axes.forEach(({ places }, axis) => {
    for (let row = 0; row < count; row++) {
      const place = places[row]!;
      ys[row * axes.length + axis] = Number.isNaN(place) ? off : isFlipped[axis] ? top + place * (bottom - top) : bottom - place * (bottom - top);
    }
  });
  return { axes, isFlipped, width, height, apart: width / Math.max(1, axes.length), top, bottom, off, ys, isBlank: blankRows(axes) };
}

/** Returns which rows have no place on any of the axes: 1 or 0 each. */
export function blankRows(axes: readonly Axis[]): Uint8Array {
  return Uint8Array.from(axes[0]?.places ?? [], (_, row) => Number(axes.every(({ places }) => Number.isNaN(places[row]!))));
}

export function xOf({ apart }: Geometry, axis: number): number {
  return (axis + 0.5) * apart;
}

/** Returns the part of an axis at this pixel; below 0 where the runs without a place stand. */
export function partAtPixel({ top, bottom, off, isFlipped }: Geometry, axis: number, y: number): number {
  if (y > (bottom + off) / 2) return -1;
  const down = Math.max(0, Math.min(1, (y - top) / (bottom - top)));
  return isFlipped[axis] ? down : 1 - down;
}

/** Returns how far down a part of an axis is. */
export function pixelAt({ top, bottom, isFlipped }: Geometry, axis: number, part: number): number {
  return isFlipped[axis] ? top + part * (bottom - top) : bottom - part * (bottom - top);
}

/** Draws the lines of the rows in this order, of which `isIn` holds (null: all of them). */
export function drawLines(
  surface: Surface,
  geometry: Geometry,
  order: ArrayLike<number>,
  isIn: Uint8Array | null,
  look: { colourOf: (row: number) => string; alpha: number; width: number },
): void {
  const points = pointsOf(geometry);
  for (let at = 0; at < order.length; at++) {
    const row = order[at]!;
    if ((isIn && !isIn[row]) || geometry.isBlank[row]) continue;
    place(points, geometry, row);
    surface.polyline(points, geometry.axes.length, { colour: look.colourOf(row), width: look.width, alpha: look.alpha });
  }
}

export interface Looks {
  readonly order: Uint32Array;
  readonly bins: Uint8Array;
  readonly colours: readonly string[];
  readonly passed: Uint8Array | null;
  readonly places: Int32Array;
}

/** Draws what a range leaves out, faintly. */
export function drawFaint(surface: Surface, geometry: Geometry, { order, passed }: Pick<Looks, "order" | "passed">, theme: Theme): void {
  if (!passed) return;
  const colour = theme.colour("--mm-strong-line");
  drawLines(surface, geometry, order, null, { colourOf: () => colour, alpha: 0.3 * opacityOf(order.length), width: 1 });
}

/** Draws the lines that lie in all ranges; where runs are selected, the others less strongly. */
export function drawColoured(surface: Surface, geometry: Geometry, { order, bins, colours, passed, places }: Looks): void {
  const count = passed ? passed.reduce((sum, isIn) => sum + isIn, 0) : order.length;
  const hasSelected = places.some((at) => at >= 0) && places.some((at) => at < 0);
  const alpha = opacityOf(count) * (hasSelected && !passed ? 0.4 : 1);
  drawLines(surface, geometry, order, passed, { colourOf: (row) => colours[bins[row] ?? NO_VALUE]!, alpha, width: count > 1000 ? 1 : 1.4 });
}

/**
 * Draws selected runs above all others, and those that are pointed at. A few selected runs are drawn as in the curves;
 * many keep the colours of their values, which say more of them.
 */
export function drawStanding(surface: Surface, geometry: Geometry, { places, bins, colours }: Pick<Looks, "places" | "bins" | "colours">, pointed: readonly number[], theme: Theme): void {
  const points = pointsOf(geometry);
  const count = geometry.axes.length;
  const back = theme.colour("--mm-back");
  const known = pointed.filter((row) => row < places.length);
  const standing = [...places.keys()].filter((row) => places[row]! >= 0 && !known.includes(row));
  const isStyled = places.reduce((sum, at) => sum + Number(at >= 0), 0) <= MOST_STYLED;
  for (const row of isStyled ? standing : standing.sort((a, b) => rank(bins[a]!) - rank(bins[b]!))) {
    const { colour, dash } = styleOf(places[row]!);
    place(points, geometry, row);
    if (isStyled) surface.polyline(points, count, { colour: back, width: 4, alpha: 0.8 });
    const look = isStyled ? { colour: theme.colour(colour), width: 2, alpha: 1, dash } : { colour: colours[bins[row] ?? NO_VALUE]!, width: 1.8, alpha: Math.max(0.5, opacityOf(standing.length)) };
    surface.polyline(points, count, look);
  }
  for (const row of known) {
    place(points, geometry, row);
    const colour = theme.colour(isStyled && places[row]! >= 0 ? styleOf(places[row]!).colour : "--mm-text");
    surface.polyline(points, count, { colour: back, width: 6, alpha: 0.9 });
    surface.polyline(points, count, { colour, width: 3, alpha: 1 });
    if (known.length <= MOST_STYLED) for (let axis = 0; axis < count; axis++) surface.dot(points[2 * axis]!, points[2 * axis + 1]!, 4, colour, 1);
  }
}

/** The order of drawing: without a value first, the strongest last. */
function rank(bin: number): number {
  return bin === NO_VALUE ? -1 : bin;
}

/** Draws the axes with what is written beside them. */
export function drawAxes(surface: Surface, geometry: Geometry, theme: Theme): void {
  const { axes, apart, top, bottom, off } = geometry;
  const line = theme.colour("--mm-strong-line");
  const words = { colour: theme.colour("--mm-text"), halo: theme.colour("--mm-back") };
  const lettersIn = (pixels: number) => Math.max(3, Math.floor((pixels - 12) / LETTER_PX));
  axes.forEach((axis, at) => {
    const x = xOf(geometry, at);
    const letters = lettersIn(at < axes.length - 1 ? apart : apart / 2);
    surface.polyline([x, top, x, bottom], 2, { colour: line, width: 1.2, alpha: 1 });
    for (const { at: part, text } of marksOf(axis, bottom - top, 14)) {
      const y = pixelAt(geometry, at, part);
      surface.polyline([x - 3, y, x + 3, y], 2, { colour: line, width: 1.2, alpha: 1 });
      surface.text(cut(text, letters), x + 7, y, words);
    }
    if (!axis.off) return;
    surface.polyline([x - 5, off, x + 5, off], 2, { colour: line, width: 1.2, alpha: 1 });
    surface.polyline([x, bottom + 5, x, off - 6], 2, { colour: line, width: 1, alpha: 0.7, dash: [2, 3] });
    const isRight = axis.off.length <= letters; // else beside the last axis, where there is no room, on the left
    surface.text(cut(axis.off, lettersIn(apart)), isRight ? x + 8 : x - 8, off, { ...words, colour: theme.colour("--mm-soft"), align: isRight ? "left" : "right" });
  });
}

/** Returns the row whose line is the nearest to a point, of those that `isIn` holds; -1 where none is within `reach` pixels. */
export function rowNear(geometry: Geometry, x: number, y: number, isIn: Uint8Array | null, reach: number): number {
  const { axes, apart, ys, isBlank } = geometry;
  const count = axes.length;
  const left = Math.max(0, Math.min(count - 1, Math.floor(x / apart - 0.5)));
  const right = Math.min(count - 1, left + 1);
  const part = Math.max(0, Math.min(1, x / apart - 0.5 - left));
  let [best, found] = [reach, -1];
  for (let row = 0; row * count < ys.length; row++) {
    if ((isIn && !isIn[row]) || isBlank[row]) continue;
    const [from, to] = [ys[row * count + left]!, ys[row * count + right]!];
    // Steep lines are near where the pointer is beside them, not only above or below.
    const slope = Math.hypot(1, (to - from) / apart);
    const distance = Math.abs(from * (1 - part) + to * part - y) / slope;
    if (distance < best) [best, found] = [distance, row];
  }
  return found;
}

function pointsOf({ axes, apart }: Geometry): Float64Array {
  const points = new Float64Array(2 * axes.length);
  for (let axis = 0; axis < axes.length; axis++) points[2 * axis] = (axis + 0.5) * apart;
  return points;
}

function place(points: Float64Array, { axes, ys }: Geometry, row: number): void {
  const count = axes.length;
  for (let axis = 0; axis < count; axis++) points[2 * axis + 1] = ys[row * count + axis]!;
}
