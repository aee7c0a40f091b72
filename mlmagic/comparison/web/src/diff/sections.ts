/** A difference as elements: who is compared, then a section a kind of thing, the differing ones open. */

import { el } from "../dom.ts";
import { markOf } from "../words.ts";
import { codeOf } from "./code.ts";
import type { Pictures } from "./pictures.ts";
import type { Cell, Difference, Head, Section, Value } from "./wire.ts";

/** Returns the elements of a difference. Which sections are open is remembered in `opened` from one to the next. */
export function sectionsOf(difference: Difference, pictures: Pictures, opened: Map<string, boolean>): HTMLElement[] {
  const compared = difference.sections.filter((section) => section.differs !== null);
  const unknown = difference.sections.filter((section) => section.differs === null);
  const nothing = compared.some((section) => section.differs) ? null : el("p", { class: "mm-foot" }, "Nothing that was recorded differs.");
  return [
    heads(difference.runs),
    nothing,
    ...compared.map((section) => sectionOf(section, difference.runs, pictures, opened)),
    unknown.length > 0
      ? el("p", { class: "mm-foot" }, `Not compared: ${unknown.map(({ title, told }) => `${title.toLowerCase()} (${told})`).join(", ")}`)
      : null,
    ...difference.notices.map((notice) => el("p", { class: "mm-foot mm-warning" }, notice)),
  ].filter((element) => element !== null);
}

/** Returns how many things differ: rows, texts and figures. */
export function countOf({ sections }: Difference): number {
  const differing = sections.filter((section) => section.differs);
  return differing.reduce((sum, { rows, rows_left_out, diffs, figures }) => sum + rows.length + rows_left_out + diffs.length + figures.filter(({ differs }) => differs !== false).length, 0);
}

function heads(runs: readonly Head[]): HTMLElement {
  return el(
    "div",
    { class: "mm-scroll" },
    el(
      "table",
      { class: "mm-heads" },
      el("caption", { class: "mm-unseen" }, "The compared runs; the first one is the base"),
      el(
        "tbody",
        {},
        ...runs.map((run, place) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, badge(run.letter, place === 0), nameOf(run), place === 0 ? el("span", { class: "mm-soft" }, " base") : null),
            el("td", {}, el("span", { class: `mm-dot mm-${markOf(run.status)}` }), run.status),
            el("td", { class: "mm-soft" }, text(run.experiment)),
            el("td", { class: "mm-soft" }, run.started),
            el("td", { class: "mm-soft" }, run.duration),
            el("td", { class: "mm-soft", title: `run ${run.id}` }, run.id.slice(0, 8)),
          ),
        ),
      ),
    ),
  );
}

function nameOf(run: Head): HTMLElement {
  const isLink = run.url !== null && /^https?:\/\//.test(run.url);
  return isLink ? el("a", { href: run.url, target: "_blank", rel: "noopener noreferrer" }, text(run.name)) : text(run.name);
}

function sectionOf(section: Section, runs: readonly Head[], pictures: Pictures, opened: Map<string, boolean>): HTMLElement {
  const isOpen = opened.get(section.key) ?? section.differs === true;
  const made = el(
    "details",
    { class: "mm-section", "data-section": section.key, open: isOpen },
    el("summary", {}, el("strong", {}, section.title), " ", el("span", { class: "mm-soft" }, section.told)),
  );
  // What is folded is made when it is opened: pictures are fetched, and diffs may be long.
  const fillIn = () => made.childElementCount === 1 && made.append(body(section, runs, pictures));
  if (isOpen) fillIn();
  made.addEventListener("toggle", () => {
    opened.set(section.key, made.open);
    if (made.open) fillIn();
  });
  return made;
}

function body(section: Section, runs: readonly Head[], pictures: Pictures): HTMLElement {
  const equal = equalOf(section);
  const unlike = section.figures.filter((figure) => figure.differs !== false);
  const alike = section.figures.filter((figure) => figure.differs === false);
  return el(
    "div",
    { class: "mm-section-body" },
    section.rows.length > 0 ? tableOf(section, runs) : null,
    section.rows_left_out > 0 ? el("p", { class: "mm-soft" }, `${section.rows_left_out} more differ; mlmagic.diff(…) returns all.`) : null,
    ...section.diffs.map(codeOf),
    ...unlike.map((figure) => pictures.of(figure, runs)),
    alike.length > 0 ? folded(`${alike.length} the same`, unlike.length > 0, () => alike.map((figure) => pictures.of(figure, runs))) : null,
    equal && section.equal.length > 0 ? folded(`${section.equal.length} the same`, section.differs === true, () => [equal]) : equal,
  );
}

function folded(summary: string, isFolded: boolean, make: () => HTMLElement[]): HTMLElement {
  if (!isFolded) return el("div", {}, ...make());
  const made = el("details", {}, el("summary", { class: "mm-soft" }, summary));
  made.addEventListener("toggle", () => made.open && made.childElementCount === 1 && made.append(...make()));
  return made;
}

function equalOf({ equal, remarks }: Section): HTMLElement | null {
  if (equal.length + remarks.length === 0) return null;
  return el(
    "div",
    { class: "mm-equal" },
    ...equal.map(([name, value]) => el("span", {}, el("span", { class: "mm-soft" }, text(name), " = "), text(value))),
    ...remarks.map((remark) => el("div", { class: "mm-soft" }, remark)),
  );
}

function tableOf(section: Section, runs: readonly Head[]): HTMLElement {
  return el(
    "div",
    { class: "mm-scroll" },
    el(
      "table",
      { class: `mm-rows mm-of-${section.key}` },
      el("caption", { class: "mm-unseen" }, section.title),
      el(
        "thead",
        {},
        el("tr", {}, el("td", {}), ...runs.map((run, place) => el("th", { scope: "col" }, badge(run.letter, place === 0), text(run.name)))),
      ),
      el(
        "tbody",
        {},
        ...section.rows.map((row) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, text(row.name), row.goal ? el("span", { class: "mm-soft", title: row.goal === "↓" ? "less is better" : "more is better" }, ` ${row.goal}`) : null, row.which ? el("span", { class: "mm-soft" }, ` ${row.which}`) : null),
            ...row.values.map(valueOf),
          ),
        ),
      ),
    ),
  );
}

function valueOf(value: Value): HTMLElement {
  const lines = value.lines.flatMap((line, at) => (at > 0 ? [el("br"), text(line)] : [text(line)]));
  return el(
    "td",
    { class: value.is_base ? "mm-as-base" : "" },
    ...lines,
    value.is_best ? el("span", { class: "mm-badge-best" }, "best") : null,
    value.remark ? el("span", { class: "mm-remark" }, value.remark) : null,
  );
}

function badge(letter: string, isBase: boolean): HTMLElement {
  return el("span", { class: isBase ? "mm-letter mm-is-base" : "mm-letter" }, letter);
}

function text(cell: Cell): HTMLElement {
  return el("bdi", { title: cell.title || null }, cell.text);
}
