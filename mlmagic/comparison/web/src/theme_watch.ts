/** Tells when the page changes its theme: JupyterLab and VS Code do so at `<body>`, Colab at `<html>`. */

const MARKS = { attributes: true, attributeFilter: ["data-jp-theme-light", "class", "theme"] };

/** Calls `changed` after each change of theme, until the function that it returns is called. */
export function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  for (const element of [document.documentElement, document.body]) observer.observe(element, MARKS);
  return () => observer.disconnect();
}
