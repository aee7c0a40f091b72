/** Elements, made without markup: text is always text. */

type Attributes = Record<string, string | number | boolean | null | ((event: never) => void)>;
type Child = Node | string | null;

/**
 * Returns a new element. An attribute that is a function is a listener (`click: () => …`), `true` is an empty
 * attribute, `false` and null are none.
 */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value as EventListener);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Replaces what an element holds. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== null));
}

/** Each widget loads this module anew, and counts from 1: the ids of two on a page differ in this. */
const key = Math.random().toString(36).slice(2, 8);
let ids = 0;

/** Returns an id that no other element of the page has. */
export function uniqueId(name: string): string {
  return `mlmagic-${name}-${key}-${++ids}`;
}
