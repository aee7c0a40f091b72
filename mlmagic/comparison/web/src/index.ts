import "./style.css";

import { App } from "./app.ts";
import type { Model } from "./model.ts";

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const app = new App(model);
  el.append(app.element);
  return () => app.destroy();
}

export default { render };
