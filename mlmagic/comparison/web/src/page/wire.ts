/** A run's page as the kernel sends it: `mlmagic/comparison/pages/run_page.py` describes it. */

import type { Series } from "../figures/series.ts";

export type Pair = [string, string];

export interface Text {
  title: string;
  path: string;
  text: string;
  /** What of it is not shown, and how to get it. */
  told: string;
}

export interface Page {
  id: string;
  name: string;
  experiment: string;
  status: string;
  is_deleted: boolean;
  is_starred: boolean;
  is_archived: boolean;
  started: number | null;
  duration_s: number | null;
  span_s: number | null;
  url: string | null;
  parent: string;
  note: string;
  source: Pair[];
  params: Pair[];
  /** Names, and the direction in which each is better. */
  metrics: [string, "min" | "max" | null][];
  /** The names of the bounds of the metrics that have an interval. */
  ends?: Record<string, [string, string]>;
  tags: Pair[];
  verdicts: Pair[];
  datasets: { name: string; digest: string; context: string; shape: string }[];
  models: Pair[];
  evaluated: Pair[];
  environment: Pair[];
  packages: Pair[];
  installed: number;
  texts: Text[];
  figures: Series[];
  files: [string, number][];
  left_out: string;
  problems: string[];
}
