"""A saved comparison: its size, saving and opening it in a real Chromium, beside the page of `DataFrame.to_html`."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Comparison, Goal, interleaved
from benchmarks.project import create_store, project

if TYPE_CHECKING:
    from mlmagic.comparison.widget import CompareWidget

_ROUNDS = 5
_RUNS, _STEPS = 1_000, 100
_METRICS = ("loss", "val_loss", "accuracy", "val_accuracy", "f1", "auc", "lr", "grad_norm")
_MANY = 10_000
# Until the first row is painted.
_PAINTED = """
async (selector) => {
  while (!document.querySelector(selector)?.getBoundingClientRect().height) await new Promise(requestAnimationFrame);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() / 1000;
}
"""


def measure() -> list[Comparison]:
    """Compare saving and opening; prints the sizes as well."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("this measurement needs Chromium: apt install chromium")
    with project() as folder, tempfile.TemporaryDirectory(prefix="mlmagic-bench-") as name:
        create_store()
        _fill(folder / "mlflow.db")
        pages = Path(name)
        import mlmagic

        stored = mlmagic.compare(metric="val_loss")
        found = [_saving(stored, pages)]
        many = _in_memory(_MANY)
        _write(many, pages, "many")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            found += [_opening(browser, pages, "stored", f"{_RUNS:,} runs with curves", ())]
            found += [_opening(browser, pages, "many", f"{_MANY:,} runs", (Goal("median", 0.5),))]
            browser.close()
        return found


def _saving(widget: CompareWidget, pages: Path) -> Comparison:
    def ours() -> float:
        started = time.perf_counter()
        widget.save(pages / "stored.html")
        return time.perf_counter() - started

    def other() -> float:
        started = time.perf_counter()
        (pages / "stored_frame.html").write_text(widget.to_dataframe().to_html())
        return time.perf_counter() - started

    samples = interleaved({"widget.save": ours, "DataFrame.to_html": other}, rounds=3, warm_up=0)
    for name in ("stored.html", "stored_frame.html"):
        print(f"{_RUNS:,} runs, {name}: {(pages / name).stat().st_size / 1e6:.2f} MB", file=sys.stderr)
    return Comparison(f"Saving {_RUNS:,} runs with {len(_METRICS)} curves of {_STEPS}", *samples)


def _write(widget: CompareWidget, pages: Path, name: str) -> None:
    widget.save(pages / f"{name}.html")
    (pages / f"{name}_frame.html").write_text(widget.to_dataframe().to_html())
    print(f"{_MANY:,} runs: {(pages / f'{name}.html').stat().st_size / 1e6:.2f} MB", file=sys.stderr)


def _opening(browser: Any, pages: Path, name: str, what: str, goals: tuple[Goal, ...]) -> Comparison:
    def opened(path: Path, selector: str) -> float:
        page = browser.new_page()
        page.goto(path.as_uri(), wait_until="commit")
        took = float(page.evaluate(_PAINTED, selector))
        page.close()
        return took

    ways = {
        "saved page": lambda: opened(pages / f"{name}.html", ".mm-body .mm-row"),
        "DataFrame.to_html": lambda: opened(pages / f"{name}_frame.html", "tbody tr:last-child td"),
    }
    return Comparison(f"Opening {what}, first rows seen", *interleaved(ways, rounds=_ROUNDS), goals)


def _in_memory(count: int) -> CompareWidget:
    import numpy as np

    from mlmagic.comparison.compared_runs import Comparison as Compared
    from mlmagic.comparison.widget import CompareWidget
    from mlmagic.store.query.bulk import LightRun, RunData, RunInfo
    from mlmagic.views.comparison_page import save_comparison

    random = np.random.default_rng(0)
    runs = []
    for at in range(count):
        start = 1_750_000_000_000 + at
        info = RunInfo(f"{at:032x}", f"run {at}", "0", "me", "FINISHED", start, start + 9000, "", "active")
        params = {f"param_{n}": str(random.integers(0, 9)) for n in range(12)}
        runs.append(LightRun(info, RunData(params, {name: float(random.random()) for name in _METRICS}, {})))
    return CompareWidget(Compared(runs, "many", metric="val_loss"), write=save_comparison)


def _fill(database: Path) -> None:
    """Write runs with noisy curves into the store, as fast as SQLite takes them."""
    import sqlite3

    import numpy as np

    random = np.random.default_rng(0)
    with sqlite3.connect(database) as connection:
        for at in range(_RUNS):
            run_id, start = f"{at:032x}", 1_750_000_000_000 + 100_000 * at
            connection.execute(
                "insert into runs (run_uuid, name, source_type, status, start_time, end_time, lifecycle_stage, "
                "artifact_uri, experiment_id, user_id) values (?, ?, 'LOCAL', 'FINISHED', ?, ?, 'active', '', 0, 'me')",
                (run_id, f"run {at}", start, start + 90_000),
            )
            params = [(f"param_{n}", str(int(random.integers(0, 9))), run_id) for n in range(12)]
            connection.executemany("insert into params (key, value, run_uuid) values (?, ?, ?)", params)
            for metric in _METRICS:
                values = np.exp(-np.arange(_STEPS) / 30) + 0.05 * random.random(_STEPS)
                times = start + 800 * np.arange(_STEPS) + random.integers(0, 300, _STEPS)
                rows = [
                    (metric, v, int(t), s, run_id, 0)
                    for s, (v, t) in enumerate(zip(values.tolist(), times, strict=True))
                ]
                insert = "(key, value, timestamp, step, run_uuid, is_nan) values (?, ?, ?, ?, ?, ?)"
                connection.executemany(f"insert into metrics {insert}", rows)
                connection.execute(f"insert into latest_metrics {insert}", rows[-1])
