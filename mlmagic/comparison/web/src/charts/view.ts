/** How the charts are looked at: plain JSON. A view of another version may hold anything. */

export const CHARTS = ["parallel", "scatter", "importance"] as const;
export type ChartKind = (typeof CHARTS)[number];

/** The part of an axis that is kept: values, or places in the list of words; `off` keeps runs without a place as well. */
export interface Brush {
  readonly low: number;
  readonly high: number;
  readonly off: boolean;
}

/** A rectangle of the scatter plot. */
export interface Box {
  readonly x: Brush;
  readonly y: Brush;
}

export interface ChartView {
  readonly kind: ChartKind;
  /** Ids of the columns with an axis; empty: the ones that vary. */
  readonly axes: readonly string[];
  readonly flipped: readonly string[];
  /** Whether an axis is logarithmic, by the id of its column; without an entry its values decide. */
  readonly logs: Readonly<Record<string, boolean>>;
  readonly brushes: Readonly<Record<string, Brush>>;
  /** The id of the column that colours, `none`, or nothing: the metric that matters. */
  readonly colour: string;
  /** The ids of the columns of the scatter plot; nothing: chosen by what varies. */
  readonly x: string;
  readonly y: string;
  readonly box: Box | null;
}

export const NEW_CHARTS: ChartView = { kind: "parallel", axes: [], flipped: [], logs: {}, brushes: {}, colour: "", x: "", y: "", box: null };

/** Returns the view that was given, with what cannot be read as in the beginning. */
export function soundCharts(given: unknown): ChartView {
  const view = record(given);
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const texts = (value: unknown) => (Array.isArray(value) ? [...new Set(value.filter((one) => typeof one === "string"))] : []);
  const box = record(view.box);
  const [x, y] = [brushOf(box.x), brushOf(box.y)];
  return {
    kind: CHARTS.find((kind) => kind === view.kind) ?? NEW_CHARTS.kind,
    axes: texts(view.axes),
    flipped: texts(view.flipped),
    logs: Object.fromEntries(Object.entries(record(view.logs)).filter((entry): entry is [string, boolean] => typeof entry[1] === "boolean")),
    brushes: Object.fromEntries(
      Object.entries(record(view.brushes)).flatMap(([id, value]) => {
        const brush = brushOf(value);
        return brush ? [[id, brush]] : [];
      }),
    ),
    colour: text(view.colour),
    x: text(view.x),
    y: text(view.y),
    box: x && y ? { x, y } : null,
  };
}

function brushOf(value: unknown): Brush | null {
  const { low, high, off } = record(value);
  return typeof low === "number" && typeof high === "number" ? { low, high, off: off === true } : null;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
