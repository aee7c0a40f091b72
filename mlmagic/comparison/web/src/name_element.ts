/** Names that stand below each other: where one has no room, what it shares with the others is cut before what it does not. */

import { el } from "./dom.ts";

/** Names of one family begin with the same word. A shared beginning shorter than this is not worth cutting. */
const FIRST_WORD = /^[^\s\-_./,=·:]+[\s\-_./,=·:]*/u;
const ENDS_WORD = /[\s\-_./,=·:]/u;
const DIGIT = /\d/;
const SHORTEST = 12;

/** Returns for each name how much of its beginning all names share that begin with the same word: 0 where it is alone. */
export function sharedParts(names: readonly string[]): number[] {
  const families = new Map<string, string>();
  const first = (name: string) => FIRST_WORD.exec(name)?.[0] ?? "";
  const sizes = new Map<string, number>();
  for (const name of new Set(names)) {
    const family = first(name);
    const known = families.get(family);
    families.set(family, known === undefined ? name : known.slice(0, common(known, name)));
    sizes.set(family, (sizes.get(family) ?? 0) + 1);
  }
  return names.map((name) => {
    const family = first(name);
    if ((sizes.get(family) ?? 0) < 2) return 0;
    const shared = wholeWords(families.get(family)!, name);
    return shared >= SHORTEST && shared < name.length ? shared : 0;
  });
}

function common(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}

/** A beginning ends where a word does, and not within a number: `lr=0.1` and `lr=0.3` differ in `0.1` and `0.3`. */
function wholeWords(shared: string, name: string): number {
  let at = Math.min(shared.length, name.length - 1);
  while (at > 0 && !(ENDS_WORD.test(name[at - 1]!) && !(name[at - 1] === "." && DIGIT.test(name[at]!)))) at--;
  return at;
}

/** Returns a name of which the first `shared` letters give way first where there is no room. */
export function nameElement(name: string, shared: number): HTMLElement {
  if (shared === 0) return el("bdi", { class: "mm-name" }, name);
  return el("bdi", { class: "mm-name mm-parted" }, el("span", { class: "mm-shared" }, name.slice(0, shared)), el("span", { class: "mm-own" }, name.slice(shared)));
}
