/** The rows as a tree: nested runs under their parents, or runs under their groups. */

import { numbersOfWords } from "../values.ts";
import { has, type Column, type Table } from "../wire.ts";
import { summaryOf, type Summary } from "./statistics.ts";

/**
 * A run, or (`row` -1) a group of runs. Its `key` is the id of the run, or begins with `group `. A nested run has its
 * configuration as the `point` of the search that it may be a part of, -1 without params.
 */
export interface Branch {
  readonly key: string;
  readonly row: number;
  readonly children: readonly Branch[];
  readonly point?: number;
  /** Whether the run failed or was killed, so that its values are neither averaged nor ranked. */
  readonly isOut?: boolean;
}

/** A branch that is in sight, so deep under others. */
export interface Line {
  readonly branch: Branch;
  readonly depth: number;
}

const NONE: readonly Branch[] = [];
const parentsOf = new WeakMap<Table, Int32Array>();

/**
 * Returns the runs that `shown` holds (null: all), and above them their parents, which need not match. `unranked` are
 * those that are left out of means and of the ranking.
 */
export function nested(table: Table, shown: Uint8Array | null, unranked: Uint8Array | null = null): Branch[] {
  const parents = soundParents(table);
  const isIn = shown ? withParents(shown, parents) : null;
  const children = new Map<number, number[]>();
  const roots: number[] = [];
  for (let row = 0; row < table.count; row++) {
    if (isIn && !isIn[row]) continue;
    const parent = parents[row]!;
    if (parent < 0) roots.push(row);
    else children.get(parent)?.push(row) ?? children.set(parent, [row]);
  }
  const made = (row: number): Branch => ({
    key: table.ids[row]!,
    row,
    children: children.get(row)?.map(made) ?? NONE,
    point: table.configurations[row]!,
    ...(unranked?.[row] && { isOut: true }),
  });
  return roots.map(made);
}

/** Returns the shown runs under a branch for each configuration (seeds aside), or value of a column. */
export function grouped(table: Table, shown: Uint8Array | null, group: string, unranked: Uint8Array | null = null): Branch[] {
  const column = table.byId.get(group);
  const codeOf = column ? coder(column) : (row: number) => table.configurations[row]!;
  const members = new Map<number | string, Branch[]>();
  const roots: (Branch | { key: string; members: Branch[] })[] = [];
  for (let row = 0; row < table.count; row++) {
    if (shown && !shown[row]) continue;
    const run: Branch = { key: table.ids[row]!, row, children: NONE, ...(unranked?.[row] && { isOut: true }) };
    const code = codeOf(row);
    if (!column && code === -1) {
      roots.push(run); // without params it is equal to no other
      continue;
    }
    const known = members.get(code);
    if (known) known.push(run);
    else {
      const started = [run];
      members.set(code, started);
      roots.push({ key: `group ${group} ${code}`, members: started });
    }
  }
  return roots.map((root) => {
    if (!("members" in root)) return root;
    // A configuration that ran once is that run.
    return !column && root.members.length === 1 ? root.members[0]! : { key: root.key, row: -1, children: root.members };
  });
}

function coder(column: Column): (row: number) => number | string {
  if (column.type === "text") return (row) => column.codes[row]!;
  return (row) => (has(column, row) ? column.numbers[row]! : "missing");
}

/** Returns the branches in sight: those under an unfolded one too. */
export function flattened(branches: readonly Branch[], expanded: ReadonlySet<string>): Line[] {
  const lines: Line[] = [];
  const add = (some: readonly Branch[], depth: number) => {
    for (const branch of some) {
      lines.push({ branch, depth });
      if (branch.children.length > 0 && expanded.has(branch.key)) add(branch.children, depth + 1);
    }
  };
  add(branches, 0);
  return lines;
}

/** Returns the rows of the runs of a branch: a run is its own, a group is its members. */
export function runsOf(branch: Branch): number[] {
  return branch.row >= 0 ? [branch.row] : branch.children.map(({ row }) => row);
}

/** Returns all rows in the branches, in their order. */
export function rowsOf(branches: readonly Branch[], into: number[] = []): number[] {
  for (const branch of branches) {
    if (branch.row >= 0) into.push(branch.row);
    rowsOf(branch.children, into);
  }
  return into;
}

