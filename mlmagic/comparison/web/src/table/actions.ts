/** What clicks, drags and keys do in the grid. */

import type { Context } from "../context.ts";
import { wordOf, type Column } from "../wire.ts";
import { counted } from "../words.ts";
import { valueShown, valuesOf, type MetricValue } from "../metric_value.ts";
import { STAR } from "./cells.ts";
import { NAME, NARROWEST, WIDEST } from "./columns.ts";
import type { Grid, Place } from "./grid.ts";
import type { TableModel } from "./model.ts";
import { Menu, type Item } from "./popover.ts";
import { idsBetween, idsOf, MOST_SELECTED, toggled } from "./selection.ts";
import { clicked, described } from "./sorting.ts";
import { rowsOf } from "./tree.ts";

const VALUE_LABELS: Readonly<Record<MetricValue, string>> = { last: "Last value", best: "Best value", min: "Lowest value", max: "Highest value" };

const STEP = 16;

export class Actions {
  readonly menu = new Menu();
  readonly #grid: Grid;
  readonly #model: TableModel;
  readonly #context: Context;
  /** The line from which a range is selected, and the selection that it is added to. */
  #anchor = 0;
  #kept: readonly string[] = [];
  /** What was selected before the first of two clicks, which opens a run and selects nothing. */
  #before: readonly string[] = [];
  /** The branch of the first of two clicks: what that selects may move the lines, so that the second is on another. */
  #first = "";

