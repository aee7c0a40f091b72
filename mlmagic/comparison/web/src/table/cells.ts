/** One cell: what it says, and how it is marked. */

import { el, fill } from "../dom.ts";
import { ago, clean, duration, exactMoment, meanText, MISSING, moment, number } from "../format.ts";
import { isShared } from "../names.ts";
import { nameElement } from "../name_element.ts";
import { swatch } from "../swatch.ts";
import { exact } from "../values.ts";
import { has, intervalAt, uiAddress, word, wordOf, type Column, type NumberColumn, type Table, type TextColumn } from "../wire.ts";
import { counted, cut, markOf } from "../words.ts";
import { ARCHIVED } from "./archived.ts";
import { NAME } from "./columns.ts";
import { countsOf, LONGEST_BADGE, MOST_BADGES } from "./labels.ts";
import type { TableModel } from "./model.ts";
import type { Summary } from "./statistics.ts";
import { belowOf, commonRow, summaryIn, type Branch, type Line } from "./tree.ts";

const LONGEST_TEXT = 300;
const LONGEST_TITLE = 2000;
export const STAR = "tag:mlmagic.star";
/** So much of a digest tells two data sets apart; all of it is in the title. */
const DIGEST = 8;

export interface Drawing {
  readonly model: TableModel;
  readonly table: Table;
  readonly now: number;
}

/** Draws a cell anew; nothing of what it showed before is left. */
export function drawCell(cell: HTMLElement, column: Column, line: Line, drawing: Drawing): void {
  cell.removeAttribute("data-shade");
  cell.removeAttribute("title");
  cell.style.removeProperty("--mm-part");
  cell.className = `mm-cell mm-of-${column.kind}`;
  if (column.id === NAME) return drawName(cell, line, drawing);
  const { branch } = line;
  const summary = branch.children.length > 0 ? summaryIn(column, branch) : null;
  const row = commonRow(column, branch);
  if (column.format === "moment" && row < 0 && summary) return drawNewest(cell, column as NumberColumn, branch, drawing);
  if (summary && (row < 0 || column.kind === "metric")) return drawMean(cell, column, summary, drawing);
  if (row < 0) return drawMissing(cell, branch, column);
  if (column.type === "text") drawWord(cell, column, row);
  else if (column.format === "duration") drawDuration(cell, column, row, drawing);
  else if (column.format === "moment") drawMoment(cell, column, row, drawing);
  else drawNumber(cell, column, row, drawing, branch.isOut === true);
  if (column.type !== "number" || column.kind !== "metric") return;
  const below = belowOf(column, branch);
  if (below) cell.title += `; runs below: ${summaryText(below, drawing.model.format(column))}`;
}

function drawMissing(cell: HTMLElement, branch: Branch, column: Column): void {
  const differ = branch.row < 0 && branch.children.some(({ row }) => has(column, row));
  cell.classList.add("mm-missing");
  if (isNumeric(column)) cell.classList.add("mm-number");
  fill(cell, el("span", { "aria-hidden": "true" }, differ ? "…" : MISSING), hidden(differ ? "differs" : "missing"));
  cell.title = differ ? "The runs of this group differ" : "";
}

