/** The line at the bottom right: when the store was read, a button to read it again, and the switch to follow it. */

import { effect } from "@preact/signals-core";

import type { Context } from "../context.ts";
import { el, fill } from "../dom.ts";
import { KernelError } from "../kernel.ts";
import { nameOf } from "../names.ts";
import { counted, cut } from "../words.ts";

const LONGEST_NAME = 60;
const LOST = "The kernel was restarted: read-only. Run the cell again.";

export class LiveBar {
  readonly element = el("div", { class: "mm-live" });
  readonly #context: Context;
  readonly #told = el("span", { class: "mm-live-told", role: "status" });
  readonly #refresh = el("button", { type: "button", class: "mm-button", click: () => void this.#readAgain() }, "Refresh");
  readonly #follow = el("button", { type: "button", class: "mm-button", role: "switch", click: () => this.#toggle() }, "Live");
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
        this.element.hidden = reading === null;
        this.#refresh.hidden = this.#follow.hidden = isLost;
        this.#follow.setAttribute("aria-checked", String(isLive));
        this.#follow.title = isLive ? "New runs and values appear by themselves. Click to stop that." : "Click to follow the store.";
        const problem = reading?.problem ?? "";
        this.#told.classList.toggle("mm-warning", isLost || problem !== "");
        fill(this.#told, isLost ? LOST : problem ? `${problem} Shown as of ${timeOf(reading!.at)}.` : reading ? asOf(reading.at) : "");
      }),
      effect(() => {
        const arrived = state.reading.value?.new ?? [];
        if (arrived.length > 0) context.say(this.#toldOf(arrived));
      }),
    ];
    this.element.append(this.#told, this.#refresh, this.#follow);
  }

  destroy(): void {
    for (const stop of this.#stop) stop();
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
      const arrived = state.reading.peek()?.new ?? [];
      say(state.reading.peek() !== before && arrived.length > 0 ? this.#toldOf(arrived) : "Read again: no new runs.");
    } catch (error) {
      say(error instanceof KernelError ? `${error.message} ${error.hint}` : String(error));
    } finally {
      this.#isReading = false;
      this.#refresh.removeAttribute("aria-busy");
    }
  }

  #toldOf(arrived: readonly string[]): string {
    const table = this.#context.state.table.peek();
    const first = cut(nameOf(table, arrived[0]!), LONGEST_NAME);
    return arrived.length === 1 ? `New run: ${first}.` : `${counted(arrived.length, "new run")}.`;
  }
}

/** The time stands in an element of its own, which is not read aloud each time it changes. */
function asOf(at: number): HTMLElement {
  return el("span", { "aria-live": "off" }, "as of ", el("time", {}, timeOf(at)));
}

function timeOf(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}
