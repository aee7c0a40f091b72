/** A small picture of a run's line: its colour, dash and marker. */

import { styleOf } from "./palette.ts";

const SVG = "http://www.w3.org/2000/svg";

/** Returns the picture of the line at this place of the selection; it says nothing to screen readers. */
export function swatch(place: number): SVGSVGElement {
  const { colour, dash, marker, isHollow } = styleOf(place);
  const picture = node("svg", { viewBox: "-14 -6 28 12", width: 28, height: 12, "aria-hidden": "true", class: "mm-swatch" });
  picture.append(
    node("path", { d: "M-14 0h28", fill: "none", "stroke-width": 2, "stroke-dasharray": dash.join(" ") }),
    node("path", { d: marker, "stroke-width": 1.5, class: isHollow ? "mm-hollow" : "" }),
  );
  picture.style.setProperty("color", `var(${colour})`);
  return picture;
}

function node<Tag extends "svg" | "path">(tag: Tag, attributes: Record<string, string | number>): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