function drawName(cell: HTMLElement, { branch, depth }: Line, { model, table }: Drawing): void {
  const isOpen = model.expanded.peek().has(branch.key);
  const count = branch.children.length;
  const place = branch.row >= 0 ? model.places.peek().get(branch.key) : undefined;
  const label = model.nameOf(branch);
  const link = branch.row >= 0 ? uiAddress(table, branch.row) : null;
  const isStarred = branch.row >= 0 && wordOf(table, STAR, branch.row) === "true";
  const isDeleted = branch.row >= 0 && table.deleted.has(branch.key);
  const status = branch.row >= 0 ? clean(wordOf(table, "run:status", branch.row) ?? "").toLowerCase() : "";
  const badges = branch.row >= 0 ? (model.state.badges.peek().get(branch.key) ?? []) : [];
  cell.style.setProperty("--mm-depth", String(depth));
  cell.title = cut(clean(label), LONGEST_TITLE);
  cell.classList.toggle("mm-group-name", branch.row < 0);
  cell.classList.toggle("mm-deleted", isDeleted);
  fill(
    cell,
    count > 0
      ? el("button", { type: "button", tabindex: -1, class: "mm-fold", "data-do": "fold", "aria-label": `${isOpen ? "Fold" : "Unfold"} ${counted(count, "run")}`, "aria-expanded": String(isOpen) })
      : null,
    branch.row < 0 || isDeleted || (table.saved && !hasStars(table))
      ? null
      : table.saved
        ? isStarred
          ? el("span", { class: "mm-starred mm-still", role: "img", "aria-label": "Starred" }, "★")
          : el("span", { class: "mm-starred mm-still", "aria-hidden": "true" })
        : el("button", { type: "button", tabindex: -1, class: "mm-starred", "data-do": "star", "aria-pressed": String(isStarred), "aria-label": isStarred ? "Starred" : "Not starred", title: isStarred ? "Remove the star (s)" : "Star this run (s)" }, isStarred ? "★" : "☆"),
    place === undefined ? null : swatch(place),
    status === "" || status === "finished" ? null : el("span", { class: `mm-dot mm-${markOf(status)}`, role: "img", "aria-label": status, title: status }),
    nameElement(cut(clean(label), LONGEST_TEXT) || "(no name)", model.shared(branch)),
    branch.row >= 0 && isShared(table, branch.row) ? el("span", { class: "mm-count" }, table.ids[branch.row]!.slice(0, 8)) : null,
    count > 0 ? el("span", { class: "mm-count" }, countsOf(table, branch.children)) : null,
    isDeleted ? el("span", { class: "mm-badge" }, "deleted") : null,
    branch.row >= 0 && wordOf(table, ARCHIVED, branch.row) === "true" ? el("span", { class: "mm-badge" }, "archived") : null,
    ...badges.slice(0, MOST_BADGES).map((badge) => el("span", { class: "mm-badge mm-badge-alias", title: `Registered model ${clean(badge)}` }, el("bdi", {}, cut(clean(badge), LONGEST_BADGE)))),
    badges.length > MOST_BADGES ? el("span", { class: "mm-count", title: clean(badges.join(", ")) }, `+${badges.length - MOST_BADGES}`) : null,
    link
      ? el("a", { href: link, target: "_blank", rel: "noopener noreferrer", tabindex: -1, class: "mm-link", title: "Open in the MLflow UI (Ctrl+Enter)", "aria-label": `Open ${cut(clean(label), 60)} in the MLflow UI` }, "↗")
      : null,
  );
}

/** Where one run of a saved page is starred, the others leave room for a star: an indented name reads as nested. */
function hasStars(table: Table): boolean {
  const stars = table.byId.get(STAR);
  return stars?.type === "text" && stars.words.includes("true");
}

function drawWord(cell: HTMLElement, column: TextColumn, row: number): void {
  const text = word(column, row)!;
  if (column.format === "status") {
    cell.title = clean(text);
    fill(cell, el("span", { class: `mm-dot mm-${markOf(text)}`, "aria-hidden": "true" }), clean(text).toLowerCase());
    return;
  }
  cell.title = cut(text, LONGEST_TITLE);
  if (isNumeric(column)) cell.classList.add("mm-number");
  fill(cell, el("bdi", {}, column.kind === "data" ? clean(text).slice(0, DIGEST) : cut(clean(text), LONGEST_TEXT)));
}

function drawDuration(cell: HTMLElement, column: NumberColumn, row: number, { model }: Drawing): void {
  const seconds = column.numbers[row]!;
  const longest = model.longest.peek();
  cell.classList.add("mm-number", "mm-duration");
  cell.style.setProperty("--mm-part", longest > 0 ? (Math.max(0, seconds) / longest).toFixed(3) : "0");
  cell.title = `${exact(column, row)} s`;
  fill(cell, duration(seconds));
}

function drawMoment(cell: HTMLElement, column: NumberColumn, row: number, { table, now }: Drawing): void {
  cell.title = exactMoment(column.numbers[row]!, now);
  fill(cell, momentText(column.numbers[row]!, table, now));
}

