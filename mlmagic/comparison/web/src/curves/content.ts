/** What the curves show: which runs, which metrics, and the lines of each. No DOM, nothing asked. */

import { failuresIn } from "../failed.ts";
import type { CurveView } from "../state.ts";
import { has, type Column, type Goal, type Table } from "../wire.ts";
import { choose, type Choice } from "./choice.ts";
import { nameOf } from "../names.ts";
import { short } from "./format.ts";
import { counted, cut } from "../words.ts";
import { byColumn, byConfiguration, eachRun, type Group } from "./groups.ts";
import type { Histories, Look, Pair, Window } from "./histories.ts";
import { lineOf, type Line, type Source } from "./lines.ts";
import type { Series } from "./series.ts";

/** So many lines are drawn, each a run or the mean of a group; of a group all runs count, however many. */
export const MOST_LINES = 30;
/** Groups are drawn while they have fewer runs than this in all, so that the kernel can read their histories. */
export const MOST_RUNS = 600;
const NAMED = 3;
const TOLD = 12;
const SHORT_NAME = 40;
/** A window is asked for with this much beside it, so that lines lead to its edges and smoothing has begun. */
const BESIDE = 0.5;

type Known = Pick<Histories, "get" | "whole" | "gone">;

export interface Shown {
  readonly table: Table;
  /** What is drawn as one line each. */
  readonly groups: readonly Group[];
  /** The runs of these groups. */
  readonly runs: readonly string[];
  /** How many groups are not drawn; of runs, where each is a line. */
  readonly left: number;
  /** The selected runs that are not averaged, because they failed or were killed. */
  readonly unaveraged: readonly string[];
  readonly offered: readonly string[];
  /** The column by which runs are averaged; null: by their configuration, seeds aside. */
  readonly by: Column | null;
}

/**
 * Returns what there is to draw of the selected runs: a line a run, or (`isGrouped`) the mean of each group.
 * The metric `main` is offered first, `group` is that of the table. Of a mean `unranked` rows are not part.
 */
export function shownOf(table: Table, selected: readonly string[], main: string, group: string, isGrouped: boolean, unranked: Uint8Array | null = null): Shown {
  const there = selected.filter((run) => table.rows.has(run));
  const by = table.byId.get(group) ?? null;
  const made = !isGrouped ? eachRun(table, there) : by ? byColumn(table, there, by) : byConfiguration(table, there);
  // A run that ended early would bend the mean; by itself it is drawn as far as it came.
  const isOut = (run: string) => isGrouped && unranked?.[table.rows.get(run)!] === 1;
  const whole = made.map((group) => withoutFailed(table, group, isOut)).filter(({ runs }) => runs.length > 0);
  const all = whole.length > 0 ? whole : made; // where all failed there is nothing else to draw
  const unaveraged = whole.length > 0 ? there.filter(isOut) : [];
  const groups = firstOf(all);
  const runs = groups.flatMap((one) => one.runs);
  const rows = runs.map((run) => table.rows.get(run)!);
  const columns = table.columns.filter((column) => column.kind === "metric" && !table.saved?.without_curves.includes(column.label) && rows.some((row) => has(column, row)));
  const first = columns.filter(({ id }) => id === main);
  const offered = [...first, ...columns.filter(({ id }) => id !== main)].map(({ label }) => label);
  return { table, groups, runs, left: all.length - groups.length, unaveraged, offered, by };
}

function withoutFailed(table: Table, group: Group, isOut: (run: string) => boolean): Group {
  const out = group.runs.filter(isOut);
  if (out.length === 0) return group;
  return { ...group, runs: group.runs.filter((run) => !isOut(run)), without: failuresIn(table, out.map((run) => table.rows.get(run)!)) };
}

/** Returns the first groups, each of them whole: the mean of a part of its runs would be another one. */
function firstOf(groups: readonly Group[]): Group[] {
  const first: Group[] = [];
  let count = 0;
  for (const group of groups.slice(0, MOST_LINES)) {
    if (first.length > 0 && count + group.runs.length > MOST_RUNS) break;
    first.push(group);
    count += group.runs.length;
  }
  return first;
}

export function metricColumn(table: Table, metric: string): Column | undefined {
  return table.byId.get(`metric:${metric}`);
}

/** Returns the runs that have the metric, each a pair with it. */
export function pairsOf({ table, runs }: Shown, metrics: readonly string[]): Pair[] {
  return metrics.flatMap((metric) => {
    const column = metricColumn(table, metric);
    return column ? runs.filter((run) => has(column, table.rows.get(run)!)).map((run) => ({ run, metric })) : [];
  });
}

export function choiceOf(shown: Shown, view: CurveView, known: Known): Choice {
  return choose(shown.offered, view.metrics, (metric) => {
    const pairs = pairsOf(shown, [metric]).filter(({ run }) => !known.gone.has(run));
    const lengths = pairs.map((pair) => {
      const whole = known.whole(pair, view.x);
      return whole === undefined ? undefined : (whole?.count ?? 0);
    });
    return lengths.includes(undefined) ? undefined : Math.max(0, ...(lengths as number[]));
  });
}

