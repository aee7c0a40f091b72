"""What the table says of runs at a glance: whole names, when they began, and how many there are."""

import re
import time

import pytest
from bare_widget import answer_histories, open_widget
from light_runs import light_run, numbered_run

from mlmagic.comparison.compared_runs import Comparison

NAME = "gradient boosting with early stopping, second try"
MINUTE_MS = 60_000


def begun(at, ago_min, **tags):
    start = round(time.time() * 1000) - ago_min * MINUTE_MS
    tags = {key.replace("__", "."): value for key, value in tags.items()}
    return light_run(
        f"{NAME} {at}", {"lr": at}, {"loss": 1 / (at + 1)}, run_id=f"{at:032x}", tags=tags, start=start, end=start + 500
    )


RUNS = [
    begun(0, 3),
    begun(1, 2 * 24 * 60),
    begun(2, 90, mlflow__parentRunId=f"{1:032x}"),
]


@pytest.fixture
def opened(chromium):
    pages = []

    def show(runs=RUNS, **options):
        pages.append(open_widget(chromium, Comparison(runs, "experiment digits", metric="loss"), **options))
        return pages[-1]

    yield show
    for page in pages:
        assert page.problems == []
        page.close()


def answer_curves(content):
    if content["kind"] != "histories":
        return {"kind": "error", "text": "not here"}
    return answer_histories(content, lambda *_: [1.0, 0.5])


def cell(page, name, label):
    heading = page.locator(".mm-heading").filter(has=page.get_by_text(label, exact=True))
    row = page.locator(".mm-body .mm-row").filter(has=page.get_by_text(name, exact=True))
    return row.locator(f'[data-column="{heading.get_attribute("data-column")}"]')


def test_runs_below_another_one_are_counted_apart(opened):
    page = opened()
    page.locator(".mm-found", has_text=re.compile(r"^2 runs \+ 1 below$")).wait_for()
    page.get_by_role("combobox", name="Filter").fill("lr = 0")
    page.locator(".mm-found", has_text=re.compile("^1 of 2 runs$")).wait_for()
    page.get_by_role("tab", name="Charts").click()
    page.locator(".mm-chart-count", has_text=re.compile("^1 run that passes the filter$")).wait_for()
    page.get_by_role("tab", name="Runs").click()
    page.get_by_role("combobox", name="Filter").fill("")
    page.get_by_role("tab", name="Charts").click()
    page.locator(".mm-chart-count", has_text=re.compile(r"^2 runs \+ 1 below$")).wait_for()


def test_the_start_of_a_run_is_told_as_how_long_ago_and_exactly_in_the_title(opened):
    page = opened()
    page.locator(".mm-body .mm-row").first.wait_for()
    assert re.fullmatch(r"\d+ minutes ago", cell(page, f"{NAME} 0", "started").inner_text())
    assert cell(page, f"{NAME} 1", "started").inner_text() == "2 days ago"
    assert re.match(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", cell(page, f"{NAME} 1", "started").get_attribute("title"))


def test_names_and_badges_are_whole_where_there_is_room_and_the_columns_still_fit(opened):
    def answer(content):
        if content["kind"] == "aliases":
            return {"kind": "aliases", "aliases": {f"{0:032x}": ["digits@champion"]}}
        return {"kind": "error", "text": "not here"}

    page = opened(width=1400, answer=answer)
    page.locator(".mm-badge-alias").wait_for()
    page.wait_for_function(
        """() => [...document.querySelectorAll('.mm-body :is(.mm-name, .mm-badge-alias, .mm-shared)')]
            .every((one) => one.scrollWidth <= one.clientWidth)"""
    )
    assert page.locator(".mm-grid").evaluate("(one) => one.scrollWidth <= one.clientWidth")


def test_the_legend_of_curves_names_each_metric_whole_in_a_narrow_page(opened):
    runs = [numbered_run(at, f"net {at}", {}, {"train_loss": 1, "validation_loss": 1, "accuracy": 1}) for at in (0, 1)]
    page = opened(
        runs,
        width=500,
        view={"tab": "curves"},
        selected=[f"{at:032x}" for at in (0, 1)],
        answer=answer_curves,
    )
    page.locator(".mm-legend-head > span").nth(2).wait_for()
    heads = page.locator(".mm-legend-head > span")
    assert [one.split()[0] for one in heads.all_text_contents()] == ["train_loss", "validation_loss", "accuracy"]
    assert heads.evaluate_all("(all) => all.every((one) => one.scrollWidth <= one.clientWidth)")
    assert page.locator(".mm-legend").evaluate("(one) => one.scrollWidth <= one.clientWidth")


@pytest.mark.parametrize("tab", ["curves", "charts"])
def test_a_theme_that_is_switched_on_the_root_of_the_page_is_followed(opened, tab):
    """Google Colab does so."""
    runs = [numbered_run(at, f"net {at}", {"lr": f"{at}"}, {"loss": at}) for at in range(3)]
    page = opened(
        runs,
        view={"tab": tab},
        selected=[f"{at:032x}" for at in range(3)],
        answer=answer_curves,
    )
    page.locator(f".mm-{tab} canvas").first.wait_for()
    pictures = f"[...document.querySelectorAll('.mm-{tab} canvas')].map((one) => one.toDataURL()).join()"
    page.wait_for_function(f"() => (window.before === {pictures}) || (window.before = {pictures}, false)")
    page.evaluate("document.documentElement.setAttribute('theme', 'dark')")
    page.wait_for_function(f"() => window.before !== {pictures}")
