/** A scatter plot on a surface: a dot a run, and where each stands. */

import type { Theme } from "../curves/theme.ts";
import { styleOf } from "../palette.ts";
import { cut } from "../words.ts";
import { marksOf, type Axis } from "./axis.ts";
import { partsOf } from "./brush.ts";
import { MOST_STYLED, type Looks } from "./parallel_drawing.ts";
import { NO_VALUE } from "./ramp.ts";
import type { Surface } from "../surface.ts";
import type { Box } from "./view.ts";

const LETTER_PX = 6.3;
const OFF_PX = 26;
/** Of words, dots of one word are spread over this part of its place. */
const SPREAD = 0.5;
const OFF_SPREAD_PX = 12;

export interface Plot {
  readonly x: Axis;
  readonly y: Axis;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Where each run stands, x and y of one after the other. */
  readonly points: Float32Array;
  readonly radius: number;
}

export function plotOf(x: Axis, y: Axis, width: number, height: number): Plot {
  const texts = marksOf(y, height - 60, 16).map(({ text }) => text);
  const letters = Math.min(18, Math.max(3, ...[...texts, y.off ? y.off : ""].map((text) => text.length)));
  const left = Math.min(width / 3, letters * LETTER_PX + 34) + (x.off ? OFF_PX : 0);
  const right = width - 16;
  const top = 12;
  const bottom = height - 46 - (y.off ? OFF_PX : 0);
  const count = x.places.length;
  const points = new Float32Array(2 * count);
  for (let at = 0; at < count; at++) {
    const [across, up] = [x.places[at]!, y.places[at]!];
    points[2 * at] = Number.isNaN(across) ? left - OFF_PX / 2 - 4 + OFF_SPREAD_PX * part(at) : left + (across + spread(x, at)) * (right - left);
    points[2 * at + 1] = Number.isNaN(up) ? bottom + OFF_PX / 2 + 4 + OFF_SPREAD_PX * part(at + 7) : bottom - (up + spread(y, at + 7)) * (bottom - top);
  }
  return { x, y, width, height, left, right, top, bottom, points, radius: count > 2000 ? 2.5 : count > 300 ? 3.5 : 4.5 };
}

/** Dots of one word would lie on each other: each is moved by a part that is always the same. */
function spread({ words, places }: Axis, at: number): number {
  return words && places.length > 2 * words.length ? part(at) * (SPREAD / words.length) : 0;
}

/** Returns a part between -0.5 and 0.5 that is far from those of the numbers before. */
function part(at: number): number {
  return ((at * 0.618034) % 1) - 0.5;
}

/** Returns the parts of both axes at a pixel; below 0 where the runs without a place stand. */
export function partsAt({ left, right, top, bottom }: Plot, x: number, y: number): [number, number] {
  const across = (x - left) / (right - left);
  const up = (bottom - y) / (bottom - top);
  return [across < -0.005 ? -1 : Math.min(1, Math.max(0, across)), up < -0.005 ? -1 : Math.min(1, Math.max(0, up))];
}

/** Returns the rectangle of a box in pixels: left, top, width and height. */
export function rectangleOf(plot: Plot, { x, y }: Box): [number, number, number, number] {
  const ends = (axis: Axis, brush: Box["x"]): [number, number] => {
    if (brush.low > brush.high) return [-1, -1];
    const half = axis.words ? 0.5 / axis.words.length : 0;
    const [low, high] = partsOf(axis, brush);
    return [brush.off ? -1 : low - half, high + half];
  };
  const [west, east] = ends(plot.x, x).map((part) => (part < 0 ? plot.left - OFF_PX : plot.left + Math.min(1, part) * (plot.right - plot.left))) as [number, number];
  const [south, north] = ends(plot.y, y).map((part) => (part < 0 ? plot.bottom + OFF_PX : plot.bottom - Math.min(1, part) * (plot.bottom - plot.top))) as [number, number];
  const [wide, tall] = [x.low > x.high ? OFF_PX : east - west, y.low > y.high ? OFF_PX : south - north];
  return [west, y.low > y.high ? plot.bottom : north, wide, tall];
}

