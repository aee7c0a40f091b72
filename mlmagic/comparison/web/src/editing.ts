/** Changes of runs: made in the store by the kernel, which then sends the table anew. */

import { KernelError, type Kernel } from "./kernel.ts";
import type { State } from "./state.ts";
import { withNested } from "./table/tree.ts";
import { wordOf } from "./wire.ts";
import { counted } from "./words.ts";

export type Action = "note" | "tags" | "star" | "archive" | "delete" | "restore";

/** A store takes a while for more. */
const MANY = 20;

export class Editing {
  readonly #kernel: Kernel;
  readonly #state: State;
  readonly #say: (text: string) => void;

  constructor(kernel: Kernel, state: State, say: (text: string) => void) {
    this.#kernel = kernel;
    this.#state = state;
    this.#say = say;
  }

  /** Makes a change; returns whether it was made. What happened is said, a problem too. */
  async change(action: Action, runs: readonly string[], more: Record<string, unknown> = {}): Promise<boolean> {
    const problem = await this.tried(action, runs, more);
    if (problem) this.#say(`Nothing was changed. ${problem}`);
    return problem === null;
  }

  /** Makes a change; returns why it could not be made, null if it was. */
  async tried(action: Action, runs: readonly string[], more: Record<string, unknown> = {}): Promise<string | null> {
    if (runs.length > MANY) this.#say(`Changing ${counted(runs.length, "run")} …`);
    try {
      const { content } = await this.#kernel.ask("edit", { action, runs, ...more });
      const hide = (content.hide as string[]).filter((id) => !this.#state.view.peek().hidden.includes(id));
      if (hide.length > 0) this.#state.change({ hidden: [...this.#state.view.peek().hidden, ...hide] });
      this.#say(String(content.told));
      return null;
    } catch (error) {
      return told(error);
    }
  }

  /** Returns the note of a run as the table has it after a change, null without one. */
  noteOf(run: string): string | null {
    const table = this.#state.table.peek();
    const row = table.rows.get(run);
    return row === undefined ? null : wordOf(table, "tag:mlflow.note.content", row);
  }

  star(runs: readonly string[], on: boolean): Promise<boolean> {
    return this.change("star", runs, { on });
  }

  /** Archives runs with those below them, which would otherwise be listed without their parent. */
  async archive(runs: readonly string[], on: boolean): Promise<boolean> {
    const all = new Set(this.#withNested(runs));
    const isDone = await this.change("archive", [...all], { on });
    // What is not in sight any more is not selected either.
    const { selected, view } = this.#state;
    if (isDone && on && !view.peek().archived && selected.peek().some((id) => all.has(id))) selected.value = selected.peek().filter((id) => !all.has(id));
    return isDone;
  }

  /** How many runs lie below these. */
  below(runs: readonly string[]): number {
    return this.#withNested(runs).length - runs.length;
  }

  /** Returns these runs and those below them, without what was deleted here. */
  #withNested(runs: readonly string[]): string[] {
    const table = this.#state.table.peek();
    return withNested(table, runs).filter((id) => runs.includes(id) || !table.deleted.has(id));
  }

  /** Deletes runs, and those below them `withNested`. */
  delete(runs: readonly string[], withThoseBelow: boolean): Promise<boolean> {
    return this.change("delete", withThoseBelow ? this.#withNested(runs) : runs);
  }

  restore(runs: readonly string[]): Promise<boolean> {
    return this.change("restore", runs);
  }

  /** Returns the question before these runs are deleted, and what may be chosen with it. */
  question(runs: readonly string[], name: string): { text: string; option: string } {
    const table = this.#state.table.peek();
    const what = runs.length === 1 ? `the run ${name}` : counted(runs.length, "run");
    const running = runs.filter((id) => wordOf(table, "run:status", table.rows.get(id) ?? -1) === "RUNNING").length;
    const below = this.below(runs);
    const warning = running === 0 ? "" : running === 1 ? " One run is marked as running." : ` ${running} runs are marked as running.`;
    return {
      text: `Delete ${what}?${warning} Until “mlflow gc” removes it for good, it can be restored.`,
      option: below === 0 ? "" : `Delete the ${counted(below, "nested run")} too; otherwise ${below === 1 ? "it stays" : "they stay"}, as in MLflow`,
    };
  }
}

/** Returns an error in one sentence or two. */
export function told(error: unknown): string {
  return error instanceof KernelError ? `${error.message} ${error.hint}`.trim() : String(error);
}
