/** The page of a run, over the tab from which it was opened: Escape returns there, Alt and an arrow go to its neighbours. */

import { effect, signal, untracked } from "@preact/signals-core";

import { codeOfRun } from "../code.ts";
import { Confirm } from "../confirm.ts";
import type { Context } from "../context.ts";
import { Copying } from "../copying.ts";
import { el, fill } from "../dom.ts";
import { told } from "../editing.ts";
import { clean, duration, exactMoment, moment } from "../format.ts";
import { Images } from "../images.ts";
import { copied } from "../wire.ts";
import { cut, markOf } from "../words.ts";
import { knownOf } from "./known.ts";
import { sectionsOf } from "./sections.ts";
import type { Page } from "./wire.ts";

const BUSY = "The kernel is running a cell; the page comes when it is done.";
const LONGEST_NAME = 200;

export class RunPage {
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #images: Images;
  readonly #confirm = new Confirm();
  readonly #copying: Copying;
  readonly #bar = el("div", { class: "mm-bar" });
  readonly #body = el("div", {});
  readonly #again = signal(0);
  readonly #stop: (() => void)[];
  readonly #drafts = new Map<string, string>();
  /** The run that is shown or asked for. */
  #asked = "";

  constructor(context: Context) {
    this.#context = context;
    this.#images = new Images(context.kernel);
    this.#copying = new Copying(context.say);
    this.element = el("div", { class: "mm-page", tabindex: -1, role: "region", "aria-label": "Run", keydown: (event: KeyboardEvent) => this.#onKey(event) }, this.#bar, this.#body);
    const { state, kernel } = context;
    this.#stop = [
      effect(() => {
        const id = state.page.value;
        void this.#again.value;
        untracked(() => {
          if (id === "") this.#asked = "";
          else void this.#ask(id);
        });
      }),
      effect(() => {
        if (kernel.busy.value && this.#body.querySelector(".mm-waiting")) fill(this.#body, empty(BUSY));
      }),
    ];
  }

  destroy(): void {
    for (const stop of this.#stop) stop();
    this.#images.destroy();
  }

  async #ask(id: string): Promise<void> {
    const isOther = this.#asked !== id;
    this.#asked = id;
    this.#confirm.close();
    this.#drawBar(id);
    if (isOther) fill(this.#body, empty("Loading …"));
    // The page comes in sight with this change, and cannot have the focus before.
    if (isOther) queueMicrotask(() => this.element.contains(document.activeElement) || this.element.focus({ preventScroll: true }));
    let shown: HTMLElement[];
    try {
      const { content, buffers } = await this.#context.kernel.ask("run", { run: id });
      const page = content.page as Page;
      shown = [this.#head(page), sectionsOf(page, new Float64Array(copied(buffers[0]!)), this.#sources(page))];
      if (isOther) this.#context.say(`The run ${cut(clean(page.name), 60)}. Escape returns, Alt and an arrow show the run before and after.`);
    } catch (error) {
      if (!isOther && this.#context.kernel.lost.peek() && this.#body.querySelector(".mm-page-head")) {
        this.#context.say(told(error)); // what was read before stays
        return;
      }
      const known = knownOf(this.#context.state.table.peek(), id);
      shown = [this.#problem(told(error)), ...(known ? [known] : [])];
    }
    if (this.#asked === id) fill(this.#body, ...shown);
  }

  #sources(page: Page): Parameters<typeof sectionsOf>[2] {
    const { state, kernel, editing } = this.#context;
    return {
      kernel,
      editing,
      images: this.#images,
      drafts: this.#drafts,
      badges: state.badges.peek().get(page.id) ?? [],
      copy: (text, what) => void this.#copying.copy(text, what),
      openCurve: (metric) => {
        state.selected.value = [page.id];
        state.page.value = "";
        state.changeCurves({ metrics: [metric] });
        state.change({ tab: "curves" });
      },
    };
  }

  #drawBar(id: string): void {
    const order = this.#context.state.order();
    const at = order.indexOf(id);
    const step = (label: string, by: number, sign: string) =>
      el("button", { type: "button", class: "mm-button", "aria-label": label, title: `${label} (Alt+${by < 0 ? "↑" : "↓"})`, disabled: order[at + by] === undefined, click: () => this.#go(by) }, sign);
    const isFocused = this.#bar.contains(document.activeElement) ? document.activeElement!.getAttribute("aria-label") : null;
    fill(
      this.#bar,
      el("button", { type: "button", class: "mm-button", title: "Escape", click: () => this.#close() }, "← Back"),
      step("Previous run", -1, "‹"),
      step("Next run", 1, "›"),
      el("button", { type: "button", class: "mm-button", title: "Read the run again", click: () => this.#again.value++ }, "Reload"),
      at >= 0 ? el("span", { class: "mm-soft" }, `${(at + 1).toLocaleString("en-US")} of ${order.length.toLocaleString("en-US")}`) : null,
    );
    if (isFocused) this.#bar.querySelector<HTMLElement>(`[aria-label="${isFocused}"]:not([disabled])`)?.focus();
    if (isFocused && !this.#bar.contains(document.activeElement)) this.element.focus();
  }

  #head(page: Page): HTMLElement {
    const { editing, state } = this.#context;
    const name = clean(page.name);
    const fact = (title: string, shown: string) => (shown === "–" || shown === "" ? null : el("span", { title }, el("bdi", {}, shown)));
    /** Draws the head anew after a change; the rest stays, with what is being typed there. */
    const changed = (work: Promise<boolean>, change: Partial<Page>) =>
      void work.then((isDone) => {
        if (!isDone || !head.isConnected) return;
        const focused = head.contains(document.activeElement) ? [...head.querySelectorAll("button")].indexOf(document.activeElement as HTMLButtonElement) : -1;
        const drawn = this.#head({ ...page, ...change });
        head.replaceWith(drawn);
        drawn.querySelectorAll("button")[focused]?.focus();
      });
    const button = (label: string, click: () => void, title: string | null = null, isPressed: boolean | null = null) =>
      el("button", { type: "button", class: "mm-button", title, "aria-pressed": isPressed === null ? null : String(isPressed), click }, label);
    const isLink = page.url !== null && /^https?:\/\//i.test(page.url);
    const parent = page.parent && state.table.peek().rows.has(page.parent) ? page.parent : "";
    const head: HTMLElement = el(
      "div",
      { class: "mm-page-head" },
      el(
        "div",
        { class: "mm-page-title" },
        page.is_deleted
          ? null
          : el("button", { type: "button", class: "mm-star-button", "aria-pressed": String(page.is_starred), "aria-label": "Star", title: page.is_starred ? "Remove the star" : "Star this run", click: () => changed(editing.star([page.id], !page.is_starred), { is_starred: !page.is_starred }) }, page.is_starred ? "★" : "☆"),
        el("h2", {}, el("bdi", {}, cut(name, LONGEST_NAME) || "(no name)")),
        page.is_deleted ? el("span", { class: "mm-badge" }, "deleted") : null,
        page.is_archived ? el("span", { class: "mm-badge" }, "archived") : null,
        ...(state.badges.peek().get(page.id) ?? []).map((badge) => el("span", { class: "mm-badge mm-badge-alias" }, el("bdi", {}, clean(badge)))),
      ),
      el(
        "div",
        { class: "mm-facts" },
        el("span", {}, el("span", { class: `mm-dot mm-${markOf(page.status)}`, "aria-hidden": "true" }), clean(page.status).toLowerCase()),
        page.started === null ? null : el("span", { title: exactMoment(page.started, Date.now()) }, moment(page.started, Date.now())),
        fact("Duration in its cells", duration(page.duration_s)),
        page.span_s === null ? null : fact("From its start to its end", `${duration(page.span_s)} from start to end`),
        fact("Experiment", clean(page.experiment)),
        el("code", { title: "The id of the run" }, page.id),
        parent ? el("button", { type: "button", class: "mm-plain", click: () => (state.page.value = parent) }, "Its parent run") : null,
      ),
      el(
        "div",
        { class: "mm-row-of-buttons" },
        isLink ? el("a", { class: "mm-button", href: page.url, target: "_blank", rel: "noopener noreferrer" }, "Open in MLflow ↗") : null,
        button("Copy as code", () => void this.#copying.copy(codeOfRun(page.id, page.name), "The code")),
        page.is_deleted ? null : button(page.is_archived ? "Take out of the archive" : "Archive", () => changed(editing.archive([page.id], !page.is_archived), { is_archived: !page.is_archived }), "Archived runs are hidden in the table and in %runs"),
        page.is_deleted ? button("Restore", () => void editing.restore([page.id]).then((isDone) => isDone && this.#again.value++)) : button("Delete …", () => void this.#delete(page)),
      ),
      this.#confirm.element,
      this.#copying.element,
      ...page.problems.map((problem) => el("p", { class: "mm-problem-line" }, problem)),
    );
    return head;
  }

  async #delete(page: Page): Promise<void> {
    const { editing } = this.#context;
    const { text, option } = editing.question([page.id], `“${cut(clean(page.name), 60)}”`);
    const { isSure, isChosen } = await this.#confirm.ask(text, "Delete", option);
    if (isSure && (await editing.delete([page.id], isChosen))) this.#again.value++;
  }

  #problem(text: string): HTMLElement {
    return el(
      "div",
      { class: "mm-problem", role: "alert" },
      el("p", {}, text),
      this.#context.kernel.lost.peek() ? null : el("button", { type: "button", class: "mm-button", click: () => this.#again.value++ }, "Try again"),
    );
  }

  /** Shows the run that stands so many lines further in the table. */
  #go(by: number): void {
    const { state } = this.#context;
    const order = state.order();
    const next = order[order.indexOf(state.page.peek()) + by];
    if (next !== undefined) state.page.value = next;
  }

  #close(): void {
    this.#context.state.page.value = "";
  }

  #onKey(event: KeyboardEvent): void {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.altKey && by) {
      event.preventDefault();
      this.#go(by);
    } else if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      this.#close();
    }
  }
}

function empty(text: string): HTMLElement {
  return el("div", { class: "mm-empty mm-waiting" }, text);
}
