"""What mlmagic shows in VS Code, in Colab and on a page without any notebook, in their themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bare_widget import STATIC, open_widget
from host_pages import HOSTS
from jupyter_pages import ROOT, SCREENSHOTS
from light_runs import numbered_run
from saved_outputs import html_of

from mlmagic.comparison.compared_runs import Comparison

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
MAIN = {
    "card": [".name", ".metrics", ".line", "summary"],
    "blocks": ["th[scope=row]", "td.number"],
    "runs": ["th[scope=row]", "td.number", "thead th", ".soft"],
    "diff": [".section > summary", ".rows td", ".code td:last-child", ".told"],
    "comparison": ["summary", "th[scope=row]", "td.number", ".plot .y"],
    "sweep": [".head", ".best td"],
    "config": ["summary", ".leaf .key", ".leaf .value", ".badge"],
    "seed": [".state", "th[scope=row]", "code"],
    "split": [".how", "td"],
    "training": [".legend"],
    "drift": [".how", "th[scope=row]", ".facts"],
    "evaluation": [".how", "td.value", "td.ends"],
}
"""The main elements of each output."""
FAINT = """(root) => {
  const seen = (%s)(root);
  const clear = [...root.querySelectorAll("*")].filter((element) => element.checkVisibility() && element.innerText?.trim()
    && (Number(getComputedStyle(element).opacity) < 1 || /^rgba\\(.*, 0\\)$|^transparent$/.test(getComputedStyle(element).color)));
  return { ...seen, clear: clear.map((element) => element.outerHTML.slice(0, 120)) };
}""" % CONTRAST


def runs():
    made = [
        numbered_run(at, f"forest {at}", {"depth": f"{at % 4}", "lr": "0.1"}, {"loss": 1 / (at + 1), "accuracy": at / 12})
        for at in range(12)
    ]
    return Comparison(made, "experiment digits", metric="loss")


@pytest.fixture
def opened(chromium):
    """Return a function that opens a page; it is closed with the test."""
    pages = []

    def show(html, width, name):
        page = chromium.new_page(viewport={"width": width, "height": 900})
        pages.append(page)
        page.set_content(html)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"host {name} {width}.png", full_page=True)
        return page

    yield show
    for page in pages:
        page.close()


def assert_readable(page, *main):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than its window"
    for selector in main:
        assert page.locator(selector).first.is_visible(), selector
    found = page.locator("main").evaluate(FAINT)
    assert found["texts"] > 3
    assert found["faint"] == []
    assert found["clear"] == []


@pytest.mark.parametrize("width", [500, 1400])
@pytest.mark.parametrize("host", HOSTS)
def test_every_output_can_be_read(outputs, opened, host, width):
    content = "".join(f'<section id="{name.replace(" ", "-")}">{html_of(outputs[name])}</section>' for name in MAIN)
    page = opened(HOSTS[host].page(content), width, f"outputs {host}")
    assert_readable(page, *(f"#{name} {selector}" for name, main in MAIN.items() for selector in main))
