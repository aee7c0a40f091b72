/** A drawing as options of ECharts. Nothing here is text of users: names stand in the legend, outside the canvas. */

import type { Drawing, DrawnLine } from "./drawing.ts";
import { styleOf } from "../palette.ts";
import type { Scale } from "./scale.ts";
import { lowerBound } from "./search.ts";

export interface Colours {
  readonly text: string;
  readonly soft: string;
  readonly grid: string;
  readonly axis: string;
  readonly back: string;
  /** The colour of a CSS variable of the palette. */
  readonly of: (variable: string) => string;
}

export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const MARKERS = 6;
const CHARACTER_PX = 6.6;

/** Returns the room around the plot: as much at the left as its labels need. */
export function marginsOf({ y }: Drawing): Margins {
  const longest = Math.max(3, ...y.ticks.map(({ text }) => text.length));
  return { left: Math.ceil(longest * CHARACTER_PX) + 14, right: 16, top: 10, bottom: 40 };
}

/** Returns the options; the line of the key `emphasised` stands out, where there is one. */
export function optionOf(drawing: Drawing, colours: Colours, emphasised: string | null): Record<string, unknown> {
  return {
    animation: false,
    textStyle: { fontFamily: "inherit" },
    grid: { ...marginsOf(drawing), outerBoundsMode: "none" },
    xAxis: {
      ...axis(drawing.x, colours),
      name: drawing.x.name,
      nameLocation: "middle",
      nameGap: 24,
      nameTextStyle: { color: colours.soft, fontSize: 11 },
      splitLine: { show: false },
      axisLine: { show: true, onZero: false, lineStyle: { color: colours.axis } },
    },
    yAxis: {
      ...axis(drawing.y, colours),
      splitLine: { show: true, lineStyle: { color: colours.grid } },
      axisLine: { show: false },
    },
    series: drawing.lines.flatMap((line) => seriesOf(line, drawing, colours, emphasised)),
  };
}

function axis(scale: Scale, colours: Colours): Record<string, unknown> {
  const texts = new Map(scale.ticks.map(({ at, text }) => [at, text]));
  const places = scale.ticks.map(({ at }) => at);
  return {
    type: "value",
    min: scale.low,
    max: scale.high,
    axisTick: { show: false, customValues: places },
    axisLabel: {
      customValues: places,
      formatter: (place: number) => texts.get(place) ?? "",
      color: colours.soft,
      fontSize: 11,
      hideOverlap: true,
    },
  };
}

function seriesOf(drawn: DrawnLine, drawing: Drawing, colours: Colours, emphasised: string | null): Record<string, unknown>[] {
  const { line, xs, ys, raw } = drawn;
  const style = styleOf(line.place);
  const colour = colours.of(style.colour);
  const stands = emphasised === line.key;
  const opacity = emphasised === null || stands ? 1 : 0.15;
  const z = stands ? 4 : 3;
  const common = { silent: true, animation: false, z, emphasis: { disabled: true } };
  const series: Record<string, unknown>[] = [];
  if (drawn.low && drawn.high && line.size > 1) {
    const found = ribbons(drawn, drawing.y.low);
    series.push({
      ...common,
      id: `${line.key} band`,
      type: "custom",
      z: 2,
      data: found.map((_, at) => [at]),
      renderItem: (params: { dataIndex: number }, api: { coord: (point: number[]) => number[] }) => ({
        type: "polygon",
        shape: { points: found[params.dataIndex]!.map((point) => api.coord(point)) },
        style: { fill: colour, opacity: 0.18 * opacity },
      }),
      clip: true,
    });
  }
  const path = { ...common, type: "line", showSymbol: false, connectNulls: false, dimensions: ["x", "y"] };
  if (raw) series.push({ ...path, id: `${line.key} raw`, z: 2, data: flat(xs, raw), lineStyle: { color: colour, width: 1, opacity: 0.25 * opacity } });
  const width = stands ? 2.6 : 1.6;
  const type = style.dash === "solid" ? "solid" : [...style.dash];
  series.push({ ...path, id: line.key, data: flat(xs, ys), lineStyle: { color: colour, width, type, opacity, join: "round" } });
  const isHollow = style.symbol.startsWith("empty"); // ECharts would fill it with white, in a dark theme too
  series.push({
    ...common,
    id: `${line.key} markers`,
    type: "scatter",
    symbol: isHollow ? style.symbol.charAt(5).toLowerCase() + style.symbol.slice(6) : style.symbol,
    symbolSize: 7,
    data: markers(drawn, drawing).map((at) => [xs[at]!, ys[at]!]),
    itemStyle: { color: isHollow ? colours.back : colour, borderColor: colour, borderWidth: isHollow ? 1.5 : 0, opacity },
  });
  return series;
}

function flat(xs: Float64Array, ys: Float64Array): Float64Array {
  const points = new Float64Array(2 * xs.length);
  for (let at = 0; at < xs.length; at++) {
    points[2 * at] = xs[at]!;
    points[2 * at + 1] = ys[at]!;
  }
  return points;
}

/** The points with a marker: all of a short line, else a few, apart from those of other lines; and what stands alone. */
export function markers({ xs, ys, line }: DrawnLine, { x }: Drawing): number[] {
  const from = lowerBound(xs, x.low);
  const to = lowerBound(xs, x.high + (x.high - x.low) * 1e-9);
  const seen = (at: number) => Number.isFinite(ys[at]!);
  const found = new Set<number>();
  if (to - from <= 2 * MARKERS) for (let at = from; at < to; at++) found.add(at);
  else {
    const shift = (line.place % 4) / 4;
    for (let marker = 0; marker < MARKERS; marker++) {
      const place = x.low + ((marker + 0.2 + 0.6 * shift) / MARKERS) * (x.high - x.low);
      const at = lowerBound(xs, place);
      if (at >= from && at < to) found.add(at);
    }
  }
  for (let at = from; at < to; at++) if (!seen(at - 1) && !seen(at + 1)) found.add(at);
  return [...found].filter(seen).sort((a, b) => a - b);
}

/** The band as polygons, one between two gaps. Where a log axis has no place for its lower edge it ends at the axis. */
function ribbons({ xs, ys, low, high }: DrawnLine, floor: number): number[][][] {
  const found: number[][][] = [];
  let begin = 0;
  for (let at = 0; at <= xs.length; at++) {
    if (at < xs.length && Number.isFinite(ys[at]!)) continue;
    if (at - begin > 1) {
      const range = Array.from({ length: at - begin }, (_, index) => begin + index);
      const above = range.map((one) => [xs[one]!, high![one]!]);
      const below = range.reverse().map((one) => [xs[one]!, Number.isFinite(low![one]!) ? low![one]! : floor]);
      found.push([...above, ...below]);
    }
    begin = at + 1;
  }
  return found;
}
