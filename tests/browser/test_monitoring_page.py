"""The page of a model in service, in Chromium: what axe finds, the contrast of every text, and narrow windows."""

from datetime import UTC, datetime, timedelta

import pytest
from test_accessibility import AXE, CONTRAST

from mlmagic.monitoring.performance.performance import Performance
from mlmagic.monitoring.report import Alert, Day, MonitoringReport

START = datetime(2026, 5, 1, tzinfo=UTC)


def report():
    """Two months, labels of the first one only, and a column that drifts in the second one."""
    days = tuple(
        Day(
            f"{START + timedelta(days=at):%Y-%m-%d}",
            300 + at,
            300 if at < 30 else 0,
            {"3": 300},
            {"a": 0.5, "b": 0.3, "c": 0.2},
            (Performance("accuracy", 0.9 - at / 900, 0.88 - at / 900, 0.92 - at / 900, 300, is_estimate=at >= 30),),
            {f"a long name of column {one}": at / 60 if one == 0 else 0.02 * one for one in range(24)},
            ("a long name of column 0",) if at > 30 else (),
        )
        for at in range(60)
    )
    alerts = tuple(
        Alert(level, "drift", level, f"{level}: a column drifted " * 4, {}, START, START, is_new=level == "critical")
        for level in ("critical", "warning", "info")
    )
    whole = (Performance("accuracy", 0.9, 0.88, 0.92, 9000),)
    return MonitoringReport(
        "churn", START, START + timedelta(days=60), ("3", "4"), 19770, 9000, None, whole, whole, alerts, "day", days, ("a note",),
        limits={"accuracy": 0.85},
    )  # fmt: skip


@pytest.fixture(scope="module", params=["light", "dark"])
def page(chromium, request, tmp_path_factory):
    path = tmp_path_factory.mktemp("monitor") / "monitor.html"
    report().save(path)
    page = chromium.new_page(color_scheme=request.param, viewport={"width": 500, "height": 800})
    page.goto(path.as_uri())
    yield page
    page.close()


def test_axe_finds_nothing_serious(page):
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run('.mlmagic-monitor')).violations")
    assert [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found] == []


def test_every_text_stands_out(page):
    found = page.locator(".mlmagic-monitor").evaluate(CONTRAST)
    assert found["texts"] > 20
    assert not found["faint"]


def test_titles_and_plots_of_a_row_stand_side_by_side(page):
    page.set_viewport_size({"width": 1400, "height": 800})
    tops = {
        what: page.locator(f".charts figure {what}").evaluate_all(
            "all => all.slice(0, 3).map(one => Math.round(one.getBoundingClientRect().top))"
        )
        for what in ("figcaption", "svg")
    }
    assert [len(set(found)) for found in tops.values()] == [1, 1], tops
    assert page.locator(".chart .limit").count() == 1


@pytest.mark.parametrize("width", [500, 1400])
def test_nothing_is_wider_than_the_window_and_the_last_day_is_in_sight(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    last = page.locator(".heat tbody tr").first.locator("td").last.bounding_box()
    assert 0 <= last["x"] < width - last["width"]
