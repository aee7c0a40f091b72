/** Runs as a file of comma-separated values (RFC 4180). */

import { exact, readsAs } from "../values.ts";
import type { Column, Table } from "../wire.ts";

const STARTS_A_FORMULA = /^[=+\-@\t\r]/;

/** Returns the rows with these columns, exact, and the id of each run first. */
export function csv(table: Table, rows: readonly number[], columns: readonly Column[]): string {
  const head = ["run_id", ...columns.map((column) => heading(column, columns))];
  const lines = rows.map((row) => [table.ids[row]!, ...columns.map((column) => exact(column, row))]);
  return [head, ...lines].map((cells) => cells.map(field).join(",") + "\r\n").join("");
}

/** A label that two columns have says whose it is. */
function heading(column: Column, columns: readonly Column[]): string {
  const isAlone = columns.every((other) => other === column || other.label !== column.label);
  return isAlone ? column.title : `${column.kind}.${column.title}`;
}

/** A spreadsheet would run `=1+1` as a formula: an apostrophe makes it text. */
function field(value: string): string {
  const text = STARTS_A_FORMULA.test(value) && readsAs(value) === null ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Returns a name for the file that any system takes. */
export function fileName(title: string): string {
  const slug = title.normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return `${slug || "runs"}.csv`;
}
