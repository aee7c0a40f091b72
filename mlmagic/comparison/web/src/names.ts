/** What runs are called where several stand beside each other. */

import { word, type Table, type TextColumn } from "./wire.ts";

const ID = 8;
const counts = new WeakMap<Int32Array, Map<number, number>>();

/** Returns the name of a run, with the beginning of its id where others have the name too; without a name the id. */
export function nameOf(table: Table, run: string): string {
  const row = table.rows.get(run);
  const name = row === undefined ? null : ownName(table, row);
  if (!name) return run.slice(0, ID);
  return isShared(table, row!) ? `${name} (${run.slice(0, ID)})` : name;
}

/** Tells whether another run of the table has the same name. */
export function isShared(table: Table, row: number): boolean {
  const { codes } = names(table) ?? {};
  if (!codes) return false;
  let known = counts.get(codes);
  if (!known) {
    counts.set(codes, (known = new Map()));
    for (const code of codes) known.set(code, (known.get(code) ?? 0) + 1);
  }
  return (known.get(codes[row]!) ?? 0) > 1;
}

function ownName(table: Table, row: number): string | null {
  const column = names(table);
  return column ? word(column, row) : null;
}

function names(table: Table): TextColumn | null {
  const column = table.byId.get("run:name");
  return column?.type === "text" ? column : null;
}

const REPETITION = /(^|\.)(seed|random_state|random_seed|fold|repeat)$/i;

/** Tells whether a parameter may differ between repetitions of a configuration (`is_repetition` in Python). */
export function isRepetition(param: string): boolean {
  return REPETITION.test(param);
}
