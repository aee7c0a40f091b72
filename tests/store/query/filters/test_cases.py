"""The filter language is the same here and in the browser: both run one file of cases."""

import datetime as dt
import json
from pathlib import Path

import pytest
from databases import copy_new_database

import mlmagic
from mlmagic.errors import UsageProblem
from mlmagic.store.query.filters.division import divide
from mlmagic.store.query.filters.names import Keys
from mlmagic.store.query.filters.parser import parse
from mlmagic.store.query.light_runs import DatasetInput, LightDataset, LightRun, RunInfo

CASES = json.loads(
    (Path(mlmagic.__file__).parent / "comparison" / "web" / "test" / "filters.json").read_text(encoding="utf-8")
)
COLUMNS = {column["id"]: column["values"] for column in CASES["columns"]}


def of_kind(kind, row):
    """Return what a run has of a kind of column: metrics, params, tags or datasets."""
    columns = {name.partition(":")[2]: values for name, values in COLUMNS.items() if name.startswith(f"{kind}:")}
    return {key: values[row] for key, values in columns.items() if values[row] is not None}


def milliseconds(row):
    start = round(dt.datetime.fromisoformat(COLUMNS["run:started"][row]).timestamp() * 1000)
    duration = COLUMNS["run:duration"][row]
    return start, None if duration is None else start + duration * 1000


def light_run(row):
    start, end = milliseconds(row)
    name, status = COLUMNS["run:name"][row], COLUMNS["run:status"][row]
    run = LightRun(RunInfo(CASES["ids"][row], name, "0", "me", status, start, end, "", "active"))
    run.data.metrics = {key: float(value) for key, value in of_kind("metric", row).items()}
    run.data.params, run.data.tags = of_kind("param", row), of_kind("tag", row)
    run.inputs.dataset_inputs = [DatasetInput(LightDataset(*one)) for one in of_kind("data", row).items()]
    return run


RUNS = [light_run(row) for row in range(len(CASES["ids"]))]
KEYS = Keys.seen_in(RUNS, "", complete=True)


def rows(text):
    chosen = divide(parse(text, KEYS.is_name), KEYS)
    return [row for row, run in enumerate(RUNS) if chosen.matches(run)]


@pytest.mark.parametrize(("text", "expected"), CASES["accepted"])
def test_a_filter_keeps_the_same_runs_as_in_the_browser(text, expected):
    assert rows(text) == expected


@pytest.mark.parametrize(("text", "message"), [case[:2] for case in CASES["refused"]])
def test_a_filter_is_refused_in_the_words_of_the_browser(text, message):
    with pytest.raises(UsageProblem) as caught:
        rows(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(("text", "expected"), CASES["accepted"])
def test_a_filter_written_out_again_means_the_same(text, expected):
    tree = parse(text, KEYS.is_name)
    assert tree is None or parse(str(tree)) == tree


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The runs of the cases in a store of SQLite, and how they are called."""
    from mlflow import MlflowClient
    from mlflow.entities import Dataset as MlflowDataset
    from mlflow.entities import DatasetInput as MlflowDatasetInput
    from mlflow.entities import Metric, Param, RunTag

    folder = tmp_path_factory.mktemp("store")
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(uri)
    names = []
    for row in range(len(RUNS)):
        start, end = milliseconds(row)
        run_id = client.create_run("0", start_time=start, run_name=COLUMNS["run:name"][row]).info.run_id
        client.log_batch(
            run_id,
            metrics=[Metric(key, float(value), start, 0) for key, value in of_kind("metric", row).items()],
            params=[Param(key, value) for key, value in of_kind("param", row).items()],
            tags=[RunTag(key, value) for key, value in of_kind("tag", row).items()],
        )
        datasets = of_kind("data", row).items()
        client.log_inputs(run_id, [MlflowDatasetInput(MlflowDataset(*one, "local", "{}"), tags=[]) for one in datasets])
        if end is not None:
            client.set_terminated(run_id, COLUMNS["run:status"][row], end_time=end)
        names.append(COLUMNS["run:name"][row])
    return uri, names


def test_a_store_returns_the_same_runs(recorded, store_uri):
    """The part that MLflow answers narrows down the runs, and loses none."""
    import mlflow

    uri, names = recorded
    mlflow.set_tracking_uri(uri)
    wrong = {}
    for text, expected in CASES["accepted"]:
        if "run_id" in text:
            continue  # MLflow makes the ids
        found = sorted(names.index(name) for name in mlmagic.runs(text)["name"])
        if found != expected:
            wrong[text] = found
    assert wrong == {}


def test_a_store_refuses_in_the_same_words(recorded, store_uri):
    import mlflow

    mlflow.set_tracking_uri(recorded[0])
    for text, message, _ in CASES["refused"]:
        with pytest.raises(UsageProblem) as caught:
            mlmagic.runs(text)
        assert str(caught.value) == message
