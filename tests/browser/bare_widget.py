"""The built widget on a page without Jupyter: fast, for what needs a browser but no kernel."""

from __future__ import annotations

import base64
import json
from array import array
from typing import TYPE_CHECKING, Any

from jupyter_pages import ROOT

from mlmagic.comparison import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from host_pages import Host
    from playwright.sync_api import Browser, Page

    from mlmagic.comparison.compared_runs import Comparison
    from mlmagic.comparison.widget import CompareWidget

STATIC = ROOT / "mlmagic/comparison/static"
ADDRESS = "http://127.0.0.1/widget/"
_TYPES = {"js": "text/javascript", "css": "text/css", "json": "application/json", "html": "text/html; charset=utf-8"}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Runs</title>
<link rel="stylesheet" href="compare.css"><style>body { margin: 8px; background: var(--page) }</style>
<body data-jp-theme-light="LIGHT" style="--page: PAGE"><main>PLACES</main>SCRIPT</body></html>"""
_SCRIPT = """<script type="module">
import widget from "./compare.js";
const read = window.read = (value) => {
  if (Array.isArray(value)) return value.map(read);
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if ("base64" in value) return new DataView(Uint8Array.from(atob(value.base64), (one) => one.charCodeAt(0)).buffer);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, read(one)]));
};
class Model {
  constructor(traits) { this.traits = traits; this.handlers = {}; }
  get(name) { return this.traits[name]; }
  set(name, value) { this.traits[name] = value; for (const one of this.handlers[`change:${name}`] ?? []) one(); }
  save_changes() {}
  on(event, handler) { (this.handlers[event] ??= new Set()).add(handler); }
  off(event, handler) { this.handlers[event]?.delete(handler); }
  async send(content) {
    const answer = await window.answer(content);
    const { buffers = [], ...rest } = read(answer);
    for (const one of this.handlers["msg:custom"] ?? []) one({ request: content.request, ...rest }, buffers);
  }
}
const given = await (await fetch("traits.json")).json();
window.models = [...document.querySelectorAll("main > div")].map((el) => {
  const model = new Model(read(given));
  widget.render({ model, el });
  return model;
});
</script>"""


def as_json(traits: dict[str, Any]) -> str:
    """Return *traits* as JSON; ``read`` of the page makes DataViews of their bytes."""
    return json.dumps(traits, default=lambda part: {"base64": base64.b64encode(part).decode()})


def answering(widget: CompareWidget) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a function that answers as the kernel of *widget* does."""

    def answer(content: dict[str, Any]) -> dict[str, Any]:
        told, parts = widget._answers()[content["kind"]](content)
        return json.loads(as_json({"kind": content["kind"], **told, "buffers": parts}))

    return answer


def send_table(page: Page, comparison: Comparison) -> None:
    """Replace the table of the page's first widget, as the kernel does."""
    table = json.loads(as_json(dict(wire.table_of(comparison, None))))
    page.evaluate("(table) => models[0].set('table', read(table))", table)


def answer_histories(content: dict[str, Any], values_of: Callable[[str, str], Sequence[float]]) -> dict[str, Any]:
    """Answer a request for histories; *values_of* returns the values of a run's metric, one a step."""
    series, buffers = [], []
    for run in content["runs"]:
        for metric in content["metrics"]:
            values = list(values_of(run, metric))
            series.append({"run": run, "metric": metric, "count": len(values), "exact": True})
            parts = [range(len(values)), (1000.0 * step for step in range(len(values))), values]
            buffers += [{"base64": base64.b64encode(array("d", part).tobytes()).decode()} for part in parts]
    return {"series": series, "problems": [], "buffers": buffers}


def open_widget(
    browser: Browser,
    comparison: Comparison,
    *,
    view: dict[str, Any] | None = None,
    selected: list[str] | None = None,
    answer: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    is_dark: bool = False,
    width: int = 1000,
    count: int = 1,
    host: Host | None = None,
) -> Page:
    """Return a page of *width* pixels with *count* widgets of *comparison*, in the front end *host*.

    *answer* stands for the kernel. A page's own ``window.answer`` may return ``buffers`` as well, as DataViews.
    """
    traits = {"table": wire.table_of(comparison, None), "selected": selected or [], "view": view or {}}
    places = "<div></div>" * count
    html = (
        _PAGE.replace("PLACES", places)
        .replace("SCRIPT", _SCRIPT)
        .replace("LIGHT", str(not is_dark).lower())
        .replace("PAGE", "#111" if is_dark else "#fff")
    )
    if host is not None:
        html = host.page(places + _SCRIPT, head='<link rel="stylesheet" href="compare.css">', is_widget=True)
    files = {
        "": html,
        "traits.json": as_json(traits),
        "compare.js": (STATIC / "compare.js").read_text(encoding="utf-8"),
        "compare.css": (STATIC / "compare.css").read_text(encoding="utf-8"),
    }
    page = browser.new_page(viewport={"width": width, "height": 900}, accept_downloads=True)
    page.set_default_timeout(10_000)
    page.problems = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.problems.append(str(error)))  # type: ignore[attr-defined]
    page.expose_function("answer", answer or (lambda content: {"kind": "error", "text": f"no {content['kind']} here"}))

    def serve(route: Any) -> None:
        name = route.request.url.removeprefix(ADDRESS)
        if name in files:
            route.fulfill(body=files[name], content_type=_TYPES[name.rpartition(".")[2] or "html"])
        else:
            route.fulfill(status=404, body="")

    page.route("**/*", serve)
    page.goto(ADDRESS)
    page.wait_for_function(f"() => window.models?.length === {count}")
    return page