  constructor(grid: Grid, model: TableModel, context: Context) {
    this.#grid = grid;
    this.#model = model;
    this.#context = context;
    const { element } = grid;
    element.addEventListener("click", (event) => this.#onClick(event));
    element.addEventListener("dblclick", (event) => this.#onDoubleClick(event));
    element.addEventListener("pointerdown", (event) => this.#onPointerDown(event));
    element.addEventListener("keydown", (event) => this.#onKey(event));
    // Shift and a click would mark text.
    element.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
  }

  #columnAt(column: number): Column | undefined {
    return this.#model.layout.peek().columns[column];
  }

  #onClick(event: MouseEvent): void {
    const target = event.target as Element;
    if (target.closest("a")) return;
    const found = this.#grid.placeOf(target);
    if (!found || found.does === "resize") return;
    const lines = this.#model.lines.peek();
    const first = event.detail === 2 ? lines.findIndex(({ branch }) => branch.key === this.#first) : -1;
    if (event.detail < 2) this.#first = found.does === "" ? (lines[found.line]?.branch.key ?? "") : "";
    const place = first >= 0 ? { ...found, line: first, does: "" } : found;
    this.#grid.element.focus({ preventScroll: true });
    this.#grid.activate(place);
    if (place.line < 0) return this.#onHeading(place, event.shiftKey);
    if (place.does === "fold") return this.#fold(place.line);
    if (place.does === "star") return this.#star(place.line);
    // No event of its own: the first click draws the cell anew, so that the second one is elsewhere for the browser.
    if (event.detail === 2 && place.does === "") {
      if (this.#isRun(place.line)) this.#model.state.selected.value = this.#before;
      return this.#open(place.line);
    }
    if (event.detail < 2) this.#before = this.#model.state.selected.peek();
    this.#select(place.line, { isRange: event.shiftKey, isMore: event.ctrlKey || event.metaKey || place.does === "check" });
  }

  #onHeading({ column, does }: Place & { does: string }, isMore: boolean): void {
    if (column < 0) return this.#selectAll();
    const found = this.#columnAt(column);
    if (!found) return;
    if (does === "menu") this.#openMenu(found, column);
    else this.#sort(found, isMore);
  }

  #sort(column: Column, isMore: boolean): void {
    const { state } = this.#model;
    const sort = clicked(state.view.peek().sort, column, isMore);
    state.change({ sort });
    this.#context.say(described(sort, (id) => this.#model.label(id)));
  }

  #openMenu(column: Column, at: number): void {
    const { state } = this.#model;
    const { hidden, pinned, group } = state.view.peek();
    const order = (descending: boolean): Item => ({
      label: descending ? "Sort descending" : "Sort ascending",
      run: () => {
        state.change({ sort: [{ column: column.id, descending }] });
        this.#context.say(described(state.view.peek().sort, (id) => this.#model.label(id)));
      },
    });
    const shown = valueShown(column, state.view.peek());
    const which = valuesOf(column).map((value): Item => ({
      label: VALUE_LABELS[value],
      isOn: value === shown,
      run: () => state.change({ values: { ...state.view.peek().values, [column.id]: value } }),
    }));
    const isPinned = pinned.includes(column.id);
    const pin: Item = {
      label: "Pin at the left",
      isOn: isPinned,
      run: () => state.change({ pinned: isPinned ? pinned.filter((id) => id !== column.id) : [...pinned, column.id] }),
    };
    const hide: Item = { label: "Hide", run: () => state.change({ hidden: [...hidden, column.id] }) };
    const isGroup = group === column.id;
    const groupBy: Item = { label: "Group by this", isOn: isGroup, run: () => state.change({ group: isGroup ? "" : column.id }) };
    const fit: Item = { label: "Fit the width", run: () => this.#resize(at, this.#grid.widthNeeded(at)) };
    const anchor = this.#grid.cellAt({ line: -1, column: at });
    if (!anchor) return;
    const isMetric = column.kind === "metric" || column.format === "duration" || column.format === "moment";
    this.menu.open(anchor, `Column ${column.label}`, [[order(false), order(true)], which, [pin, ...(column.id === NAME ? [] : [hide]), fit], isMetric || column.id === NAME ? [] : [groupBy]], this.#grid.element);
  }

  #fold(line: number): void {
    const { branch } = this.#model.lines.peek()[line]!;
    if (branch.children.length === 0) return;
    const { expanded } = this.#model.state.view.peek();
    const isOpen = expanded.includes(branch.key);
    this.#model.state.change({ expanded: isOpen ? expanded.filter((key) => key !== branch.key) : [...expanded, branch.key] });
    this.#context.say(`${isOpen ? "Folded" : "Unfolded"} ${counted(branch.children.length, "run")}.`);
  }

  #isRun(line: number): boolean {
    return (this.#model.lines.peek()[line]?.branch.row ?? -1) >= 0;
  }

  #isFolded(line: number): boolean {
    return !this.#model.expanded.peek().has(this.#model.lines.peek()[line]?.branch.key ?? "");
  }

  /** Opens the page of a run; a group is folded or unfolded. */
  #open(line: number): void {
    const branch = this.#model.lines.peek()[line]?.branch;
    if (!branch) return;
    if (this.#isRun(line) && !this.#model.state.table.peek().saved) this.#model.state.page.value = branch.key;
    else this.#fold(line);
  }

  #star(line: number): void {
    const { table } = this.#model.state;
    const branch = this.#model.lines.peek()[line]?.branch;
    if (!branch || branch.row < 0 || table.peek().deleted.has(branch.key) || table.peek().saved) return;
    void this.#context.editing.star([branch.key], wordOf(table.peek(), STAR, branch.row) !== "true");
  }

  #select(line: number, { isRange, isMore }: { isRange: boolean; isMore: boolean }): void {
    const { state } = this.#model;
    const table = state.table.peek();
    const lines = this.#model.lines.peek();
    const selected = state.selected.peek();
    if (isRange) {
      const range = idsBetween(table, lines, this.#anchor, line);
      const known = new Set(this.#kept);
      return this.#choose([...this.#kept, ...range.filter((id) => !known.has(id))]);
    }
    const ids = idsOf(table, lines[line]!);
    this.#anchor = line;
    const next = isMore ? toggled(selected, ids) : ids;
    this.#kept = isMore ? next : [];
    this.#choose(next);
  }

  #selectAll(): void {
    const { state } = this.#model;
    const table = state.table.peek();
    const ids = rowsOf(this.#model.branches.peek()).map((row) => table.ids[row]!);
    const known = new Set(state.selected.peek());
    const isAll = ids.slice(0, MOST_SELECTED).every((id) => known.has(id));
    this.#kept = [];
    this.#choose(isAll ? [] : ids);
  }

  #choose(ids: readonly string[]): void {
    this.#model.state.selected.value = ids.slice(0, MOST_SELECTED);
    const more = ids.length > MOST_SELECTED ? ` The first ${MOST_SELECTED} of ${ids.length}; more would be too many to look at.` : "";
    this.#context.say(ids.length === 0 ? "No run is selected." : `${counted(Math.min(ids.length, MOST_SELECTED), "run")} selected.${more}`);
  }

