/** Which line is which, and its values of each metric: one legend for all panels. Pointing at a line makes it stand out in each. */

import { el, fill } from "../dom.ts";
import { nameElement, sharedParts } from "../name_element.ts";
import { swatch } from "../swatch.ts";
import type { Goal } from "../wire.ts";
import { counted, cut } from "../words.ts";
import type { Emphasis } from "./emphasis.ts";
import { bestText, lastText, type Line } from "./lines.ts";

const LONGEST_NAME = 200;
const LONGEST_HEAD = 40;
/** So many values are read out with a line. */
const SAID = 4;
const NAME_PX = 150;
/** So much more where it stands how many runs failed. */
const WITHOUT_PX = 70;
const VALUE_PX = 90;
/** Of a mean the value stands with its error. */
const MEAN_PX = 148;
const GAP_PX = 8;

/** The lines of one panel. */
export interface LegendPanel {
  readonly metric: string;
  readonly goal: Goal;
  readonly lines: readonly Line[];
}

/** A column of values: of one metric the best ones where it has a direction, else the last ones. */
interface Values {
  readonly metric: string;
  readonly which: "last" | "best";
  readonly of: ReadonlyMap<string, Line>;
}

export class Legend {
  readonly element = el("div", { class: "mm-legend" });
  readonly #emphasis: Emphasis;
  readonly #buttons = new Map<string, HTMLButtonElement>();
  #lines: readonly Line[] = [];
  #shared: ReadonlyMap<Line, number> = new Map();

  constructor(emphasis: Emphasis) {
    this.#emphasis = emphasis;
    this.element.addEventListener("keydown", this.#onKey);
  }

  update(panels: readonly LegendPanel[]): void {
    const focused = [...this.#buttons].find(([, button]) => button === document.activeElement)?.[0];
    const lines = new Map<string, Line>();
    for (const panel of panels) for (const line of panel.lines) if (!lines.has(line.key)) lines.set(line.key, line);
    const ordered = [...lines.values()].sort((a, b) => a.place - b.place);
    const columns = columnsOf(panels);
    this.#lines = ordered;
    const parts = sharedParts(ordered.map(shownName));
    this.#shared = new Map(ordered.map((line, at) => [line, parts[at]!]));
    this.#buttons.clear();
    for (const line of ordered) this.#buttons.set(line.key, this.#button(line, columns));
    const labels = ordered.find((line) => line.parts)?.parts?.labels ?? "";
    const head = ({ metric, which }: Values) =>
      el("span", { title: cut(metric, LONGEST_NAME) }, panels.length > 1 ? el("bdi", {}, ...breakable(cut(metric, LONGEST_HEAD))) : null, panels.length > 1 ? " " : null, el("small", {}, which));
    const list = el("ul", { class: "mm-legend-list" }, ...[...this.#buttons.values()].map((button) => el("li", {}, button)));
    const wide = el("div", {}, el("div", { class: "mm-legend-head", "aria-hidden": "true" }, el("bdi", { class: "mm-name", title: labels }, labels), ...columns.map(head)), list);
    const each = ordered.some(({ size }) => size > 1) ? MEAN_PX : VALUE_PX;
    wide.style.setProperty("--mm-value", `${each}px`);
    const named = NAME_PX + (ordered.some(({ without }) => without !== "") ? WITHOUT_PX : 0);
    wide.style.minWidth = `${named + columns.length * (each + GAP_PX)}px`;
    this.element.hidden = ordered.length === 0;
    fill(this.element, wide);
    const stop = (focused && this.#buttons.get(focused)) || [...this.#buttons.values()][0];
    for (const button of this.#buttons.values()) button.tabIndex = button === stop ? 0 : -1;
    if (focused) this.#buttons.get(focused)?.focus({ preventScroll: true });
  }

  /** Marks the lines that are pointed at or were clicked; whoever calls it is told when these are others. */
  mark(): void {
    const marked = this.#emphasis.marked(this.#lines);
    const pinned = this.#emphasis.pinned.value;
    for (const [own, button] of this.#buttons) {
      button.classList.toggle("mm-standing", marked.has(own));
      button.setAttribute("aria-pressed", String(own === pinned));
    }
  }

  #button(line: Line, columns: readonly Values[]): HTMLButtonElement {
    const emphasis = this.#emphasis;
    const { pinned } = emphasis;
    const name = cut(line.name, LONGEST_NAME);
    const size = [line.size > 1 ? `n=${line.size}` : "", line.without].filter(Boolean).join(", ");
    const said = columns.slice(0, SAID).flatMap(({ metric, which, of }) => {
      const own = of.get(line.key);
      return own ? [`${cut(metric, 40)} ${which} ${valueText(own, which)}`] : [];
    });
    if (line.size > 1) said.push(`mean of ${counted(line.size, "run")}`);
    if (line.without) said.push(`${line.without} and not averaged`);
    const shown = shownName(line);
    return el(
      "button",
      {
        type: "button",
        class: "mm-legend-item",
        title: name,
        pointerenter: () => emphasis.point(line),
        pointerleave: () => emphasis.point(null),
        focus: (event: FocusEvent) => (event.target as Element).matches(":focus-visible") && emphasis.point(line),
        blur: () => emphasis.point(null),
        click: () => (pinned.value = pinned.peek() === line.key ? null : line.key),
      },
      swatch(line.place),
      nameElement(shown, this.#shared.get(line) ?? 0),
      size ? el("span", { class: "mm-soft" }, size) : null,
      ...columns.map(({ which, of }) => {
        const own = of.get(line.key);
        return el("span", { class: which === "best" ? "mm-value mm-best" : "mm-value" }, own ? valueText(own, which) : "–");
      }),
      el("span", { class: "mm-unseen" }, ` (${said.join(", ")})`),
    );
  }

  /** One stop of the Tab key; arrows lead from line to line. */
  readonly #onKey = (event: KeyboardEvent): void => {
    const buttons = [...this.#buttons.values()];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = buttons[to];
    if (!next) return;
    buttons[at]!.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
}

/** Returns the columns of values: of one metric the last and the best, of several one each. */
function columnsOf(panels: readonly LegendPanel[]): Values[] {
  return panels.flatMap(({ metric, goal, lines }) => {
    const of = new Map(lines.map((line) => [line.key, line]));
    const best = goal === null ? [] : [{ metric, which: "best" as const, of }];
    return panels.length === 1 || goal === null ? [{ metric, which: "last" as const, of }, ...best] : best;
  });
}

/** Of a group its values; what these are of stands in the heading. */
function shownName({ name, parts }: Line): string {
  return cut(parts?.values ?? name, LONGEST_NAME);
}

/** Returns a name that may be wrapped after its separators. */
function breakable(name: string): (string | HTMLElement)[] {
  return name.split(/(?<=[_./-])/u).flatMap((part, at) => (at > 0 ? [el("wbr"), part] : [part]));
}

function valueText(line: Line, which: "last" | "best"): string {
  return which === "best" ? bestText(line) : lastText(line);
}
