"""A model in service: what it is asked and answers is in the record, and nothing about the record costs an answer."""

from __future__ import annotations

import io
import logging
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlflow.utils.file_utils import local_file_uri_to_path
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

import mlmagic
from mlmagic.errors import ModelNotFoundError, StoreError, UsageProblem
from mlmagic.monitoring.records.reading import read_rows
from mlmagic.monitoring.records.values import features_of
from mlmagic.monitoring.serving import batches, spool
from mlmagic.user_settings import settings

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
PARTS = ("mlmagic.id", "mlmagic.time", "mlmagic.prediction")


@pytest.fixture(scope="module")
def data():
    table, target = load_breast_cancer(return_X_y=True, as_frame=True)
    return table.iloc[:, :5], target


@pytest.fixture(scope="module")
def model(data):
    table, target = data
    return RandomForestClassifier(5, random_state=0, n_jobs=1).fit(table[:300], target[:300])


@pytest.fixture
def monitor(store_uri, model):
    """A monitor that needs no registry: the version has a number, and the model is given."""
    made = []

    def make(name="churn/3", **options):
        options.setdefault("loaded", model)
        made.append(mlmagic.ModelMonitor(name, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def monitoring_runs():
    client = mlflow.MlflowClient()
    within = [one.experiment_id for one in client.search_experiments()]
    found = client.search_runs(within, "tags.`mlmagic.monitoring` != ''")
    return sorted(found, key=lambda run: run.info.run_name)


def rows_in_store(kind="predictions"):
    """Return the recorded rows, as anybody reads them who has only MLflow and Parquet."""
    client, tables = mlflow.MlflowClient(), []
    for run in monitoring_runs():
        for folder in client.list_artifacts(run.info.run_id, kind):
            (file,) = client.list_artifacts(run.info.run_id, folder.path)
            path = client.download_artifacts(run.info.run_id, file.path)
            tables.append(pq.read_table(path))
    return pa.concat_tables(tables, promote_options="permissive").to_pandas() if tables else pd.DataFrame()


def test_the_answer_is_the_models_own_and_all_of_it_is_in_the_record(monitor, data, model):
    table = data[0][300:]
    ids = [f"c{one}" for one in range(len(table))]
    served = monitor()
    answer = served.predict(table, ids=ids)
    assert type(answer) is np.ndarray
    assert np.array_equal(answer, model.predict(table))
    served.flush()
    (run,) = monitoring_runs()
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert (run.info.run_name, run.info.status) == (f"churn/3 on {today}", "FINISHED")
    assert mlflow.get_experiment(run.info.experiment_id).name == "churn monitoring"
    tags = {key: value for key, value in run.data.tags.items() if key.startswith("mlmagic.monitoring")}
    assert tags == {
        "mlmagic.monitoring": "churn", "mlmagic.monitoring.version": "3", "mlmagic.monitoring.day": today,
    }  # fmt: skip
    rows = rows_in_store()
    assert rows["mlmagic.id"].tolist() == ids
    pd.testing.assert_frame_equal(rows[list(table.columns)], table.reset_index(drop=True))
    assert rows["mlmagic.prediction"].tolist() == answer.tolist()
    assert np.array_equal(rows[["mlmagic.probability.0", "mlmagic.probability.1"]], model.predict_proba(table))
    assert (datetime.now(UTC) - rows["mlmagic.time"].max()) < timedelta(minutes=5)


def test_probabilities_are_answered_and_the_most_probable_class_is_recorded(monitor, data, model):
    table = data[0][300:320]
    served = monitor()
    assert np.array_equal(served.predict_proba(table), model.predict_proba(table))
    served.flush()
    assert rows_in_store()["mlmagic.prediction"].tolist() == model.predict(table).tolist()


def test_there_is_one_run_for_each_version_and_day_whoever_records_it(monitor, data):
    table = data[0][:6]
    first, second, other = monitor(), monitor(), monitor("churn/4")
    for served in (first, second, first, other):
        served.predict(table, at=NOON)
        served.flush()
    days = [NOON, NOON, NOON + timedelta(days=1), NOON, NOON - timedelta(days=1), NOON]  # a clock that goes back
    first.predict(table, at=days)
    first.flush()
    names = [run.info.run_name for run in monitoring_runs()]
    assert [name for name in names if "on 2026-03-1" in name] == [
        "churn/3 on 2026-03-13", "churn/3 on 2026-03-14", "churn/3 on 2026-03-15", "churn/4 on 2026-03-14",
    ]  # fmt: skip
    assert len(rows_in_store()) == 30


TABLES = {
    "pandas of several types": lambda: pd.DataFrame(
        {"a": [1, 2], "b": ["x", None], "c": pd.to_datetime(["2026-01-01", None]), "d": [True, False]}
    ),
    "a categorical": lambda: pd.DataFrame({"a": pd.Categorical(["x", "y"]), "b": [1.0, 2.0]}),
    "an array": lambda: np.arange(4.0).reshape(2, 2),
    "a list of lists": lambda: [[1, 2], [3, 4]],
    "Arrow": lambda: pa.table({"a": [1, 2], "b": ["x", "y"]}),
    "polars": lambda: pytest.importorskip("polars").DataFrame({"a": [1, 2], "b": [0.5, None]}),
    "sparse": lambda: pytest.importorskip("scipy.sparse").csr_matrix(np.eye(2)),
    "nested lists": lambda: pd.DataFrame({"a": [[1, 2], [3]], "b": [{"k": 1}, None]}),
    "objects that Arrow does not know": lambda: pd.DataFrame({"a": [object(), 3], "b": [1, 2]}),
    "names that are numbers": lambda: pd.DataFrame({0: [1, 2], 1: [3, 4]}),
}


@pytest.mark.parametrize("name", TABLES)
def test_rows_of_any_kind_are_recorded(name, monitor):
    served = monitor(loaded=lambda rows: np.arange(float(rows.shape[0] if hasattr(rows, "shape") else len(rows))))
    assert served.predict(TABLES[name](), ids=["p", "q"]).tolist() == [0.0, 1.0]
    served.flush()
    rows = rows_in_store()
    assert rows["mlmagic.prediction"].tolist() == [0.0, 1.0]
    assert len(rows.columns) == 3 + (4 if name == "pandas of several types" else 2)
    assert served.notes == []


NO_TABLES = {
    "a column twice": lambda: pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]),
    "a column with a name of ours": lambda: pd.DataFrame({"mlmagic.id": [1, 2], "a": [1, 2]}),
    "three dimensions": lambda: np.zeros((2, 2, 2)),
}


