/** What can be done with the selected runs: star, archive, delete, and copy as code. */

import { effect } from "@preact/signals-core";

import { codeOfRuns, codeOfView } from "../code.ts";
import type { Confirm } from "../confirm.ts";
import type { Context } from "../context.ts";
import type { Copying } from "../copying.ts";
import { el } from "../dom.ts";
import { nameOf } from "../names.ts";
import { wordOf } from "../wire.ts";
import { cut } from "../words.ts";
import { ARCHIVED } from "./archived.ts";
import { STAR } from "./cells.ts";
import type { TableModel } from "./model.ts";
import { Menu, type Item } from "./popover.ts";
import { rowsOf } from "./tree.ts";

/** More ids would be a page of code that nobody reads. */
const MOST_IN_CODE = 200;

export class SelectedMenu {
  readonly menu = new Menu();
  readonly button = el("button", { type: "button", class: "mm-button", "aria-haspopup": "menu", click: () => this.#open() });
  readonly #model: TableModel;
  readonly #context: Context;
  readonly #confirm: Confirm;
  readonly #copying: Copying;
  readonly #stop: () => void;

  constructor(model: TableModel, context: Context, confirm: Confirm, copying: Copying) {
    this.#model = model;
    this.#context = context;
    this.#confirm = confirm;
    this.#copying = copying;
    this.#stop = effect(() => {
      const count = context.state.selected.value.length;
      this.button.textContent = count === 0 ? "Actions ▾" : `${count.toLocaleString("en-US")} selected ▾`;
    });
  }

  destroy(): void {
    this.#stop();
  }

  #open(): void {
    const { state, editing } = this.#context;
    const table = state.table.peek();
    const runs = state.selected.peek().filter((id) => table.rows.has(id));
    const [there, gone] = [runs.filter((id) => !table.deleted.has(id)), runs.filter((id) => table.deleted.has(id))];
    const is = (tag: string, some: readonly string[]) => some.every((id) => wordOf(table, tag, table.rows.get(id)!) === "true");
    const marks: Item[] = [];
    const [isStarred, isArchived] = [is(STAR, there), is(ARCHIVED, there)];
    if (there.length > 0 && !table.saved) {
      if (there.length === 1) marks.push({ label: "Open the run", run: () => (state.page.value = there[0]!) });
      marks.push({ label: isStarred ? "Remove the star" : "Star", run: () => void editing.star(there, !isStarred) });
      marks.push({ label: isArchived ? "Take out of the archive" : "Archive", run: () => void editing.archive(there, !isArchived) });
    }
    const removing: Item[] = [];
    if (gone.length > 0) removing.push({ label: "Restore", run: () => void editing.restore(gone) });
    if (there.length > 0 && !table.saved) removing.push({ label: "Delete …", run: () => void this.#delete(there) });
    const copy: Item =
      runs.length > 0
        ? { label: "Copy as code", run: () => void this.#copying.copy(codeOfRuns(table, state.view.peek(), runs), "The code") }
        : { label: "Copy what is shown as code", run: () => void this.#copying.copy(this.#codeOfView(), "The code") };
    const none: Item[] = [{ label: "Select the newest run", run: () => (state.selected.value = table.ids.slice(0, 1)) }];
    this.menu.open(this.button, "Actions", [runs.length > 0 ? marks : none, [copy], removing], this.button);
  }

  async #delete(runs: readonly string[]): Promise<void> {
    const { state, editing } = this.#context;
    const { text, option } = editing.question(runs, `“${cut(nameOf(state.table.peek(), runs[0]!), 60)}”`);
    const { isSure, isChosen } = await this.#confirm.ask(text, "Delete", option);
    if (isSure) await editing.delete(runs, isChosen);
  }

  #codeOfView(): string {
    const { state, branches } = this.#model;
    const table = state.table.peek();
    const shown = rowsOf(branches.peek()).slice(0, MOST_IN_CODE);
    return codeOfView(table, state.view.peek(), shown.map((row) => table.ids[row]!));
  }
}
