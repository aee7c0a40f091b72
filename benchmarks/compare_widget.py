"""The comparison in a real JupyterLab: from running the cell to what is seen, sort, filter, select, and bytes sent.

Beside it, on the same runs, itables' ITable and a plotly FigureWidget with parallel coordinates.
"""

from __future__ import annotations

from pathlib import Path

_COUNTS = (100, 1_000, 10_000)
_ROUNDS = 5
_TESTS = Path(__file__).parent.parent / "tests" / "browser"

_DATA = """
import numpy as np, pandas as pd
from mlmagic.compare.comparison import Comparison
from mlmagic.compare.widget import CompareWidget
from mlmagic.runs.bulk import LightRun, RunData, RunInfo
from mlmagic.views.comparison import comparison_bundle

def made(count):
    random = np.random.default_rng(0)
    runs = []
    for at in range(count):
        info = RunInfo(f"{at:032x}", f"run {at}", "0", "me", "FINISHED", 1_750_000_000_000 + at, 1_750_000_009_000 + at, "", "active")
        params = {f"param_{n}": str(random.integers(0, 9)) for n in range(12)} | {"optimizer": ["adam", "sgd"][at % 2]}
        metrics = {f"metric_{n}": float(random.random()) for n in range(7)} | {"loss": float(random.random())}
        runs.append(LightRun(info, RunData(params, metrics, {"stage": "draft"})))
    return runs

data = {count: made(count) for count in COUNTS}
frames = {count: Comparison(runs, "t").to_dataframe() for count, runs in data.items()}
numbers = {count: frame[[c for c in frame if c.startswith(("metric", "loss"))]] for count, frame in frames.items()}
import itables.widget, plotly.graph_objects
"""
_OURS = "CompareWidget(Comparison(data[{count}], 'all'), still=lambda comparison: comparison_bundle(comparison, []))"
_ITABLES = "itables.widget.ITable(frames[{count}], maxBytes=0, maxColumns=0)"
_PLOTLY = (
    "plotly.graph_objects.FigureWidget(plotly.graph_objects.Parcoords("
    "dimensions=[dict(label=c, values=numbers[{count}][c]) for c in numbers[{count}]]))"
)
# Runs the cell, and waits until what the selector names is drawn.
_VISIBLE = """
async ([code, selector]) => {
  const panel = window.jupyterapp.shell.currentWidget;
  const content = panel.content;
  content.activeCellIndex = content.widgets.length - 1;
  content.activeCell.model.sharedModel.setSource(code);
  await window.jupyterapp.commands.execute("notebook:clear-cell-output");
  await new Promise((done) => setTimeout(done, 300));
  const cell = content.activeCell.node;
  const started = performance.now();
  window.jupyterapp.commands.execute("notebook:run-cell");
  while (true) {
    await new Promise((done) => requestAnimationFrame(done));
    const found = cell.querySelector(selector);
    if (found && found.getBoundingClientRect().height > 0) break;
    if (performance.now() - started > 120000) throw new Error(`never seen: ${selector}`);
  }
  await new Promise((done) => requestAnimationFrame(done));
  return performance.now() - started;
}
"""
# Does something to an element, and waits until the text of another is a different one, and painted.
_CHANGED = """
async ([act, target, watched, value]) => {
  const cell = window.jupyterapp.shell.currentWidget.content.activeCell.node;
  const element = cell.querySelector(target);
  const seen = () => [...cell.querySelectorAll(watched)].map((one) => one.textContent + one.getAttribute("aria-selected")).join();
  const before = seen();
  const started = performance.now();
  if (act === "click") element.click();
  else {
    element.value = value;
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
  }
  while (seen() === before) {
    if (performance.now() - started > 60000) throw new Error(`nothing changed: ${target}`);
    await new Promise((done) => requestAnimationFrame(done));
  }
  return performance.now() - started;
}
"""
