/** Canvases on each other, each drawn anew only when what it shows has changed. */

import { el } from "../dom.ts";
import { CanvasSurface, type Surface } from "../surface.ts";

export class Layers {
  readonly element: HTMLElement;
  readonly #canvases: readonly HTMLCanvasElement[];
  readonly #drawn: (readonly unknown[])[] = [];

  constructor(count: number) {
    this.#canvases = Array.from({ length: count }, () => el("canvas", { "aria-hidden": "true" }));
    this.element = el("div", { class: "mm-layers", role: "img" }, ...this.#canvases);
  }

  get size(): { width: number; height: number } {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  /** Draws a layer, unless all that it depends on is as it was. */
  draw(layer: number, font: string, depends: readonly unknown[], draw: (surface: Surface) => void): void {
    const { width, height } = this.size;
    const all = [width, height, window.devicePixelRatio, font, ...depends];
    const before = this.#drawn[layer];
    if (before?.length === all.length && before.every((one, at) => Object.is(one, all[at]))) return;
    this.#drawn[layer] = all;
    draw(new CanvasSurface(this.#canvases[layer]!, width, height, window.devicePixelRatio, font));
  }
}