@pytest.mark.parametrize("name", NO_TABLES)
def test_what_cannot_be_recorded_of_a_table_costs_only_itself_and_is_told(name, monitor):
    served = monitor(loaded=lambda rows: np.arange(len(rows)))
    assert served.predict(NO_TABLES[name]()).tolist() == [0, 1]
    served.flush()
    assert rows_in_store()["mlmagic.prediction"].tolist() == [0, 1]
    (note,) = served.notes
    assert "not" in note


def test_several_outputs_are_recorded(monitor):
    served = monitor(loaded=lambda rows: np.column_stack([np.zeros(len(rows)), np.ones(len(rows))]))
    served.predict(np.eye(3))
    served.flush()
    assert rows_in_store()[["mlmagic.prediction.0", "mlmagic.prediction.1"]].to_numpy().tolist() == [[0, 1]] * 3
    assert any("several outputs" in note for note in served.check().notes)


def test_a_model_that_raises_raises_as_without_and_records_nothing(monitor, data):
    def broken(rows):
        raise ValueError("no such thing")

    served = monitor(loaded=broken)
    with pytest.raises(ValueError, match=r"^no such thing$"):
        served.predict(data[0][:3])
    served.flush()
    assert rows_in_store().empty


def test_probabilities_that_raise_cost_only_themselves(monitor, data):
    class Odd(LogisticRegression):
        def predict_proba(self, X):
            raise RuntimeError("not calibrated")

    odd = Odd().fit(data[0][:99], data[1][:99])
    served = monitor(loaded=odd)
    assert served.predict(data[0][:4]).tolist() == odd.predict(data[0][:4]).tolist()
    served.flush()
    assert "mlmagic.probability.0" not in rows_in_store()
    assert served.notes == ["probabilities are not recorded: RuntimeError: not calibrated"]


