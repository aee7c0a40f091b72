"""The filter of the comparison waits while one types, and loses nothing of what is typed."""

import pytest
from bare_widget import open_widget, send_table
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison

FILTER = "() => models[0].get('view').filter ?? ''"


def made(count=20):
    return Comparison(
        [numbered_run(at, f"net {at}", {"depth": f"{at}"}, {"loss": 1 / (at + 1)}) for at in range(count)], "digits"
    )


@pytest.fixture
def page(chromium):
    """A comparison whose clock stands still."""
    page = open_widget(chromium, made())
    page.locator(".mm-body .mm-row").first.wait_for()
    page.clock.install()
    page.clock.pause_at("2100-01-01")
    yield page
    assert page.problems == []
    page.close()


def test_while_one_types_the_table_stays_and_then_it_is_filtered_once(page):
    page.evaluate("() => { window.changes = 0; models[0].on('change:view', () => window.changes++); }")
    page.get_by_placeholder("Filter").press_sequentially("depth < 3")
    assert page.evaluate(FILTER) == ""
    page.clock.run_for(200)
    page.wait_for_function(f"() => ({FILTER})() === 'depth < 3'")
    assert page.evaluate("window.changes") == 1
    assert page.locator(".mm-body .mm-row").count() == 3


@pytest.mark.parametrize("leave", ["Enter", "Tab"])
def test_who_ends_typing_does_not_wait(page, leave):
    page.get_by_placeholder("Filter").press_sequentially("depth < 3")
    page.get_by_placeholder("Filter").press(leave)
    assert page.evaluate(FILTER) == "depth < 3"


def test_a_table_that_arrives_meanwhile_leaves_what_is_typed(page):
    page.get_by_placeholder("Filter").press_sequentially("dep")
    send_table(page, made(30))
    page.get_by_placeholder("Filter").press_sequentially("th < 3")
    assert page.get_by_placeholder("Filter").input_value() == "depth < 3"
    page.clock.run_for(200)
    page.wait_for_function(f"() => ({FILTER})() === 'depth < 3'")


def test_clearing_does_not_wait(page):
    box = page.get_by_placeholder("Filter")
    box.press_sequentially("depth < 3")
    box.press("Escape")
    box.press("Escape")
    assert (box.input_value(), page.evaluate(FILTER)) == ("", "")
    page.clock.run_for(1000)
    assert page.evaluate(FILTER) == ""
