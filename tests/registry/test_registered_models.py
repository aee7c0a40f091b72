import socket

import pytest

import mlmagic
from mlmagic.errors import ModelNotFoundError, StoreAwayError, UsageProblem


@pytest.fixture
def versions(make_versions, client):
    """Three versions of ``churn`` and one of ``fraud``."""
    make_versions({"accuracy": 0.8}, {"accuracy": 0.9, "accuracy_low": 0.88, "accuracy_high": 0.92}, {"accuracy": 0.95})
    make_versions({"f1": 0.5}, name="fraud")
    client.set_model_version_tag("churn", "2", "team", "risk")
    mlmagic.promote("churn", 2)
    mlmagic.promote("churn", 2, to="staging")
    mlmagic.promote("churn", 3, to="challenger")


def test_a_row_for_each_version(versions):
    frame = mlmagic.registered_models("churn")
    assert list(frame["version"]) == [3, 2, 1]
    assert list(frame["aliases"]) == ["challenger", "champion, staging", ""]
    assert list(frame["accuracy"]) == [0.95, 0.9, 0.8]
    assert list(frame["run"]) == ["run 3", "run 2", "run 1"]
    assert list(frame["team"]) == ["", "risk", ""]
    assert frame["registered"].dt.tz is not None
    everything = mlmagic.registered_models()
    assert set(everything["name"]) == {"churn", "fraud"}
    assert list(mlmagic.registered_models(n=1)["name"]) == ["fraud"]


def test_where_the_data_and_the_split_came_from(make_run, client):
    from mlflow.entities import Dataset, DatasetInput

    run_id = make_run("forest", {"split.method": "hash", "split.columns": '["user_id"]', "split.test": 0.2},
                      tags={"mlmagic.order": "clean", "mlmagic.checklist": "7/8", "mlmagic.reproduction": "exact"})  # fmt: skip
    client.log_inputs(run_id, [DatasetInput(Dataset("X_train", "9f3a2c1d" * 4, "code", "x"))])
    client.create_registered_model("churn")
    client.create_model_version("churn", "s3://bucket/model", run_id, tags={"mlmagic.registered_by": "ana"})
    (row,) = mlmagic.registered_models("churn").to_dict("records")
    assert row["data"] == f"X_train {'9f3a2c1d' * 4}"
    assert row["split"] == "hash, columns user_id, test 0.2"
    assert row["reproduction"] == "exact"
    assert "exact" in mlmagic.registered_models("churn")._repr_html_()
    assert (row["order"], row["checklist"], row["by"], row["run_id"]) == ("clean", "7/8", "ana", run_id)


def test_the_numbers_of_a_logged_model_count_before_those_of_its_run(make_model, client):
    from mlflow.entities import Metric

    run_id = make_model("forest", {"depth": 3}, {"accuracy": 0.7, "loss": 0.4})
    made = mlmagic.register("churn")
    client.log_batch(run_id, metrics=[Metric("accuracy", 0.9, 2, 1, model_id=made.model_id)])
    client.log_batch(run_id, metrics=[Metric("accuracy", 0.1, 3, 2)])
    frame = mlmagic.registered_models("churn")
    assert (frame["accuracy"][0], frame["loss"][0]) == (0.9, 0.4)
    client.delete_run(run_id)
    assert mlmagic.registered_models("churn")["run"][0] == "forest", "its tag still says which run it was"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("accuracy > 0.85", [3, 2]),
        ("alias = champion", [2]),
        ("alias = staging and accuracy > 0.5", [2]),
        ("alias != champion", [3]),
        ("alias is missing", [1]),
        ("alias is not missing", [3, 2]),
        ("version >= 2 and not alias = challenger", [2]),
        ("depth = 3", [3]),
        ("team = risk or depth = 1", [2, 1]),
        ("run ~ '3'", [3]),
        ("name = churn and started > 2020-01-01", [3, 2, 1]),
        ("accuracy > 0.99", []),
    ],
)
def test_the_filter_language_over_versions(versions, condition, found):
    assert list(mlmagic.registered_models("churn", where=condition)["version"]) == found


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "chrun"}, ModelNotFoundError, r"no registered model 'chrun'\. Did you mean 'churn'\?"),
        ({"where": "acuracy > 1"}, UsageProblem, r"No version has .* 'acuracy'\. Did you mean 'accuracy'\?"),
        ({"where": "accuracy >"}, UsageProblem, "A value is missing after >"),
        ({"where": "alias in (champion, x)"}, UsageProblem, "a version has several aliases: write alias = champion"),
        ({"where": 5}, UsageProblem, r"where is text, not 5 \(int\)"),
        ({"name": 5}, UsageProblem, r"name is text, not 5 \(int\)"),
        ({"n": 0}, UsageProblem, "n is how many versions to show, 1 or more, not 0"),
        ({"name": None, "history": True}, UsageProblem, "the history is that of one model"),
        ({"history": True, "where": "a > 1"}, UsageProblem, "a history takes no filter"),
    ],
)
def test_bad_input_is_one_line(versions, arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        mlmagic.registered_models(**{"name": "churn", **arguments})
    assert "\n" not in str(caught.value)


def test_nothing_is_registered_yet(store_uri):
    frame = mlmagic.registered_models()
    assert len(frame) == 0
    assert "No model is registered yet" in repr(frame)
    assert "%register NAME" in frame._repr_html_()


def test_the_history(versions):
    with pytest.raises(mlmagic.MLMagicError):
        mlmagic.promote("churn", 1, gate="accuracy > 0.85")
    mlmagic.rollback("churn")
    frame = mlmagic.registered_models("churn", history=True)
    assert list(frame["what"]) == ["rolled back", "refused", "promoted", "promoted", "promoted"]
    assert list(frame["alias"]) == ["champion", "champion", "challenger", "staging", "champion"]
    assert frame["numbers"][1] == "accuracy = 0.8"
    assert frame["reason"][1] == "accuracy = 0.8, wanted > 0.85"
    assert frame["when"].is_monotonic_decreasing
    assert len(mlmagic.registered_models("fraud", history=True)) == 0


@pytest.mark.parametrize(
    "call",
    [
        mlmagic.registered_models,
        lambda: mlmagic.registered_models("churn", history=True),
        lambda: mlmagic.promote("churn", 1),
        lambda: mlmagic.rollback("churn"),
    ],
)
def test_a_store_that_is_down_is_one_line(store_uri, call):
    import mlflow

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    with pytest.raises(StoreAwayError, match=rf"127\.0\.0\.1:{port}.*Connection refused") as caught:
        call()
    assert "\n" not in str(caught.value)