export function drawGrid(surface: Surface, plot: Plot, theme: Theme): void {
  const { x, y, left, right, top, bottom, width, height } = plot;
  const [rule, line] = [theme.colour("--mm-line"), theme.colour("--mm-strong-line")];
  const [soft, text] = [theme.colour("--mm-soft"), theme.colour("--mm-text")];
  const room = right - left;
  const across = marksOf(x, room, x.words ? 64 : 56);
  const letters = x.words ? Math.max(4, Math.floor(room / Math.max(1, across.length) / LETTER_PX) - 1) : 12;
  for (const { at, text: words } of across) {
    const place = left + at * room;
    surface.polyline([place, top, place, bottom], 2, { colour: rule, width: 1, alpha: 1 });
    surface.text(cut(words, letters), place, height - 32, { colour: soft, align: "center" });
  }
  const most = Math.floor((left - 34 - (x.off ? OFF_PX : 0)) / LETTER_PX) + 1;
  for (const { at, text: words } of marksOf(y, bottom - top, 16)) {
    const place = bottom - at * (bottom - top);
    surface.polyline([left, place, right, place], 2, { colour: rule, width: 1, alpha: 1 });
    surface.text(cut(words, most), left - 8 - (x.off ? OFF_PX : 0), place, { colour: soft, align: "right" });
  }
  surface.polyline([left, top, left, bottom, right, bottom], 3, { colour: line, width: 1, alpha: 1 });
  if (x.off) surface.polyline([left - 5, top, left - 5, bottom], 2, { colour: line, width: 1, alpha: 0.7, dash: [2, 3] });
  if (y.off) surface.polyline([left, bottom + 5, right, bottom + 5], 2, { colour: line, width: 1, alpha: 0.7, dash: [2, 3] });
  if (x.off) surface.text(cut(x.off, 10), left - OFF_PX / 2 - 4, height - 32, { colour: soft, align: "center", size: 10 });
  if (y.off) surface.text(cut(y.off, most), left - 8 - (x.off ? OFF_PX : 0), bottom + OFF_PX / 2 + 4, { colour: soft, align: "right", size: 10 });
  const name = ({ column, log }: Axis, pixels: number) => `${cut(column.title, Math.max(6, Math.floor(pixels / 7) - 6))}${log ? " (log)" : ""}`;
  surface.text(name(x, room), left + room / 2, height - 12, { colour: text, align: "center", size: 12 });
  surface.text(name(y, bottom - top), Math.min(12, width / 20), (top + bottom) / 2, { colour: text, align: "center", size: 12, up: true });
}

/** Draws the dots; those that a range leaves out are faint and lie beneath the others. */
export function drawDots(surface: Surface, { points, radius }: Plot, { order, bins, colours, passed }: Omit<Looks, "places">, theme: Theme): void {
  const faint = theme.colour("--mm-strong-line");
  const count = order.length;
  const alpha = count > 2000 ? 0.55 : count > 300 ? 0.75 : 0.95;
  const each = (isIn: (row: number) => boolean, draw: (x: number, y: number, row: number) => void) => {
    for (const row of order) if (isIn(row)) draw(points[2 * row]!, points[2 * row + 1]!, row);
  };
  if (passed) each((row) => !passed[row], (x, y) => surface.dot(x, y, radius * 0.8, faint, 0.22));
  each((row) => !passed || passed[row] === 1, (x, y, row) => surface.dot(x, y, radius, colours[bins[row] ?? NO_VALUE]!, alpha));
}

/** Draws a ring about each selected run, in the colours of the curves if these are few, and about those that are pointed at. */
export function drawRings(surface: Surface, { points, radius }: Plot, { bins, colours }: Pick<Looks, "bins" | "colours">, places: Int32Array, pointed: readonly number[], theme: Theme): void {
  const back = theme.colour("--mm-back");
  const ring = (row: number, colour: string, more: number) => {
    const [x, y] = [points[2 * row]!, points[2 * row + 1]!];
    surface.dot(x, y, radius + more + 2.5, colour, 1);
    surface.dot(x, y, radius + more, back, 1);
    surface.dot(x, y, radius + more - 1.5, colours[bins[row] ?? NO_VALUE]!, 1);
  };
  const selected = places.reduce((sum, at) => sum + Number(at >= 0), 0);
  const colourOf = (place: number) => theme.colour(selected <= MOST_STYLED ? styleOf(place).colour : "--mm-soft");
  // Where all are selected a ring about each would say nothing.
  if (selected < places.length || selected <= MOST_STYLED) places.forEach((place, row) => place >= 0 && ring(row, colourOf(place), selected <= MOST_STYLED ? 1.5 : 0.5));
  for (const row of pointed) if (row < places.length) ring(row, theme.colour("--mm-text"), 2.5);
}

/** Returns the row whose dot is the nearest to a point; -1 where none is within `reach` pixels. */
export function dotNear({ points }: Plot, x: number, y: number, reach: number): number {
  let [best, found] = [reach * reach, -1];
  for (let row = 0; 2 * row < points.length; row++) {
    const [across, down] = [points[2 * row]! - x, points[2 * row + 1]! - y];
    const distance = across * across + down * down;
    if (distance <= best) [best, found] = [distance, row];
  }
  return found;
}

/** Returns the rows in the order of their dots from left to right: the order in which keys visit them. */
export function fromLeft({ points }: Plot): Uint32Array {
  return Uint32Array.from({ length: points.length / 2 }, (_, row) => row).sort((a, b) => points[2 * a]! - points[2 * b]! || points[2 * b + 1]! - points[2 * a + 1]! || a - b);
}
