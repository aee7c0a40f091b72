/** The line at the bottom right: the first view again; when the store was read, reading it again, following it. */

import { effect } from "@preact/signals-core";

import type { Context } from "../context.ts";
import { el, fill } from "../dom.ts";
import { KernelError } from "../kernel.ts";
import { nameOf } from "../names.ts";
import { counted, cut } from "../words.ts";
import type { Reading, Table } from "../wire.ts";

const LONGEST_NAME = 60;
const LOST = "The kernel was restarted: read-only. Run the cell again.";

export class LiveBar {
  readonly element = el("div", { class: "mm-live" });
  readonly #context: Context;
  readonly #told = el("span", { class: "mm-live-told", role: "status" });
  readonly #refresh = el("button", { type: "button", class: "mm-button", click: () => void this.#readAgain() }, "Refresh");
  readonly #follow = el("button", { type: "button", class: "mm-button", role: "switch", click: () => this.#toggle() }, "Live");
  readonly #reset = el("button", { type: "button", class: "mm-button", title: "Show the table as it was at first", click: () => this.#again() }, "Reset");
  readonly #stop: (() => void)[];
  #isReading = false;

  constructor(context: Context) {
    this.#context = context;
    const { state, kernel } = context;
    this.#stop = [
      effect(() => {
        const reading = state.reading.value;
        const isLost = kernel.lost.value;
        const isLive = state.live.value;
        this.#refresh.hidden = this.#follow.hidden = isLost || reading === null;
        this.#follow.setAttribute("aria-checked", String(isLive));
        this.#follow.title = isLive ? "New runs and values appear by themselves. Click to stop that." : "Click to follow the store.";
        const problem = reading?.problem ?? "";
        this.#told.classList.toggle("mm-warning", isLost || problem !== "");
        fill(this.#told, isLost ? LOST : problem ? `${sentence(problem)} Shown as of ${timeOf(reading!.at)}.` : reading ? asOf(reading.at) : "");
      }),
      effect(() => {
        this.#reset.hidden = state.isFirst();
      }),
      effect(() => {
        const told = toldOf(state.reading.value, state.table.peek());
        if (told) context.say(told);
      }),
    ];
    this.element.append(this.#reset, this.#told, this.#refresh, this.#follow);
  }

  destroy(): void {
    for (const stop of this.#stop) stop();
  }

  #again(): void {
    this.#context.state.reset();
    this.#context.say("The table is as it was at first.");
    // The button goes, and the focus stays in the widget.
    this.element.closest(".mlmagic-compare")?.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
  }

  #toggle(): void {
    this.#context.state.live.value = !this.#context.state.live.peek();
  }

  async #readAgain(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#refresh.setAttribute("aria-busy", "true");
    const { state, kernel, say } = this.#context;
    const before = state.reading.peek();
    try {
      await kernel.ask("refresh", {});
      const reading = state.reading.peek();
      say((reading !== before && toldOf(reading, state.table.peek())) || "Read again: no new runs.");
    } catch (error) {
      say(error instanceof KernelError ? `${error.message} ${error.hint}` : String(error));
    } finally {
      this.#isReading = false;
      this.#refresh.removeAttribute("aria-busy");
    }
  }
}

/** Returns what came and went, nothing if no run did. */
function toldOf(reading: Reading | null, table: Table): string {
  const { new: arrived = [], gone = 0 } = reading ?? {};
  const came = arrived.length === 1 ? `New run: ${cut(nameOf(table, arrived[0]!), LONGEST_NAME)}.` : `${counted(arrived.length, "new run")}.`;
  const went = `${counted(gone, "run")} ${gone === 1 ? "is" : "are"} not there any more.`;
  return [arrived.length > 0 ? came : "", gone > 0 ? went : ""].filter(Boolean).join(" ");
}

/** The time stands in an element of its own, which is not read aloud each time it changes. */
function asOf(at: number): HTMLElement {
  return el("span", { "aria-live": "off" }, "as of ", el("time", {}, timeOf(at)));
}

function sentence(problem: string): string {
  return `${problem.charAt(0).toUpperCase()}${problem.slice(1)}${/[.!?]$/.test(problem) ? "" : "."}`;
}

function timeOf(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}
