/** The tab of curves: a panel a metric, and what is shown in their place where there is none. */

import { effect, signal, type ReadonlySignal } from "@preact/signals-core";

import type { Context, Part } from "../context.ts";
import { el, fill } from "../dom.ts";
import { failuresIn, unrankedOf } from "../failed.ts";
import { nameOf } from "../names.ts";
import { Bar } from "./bar.ts";
import { Chooser } from "./chooser.ts";
import { choiceOf, contentOf, originsOf, pairsOf, shownOf, singlesText, widened, type Shown } from "./content.ts";
import { counted } from "../words.ts";
import { Emphasis } from "./emphasis.ts";
import { Histories, type Window } from "./histories.ts";
import { Legend } from "./legend.ts";
import { Panel } from "./panel.ts";
import { fromAxis } from "./scale.ts";
import { watchTheme } from "../theme_watch.ts";
import { word, type Table } from "../wire.ts";

const NEWEST = 5;
const ZOOM_SETTLES_MS = 150;
/** The smallest part of all that one can look at: below it floats of steps and times run out. */
const FINEST = 1e-7;
const BUSY = "The kernel is running a cell; curves come when it is done.";

export function curvesPart(context: Context): Part {
  return new Curves(context);
}

class Curves implements Part {
  readonly element = el("div", { class: "mm-curves" });
  readonly #context: Context;
  readonly #histories: Histories;
  readonly #unranked: ReadonlySignal<Uint8Array | null>;
  readonly #isVisible = signal(false);
  /** The part of x that is looked at, and the one that the kernel was asked for: it follows when the zoom settles. */
  readonly #window = signal<Window>(null);
  readonly #asked = signal<Window>(null);
  readonly #emphasis: Emphasis;
  readonly #legend: Legend;
  readonly #chooser: Chooser;
  readonly #bar: Bar;
  readonly #panels = new Map<string, Panel>();
  readonly #problems = el("div", { class: "mm-problems" });
  readonly #told = el("p", { class: "mm-told" });
  readonly #grid = el("div", { class: "mm-curves-grid" });
  readonly #empty = el("div", { class: "mm-empty" });
  readonly #stop: (() => void)[] = [];
  #origins = new Map<string, number>();
  /** The x of all the histories, not only of what is in view. */
  #extent: Window = null;
  #frame = 0;
  #settling = 0;