def test_threads_lose_nothing_and_record_nothing_twice(monitor, data):
    table = data[0]
    served = monitor(batch_rows=37)

    def serve(worker):
        for at in range(40):
            served.predict(table[at : at + 2], ids=[f"{worker}-{at}-{one}" for one in range(2)])

    threads = [threading.Thread(target=serve, args=(one,)) for one in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    served.flush()
    ids = rows_in_store()["mlmagic.id"].tolist()
    assert sorted(ids) == sorted(f"{w}-{at}-{one}" for w in range(6) for at in range(40) for one in range(2))
    assert served.recorded == 480


def test_types_that_change_from_call_to_call_are_recorded_as_they_are(monitor):
    served = monitor(loaded=lambda rows: np.zeros(len(rows)))
    for value in (1, 1.5, None, "x", 2, True):
        served.predict(pd.DataFrame({"a": [value]}), ids=[str(value)])
    served.flush()
    report = served.report()
    assert report.rows == 6
    assert not report.notes or all("not read" not in note for note in report.notes)


def test_a_sample_is_the_same_rows_by_their_ids(monitor, data):
    table = data[0][:400]
    served = monitor(sample=0.25)
    for _ in range(2):
        served.predict(table, ids=range(400))
    served.flush()
    rows = rows_in_store()
    counts = rows["mlmagic.id"].value_counts()
    assert set(counts) == {2}
    assert 60 < len(counts) < 140


def test_excluded_features_are_recorded_nowhere(monitor, data):
    served = monitor(exclude=["mean area"], reference=data[0][:50])
    served.predict(data[0][300:310])
    served.check()
    assert "mean area" not in rows_in_store()
    assert "mean area" not in rows_in_store("reference")
    assert "mean radius" in rows_in_store("reference")


def test_while_the_store_is_away_predictions_are_kept_and_delivered_later(monitor, data, monkeypatch):
    monkeypatch.setattr(settings, "offline", True)
    served = monitor()
    served.predict(data[0][:7])
    served.flush()
    assert monitoring_runs() == []
    monkeypatch.setattr(settings, "offline", False)
    mlmagic.sync()
    assert len(rows_in_store()) == 7


def test_a_disk_that_is_full_costs_the_record_and_no_prediction(monitor, data, monkeypatch, caplog):
    served = monitor()
    served.predict(data[0][:5])
    write = spool.os.write
    monkeypatch.setattr(spool.os, "write", lambda file, text: write(file, text[:20]) if len(text) > 20 else full())

    def full():
        raise OSError(28, "No space left on device")

    with caplog.at_level(logging.ERROR, "mlmagic.serving"):
        assert len(served.predict(data[0][5:9])) == 4
    monkeypatch.undo()
    assert (served.recorded, served.lost) == (5, 4)
    assert "No space left on device: 4 rows are not recorded so far" in caplog.text
    served.predict(data[0][9:12])
    served.flush()
    assert rows_in_store()["mean radius"].tolist() == data[0]["mean radius"].iloc[[*range(5), *range(9, 12)]].tolist()


def test_labels_arrive_late_and_twice_and_the_last_value_counts(monitor, data, model):
    table, target = data
    served = monitor(reference=table[:200], reference_target=target[:200])
    ids = list(range(300, 400))
    served.predict(table[300:400], ids=ids)
    served.actuals(ids[:60], target[300:360])
    served.actuals(ids[:60], target[300:360])
    served.actuals([*ids[60:70], 9999], [*target[360:370], 1])
    served.actuals(ids[70:80], [float("nan")] * 10)
    report = served.report()
    assert (report.rows, report.labelled) == (100, 70)
    accuracy = next(one for one in report.performance if one.metric == "accuracy")
    assert accuracy.value == pytest.approx((model.predict(table[300:370]) == target[300:370]).mean())
    assert not accuracy.is_estimate
    assert "1 label has an id that is none of a recorded prediction, such as '9999'" in report.notes
    served.actuals([300], [1 - target[300]])
    assert "1 id has labels of several values: the last one counts" in served.report().notes


@pytest.mark.parametrize("kind", ["float", "str", "bool", "object"])
def test_labels_of_another_type_are_the_same_labels(kind, monitor, data):
    table, target = data
    served = monitor()
    served.predict(table[300:400], ids=range(100))
    served.actuals(range(100), target[300:400].astype(kind))
    assert served.report().performance[0].value > 0.8


def test_labels_may_change_their_type_from_call_to_call(monitor, data, model):
    table = data[0][300:400]
    served = monitor()
    served.predict(table, ids=range(100))
    right = model.predict(table)
    for at, kind in enumerate([int, bool, float, str]):
        served.actuals(range(25 * at, 25 * at + 25), right[25 * at : 25 * at + 25].astype(kind))
    assert (served.report().performance[0].value, served.report().labelled) == (1.0, 100)


def test_a_text_in_a_column_of_numbers_leaves_the_numbers_numbers(monitor):
    rows = pd.DataFrame({"age": np.arange(500.0), "b": np.arange(500.0)})
    served = monitor(loaded=lambda X: np.zeros(len(X)), reference=rows)
    served.predict(rows)
    for _ in range(3):
        served.predict(rows[:1].assign(age="41"))
    served.predict(pd.DataFrame({"age": [40.0, "x"], "b": [1.0, 2.0]}))
    served.flush()
    ages = rows_read("age")
    assert (len([one for one in ages if isinstance(one, float)]), ages[500:]) == (501, ["41"] * 3 + [40.0, "x"])
    subjects = [one.subject for one in served.check().alerts]
    assert len(set(subjects)) == len(subjects)
    assert "b" not in subjects


def rows_read(column):
    """Return what a check compares of a column."""
    return features_of(read_rows("churn", "predictions", None).table)[column].tolist()


def test_without_labels_the_performance_is_an_estimate(monitor, data):
    served = monitor(reference=data[0][:300], reference_target=data[1][:300])
    served.predict(data[0][300:])
    report = served.report()
    assert report.labelled == 0
    assert all(one.is_estimate for one in report.performance)
    assert "accuracy" in {one.metric for one in report.performance}


def test_drift_is_an_alert_once_until_the_cool_down_is_over(monitor, data, caplog):
    told = []
    served = monitor(reference=data[0][:300], on_alert=told.append, cooldown="2d")
    moved = data[0][300:].assign(**{"mean radius": data[0]["mean radius"][300:] * 2})
    served.predict(moved, at=NOON)
    with caplog.at_level(logging.WARNING, "mlmagic.monitoring"):
        report = served.check(until=NOON + timedelta(hours=1))
    assert report.drift.drifted[0] in {"mean radius", "prediction"}
    alert = next(one for one in report.alerts if one.subject == "mean radius")
    assert (alert.level, alert.topic, alert.is_new) == ("critical", "drift", True)
    assert alert in told
    record = next(one for one in caplog.records if one.mlmagic["subject"] == "mean radius")
    assert record.levelname == "CRITICAL"
    assert record.mlmagic["evidence"]["distance"] == alert.evidence["distance"]
    count = len(told)
    again = served.check(until=NOON + timedelta(hours=2))
    assert len(told) == count
    still = next(one for one in again.alerts if one.subject == "mean radius")
    assert (still.is_new, still.since) == (False, alert.since)
    served.check(until=NOON + timedelta(days=3))
    assert [one.subject for one in told].count("mean radius") == 2


def test_another_process_knows_which_alerts_are_open(monitor, data):
    moved = data[0][300:] * 2
    first = monitor(reference=data[0][:300])
    first.predict(moved, at=NOON)
    raised = first.check(until=NOON + timedelta(hours=1)).alerts
    first.close()
    told = []
    second = monitor(reference=data[0][:300], on_alert=told.append)
    assert {one.key for one in second.report(until=NOON + timedelta(hours=2)).alerts} == {one.key for one in raised}
    second.check(until=NOON + timedelta(hours=2))
    assert told == []
    second.predict(data[0][:300], at=NOON + timedelta(days=40))
    second.check(until=NOON + timedelta(days=41))
    assert second.report(until=NOON + timedelta(days=41)).alerts == ()


def test_a_callback_that_raises_stops_nothing(monitor, data, caplog):
    def broken(alert):
        raise RuntimeError("no webhook")

    served = monitor(reference=data[0][:300], on_alert=broken)
    served.predict(data[0][300:] * 2)
    assert served.check().alerts
    assert "the callback for alerts raised RuntimeError: no webhook" in caplog.text


def test_a_metric_beyond_its_limit_is_an_alert(monitor, data):
    table, target = data
    served = monitor(limits={"accuracy": 0.99})
    served.predict(table[300:], ids=range(269))
    served.actuals(range(269), 1 - target[300:])
    (alert,) = [one for one in served.check().alerts if one.subject == "accuracy"]
    assert (alert.level, alert.topic) == ("critical", "performance")
    assert "is below the limit 0.99" in alert.what


def test_a_regression_is_checked_too(monitor):
    table, target = load_diabetes(return_X_y=True, as_frame=True)
    line = LinearRegression().fit(table[:300], target[:300])
    served = monitor(loaded=line, reference=table[:300], reference_target=target[:300], limits={"mae": 1.0})
    served.predict(table[300:], ids=range(142))
    served.actuals(range(142), target[300:])
    report = served.check()
    mae = next(one for one in report.performance if one.metric == "mae")
    assert mae.value == pytest.approx(np.abs(line.predict(table[300:]) - target[300:]).mean())
    assert "mae" in {one.subject for one in report.alerts}


def test_a_check_is_on_the_run_of_its_day(monitor, data):
    served = monitor(reference=data[0][:300])
    served.predict(data[0][300:], at=NOON)
    served.check(until=NOON + timedelta(hours=1))
    (run,) = monitoring_runs()[:1]
    assert run.data.metrics["rows"] == 269
    assert 0 <= run.data.metrics["drift.share"] <= 1
    assert run.data.metrics["drift.mean radius.distance"] > 0


def test_day_by_day(monitor, data):
    table, target = data
    served = monitor(reference=table[:300], reference_target=target[:300])
    for day in range(3):
        rows = table[300 + 80 * day : 380 + 80 * day]
        served.predict(rows * (1 + day), ids=rows.index, at=NOON + timedelta(days=day))
    served.actuals(range(300, 380), target[300:380], at=NOON)
    report = served.report(until=NOON + timedelta(days=5))
    assert [(one.day, one.rows, one.labelled) for one in report.days] == [
        ("2026-03-14", 80, 80), ("2026-03-15", 80, 0), ("2026-03-16", 80, 0),
    ]  # fmt: skip
    assert "mean radius" in report.days[2].drifted
    assert report.days[2].distances["mean radius"] > report.days[0].distances["mean radius"]
    assert [one.performance[0].is_estimate for one in report.days] == [False, True, True]
    frame = report.to_dataframe()
    assert frame["rows"].tolist() == [80, 80, 80]


def test_any_process_reads_the_report_without_the_model(monitor, data):
    served = monitor(reference=data[0][:300], reference_target=data[1][:300])
    served.predict(data[0][300:] * 2)
    alerts = served.check().alerts
    served.close()
    report = mlmagic.monitoring_report("churn")
    assert report.rows == 269
    assert {one.key for one in report.alerts} == {one.key for one in alerts}
    assert "mean radius" in report.drift.drifted
    assert report.baseline[0].value > 0.9
    assert mlmagic.monitoring_report("churn/3").rows == 269
    with pytest.raises(UsageProblem, match=r"no predictions of churn/7 are recorded\. .* version 3: %monitor churn/3"):
        mlmagic.monitoring_report("churn/7")
    with pytest.raises(UsageProblem, match=r"no predictions of 'chrn' are recorded\. Did you mean 'churn'\?"):
        mlmagic.monitoring_report("chrn")


def test_with_the_registry(store_uri, data, tmp_path):
    table, target = data
    line = LogisticRegression(max_iter=1000).fit(table[:300], target[:300])
    with mlflow.start_run(run_name="line"):
        mlflow.sklearn.log_model(line, name="model", serialization_format="cloudpickle")
    mlmagic.register("churn", run="line", alias="champion")
    with mlmagic.ModelMonitor("churn@champion", trust=True) as served:
        assert repr(served) == "<ModelMonitor of churn/1: 0 rows recorded>"
        assert served.predict(table[300:]).tolist() == line.predict(table[300:]).tolist()
    with pytest.raises(ModelNotFoundError, match="champion"):
        mlmagic.ModelMonitor("churn@champoin")
    with pytest.raises(ModelNotFoundError, match="churn"):
        mlmagic.ModelMonitor("chrn")


WRONG = {
    "a share above one": ({"sample": 1.5}, "sample is a share above 0 and at most 1, not 1.5"),
    "no share": ({"sample": 0}, "sample is a share above 0"),
    "one column to exclude": ({"exclude": "age"}, "exclude is a list of columns, not 'age'"),
    "a limit that is text": ({"limits": {"accuracy": "high"}}, "limits maps metrics to numbers"),
    "a column to exclude that is none": (
        {"exclude": ["mean raduis"]},
        "no column 'mean raduis'. Did you mean 'mean radius'?",
    ),
    "a limit of no metric": ({"limits": {"acuracy": 0.9}}, "there is no metric 'acuracy'. Did you mean 'accuracy'?"),
    "no option of drift": ({"drift": {"alpah": 0.1}}, "not 'alpah'. Did you mean 'alpha'?"),
    "a wrong value for drift": ({"drift": {"alpha": 5}}, "drift: alpha is a number between 0 and 1"),
    "a budget of no time": ({"drift": {"budget": "1 per mnth"}}, "drift: budget is a number of false alarms per time"),
    "checks that are no time": (
        {"drift": {"budget": "1 per month", "checks": "dayly"}},
        "not 'dayly' (str). Did you mean 'daily'?",
    ),
    "checks without a budget": ({"drift": {"checks": "dayly"}}, "Did you mean 'daily'?"),
    "a column for drift that is none": (
        {"drift": {"columns": ["mean raduis"]}},
        "drift: columns: what is recorded has no column 'mean raduis'. Did you mean 'mean radius'?",
    ),
    "a column for drift that is not recorded": (
        {"drift": {"columns": ["mean radius"]}, "exclude": ["mean radius"], "reference": np.zeros((3, 5))},
        "no column 'mean radius'",
    ),
    "no column for drift": ({"drift": {"columns": []}}, "drift: columns is an empty list"),
    "a word for a bool": ({"drift": {"multivariate": "no"}}, "drift: multivariate is True or False, not 'no'"),
    "a limit of numbers": ({"limits": {"rmse": 1}}, "'rmse' is a metric of numbers, and the model predicts classes"),
    "a limit of no own metric": (
        {"limits": {"busines_cost": 1}, "metrics": {"business_cost": max}},
        "there is no metric 'busines_cost'. Did you mean 'business_cost'?",
    ),
    "a limit of a metric without a direction": (
        {"limits": {"own": 1}, "metrics": {"own": max}},
        "whether more or less of 'own' is better cannot be told from its name: name it such as 'own_loss'",
    ),
    "a limit of two classes": (
        {"limits": {"f1": 0.9}, "loaded": RandomForestClassifier(1).fit([[0], [1], [2]], [0, 1, 2])},
        "limits: 'f1' is a metric of two classes, and the model has 3: 'f1_macro' is the mean over them",
    ),
    "a limit of classes": (
        {"limits": {"accuracy": 0.9}, "loaded": LinearRegression()},
        "'accuracy' is a metric of classes, and the model predicts numbers",
    ),
    "targets of another kind": (
        {"reference": np.zeros((3, 5)), "reference_target": [0, 1, "yes"]},
        "reference_target: 1 label is unusable, since the predictions are numbers: 'yes'",
    ),
    "targets of other classes": (
        {
            "reference": [[0], [1]],
            "reference_target": ["Yes", "No"],
            "loaded": LogisticRegression().fit([[0], [1]], ["no", "yes"]),
        },
        "reference_target has 'No', 'Yes', and the model knows 'no', 'yes': they have none in common. Did you mean 'no'?",
    ),
    "a path of Parquet as reference": ({"reference": Path("v.parquet")}, "reference=pd.read_parquet('v.parquet')"),
    "a path as reference": (
        {"reference": "val.csv"},
        "give the table itself, such as reference=pd.read_csv('val.csv')",
    ),
    "a reference without rows": ({"reference": np.empty((0, 5))}, "the reference has no rows"),
    "an empty list as reference": ({"reference": []}, "the reference has no rows"),
    "a number as reference": ({"reference": 3}, "reference is a table of features, not 3 (int)"),
    "a model that cannot predict": (
        {"loaded": 3},
        "loaded is a fitted model with predict, or a function of rows, not 3",
    ),
    "a class in place of a model": ({"loaded": LogisticRegression}, "loaded is a fitted model with predict"),
    "no span": ({"cooldown": "soon"}, "cooldown is a span such as '1d'"),
    "no function": ({"on_alert": "http://localhost"}, "on_alert is a function that takes an alert"),
    "no rows a batch": ({"batch_rows": 0}, "batch_rows is a whole number from 1 on"),
    "targets without a reference": ({"reference_target": [1]}, "reference_target belongs to a reference"),
    "an empty reference": ({"reference": pd.DataFrame({"a": []})}, "the reference"),
    "too few targets": (
        {"reference": np.zeros((3, 5)), "reference_target": [1]},
        "reference_target: 1 targets for the 3 rows of the reference",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options_are_one_clear_line(name, store_uri, model):
    options, message = WRONG[name]
    with pytest.raises(UsageProblem) as caught:
        mlmagic.ModelMonitor("churn/3", **({"loaded": model} | options))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, t: m.predict(t, ids=[1]), "1 ids for 3 rows: give one for each"),
        (lambda m, t: m.predict(t, ids=[1, None, 3]), "the id of row 1 is missing"),
        (lambda m, t: m.predict(t, at="tomorrow"), "at is a moment, or one for each row, not 'tomorrow'"),
        (lambda m, t: m.predict(t, at=["2026-01-01", "2026-01-02"]), "at: 2 moments for 3 rows"),
        (lambda m, t: m.predict(t, at=["2026-01-01", None, "2026-01-02"]), "at: a moment is missing, in row 1"),
        (lambda m, t: m.actuals([1, 2], [1]), "2 ids for 1 rows"),
        (lambda m, t: m.check(since="a week"), "since is '7d', '36h'"),
        (lambda m, t: m.check(since="2026-01-02", until="2026-01-01"), "is not before until"),
    ],
)
def test_wrong_calls_are_one_clear_line(call, message, monitor, data):
    with pytest.raises(UsageProblem, match=None) as caught:
        call(monitor(), data[0][:3])
    assert message in str(caught.value)