  #resize(column: number, width: number): void {
    const found = this.#columnAt(column);
    if (!found) return;
    const { widths } = this.#model.state.view.peek();
    this.#model.state.change({ widths: { ...widths, [found.id]: Math.round(Math.max(NARROWEST, Math.min(WIDEST, width))) } });
  }

  #widthOf(column: number): number {
    const { lefts } = this.#model.layout.peek();
    return lefts[column + 1]! - lefts[column]!;
  }

  #onPointerDown(event: PointerEvent): void {
    const handle = event.target as HTMLElement;
    const place = this.#grid.placeOf(handle);
    if (place?.does !== "resize" || event.button !== 0) return;
    event.preventDefault();
    const { column } = place;
    const start = event.clientX;
    const width = this.#widthOf(column);
    // The heading is drawn anew on the way, the handle with it: the window keeps the pointer.
    const move = (moved: PointerEvent) => this.#resize(column, width + moved.clientX - start);
    const end = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  }

  #onDoubleClick(event: MouseEvent): void {
    const place = this.#grid.placeOf(event.target as Element);
    if (place?.does === "resize") this.#resize(place.column, this.#grid.widthNeeded(place.column));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.target !== this.#grid.element) return;
    const { line, column } = this.#grid.active;
    if (event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight") && column >= 0) {
      event.preventDefault();
      return this.#resize(column, this.#widthOf(column) + (event.key === "ArrowRight" ? STEP : -STEP));
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") {
      event.preventDefault();
      return this.#selectAll();
    }
    if (this.#moved(event) || (line < 0 ? this.#onHeadingKey(event) : this.#onRowKey(event))) event.preventDefault();
  }

  /** Moves the active cell where the key is one for that. */
  #moved(event: KeyboardEvent): boolean {
    if (event.altKey) return false;
    const { line, column } = this.#grid.active;
    const last = this.#model.lines.peek().length - 1;
    const isWhole = event.ctrlKey || event.metaKey;
    const places: Record<string, Place> = {
      ArrowUp: { line: line - 1, column },
      ArrowDown: { line: line + 1, column },
      ArrowLeft: { line, column: column - 1 },
      ArrowRight: { line, column: column + 1 },
      PageUp: { line: Math.max(0, line - this.#grid.page), column },
      PageDown: { line: line + this.#grid.page, column },
      Home: isWhole ? { line: 0, column } : { line, column: -1 },
      End: isWhole ? { line: last, column } : { line, column: Infinity },
    };
    const place = places[event.key];
    if (!place) return false;
    const isUpOrDown = place.line !== line;
    this.#grid.activate({ line: Math.min(place.line, last), column: Math.min(place.column, this.#model.layout.peek().columns.length - 1) });
    if (event.shiftKey && isUpOrDown && this.#grid.active.line >= 0) this.#select(this.#grid.active.line, { isRange: true, isMore: true });
    return true;
  }

  #onHeadingKey(event: KeyboardEvent): boolean {
    const { column } = this.#grid.active;
    const found = this.#columnAt(column);
    if (event.key === "Enter" || event.key === " ") {
      if (column < 0) this.#selectAll();
      else if (found) this.#sort(found, event.shiftKey);
      return true;
    }
    if (found && ((event.altKey && event.key === "ArrowDown") || event.key === "ContextMenu" || (event.shiftKey && event.key === "F10"))) {
      this.#openMenu(found, column);
      return true;
    }
    return false;
  }

  #onRowKey(event: KeyboardEvent): boolean {
    const { line } = this.#grid.active;
    const isWhole = event.ctrlKey || event.metaKey;
    switch (event.key) {
      case " ":
        this.#select(line, { isRange: false, isMore: true });
        return true;
      case "Enter":
        if (isWhole) this.#grid.cellAt({ line, column: 0 })?.querySelector("a")?.click();
        else this.#open(line);
        return true;
      case "+":
      case "-":
        if (this.#isFolded(line) === (event.key === "+")) this.#fold(line);
        return true;
      case "s":
        if (!isWhole) this.#star(line);
        return !isWhole;
      case "Escape":
        this.#kept = [];
        this.#choose([]);
        return true;
      default:
        return false;
    }
  }
}
