/** What the table shows, computed from the table that was sent and the view: each signal only when what it reads changes. */

import { computed, signal, type ReadonlySignal } from "@preact/signals-core";

import { ranked, unrankedOf } from "../failed.ts";
import { formatter, meanText } from "../format.ts";
import { sharedParts } from "../name_element.ts";
import type { State, View } from "../state.ts";
import { has, type Column, type NumberColumn } from "../wire.ts";
import { layoutOf, NAME, shownColumns } from "./columns.ts";
import { filteredOf, type Filtered } from "./filtered.ts";
import { labelOf, longestName } from "./labels.ts";
import { ordered } from "./order.ts";
import { scaleOf, type Scale } from "./shade.ts";
import { flattened, grouped, nested, summaryIn, type Branch } from "./tree.ts";

export class TableModel {
  readonly filtered: ReadonlySignal<Filtered>;
  /** How wide the grid is, 0 before it is shown. */
  readonly room = signal(0);
  readonly columns;
  readonly layout;
  /** The rows that are neither averaged nor ranked; null: none. */
  readonly unranked: ReadonlySignal<Uint8Array | null>;
  readonly branches: ReadonlySignal<readonly Branch[]>;
  readonly hasMeans;
  readonly expanded;
  readonly lines;
  readonly places;
  readonly shaded;
  readonly longest;
  readonly #formats = new WeakMap<NumberColumn, (value: number) => string>();
  readonly #scales;
  readonly #names: ReadonlySignal<Map<Branch, string>>;
  readonly #shared: ReadonlySignal<ReadonlyMap<Branch, number>>;
  readonly #bestMeans;

  constructor(readonly state: State) {
    const { table } = state;
    const view = <Name extends keyof View>(name: Name): ReadonlySignal<View[Name]> => computed(() => state.view.value[name]);
    const [group, sort, widths, differing, pinned] = [view("group"), view("sort"), view("widths"), view("differing"), view("pinned")];
    const hiddenIds = view("hidden");
    const expandedKeys = view("expanded");
    const hidden = computed(() => new Set(hiddenIds.value));
    this.expanded = computed(() => new Set(expandedKeys.value));
    this.shaded = view("shaded");

    this.filtered = filteredOf(state);
    const rows = computed(() => this.filtered.value.rows);

    this.unranked = unrankedOf(table, state.view);
    const unordered = computed(() => (group.value ? grouped(table.value, rows.value, group.value, this.unranked.value) : nested(table.value, rows.value, this.unranked.value)));
    this.branches = computed(() => ordered(table.value, unordered.value, sort.value));
    this.hasMeans = computed(() => unordered.value.some(({ children }) => children.length > 0));
    this.lines = computed(() => flattened(this.branches.value, this.expanded.value));

    const rowsThatDecide = computed(() => (differing.value ? rows.value : null));
    this.columns = computed(() =>
      shownColumns(table.value, { hidden: hidden.value, pinned: pinned.value, differing: differing.value, rows: rowsThatDecide.value }),
    );
    this.#names = computed(() => (void table.value, void group.value, new Map<Branch, string>()));
    this.#shared = computed(() => {
      const some = this.lines.value.slice(0, MOST_NAMES).map(({ branch }) => branch);
      const parts = sharedParts(some.map((branch) => this.nameOf(branch)));
      return new Map(some.map((branch, at) => [branch, parts[at]!]));
    });
    const letters = computed(() => longestName(nested(table.value, null), table.value, state.badges.value));
    this.layout = computed(() => {
      const names = { letters: letters.value, room: this.room.value };
      return layoutOf(this.columns.value.columns, this.columns.value.pinned, widths.value, (column) => this.#lettersOfMeans(column), names);
    });
    this.places = computed(() => new Map(state.selected.value.map((id, place) => [id, place])));
    this.longest = computed(() => longestIn(table.value.byId.get("run:duration"), rows.value));
    const counting = computed(() => ranked(rows.value, this.unranked.value));
    this.#scales = computed(() => (void table.value, void counting.value, new Map<Column, Scale>()));
    this.#bestMeans = computed(() => (void unordered.value, new Map<Column, number | null>()));
    this.bestMean = (column) => kept(this.#bestMeans.value, column, () => (this.isGrouped() ? bestMeanOf(column, unordered.value) : null));
    this.scale = (column) => kept(this.#scales.value, column, () => scaleOf(column, counting.value));
  }

  /** Returns how good the values of a metric are among the rows in sight. */
  readonly scale: (column: NumberColumn) => Scale;
  /** Returns the best of the means of groups and of the runs beside them, null where there are not two, or no groups. */
  readonly bestMean: (column: NumberColumn) => number | null;

  /** Returns what a run or a group is called. */
  nameOf(branch: Branch): string {
    return kept(this.#names.value, branch, () => labelOf(branch, this.state.table.peek(), this.state.view.peek().group));
  }

  /** Returns how much of the beginning of a name those in sight share with it. */
  shared(branch: Branch): number {
    return this.#shared.value.get(branch) ?? 0;
  }

  /** Returns how the numbers of a column are written. */
  format(column: NumberColumn): (value: number) => string {
    let format = this.#formats.get(column);
    if (!format) this.#formats.set(column, (format = formatter(column.numbers)));
    return format;
  }

  /** Returns how many letters the longest of the first means of a column has, with its error, or of the names of groups; 0 without any. */
  #lettersOfMeans(column: Column): number {
    if (!this.hasMeans.value) return 0;
    if (column.id === NAME) return this.isGrouped() ? Math.max(0, ...this.branches.value.slice(0, MOST_MEANS).map((branch) => this.nameOf(branch).length)) : 0;
    if (column.kind !== "metric" || column.type !== "number") return 0;
    const format = this.format(column);
    const means = this.branches.value.slice(0, MOST_MEANS).flatMap((branch) => (branch.children.length > 0 ? (summaryIn(column, branch) ?? []) : []));
    return Math.max(0, ...means.map(({ mean, error }) => meanText(mean, error, format).filter(Boolean).join(" ± ").length));
  }

  isGrouped(): boolean {
    return this.state.view.peek().group !== "";
  }

  label(id: string): string {
    return this.state.table.peek().byId.get(id)?.label ?? id;
  }
}

/** So many names are compared with each other. */
const MOST_NAMES = 2000;
const MOST_MEANS = 100;

function kept<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = make()));
  return value;
}

function longestIn(column: Column | undefined, rows: Uint8Array | null): number {
  if (column?.type !== "number") return 0;
  return column.numbers.reduce((most, value, row) => ((!rows || rows[row]) && has(column, row) && value > most ? value : most), 0);
}

function bestMeanOf(column: NumberColumn, branches: readonly Branch[]): number | null {
  if (column.goal === null) return null;
  const meanOf = (branch: Branch) => (branch.row >= 0 && has(column, branch.row) ? (branch.isOut ? [] : column.numbers[branch.row]!) : (summaryIn(column, branch)?.mean ?? []));
  const means = branches.flatMap(meanOf).filter(Number.isFinite);
  means.sort((a, b) => (column.goal === "min" ? a - b : b - a));
  return means.length < 2 || means[0] === means.at(-1) ? null : means[0]!;
}
