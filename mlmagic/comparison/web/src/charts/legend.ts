/** The scale of colours: as an element above the chart, and drawn in a picture of it. */

import type { Theme } from "../curves/theme.ts";
import { el, fill } from "../dom.ts";
import { cut } from "../words.ts";
import { textAt, valueAt, type Axis } from "./axis.ts";
import { BINS, isReversed, STOPS } from "./ramp.ts";
import type { Surface } from "../surface.ts";

export const LEGEND_PX = 34;
const BAR_PX = 140;
const LONGEST_NAME = 40;

/** Returns the values at the ends of the scale, marked where there are values beyond them. */
function endsOf(axis: Axis): [string, string] {
  const [isLow, isHigh] = axis.isCut;
  return [`${isLow ? "≤ " : ""}${textAt(axis, valueAt(axis, 0))}`, `${isHigh ? "≥ " : ""}${textAt(axis, valueAt(axis, 1))}`];
}

function remarksOf({ log, isCut }: Axis): string {
  return [log ? "log" : "", isCut[0] || isCut[1] ? "2nd to 98th percentile" : ""].filter(Boolean).join(", ");
}

/** Fills the element with the scale; without a column that colours it is empty. */
export function showLegend(element: HTMLElement, axis: Axis | null): void {
  element.hidden = axis === null;
  if (!axis) return;
  const stops = isReversed(axis) ? STOPS.toReversed() : STOPS;
  const bar = el("span", { class: "mm-ramp", "aria-hidden": "true" });
  const [ends, remarks] = [endsOf(axis), remarksOf(axis)];
  bar.style.background = `linear-gradient(to right, ${stops.map((stop) => `var(${stop})`).join(", ")})`;
  fill(
    element,
    el("bdi", { class: "mm-name", title: cut(axis.column.title, 200) }, cut(axis.column.title, LONGEST_NAME)),
    el("span", { class: "mm-soft" }, ends[0]),
    bar,
    el("span", { class: "mm-soft" }, ends[1]),
    remarks ? el("span", { class: "mm-soft" }, remarks) : null,
  );
}

export function drawLegend(surface: Surface, axis: Axis, colours: readonly string[], left: number, y: number, theme: Theme): void {
  const remarks = remarksOf(axis);
  const name = `${cut(axis.column.title, LONGEST_NAME)}${remarks ? ` (${remarks})` : ""}`;
  const [text, soft] = [{ colour: theme.colour("--mm-text"), size: 12 }, { colour: theme.colour("--mm-soft"), size: 11 }];
  surface.text(name, left, y, text);
  const [low, high] = endsOf(axis);
  const from = left + name.length * 7 + low.length * 6.5 + 18;
  surface.text(low, from - 6, y, { ...soft, align: "right" });
  for (let bin = 0; bin < BINS; bin++) {
    const width = BAR_PX / BINS;
    surface.box(from + bin * width, y - 5, width + 0.5, 10, colours[isReversed(axis) ? BINS - 1 - bin : bin]!);
  }
  surface.text(high, from + BAR_PX + 6, y, soft);
}
