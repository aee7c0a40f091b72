"""The comparison's charts in Chromium: a range of an axis moved at 10,000 runs, and the curves of 30 runs.

Beside them, on the same values in the same browser, plotly's parallel coordinates (WebGL, which a machine without a GPU
draws in software) and its lines. Each takes from the act until the browser has painted.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from benchmarks.measure import Comparison, Goal, interleaved

_RUNS = 10_000
_CURVES = 30
_POINTS = 500
_METRICS = ("loss", "val_loss", "accuracy")
_ROUNDS = 7
_TESTS = Path(__file__).parent.parent / "tests"

_PAINTED = "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));"
_HELD = """() => {
  const range = [...document.querySelectorAll(".mm-range")].at(-1);
  const box = range.getBoundingClientRect();
  range.setPointerCapture = () => {};
  window.act = (type, part) => range.dispatchEvent(new PointerEvent(type, {
    bubbles: true, button: 0, buttons: 1, pointerId: 1, clientX: box.x + 12, clientY: box.y + part * box.height,
  }));
  window.act("pointerdown", 0.1);
}"""
_BRUSH = f"""async (part) => {{
  const started = performance.now();
  window.act("pointermove", part);
  {_PAINTED}
  return performance.now() - started;
}}"""
_PLOTLY = """async (values) => {
  const dimensions = Object.entries(values).map(([label, numbers]) => ({ label, values: numbers }));
  const line = { color: Object.values(values).at(-1), colorscale: "Viridis" };
  const place = document.querySelector("#plotly");
  await Plotly.newPlot(place, [{ type: "parcoords", dimensions, line }], { width: 1200, height: 420 });
}"""
_PLOTLY_BRUSH = f"""async (part) => {{
  const place = document.querySelector("#plotly");
  const started = performance.now();
  await Plotly.restyle(place, {{ "dimensions[7].constraintrange": [[[1 - part, 0.9]]] }});
  {_PAINTED}
  return performance.now() - started;
}}"""
# What the kernel would answer, made in the page: how fast it travels is not measured here.
_ANSWERS = """([ids, steps, series]) => {
  const view = (numbers) => new DataView(Float64Array.from(numbers).buffer);
  const xs = [view(steps), view(steps.map((step) => 1000 * step))];
  const ys = new Map(ids.map((id, at) => [id, view(series[at])]));
  window.answer = async ({ runs, metrics }) => {
    const pairs = runs.flatMap((run) => metrics.map((metric) => ({ run, metric, count: steps.length, exact: true })));
    const buffers = pairs.flatMap(({ run }) => [...xs, ys.get(run)]);
    return { kind: "histories", series: pairs, problems: [], buffers };
  };
}"""
_DRAWN = f"""async () => {{
  const started = performance.now();
  [...document.querySelectorAll('[role="tab"]')].find((tab) => tab.textContent.startsWith("Curves")).click();
  const isDrawn = () => document.querySelectorAll(".mm-curve canvas").length === 3
    && document.querySelectorAll(".mm-curve").length === 3;
  while (!isDrawn()) await new Promise((done) => requestAnimationFrame(done));
  {_PAINTED}
  return performance.now() - started;
}}"""
_PLOTLY_DRAWN = f"""async ([metrics, xs, ys]) => {{
  const place = document.querySelector("#plotly");
  place.replaceChildren(...metrics.map(() => document.createElement("div")));
  const started = performance.now();
  for (const [at] of metrics.entries()) {{
    const lines = ys.map((y) => ({{ type: "scatter", mode: "lines", x: xs, y }}));
    await Plotly.newPlot(place.children[at], lines, {{ width: 560, height: 300 }});
  }}
  {_PAINTED}
  return performance.now() - started;
}}"""


def measure() -> list[Comparison]:
    """Measure both in one browser."""
    import numpy as np
    from playwright.sync_api import sync_playwright

    for folder in ("browser", "serving"):
        sys.path.insert(0, str(_TESTS / folder))
    from bare_widget import open_widget
    from jupyter_pages import FLAGS

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("this measurement needs Chromium: apt install chromium")
    random = np.random.default_rng(0)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            return [_brushed(browser, open_widget, random), _curves(browser, open_widget, random)]
        finally:
            browser.close()


def _brushed(browser: Any, open_widget: Any, random: Any) -> Comparison:
    from light_runs import numbered_run

    from mlmagic.comparison.compared_runs import Comparison as Runs

    values = {f"p{at}": random.random(_RUNS).round(4) for at in range(7)} | {"loss": random.random(_RUNS)}
    *params, loss = values
    runs = [
        numbered_run(at, None, {name: str(values[name][at]) for name in params}, {loss: float(values[loss][at])})
        for at in range(_RUNS)
    ]
    axes = [*(f"param:{name}" for name in params), f"metric:{loss}"]
    page = open_widget(browser, Runs(runs, "t"), view={"tab": "charts", "charts": {"axes": axes}}, width=1280)
    page.locator(".mm-best-runs").wait_for()
    page.evaluate(_HELD)
    beside = _plotly_page(browser)
    beside.evaluate(_PLOTLY, {name: numbers.tolist() for name, numbers in values.items()})
    parts = iter(0.3 + 0.6 * random.random(4 * _ROUNDS + 8))

    def moved(one: Any, script: str) -> float:
        return float(one.evaluate(script, float(next(parts)))) / 1000

    ways = {"Charts": lambda: moved(page, _BRUSH), "plotly": lambda: moved(beside, _PLOTLY_BRUSH)}
    ours, other = interleaved(ways, rounds=_ROUNDS)
    page.close()
    beside.close()
    return Comparison(f"a range moved, {_RUNS:,} runs on 8 axes", ours, other, (Goal("median", 0.15), Goal("ratio", 1)))


def _curves(browser: Any, open_widget: Any, random: Any) -> Comparison:
    import numpy as np
    from light_runs import numbered_run

    from mlmagic.comparison.compared_runs import Comparison as Runs

    steps = np.arange(_POINTS, dtype=np.float64)
    ys = [np.exp(-steps / 100 / (at + 1)) + 0.02 * random.random(_POINTS) for at in range(_CURVES)]
    runs = [numbered_run(at, None, {"n": str(at)}, dict.fromkeys(_METRICS, float(ys[at][-1]))) for at in range(_CURVES)]
    ids = [run.info.run_id for run in runs]
    series = [one.tolist() for one in ys]

    def drawn() -> float:
        page = open_widget(browser, Runs(runs, "t"), selected=ids, width=1280)
        page.locator(".mm-body .mm-row").first.wait_for()
        page.evaluate(_ANSWERS, [ids, steps.tolist(), series])
        took = float(page.evaluate(_DRAWN)) / 1000
        page.close()
        return took

    beside = _plotly_page(browser)
    lines = [_METRICS, steps.tolist(), series]
    ours, other = interleaved(
        {"Curves": drawn, "plotly": lambda: float(beside.evaluate(_PLOTLY_DRAWN, lines)) / 1000}, rounds=_ROUNDS
    )
    beside.close()
    name = f"curves of {_CURVES} runs by {len(_METRICS)} metrics"
    return Comparison(name, ours, other, (Goal("median", 0.5),))


def _plotly_page(browser: Any) -> Any:
    from plotly.offline import get_plotlyjs

    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_content('<div id="plotly"></div>')
    page.add_script_tag(content=get_plotlyjs())
    return page
