/** The sections of a run's page, in two columns where there is room: what came of it, and what went into it. */

import { el } from "../dom.ts";
import type { Editing } from "../editing.ts";
import { seriesElement } from "../figures/series.ts";
import { clean } from "../format.ts";
import type { Images } from "../images.ts";
import type { Kernel } from "../kernel.ts";
import { counted } from "../words.ts";
import { block, pairs, rows, section, text } from "./lists.ts";
import { boundsOf, metricsTable } from "./metrics.ts";
import { noteBox } from "./note.ts";
import { tagsBox } from "./tags.ts";
import type { Page, Pair, Text } from "./wire.ts";

const DIGEST = 12;
const NOTABLE = /^(Python|platform|CPU|cores|memory|GPU.*)$/;

export interface Sources {
  readonly kernel: Kernel;
  readonly editing: Editing;
  readonly images: Images;
  /** Registered models that are this run's: `churn@champion`. */
  readonly badges: readonly string[];
  readonly openCurve: (metric: string) => void;
  /** Notes that are not saved yet, by run. */
  readonly drafts: Map<string, string>;
  readonly copy: (text: string, what: string) => void;
}

/** Returns the body of a page; `values` are the last values of its metrics. */
export function sectionsOf(page: Page, values: Float64Array, sources: Sources): HTMLElement {
  const left = [
    section("Note", "", noteBox(page, sources.editing, sources.drafts)),
    section("Metrics", counts(page.metrics.length - boundsOf(page).size), metricsTable(page, values, sources.kernel, sources.openCurve)),
    section("Evaluated models", "", pairs("Evaluated models", page.evaluated)),
    section("Figures", counts(page.figures.length), figures(page, sources.images)),
    ...page.texts.map((one) => textSection(one, sources)),
  ];
  const right = [
    section("Parameters", counts(page.params.length), pairs("Parameters", page.params)),
    section("Tags", "", tagsBox(page, sources.editing)),
    section("Verdicts", "", pairs("Verdicts", page.verdicts)),
    section("Source", "", pairs("Source", page.source)),
    section("Data", "", datasets(page)),
    section("Models", "", models(page, sources.badges)),
    section("Environment", page.installed > 0 ? counted(page.installed, "package") : "", ...environment(page)),
    section("Files", counts(page.files.length), files(page)),
  ];
  const made = (some: (HTMLElement | null)[]) => some.filter((one) => one !== null);
  return el("div", { class: "mm-page-body" }, el("div", { class: "mm-column" }, ...made(left)), el("div", { class: "mm-column" }, ...made(right)));
}

function counts(count: number): string {
  return count > 1 ? count.toLocaleString("en-US") : "";
}

function figures(page: Page, images: Images): HTMLElement | null {
  if (page.figures.length === 0) return null;
  const runs = [{ id: page.id, name: clean(page.name), heading: el("span") }];
  return el("div", { class: "mm-figures-of-page" }, ...page.figures.map((series) => seriesElement(series, runs, images)));
}

function textSection(one: Text, { copy }: Sources): HTMLElement | null {
  const shown = one.text ? block(one.text, one.title) : null;
  const button = one.text && one.title === "Code" ? el("button", { type: "button", class: "mm-button", click: () => copy(one.text, "The code") }, "Copy code") : null;
  return section(one.title, "", shown, one.told ? el("p", { class: "mm-soft" }, one.told) : null, button);
}

function datasets(page: Page): HTMLElement | null {
  const some = page.datasets.map(({ name, digest, context, shape }) => [
    text(name),
    text(shape || "–"),
    text(context),
    el("code", { title: clean(digest) }, clean(digest).slice(0, DIGEST)),
  ]);
  return rows("Data", ["Name", "Shape", "Use", "Digest"], some);
}

function models(page: Page, badges: readonly string[]): HTMLElement | null {
  const logged = rows("Models", [], page.models.map(([name, id]) => [text(name), el("code", {}, clean(id))]));
  const registered = badges.length > 0 ? el("p", {}, "Registered as ", ...badges.flatMap((badge, at) => [at > 0 ? ", " : "", el("bdi", {}, clean(badge))])) : null;
  return logged || registered ? el("div", {}, logged, registered) : null;
}

/** Returns what most explains a difference first; the rest is folded. */
function environment(page: Page): (HTMLElement | null)[] {
  const isTold = ([name]: Pair) => NOTABLE.test(name);
  const rest = pairs("More of the environment", page.environment.filter((pair) => !isTold(pair)));
  return [
    pairs("Environment", page.environment.filter(isTold)),
    rest ? el("details", {}, el("summary", {}, "More of the environment"), rest) : null,
    packages(page),
  ];
}

function packages(page: Page): HTMLElement | null {
  const shown = pairs("Imported packages", page.packages);
  if (!shown) return null;
  return el("details", {}, el("summary", {}, `${counted(page.packages.length, "imported package")}`), shown);
}

function files(page: Page): HTMLElement | null {
  const shown = rows("Files", [], page.files.map(([path, size]) => [text(path), el("span", {}, sizeOf(size))]), ["", "mm-number"]);
  const more = page.left_out ? el("p", { class: "mm-soft" }, `Not listed: ${page.left_out}.`) : null;
  return shown || more ? el("div", {}, shown, more) : null;
}

/** Returns a number of bytes as a person says it. */
export function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const size = bytes / 1000 ** power;
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}
