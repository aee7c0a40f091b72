/** What the sections of a page are made of: headings, and tables of pairs that are folded if they are long. */

import { el, fill, uniqueId } from "../dom.ts";
import { clean } from "../format.ts";
import { cut } from "../words.ts";
import type { Pair } from "./wire.ts";

const AT_FIRST = 30;
const LONGEST = 400;

/** Returns a section under its heading, null where it has nothing in it. */
export function section(title: string, said: string, ...inner: (Node | null)[]): HTMLElement | null {
  const shown = inner.filter((one) => one !== null);
  if (shown.length === 0) return null;
  const id = uniqueId("section");
  return el(
    "section",
    { class: "mm-part", "aria-labelledby": id },
    el("h3", { id }, title, said ? el("span", { class: "mm-soft" }, ` ${said}`) : null),
    ...shown,
  );
}

/** Returns names and values as a table, null if there are none. */
export function pairs(label: string, some: readonly Pair[]): HTMLElement | null {
  const made = rows(label, [], some.map(([name, value]) => [text(name), text(value)]));
  made?.classList.add("mm-pairs");
  return made;
}

/** Returns rows as a table, the first ones at first where there are many; null if there are none. */
export function rows(label: string, head: readonly string[], some: readonly (readonly Node[])[], classes: readonly string[] = []): HTMLElement | null {
  if (some.length === 0) return null;
  const made = (cells: readonly Node[]) =>
    el("tr", {}, ...cells.map((cell, at) => (at === 0 ? el("th", { scope: "row" }, cell) : el("td", { class: classes[at] ?? null }, cell))));
  const body = el("tbody", {}, ...some.slice(0, AT_FIRST).map(made));
  const table = el(
    "table",
    {},
    el("caption", { class: "mm-unseen" }, label),
    head.length > 0 ? el("thead", {}, el("tr", {}, ...head.map((one, at) => el("th", { scope: "col", class: classes[at] ?? null }, one)))) : null,
    body,
  );
  const more = some.length > AT_FIRST ? el("button", { type: "button", class: "mm-button", click: () => (fill(body, ...some.map(made)), more!.remove()) }, `Show all ${some.length.toLocaleString("en-US")}`) : null;
  return el("div", { class: "mm-scroll" }, table, more);
}

/** Returns text on one line, cut if it is long; all of it is in the title. */
export function text(whole: string): HTMLElement {
  const shown = clean(whole);
  const short = cut(shown, LONGEST);
  return el("bdi", { title: short === shown ? null : cut(shown, 4 * LONGEST) }, short);
}

/** Returns lines of text under their heading. */
export function block(shown: string, label: string): HTMLElement {
  return el("pre", { tabindex: 0, "aria-label": label, role: "region" }, plainLines(shown));
}

/** Returns text of several lines without colours of a terminal, and without characters that move or mirror what follows. */
export function plainLines(shown: string): string {
  const plain = shown.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replace(/\r\n?/g, "\n");
  return plain.split("\n").map((line) => line.split("\t").map(clean).join("\t")).join("\n");
}
