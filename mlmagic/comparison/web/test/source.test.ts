import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const SOURCE = join(process.cwd(), "src");

test("text becomes markup nowhere", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  assert.ok(files.length > 10);
  for (const file of files) {
    assert.doesNotMatch(
      readFileSync(join(SOURCE, file), "utf8"),
      /\b(innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|createContextualFragment|DOMParser|document\.write|eval\(|new Function)/,
      file,
    );
  }
});

test("outside of JupyterLab every colour and font has a value", () => {
  const styles = readdirSync(join(SOURCE, "style"), { encoding: "utf8" });
  for (const file of styles) {
    const text = readFileSync(join(SOURCE, "style", file), "utf8");
    assert.doesNotMatch(text, /var\(--(jp|vscode|colab)-[\w-]+\)/, file);
    assert.doesNotMatch(text, /var\(--jp-[\w-]+, *var\(--(vscode|colab)-/, `${file}: ipywidgets brings JupyterLab's light colours along`);
  }
});
