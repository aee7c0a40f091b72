/** The part of anywidget's model that is used here. */

import type { Changes, Reading, SentTable } from "./wire.ts";

export interface Traits {
  table: SentTable;
  selected: string[];
  view: Record<string, unknown>;
  /** The view at first. */
  first?: Record<string, unknown>;
  /** What a saved page does not have: it follows no store. */
  live?: boolean;
  reading?: Reading;
  changes?: Changes;
}

export interface Model {
  get<Name extends keyof Traits>(name: Name): Traits[Name];
  set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, handler: (...values: never[]) => void): void;
  off(event: string, handler: (...values: never[]) => void): void;
}