/** Returns what the children of a branch say in a column of numbers, null where it has a value itself or they have none. */
export function summaryIn(column: Column, branch: Branch): Summary | null {
  return branch.row >= 0 && has(column, branch.row) ? null : belowOf(column, branch);
}

/**
 * Returns what the children of a branch say in a column of numbers, whatever it says itself; null where they have none.
 * The runs of a search are of several configurations, whose common mean says nothing: it is the best of these that
 * counts, by its mean over seeds.
 */
export function belowOf(column: Column, branch: Branch): Summary | null {
  if (branch.children.length === 0 || (column.type === "text" && column.format !== "number")) return null;
  const points = pointsOf(column, branch).map((children) => summaryOf(children.flatMap((child) => valuesIn(column, child))));
  const known = points.filter((point) => point !== null);
  if (known.length <= 1) return known[0] ?? null;
  const isBetter = (one: number, other: number) => (column.goal === "min" ? one < other : one > other);
  const best = known.reduce((first, one) => (Number.isNaN(first.mean) || isBetter(one.mean, first.mean) ? one : first));
  const ends = known.map(({ low, high }) => (column.goal === "min" ? low : high)).filter((end) => !Number.isNaN(end));
  const single = ends.length ? (column.goal === "min" ? Math.min(...ends) : Math.max(...ends)) : NaN;
  return { ...best, search: { points: known.length, best: single } };
}

/** Returns the children of a run by their configurations, all together where it is not known what is better. */
function pointsOf(column: Column, { row, children }: Branch): (readonly Branch[])[] {
  if (row < 0 || column.goal === null) return [children];
  const points = new Map<number, Branch[]>();
  for (const child of children) {
    const known = points.get(child.point ?? -1);
    if (known) known.push(child);
    else points.set(child.point ?? -1, [child]);
  }
  return [...points.values()];
}

/** Returns the value of a branch in a column of numbers, or the mean of its children; none, or one. */
function valuesIn(column: Column, branch: Branch): number[] {
  if (branch.row >= 0 && has(column, branch.row)) {
    if (branch.isOut) return [];
    return [column.type === "number" ? column.numbers[branch.row]! : numbersOfWords(column)[column.codes[branch.row]!]!];
  }
  const summary = summaryIn(column, branch);
  return summary ? [summary.mean] : [];
}

/** Returns a row that has the value that all runs under a branch share in a column, -1 where they differ or have none. */
export function commonRow(column: Column, branch: Branch): number {
  if (branch.row >= 0) return has(column, branch.row) ? branch.row : -1;
  const first = branch.children[0]?.row ?? -1;
  if (first < 0 || !has(column, first)) return -1;
  const at = (row: number) => (column.type === "text" ? column.codes[row] : column.numbers[row]);
  const isCommon = branch.children.every(({ row }) => has(column, row) && Object.is(at(row), at(first)));
  return isCommon ? first : -1;
}

function withParents(shown: Uint8Array, parents: Int32Array): Uint8Array {
  const isIn = shown.slice();
  for (let row = 0; row < shown.length; row++) {
    if (!shown[row]) continue;
    for (let parent = parents[row]!; parent >= 0 && !isIn[parent]; parent = parents[parent]!) isIn[parent] = 1;
  }
  return isIn;
}

/** Returns the ids of these runs and of all below them, each once. */
export function withNested(table: Table, ids: readonly string[]): string[] {
  const parents = soundParents(table);
  const wanted = new Set(ids.flatMap((id) => table.rows.get(id) ?? []));
  const isBelow = (row: number) => {
    for (let at = row; at >= 0; at = parents[at]!) if (wanted.has(at)) return true;
    return false;
  };
  return table.ids.filter((_, row) => isBelow(row));
}

/** Tags are free: a run may call itself its parent, or two each other. Such a run has none. */
export function soundParents(table: Table): Int32Array {
  let sound = parentsOf.get(table);
  if (sound) return sound;
  sound = table.parents.slice();
  const seenFrom = new Int32Array(table.count).fill(-1);
  for (let start = 0; start < table.count; start++) {
    for (let row = start; row >= 0 && seenFrom[row]! < 0; row = sound[row]!) {
      seenFrom[row] = start;
      if (seenFrom[sound[row]!] === start) sound[row] = -1;
    }
  }
  parentsOf.set(table, sound);
  return sound;
}