  constructor(context: Context) {
    this.#context = context;
    const { state, kernel } = context;
    this.#emphasis = new Emphasis(state);
    this.#legend = new Legend(this.#emphasis);
    this.#unranked = unrankedOf(state.table, state.view);
    this.#histories = new Histories((kind, content) => kernel.ask(kind, content), (run) => this.#origins.get(run) ?? 0);
    this.#chooser = new Chooser((metrics) => state.changeCurves({ metrics }));
    this.#bar = new Bar(this.#chooser, {
      change: (changes) => state.changeCurves(changes),
      zoomIn: () => this.#firstPanel()?.crosshair.zoomIn(),
      zoomOut: () => this.#firstPanel()?.crosshair.zoomOut(),
      reset: () => this.#zoom(null),
      reload: () => this.#histories.forget(this.#shown().runs.filter((run) => this.#isRunning(run))),
    });
    this.element.append(this.#bar.element, this.#chooser.element, this.#problems, this.#told, this.#empty, this.#legend.element, this.#grid);

    let x = state.view.peek().curves.x;
    let table = state.table.peek();
    this.#stop.push(
      // JupyterLab hides the page at the moment of the change, when nothing has a size: the next frame has.
      watchTheme(() => requestAnimationFrame(() => this.#redraw())),
      effect(() => {
        const { curves } = state.view.value;
        if (curves.x === x) return;
        x = curves.x;
        this.#zoom(null);
      }),
      effect(() => {
        const before = table;
        if (state.table.value === before) return;
        table = state.table.value;
        this.#histories.renew(table.ids.filter((run) => isRunning(table, run) || isRunning(before, run)));
      }),
      effect(() => this.#followed()),
      effect(() => this.#legend.mark()),
    );
  }

  show(): void {
    this.#isVisible.value = true;
  }

  hide(): void {
    this.#isVisible.value = false;
  }

  destroy(): void {
    for (const stop of this.#stop) stop();
    cancelAnimationFrame(this.#frame);
    window.clearTimeout(this.#settling);
    this.#histories.destroy();
    for (const panel of this.#panels.values()) panel.destroy();
  }

  /** Reads all that the curves depend on, and draws in the next frame: several changes are one drawing. */
  #followed(): void {
    const { state, kernel } = this.#context;
    const { changed, problem, waiting } = this.#histories;
    const { curves, metric, group } = state.view.value;
    void this.#unranked.value;
    void [state.table.value, state.selected.value, curves, metric, group, this.#window.value, this.#asked.value];
    void [changed.value, problem.value, waiting.value, kernel.busy.value];
    if (!this.#isVisible.value) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#render());
  }

  #shown(): Shown {
    const { state } = this.#context;
    const { metric, group, curves } = state.view.peek();
    return shownOf(state.table.peek(), state.selected.peek(), metric, group, curves.grouped, this.#unranked.peek());
  }

  #render(): void {
    const { state } = this.#context;
    const view = state.view.peek().curves;
    const shown = this.#shown();
    const histories = this.#histories;
    const before = choiceOf(shown, view, histories);
    histories.want(pairsOf(shown, before.ask), { by: view.x, window: null });
    const { drawn, single } = before;
    this.#origins = originsOf(shown, before.ask, histories);
    const asked = this.#asked.peek();
    if (asked) histories.want(pairsOf(shown, drawn), { by: view.x, window: asked });

    this.#bar.element.hidden = shown.runs.length === 0 || shown.offered.length === 0;
    this.#bar.update(view, { isZoomed: this.#window.peek() !== null, isRunning: shown.runs.some((run) => this.#isRunning(run)), by: shown.by });
    this.#chooser.update({ offered: shown.offered, shown: drawn, isOwn: view.metrics.length > 0 });
    if (this.#bar.element.hidden) this.#chooser.element.hidden = true;
    fill(this.#problems, ...this.#problemsOf(shown));
    const told = [
      shown.left > 0 ? `The first ${shown.groups.length} of ${shown.groups.length + shown.left} ${view.grouped ? "groups" : "selected runs"} are drawn.` : "",
      shown.unaveraged.length > 0 ? `Not averaged: ${failuresIn(shown.table, shown.unaveraged.map((run) => shown.table.rows.get(run)!))}.` : "",
      single.length > 0 ? singlesText(shown, single) : "",
    ];
    fill(this.#told, ...told.filter(Boolean).map((text) => el("span", {}, text)));
    this.#told.hidden = !told.some(Boolean);
    this.#showEmpty(shown, drawn, single);
    this.#drawPanels(shown, drawn, asked);
  }

  #drawPanels(shown: Shown, drawn: readonly string[], asked: Window): void {
    const view = this.#context.state.view.peek().curves;
    const waiting = this.#context.kernel.busy.peek() ? BUSY : "Loading…";
    for (const [metric, panel] of this.#panels) {
      if (drawn.includes(metric)) continue;
      panel.destroy();
      this.#panels.delete(metric);
    }
    const panels = drawn.map((metric) => this.#panel(metric));
    const elements = panels.map(({ element }) => element);
    // Put back only what moved: an element that is taken out loses the focus.
    if (elements.some((one, at) => this.#grid.children[at] !== one) || this.#grid.children.length !== elements.length) fill(this.#grid, ...elements);
    this.#grid.classList.toggle("mm-one", drawn.length === 1);
    const axes = { x: view.x, logX: view.logX, logY: view.logY, window: this.#window.peek() };
    this.#extent = null;
    const contents = drawn.map((metric) => {
      const content = contentOf(shown, metric, view, this.#histories, asked, (run) => this.#origins.get(run) ?? 0);
      this.#extent = joined(this.#extent, content.extent);
      const isMissing = content.isWaiting && content.lines.length === 0;
      const failed = this.#histories.problem.peek() !== null;
      return { ...content, metric, axes, waiting: isMissing ? (failed ? "Not loaded." : waiting) : null };
    });
    this.#legend.update(contents);
    this.#legend.mark();
    contents.forEach((content, at) => panels[at]!.update(content));
  }

  #panel(metric: string): Panel {
    const known = this.#panels.get(metric);
    if (known) return known;
    const zoom = (window: readonly [number, number] | null) => {
      const { logX } = this.#context.state.view.peek().curves;
      this.#zoom(window && [fromAxis(window[0], logX), fromAxis(window[1], logX)]);
    };
    const panel = new Panel(metric, this.#emphasis, { zoom, say: this.#context.say });
    this.#panels.set(metric, panel);
    return panel;
  }

  /** Looks at what of `wanted` there is, or at all of it. */
  #zoom(wanted: Window): void {
    const whole = this.#extent;
    if (!wanted || !whole || (wanted[0] <= whole[0] && wanted[1] >= whole[1])) {
      if (this.#window.peek()) this.#context.say("All of it is shown.");
      return this.#look(null);
    }
    const window = [Math.max(wanted[0], whole[0]), Math.min(wanted[1], whole[1])] as const;
    if (window[1] - window[0] > (whole[1] - whole[0]) * FINEST) this.#look(window);
  }

  #look(looked: Window): void {
    this.#window.value = looked;
    window.clearTimeout(this.#settling);
    if (looked === null) this.#asked.value = null;
    else this.#settling = window.setTimeout(() => (this.#asked.value = widened(looked)), ZOOM_SETTLES_MS);
  }

  #firstPanel(): Panel | undefined {
    return this.#panels.values().next().value;
  }

  #problemsOf(shown: Shown): HTMLElement[] {
    const found: HTMLElement[] = [];
    const problem = this.#histories.problem.peek();
    if (problem) {
      const retry = el("button", { type: "button", class: "mm-button", click: () => this.#histories.retry() }, "Try again");
      found.push(el("div", { class: "mm-problem", role: "alert" }, el("p", {}, problem.message), problem.hint ? el("p", { class: "mm-soft" }, problem.hint) : null, retry));
    }
    for (const run of shown.runs) {
      const text = this.#histories.gone.get(run);
      if (text) found.push(el("div", { class: "mm-problem", role: "alert" }, el("p", {}, el("bdi", {}, nameOf(shown.table, run)), `: ${text}`)));
    }
    return found;
  }

  #showEmpty(shown: Shown, drawn: readonly string[], single: readonly string[]): void {
    const { table, runs, offered } = shown;
    const text = (title: string, hint: string, button: HTMLElement | null = null) =>
      fill(this.#empty, el("strong", {}, title), el("p", {}, hint), button);
    this.#empty.hidden = drawn.length > 0;
    if (drawn.length > 0) return;
    if (table.count === 0) text(table.notice?.text ?? "No runs.", table.notice?.hint ?? "");
    else if (runs.length === 0) {
      const newest = table.ids.slice(0, NEWEST);
      const label = newest.length === 1 ? "Select the newest run" : `Select the newest ${newest.length}`;
      const select = el("button", { type: "button", class: "mm-button", click: () => this.#select(newest) }, label);
      text("Select runs in the table", "Their curves are drawn here, one panel a metric.", select);
    } else if (offered.length === 0) text("No metrics", "The selected runs have logged none. In a cell: mlmagic.log(loss=loss)");
    else if (this.#histories.problem.peek()) this.#empty.hidden = true;
    else if (this.#histories.waiting.peek()) text(this.#context.kernel.busy.peek() ? BUSY : "Loading the curves…", counted(runs.length, "run"));
    else if (single.length > 0) text("No curves", "Each metric of these runs has one value only. Log it at each step: mlmagic.log(loss=loss, step=step)");
    else text("No curves", "Nothing could be read of these runs.");
  }

  #select(runs: readonly string[]): void {
    this.#context.state.selected.value = runs;
    this.#context.say(`${counted(runs.length, "run")} selected.`);
  }

  #isRunning(run: string): boolean {
    return isRunning(this.#context.state.table.peek(), run);
  }

  #redraw(): void {
    if (this.#isVisible.peek()) for (const panel of this.#panels.values()) panel.draw();
  }
}

function isRunning(table: Table, run: string): boolean {
  const status = table.byId.get("run:status");
  const row = table.rows.get(run);
  return status?.type === "text" && row !== undefined && word(status, row) === "RUNNING";
}

function joined(one: Window, other: Window): Window {
  if (!one || !other) return one ?? other;
  return [Math.min(one[0], other[0]), Math.max(one[1], other[1])];
}
