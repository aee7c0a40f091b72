/** A small picture of a curve. */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 110;
const HEIGHT = 22;
const ROOM = 2;

/** Returns the points of a curve in a picture of this size; what is not finite is a gap. */
export function pathOf(steps: Float64Array, values: Float64Array): string {
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((least, value) => Math.min(least, value), Infinity);
  const high = finite.reduce((most, value) => Math.max(most, value), -Infinity);
  const [first, last] = [steps[0] ?? 0, steps.at(-1) ?? 0];
  let isDown = false;
  let path = "";
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) return void (isDown = false);
    const x = ROOM + ((WIDTH - 2 * ROOM) * (steps[at]! - first)) / (last - first || 1);
    const y = ROOM + (HEIGHT - 2 * ROOM) * (1 - (high > low ? (value - low) / (high - low) : 0.5));
    path += `${isDown ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
  });
  return path;
}

/** Returns the picture; it says nothing to screen readers, for whom the range stands beside it. */
export function sparkline(steps: Float64Array, values: Float64Array): SVGSVGElement {
  const picture = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true", class: "mm-spark" })) picture.setAttribute(name, String(value));
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", pathOf(steps, values));
  picture.append(line);
  return picture;
}
