/** What each part of the widget is given, and what it gives. */

import type { ReadonlySignal } from "@preact/signals-core";

import type { Editing } from "./editing.ts";
import type { Kernel } from "./kernel.ts";
import type { State } from "./state.ts";

export interface Context {
  readonly state: State;
  readonly kernel: Kernel;
  readonly editing: Editing;
  /** Says something to screen readers, and in the line at the bottom. */
  readonly say: (text: string) => void;
}

/** A tab: built when it is first opened, told when it is shown and hidden, and taken down in the end. */
export interface Part {
  readonly element: HTMLElement;
  /** How many things there are in the tab, null while that is not known; a tab without it has no number. */
  readonly count?: ReadonlySignal<number | null>;
  show(): void;
  hide(): void;
  destroy(): void;
}
