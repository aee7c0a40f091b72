/** What a chart is drawn on: a canvas, or an SVG. Text is drawn as text in both. */

import { clean } from "./format.ts";

export interface Stroke {
  readonly colour: string;
  readonly width: number;
  readonly alpha: number;
  readonly dash?: readonly number[];
}

export interface Words {
  readonly colour: string;
  readonly size?: number;
  readonly align?: "left" | "center" | "right";
  readonly bold?: boolean;
  /** The colour of an outline that lifts the text from what it lies on. */
  readonly halo?: string;
  /** Whether the text runs upwards. */
  readonly up?: boolean;
}

export interface Filling {
  readonly fill: string;
  readonly stroke: string;
  /** The width of the outline, 0 for none. */
  readonly width: number;
}

export interface Surface {
  /** Draws a line through the first `count` pairs of `points` (x, y, x, y …). */
  polyline(points: ArrayLike<number>, count: number, stroke: Stroke): void;
  dot(x: number, y: number, radius: number, colour: string, alpha: number): void;
  box(x: number, y: number, width: number, height: number, colour: string): void;
  /** Fills what lies between the first `count` pairs of `points`. */
  area(points: ArrayLike<number>, count: number, colour: string, alpha: number): void;
  /** Draws an outline (a path of SVG about 0, 0) at a place. */
  shape(outline: string, x: number, y: number, filling: Filling): void;
  text(text: string, x: number, y: number, words: Words): void;
}

export class CanvasSurface implements Surface {
  readonly #context: CanvasRenderingContext2D;
  readonly #font: string;

  /** Makes the canvas as large as `width` by `height`, empty, with `ratio` dots a pixel. */
  constructor(canvas: HTMLCanvasElement, width: number, height: number, ratio: number, font: string) {
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    this.#context = canvas.getContext("2d")!;
    this.#font = font;
    if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
    else this.#context.setTransform(1, 0, 0, 1, 0, 0);
    this.#context.clearRect(0, 0, across, down);
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#context.textBaseline = "middle";
    this.#context.lineJoin = "round";
  }

  polyline(points: ArrayLike<number>, count: number, { colour, width, alpha, dash = [] }: Stroke): void {
    const draw = this.#context;
    draw.strokeStyle = colour;
    draw.lineWidth = width;
    draw.globalAlpha = alpha;
    draw.setLineDash(dash as number[]);
    draw.beginPath();
    draw.moveTo(points[0]!, points[1]!);
    for (let at = 1; at < count; at++) draw.lineTo(points[2 * at]!, points[2 * at + 1]!);
    draw.stroke();
  }

  dot(x: number, y: number, radius: number, colour: string, alpha: number): void {
    const draw = this.#context;
    draw.fillStyle = colour;
    draw.globalAlpha = alpha;
    draw.beginPath();
    draw.arc(x, y, radius, 0, 2 * Math.PI);
    draw.fill();
  }

  box(x: number, y: number, width: number, height: number, colour: string): void {
    this.#context.globalAlpha = 1;
    this.#context.fillStyle = colour;
    this.#context.fillRect(x, y, width, height);
  }

  area(points: ArrayLike<number>, count: number, colour: string, alpha: number): void {
    const draw = this.#context;
    draw.fillStyle = colour;
    draw.globalAlpha = alpha;
    draw.beginPath();
    for (let at = 0; at < count; at++) draw.lineTo(points[2 * at]!, points[2 * at + 1]!);
    draw.fill();
  }

  shape(outline: string, x: number, y: number, { fill, stroke, width }: Filling): void {
    const draw = this.#context;
    const path = new Path2D(outline);
    draw.save();
    draw.globalAlpha = 1;
    draw.translate(x, y);
    draw.fillStyle = fill;
    draw.fill(path);
    draw.strokeStyle = stroke;
    draw.lineWidth = width;
    draw.setLineDash([]);
    if (width > 0) draw.stroke(path);
    draw.restore();
  }