@pytest.mark.parametrize("name", [3, None, ["churn"]])
def test_a_name_that_is_no_text_is_one_clear_line(name, model):
    with pytest.raises(UsageProblem, match=r"ModelMonitor: model is text, not .* mlmagic\.ModelMonitor\('churn@champ"):
        mlmagic.ModelMonitor(name, loaded=model)


def test_labels_that_the_disk_does_not_take_are_an_error(monitor, monkeypatch):
    served = monitor()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(batches.Spool, "append", full)
    with pytest.raises(StoreError, match="the labels are not recorded: No space left on device"):
        served.actuals([1], [1])


def test_a_damaged_part_costs_only_itself(monitor, data):
    served = monitor()
    for at in range(2):
        served.predict(data[0][at : at + 1])
        served.flush()
    mlmagic.sync()
    (run,) = monitoring_runs()
    first = min(Path(local_file_uri_to_path(run.info.artifact_uri)).rglob("part.parquet"))
    first.write_bytes(b"PAR1 nonsense")
    report = served.report()
    assert report.rows == 1
    assert any("was not read: it is no Parquet file" in note for note in report.notes)


def test_a_stream_that_was_cut_is_read_up_to_its_last_whole_message():
    batch = pa.record_batch([pa.array([1, 2])], ["a"])
    whole = bytes(batch.schema.serialize()) + bytes(batch.serialize())
    for cut in range(len(bytes(batch.schema.serialize())), len(whole) + 1):
        rows = spool.read_stream(whole[:cut]).num_rows
        assert rows == (2 if cut == len(whole) else 0)
    with pytest.raises(StoreError):
        spool.read_stream(io.BytesIO(b"nonsense").read())


