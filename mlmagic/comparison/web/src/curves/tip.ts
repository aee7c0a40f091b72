/** The values at the crosshair, beside it: text only, above all else and never in the way of the pointer. */

import { el, fill } from "../dom.ts";
import { swatch } from "../swatch.ts";
import { short } from "./format.ts";
import { cut } from "../words.ts";
import type { Reading } from "./reading.ts";

const GAP_PX = 14;
const LONGEST_NAME = 200;

export class Tip {
  readonly element = el("div", { class: "mm-tip", popover: "manual", "aria-hidden": "true" });

  /** Shows the readings at this point of the window (pixels). */
  show(title: string, readings: readonly Reading[], near: Reading | null, left: number, top: number): void {
    fill(this.element, el("div", { class: "mm-tip-title" }, title), ...readings.map((reading) => row(reading, reading === near)));
    if (!this.element.matches(":popover-open")) this.element.showPopover();
    const { width, height } = this.element.getBoundingClientRect();
    const fits = left + GAP_PX + width < window.innerWidth;
    this.element.style.left = `${fits ? left + GAP_PX : Math.max(4, left - GAP_PX - width)}px`;
    this.element.style.top = `${Math.max(4, Math.min(top - height / 2, window.innerHeight - height - 4))}px`;
  }

  hide(): void {
    if (this.element.matches(":popover-open")) this.element.hidePopover();
  }
}

function row(reading: Reading, isNear: boolean): HTMLElement {
  const { line } = reading.drawn;
  return el(
    "div",
    { class: isNear ? "mm-tip-row mm-near" : "mm-tip-row" },
    swatch(line.place),
    el("bdi", { class: "mm-name" }, cut(line.name, LONGEST_NAME)),
    el("span", { class: "mm-value" }, valueText(reading)),
  );
}

/** Returns the value, and beside it what was logged or how sure it is. */
export function valueText({ value, raw, error, drawn }: Reading): string {
  if (error !== null) return `${short(value)} ± ${short(error, 2)}${drawn.line.size > 1 ? ` (n=${drawn.line.size})` : ""}`;
  return raw !== null && raw !== value ? `${short(value)} (${short(raw)})` : short(value);
}
