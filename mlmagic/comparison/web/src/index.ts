import "./style.css";

import { App } from "./app.ts";
import type { Model } from "./model.ts";
import { apply } from "./wire.ts";

/** Keeps the table of a widget that has no view at the moment. */
function initialize({ model }: { model: Model }): () => void {
  const onChanges = () => apply(model.get("table"), model.get("changes") ?? {});
  model.on("change:changes", onChanges);
  return () => model.off("change:changes", onChanges);
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const app = new App(model);
  el.append(app.element);
  return () => app.destroy();
}

export default { initialize, render };
