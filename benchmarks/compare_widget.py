"""The comparison in a real JupyterLab: from running the cell to what is seen, sort, filter, select, and bytes sent.

Beside it, on the same runs, itables' ITable and a plotly FigureWidget with parallel coordinates.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Comparison, Goal, Sample

_COUNTS = (100, 1_000, 10_000)
_ROUNDS = 5
_TESTS = Path(__file__).parent.parent / "tests" / "browser"

_DATA = """
import numpy as np
import itables.widget, plotly.graph_objects
from mlmagic.comparison.compared_runs import Comparison
from mlmagic.comparison.widget import CompareWidget
from mlmagic.store.query.bulk import LightRun, RunData, RunInfo
from mlmagic.views.comparison import comparison_bundle

def made(count):
    random = np.random.default_rng(0)
    runs = []
    for at in range(count):
        start = 1_750_000_000_000 + at
        info = RunInfo(f"{at:032x}", f"run {at}", "0", "me", "FINISHED", start, start + 9000, "", "active")
        params = {f"param_{n}": str(random.integers(0, 9)) for n in range(12)} | {"optimizer": ["adam", "sgd"][at % 2]}
        metrics = {f"metric_{n}": float(random.random()) for n in range(7)} | {"loss": float(random.random())}
        runs.append(LightRun(info, RunData(params, metrics, {"stage": "draft"})))
    return runs

