/** A panel as a PNG: its name, the canvas and the legend. */

import { styleOf } from "../palette.ts";
import { short } from "./format.ts";
import { cut } from "../words.ts";
import type { Line } from "./lines.ts";
import type { Theme } from "./theme.ts";

const RATIO = 2;
const HEAD_PX = 34;
const ROW_PX = 18;
const EDGE_PX = 14;
const LONGEST_NAME = 80;

/** Returns the picture; names are drawn as text, so nothing in them is markup. */
export function pictureOf(metric: string, canvas: HTMLCanvasElement, lines: readonly Line[], theme: Theme): HTMLCanvasElement {
  const picture = document.createElement("canvas");
  picture.width = canvas.width;
  picture.height = canvas.height + (HEAD_PX + lines.length * ROW_PX + EDGE_PX) * RATIO;
  const draw = picture.getContext("2d")!;
  draw.fillStyle = theme.colour("--mm-back");
  draw.fillRect(0, 0, picture.width, picture.height);
  draw.drawImage(canvas, 0, HEAD_PX * RATIO);
  draw.scale(RATIO, RATIO);
  draw.textBaseline = "middle";
  draw.fillStyle = theme.colour("--mm-text");
  draw.font = "600 14px system-ui, sans-serif";
  draw.fillText(cut(metric, LONGEST_NAME), EDGE_PX, HEAD_PX / 2);
  draw.font = "12px system-ui, sans-serif";
  lines.forEach((line, at) => {
    const y = HEAD_PX + canvas.height / RATIO + (at + 0.5) * ROW_PX;
    const { colour, dash } = styleOf(line.place);
    draw.strokeStyle = theme.colour(colour);
    draw.lineWidth = 2;
    draw.setLineDash([...dash]);
    draw.beginPath();
    draw.moveTo(EDGE_PX, y);
    draw.lineTo(EDGE_PX + 28, y);
    draw.stroke();
    draw.fillStyle = theme.colour("--mm-text");
    draw.fillText(`${cut(line.name, LONGEST_NAME)}   ${short(line.last)}`, EDGE_PX + 36, y);
  });
  return picture;
}

export function download(picture: HTMLCanvasElement, name: string): void {
  const link = document.createElement("a");
  link.href = picture.toDataURL("image/png");
  link.download = `${name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 80) || "curves"}.png`;
  link.click();
}
