"""By what served rows are put together: enough of them each, and no more parts than a page shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import mlmagic
from mlmagic.monitoring.days import unit_of
from mlmagic.monitoring.serving.columns import TIME

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("days", "rows_a_day", "unit"),
    [(1, 1, "day"), (7, 1, "day"), (8, 1, "week"), (60, 1, "month"), (30, 20, "day"), (30, 5, "week"), (30, 1, "week"), (92, 20, "day"), (140, 20, "week"), (900, 20, "month")],
)  # fmt: skip
def test_days_unless_they_have_few_rows_or_are_many(days, rows_a_day, unit):
    times = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=at // rows_a_day) for at in range(days * rows_a_day)]
    assert unit_of(pa.table({TIME: pa.array(times, pa.timestamp("us", "UTC"))})) == unit


@pytest.fixture
def monitor(store_uri):
    made = []

    def make(name="churn/3", **options):
        made.append(mlmagic.ModelMonitor(name, loaded=lambda rows: np.zeros(len(rows)), **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


ROWS = pd.DataFrame({"a": np.arange(1000.0)})


def test_a_few_predictions_of_today_are_shown_as_of_today(monitor):
    monitor().predict(ROWS[:3])
    report = mlmagic.monitoring_report("churn")
    assert [(one.day, one.rows) for one in report.days] == [(f"{NOW:%Y-%m-%d}", 3)]
    assert f"  {NOW:%Y-%m-%d}  3 predictions" in str(report)


def test_of_a_sample_all_that_was_served_counts_and_labels_of_other_rows_are_no_surprise(monitor):
    served = monitor(sample=0.1)
    served.predict(ROWS, ids=range(1000), at=[NOW - DAY] * 400 + [NOW - 3 * DAY] * 600)
    served.predict(ROWS[:500], at=NOW - DAY)
    served.actuals(range(1000), [0.0] * 1000)
    for report in (served.report(), mlmagic.monitoring_report("churn")):
        assert report.served == 1500
        assert 80 < report.rows < 250
        assert [one.served for one in report.days] == [600, 900]
        assert f"1,500 predictions, of which a sample of {report.rows} is recorded" in str(report)
        assert not any("label" in note for note in report.notes)
    served.actuals([f"x{one}" for one in range(100)], [0.0] * 100)
    assert any("that are none of a recorded prediction, such as 'x" in note for note in served.report().notes)


def test_labels_of_predictions_before_the_period_are_no_surprise(monitor):
    served = monitor()
    served.predict(ROWS, ids=range(1000), at=NOW - 9 * DAY)
    served.predict(ROWS[:10], ids=[f"n{one}" for one in range(10)])
    served.actuals(range(1000), [0.0] * 1000)
    assert not any("label" in note for note in served.check(since="2h").notes)
    served.actuals(["r2"], [0.0])
    assert "1 label has an id that is none of a recorded prediction, such as 'r2'" in served.check(since="2h").notes
    assert any("such as 'r2'" in note for note in mlmagic.monitoring_report("churn", since="2h").notes)


def test_labels_of_another_version_are_no_surprise(monitor):
    old, new = monitor("churn/3"), monitor("churn/4")
    old.predict(ROWS[:5], ids=range(5))
    new.predict(ROWS[:5], ids=range(5, 10))
    old.actuals(range(10), [0.0] * 10)
    assert not any("label" in note for note in new.report().notes)
