import type { Context, Part } from "../context.ts";
import { el } from "../dom.ts";

export function curvesPart(_: Context): Part {
  return { element: el("div", {}), show() {}, hide() {}, destroy() {} };
}
