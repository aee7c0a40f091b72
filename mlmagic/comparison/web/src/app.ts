/** The frame around the parts: tabs, and the line that says what happened. */

import { computed, effect, untracked } from "@preact/signals-core";

import type { Context, Part } from "./context.ts";
import { curvesPart } from "./curves/part.ts";
import { differencesPart } from "./diff/part.ts";
import { el, fill, uniqueId } from "./dom.ts";
import { Kernel } from "./kernel.ts";
import { LiveBar } from "./live/bar.ts";
import type { Model } from "./model.ts";
import { State, type Tab } from "./state.ts";
import { tablePart } from "./table/part.ts";

const TABS: { tab: Tab; label: string; make: (context: Context) => Part }[] = [
  { tab: "table", label: "Runs", make: tablePart },
  { tab: "curves", label: "Curves", make: curvesPart },
  { tab: "differences", label: "Differences", make: differencesPart },
];

const ZOOM_HINT = "Drag over a curve to zoom in. Point at a line of the legend to make it stand out, click to keep it so.";
const HINT = "Select runs for their curves and differences: a click, Shift and a click, or Space.";

export class App {
  readonly element: HTMLElement;
  readonly #state: State;
  readonly #kernel: Kernel;
  readonly #parts = new Map<Tab, Part>();
  readonly #live: LiveBar;
  readonly #seen = { view: uniqueId("view") + Math.random().toString(36) };
  readonly #stop: () => void;

  constructor(model: Model) {
    this.#state = new State(model);
    this.#kernel = new Kernel(model);
    const state = this.#state;
    const status = el("div", { class: "mm-status", role: "status", "aria-live": "polite" }, HINT);
    const context: Context = {
      state,
      kernel: this.#kernel,
      say: (text) => (status.textContent = text),
    };

    this.#live = new LiveBar(context);
    const panels = new Map<Tab, HTMLElement>();
    const buttons = new Map<Tab, HTMLButtonElement>();
    for (const { tab, label } of TABS) {
      const panelId = uniqueId(tab);
      const button = el(
        "button",
        { type: "button", role: "tab", id: `${panelId}-tab`, "aria-controls": panelId, click: () => state.change({ tab }) },
        label,
      );
      buttons.set(tab, button);
      panels.set(tab, el("div", { id: panelId, role: "tabpanel", class: "mm-panel", "aria-labelledby": button.id }));
    }
    const tabs = el("div", { role: "tablist", class: "mm-tabs", "aria-label": "Comparison", keydown: this.#onTabKey }, ...buttons.values());
    const title = el("div", { class: "mm-title" });
    this.element = el(
      "div",
      { class: "mlmagic-compare tex2jax_ignore mathjax_ignore", "data-lm-suppress-shortcuts": "true" },
      el("div", { class: "mm-head" }, title, tabs),
      ...panels.values(),
      el("div", { class: "mm-foot-line" }, status, this.#live.element),
    );
    // What is typed here is not for the notebook, in which a key may delete a cell.
    this.element.addEventListener("keydown", (event) => event.stopPropagation());

    const tab = computed(() => state.view.value.tab);
    // What was said of one tab is not true of another.
    const stopSaying = effect(() => {
      const isChosen = state.selected.peek().length > 0;
      if (!isChosen || tab.value === "table") status.textContent = HINT;
      else if (tab.value === "curves") status.textContent = ZOOM_HINT;
    });
    const stopShowing = effect(() => {
      const open = tab.value;
      const count = state.selected.value.length;
      const table = state.table.value;
      fill(title, el("bdi", {}, table.title));
      for (const { tab, label, make } of TABS) {
        const button = buttons.get(tab)!;
        const panel = panels.get(tab)!;
        const isOpen = tab === open;
        button.textContent = tab === "table" || count === 0 ? label : `${label} (${count})`;
        button.setAttribute("aria-selected", String(isOpen));
        button.tabIndex = isOpen ? 0 : -1;
        panel.hidden = !isOpen;
        let part = this.#parts.get(tab);
        if (isOpen && !part) {
          const made = untracked(() => make(context));
          this.#parts.set(tab, (part = made));
          panel.append(made.element);
        }
        untracked(() => (isOpen ? part?.show() : part?.hide()));
      }
    });
    const onLeave = () => this.#kernel.tell("seen", { ...this.#seen, open: false });
    if (state.reading.peek()) {
      this.#kernel.tell("seen", { ...this.#seen, open: true });
      window.addEventListener("pagehide", onLeave);
    }
    this.#stop = () => (stopSaying(), stopShowing(), window.removeEventListener("pagehide", onLeave));
  }

  destroy(): void {
    this.#stop();
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
    const at = TABS.findIndex(({ tab }) => tab === this.#state.view.peek().tab);
    const next = TABS[(at + move + TABS.length) % TABS.length]!.tab;
    this.#state.change({ tab: next });
    this.element.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
  };
}
