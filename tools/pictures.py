"""Make README's pictures anew: ``make pictures``, or ``python tools/pictures.py [--all FOLDER] [--store FOLDER]``.

A notebook is executed in a folder of its own; its outputs and the widget are pictured in Chromium. ``--all`` pictures
every view, light and dark, wide and narrow. ``--store`` uses a folder in which the notebook was executed before.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "tests/browser"), str(ROOT / "tests/serving")]

from bare_widget import as_json, open_widget  # noqa: E402
from pictures_notebook import execute, uri_of  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nbformat import NotebookNode
    from playwright.sync_api import Browser, Page

    from mlmagic.comparison.widget import CompareWidget

EMPTY: Mapping[str, Any] = {}
IMAGES = ROOT / "docs/images"
TABLE = "compare_table.png"
_WIDE, _NARROW = 1400, 500
_HIGH = 720


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        sys.exit("no Chromium is installed: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def comparison() -> CompareWidget:
    """Return the widget of the experiment, ordered by the validation loss."""
    from mlmagic.comparison.selecting import select
    from mlmagic.comparison.widget import CompareWidget
    from mlmagic.views.comparison_page import save_comparison
    from mlmagic.views.differences.difference import difference_json

    return CompareWidget(select([], metric="val_loss"), told=difference_json, write=save_comparison)


def answers(widget: CompareWidget) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a function that answers the page as the kernel does."""
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    widget.send = lambda message, buffers=None: sent.append((message, buffers or []))  # type: ignore[method-assign]

    def answer(content: dict[str, Any]) -> dict[str, Any]:
        widget._receive(widget, {"request": 0, **content}, [])
        message, buffers = sent.pop()
        parts = [bytes(one) for one in buffers]
        answered: dict[str, Any] = json.loads(as_json({**message, "buffers": parts}))
        return answered

    return answer


def chosen(widget: CompareWidget) -> list[str]:
    """Return three runs to select: the best forest, and two of the linear models with their curves."""
    frame = widget.to_dataframe()
    linear = frame[(frame["model"] == "linear") & (frame["seed"] == 0)].sort_values("val_loss")["run_id"]
    forest = frame[frame["model"] == "forest"].sort_values("val_loss")["run_id"]
    return [forest.iloc[0], linear.iloc[0], linear.iloc[-1]]


VIEWS: dict[str, dict[str, Any]] = {
    "table": {"tab": "table"},
    "curves": {"tab": "curves", "curves": {"grouped": True}},
    "parallel": {"tab": "charts", "charts": {"kind": "parallel"}},
    "scatter": {"tab": "charts", "charts": {"kind": "scatter"}},
    "figures": {"tab": "figures"},
    "differences": {"tab": "differences"},
}
"""The tabs of the widget by name, each with the view that shows it."""


@contextmanager
def opened(
    browser: Browser, widget: CompareWidget, name: str, *, width: int, is_dark: bool = False, **view: Any
) -> Iterator[Page]:
    """Open the widget with one of the `VIEWS`."""
    selected = chosen(widget)
    if name == "curves":
        frame = widget.to_dataframe()
        selected = list(frame[frame["model"] == "linear"]["run_id"])
    page = open_widget(
        browser,
        widget.comparison,
        view={**dict(widget.first), **VIEWS[name], **view},
        selected=selected,
        answer=answers(widget),
        is_dark=is_dark,
        width=width,
    )
    page.locator(".mlmagic-compare").wait_for()
    page.wait_for_load_state("networkidle")
    settle(page)
    yield page
    page.close()


def settle(page: Page) -> None:
    """Wait until the page has not changed for half a second."""
    page.evaluate(
        """() => new Promise((done) => {
            let timer = setTimeout(done, 500);
            new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 500); })
                .observe(document.body, { subtree: true, childList: true, attributes: true });
            setTimeout(done, 8000);
        })"""
    )


