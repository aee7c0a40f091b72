/** A question within the widget before something is deleted; Escape and the first button mean no. */

import { el, fill, uniqueId } from "./dom.ts";

export interface Answer {
  readonly isSure: boolean;
  /** Whether the box below the question was ticked. */
  readonly isChosen: boolean;
}

export class Confirm {
  readonly element = el("div", { class: "mm-confirm", role: "alertdialog", hidden: true, keydown: (event: KeyboardEvent) => this.#onKey(event) });
  #settle: ((answer: Answer) => void) | null = null;

  /** Asks; the focus goes to the question, and then back to where it was. */
  ask(text: string, action: string, option = ""): Promise<Answer> {
    this.#settle?.({ isSure: false, isChosen: false });
    const back = this.element.getRootNode() instanceof Document ? document.activeElement : null;
    const id = uniqueId("question");
    const box = el("input", { type: "checkbox" });
    const keep = el("button", { type: "button", class: "mm-button", click: () => this.#end(false, false) }, "Cancel");
    const sure = el("button", { type: "button", class: "mm-button mm-danger", click: () => this.#end(true, box.checked) }, action);
    fill(this.element, el("p", { id }, text), option ? el("label", {}, box, option) : null, el("div", { class: "mm-row-of-buttons" }, keep, sure));
    this.element.setAttribute("aria-labelledby", id);
    this.element.hidden = false;
    keep.focus();
    return new Promise((resolve) => {
      this.#settle = (answer) => {
        this.#settle = null;
        this.element.hidden = true;
        if (back instanceof HTMLElement && back.isConnected) back.focus();
        resolve(answer);
      };
    });
  }

  /** Takes the question back. */
  close(): void {
    this.#end(false, false);
  }

  #end(isSure: boolean, isChosen: boolean): void {
    this.#settle?.({ isSure, isChosen });
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.#end(false, false);
  }
}
