/** A figure by name, as some runs have it: one that was logged again and again has a slider. */

import { el, fill, uniqueId } from "../dom.ts";
import type { Images } from "../images.ts";
import { clean } from "../format.ts";

export interface Frame {
  at: number;
  path: string;
}

export interface Series {
  name: string;
  media_type: string;
  unit: "" | "step" | "number";
  /** The frames of each run, in order. */
  runs: Frame[][];
}

/** A run as it is headed. */
export interface Headed {
  readonly id: string;
  readonly name: string;
  readonly heading: Node;
}

/** Returns all steps of a series, ascending. */
export function stepsOf(series: Series): number[] {
  return [...new Set(series.runs.flatMap((frames) => frames.map(({ at }) => at)))].sort((a, b) => a - b);
}

/** Returns the last frame up to a step, the first one where all come later, null where there is none. */
export function frameAt(frames: readonly Frame[], at: number): Frame | null {
  return frames.findLast((frame) => frame.at <= at) ?? frames[0] ?? null;
}

/** Returns a series as an element: a heading, a slider where there are several steps, and a picture a run. */
export function seriesElement(series: Series, runs: readonly Headed[], images: Images): HTMLElement {
  const name = clean(series.name);
  const steps = series.unit === "" ? [] : stepsOf(series);
  const cells = runs.map(({ id, name: run, heading }, place) => {
    const picture = images.place(`${name}, ${run}`);
    const step = el("span", { class: "mm-soft" });
    const frames = series.runs[place] ?? [];
    const show = (at: number) => {
      const frame = frameAt(frames, at);
      picture.set(id, frame?.path ?? null, series.unit && frame ? `${series.unit} ${frame.at}` : "");
      fill(step, series.unit && frame && frame.at !== at ? ` ${series.unit} ${frame.at}` : "");
    };
    return { element: el("figure", {}, el("figcaption", {}, heading, step), picture.element), show };
  });
  const last = steps.at(-1) ?? Infinity;
  for (const { show } of cells) show(last);
  return el(
    "section",
    { class: "mm-figure" },
    el("div", { class: "mm-figure-head" }, el("h4", {}, el("bdi", {}, name)), steps.length > 1 ? slider(name, series.unit, steps, (at) => cells.forEach(({ show }) => show(at))) : null),
    el("div", { class: "mm-pictures" }, ...cells.map(({ element }) => element)),
  );
}

function slider(name: string, unit: string, steps: readonly number[], show: (at: number) => void): HTMLElement {
  const said = el("output", { class: "mm-soft" });
  const input = el("input", {
    type: "range",
    id: uniqueId("slider"),
    min: 0,
    max: steps.length - 1,
    step: 1,
    "aria-label": `${unit} of ${name}`,
    input: () => set(),
  });
  const set = () => {
    const at = steps[Number(input.value)]!;
    said.textContent = `${unit} ${at.toLocaleString("en-US")}`;
    input.setAttribute("aria-valuetext", `${unit} ${at}, ${Number(input.value) + 1} of ${steps.length}`);
    show(at);
  };
  const move = (by: number) => {
    input.value = String(Number(input.value) + by);
    set();
  };
  input.value = String(steps.length - 1);
  set();
  return el(
    "div",
    { class: "mm-slider" },
    el("button", { type: "button", class: "mm-button", "aria-label": `Previous ${unit} of ${name}`, click: () => move(-1) }, "‹"),
    input,
    el("button", { type: "button", class: "mm-button", "aria-label": `Next ${unit} of ${name}`, click: () => move(1) }, "›"),
    said,
  );
}
