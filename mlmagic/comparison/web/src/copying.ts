/** Copies text; where the browser does not allow it, the text is shown to be copied by hand. */

import { el, fill } from "./dom.ts";

export class Copying {
  readonly element = el("div", { class: "mm-copying", hidden: true, keydown: (event: KeyboardEvent) => this.#onKey(event) });
  readonly #say: (text: string) => void;
  #back: HTMLElement | null = null;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /** Copies, and says what was copied. */
  async copy(text: string, what: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.close();
      this.#say(`${what} is copied.`);
    } catch {
      this.#show(text);
      this.#say("The browser does not let a page copy here: take the text from the box.");
    }
  }

  close(): void {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.#back?.focus();
  }

  #show(text: string): void {
    this.#back = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const box = el("textarea", { readonly: true, rows: Math.min(8, text.split("\n").length + 1), "aria-label": "Text to copy", spellcheck: "false" });
    box.value = text;
    fill(this.element, box, el("button", { type: "button", class: "mm-button", click: () => this.close() }, "Close"));
    this.element.hidden = false;
    box.focus();
    box.select();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }
}
