/** Opens a saved page: the comparison, with the page in the place of the kernel. */

import { App } from "../app.ts";
import { Answers } from "./answers.ts";
import { inflated, tableOf, type SavedData } from "./data.ts";
import { SavedModel } from "./model.ts";

const dark = matchMedia("(prefers-color-scheme: dark)");
const text = (id: string) => document.getElementById(id)!.textContent;

function followTheme(): void {
  // The curves are drawn anew when this attribute of the body changes.
  document.body.setAttribute("theme", dark.matches ? "dark" : "light");
}

async function open(): Promise<void> {
  followTheme();
  dark.addEventListener("change", followTheme);
  const data = JSON.parse(text("mlmagic-data")) as SavedData;
  const table = tableOf(data.table, await inflated(text("mlmagic-columns")));
  table.saved = { without_curves: [...data.curves.left_out] };
  const answers = new Answers(table, data.curves, () => inflated(text("mlmagic-points")));
  const app = new App(new SavedModel({ table, view: data.view, selected: data.selected }, answers));
  document.getElementById("mlmagic-live")!.append(app.element);
  document.getElementById("mlmagic-still")!.remove();
}

open().catch((error: unknown) => {
  document.body.classList.add("failed");
  const told = document.getElementById("mlmagic-failed")!;
  told.hidden = false;
  told.textContent = `This browser cannot show the interactive view (${String(error)}). The best runs are below.`;
});
