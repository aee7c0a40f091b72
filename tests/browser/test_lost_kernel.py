"""A comparison whose kernel is gone: what the table holds can be read, and nothing looks as if it could be changed."""

import pytest
from bare_widget import open_widget
from light_runs import numbered_run
from test_accessibility import CONTRAST

from mlmagic.comparison.compared_runs import Comparison

LOSE = "() => { for (const one of [...models[0].handlers.comm_live_update]) one(); }"
EVIL = "<img src=x onerror=window.injected=1>"


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def page(chromium, request):
    params = {"lr": "0.1", "optimizer": EVIL}
    runs = [
        numbered_run(
            at, f"net {at}", {**params, "depth": f"{at}"}, {"loss": 0.123456789 / (at + 1)}, tags={"team": "vision"}
        )
        for at in range(3)
    ]
    page = open_widget(chromium, Comparison(runs, "digits", metric="loss"), is_dark=request.param, width=500)
    page.evaluate(LOSE)
    yield page
    assert page.problems == []
    assert page.evaluate("window.injected") is None
    page.close()


def test_the_page_of_a_run_has_the_facts_of_the_table(page):
    page.locator(".mm-body .mm-name", has_text="net 1").dblclick()
    shown = page.locator(".mm-page")
    shown.get_by_role("heading", name="net 1", exact=True).wait_for()
    assert "The kernel was restarted or shut down." in shown.get_by_role("alert").inner_text()
    text = " ".join(shown.inner_text().split())
    for fact in (
        "loss 0.06173",
        "depth 1",
        "lr 0.1",
        f"optimizer {EVIL}",
        "team vision",
        "status FINISHED",
        "duration 0.50 s",
    ):
        assert fact in text, fact
    assert shown.get_by_title("0.0617283945", exact=False).count() == 1
    for name in ("Try again", "Archive", "Delete …", "Add tag"):
        assert shown.get_by_role("button", name=name).count() == 0
    assert shown.evaluate(CONTRAST)["faint"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shown.get_by_role("button", name="Next run").click()
    shown.get_by_role("heading", name="net 2", exact=True).wait_for()


def test_two_clicks_open_the_run_of_the_first_one_although_it_moves_the_lines(page):
    page.locator(".mm-body .mm-name", has_text="net 2").dblclick()
    page.locator(".mm-page").get_by_role("heading", name="net 2", exact=True).wait_for()


def test_the_table_is_filtered_and_sorted_still(page):
    page.get_by_placeholder("Filter").fill("depth > 0")
    page.wait_for_function("() => document.querySelectorAll('.mm-body .mm-row').length === 2")
    page.locator('.mm-heading[title^="name"] .mm-label').click()
    assert page.locator(".mm-body .mm-row").count() == 2
