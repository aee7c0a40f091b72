/** What all charts are drawn from: the runs that pass the filter, and what each chart shows of them. */

import { computed, signal, type ReadonlySignal } from "@preact/signals-core";

import { unrankedOf } from "../failed.ts";
import type { State } from "../state.ts";
import { filteredOf, type Filtered } from "../table/filtered.ts";
import type { Column, Table } from "../wire.ts";
import { axisOf, colourAxisOf, type Axis } from "./axis.ts";
import { inBox, passing } from "./brush.ts";
import { axesOf, colourColumn, mainMetric, scatterColumn } from "./columns.ts";
import { blankRows } from "./parallel_drawing.ts";
import { binsOf, drawingOrder } from "./ramp.ts";
import type { Box, Brush, ChartView } from "./view.ts";

const SCATTER_ROOM = 0.04;

export class ChartData {
  readonly table: ReadonlySignal<Table>;
  /** The rows of the table that pass the filter; all that follows has a value for each of them. */
  readonly rows: ReadonlySignal<Int32Array>;
  /** What the filter keeps, and how much of the runs that is. */
  readonly filtered: ReadonlySignal<Filtered>;
  /** The rows of the table that are not ranked; null: none. */
  readonly unranked: ReadonlySignal<Uint8Array | null>;
  readonly main: ReadonlySignal<Column | null>;
  readonly axes: ReadonlySignal<readonly Axis[]>;
  readonly x: ReadonlySignal<Axis | null>;
  readonly y: ReadonlySignal<Axis | null>;
  readonly colour: ReadonlySignal<Axis | null>;
  readonly bins: ReadonlySignal<Uint8Array>;
  /** The rows in the order in which they are drawn. */
  readonly order: ReadonlySignal<Uint32Array>;
  /** What is brushed while the pointer draws; null: what the view holds. */
  readonly brushing = signal<Readonly<Record<string, Brush>> | null>(null);
  readonly boxing = signal<Box | null>(null);
  readonly brushes: ReadonlySignal<Readonly<Record<string, Brush>>>;
  readonly box: ReadonlySignal<Box | null>;
  /** Which rows lie in all ranges of the chart that is shown; null: there are none. */
  readonly passed: ReadonlySignal<Uint8Array | null>;
  /** How many rows have no value on any axis of the parallel coordinates. */
  readonly blank: ReadonlySignal<number>;
  /** The place of each row in the selection, -1 where it is not selected. */
  readonly places: ReadonlySignal<Int32Array>;
  /** The rows that are pointed at, here or in the table, as places in `rows`. */
  readonly pointed: ReadonlySignal<readonly number[]>;

  constructor(readonly state: State) {
    const view = <Name extends keyof ChartView>(name: Name): ReadonlySignal<ChartView[Name]> => computed(() => state.view.value.charts[name]);
    const metric = computed(() => state.view.value.metric);
    const [ids, logs, x, y, colour, kind] = [view("axes"), view("logs"), view("x"), view("y"), view("colour"), view("kind")];
    const [brushes, box] = [view("brushes"), view("box")];
    this.filtered = filteredOf(state);
    const kept = computed(() => this.filtered.value.rows);
    this.table = state.table;
    this.unranked = unrankedOf(state.table, state.view);
    this.rows = computed(() => rowsOf(state.table.value.count, kept.value));
    this.main = computed(() => mainMetric(state.table.value, metric.value));
    const columns = computed(() => axesOf(state.table.value, this.rows.value, ids.value, this.main.value));
    const made = (column: Column, room: number) => axisOf(column, this.rows.value, logs.value[column.id] ?? null, room);
    // Where an axis only moved, the others need not be read anew.
    let known = new Map<Column, Axis>();
    let knownFor: unknown[] = [];
    this.axes = computed(() => {
      const now = [this.rows.value, logs.value];
      if (now.some((one, at) => one !== knownFor[at])) known = new Map();
      knownFor = now;
      return columns.value.map((column) => {
        const axis = known.get(column) ?? made(column, 0);
        known.set(column, axis);
        return axis;
      });
    });
    const scatter = (which: "x" | "y", chosen: ReadonlySignal<string>) =>
      computed(() => {
        const column = scatterColumn(state.table.value, this.rows.value, chosen.value, which, this.main.value);
        return column && made(column, SCATTER_ROOM);
      });
    this.x = scatter("x", x);
    this.y = scatter("y", y);
    this.blank = computed(() => blankRows(this.axes.value).reduce((sum, isBlank) => sum + isBlank, 0));
    this.colour = computed(() => {
      const column = colourColumn(state.table.value, colour.value, this.main.value);
      return column && colourAxisOf(column, this.rows.value, logs.value[column.id] ?? null, this.unranked.value);
    });
    this.bins = computed(() => binsOf(this.colour.value, this.rows.value.length));
    this.order = computed(() => drawingOrder(this.bins.value));
    this.brushes = computed(() => this.brushing.value ?? brushes.value);
    this.box = computed(() => this.boxing.value ?? box.value);
    this.passed = computed(() => {
      if (kind.value === "parallel") return passing(this.axes.value, this.brushes.value);
      const [across, up] = [this.x.value, this.y.value];
      return kind.value === "scatter" && this.box.value && across && up ? inBox(across, up, this.box.value) : null;
    });
    const placeOf = computed(() => new Map(Array.from(this.rows.value, (row, at) => [row, at])));
    this.pointed = computed(() => state.pointed.value.flatMap((id) => placeOf.value.get(state.table.value.rows.get(id) ?? -1) ?? []));
    this.places = computed(() => {
      const places = new Map(state.selected.value.map((id, place) => [id, place]));
      const all = state.table.value;
      return Int32Array.from(this.rows.value, (row) => places.get(all.ids[row]!) ?? -1);
    });
  }

  /** Notes which row is pointed at, as a place in `rows`; -1: none. */
  point(at: number): void {
    this.state.point(at < 0 ? [] : [this.id(at)]);
  }

  id(at: number): string {
    return this.table.peek().ids[this.rows.peek()[at]!]!;
  }
}

function rowsOf(count: number, kept: Uint8Array | null): Int32Array {
  const all = Int32Array.from({ length: count }, (_, row) => row);
  return kept ? all.filter((row) => kept[row]) : all;
}
