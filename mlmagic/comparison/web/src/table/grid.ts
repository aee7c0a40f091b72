/**
 * The grid: only the cells in sight are in the document, and those that leave it are used again.
 *
 * The scrolled element holds the heading, which sticks to the top, and rows at fixed heights. In each the pinned cells
 * stick to the left; a spacer stands for the columns between them and those in sight.
 */

import { effect } from "@preact/signals-core";

import { el, uniqueId } from "../dom.ts";
import { drawCell, type Drawing } from "./cells.ts";
import { columnsBetween, HEADER_HEIGHT, NAME, ROW_HEIGHT, SELECT_WIDTH } from "./columns.ts";
import { drawHeading } from "./header.ts";
import type { TableModel } from "./model.ts";
import { idsOf } from "./selection.ts";
import type { Line } from "./tree.ts";

const ROWS_AT_FIRST = 12;
const ROWS_MORE = 4;
const PIXELS_MORE = 200;
const SCROLLBAR = 12;
const MINUTE_MS = 60_000;

/** A place in the grid: `line` -1 is the heading, `column` -1 the check boxes. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

interface Row {
  readonly element: HTMLElement;
  readonly check: HTMLElement;
  readonly box: HTMLInputElement;
  readonly spacer: HTMLElement;
  readonly cells: HTMLElement[];
}

export class Grid {
  readonly element: HTMLElement;
  active: Place = { line: 0, column: 0 };
  readonly #model: TableModel;
  readonly #id = uniqueId("grid");
  readonly #head: Row;
  readonly #body = el("div", { class: "mm-body", role: "rowgroup" });
  readonly #rows = new Map<number, Row>();
  readonly #spare: Row[] = [];
  readonly #observer: ResizeObserver;
  readonly #stop: (() => void)[] = [];
  #window: [number, number] = [0, 0];
  #size = { width: 0, height: 0 };
  #ownHeight = "";
  /** Whether something has changed while the grid was hidden, when nothing is drawn. */
  #isStale = false;

  constructor(model: TableModel) {
    this.#model = model;
    this.#head = row("columnheader");
    this.#head.element.className = "mm-row mm-header";
    this.#head.element.setAttribute("aria-rowindex", "1");
    this.#head.box.setAttribute("aria-label", "Select all runs that are shown");
    this.element = el(
      "div",
      { class: "mm-grid", role: "grid", tabindex: 0, "aria-multiselectable": "true", "aria-label": "Runs", scroll: () => this.#paint(false) },
      el("div", { role: "rowgroup", class: "mm-top" }, this.#head.element),
      this.#body,
    );
    this.#observer = new ResizeObserver(() => {
      this.#size = { width: this.element.clientWidth, height: this.element.clientHeight };
      if (this.#size.width > 0) model.room.value = this.#size.width;
      this.#paint(false);
    });
    this.#observer.observe(this.element);
    this.element.addEventListener("pointerover", (event) => this.#point(this.placeOf(event.target as Element)?.line ?? -1));
    this.element.addEventListener("pointerleave", () => this.#point(-1));
    this.element.addEventListener("blur", () => this.#point(-1));
    let table = model.state.table.peek();
    let before = model.lines.peek();
    this.#stop.push(
      effect(() => {
        const lines = model.lines.value;
        const { lefts, columns } = model.layout.value;
        if (model.state.table.value !== table) this.#follow(before, lines);
        [table, before] = [model.state.table.value, lines];
        void model.state.fresh.value;
        void model.shaded.value;
        void model.longest.value;
        void model.expanded.value;
        void model.state.badges.value;
        const isTree = model.hasMeans.value;
        this.element.setAttribute("role", isTree ? "treegrid" : "grid");
        this.element.setAttribute("aria-rowcount", String(lines.length + 1));
        this.element.setAttribute("aria-colcount", String(columns.length + 1));
        this.#body.style.height = `${lines.length * ROW_HEIGHT}px`;
        this.#body.style.width = this.#head.element.style.width = `${lefts.at(-1)!}px`;
        this.#fit(lines.length);
        this.active = { line: Math.min(this.active.line, lines.length - 1), column: Math.min(this.active.column, columns.length - 1) };
        this.#paint(true);
      }),
      effect(() => {
        void model.places.value;
        this.#drawSelection();
      }),
      effect(() => this.#drawPointed(new Set(model.state.pointed.value))),
    );
    // Cells say how long ago runs were started.
    const timer = setInterval(() => this.#paint(true), MINUTE_MS);
    this.#stop.push(() => clearInterval(timer));
  }

  destroy(): void {
    this.#observer.disconnect();
    for (const stop of this.#stop) stop();
  }

  /** Makes a place the active one, and brings it in sight. */
  activate(place: Place): void {
    const lines = this.#model.lines.peek();
    const { lefts, columns, pinned } = this.#model.layout.peek();
    this.active = { line: clamp(place.line, -1, lines.length - 1), column: clamp(place.column, -1, columns.length - 1) };
    const { line, column } = this.active;
    const scrolled = this.element;
    if (line >= 0) {
      const top = line * ROW_HEIGHT;
      const room = this.#size.height - HEADER_HEIGHT - ROW_HEIGHT;
      if (top < scrolled.scrollTop) scrolled.scrollTop = top;
      else if (top > scrolled.scrollTop + room) scrolled.scrollTop = top - room;
    }
    if (column >= pinned) {
      const room = this.#size.width;
      if (lefts[column]! - lefts[pinned]! < scrolled.scrollLeft) scrolled.scrollLeft = lefts[column]! - lefts[pinned]!;
      else if (lefts[column + 1]! > scrolled.scrollLeft + room) scrolled.scrollLeft = lefts[column + 1]! - room;
    }
    this.#paint(false);
    this.#drawActive();
    if (scrolled.matches(":focus-visible")) this.#point(line);
  }

  /** Notes the runs of a line, which stand out in curves and charts; of the heading (-1) none. */
  #point(line: number): void {
    const found = this.#model.lines.peek()[line];
    this.#model.state.point(found ? idsOf(this.#model.state.table.peek(), found) : []);
  }

  #drawPointed(pointed: ReadonlySet<string>): void {
    const lines = this.#model.lines.peek();
    const { table } = this.#model.state;
    for (const [at, { element }] of this.#rows) {
      const line = lines[at];
      element.classList.toggle("mm-pointed", pointed.size > 0 && line !== undefined && idsOf(table.peek(), line).some((id) => pointed.has(id)));
    }
  }

  /** Returns the place of what was clicked, and what it does. */
  placeOf(target: Element): (Place & { readonly does: string }) | null {
    const cell = target.closest<HTMLElement>("[data-column]");
    const line = cell?.parentElement?.dataset.line;
    if (!cell || line === undefined || !this.element.contains(cell)) return null;
    return { line: Number(line), column: Number(cell.dataset.column), does: target.closest<HTMLElement>("[data-do]")?.dataset.do ?? "" };
  }

  /** Returns the cell at a place, null where it is not in sight. */
  cellAt({ line, column }: Place): HTMLElement | null {
    const found = line < 0 ? this.#head : this.#rows.get(line);
    return found?.element.querySelector<HTMLElement>(`[data-column="${column}"]`) ?? null;
  }

  /** How many rows there is room for. */
  get page(): number {
    return Math.max(1, Math.floor((this.#size.height - HEADER_HEIGHT) / ROW_HEIGHT) - 1);
  }

  /** Returns the width that a column's cells in sight need. */
  widthNeeded(column: number): number {
    const cells = this.element.querySelectorAll<HTMLElement>(`[data-column="${column}"]`);
    let most = 0;
    for (const cell of cells) {
      const before = cell.style.width;
      cell.style.width = "max-content";
      most = Math.max(most, cell.getBoundingClientRect().width);
      cell.style.width = before;
    }
    return Math.ceil(most) + 6;
  }

  /** Keeps the active run and the scrolled ones in their places when rows came or went above them. */
  #follow(before: readonly Line[], after: readonly Line[]): void {
    const places = new Map(after.map(({ branch }, at) => [branch.key, at]));
    const now = (at: number) => places.get(before[at]?.branch.key ?? "") ?? at;
    if (this.active.line >= 0) this.active = { ...this.active, line: now(this.active.line) };
    const first = Math.floor(this.element.scrollTop / ROW_HEIGHT);
    const moved = this.element.scrollTop > 0 ? (now(first) - first) * ROW_HEIGHT : 0;
    if (moved === 0) return;
    this.#body.style.height = `${after.length * ROW_HEIGHT}px`;
    this.element.scrollTop += moved;
  }

  /** The height is that of the rows, until somebody drags the corner. */
  #fit(lines: number): void {
    if (this.element.style.height !== this.#ownHeight) return;
    this.element.style.height = `${HEADER_HEIGHT + Math.max(1, Math.min(lines, ROWS_AT_FIRST)) * ROW_HEIGHT + SCROLLBAR}px`;
    this.#ownHeight = this.element.style.height;
  }

  #paint(isWhole: boolean): void {
    if (this.#size.width === 0) return void (this.#isStale ||= isWhole);
    const isAll = isWhole || this.#isStale;
    this.#isStale = false;
    const { scrollTop, scrollLeft } = this.element;
    const model = this.#model;
    const lines = model.lines.peek();
    const layout = model.layout.peek();
    const pinnedEnd = layout.lefts[layout.pinned]!;
    const inSight = columnsBetween(layout, pinnedEnd + scrollLeft - PIXELS_MORE, scrollLeft + this.#size.width + PIXELS_MORE);
    // A little more than in sight is drawn: only what leaves that is a reason to draw all rows anew.
    const needed = columnsBetween(layout, pinnedEnd + scrollLeft, scrollLeft + this.#size.width);
    const isDrawn = !isAll && this.#window[0] <= needed[0] && this.#window[1] >= needed[1];
    if (!isDrawn) {
      this.#window = inSight;
      this.#drawHead();
    }
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - ROWS_MORE);
    const last = Math.min(lines.length - 1, Math.ceil((scrollTop + this.#size.height - HEADER_HEIGHT) / ROW_HEIGHT) + ROWS_MORE);
    for (const [at, drawn] of this.#rows) {
      if (at >= first && at <= last) continue;
      this.#rows.delete(at);
      this.#spare.push(drawn);
    }
    const drawing = { model, table: model.state.table.peek(), now: Date.now() };
    for (let at = first; at <= last; at++) {
      const before = this.#rows.get(at);
      if (before && isDrawn) continue;
      const drawn = before ?? this.#spare.pop() ?? row("gridcell");
      this.#rows.set(at, drawn);
      this.#drawRow(drawn, at, lines[at]!, drawing);
      if (!drawn.element.isConnected) this.#body.append(drawn.element);
    }
    for (const { element } of this.#spare) element.remove();
    this.#drawPointed(new Set(model.state.pointed.peek()));
    this.#drawActive();
  }

  #drawHead(): void {
    const sort = this.#model.state.view.peek().sort;
    this.#head.element.dataset.line = "-1";
    this.#place(this.#head, (cell, column) => drawHeading(cell, this.#model.layout.peek().columns[column]!, sort));
    this.#drawSelectionOfAll();
  }

  #drawRow(drawn: Row, at: number, line: Line, drawing: Drawing): void {
    const { element } = drawn;
    const isParent = line.branch.children.length > 0;
    element.style.top = `${at * ROW_HEIGHT}px`;
    element.style.width = this.#body.style.width;
    element.dataset.line = String(at);
    element.setAttribute("aria-rowindex", String(at + 2));
    if (isParent) element.setAttribute("aria-expanded", String(this.#model.expanded.peek().has(line.branch.key)));
    else element.removeAttribute("aria-expanded");
    if (this.#model.hasMeans.peek()) element.setAttribute("aria-level", String(line.depth + 1));
    else element.removeAttribute("aria-level");
    const isFresh = line.branch.row >= 0 && this.#model.state.fresh.peek().has(line.branch.key);
    element.className = `mm-row${line.branch.row < 0 ? " mm-group" : ""}${at % 2 ? " mm-odd" : ""}${isFresh ? " mm-fresh" : ""}`;
    this.#place(drawn, (cell, column) => drawCell(cell, this.#model.layout.peek().columns[column]!, line, drawing));
    this.#drawSelectionOf(drawn, line);
  }

  #drawCell(cell: HTMLElement, column: number, line: Line, drawing: Drawing): void {
    drawCell(cell, this.#model.layout.peek().columns[column]!, line, drawing);
    this.#pin(cell, column);
  }

  /** Drawing gives a cell its classes anew, those of a pinned one too. */
  #pin(cell: HTMLElement, column: number): void {
    const { pinned } = this.#model.layout.peek();
    cell.classList.toggle("mm-pinned", column < pinned);
    cell.classList.toggle("mm-last-pinned", column === pinned - 1);
  }

  /** Puts the cells of a row in their places, and has each drawn. */
  #place(drawn: Row, draw: (cell: HTMLElement, column: number) => void): void {
    const { lefts, columns, pinned } = this.#model.layout.peek();
    const [from, to] = this.#window;
    const count = pinned + Math.max(0, to - from);
    while (drawn.cells.length < count) drawn.cells.push(el("div", { role: drawn === this.#head ? "columnheader" : "gridcell" }));
    drawn.spacer.style.width = `${lefts[Math.min(from, columns.length)]! - lefts[pinned]!}px`;
    for (let at = 0; at < count; at++) {
      const column = at < pinned ? at : from + at - pinned;
      const cell = drawn.cells[at]!;
      draw(cell, column);
      cell.dataset.column = String(column);
      cell.id = `${this.#id}-${drawn.element.dataset.line}-${column}`;
      cell.setAttribute("aria-colindex", String(column + 2));
      cell.style.width = `${lefts[column + 1]! - lefts[column]!}px`;
      cell.style.left = at < pinned ? `${lefts[column]!}px` : "";
      this.#pin(cell, column);
    }
    drawn.check.id = `${this.#id}-${drawn.element.dataset.line}--1`;
    const wanted = [drawn.check, ...drawn.cells.slice(0, pinned), drawn.spacer, ...drawn.cells.slice(pinned, count)];
    const { element } = drawn;
    if (wanted.length !== element.childElementCount || wanted.some((cell, at) => element.children[at] !== cell)) element.replaceChildren(...wanted);
  }

  #drawSelection(): void {
    if (this.#size.width === 0) return void (this.#isStale = true);
    const lines = this.#model.lines.peek();
    const drawing = { model: this.#model, table: this.#model.state.table.peek(), now: Date.now() };
    const columns = this.#model.layout.peek().columns;
    const name = columns.findIndex(({ id }) => id === NAME); // which shows the swatch of a selected run
    for (const [at, drawn] of this.#rows) {
      const line = lines[at];
      if (!line) continue;
      const cell = this.cellAt({ line: at, column: name });
      if (cell) this.#drawCell(cell, name, line, drawing);
      this.#drawSelectionOf(drawn, line);
    }
    this.#drawSelectionOfAll();
    this.#drawActive();
  }

  #drawSelectionOf(drawn: Row, line: Line): void {
    const places = this.#model.places.peek();
    const ids = idsOf(this.#model.state.table.peek(), line);
    const count = ids.reduce((sum, id) => sum + Number(places.has(id)), 0);
    const isOn = count > 0 && count === ids.length;
    drawn.element.setAttribute("aria-selected", String(isOn));
    drawn.box.checked = isOn;
    drawn.box.indeterminate = count > 0 && !isOn;
    drawn.box.setAttribute("aria-label", line.branch.row < 0 ? `Select the ${ids.length} runs of this group` : "Select this run");
  }

  #drawSelectionOfAll(): void {
    const count = this.#model.places.peek().size;
    const shown = this.#model.filtered.peek().count;
    this.#head.box.checked = count > 0 && count >= shown;
    this.#head.box.indeterminate = count > 0 && count < shown;
  }

  #drawActive(): void {
    this.element.querySelector(".mm-active")?.classList.remove("mm-active");
    const cell = this.cellAt(this.active);
    cell?.classList.add("mm-active");
    if (cell) this.element.setAttribute("aria-activedescendant", cell.id);
    else this.element.removeAttribute("aria-activedescendant");
  }
}

function row(role: "columnheader" | "gridcell"): Row {
  const box = el("input", { type: "checkbox", tabindex: -1, "data-do": "check" });
  const check = el("div", { class: "mm-cell mm-check mm-pinned", role, "data-column": -1, "aria-colindex": 1, "data-do": "check" }, box);
  check.style.width = `${SELECT_WIDTH}px`;
  const spacer = el("div", { class: "mm-spacer", role: "presentation" });
  return { element: el("div", { class: "mm-row", role: "row" }), check, box, spacer, cells: [] };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
