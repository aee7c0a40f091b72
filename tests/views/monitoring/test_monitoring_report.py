"""The page of a model in service: what is asked first comes first, and odd values break nothing."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from pages import Page

from mlmagic.monitoring.performance.performance import Performance
from mlmagic.monitoring.report import Alert, Day, MonitoringReport
from mlmagic.views.monitoring.charts import Point, bars_svg, line_svg
from mlmagic.views.monitoring.monitoring_report import monitoring_report_bundle
from mlmagic.views.monitoring.page import write_page

START = datetime(2026, 5, 1, tzinfo=UTC)
ODD = "<b>&\u202e\x1b[31m"


def report(days=(), **fields):
    fields = {"versions": ("3",), "rows": 900, "labelled": 450} | fields
    return MonitoringReport("churn", START, START + timedelta(days=30), days=tuple(days), **fields)


def alert(level="critical", what="income drifted", *, is_new=True):
    return Alert(level, "drift", what, what, {}, START, START, "churn", "3", is_new)


def day(at, **fields):
    return Day(f"{START + timedelta(days=at):%Y-%m-%d}", **({"rows": 30} | fields))


def both(found):
    bundle = monitoring_report_bundle(found)
    page = Page(bundle["text/html"])
    assert page.problems == []
    page.html = bundle["text/html"]
    return page, bundle["text/plain"]


def test_alerts_come_first_and_say_since_when():
    page, text = both(report(alerts=(alert(), alert("warning", "region drifted", is_new=False))))
    assert page.text.startswith(
        "1 critical, 1 warning churn · version 3 · 2026-05-01 to 2026-05-31 (UTC) · 900 predictions, 50 % labelled"
    )
    assert "critical income drifted new · since 2026-05-01 00:00" in page.text
    assert "  ! warning: region drifted (since 2026-05-01 00:00)" in text.splitlines()


def test_a_metric_is_its_value_its_interval_and_whether_it_is_an_estimate():
    found = Performance("accuracy", 0.91234, 0.9, 0.925, 900)
    guess = Performance("accuracy", 0.88, 0.86, 0.9, 30, is_estimate=True)
    page, text = both(
        report(
            [day(0, performance=(found,)), day(1, performance=(guess,))],
            performance=(found,),
            baseline=(Performance("accuracy", 0.95, 0.94, 0.96, 2000),),
        )
    )
    assert "accuracy 0.9123 [0.9, 0.925] reference 0.95" in page.text
    assert "estimated from probabilities (CBPE)" in page.text
    assert "accuracy 0.88 [0.86, 0.9] (estimated)" in text
    assert page.html.count("mark estimate") == 1


def test_the_heat_map_marks_what_drifted_and_has_the_worst_column_first():
    days = [day(at, distances={"a": 0.01, "b": 0.3 + at / 10}, drifted=("b",)) for at in range(3)]
    page, text = both(report(days))
    assert page.html.index("<bdi>b</bdi>") < page.html.index("<bdi>a</bdi>")
    assert page.html.count("&#9679;</td>") == 3
    assert 'title="2026-05-03: distance 0.500, drifted"' in page.html
    assert "drifted: b" in text


EMPTY = {
    "nothing": report(rows=0, labelled=0, versions=(), notes=("no prediction is recorded in this period",)),
    "a day": report([day(0)]),
    "400 days": report([day(at, distances={"a": 0.1}) for at in range(400)]),
    "200 columns": report([day(at, distances={f"c{one}": one / 200 for one in range(200)}) for at in range(2)]),
    "numbers that are none": report(
        [day(0, predicted=math.inf, performance=(Performance("r2", math.nan, math.nan, math.nan, 1, note="one row"),))],
        performance=(Performance("r2", math.inf, -math.inf, math.inf, 1),),
    ),
    "constant values": report([day(at, predicted=0.0) for at in range(3)]),
    "100 alerts": report(alerts=tuple(alert(what=f"c{one}") for one in range(100))),
    "odd texts": MonitoringReport(
        ODD, START, START, (ODD,), 1, 1, alerts=(alert(what=ODD),), notes=(ODD,),
        days=(day(0, versions={ODD: 1}, predicted={ODD: 1.0}, distances={ODD: 0.5}, drifted=(ODD,),
                  performance=(Performance(ODD, 0.5, 0.4, 0.6, 9, note=ODD),)),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY)
def test_whatever_is_reported_is_shown(name, tmp_path):
    page, text = both(EMPTY[name])
    assert "nan" not in page.text.replace("nano", "").lower().split()
    assert "<b>&" not in page.html
    assert "\x1b" not in page.html + text
    assert "\u202e" not in page.html + text
    write_page(EMPTY[name], tmp_path / "page.html")
    whole = (tmp_path / "page.html").read_text()
    assert whole.startswith("<!doctype html>")
    assert "<script" not in whole


def test_many_days_and_columns_are_counted_not_shown():
    page, text = both(EMPTY["400 days"])
    assert "340 days before are in to_dataframe()" in page.text
    assert "and 390 days before: to_dataframe() has all of them" in text
    assert "180 more columns drifted less" in both(EMPTY["200 columns"])[0].text
    assert "and 70 more alerts" in both(EMPTY["100 alerts"])[0].text


def test_a_gap_is_not_drawn_over():
    svg, _ = line_svg([Point("", one) for one in (1.0, 2.0, math.nan, 3.0, 4.0)], label="x")
    assert svg.count("<polyline") == 2
    assert line_svg([Point("", math.nan)], label="x") == ("", None)
    assert bars_svg([("a", 0.0)], label="x") == ""
