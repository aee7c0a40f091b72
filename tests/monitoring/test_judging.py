"""What a check or a report judges: by evidence only, and a report by itself where no check was made."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import mlmagic
from mlmagic import cli
from mlmagic.errors import UsageProblem
from mlmagic.monitoring.records.reading import read_rows

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def sign(rows):
    """Predict 1 where the first column is positive."""
    return (rows["a"] > 0).astype(int).to_numpy()


class TooSure:
    """Is right in three of four rows, and has a probability of 0.99 for each."""

    classes_ = np.array([0, 1])

    def predict(self, rows):
        return sign(rows)

    def predict_proba(self, rows):
        sure = np.where(rows["a"] > 0, 0.99, 0.01)
        return np.column_stack([1 - sure, sure])


def rows(count, seed=0, move=0.0):
    return pd.DataFrame({"a": np.random.default_rng(seed).normal(size=count) + move})


def truth(table, seed=1):
    """Return targets that are 1 where the first column is positive, but in a quarter of the rows."""
    return np.where(np.random.default_rng(seed).random(len(table)) < 0.25, 1 - sign(table), sign(table))


@pytest.fixture
def monitor(store_uri):
    made = []

    def make(name="churn/3", **options):
        made.append(mlmagic.ModelMonitor(name, **({"loaded": sign} | options)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def open_alerts(report):
    return {one.subject: one.is_new for one in report.alerts}


def test_a_report_judges_by_itself_what_no_check_has_judged(monitor, capsys):
    served = monitor(reference=rows(400, 1), limits={"accuracy": 0.99}, loaded=sign)
    table = rows(300, 2, move=9)
    served.predict(table, ids=range(300), at=NOW - 2 * DAY)
    served.actuals(range(300), 1 - sign(table))
    served.close()
    assert cli.main(["monitor", "churn"]) == 3
    shown = capsys.readouterr().out
    assert "! critical: accuracy 0 [" in shown
    assert f"(not raised by a check, since {NOW - 2 * DAY:%Y-%m-%d} 00:00)" in shown
    assert "'a' drifted" in shown
    assert "ModelMonitor.check() raises alerts" in shown
    report = mlmagic.monitoring_report("churn")
    assert [one.is_raised for one in report.alerts] == [False] * len(report.alerts)
    assert {"accuracy", "drift"} <= set(report.judged)
    assert (report.last_check, report.limits) == (None, {"accuracy": 0.99})


def test_a_report_says_since_when(monitor):
    reference = rows(400, 1)
    served = monitor(reference=reference, reference_target=sign(reference))
    for day in range(6):
        table = rows(60, day, move=9 * (day >= 3))
        ids = [f"{day}-{one}" for one in range(60)]
        served.predict(table, ids=ids, at=NOW - (6 - day) * DAY)
        served.actuals(ids, sign(table) if day < 2 else 1 - sign(table))
    found = {one.subject: f"{one.since:%Y-%m-%d}" for one in served.report().alerts}
    assert (found["a"], found["accuracy"]) == (f"{NOW - 3 * DAY:%Y-%m-%d}", f"{NOW - 4 * DAY:%Y-%m-%d}")


def test_a_report_of_a_model_that_is_fine_says_so(monitor, capsys):
    monitor(reference=rows(400, 1)).predict(rows(300, 2))
    assert cli.main(["monitor", "churn"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "No alert"


def test_what_cannot_be_judged_is_not_fine(monitor, capsys):
    monitor("plain/1", loaded=TooSure()).predict(rows(50), ids=range(50))
    monitor("plain/1").actuals(range(50), sign(rows(50)))
    assert cli.main(["monitor", "plain"]) == 4
    assert "Never checked: neither limits nor a reference are recorded" in capsys.readouterr().out
    monitor("plain/1").check()
    assert cli.main(["monitor", "plain"]) == 4
    assert "Not judged: neither limits nor a reference are recorded" in capsys.readouterr().out
    monitor("limited/1", limits={"accuracy": 0.5}, loaded=TooSure()).predict(rows(50))
    assert cli.main(["monitor", "limited", "--json"]) == 4
    content = json.loads(capsys.readouterr().out)
    assert (content["is_judged"], content["unjudged"], content["last_check"]) == (False, ["accuracy"], None)
    assert cli.main(["monitor", "limited"]) == 4
    assert "No alert, but not judged: accuracy" in capsys.readouterr().out
    assert cli.main(["monitor", "plain", "--since", "2020-01-01", "--until", "2020-02-01"]) == 4
    assert "No predictions" in capsys.readouterr().out


def test_reference_and_limits_are_in_the_record_with_the_first_prediction(monitor):
    served = monitor(reference=rows(400, 1), limits={"accuracy": 0.9}, batch_rows=1)
    served.predict(rows(300, 2, move=9))
    report = mlmagic.monitoring_report("churn")  # as another thread or process would, without a flush
    assert "a" in open_alerts(report)
    assert report.limits == {"accuracy": 0.9}


def test_a_monitor_without_limits_leaves_those_of_another(monitor):
    monitor(limits={"accuracy": 0.9}).predict(rows(50))
    looking = monitor(limits={"accuracy": 0.1})
    looking.report()
    looking.close()
    monitor().predict(rows(50))
    assert mlmagic.monitoring_report("churn").limits == {"accuracy": 0.9}


def test_a_bad_label_closes_no_alert(monitor):
    served = monitor(limits={"accuracy": 0.9})
    table = rows(200)
    served.predict(table, ids=range(200))
    served.actuals(range(200), 1 - sign(table))
    assert open_alerts(served.check()) == {"accuracy": True}
    served.actuals([0], ["oops"])
    report = served.check()
    assert open_alerts(report) == {"accuracy": False}
    assert "1 label is left out, since the predictions are numbers: 'oops'" in report.notes
    assert (report.performance[0].rows, report.labelled) == (199, 199)
    served.actuals([0], [1 - sign(table)[0]])
    assert open_alerts(served.check()) == {"accuracy": False}


def test_a_prediction_that_is_no_number_hides_no_alert(monitor):
    table = rows(100).assign(y=1.0)
    served = monitor(loaded=lambda table: np.where(table.index == 7, np.nan, table["a"]), limits={"mae": 0.1})
    served.predict(table, ids=range(100))
    served.actuals(range(100), table["a"] + 5)
    report = served.check()
    assert open_alerts(report) == {"mae": True}
    assert (report.performance[0].rows, report.days[0].performance[0].rows) == (99, 99)
    assert "1 of 100 predictions is NaN or infinite, and left out of the performance" in report.notes


def test_a_class_that_the_model_does_not_know_is_named(monitor):
    served = monitor(loaded=lambda table: np.where(table["a"] > 0, "yes", "no"))
    served.predict(rows(100), ids=range(100))
    served.actuals(range(100), np.where(rows(100)["a"] > 0, "Yes", "no"))
    (note,) = [one for one in served.report().notes if "no class" in one]
    assert "of 100 labels are of no class that the model knows, and count as errors: 'Yes'. Did you mean 'yes'?" in note
    assert open_alerts(served.check())["label"]


def test_a_model_with_known_classes_is_judged_by_labels_of_these_only(monitor):
    table = rows(400, 1)
    model = LogisticRegression().fit(table, np.where(truth(table), "yes", "no"))
    served = monitor(loaded=model, limits={"f1": 0.99, "accuracy": 0.1})
    served.predict(table[:200], ids=range(200))
    served.actuals(range(200), [*np.where(truth(table), "yes", "no")[:198], "oops", "oops"])
    report = served.check()
    assert open_alerts(report) == {"f1": True}
    assert report.labelled == 198
    assert "2 of 200 labels are of no class that the model knows, and are left out: 'oops'." in report.notes
    served.actuals(range(200), np.where(truth(table), "Yes", "No")[:200])
    report = served.check()
    assert open_alerts(report) == {"label": True, "f1": False}
    assert report.performance[0].is_estimate


def test_an_alert_stays_open_until_enough_rows_say_that_it_is_over(monitor):
    served = monitor(reference=rows(400, 1), limits={"accuracy": 0.9})
    table = rows(200, 2, move=9)
    served.predict(table, ids=range(200), at=NOW - 9 * DAY)
    served.actuals(range(200), 1 - sign(table), at=NOW - 9 * DAY)
    first = served.check(since="2d", until=NOW - 8 * DAY)
    assert {"a", "accuracy"} <= set(open_alerts(first))
    nothing = served.check(since="1d", until=NOW - 7 * DAY)  # no prediction
    assert open_alerts(nothing) == dict.fromkeys(open_alerts(first), False)
    assert any(one.startswith("open alerts that this period says too little about: ") for one in nothing.notes)
    served.predict(rows(5, 3), ids=[f"f{one}" for one in range(5)], at=NOW - 6.5 * DAY)
    served.actuals([f"f{one}" for one in range(5)], sign(rows(5, 3)), at=NOW - 6.5 * DAY)
    few = served.check(since="1d", until=NOW - 6 * DAY)
    assert set(open_alerts(few)) == set(open_alerts(first))
    served.predict(rows(200, 4), ids=[f"g{one}" for one in range(200)], at=NOW - 2 * DAY)
    without_labels = served.check(since="1d", until=NOW - 1.5 * DAY)
    assert open_alerts(without_labels) == {"accuracy": False}
    served.actuals([f"g{one}" for one in range(200)], sign(rows(200, 4)), at=NOW - 2 * DAY)
    assert open_alerts(served.check(since="3d", until=NOW - DAY)) == {}


def test_an_estimate_does_not_close_what_labels_have_raised(monitor):
    reference = rows(2000, 1)
    model = LogisticRegression().fit(reference, truth(reference))
    served = monitor(loaded=model, reference=reference, reference_target=truth(reference), limits={"accuracy": 0.6})
    table = rows(200, 2)
    served.predict(table, ids=range(200), at=NOW - 4 * DAY)
    served.actuals(range(200), 1 - sign(table), at=NOW - 4 * DAY)
    assert "accuracy" in open_alerts(served.check(since="1d", until=NOW - 3.5 * DAY))
    served.predict(rows(500, 3), at=NOW - 2 * DAY)
    report = served.check(since="1d", until=NOW - 1.5 * DAY)
    assert report.performance[0].is_estimate
    assert report.performance[0].value > 0.6
    assert open_alerts(report)["accuracy"] is False


def test_an_alert_on_a_column_that_is_not_compared_any_more_is_over(monitor):
    table = rows(300, 2, move=9).assign(b=0.5)
    reference = rows(400, 1).assign(b=0.5)
    served = monitor(reference=reference)
    served.predict(table)
    assert "a" in open_alerts(served.check())
    served.close()
    assert "a" not in open_alerts(monitor(reference=reference, drift={"columns": ["b"]}).check())


def test_a_check_of_a_past_period_leaves_todays_alerts_as_they_are(monitor):
    told = []
    served = monitor(reference=rows(400, 1), on_alert=told.append)
    served.predict(rows(300, 2, move=9))
    served.predict(rows(300, 3), at=NOW - 10 * DAY)
    today = open_alerts(served.check())
    count = len(told)
    past = served.check(since=NOW - 12 * DAY, until=NOW - 8 * DAY)
    assert (past.alerts, past.rows) == ((), 300)
    assert any("raises and closes no alert, since a later period has been checked" in note for note in past.notes)
    assert open_alerts(served.check()) == dict.fromkeys(today, False)
    assert len(told) == count


def test_an_alert_that_returns_within_the_cool_down_is_open_and_not_raised_again(monitor):
    told = []
    served = monitor(reference=rows(400, 1), on_alert=told.append, cooldown="2d")
    served.predict(rows(300, 2, move=9), at=NOW - 5 * DAY)
    served.predict(rows(300, 3), at=NOW - 4 * DAY)
    assert served.check(since="1d", until=NOW - 4.5 * DAY).alerts
    count = len(told)
    assert served.check(since="12h", until=NOW - 3.9 * DAY).alerts == ()
    served.close()
    other = monitor(reference=rows(400, 1), on_alert=told.append, cooldown="2d")
    again = other.check(since="3d", until=NOW - 3.8 * DAY)
    assert open_alerts(again)["a"] is False
    assert len(told) == count
    assert "a" in open_alerts(other.report(until=NOW - 3.7 * DAY))
    assert open_alerts(other.check(since="4d", until=NOW - 2 * DAY))["a"] is True


def test_another_process_knows_that_a_later_period_was_checked(monitor):
    served = monitor(reference=rows(400, 1))
    served.predict(rows(300, 2), at=NOW - 10 * DAY)
    served.check()
    served.close()
    told = []
    other = monitor(reference=rows(400, 1) + 9, on_alert=told.append)
    assert "a" in open_alerts(other.check(since=NOW - 12 * DAY, until=NOW - 8 * DAY))
    assert told == []


def test_a_report_shows_the_alerts_of_its_period(monitor):
    served = monitor(reference=rows(400, 1))
    served.predict(rows(300, 2, move=9))
    assert served.check().alerts
    for report in (served.report, lambda **period: mlmagic.monitoring_report("churn", **period)):
        past = report(since=NOW - 90 * DAY, until=NOW - 60 * DAY)
        assert (past.rows, past.alerts) == (0, ())
        assert report().alerts


def test_alerts_of_a_version_that_does_not_serve_any_more_are_not_shown(monitor):
    old = monitor("churn/3", reference=rows(400, 1))
    old.predict(rows(300, 2, move=9), at=NOW - 20 * DAY)
    assert old.check(until=NOW - 19 * DAY).alerts
    monitor("churn/4", reference=rows(400, 1)).predict(rows(300, 3))
    assert mlmagic.monitoring_report("churn", since="7d").alerts == ()
    assert mlmagic.monitoring_report("churn/3").alerts


def test_what_is_on_its_way_to_another_store_is_not_reported(monitor, tmp_path):
    monitor().predict(rows(5))
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(UsageProblem, match="no predictions of 'churn' are recorded"):
        mlmagic.monitoring_report("churn")


def test_an_estimate_from_unchecked_probabilities_says_so_and_judges_nothing(monitor):
    served = monitor(loaded=TooSure(), reference=rows(400, 1), limits={"accuracy": 0.999})
    served.predict(rows(300, 2))
    report = served.check()
    accuracy = report.performance[0]
    assert (accuracy.is_estimate, accuracy.is_calibrated) == (True, False)
    assert np.isnan([accuracy.low, accuracy.high]).all()
    assert report.unjudged == ("accuracy",)
    assert "accuracy" not in open_alerts(report)
    assert "estimated (CBPE), uncalibrated probabilities, not checked" in str(report)


@pytest.mark.parametrize(("count", "has_interval"), [(3, False), (29, False), (30, True)])
def test_an_estimate_for_few_rows_has_no_interval(count, has_interval, monitor):
    reference = rows(400, 1)
    served = monitor(loaded=TooSure(), reference=reference, reference_target=truth(reference))
    served.predict(rows(count, 2))
    accuracy = served.report().performance[0]
    assert accuracy.is_calibrated
    assert np.isfinite([accuracy.low, accuracy.high]).all() == has_interval


def test_a_metric_of_ones_own_is_shown_and_has_a_limit(monitor, capsys):
    def business_cost(y_true, y_pred):
        return float(np.mean(5 * (y_true > y_pred) + (y_true < y_pred)))

    options = {"metrics": {"business_cost": business_cost, "right": "accuracy"}}
    served = monitor(limits={"business_cost": 0.1}, **options)
    table = rows(200)
    served.predict(table, ids=range(200))
    served.actuals(range(200), 1 - sign(table))
    assert cli.main(["monitor", "churn"]) == 4
    shown = capsys.readouterr().out
    assert "No alert, but not judged: business_cost" in shown
    assert "the limit of 'business_cost' is not judged: its function is not in the record" in shown
    assert "  right " in shown
    (alert,) = served.check().alerts
    assert (alert.subject, alert.level) == ("business_cost", "critical")
    assert cli.main(["monitor", "churn"]) == 3
    assert f"business_cost  {alert.evidence['value']:.4g} [" in capsys.readouterr().out
    served.close()
    monitor(limits={"business_cost": 9.0}, **options).check()
    assert cli.main(["monitor", "churn"]) == 0


def test_the_macro_mean_of_two_classes_has_a_limit(monitor):
    reference = rows(400, 1)
    options = {"reference": reference, "reference_target": truth(reference), "limits": {"f1_macro": 0.99}}
    served = monitor(loaded=TooSure(), **options)
    served.predict(rows(300, 2), ids=range(300))
    assert open_alerts(served.check())["f1_macro"]  # estimated
    served.actuals(range(300), truth(rows(300, 2)))
    assert open_alerts(served.check())["f1_macro"]


def test_the_reference_and_the_limits_of_the_last_monitor_count(monitor, monkeypatch):
    for day, limit in ((20, 0.2), (10, 0.1), (5, 0.5)):
        monkeypatch.setattr(time, "time_ns", lambda day=day: int((NOW - day * DAY).timestamp() * 1e9))
        served = monitor(reference=rows(100 + day, 1), limits={"accuracy": limit})
        served.predict(rows(40, 2), at=NOW - day * DAY)
        served.close()
    monkeypatch.undo()
    assert mlmagic.monitoring_report("churn").limits == {"accuracy": 0.5}
    assert read_rows("churn", "reference", None, last_day=True).table.num_rows == 105
    assert read_rows("churn", "reference", None).table.num_rows == 335
