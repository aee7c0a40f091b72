/** The bars of importance as a picture. */

import type { Theme } from "../curves/theme.ts";
import type { Picture } from "../pictures.ts";
import { cut } from "../words.ts";

const WIDTH_PX = 820;
const HEAD_PX = 62;
const ROW_PX = 26;
const EDGE_PX = 16;
const NAME_PX = 190;
const BAR_PX = 260;
const SHARE_PX = 130;
const LETTER_PX = 6.4;

/** A row of the chart: the ends of its bar and of its interval from 0 to 1, and what is written beside them. */
export interface Row {
  readonly name: string;
  readonly bar: number;
  readonly low: number;
  readonly high: number;
  readonly share: string;
  readonly interval: string;
  readonly told: string;
  readonly isUnclear: boolean;
}

/** Returns the picture of these rows, with a title and remarks below it. */
export function importancePicture(metric: string, rows: readonly Row[], remarks: readonly string[], theme: Theme): Picture {
  const [text, soft] = [theme.colour("--mm-text"), theme.colour("--mm-soft")];
  const lines = remarks.flatMap((remark) => wrapped(remark, Math.floor((WIDTH_PX - 2 * EDGE_PX) / LETTER_PX)));
  const bottom = HEAD_PX + rows.length * ROW_PX;
  const [bars, shares] = [EDGE_PX + NAME_PX, EDGE_PX + NAME_PX + BAR_PX + EDGE_PX];
  return {
    name: `${metric}-importance`,
    width: WIDTH_PX,
    height: bottom + 12 + lines.length * 17 + EDGE_PX / 2,
    font: theme.font,
    back: theme.colour("--mm-back"),
    draw: (surface) => {
      surface.text(`Importance for ${cut(metric, 80)}`, EDGE_PX, 20, { colour: text, bold: true, size: 14 });
      const heads = [["Param", EDGE_PX], ["Importance, 90% of refits", shares], ["Direction", shares + SHARE_PX]] as const;
      for (const [head, x] of heads) surface.text(head, x, 46, { colour: soft });
      rows.forEach((row, at) => {
        const y = HEAD_PX + (at + 0.5) * ROW_PX;
        surface.text(cut(row.name, Math.floor(NAME_PX / LETTER_PX)), EDGE_PX, y, { colour: text, size: 12 });
        surface.box(bars, y - 7, row.bar * BAR_PX, 14, theme.colour(row.isUnclear ? "--mm-strong-line" : "--mm-1"));
        surface.polyline([bars, y - 9, bars, y + 9], 2, { colour: soft, width: 1, alpha: 1 });
        const [low, high] = [bars + row.low * BAR_PX, bars + row.high * BAR_PX];
        for (const ends of [[low, y, high, y], [low, y - 3, low, y + 3], [high, y - 3, high, y + 3]]) surface.polyline(ends, 2, { colour: text, width: 1.5, alpha: 1 });
        surface.text(row.share, shares, y, { colour: text, size: 12 });
        surface.text(row.interval, shares + 36, y, { colour: soft, size: 12 });
        surface.text(cut(row.told, 40), shares + SHARE_PX, y, { colour: row.isUnclear ? soft : text, size: 12 });
      });
      lines.forEach((line, at) => surface.text(line, EDGE_PX, bottom + 18 + at * 17, { colour: soft }));
    },
  };
}

/** Returns the lines of a text of words, each of at most so many letters where its words allow it. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > most) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
