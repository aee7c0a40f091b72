"""Runs that failed or were killed, in the table, the curves and the charts: in sight, but not the best."""

import pytest
from bare_widget import answer_histories, open_widget
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison

LOSSES = {0: 0.5, 1: 0.4, 2: 0.01, 3: 0.7, 4: 0.6, 5: 0.02}


def comparison():
    runs = []
    for at, loss in LOSSES.items():
        run = numbered_run(at, f"net {at}", {"lr": f"{at // 3}", "seed": f"{at % 3}"}, {"loss": loss})
        run.info.status = {2: "FAILED", 5: "KILLED"}.get(at, "FINISHED")
        runs.append(run)
    return Comparison(runs, "experiment digits", metric="loss")


def answer(content):
    if content["kind"] != "histories":
        return {"kind": "error", "text": "not here"}
    return answer_histories(content, lambda run, _: [1 + LOSSES[int(run, 16)], LOSSES[int(run, 16)]])


@pytest.fixture
def opened(chromium):
    page = None

    def show(**view):
        nonlocal page
        selected = [f"{at:032x}" for at in LOSSES]
        page = open_widget(chromium, comparison(), view=view, selected=selected, answer=answer, width=1300)
        return page

    yield show
    assert page.problems == []
    page.close()


def names(page):
    return page.locator(".mm-body .mm-row .mm-name").all_inner_texts()


def test_the_best_run_is_none_that_failed_unless_they_are_asked_for(opened):
    page = opened(sort=[{"column": "metric:loss", "descending": False}])
    page.locator(".mm-best", has_text="0.4").wait_for()
    assert names(page) == ["net 1", "net 0", "net 4", "net 3", "net 2", "net 5"]
    page.get_by_role("button", name="Rank 1 failed, 1 killed").click()
    page.locator(".mm-best", has_text="0.01").wait_for()
    assert names(page)[:2] == ["net 2", "net 5"]


def test_a_group_says_how_many_failed_and_averages_the_others(opened):
    page = opened(group="configuration")
    first = page.locator(".mm-group", has_text="lr=0")
    assert "3 runs, 1 failed" in first.inner_text()
    assert "0.450 ± 0.050" in first.inner_text()
    page.get_by_label("Filter").fill("status != RUNNING")
    first.get_by_text("0.30 ± 0.15").wait_for()


def test_averaged_curves_leave_them_out_and_say_so(opened):
    page = opened(tab="curves", curves={"grouped": True})
    page.get_by_text("Not averaged: 1 failed, 1 killed.").wait_for()
    lines = page.locator(".mm-legend-item").all_inner_texts()
    assert "n=2, 1 failed" in lines[0]
    assert "n=2, 1 killed" in lines[1]
    assert "0.450 ± 0.050" in lines[0]


def test_below_the_charts_the_best_are_those_that_ended_well(opened):
    page = opened(tab="charts")
    page.locator(".mm-best-runs button").first.wait_for()
    best = page.locator(".mm-best-runs button .mm-name").all_inner_texts()
    assert best == ["net 1", "net 0", "net 4", "net 3"]
