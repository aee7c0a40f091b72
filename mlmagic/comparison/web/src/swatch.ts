/** A small picture of a run's line: its colour, dash and marker. */

import { styleOf } from "./palette.ts";

const SVG = "http://www.w3.org/2000/svg";
const SHAPES: Record<string, string> = {
  circle: "M10.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0",
  rect: "M11 3h6v6h-6z",
  triangle: "M14 2l4 7h-8z",
  diamond: "M14 1.5l4 4.5l-4 4.5l-4 -4.5z",
};

/** Returns the picture of the line at this place of the selection; it says nothing to screen readers. */
export function swatch(place: number): SVGSVGElement {
  const { colour, dash, symbol } = styleOf(place);
  const isEmpty = symbol.startsWith("empty");
  const shape = isEmpty ? symbol.charAt(5).toLowerCase() + symbol.slice(6) : symbol;
  const picture = node("svg", { viewBox: "0 0 28 12", width: 28, height: 12, "aria-hidden": "true", class: "mm-swatch" });
  picture.append(
    node("path", { d: "M0 6h28", fill: "none", "stroke-width": 2, "stroke-dasharray": dash === "solid" ? "" : dash.join(" ") }),
    node("path", { d: SHAPES[shape]!, "stroke-width": 1.5, class: isEmpty ? "mm-hollow" : "" }),
  );
  picture.style.setProperty("color", `var(${colour})`);
  return picture;
}

function node<Tag extends "svg" | "path">(tag: Tag, attributes: Record<string, string | number>): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
