/** A difference as the kernel sends it: ready to be laid out, as `mlmagic/views/differences/sections.py` writes it. */

/** Text, and where it was cut, more of it to point at. */
export interface Cell {
  text: string;
  title: string;
}

export interface Head {
  id: string;
  letter: string;
  name: Cell;
  experiment: Cell;
  status: string;
  started: string;
  duration: string;
  url: string | null;
}

/** What stands in a run's column. */
export interface Value {
  lines: Cell[];
  remark: string;
  is_base: boolean;
  is_best: boolean;
}

export interface Row {
  name: Cell;
  goal: string;
  /** Which of the values of a metric is compared: `last`. */
  which: string;
  values: Value[];
}

export interface Line {
  sign: " " | "+" | "-";
  old: number | null;
  new: number | null;
  /** Pieces of the line, each with whether it changed. */
  pieces: [string, boolean][];
}

export interface TextDiff {
  title: string;
  told: string;
  /** Neighbouring changes, each after so many equal lines that are left out. */
  hunks: [number, Line[]][];
  left_out: number;
}

/** A figure: where each run has it, and which have the same bytes. */
export interface Figure {
  name: string;
  media_type: string;
  paths: (string | null)[];
  alike: (number | null)[];
  /** null: figures of one size were not read, so that it is not known. */
  differs: boolean | null;
}

export interface Section {
  key: string;
  title: string;
  told: string;
  /** null: there is nothing to compare. */
  differs: boolean | null;
  rows: Row[];
  rows_left_out: number;
  equal: [Cell, Cell][];
  remarks: string[];
  diffs: TextDiff[];
  figures: Figure[];
}

export interface Difference {
  runs: Head[];
  sections: Section[];
  notices: string[];
}
