/** Figures side by side, fetched when they are shown: only ever inside `<img>` or a sandboxed frame, where nothing runs. */

import { el, fill } from "../dom.ts";
import { KernelError, type Kernel } from "../kernel.ts";
import { copied } from "../wire.ts";
import type { Figure, Head } from "./wire.ts";

const PICTURE = /^image\/(png|jpeg|gif|webp|svg\+xml)$/;

export class Pictures {
  readonly #kernel: Kernel;
  readonly #addresses = new Map<string, Promise<string>>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Gives back what the addresses hold. */
  destroy(): void {
    for (const address of this.#addresses.values()) void address.then((one) => URL.revokeObjectURL(one), () => undefined);
    this.#addresses.clear();
  }

  /** Returns a figure as each run has it; runs with the same bytes share one picture. */
  of(figure: Figure, runs: readonly Head[]): HTMLElement {
    const groups = new Map<string, number[]>();
    figure.paths.forEach((path, place) => {
      const key = path === null ? "none" : (figure.alike[place] ?? `alone ${place}`);
      groups.get(String(key))?.push(place) ?? groups.set(String(key), [place]);
    });
    return el(
      "div",
      { class: "mm-figure" },
      el("strong", {}, el("bdi", {}, figure.name)),
      el("div", { class: "mm-pictures" }, ...[...groups.values()].map((places) => this.#picture(figure, places, runs))),
    );
  }

  #picture(figure: Figure, places: readonly number[], runs: readonly Head[]): HTMLElement {
    const letters = places.map((place) => runs[place]!.letter).join(", ");
    const caption = el("figcaption", {}, letters);
    const run = runs[places[0]!]!;
    const path = figure.paths[places[0]!];
    const place = el("div", { class: "mm-none" });
    const made = el("figure", {}, caption, place);
    if (!path) {
      place.textContent = "no such figure";
      return made;
    }
    place.textContent = "Loading …";
    this.#address(run.id, path, figure.media_type).then(
      (address) => {
        const label = `${figure.name}, ${letters}`;
        if (PICTURE.test(figure.media_type)) made.replaceChildren(caption, el("img", { src: address, alt: label }));
        else made.replaceChildren(caption, el("iframe", { src: address, sandbox: "", title: label, loading: "lazy" }));
      },
      (error: unknown) => {
        const told = error instanceof KernelError ? `${error.message} ${error.hint}` : String(error);
        fill(place, told);
      },
    );
    return made;
  }

  #address(run: string, path: string, type: string): Promise<string> {
    const key = `${run} ${path}`;
    let address = this.#addresses.get(key);
    if (!address) {
      address = this.#kernel.ask("figure", { run, path }).then(({ buffers }) => URL.createObjectURL(new Blob([copied(buffers[0]!)], { type })));
      address.catch(() => this.#addresses.delete(key));
      this.#addresses.set(key, address);
    }
    return address;
  }
}
