"""A comparison that is open while a cell trains: it follows the run, and is used meanwhile; then the kernel restarts."""

import re

import pytest
from playwright.sync_api import expect

RUNS = """
import mlflow
for at in range(30):
    with mlmagic.track(f"forest {at}", quiet=True):
        mlmagic.log_params(depth=at % 4)
        for step in range(5):
            mlmagic.log(loss=1 / (step + at + 1), step=step)
"""
TRAINING = """
import time
with mlmagic.track("in training", quiet=True):
    mlmagic.log_params(depth=9)
    for step in range(100):
        time.sleep(0.1)
        mlmagic.log(loss=1.0 - step / 200, step=step)
"""


@pytest.fixture(scope="module")
def widget(lab):
    lab.run(RUNS)
    output = lab.run("widget = mlmagic.compare()\nwidget")
    found = output.locator(".mlmagic-compare")
    found.wait_for()
    return found


def row(widget, name):
    return widget.locator(".mm-body .mm-row", has_text=name).first


def loss_of(widget, name):
    columns = widget.locator(".mm-heading").evaluate_all("all => all.map((one) => one.title)")
    at = next(place for place, title in enumerate(columns) if title.startswith("loss"))
    return row(widget, name).locator(f'[data-column="{at}"]').inner_text()


def test_a_widget_follows_a_cell_that_trains_and_is_used_meanwhile(lab, widget):
    time_read = widget.locator(".mm-live time")
    before = time_read.inner_text()
    assert re.fullmatch(r"\d\d:\d\d:\d\d", before)
    cell = lab.start(TRAINING)
    row(widget, "in training").wait_for(timeout=8_000)
    widget.locator(".mm-status", has_text="New run: in training.").wait_for(timeout=8_000)
    assert "running" in row(widget, "in training").inner_text()
    first = loss_of(widget, "in training")

    # Select it and look at its curve: it grows by itself.
    row(widget, "in training").locator('[data-do="check"]').first.click()
    widget.get_by_placeholder("Filter").fill("depth = 9 or depth = 3")
    widget.get_by_placeholder("Filter").press("Enter")
    widget.locator(".mm-toolbar, .mm-bar").get_by_text("of 31 runs").first.wait_for()
    widget.locator(".mm-body .mm-row", has_text="in training").filter(has_not_text=first).wait_for(timeout=5_000)
    assert widget.get_by_placeholder("Filter").input_value() == "depth = 9 or depth = 3"
    assert widget.get_by_placeholder("Filter").evaluate("one => one === document.activeElement")
    assert row(widget, "in training").get_attribute("aria-selected") == "true"
    widget.locator('.mm-heading[title^="loss"] .mm-label').click()

    widget.get_by_role("tab", name="Curves").click()
    legend = widget.locator(".mm-legend-item .mm-value").first
    legend.wait_for(timeout=8_000)
    last = legend.inner_text()
    lab.page.wait_for_function(
        "(last) => document.querySelector('.mlmagic-compare .mm-legend-item .mm-value').innerText !== last",
        arg=last,
        timeout=8_000,
    )
    assert lab.runs(cell), "all of it was while the cell was running"
    widget.get_by_role("tab", name="Runs").click()
    lab.idle()
    widget.locator(".mm-body .mm-row", has_text="in training").get_by_text("finished").wait_for(timeout=8_000)
    lab.page.wait_for_function(
        "(before) => document.querySelector('.mlmagic-compare .mm-live time').innerText !== before", arg=before
    )
    lab.assert_clean()


def test_the_switch_stops_it_and_the_button_reads_once(lab, widget):
    widget.get_by_placeholder("Filter").fill("name ~ quiet")
    widget.get_by_placeholder("Filter").press("Enter")
    switch = widget.get_by_role("switch", name="Live")
    assert switch.get_attribute("aria-checked") == "true"
    switch.click()
    assert switch.get_attribute("aria-checked") == "false"
    assert lab.check("widget.live") == "False"
    assert lab.check("import threading; [one.name for one in threading.enumerate() if 'live' in one.name]") == "[]"
    lab.run("with mlmagic.track('quiet one', quiet=True):\n    mlmagic.log(loss=0.5)")
    widget.get_by_text("No run matches the filter.").wait_for()
    widget.get_by_role("button", name="Refresh").click()
    row(widget, "quiet one").wait_for()
    widget.locator(".mm-status", has_text="New run: quiet one.").wait_for()
    lab.screenshot("live", widget)


def test_a_store_that_is_away_is_told_in_one_line_and_comes_back(lab, widget):
    widget.get_by_role("switch", name="Live").click()
    lab.run("import os; os.rename('mlflow.db', 'away.db')")
    told = widget.locator(".mm-live .mm-warning")
    told.wait_for(timeout=10_000)
    assert re.fullmatch(r"The store sqlite:.*mlflow\.db is not there\. Shown as of \d\d:\d\d:\d\d\.", told.inner_text())
    lab.run("os.rename('away.db', 'mlflow.db')")
    widget.get_by_role("button", name="Refresh").click()
    widget.locator(".mm-live time").wait_for()


def test_a_cell_that_is_run_again_shows_the_table_as_it_was_left(lab, widget):
    cell = "mlmagic.compare('depth < 3')"
    first = lab.run(cell).locator(".mlmagic-compare")
    first.get_by_placeholder("Filter").fill("depth = 1")
    first.get_by_placeholder("Filter").press("Enter")
    first.locator(".mm-bar").get_by_text(" of ").first.wait_for()
    assert first.get_by_role("button", name="Reset").is_visible()
    lab.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    lab.idle()
    box = lab.page.locator(".mlmagic-compare").last.get_by_placeholder("Filter")
    expect(box).to_have_value("depth = 1")
    lab.page.locator(".mlmagic-compare").last.get_by_role("button", name="Reset").click()
    expect(box).to_have_value("")


def test_after_a_restart_it_says_so_and_goes_on_read_only(lab, widget):
    lab.restart()
    widget.locator(".mm-live", has_text="The kernel was restarted: read-only. Run the cell again.").wait_for()
    assert widget.get_by_role("button", name="Refresh").count() == 0
    widget.get_by_placeholder("Filter").fill("depth = 9")
    widget.get_by_placeholder("Filter").press("Enter")
    widget.locator(".mm-bar").get_by_text("1 of").first.wait_for()
    row(widget, "in training").wait_for()
    widget.locator('.mm-heading[title^="depth"] .mm-label').click()
    widget.get_by_role("tab", name="Curves").click()
    widget.locator(".mm-curves canvas").first.wait_for()  # these were read before
    lab.screenshot("restarted", widget)
    lab.assert_clean()