/** Returns the window to ask for where `window` is looked at. */
export function widened(window: NonNullable<Window>): NonNullable<Window> {
  const beside = (window[1] - window[0]) * BESIDE;
  return [window[0] - beside, window[1] + beside];
}

export interface MetricContent {
  readonly goal: Goal;
  readonly lines: readonly Line[];
  readonly notes: readonly string[];
  /** The first and last x of all of the history. */
  readonly extent: readonly [number, number] | null;
  /** Whether something of it is not known yet. */
  readonly isWaiting: boolean;
}

/** Returns the lines of a metric, as far as they are known. `asked` is the window that histories were asked for. */
export function contentOf(
  shown: Shown,
  metric: string,
  view: CurveView,
  known: Known,
  asked: Window,
  originOf: (run: string) => number,
): MetricContent {
  const { table, groups } = shown;
  const goal = metricColumn(table, metric)?.goal ?? null;
  const look: Look = { by: view.x, window: asked };
  const sources = new Map<string, Source>();
  let isWaiting = false;
  for (const pair of pairsOf(shown, [metric])) {
    const whole = known.whole(pair, view.x);
    if (whole === undefined && !known.gone.has(pair.run)) isWaiting = true;
    if (!whole || whole.count === 0) continue;
    const part = asked === null ? whole : (known.get(pair, look) ?? whole);
    sources.set(pair.run, { shown: part, whole, origin: originOf(pair.run) });
  }
  const lines = groups.flatMap((group, place) => {
    const line = lineOf(group, place, ofGroup(group, sources), { x: view.x, smoothing: view.smoothing, goal });
    return line ? [line] : [];
  });
  const extent = extentOf([...sources.values()], view);
  return { goal, lines, extent, isWaiting, notes: isWaiting ? [] : notesOf(shown, sources, known) };
}

function extentOf(sources: readonly Source[], { x, logX }: CurveView): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const { whole, origin } of sources) {
    const place = (at: number) => (x === "step" ? whole.steps[at]! : (whole.times[at]! - origin) / 1000);
    const first = whole.steps.findIndex((_, at) => !logX || place(at) > 0);
    if (first < 0) continue;
    low = Math.min(low, place(first));
    high = Math.max(high, place(whole.steps.length - 1));
  }
  return low < high ? [low, high] : null;
}

function ofGroup(group: Group, sources: ReadonlyMap<string, Source>): Source[] {
  return group.runs.flatMap((run) => sources.get(run) ?? []);
}

function notesOf({ table, runs }: Shown, sources: ReadonlyMap<string, Source>, known: Known): string[] {
  const notes: string[] = [];
  const thinned = [...sources.values()].filter(({ shown }) => !shown.exact);
  if (thinned.length > 0) {
    const count = Math.max(...thinned.map(({ shown }) => shown.count));
    const told = `Up to ${counted(count, "value")} a run, thinned out`;
    notes.push(table.saved ? `${told} in this page; peaks are kept.` : `${told} for sight; peaks are kept. Zoom in for all.`);
  }
  const without = runs.filter((run) => !sources.has(run) && !known.gone.has(run));
  if (without.length > 0) notes.push(`Not logged by ${listed(without.map((run) => nameOf(table, run)))}.`);
  return notes;
}

function listed(names: readonly string[]): string {
  const some = names.slice(0, NAMED).map((name) => cut(name, SHORT_NAME));
  const more = names.length - some.length;
  return more > 0 ? `${some.join(", ")} and ${more} more` : some.join(", ");
}

/** Returns in words what has one value only: `accuracy 0.91`, or from the least to the most where runs differ. */
export function singlesText({ table, runs }: Shown, metrics: readonly string[]): string {
  const told = metrics.slice(0, TOLD).map((metric) => {
    const column = metricColumn(table, metric);
    if (column?.type !== "number") return metric;
    const rows = runs.map((run) => table.rows.get(run)!).filter((row) => has(column, row));
    const values = rows.map((row) => column.numbers[row]!).sort((a, b) => a - b);
    const [least, most] = [short(values[0]!), short(values.at(-1)!)];
    return `${cut(metric, SHORT_NAME)} ${least === most ? least : `${least} to ${most}`}`;
  });
  const more = metrics.length - told.length;
  return `One value only: ${told.join(" · ")}${more > 0 ? ` · and ${more} more` : ""}`;
}

/** Returns the moment from which a run's time counts: its start, or its first value where that was logged before. */
export function originsOf(shown: Shown, metrics: readonly string[], known: Known): Map<string, number> {
  const started = shown.table.byId.get("run:started");
  return new Map(
    shown.runs.map((run) => {
      const row = shown.table.rows.get(run)!;
      const start = started?.type === "number" && has(started, row) ? started.numbers[row]! : Infinity;
      const firsts = metrics.flatMap((metric) => {
        const whole: Series | null | undefined = known.whole({ run, metric }, "time");
        return whole?.times.length ? [whole.times[0]!] : [];
      });
      return [run, Math.min(start, ...firsts)];
    }),
  );
}
