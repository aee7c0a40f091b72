/** A canvas on which ECharts draws, as large as the element that holds it. */

import { CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use, type ECharts } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

import type { Colours } from "./option.ts";

use([LineChart, ScatterChart, CustomChart, GridComponent, CanvasRenderer]);

export class Chart {
  #chart: ECharts | null = null;
  readonly #element: HTMLElement;

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  /** Draws, if the element has a size. */
  draw(option: Record<string, unknown>): void {
    const { clientWidth: width, clientHeight: height } = this.#element;
    if (!width || !height) return;
    this.#chart ??= init(this.#element, null, { renderer: "canvas", width, height });
    if (this.#chart.getWidth() !== width || this.#chart.getHeight() !== height) this.#chart.resize({ width, height });
    this.#chart.setOption(option, { notMerge: true });
  }

  /** Returns what is drawn as a canvas of this many pixels a pixel. */
  picture(ratio: number): HTMLCanvasElement | null {
    return this.#chart?.renderToCanvas({ pixelRatio: ratio }) ?? null;
  }

  destroy(): void {
    this.#chart?.dispose();
    this.#chart = null;
  }
}

/** Returns the colours of the theme as a canvas takes them: variables may hold `color-mix(…)`. */
export function coloursOf(element: HTMLElement): Colours {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })!;
  const found = new Map<string, string>();
  const of = (variable: string): string => {
    const known = found.get(variable);
    if (known) return known;
    probe.style.color = `var(${variable})`;
    if (!probe.isConnected) element.append(probe);
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    pixel.fillRect(0, 0, 1, 1);
    const [red, green, blue] = pixel.getImageData(0, 0, 1, 1).data;
    const colour = `rgb(${red}, ${green}, ${blue})`;
    found.set(variable, colour);
    return colour;
  };
  return { text: of("--mm-text"), soft: of("--mm-soft"), grid: of("--mm-line"), axis: of("--mm-strong-line"), back: of("--mm-back"), of };
}
