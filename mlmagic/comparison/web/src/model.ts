/** The part of anywidget's model that is used here. */

import type { SentTable } from "./wire.ts";

export interface Traits {
  table: SentTable;
  selected: string[];
  view: Record<string, unknown>;
}

export interface Model {
  get<Name extends keyof Traits>(name: Name): Traits[Name];
  set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, handler: (...values: never[]) => void): void;
  off(event: string, handler: (...values: never[]) => void): void;
}