  text(text: string, x: number, y: number, { colour, size = 11, align = "left", bold = false, halo, up = false }: Words): void {
    const draw = this.#context;
    draw.save();
    draw.globalAlpha = 1;
    draw.font = `${bold ? "600 " : ""}${size}px ${this.#font}`;
    draw.textAlign = align;
    draw.translate(x, y);
    if (up) draw.rotate(-Math.PI / 2);
    if (halo) {
      draw.strokeStyle = halo;
      draw.lineWidth = 3;
      draw.setLineDash([]);
      draw.strokeText(text, 0, 0);
    }
    draw.fillStyle = colour;
    draw.fillText(text, 0, 0);
    draw.restore();
  }
}

const SVG = "http://www.w3.org/2000/svg";

export class SvgSurface implements Surface {
  readonly #root: SVGElement;
  /** Lines and dots of one look stand in one group. */
  #group: SVGElement | null = null;
  #look = "";

  constructor(width: number, height: number, font: string, title: string) {
    this.#root = node("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`, "font-family": font });
    const named = node("title", {});
    named.textContent = written(title);
    this.#root.append(named);
  }

  polyline(points: ArrayLike<number>, count: number, { colour, width, alpha, dash = [] }: Stroke): void {
    const d = pathOf(points, count);
    const look = { fill: "none", stroke: colour, "stroke-width": width, "stroke-opacity": hundredth(alpha), "stroke-dasharray": dash.join(" ") || "none", "stroke-linejoin": "round" };
    this.#in(look).append(node("path", { d }));
  }

  dot(x: number, y: number, radius: number, colour: string, alpha: number): void {
    this.#in({ fill: colour, "fill-opacity": hundredth(alpha) }).append(node("circle", { cx: tenth(x), cy: tenth(y), r: radius }));
  }

  box(x: number, y: number, width: number, height: number, colour: string): void {
    this.#add(node("rect", { x: tenth(x), y: tenth(y), width: tenth(width), height: tenth(height), fill: colour }));
  }

  area(points: ArrayLike<number>, count: number, colour: string, alpha: number): void {
    const d = `${pathOf(points, count)}z`;
    this.#in({ fill: colour, "fill-opacity": hundredth(alpha) }).append(node("path", { d }));
  }

  shape(outline: string, x: number, y: number, { fill, stroke, width }: Filling): void {
    this.#in({ fill, stroke: width > 0 ? stroke : "none", "stroke-width": width }).append(node("path", { d: outline, transform: `translate(${tenth(x)} ${tenth(y)})` }));
  }

  text(text: string, x: number, y: number, { colour, size = 11, align = "left", bold = false, halo, up = false }: Words): void {
    const made = node("text", {
      transform: `translate(${tenth(x)} ${tenth(y)})${up ? " rotate(-90)" : ""}`,
      fill: colour,
      "font-size": size,
      "font-weight": bold ? 600 : 400,
      "text-anchor": { left: "start", center: "middle", right: "end" }[align],
      "dominant-baseline": "central",
      ...(halo && { stroke: halo, "stroke-width": 3, "paint-order": "stroke" }),
    });
    made.textContent = written(text);
    this.#add(made);
  }

  /** Returns the picture as the text of a file. */
  toString(): string {
    return new XMLSerializer().serializeToString(this.#root);
  }

  #in(look: Record<string, string | number>): SVGElement {
    const key = JSON.stringify(look);
    if (this.#group === null || key !== this.#look) {
      this.#group = node("g", look);
      this.#look = key;
      this.#root.append(this.#group);
    }
    return this.#group;
  }

  #add(one: SVGElement): void {
    this.#group = null;
    this.#root.append(one);
  }
}

function node(tag: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

function pathOf(points: ArrayLike<number>, count: number): string {
  let d = "";
  for (let at = 0; at < count; at++) d += `${at ? "L" : "M"}${tenth(points[2 * at]!)} ${tenth(points[2 * at + 1]!)}`;
  return d;
}

/** Returns text that XML can hold: it has no place for most control characters, even escaped. */
export function written(text: string): string {
  return clean(text).replace(/[\ufffe\uffff]/g, "\ufffd");
}

function hundredth(value: number): number {
  return Math.round(value * 100) / 100;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
