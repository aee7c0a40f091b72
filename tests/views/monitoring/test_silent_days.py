"""Days without a prediction have their place on a chart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlmagic.monitoring.report import Day, MonitoringReport
from mlmagic.views.monitoring.monitoring_report import monitoring_report_bundle
from mlmagic.views.monitoring.silent_days import with_silent_days

START = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("unit", "names", "expected"),
    [
        ("day", ["2026-02-27", "2026-03-02"], ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]),
        ("week", ["2026-05-04", "2026-05-18"], ["2026-05-04", "2026-05-11", "2026-05-18"]),
        ("month", ["2025-11-01", "2026-02-01"], ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"]),
        ("day", ["2026-05-02", "2026-05-01"], ["2026-05-02", "2026-05-01"]),
        ("day", ["2026-05-01", "soon"], ["2026-05-01", "soon"]),
        ("day", ["0001-01-01", "9999-12-31"], ["0001-01-01", "9999-12-31"]),
        ("day", ["9999-12-30", "9999-12-31"], ["9999-12-30", "9999-12-31"]),
        ("week", ["9999-12-30", "9999-12-31"], ["9999-12-30", "9999-12-31"]),
        ("day", [], []),
    ],
)
def test_what_is_between_is_filled(unit, names, expected):
    days = [Day(name, 5) for name in names]
    assert [one.day for one in with_silent_days(days, unit, START, 0)] == expected


@pytest.mark.parametrize(
    ("unit", "last", "until", "after"),
    [
        ("day", "2026-05-01", datetime(2026, 5, 3, 12, tzinfo=UTC), ["2026-05-02", "2026-05-03"]),
        ("day", "2026-05-01", datetime(2026, 5, 3, tzinfo=UTC), ["2026-05-02"]),
        ("day", "2026-05-03", datetime(2026, 5, 3, 12, tzinfo=UTC), []),
        ("week", "2026-05-04", datetime(2026, 5, 20, tzinfo=UTC), ["2026-05-11", "2026-05-18"]),
        ("month", "2026-03-01", datetime(2026, 5, 20, tzinfo=UTC), ["2026-04-01", "2026-05-01"]),
        ("day", "soon", datetime(2026, 5, 20, tzinfo=UTC), []),
    ],
)
def test_what_comes_after_the_last_prediction_is_empty(unit, last, until, after):
    found = with_silent_days([Day(last, 5)], unit, until, 92)
    assert [(one.day, one.rows) for one in found] == [(last, 5), *((name, 0) for name in after)]
    assert len(with_silent_days([Day(last, 5)], unit, until, 1)) == 1


def test_a_model_that_stopped_says_when():
    report = MonitoringReport("churn", START, datetime(2026, 5, 9, tzinfo=UTC), rows=5, days=(Day("2026-05-02", 5),))
    shown = monitoring_report_bundle(report)
    assert "the last predictions are of 2026-05-02" in shown["text/plain"]
    assert "<title>2026-05-08: 0 predictions</title>" in shown["text/html"]
    report = MonitoringReport("churn", START, datetime(2026, 5, 3, tzinfo=UTC), rows=5, days=(Day("2026-05-02", 5),))
    assert "the last" not in monitoring_report_bundle(report)["text/plain"]


def test_an_outage_is_seen_on_the_page():
    days = (
        Day("2026-05-01", 5, predicted=1.0),
        Day("2026-05-02", 5, predicted=1.5),
        Day("2026-05-05", 5, predicted=2.0),
    )
    html = monitoring_report_bundle(
        MonitoringReport(
            "churn", datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 6, tzinfo=UTC), rows=15, days=days
        )
    )["text/html"]
    assert "<title>2026-05-04: 0 predictions</title>" in html
    assert html.count("<polyline") == 1
