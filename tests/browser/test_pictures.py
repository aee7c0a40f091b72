"""Curves and charts as files: a picture that opens by itself, with its text as text."""

import math
from xml.etree import ElementTree as ET

import pytest
from bare_widget import answer_histories, open_widget
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison

NAME = "odd \x07 <b>&amp;</b> 漢"
SHOWN = NAME.replace("\x07", "\ufffd")
IMPORTANCE = {
    "kind": "importance",
    "params": [{"name": "lr", "importance": 0.7, "low": 0.5, "high": 0.9, "direction": -0.8, "best": "0.1"}],
    "runs": 12,
    "explained": 0.83,
    "notice": "",
    "notes": ["2 runs are left out: loss is missing or not a number."],
}
RUNS = [
    numbered_run(
        at, NAME if at == 0 else f"net {at}", {"lr": f"{at // 2}", "seed": f"{at % 2}"}, {"loss": 1 / (1 + at)}
    )
    for at in range(12)
]


def answer(content):
    if content["kind"] == "importance":
        return IMPORTANCE
    if content["kind"] == "histories":
        return answer_histories(content, lambda run, _: [math.exp(-step / (10 + int(run, 16))) for step in range(40)])
    return {"kind": "error", "text": "not here"}


def download(page, form):
    with page.expect_download() as found:
        page.get_by_role("button", name=f"as {form}").filter(visible=True).first.click()
    return found.value.suggested_filename, found.value.path().read_bytes()


def texts(svg):
    return [one.text for one in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


@pytest.fixture
def opened(chromium):
    page = None

    def show(view):
        nonlocal page
        page = open_widget(
            chromium,
            Comparison(RUNS, "experiment digits", metric="loss"),
            view=view,
            selected=[f"{at:032x}" for at in range(4)],
            answer=answer,
        )
        return page

    yield show
    assert page.problems == []
    page.close()


@pytest.mark.parametrize(
    ("view", "ready", "name", "wanted"),
    [
        ({"tab": "curves"}, ".mm-legend-item", "loss", ["loss", "step", "0", "10", f"{SHOWN}   last 0.02024, best 0.02024"]),
        ({"tab": "charts", "charts": {"kind": "parallel"}}, ".mm-axis-head", "loss-parallel-coordinates", ["lr", "loss"]),
        ({"tab": "charts", "charts": {"kind": "scatter"}}, ".mm-scatter-touch", "loss-by-lr", ["lr", "loss"]),
        (
            {"tab": "charts", "charts": {"kind": "importance"}},
            ".mm-importance-table",
            "loss-importance",
            ["Importance for loss", "lr", "70%", "50% to 90%", "higher is better (\u03c1\u00a0\u22120.80)", IMPORTANCE["notes"][0]],
        ),
    ],
)  # fmt: skip
def test_an_svg_opens_by_itself_and_has_its_text_as_text(opened, view, ready, name, wanted):
    page = opened(view)
    page.locator(ready).first.wait_for()
    files = dict(download(page, form) for form in ("SVG", "PNG"))
    assert set(files) == {f"{name}.svg", f"{name}.png"}
    assert files[f"{name}.png"].startswith(b"\x89PNG")
    svg = files[f"{name}.svg"].decode()
    assert set(wanted) <= set(texts(svg))
    alone = page.context.browser.new_page()
    alone.route("**/*", lambda route: route.fulfill(body=svg, content_type="image/svg+xml"))
    alone.goto("http://127.0.0.1/picture.svg")
    assert alone.evaluate("document.documentElement.tagName") == "svg"
    box = alone.locator("text").first.bounding_box()
    alone.close()
    assert box["width"] > 5


def test_a_picture_of_means_has_their_bands_errors_and_sizes(opened):
    page = opened({"tab": "curves", "curves": {"grouped": True}})
    page.locator(".mm-legend-item").nth(1).wait_for()
    _, svg = download(page, "SVG")
    assert any(text.startswith("lr=0 (n=2)   last 0.0245 ± 0.0043, best 0.0245 ± 0.0043") for text in texts(svg))
    assert b'fill-opacity="0.18"' in svg


def test_the_best_value_of_averaged_seeds_is_that_of_the_curve(opened):
    page = opened({"tab": "curves", "curves": {"grouped": True}})
    first = page.locator(".mm-legend-item").first
    first.wait_for()
    assert first.locator(".mm-best").inner_text() == "0.0245 ± 0.0043"
    assert "n=2" in first.inner_text()
