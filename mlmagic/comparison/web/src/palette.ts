/** How a run looks: colour, dash and marker, so that no two of the first 32 look alike even without colour. */

export interface Style {
  /** The name of a CSS variable: `--mm-1`. */
  readonly colour: string;
  /** The lengths of dashes and gaps; none: the line is solid. */
  readonly dash: readonly number[];
  /** The marker's outline about 0, 0 as a path of SVG, in pixels. */
  readonly marker: string;
  readonly isHollow: boolean;
}

const COLOURS = 8;
const DASHES: readonly Style["dash"][] = [[], [7, 4], [2, 3], [11, 3, 2, 3]];
const MARKERS = [
  "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z", // circle
  "M-3 -3h6v6h-6z", // square
  "M0 -4l4 7h-8z", // triangle
  "M0 -4.5l4 4.5l-4 4.5l-4 -4.5z", // diamond
];

/** Returns the style of what is at this place of the selection, the first one at 0. */
export function styleOf(place: number): Style {
  const round = Math.floor(place / COLOURS);
  const look = place + 3 * round; // two of one colour differ in the marker as well as in the dash
  return {
    colour: `--mm-${(place % COLOURS) + 1}`,
    dash: DASHES[round % DASHES.length]!,
    marker: MARKERS[look % MARKERS.length]!,
    isHollow: look % (2 * MARKERS.length) >= MARKERS.length,
  };
}
