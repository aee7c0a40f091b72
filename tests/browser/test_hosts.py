"""What mlmagic shows in VS Code, in Colab and on a page without any notebook, in their themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bare_widget import answering, open_widget
from host_pages import HOSTS
from jupyter_pages import SCREENSHOTS
from saved_outputs import html_of

import mlmagic

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
MAIN = {
    "card": [".name", ".metrics", ".line", "summary"],
    "card again": [".changed"],
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
CLEAR = """(root) => [...root.querySelectorAll("*")].filter((element) => {
  if (element.disabled || !element.checkVisibility() || !element.innerText?.trim()) return false;
  const { color, opacity } = getComputedStyle(element);
  return (opacity > 0 && opacity < 1) || /, 0\\)$|^transparent$/.test(color);
}).map((element) => element.outerHTML.slice(0, 120))"""
"""Returns what is half transparent: what is seen under the pointer only has no opacity at all until then."""
LIVE = '<div class="mlmagic-compare">live</div>'
OUTPUTS = {
    "vscode": (
        '<div class="cell_container">{}</div>',
        '<div class="output_container"><div class="output">{}</div></div>',
    ),
    "colab": ('<div id="output-body">{}</div>', '<div class="display_data"><div class="output_subarea">{}</div></div>'),
}
"""A cell and an output as a front end nests them."""


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
    found = page.locator("main").evaluate(CONTRAST)
    assert found["texts"] > 3
    assert found["faint"] == []
    assert page.locator("main").evaluate(CLEAR) == []


@pytest.mark.parametrize("width", [500, 1400])
@pytest.mark.parametrize("host", HOSTS)
def test_every_output_can_be_read(outputs, opened, host, width):
    content = "".join(f'<section id="{name.replace(" ", "-")}">{html_of(outputs[name])}</section>' for name in MAIN)
    page = opened(HOSTS[host].page(content), width, f"outputs {host}")
    places = {name: f"#{name.replace(' ', '-')}" for name in MAIN}
    assert_readable(page, *(f"{places[name]} {selector}" for name, main in MAIN.items() for selector in main))
    assert page.locator(".mlmagic-bar:visible").count() == 1, "a bar that stopped early, and none of its loop within"


def test_a_card_has_about_six_lines_and_says_what_changed(outputs, opened):
    page = opened(HOSTS["bare"].page(html_of(outputs["card again"])), 900, "card")
    card = page.locator(".mm-card")
    assert card.bounding_box()["height"] < 8 * 20
    shown = " ".join(card.inner_text().split())
    assert not card.locator(".apart").first.is_visible()
    for words in ("finished", "tree", "accuracy", "since the last run", "depth 2 → 3", "1 line of the code"):
        assert words in shown, words
    assert "split." not in shown
    assert shown.count("max_depth") == 0, "depth is there already"
    assert "Git" not in shown, "notes are folded"
    assert re.search(r"accuracy 0\.\d+ [▴▾] [+-]0\.\d+", shown)


@pytest.fixture
def widget(make_run):
    """A comparison of six runs with curves, three of them selected."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    for at in range(6):
        run_id = make_run(f"forest {at}", {"depth": at % 3, "optimizer": "adam"}, {"accuracy": at / 6})
        MlflowClient().log_batch(run_id, [Metric("loss", 1 / (at + step + 1), step, step) for step in range(20)])
    made = mlmagic.compare(metric="loss")
    made.selected = made.to_dataframe().run_id[:3]
    return made


SHOWN = {
    "Runs": ".mm-body .mm-row",
    "Curves": ".mm-curves canvas",
    "Charts": ".mm-charts canvas",
    "Figures": ".mm-panel:not([hidden]) .mm-empty",
    "Differences": ".mm-section",
}


@pytest.mark.parametrize("width", [500, 1400])
@pytest.mark.parametrize("host", HOSTS)
def test_each_part_of_the_comparison_can_be_read(widget, chromium, host, width):
    page = open_widget(
        chromium, widget._comparison, view=widget.view, selected=widget.selected, answer=answering(widget),
        host=HOSTS[host], width=width,
    )  # fmt: skip
    for tab, shown in SHOWN.items():
        page.get_by_role("tab", name=tab).click()
        page.locator(shown).first.wait_for()
        page.screenshot(path=SCREENSHOTS / f"host {tab} {host} {width}.png")
        assert_readable(page)
    page.get_by_role("tab", name="Runs").click()
    page.locator(".mm-body .mm-name").first.dblclick()
    page.get_by_role("heading", name="forest 5").wait_for()
    page.screenshot(path=SCREENSHOTS / f"host page {host} {width}.png")
    assert_readable(page)
    assert page.locator("main").evaluate("(element) => getComputedStyle(element).backgroundColor") == "rgba(0, 0, 0, 0)"
    back = page.locator(".mlmagic-compare").evaluate("(element) => getComputedStyle(element).backgroundColor")
    assert "/" not in back
    assert not back.startswith("rgba")
    assert page.problems == []
    page.close()


@pytest.mark.parametrize("host", OUTPUTS)
def test_a_live_comparison_hides_its_static_view_and_no_other(outputs, opened, host):
    static, (cell, output) = html_of(outputs["comparison"]), OUTPUTS[host]
    with_widget = cell.format(output.format(LIVE) + output.format(static))
    another = cell.format(output.format(static)).replace("output-body", "output-body-of-another-cell")
    page = opened(with_widget + another, 800, f"live {host}")
    views = page.locator("details.mlmagic-comparison")
    assert [views.nth(at).is_visible() for at in range(2)] == [False, True]
    page.locator(".mlmagic-compare").evaluate("(element) => element.remove()")
    views.first.wait_for()
    assert views.first.locator("table").first.is_visible()
    views.first.locator("summary").first.click()
    assert not views.first.locator("table").first.is_visible()
