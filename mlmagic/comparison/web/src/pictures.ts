/** A chart as a file: PNG or SVG, named after what it shows. */

import { CanvasSurface, SvgSurface, type Surface } from "./surface.ts";

const RATIO = 2;
/** No browser draws a canvas larger than this. */
const MOST_DOTS = 16_000;

export interface Picture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly font: string;
  readonly back: string;
  readonly draw: (surface: Surface) => void;
}

export function savePng({ name, width, height, font, back, draw }: Picture): void {
  const canvas = document.createElement("canvas");
  const ratio = Math.min(RATIO, MOST_DOTS / Math.max(width, height));
  const surface = new CanvasSurface(canvas, width, height, ratio, font);
  surface.box(0, 0, width, height, back);
  draw(surface);
  canvas.toBlob((blob) => blob && save(blob, fileName(name, "png")), "image/png");
}

export function saveSvg({ name, width, height, font, back, draw }: Picture): void {
  const surface = new SvgSurface(width, height, font, name);
  surface.box(0, 0, width, height, back);
  draw(surface);
  save(new Blob([surface.toString()], { type: "image/svg+xml" }), fileName(name, "svg"));
}

export function fileName(name: string, ending: string): string {
  return `${name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "").slice(0, 80) || "chart"}.${ending}`;
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