/** A saved page is read on another day, where it says when and not how long ago. */
function momentText(milliseconds: number, table: Table, now: number): string {
  return table.saved ? moment(milliseconds, now) : ago(milliseconds, now);
}

/** Of several runs the newest tells when something was last tried. */
function drawNewest(cell: HTMLElement, column: NumberColumn, { children }: Branch, { table, now }: Drawing): void {
  const newest = Math.max(...children.map(({ row }) => (has(column, row) ? column.numbers[row]! : -Infinity)));
  cell.title = `the newest: ${exactMoment(newest, now)}`;
  fill(cell, momentText(newest, table, now));
}

function drawNumber(cell: HTMLElement, column: NumberColumn, row: number, { model }: Drawing, isOut: boolean): void {
  const value = column.numbers[row]!;
  cell.classList.add("mm-number");
  const interval = intervalAt(column, row);
  const format = model.format(column);
  const beside = interval && el("span", { class: "mm-error" }, ` [${format(interval[0])}, ${format(interval[1])}]`);
  cell.title = exact(column, row) + (interval ? ` [${interval[0]}, ${interval[1]}]` : "") + stepText(column, row);
  if (isOut && column.kind === "metric") {
    cell.title += "; not ranked: the run did not end well";
    cell.classList.add("mm-missing");
    return mark(cell, false, format(value), beside);
  }
  const { best, level } = model.scale(column);
  if (model.shaded.peek()) shade(cell, level(value));
  mark(cell, value === (model.isGrouped() ? model.bestMean(column) : best), format(value), beside);
}

/** Says at which step the value was reached, and what the last one is, where these are others. */
function stepText(column: NumberColumn, row: number): string {
  if (!column.last || Object.is(column.last[row], column.numbers[row])) return "";
  const step = column.steps![row]!;
  return `${Number.isNaN(step) ? "" : ` at step ${step.toLocaleString("en-US")}`}; last ${column.last[row]!}`;
}

function drawMean(cell: HTMLElement, column: Column, summary: Summary, { model }: Drawing): void {
  const { mean, error } = summary;
  const format = column.type === "number" ? model.format(column) : number;
  const kind = column.type === "number" ? column : null;
  cell.classList.add("mm-number", "mm-mean");
  if (kind && model.shaded.peek()) shade(cell, model.scale(kind).level(mean));
  cell.title = rangeText(summary, format);
  const [text, spread] = column.format === "duration" ? [duration(mean), ""] : meanText(mean, error, format);
  // A run that is folded away lends its star to its parent.
  const hasBest = kind !== null && summary.search !== undefined && summary.search.best === model.scale(kind).best;
  mark(cell, hasBest || (kind !== null && mean === model.bestMean(kind)), text, spread ? el("span", { class: "mm-error" }, ` ± ${spread}`) : null);
}

/** Returns in words what a mean is of, and between which values. */
function rangeText({ error, count, others, low, high, search }: Summary, format: (value: number) => string): string {
  const of = search ? `the best of ${search.points} points: ` : "";
  const range = count === 0 ? "" : low === high ? `, all ${format(low)}` : `, ${format(low)} to ${format(high)}`;
  const also = others > 0 ? `; ${others} more not finite` : "";
  return `${of}mean${Number.isNaN(error) ? "" : " ± standard error"} of ${counted(count, "run")}${range}${also}`;
}

function summaryText(summary: Summary, format: (value: number) => string): string {
  const [mean, error] = meanText(summary.mean, summary.error, format);
  return `${mean}${error ? ` ± ${error}` : ""}, ${rangeText(summary, format)}`;
}

function shade(cell: HTMLElement, level: number): void {
  if (level > 0) cell.dataset.shade = String(level);
}

function mark(cell: HTMLElement, isBest: boolean, text: string, more: Node | null = null): void {
  cell.classList.toggle("mm-best", isBest);
  fill(cell, isBest ? el("span", { class: "mm-star", "aria-hidden": "true" }, "★") : null, isBest ? hidden("best ") : null, text, more);
}

function hidden(text: string): HTMLElement {
  return el("span", { class: "mm-unseen" }, text);
}

export function isNumeric(column: Column): boolean {
  return column.format === "number" || column.format === "duration";
}
