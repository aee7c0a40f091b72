/** What opens over the page: menus and panels, which a click elsewhere or Escape closes. */

import { el, fill } from "../dom.ts";

export interface Item {
  readonly label: string;
  readonly run: () => void;
  readonly isOn?: boolean;
}

/** Shows `panel` below (or above) `anchor`, within the window. It must be in the document, and has `popover`. */
export function showAt(panel: HTMLElement, anchor: Element): void {
  panel.showPopover();
  const at = anchor.getBoundingClientRect();
  const size = panel.getBoundingClientRect();
  const isBelow = at.bottom + size.height + 4 < window.innerHeight || at.top < size.height;
  panel.style.left = `${Math.max(4, Math.min(at.left, window.innerWidth - size.width - 4))}px`;
  panel.style.top = `${isBelow ? Math.min(at.bottom + 2, Math.max(4, window.innerHeight - size.height - 4)) : at.top - size.height - 2}px`;
}

/** A menu of commands: arrows move, Enter chooses, Escape closes and gives the focus back. */
export class Menu {
  readonly element: HTMLElement = el("div", { class: "mm-popover mm-menu", role: "menu", popover: "auto" });
  #back: HTMLElement | null = null;

  constructor() {
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.addEventListener("toggle", (event) => {
      if ((event as ToggleEvent).newState === "closed" && this.element.contains(document.activeElement)) this.#back?.focus();
    });
  }

  open(anchor: Element, label: string, items: readonly (readonly Item[])[], back: HTMLElement): void {
    this.#back = back;
    this.element.setAttribute("aria-label", label);
    const groups = items.filter((group) => group.length > 0);
    fill(
      this.element,
      ...groups.flatMap((group, at) => [
        at > 0 ? el("div", { role: "separator", class: "mm-separator" }) : null,
        ...group.map((item) =>
          el(
            "button",
            { type: "button", role: item.isOn === undefined ? "menuitem" : "menuitemcheckbox", "aria-checked": item.isOn === undefined ? null : String(item.isOn), tabindex: -1, click: () => this.#choose(item) },
            item.label,
          ),
        ),
      ]),
    );
    showAt(this.element, anchor);
    this.#buttons()[0]?.focus();
  }

  #choose(item: Item): void {
    this.element.hidePopover();
    this.#back?.focus({ preventScroll: true });
    item.run();
  }

  #buttons(): HTMLElement[] {
    return [...this.element.querySelectorAll("button")];
  }

  #onKey(event: KeyboardEvent): void {
    const buttons = this.#buttons();
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      buttons[(next + buttons.length) % buttons.length]?.focus();
    } else if (event.key === "Tab" || event.key === "Escape") {
      event.preventDefault();
      this.element.hidePopover();
      this.#back?.focus({ preventScroll: true });
    }
  }
}
