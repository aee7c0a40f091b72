"""The page of a model in service: what is asked first comes first, and odd values break nothing."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from pages import Page

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.performance.performance import Performance
from mlmagic.monitoring.report import Alert, Day, MonitoringReport
from mlmagic.views.monitoring.monitoring_report import monitoring_report_bundle

START = datetime(2026, 5, 1, tzinfo=UTC)
ODD = "<b>&\u202e\x1b[31m"


def report(days=(), **fields):
    fields = {"versions": ("3",), "rows": 900, "labelled": 450} | fields
    until = fields.pop("until", START + timedelta(days=30))
    return MonitoringReport("churn", START, until, days=tuple(days), **fields)


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
        "1 critical, 1 warning churn version 3 2026-05-01 to 2026-05-31 (UTC) 900 predictions, 50 % labelled"
    )
    assert "critical income drifted new, since 2026-05-01 00:00" in page.text
    assert "warning region drifted known, since 2026-05-01 00:00" in page.text
    assert text.splitlines()[:4] == [
        "churn · version 3 · 2026-05-01 to 2026-05-31 (UTC) · 900 predictions, 50 % labelled",
        "1 critical, 1 warning",
        "  ! critical: income drifted (new, since 2026-05-01 00:00)",
        "  ! warning: region drifted (known, since 2026-05-01 00:00)",
    ]


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
    assert "  accuracy  0.9123 [0.9, 0.925]  reference 0.95 [0.94, 0.96]" in text.splitlines()
    assert "from labels estimated (CBPE) reference" in page.text
    assert "accuracy 0.88 [0.86, 0.9] (estimated)" in text
    assert "2026-05-02: 0.88 [0.86, 0.9], estimated (CBPE)" in page.text
    assert page.html.count('class="mark estimate"') == 1
    assert page.html.count('class="line estimate"') == 1


def test_an_estimate_of_unchecked_probabilities_is_marked_everywhere():
    guess = Performance("accuracy", 0.9, math.nan, math.nan, 30, is_estimate=True, is_calibrated=False)
    page, text = both(report([day(0, performance=(guess,))], performance=(guess,)))
    kind = "estimated (CBPE), uncalibrated probabilities, not checked"
    assert f"accuracy 0.9 {kind}" in page.text
    assert page.text.count(kind) == 3  # the caption, the mark and the legend
    assert f"2026-05-01: 0.9, {kind}" in page.html
    assert f"  accuracy  0.9  {kind}" in text.splitlines()
    assert "accuracy 0.9 (estimated, not checked)" in text


def test_a_limit_is_in_text_and_page():
    found = (Performance("accuracy", 0.9, 0.8, 0.95, 30),)
    page, text = both(report([day(0, performance=found)], performance=found, limits={"accuracy": 0.7}))
    assert "accuracy 0.9 [0.8, 0.95] limit 0.7" in page.text
    assert "from labels limit" in page.text
    assert page.html.count('class="limit"') == 1
    assert "  accuracy  0.9 [0.8, 0.95]  limit 0.7" in text.splitlines()


def test_weeks_and_months_are_named_as_such():
    text = both(report([Day("2026-04-27", 30)], unit="week"))[1]
    assert "  week of 2026-04-27  30 predictions" in text.splitlines()
    assert "  2026-05  30 predictions" in both(report([Day("2026-05-01", 30)], unit="month"))[1].splitlines()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"judged": ("drift",)}, "No alert"),
        ({"judged": ("drift",), "unjudged": ("mae",)}, "No alert, but not judged: mae"),
        ({"rows": 0}, "No predictions"),
        ({}, "Never checked: neither limits nor a reference are recorded"),
        ({"last_check": START}, "Not judged: neither limits nor a reference are recorded"),
        ({"last_check": START, "judged": ("drift",)}, "No alert"),
    ],
)
def test_no_alert_is_said_where_something_was_judged(fields, said):
    found = report(**fields)
    page, text = both(found)
    assert text.splitlines()[1] == said
    assert page.text.startswith(said)
    assert f'<div class="how {"fine" if said == "No alert" else "info"}">' in page.html
    assert found.is_judged == (said == "No alert")


def test_a_report_is_printed_as_it_is_shown(tmp_path):
    found = report([day(0)], alerts=(alert(),))
    assert str(found) == both(found)[1]
    assert repr(found) == "<MonitoringReport of churn, 2026-05-01 to 2026-05-31: 900 predictions, 1 alert>"
    found.save(tmp_path / "page.html")
    assert both(found)[0].html in (tmp_path / "page.html").read_text()
    with pytest.raises(UsageProblem, match=r"nowhere.page.html' cannot be written: No such file or directory"):
        found.save(tmp_path / "nowhere" / "page.html")


def test_text_and_page_say_when_all_of_a_metric_is_estimated():
    page, text = both(report(performance=(Performance("accuracy", 0.9, 0.8, 0.95, 30, is_estimate=True),)))
    assert "accuracy 0.9 [0.8, 0.95] estimated (CBPE)" in page.text
    assert "  accuracy  0.9 [0.8, 0.95]  estimated (CBPE)" in text.splitlines()


def test_without_a_prediction_it_says_what_records_them():
    page, text = both(EMPTY["nothing"])
    assert page.text.startswith("No predictions churn")
    assert "fine" not in [value for _, name, value in page.attributes if name == "class"]
    for shown in (page.text, text):
        assert "no prediction is recorded in this period" in shown
        assert "ModelMonitor.predict(X) records predictions" in shown
        assert "%monitor churn --since 90d" in shown


def test_without_a_label_it_says_what_records_labels():
    page, text = both(report([day(0)], labelled=0))
    for shown in (page.text, text):
        assert "no label is known. ModelMonitor.actuals(ids, y) records labels" in shown
    estimate = Performance("accuracy", 0.9, 0.8, 0.95, 30, is_estimate=True)
    assert "actuals" not in both(report([day(0)], labelled=0, performance=(estimate,)))[1]


def test_many_metrics_do_not_hide_the_predictions():
    page, _ = both(report([day(0)], performance=tuple(Performance(f"m{at}", 0.5, 0.4, 0.6, 9) for at in range(9))))
    assert "predictions a day" in page.text
    assert "3 more metrics" in page.text
    assert {f"m{at}" for at in range(9)} <= set(page.text.split())


def test_the_text_fits_a_screen():
    performance = (Performance("accuracy", 0.9, 0.8, 0.95, 30),)
    found = report(
        [day(at, performance=performance) for at in range(30)],
        performance=performance,
        alerts=tuple(alert(what=f"c{at}") for at in range(20)),
    )
    lines = both(found)[1].splitlines()
    assert len(lines) < 24
    assert "    and 12 more alerts: report.alerts has all of them" in lines


def test_the_heat_map_is_a_table_that_can_be_read_and_reached_without_a_pointer():
    until = START + timedelta(days=3)
    page, text = both(report([day(at, distances={"b": 0.5}, drifted=("b",)) for at in range(3)], until=until))
    headers = [value for tag, name, value in page.attributes if tag == "th" and name == "scope"]
    assert headers == ["col"] * 3 + ["row"]
    assert "2026-05-02" in page.text
    assert ("div", "tabindex", "0") in page.attributes
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
    "no date": report([Day("first", 3), Day("second", 4)]),
    "metrics without days": report(performance=(Performance("r2", 0.5, 0.4, 0.6, 9),)),
    "100 alerts": report(alerts=tuple(alert(what=f"c{one}") for one in range(100))),
    "odd texts": MonitoringReport(
        ODD, START, START, (ODD,), 1, 1, alerts=(alert(what=ODD),), notes=(ODD,),
        days=(day(0, versions={ODD: 1}, predicted={ODD: 0.5, "b": 0.3, "c": 0.2}, distances={ODD: 0.5}, drifted=(ODD,),
                  performance=(Performance(ODD, 0.5, 0.4, 0.6, 9, note=ODD),)),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY)
def test_whatever_is_reported_is_shown(name, tmp_path):
    page, text = both(EMPTY[name])
    assert "nan" not in page.text.replace("nano", "").lower().split()
    assert "<b>&" not in page.html.replace("<b>&#9679;</b>", "")
    assert "\x1b" not in page.html + text
    assert "\u202e" not in page.html + text
    EMPTY[name].save(tmp_path / "page.html")
    whole = (tmp_path / "page.html").read_text()
    assert whole.startswith("<!doctype html>")
    assert "<script" not in whole


def test_many_days_and_columns_are_counted_not_shown():
    page, text = both(EMPTY["400 days"])
    assert "308 more days before: to_dataframe()" in page.text
    assert "and 393 days before: to_dataframe() has all of them" in text
    assert "180 more columns drifted less" in both(EMPTY["200 columns"])[0].text
    assert "and 70 more alerts" in both(EMPTY["100 alerts"])[0].text
