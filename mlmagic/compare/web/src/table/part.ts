import type { Context, Part } from "../context.ts";
import { el } from "../dom.ts";

export function tablePart({ state }: Context): Part {
  return { element: el("div", {}, `${state.table.peek().count} runs`), show() {}, hide() {}, destroy() {} };
}
