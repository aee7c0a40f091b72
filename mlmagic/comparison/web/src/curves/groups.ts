/** Which runs are drawn as one line, and what that is called. */

import { formatter } from "../format.ts";
import { nameOf } from "../names.ts";
import { has, word, type Column, type Table } from "../wire.ts";
import { counted } from "../words.ts";

export interface Group {
  readonly key: string;
  readonly name: string;
  /** The name in two parts, for where many stand below each other: `lr, depth` once, and `0.1, 3`. */
  readonly parts: { readonly labels: string; readonly values: string } | null;
  readonly runs: readonly string[];
  /** The runs that are not averaged, in words: `1 failed`. */
  readonly without?: string;
}

/** Returns a group a run, of the run's own name. */
export function eachRun(table: Table, runs: readonly string[]): Group[] {
  return runs.map((run) => ({ key: run, name: nameOf(table, run), parts: null, runs: [run] }));
}

/**
 * Returns the runs by their configuration, seeds aside. A group is named by the params in which the groups differ
 * (`lr=0.1, depth=3`); a run without params stays by itself.
 */
export function byConfiguration(table: Table, runs: readonly string[]): Group[] {
  const members = new Map<string, string[]>();
  for (const run of runs) {
    const configuration = table.configurations[table.rows.get(run) ?? -1] ?? -1;
    const key = configuration < 0 ? run : `configuration ${configuration}`;
    members.set(key, [...(members.get(key) ?? []), run]);
  }
  const groups = [...members].map(([key, ids]) => ({ key, runs: ids }));
  const told = differing(table, groups.filter(({ key }) => !table.rows.has(key)).map(({ runs: ids }) => ids));
  return groups.map(({ key, runs: ids }) => {
    const params = table.rows.has(key) ? [] : told(ids[0]!);
    if (params.length) {
      const parts = { labels: params.map(([label]) => label).join(", "), values: params.map(([, value]) => value).join(", ") };
      return { key, runs: ids, name: params.map(([label, value]) => `${label}=${value}`).join(", "), parts };
    }
    return { key, runs: ids, parts: null, name: ids.length === 1 ? nameOf(table, ids[0]!) : counted(ids.length, "run") + " of one configuration" };
  });
}

/** Returns the runs by their value in a column; those without one are a group as well. */
export function byColumn(table: Table, runs: readonly string[], column: Column): Group[] {
  const members = new Map<string | number | null, string[]>();
  for (const run of runs) {
    const row = table.rows.get(run)!;
    const value = !has(column, row) ? null : column.type === "text" ? word(column, row)! : column.numbers[row]!;
    members.set(value, [...(members.get(value) ?? []), run]);
  }
  const written = formatter([...members.keys()].filter((value) => typeof value === "number"));
  return [...members].map(([value, ids]) => {
    const shown = value === null ? "missing" : typeof value === "number" ? written(value) : value.trim() ? value : `'${value}'`;
    const parts = { labels: column.label, values: shown };
    return { key: `${column.id}${value === null ? "" : ` ${value}`}`, name: `${column.label}=${shown}`, parts, runs: ids };
  });
}

/** Params that are one within each group, and not the same in all, tell the groups apart. */
function differing(table: Table, groups: readonly (readonly string[])[]): (run: string) => [string, string][] {
  const params = table.columns.filter((column) => column.kind === "param" && column.type === "text");
  const telling = params.flatMap((column) => {
    if (column.type !== "text") return [];
    const text = (run: string) => word(column, table.rows.get(run)!);
    const within = groups.every((runs) => runs.every((run) => text(run) === text(runs[0]!)));
    const between = new Set(groups.map((runs) => text(runs[0]!))).size > 1;
    return within && between ? [{ label: column.label, text }] : [];
  });
  return (run) => telling.map(({ label, text }) => [label, text(run) ?? "–"]);
}