def test_predictions_that_are_not_numbers_are_told(monitor):
    rows = pd.DataFrame({"a": np.arange(100.0)})
    served = monitor(loaded=lambda X: np.where(X["a"] > 50, np.nan, X["a"] / 7), reference=rows)
    served.predict(rows, ids=range(100))
    served.actuals(range(100), rows["a"] / 7)
    (note,) = [note for note in served.report().notes if "performance" in note]
    assert "the performance is not known: 49 of 100 predictions are NaN or None" in note


def test_few_rows_of_a_reference_say_what_they_can_tell(monitor):
    rows = pd.DataFrame({"a": np.arange(200.0)})
    served = monitor(loaded=lambda X: X["a"].to_numpy(), reference=rows[:10])
    served.predict(rows)
    assert any("10 rows of the reference" in note for note in served.report().notes)


def test_columns_that_are_missing_or_of_another_kind_are_critical(monitor):
    rows = pd.DataFrame({"a": np.arange(100.0), "b": np.arange(100.0)})
    served = monitor(loaded=lambda X: X["a"].to_numpy(), reference=rows)
    served.predict(rows[["a"]].astype(str))
    found = {(one.level, one.topic, one.subject) for one in served.check().alerts}
    assert {("critical", "schema", "a"), ("critical", "schema", "b"), ("critical", "schema", "prediction")} <= found


