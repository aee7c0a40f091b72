"""Long names and means in the table, the legend and below the charts: what tells them apart is in sight."""

import pytest
from bare_widget import answer_histories, open_widget
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison

PREFIX = "resnet50-imagenet-pretrained-augmented-"
RUNS = [
    numbered_run(
        at,
        f"{PREFIX}lr{at // 3}-seed{at % 3}",
        {
            "optimizer.learning_rate": f"0.00{1 + at // 3}",
            "scheduler.warmup_steps": f"{at // 3}00",
            "seed": f"{at % 3}",
        },
        {"validation_loss": 0.512345 + 0.00012 * at, "accuracy": 0.91 + 0.00013 * at},
    )
    for at in range(9)
]


def answer(content):
    if content["kind"] != "histories":
        return {"kind": "error", "text": "not here"}
    return answer_histories(content, lambda run, _: [1.0, 0.5 + 0.00012 * int(run, 16)])


@pytest.fixture
def opened(chromium):
    page = None

    def show(width=1000, **view):
        nonlocal page
        selected = [f"{at:032x}" for at in range(9)]
        page = open_widget(
            chromium,
            Comparison(RUNS, "experiment digits", metric="validation_loss"),
            view=view,
            selected=selected,
            answer=answer,
            width=width,
        )
        return page

    yield show
    assert page.problems == []
    page.close()


WHOLE = "(all) => all.length > 0 && all.every((one) => one.scrollWidth <= one.clientWidth)"


@pytest.mark.parametrize("width", [500, 1400])
def test_in_the_table_the_part_of_a_name_that_differs_is_whole_and_the_title_has_all(opened, width):
    page = opened(width)
    page.locator(".mm-body .mm-own").first.wait_for()
    assert page.locator(".mm-body .mm-own").first.inner_text() == "lr0-seed0"
    assert page.locator(".mm-body .mm-own").evaluate_all(WHOLE)
    assert page.locator(".mm-body [data-column='0']").first.get_attribute("title") == f"{PREFIX}lr0-seed0"


def test_means_are_not_cut_with_their_errors(opened):
    page = opened(group="configuration")
    page.locator(".mm-mean").first.wait_for()
    assert "±" in page.locator(".mm-mean").first.inner_text()
    assert page.locator(".mm-body .mm-mean").evaluate_all(WHOLE)
    assert page.locator(".mm-body .mm-group .mm-name").evaluate_all(WHOLE)


@pytest.mark.parametrize("width", [500, 1400])
def test_in_the_legend_and_below_the_charts_too(opened, width):
    page = opened(width, tab="curves")
    page.locator(".mm-legend-item .mm-own").nth(8).wait_for()
    assert page.locator(".mm-legend-item .mm-own").evaluate_all(WHOLE)
    page.get_by_role("tab", name="Charts").click()
    page.locator(".mm-best-runs .mm-own").first.wait_for()
    assert page.locator(".mm-best-runs .mm-own").evaluate_all(WHOLE)
