/** The difference of runs in what the table has of them, in the form in which the kernel sends a whole one. */

import { clean, difference, duration, exactDay, MISSING, numbers } from "../format.ts";
import type { Cell, Difference, Head, Row, Section, Value } from "../diff/wire.ts";
import { has, word, type Column, type Goal, type NumberColumn, type Table, type TextColumn } from "../wire.ts";
import { cut } from "../words.ts";

const LONGEST = 80;
const MOST_ROWS = 200;
const NOT_HERE = ["Code", "Figures", "Git", "Environment"];
const OF_GIT = /^tag:(mlflow\.source\.git\.|mlmagic\.git\.)/;

/** Returns the difference of the runs from the first of them. */
export function differenceOf(table: Table, ids: readonly string[]): Difference {
  const rows = ids.map((id) => table.rows.get(id)).filter((row) => row !== undefined);
  const of = (kind: Column["kind"]) => table.columns.filter((column) => column.kind === kind && rows.some((row) => has(column, row)));
  const system = (column: Column) => Number(column.label.startsWith("system/"));
  const sections = [
    section("metrics", "Metrics", of("metric").sort((a, b) => system(a) - system(b)), rows),
    section("params", "Parameters", of("param"), rows),
    section("data", "Data", of("data"), rows),
    section("tags", "Tags", of("tag").filter(({ id }) => !OF_GIT.test(id)), rows),
  ];
  const order = (one: Section) => (one.differs ? 0 : one.differs === false ? 1 : 2);
  return {
    runs: rows.map((row, place) => headOf(table, row, place)),
    sections: [...sections.sort((a, b) => order(a) - order(b)), ...NOT_HERE.map((title) => emptySection(title, "not in a saved page"))],
    notices: [],
  };
}

function headOf(table: Table, row: number, place: number): Head {
  const started = numberOf(table, "run:started", row);
  return {
    id: table.ids[row]!,
    letter: String.fromCharCode(65 + (place % 26)) + (place >= 26 ? String(Math.floor(place / 26) + 1) : ""),
    name: cell(textOf(table, "run:name", row) || table.ids[row]!),
    experiment: cell(textOf(table, "run:experiment", row)),
    status: textOf(table, "run:status", row).toLowerCase(),
    started: started === null ? "" : exactDay(started),
    duration: duration(numberOf(table, "run:duration", row)),
    url: table.ui && table.experiments[row] ? `${table.ui}/#/experiments/${table.experiments[row]}/runs/${table.ids[row]}` : null,
  };
}

function section(key: string, title: string, columns: readonly Column[], rows: readonly number[]): Section {
  if (columns.length === 0) return emptySection(title, "not recorded", key);
  const differing = columns.filter((column) => new Set(rows.map((row) => raw(column, row))).size > 1);
  const equal = columns.filter((column) => !differing.includes(column));
  const told = differing.length > 0 ? `${differing.length} of ${columns.length} differ${differing.length === 1 ? "s" : ""}` : `${columns.length} the same`;
  return {
    ...emptySection(title, told, key),
    differs: differing.length > 0,
    rows: differing.slice(0, MOST_ROWS).map((column) => (column.type === "number" ? metricRow(column, rows) : valueRow(column, rows))),
    rows_left_out: Math.max(differing.length - MOST_ROWS, 0),
    equal: equal.map((column) => [cell(column.label), cell(raw(column, rows[0]!) ?? MISSING)]),
    remarks: [],
  };
}

function emptySection(title: string, told: string, key = title.toLowerCase()): Section {
  return { key, title, told, differs: null, rows: [], rows_left_out: 0, equal: [], remarks: [], diffs: [], figures: [] };
}

function metricRow(column: NumberColumn, rows: readonly number[]): Row {
  const given = rows.filter((row) => has(column, row)).map((row) => column.numbers[row]!);
  const texts = numbers(given);
  const best = bestOf(given, column.goal);
  const base = has(column, rows[0]!) ? column.numbers[rows[0]!]! : null;
  const values = rows.map((row, place): Value => {
    if (!has(column, row)) return missing();
    const value = column.numbers[row]!;
    const shown = { text: texts.shift()!, title: String(value) };
    return { lines: [shown], remark: place > 0 && base !== null ? remark(value, base) : "", is_base: false, is_best: value === best };
  });
  return { name: cell(column.label), goal: column.goal === null ? "" : column.goal === "min" ? "↓" : "↑", which: "last", values };
}

function remark(value: number, base: number): string {
  const part = (value - base) / Math.abs(base);
  const share = Number.isFinite(part) && part !== 0 && Math.abs(part) < 100 ? ` (${part > 0 ? "+" : ""}${(100 * part).toFixed(1)}%)` : "";
  return difference(value, base) + share;
}

function bestOf(values: readonly number[], goal: Goal): number | null {
  const given = values.filter((value) => !Number.isNaN(value));
  if (goal === null || given.length < 2) return null;
  return given.reduce((best, value) => (goal === "min" ? Math.min(best, value) : Math.max(best, value)));
}

function valueRow(column: TextColumn, rows: readonly number[]): Row {
  const base = word(column, rows[0]!);
  const values = rows.map((row, place): Value => {
    const value = word(column, row);
    if (value === null) return missing();
    return { lines: [cell(value)], remark: "", is_base: place > 0 && value === base, is_best: false };
  });
  return { name: cell(column.label), goal: "", which: "", values };
}

function missing(): Value {
  return { lines: [{ text: MISSING, title: "not recorded" }], remark: "", is_base: false, is_best: false };
}

function cell(text: string): Cell {
  const shown = clean(text);
  return { text: cut(shown, LONGEST), title: shown.length > LONGEST ? cut(shown, 10 * LONGEST) : "" };
}

function raw(column: Column, row: number): string | null {
  if (!has(column, row)) return null;
  return column.type === "number" ? String(column.numbers[row]) : word(column, row);
}

function textOf(table: Table, id: string, row: number): string {
  const column = table.byId.get(id);
  return column?.type === "text" ? (word(column, row) ?? "") : "";
}

function numberOf(table: Table, id: string, row: number): number | null {
  const column = table.byId.get(id);
  return column?.type === "number" && has(column, row) ? column.numbers[row]! : null;
}