def test_a_forked_process_goes_on_by_itself(monitor, data):
    served = monitor()
    served.predict(data[0][:3], ids=[1, 2, 3])
    child = os.fork()
    if not child:
        served.predict(data[0][3:6], ids=[4, 5, 6])
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    served.predict(data[0][6:9], ids=[7, 8, 9])
    served.flush()
    mlmagic.sync()
    assert sorted(rows_of_any_form()) == [str(one) for one in range(1, 10)]


def rows_of_any_form():
    """Return the recorded ids, also those of a process that ended within a batch."""
    client, found = mlflow.MlflowClient(), []
    for run in monitoring_runs():
        for folder in client.list_artifacts(run.info.run_id, "predictions"):
            files = spool.folder_files(Path(client.download_artifacts(run.info.run_id, folder.path)))
            found += spool.read_part(files).column("mlmagic.id").to_pylist()
    return found


def test_a_limit_is_of_any_metric_and_one_that_cannot_be_judged_is_told(monitor, data):
    table, target = data
    served = monitor(limits={"precision": 0.9, "log_loss": 1.0})
    served.predict(table[300:], ids=range(269))
    report = served.report()
    assert "precision" in {one.metric for one in report.performance}  # estimated
    assert any("the limit of 'log_loss' is not judged: of 2 classes it cannot" in note for note in report.notes)
    assert report.unjudged == ("precision", "log_loss")
    served.actuals(range(269), 1 - target[300:])
    report = served.check()
    (alert,) = [one for one in report.alerts if one.subject == "precision"]
    assert (alert.level, alert.evidence["limit"], report.unjudged) == ("critical", 0.9, ())


def test_a_limit_without_an_interval_is_a_warning(monitor):
    rows = pd.DataFrame({"a": np.arange(100)})
    served = monitor(loaded=lambda X: (X["a"] > 50).astype(int).to_numpy(), limits={"precision": 0.9})
    served.predict(rows, ids=range(100))
    served.actuals(range(100), (rows["a"] <= 50).astype(int))
    (alert,) = [one for one in served.check().alerts if one.subject == "precision"]
    assert (alert.level, alert.what) == (
        "warning",
        "precision 0 of 100 rows is below the limit 0.9; no interval is known",
    )
