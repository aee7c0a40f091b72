/** The frame around the parts: tabs, and the line that says what happened. */

import { computed, effect, untracked } from "@preact/signals-core";

import { chartsPart } from "./charts/part.ts";
import type { Context, Part } from "./context.ts";
import { curvesPart } from "./curves/part.ts";
import { differencesPart } from "./diff/part.ts";
import { el, fill, uniqueId } from "./dom.ts";
import { Editing } from "./editing.ts";
import { figuresPart } from "./figures/part.ts";
import { Kernel } from "./kernel.ts";
import { LiveBar } from "./live/bar.ts";
import type { Model } from "./model.ts";
import { RunPage } from "./page/part.ts";
import { State, type Tab } from "./state.ts";
import { tablePart } from "./table/part.ts";

const TABS: { tab: Tab; label: string; make: (context: Context) => Part }[] = [
  { tab: "table", label: "Runs", make: tablePart },
  { tab: "curves", label: "Curves", make: curvesPart },
  { tab: "charts", label: "Charts", make: chartsPart },
  { tab: "figures", label: "Figures", make: figuresPart },
  { tab: "differences", label: "Differences", make: differencesPart },
];

/** The tabs above which the table may stay. */
const SPLIT: ReadonlySet<Tab> = new Set(["curves", "charts"]);

const ZOOM_HINT = "Drag over a curve to zoom in. Point at a line of the legend to make it stand out, click to keep it so.";
const BRUSH_HINT = "Drag along an axis, or across dots, to keep some of the runs. Headings move by dragging and by the arrow keys.";
const SELECT_HINT = "Select runs for their curves and differences: a click, Shift and a click, or Space.";
const OPEN_HINT = "Enter or a double click opens a run.";

export class App {
  readonly element: HTMLElement;
  readonly #state: State;
  readonly #kernel: Kernel;
  readonly #parts = new Map<Tab, Part>();
  readonly #panels = new Map<Tab, HTMLElement>();
  readonly #page: RunPage;
  readonly #live: LiveBar;
  readonly #seen = { view: uniqueId("view") + Math.random().toString(36) };
  readonly #stop: () => void;

