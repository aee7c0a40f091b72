/** The name of the run that is pointed at, and its values, beside the pointer: text only. */

import { el, fill } from "../dom.ts";
import { nameOf } from "../names.ts";
import { swatch } from "../swatch.ts";
import type { Column } from "../wire.ts";
import { cut } from "../words.ts";
import { valueText } from "./axis.ts";
import type { ChartData } from "./data.ts";

const GAP_PX = 14;
const LONGEST_NAME = 120;
const LONGEST_VALUE = 60;
const MOST_VALUES = 12;

export class RunTip {
  readonly element = el("div", { class: "mm-tip", popover: "manual", "aria-hidden": "true" });

  /** Shows a run at this point of the window (pixels). */
  show(data: ChartData, at: number, columns: readonly Column[], left: number, top: number): void {
    const table = data.table.peek();
    const row = data.rows.peek()[at]!;
    const place = data.places.peek()[at]!;
    fill(
      this.element,
      el("div", { class: "mm-tip-row mm-near" }, place >= 0 ? swatch(place) : null, el("bdi", { class: "mm-name" }, cut(nameOf(table, table.ids[row]!), LONGEST_NAME))),
      ...[...new Set(columns)]
        .slice(0, MOST_VALUES)
        .map((column) =>
          el("div", { class: "mm-tip-row" }, el("bdi", { class: "mm-name mm-soft" }, cut(column.title, LONGEST_NAME)), el("bdi", { class: "mm-value" }, cut(valueText(column, row), LONGEST_VALUE))),
        ),
    );
    if (!this.element.matches(":popover-open")) this.element.showPopover();
    const { width, height } = this.element.getBoundingClientRect();
    const fits = left + GAP_PX + width < window.innerWidth;
    this.element.style.left = `${fits ? left + GAP_PX : Math.max(4, left - GAP_PX - width)}px`;
    this.element.style.top = `${Math.max(4, Math.min(top + GAP_PX, window.innerHeight - height - 4))}px`;
  }

  hide(): void {
    if (this.element.matches(":popover-open")) this.element.hidePopover();
  }
}

/** Returns a run and its values in one sentence, for screen readers. */
export function spoken(data: ChartData, at: number, columns: readonly Column[]): string {
  const table = data.table.peek();
  const row = data.rows.peek()[at]!;
  const values = [...new Set(columns)].slice(0, MOST_VALUES).map((column) => `${cut(column.title, 40)} ${cut(valueText(column, row), 40)}`);
  return `${cut(nameOf(table, table.ids[row]!), 60)}: ${values.join(", ")}`;
}