data = {count: made(count) for count in COUNTS}
frames = {count: Comparison(runs, "t").to_dataframe() for count, runs in data.items()}
"""


@dataclass(frozen=True)
class Way:
    """A widget: the cell that shows it, and where in the page its parts are (a CSS selector each, empty: none)."""

    what: str
    cell: str
    row: str
    heading: str = ""
    first: str = ""
    filter: str = ""
    filter_text: str = ""
    select: str = ""


_OURS = Way(
    "%compare",
    "CompareWidget(Comparison(data[{count}], 'all', metric='loss'), "
    "still=lambda comparison: comparison_bundle(comparison, []))",
    row=".mlmagic-compare .mm-body .mm-row",
    heading='.mlmagic-compare .mm-heading[title^="loss"] .mm-label',
    first='.mlmagic-compare .mm-body [data-line="0"]',
    filter='.mlmagic-compare input[type="search"]',
    filter_text="loss < 0.5 and optimizer = sgd",
    select='.mlmagic-compare .mm-body [data-line="3"] [data-column="0"]',
)
_ITABLES = Way(
    "itables",
    "itables.widget.ITable(frames[{count}], maxBytes=0, maxColumns=0, select=True)",
    row="table.dataTable tbody tr td",
    heading="table.dataTable thead th:last-child .dt-column-order",
    first="table.dataTable tbody tr:first-child",
    filter=".dt-search input",
    filter_text="sgd",
    select="table.dataTable tbody tr:nth-child(4) td:nth-child(3)",
)
_PLOTLY = Way(
    "plotly",
    "plotly.graph_objects.FigureWidget(plotly.graph_objects.Parcoords(dimensions=["
    "dict(label=c, values=frames[{count}][c]) for c in frames[{count}] if c.startswith(('metric', 'loss'))]))",
    row=".js-plotly-plot .y-axis",
)
_WAYS = (_OURS, _ITABLES, _PLOTLY)

# Runs the cell, and waits until what the selector names is drawn.
_VISIBLE = """
async ([code, selector]) => {
  const content = window.jupyterapp.shell.currentWidget.content;
  content.activeCellIndex = content.widgets.length - 1;
  content.activeCell.model.sharedModel.setSource(code);
  await window.jupyterapp.commands.execute("notebook:clear-cell-output");
  await new Promise((done) => setTimeout(done, 500));
  const cell = content.activeCell.node;
  const started = performance.now();
  window.jupyterapp.commands.execute("notebook:run-cell");
  while (true) {
    await new Promise((done) => requestAnimationFrame(done));
    const found = cell.querySelector(selector);
    if (found && found.getBoundingClientRect().height > 0) break;
    if (performance.now() - started > 120000) throw new Error(`never seen: ${selector}`);
  }
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - started;
}
"""
# Does something to an element, and waits until another has changed and is painted.
_CHANGED = """
async ([act, target, watched, value]) => {
  const content = window.jupyterapp.shell.currentWidget.content;
  const cell = content.widgets[content.widgets.length - 1].node;
  const element = cell.querySelector(target);
  const seen = () => {
    const one = cell.querySelector(watched);
    return one && one.textContent + one.getAttribute("aria-selected") + one.className;
  };
  const before = seen();
  const started = performance.now();
  if (act === "click") {
    for (const kind of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"])
      element.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, button: 0 }));
  } else {
    element.value = value;
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
    // Ours waits while one types; Enter applies it at once.
    element.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  }
  while (seen() === before) {
    if (performance.now() - started > 60000) throw new Error(`nothing changed: ${target}`);
    await new Promise((done) => requestAnimationFrame(done));
  }
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - started;
}
"""


def measure() -> list[Comparison]:
    """Compare what a person waits for, in one JupyterLab; prints the bytes that travel as well."""
    sys.path.insert(0, str(_TESTS))
    from jupyter_pages import FLAGS, Lab, Server
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("this measurement needs Chromium: apt install chromium")
    with (
        tempfile.TemporaryDirectory(prefix="mlmagic-bench-", ignore_cleanup_errors=True) as name,
        sync_playwright() as p,
    ):
        server = Server(Path(name) / "work")
        browser = p.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            lab = Lab(browser, server)
            received = _count_bytes(lab.page)
            lab.open()
            lab.run(f"COUNTS = {_COUNTS}{_DATA}", timeout_s=300)
            lab.run("0")
            return [one for count in _COUNTS for one in _measure(lab, count, received)]
        finally:
            browser.close()
            server.stop()


def _count_bytes(page: Any) -> list[int]:
    received: list[int] = []

    def opened(socket: Any) -> None:
        socket.on("framereceived", lambda payload: received.append(len(payload)))

    page.on("websocket", opened)
    return received


def _measure(lab: Any, count: int, received: list[int]) -> list[Comparison]:
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(_ROUNDS + 1):  # the first one warms up
        for way in _WAYS:
            before = sum(received)
            taken = {"seen": _seen(lab, way, count)}
            sent = sum(received) - before
            taken |= _used(lab, way)
            if number == 1:
                print(f"{way.what}, {count:,} runs: {sent / 1e6:.2f} MB sent", file=sys.stderr)
            if number:
                for act, milliseconds in taken.items():
                    times.setdefault((way.what, act), []).append(milliseconds / 1000)
    samples = {key: Sample(key[0], tuple(seconds)) for key, seconds in times.items()}
    goals = {"seen": 0.5, "sorted": 0.05, "filtered": 0.05} if count == max(_COUNTS) else {}
    return [
        Comparison(
            f"{count:,} runs {act}",
            samples[_OURS.what, act],
            samples[other.what, act],
            (Goal("median", goals[act]),) if act in goals else (),
        )
        for act in ("seen", "sorted", "filtered", "selected")
        for other in (_ITABLES, _PLOTLY)
        if (other.what, act) in samples
    ]


def _seen(lab: Any, way: Way, count: int) -> float:
    took = float(lab.page.evaluate(_VISIBLE, [way.cell.format(count=count), way.row]))
    lab.idle()
    return took


def _used(lab: Any, way: Way) -> dict[str, float]:
    taken = {}
    if way.heading:
        taken["sorted"] = lab.page.evaluate(_CHANGED, ["click", way.heading, way.first, ""])
    if way.select:
        taken["selected"] = lab.page.evaluate(_CHANGED, ["click", way.select, way.select.rpartition(" ")[0], ""])
    if way.filter:
        taken["filtered"] = lab.page.evaluate(_CHANGED, ["type", way.filter, way.first, way.filter_text])
    return taken