def shoot(
    page: Page, path: Path, selector: str = ".mlmagic-compare", *, most: int = 10_000, told: Mapping[str, Any] = EMPTY
) -> None:
    """Write a picture of an element of the page, at most so many pixels high, with few colours as PNG.

    *told* is what was pictured, which the file keeps as JSON.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    page.locator(selector).first.screenshot(path=path, animations="disabled")
    about = PngInfo()
    for key, value in told.items():
        about.add_text(key, json.dumps(value), zip=True)
    with Image.open(path) as image:
        cropped = image.convert("RGB").crop((0, 0, image.width, min(image.height, most)))
    small = cropped.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(path, optimize=True, pnginfo=about)


def headings(page: Page) -> list[str]:
    """Return the columns of the table in order, those of runs, metrics and parameters."""
    found: list[str] = page.locator(".mm-heading").evaluate_all("all => all.map((one) => one.dataset.column)")
    return [one for one in found if one.startswith(("run:", "metric:", "param:"))]


def runs_told(widget: CompareWidget) -> list[dict[str, Any]]:
    """Return what decides on the columns of a table: the parameters and metrics of its runs."""
    runs = widget.comparison.runs
    return [{"params": dict(run.data.params), "metrics": dict(run.data.metrics)} for run in runs]


def open_run(page: Page, row: str = ".mm-row") -> None:
    """Open the page of the first run of the table, or of the one in another *row*."""
    page.locator(f".mm-body {row}").first.locator(".mm-name").first.dblclick()
    page.locator(".mm-page, [class*=mm-run-page]").first.wait_for()
    settle(page)


def notebook_page(browser: Browser, made: NotebookNode, folder: Path, *, width: int, is_dark: bool = False) -> Page:
    """Return the notebook as nbconvert shows it."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(theme="dark" if is_dark else "light")
    path = folder / "digits.html"
    path.write_text(exporter.from_notebook_node(made)[0], encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 1000})
    page.goto(path.as_uri())
    return page


def cell(name: str, part: str = "") -> str:
    """Return the selector of a cell of the notebook, or of a part of it."""
    return f"#cell-id={name} {part}".replace("=", r"\=").strip()


def readme(browser: Browser, made: NotebookNode, folder: Path, into: Path) -> None:
    """Write README's pictures to *into*."""
    page = notebook_page(browser, made, folder, width=960)
    shoot(page, into / "tracked-cell.png", cell("card"))
    page.close()
    widget = comparison()
    for name, view in (("curves", "curves"), ("charts", "parallel")):
        with opened(browser, widget, view, width=1120) as page:
            shoot(page, into / f"compare_{name}.png")
    with opened(browser, widget, "table", width=1120) as page:
        shoot(page, into / TABLE, told={"headings": headings(page), "runs": runs_told(widget)})
        open_run(page, ".mm-row:has(.mm-starred[aria-label=Starred])")
        shoot(page, into / "compare_run.png", most=_HIGH)


def every_view(browser: Browser, made: NotebookNode, folder: Path, into: Path) -> None:
    """Write a picture of every view to *into*, light and dark, wide and narrow."""
    widget = comparison()
    widget.save(folder / "report.html")
    for width, is_dark in ((_WIDE, False), (_WIDE, True), (_NARROW, False), (_NARROW, True)):
        ending = f"{width}_{'dark' if is_dark else 'light'}.png"
        page = notebook_page(browser, made, folder, width=width, is_dark=is_dark)
        for name in ("card", "sweep", "broken", "runs", "diff"):
            shoot(page, into / f"cell_{name}_{ending}", cell(name))
        page.close()
        for name in VIEWS:
            with opened(browser, widget, name, width=width, is_dark=is_dark) as page:
                shoot(page, into / f"widget_{name}_{ending}")
        with opened(browser, widget, "table", width=width, is_dark=is_dark) as page:
            open_run(page)
            shoot(page, into / f"widget_run_{ending}")
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if is_dark else "light")
        page.goto((folder / "report.html").as_uri())
        settle(page)
        page.screenshot(path=into / f"saved_{ending}")
        page.close()


def main() -> None:
    """Execute the notebook, unless a store is given, and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, help="where to write a picture of every view, in place of README's")
    parser.add_argument("--store", type=Path, help="a folder in which the notebook was executed before")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.store or Path(temporary)
        if asked.store:
            import nbformat

            made = nbformat.read(folder / "digits.ipynb", as_version=4)
        else:
            made = execute(folder)
        os.environ["MLFLOW_TRACKING_URI"] = uri_of(folder)
        os.chdir(folder)
        with chromium() as browser:
            if asked.all:
                asked.all.mkdir(parents=True, exist_ok=True)
                every_view(browser, made, folder, asked.all)
            else:
                readme(browser, made, folder, IMAGES)
        os.chdir(ROOT)


if __name__ == "__main__":
    main()
