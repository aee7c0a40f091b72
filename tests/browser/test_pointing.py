"""What is pointed at in the table, a legend or a chart stands out in all of these."""

import pytest
from bare_widget import answer_histories, open_widget
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison

RUNS = [
    numbered_run(at, f"net {at}", {"lr": f"{at // 2}", "seed": f"{at % 2}"}, {"loss": 0.1 * (1 + at)})
    for at in range(8)
]


def answer(content):
    if content["kind"] != "histories":
        return {"kind": "error", "text": "not here"}
    return answer_histories(content, lambda run, _: [1.0 + int(run, 16), 0.1 * (1 + int(run, 16))])


@pytest.fixture
def opened(chromium):
    page = None

    def show(**view):
        nonlocal page
        selected = [f"{at:032x}" for at in range(4)]
        page = open_widget(
            chromium,
            Comparison(RUNS, "experiment digits", metric="loss"),
            view={"split": True, **view},
            selected=selected,
            answer=answer,
            width=1300,
        )
        return page

    yield show
    assert page.problems == []
    page.close()


def row(page, name):
    return page.locator(".mm-body .mm-row", has_text=name)


def pointed(page):
    return page.locator(".mm-body .mm-row.mm-pointed .mm-name").all_inner_texts()


def test_a_row_of_the_table_makes_its_line_stand_out_in_the_curves(opened):
    page = opened(tab="curves")
    page.locator(".mm-legend-item").nth(3).wait_for()
    row(page, "net 2").hover()
    page.locator(".mm-legend-item.mm-standing", has_text="net 2").wait_for()
    assert page.locator(".mm-legend-item.mm-standing").count() == 1
    page.mouse.move(5, 5)
    page.locator(".mm-legend-item.mm-standing").wait_for(state="detached")


def test_a_line_of_the_legend_marks_its_row(opened):
    page = opened(tab="curves")
    page.locator(".mm-legend-item", has_text="net 1").hover()
    page.locator(".mm-row.mm-pointed", has_text="net 1").wait_for()
    assert pointed(page) == ["net 1"]


def test_the_line_nearest_to_the_crosshair_marks_its_row(opened):
    page = opened(tab="curves")
    page.locator(".mm-legend-item").nth(3).wait_for()
    box = page.get_by_role("slider", name="loss: crosshair").bounding_box()
    page.mouse.move(box["x"] + 70, box["y"] + 15)
    page.locator(".mm-row.mm-pointed", has_text="net 3").wait_for()
    assert pointed(page) == ["net 3"]
    page.locator(".mm-legend-item.mm-standing", has_text="net 3").wait_for()


def test_a_group_of_the_table_makes_its_mean_stand_out_and_the_other_way_round(opened):
    page = opened(tab="curves", curves={"grouped": True}, group="configuration")
    page.locator(".mm-legend-item").nth(1).wait_for()
    row(page, "lr=1").hover()
    page.locator(".mm-legend-item.mm-standing", has_text="n=2").wait_for()
    page.locator(".mm-legend-item").first.hover()
    page.locator(".mm-row.mm-pointed", has_text="lr=0").wait_for()


COUNT = """() => [...document.querySelectorAll(".mm-layers canvas")].filter((one) => one.checkVisibility()).map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 3; at < data.length; at += 4) count += data[at] > 0;
  return count;
}).at(-1)"""


@pytest.mark.parametrize("kind", ["parallel", "scatter"])
def test_a_row_of_the_table_stands_out_in_a_chart_and_a_chart_marks_its_row(opened, kind):
    page = opened(tab="charts", charts={"kind": kind})
    page.locator(".mm-layers:visible").first.wait_for()
    page.mouse.move(5, 5)
    page.wait_for_function(f"({COUNT})() > 0")
    before = page.evaluate(COUNT)
    row(page, "net 6").hover()
    page.wait_for_function(f"(before) => ({COUNT})() > before", arg=before)
    page.locator(".mm-best-runs button", has_text="net 5").hover()
    page.locator(".mm-row.mm-pointed", has_text="net 5").wait_for()
    assert pointed(page) == ["net 5"]


def test_the_table_stays_above_the_charts_by_a_button_and_not_above_the_differences(opened):
    page = opened(tab="charts", split=False)
    page.get_by_role("button", name="Runs above").click()
    row(page, "net 0").wait_for()
    page.get_by_role("region", name="Runs").wait_for()
    page.get_by_role("tab", name="Differences").click()
    row(page, "net 0").wait_for(state="hidden")
    assert page.get_by_role("button", name="Runs above").count() == 0