  constructor(model: Model) {
    this.#state = new State(model);
    this.#kernel = new Kernel(model);
    const state = this.#state;
    const { saved } = state.table.peek();
    const hint = saved ? SELECT_HINT : `${SELECT_HINT} ${OPEN_HINT}`;
    const shown = TABS.filter(({ tab }) => !saved || tab !== "figures"); // their bytes are not in a saved page
    if (!shown.some(({ tab }) => tab === state.view.peek().tab)) state.change({ tab: "table" });
    const status = el("div", { class: "mm-status", role: "status", "aria-live": "polite" }, hint);
    const say = (text: string) => void (status.textContent = text);
    const context: Context = { state, kernel: this.#kernel, editing: new Editing(this.#kernel, state, say), say };

    this.#live = new LiveBar(context);
    const panels = this.#panels;
    const buttons = new Map<Tab, HTMLButtonElement>();
    for (const { tab, label } of shown) {
      const panelId = uniqueId(tab);
      const button = el(
        "button",
        { type: "button", role: "tab", id: `${panelId}-tab`, "aria-controls": panelId, click: () => ((state.page.value = ""), state.change({ tab })) },
        label,
      );
      buttons.set(tab, button);
      panels.set(tab, el("div", { id: panelId, role: "tabpanel", class: "mm-panel", "aria-labelledby": button.id }));
    }
    this.#page = new RunPage(context);
    const split = el("button", { type: "button", class: "mm-button mm-split-button", title: "Keep the table of runs in sight above the curves and the charts", click: () => state.change({ split: !state.view.peek().split }) }, "Runs above");
    const tabs = el("div", { role: "tablist", class: "mm-tabs", "aria-label": "Comparison", keydown: this.#onTabKey }, ...buttons.values());
    const title = el("div", { class: "mm-title" });
    this.element = el(
      "div",
      { class: "mlmagic-compare tex2jax_ignore mathjax_ignore", "data-lm-suppress-shortcuts": "true" },
      el("div", { class: "mm-head" }, title, tabs, split),
      ...panels.values(),
      this.#page.element,
      el("div", { class: "mm-foot-line" }, status, this.#live.element),
    );
    // What is typed here is not for the notebook, in which a key may delete a cell.
    this.element.addEventListener("keydown", (event) => event.stopPropagation());

    if (!saved) void this.#askAliases();
    const tab = computed(() => state.view.value.tab);
    const keepsTable = computed(() => state.view.value.split);
    // What was said of one tab is not true of another.
    const stopSaying = effect(() => {
      const isChosen = state.selected.peek().length > 0;
      if (state.page.value !== "") return;
      if (tab.value === "charts") status.textContent = BRUSH_HINT;
      else if (!isChosen || tab.value === "table") status.textContent = hint;
      else if (tab.value === "curves") status.textContent = ZOOM_HINT;
    });
    const stopShowing = effect(() => {
      const open = tab.value;
      const isPage = state.page.value !== "";
      this.#page.element.hidden = !isPage;
      const table = state.table.value;
      fill(title, el("bdi", {}, table.title));
      const canSplit = SPLIT.has(open) && !isPage;
      const isSplit = canSplit && keepsTable.value;
      split.hidden = !canSplit;
      split.setAttribute("aria-pressed", String(isSplit));
      this.element.classList.toggle("mm-split", isSplit);
      for (const { tab, label, make } of shown) {
        const button = buttons.get(tab)!;
        const panel = panels.get(tab)!;
        const isOpen = tab === open;
        button.setAttribute("aria-selected", String(isOpen));
        button.tabIndex = isOpen ? 0 : -1;
        const isAbove = isSplit && tab === "table";
        panel.hidden = (!isOpen && !isAbove) || isPage;
        panel.setAttribute("role", isAbove ? "region" : "tabpanel");
        let part = this.#parts.get(tab);
        if ((isOpen || isAbove) && !part) {
          const made = untracked(() => make(context));
          this.#parts.set(tab, (part = made));
          panel.append(made.element);
        }
        const count = part?.count?.value ?? null;
        button.textContent = count === null ? label : `${label} (${count.toLocaleString("en-US")})`;
        untracked(() => (panel.hidden ? part?.hide() : part?.show()));
      }
    });
    const onLeave = () => this.#kernel.tell("seen", { ...this.#seen, open: false });
    if (state.reading.peek()) {
      this.#kernel.tell("seen", { ...this.#seen, open: true });
      window.addEventListener("pagehide", onLeave);
    }
    this.#stop = () => (stopSaying(), stopShowing(), window.removeEventListener("pagehide", onLeave));
  }

  /** Which runs registered models name: the table is there before this is known, and without it too. */
  async #askAliases(): Promise<void> {
    try {
      const { content } = await this.#kernel.ask("aliases", {});
      this.#state.badges.value = new Map(Object.entries(content.aliases as Record<string, string[]>));
    } catch {
      // the kernel is gone, which whatever else is asked of it will say
    }
  }

  destroy(): void {
    this.#stop();
    this.#page.destroy();
    this.#live.destroy();
    if (this.#state.reading.peek()) this.#kernel.tell("seen", { ...this.#seen, open: false });
    for (const part of this.#parts.values()) part.destroy();
    this.#kernel.destroy();
    this.#state.destroy();
  }

  readonly #onTabKey = (event: KeyboardEvent): void => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const shown = TABS.filter(({ tab }) => this.#panels.has(tab));
    const at = shown.findIndex(({ tab }) => tab === this.#state.view.peek().tab);
    const next = shown[(at + move + shown.length) % shown.length]!.tab;
    this.#state.page.value = "";
    this.#state.change({ tab: next });
    this.element.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
  };
}
