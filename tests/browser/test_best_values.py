"""Which value of a metric with steps the table shows: chosen in the heading's menu, the best one where it ranks."""

import pytest
from bare_widget import open_widget
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison
from mlmagic.store.query.histories.extremes import Extremes


def made():
    """Three runs: by the last value ``late`` is the best, by the best one ``early``; ``single`` has no steps."""
    last = {"early": 0.61, "late": 0.52, "single": 0.57}
    runs = [numbered_run(at, name, {}, {"loss": value}) for at, (name, value) in enumerate(last.items())]
    found = {
        (runs[0].info.run_id, "loss"): Extremes(0.21, 0.93, 3, 0),
        (runs[1].info.run_id, "loss"): Extremes(0.34, 0.95, 12, 0),
    }
    return Comparison(runs, "three", extremes=found)


@pytest.fixture
def page(chromium):
    opened = open_widget(chromium, made())
    opened.locator(".mm-body .mm-row").first.wait_for()
    yield opened
    assert opened.problems == []
    opened.close()


def column(page):
    """Return the names of the runs and what stands in the column of the metric, from top to bottom."""
    rows = page.locator(".mm-body .mm-row").all()
    at = heading(page).get_attribute("aria-colindex")
    return [
        (
            row.locator(".mm-name").first.inner_text(),
            " ".join(row.locator(f"[aria-colindex='{at}']").inner_text().split()),
        )
        for row in rows
    ]


def heading(page):
    return page.locator(".mm-heading", has_text="loss")


def choose(page, value):
    heading(page).hover()
    heading(page).get_by_role("button", name="Menu of loss").click()
    page.get_by_role("menuitemcheckbox", name=value).click()


def test_a_ranking_is_by_the_best_value_which_the_heading_says(page):
    assert [value for _, value in column(page)] == ["0.6100", "★ best 0.5200", "0.5700"]
    assert "best" not in heading(page).inner_text()
    heading(page).locator(".mm-label").click()
    heading(page).get_by_text("best", exact=True).wait_for()
    assert column(page) == [("early", "★ best 0.2100"), ("late", "0.3400"), ("single", "0.5700")]
    title = page.locator(".mm-body .mm-row").first.locator(".mm-best").get_attribute("title")
    assert title == "0.21 at step 3; last 0.61"


def test_another_value_is_chosen_in_the_menu_and_stays(page):
    heading(page).locator(".mm-label").click()
    choose(page, "Last value")
    assert column(page)[0] == ("late", "★ best 0.5200")
    choose(page, "Highest value")
    heading(page).get_by_text("max", exact=True).wait_for()
    assert sorted(value for _, value in column(page)) == ["0.9300", "0.9500", "★ best 0.5700"]
    assert page.evaluate("models[0].get('view').values") == {"metric:loss": "max"}


def test_a_filter_compares_the_last_value_whatever_is_shown(page):
    heading(page).locator(".mm-label").click()
    page.get_by_role("combobox", name="Filter").fill("loss < 0.55")
    page.get_by_role("combobox", name="Filter").press("Enter")
    page.locator(".mm-found", has_text="1 of 3").wait_for()
    assert column(page) == [("late", "0.3400")]
