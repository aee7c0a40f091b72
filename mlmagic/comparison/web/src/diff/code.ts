/** The difference of two texts, line by line, with marks on the words that changed. */

import { el } from "../dom.ts";
import type { Line, TextDiff } from "./wire.ts";

const WORDS = { "+": "added", "-": "removed", " ": "" };

/** Returns a table of the lines: both numbers, a sign as well as a colour, and the line. */
export function codeOf(diff: TextDiff): HTMLElement {
  const told = el("p", { class: "mm-diff-title" }, el("strong", {}, diff.title), " ", el("span", { class: "mm-soft" }, diff.told));
  if (diff.hunks.length === 0) return told;
  return el(
    "div",
    {},
    told,
    el(
      "div",
      { class: "mm-scroll mm-code", tabindex: 0, role: "region", "aria-label": `${diff.title}: ${diff.told}` },
      el(
        "table",
        {},
        el("tbody", {}, ...diff.hunks.flatMap(([skipped, lines]) => [skipped > 0 ? gap(`${skipped} equal line${skipped === 1 ? "" : "s"}`) : null, ...lines.map(lineOf)]), diff.left_out > 0 ? gap(`${diff.left_out} more lines of the difference are not shown`) : null),
      ),
    ),
  );
}

function gap(words: string): HTMLElement {
  return el("tr", { class: "mm-gap" }, el("td", { colspan: 4 }, `⋯ ${words}`));
}

function lineOf({ sign, old, new: now, pieces }: Line): HTMLElement {
  const marked = sign === "+" ? "ins" : "del";
  return el(
    "tr",
    { class: sign === "+" ? "mm-added" : sign === "-" ? "mm-removed" : "" },
    el("td", { class: "mm-no" }, old === null ? "" : String(old)),
    el("td", { class: "mm-no" }, now === null ? "" : String(now)),
    el("td", { class: "mm-sign" }, el("span", { "aria-hidden": "true" }, sign === "-" ? "−" : sign), WORDS[sign] ? el("span", { class: "mm-unseen" }, WORDS[sign]) : null),
    el("td", {}, ...pieces.map(([piece, isChanged]) => (isChanged ? el(marked, {}, piece) : piece))),
  );
}
