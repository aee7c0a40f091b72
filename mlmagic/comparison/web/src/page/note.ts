/** The note of a run, edited in place: what is typed stays in the box until the store has it. */

import { el } from "../dom.ts";
import type { Editing } from "../editing.ts";
import type { Page } from "./wire.ts";

const LONGEST = 8000;

/**
 * Returns the box of the note; one of a deleted run cannot be changed. What is not saved yet is kept in `drafts` by run,
 * for when the page is opened again.
 */
export function noteBox(page: Page, editing: Editing, drafts: Map<string, string>): HTMLElement {
  let saved = page.note;
  const problem = el("p", { class: "mm-problem-line", role: "alert", hidden: true });
  const box = el("textarea", {
    class: "mm-note",
    "aria-label": "Note",
    placeholder: page.is_deleted ? "No note." : "Add a note: what was tried, and what came of it.",
    readonly: page.is_deleted || saved.length > LONGEST,
    rows: 2,
    input: () => changed(),
    keydown: (event: KeyboardEvent) => onKey(event),
  });
  const save = el("button", { type: "button", class: "mm-button mm-main", title: "Ctrl+Enter", click: () => void keep() }, "Save note");
  const discard = el("button", { type: "button", class: "mm-button", title: "Escape", click: () => back() }, "Discard");
  const buttons = el("div", { class: "mm-row-of-buttons", hidden: true }, save, discard);
  const changed = () => {
    buttons.hidden = box.value.trim() === saved.trim();
    if (buttons.hidden) drafts.delete(page.id);
    else drafts.set(page.id, box.value);
    if (buttons.hidden) problem.hidden = true;
  };
  const back = () => {
    box.value = saved;
    changed();
    box.focus();
  };
  const keep = async () => {
    const text = box.value;
    save.disabled = true;
    const why = await editing.tried("note", [page.id], { text });
    save.disabled = false;
    problem.hidden = why === null;
    if (why !== null) return void (problem.textContent = `The note is not saved. ${why}`);
    // Secrets in it are redacted: what the store has is shown, unless more was typed meanwhile.
    saved = editing.noteOf(page.id) ?? text;
    if (box.value === text) box.value = saved;
    changed();
    if (!box.isConnected) return;
    box.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !buttons.hidden) {
      event.preventDefault();
      void keep();
    } else if (event.key === "Escape" && !buttons.hidden) {
      event.preventDefault();
      event.stopPropagation();
      back();
    }
  };
  box.value = drafts.get(page.id) ?? saved;
  if (!page.is_deleted) changed();
  return el("div", {}, box, problem, buttons);
}
