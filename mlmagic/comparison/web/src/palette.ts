/** How a run looks: colour, dash and marker, so that no two of the first 32 look alike even without colour. */

export interface Style {
  /** The name of a CSS variable: `--mm-1`. */
  readonly colour: string;
  readonly dash: "solid" | readonly number[];
  /** A symbol of ECharts; `empty…` is its outline. */
  readonly symbol: string;
}

const COLOURS = 8;
const DASHES: readonly Style["dash"][] = ["solid", [7, 4], [2, 3], [11, 3, 2, 3]];
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect", "emptyTriangle", "emptyDiamond"];

/** Returns the style of what is at this place of the selection, the first one at 0. */
export function styleOf(place: number): Style {
  const round = Math.floor(place / COLOURS);
  return {
    colour: `--mm-${(place % COLOURS) + 1}`,
    dash: DASHES[round % DASHES.length]!,
    // Two of one colour differ in the marker as well as in the dash.
    symbol: SYMBOLS[(place + 3 * round) % SYMBOLS.length]!,
  };
}
