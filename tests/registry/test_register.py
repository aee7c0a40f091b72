import socket

import pytest

import mlmagic
from mlmagic.errors import MLMagicError, ModelNotFoundError, RunNotFoundError, StoreAwayError, UsageProblem
from mlmagic.recording import open_runs


def test_a_version_says_where_it_came_from_in_plain_mlflow(make_model, client):
    run_id = make_model("forest", tags={"mlmagic.id": "a" * 32})
    made = mlmagic.register("churn", run="forest", tags={"team": "risk"}, description="the first one")
    assert (made.reference, made.run_id) == ("churn/1", run_id)
    stored = client.get_model_version("churn", "1")
    assert stored.source == f"models:/{made.model_id}"
    assert stored.run_id == run_id
    assert stored.description == "the first one"
    assert stored.tags["team"] == "risk"
    assert stored.tags["mlmagic.run"] == run_id
    assert stored.tags["mlmagic.run_name"] == "forest"
    assert stored.tags["mlmagic.model_name"] == "model"
    assert stored.tags["mlmagic.id"] == "a" * 32
    assert stored.tags["mlmagic.registered_by"]
    assert stored.tags["mlmagic.registered_at"].endswith("Z")


def test_the_last_run_is_meant(make_model):
    first = make_model("first")
    second = make_model("second")
    assert mlmagic.register("churn").run_id == second
    assert mlmagic.register("churn", run="first").run_id == first
    assert mlmagic.register("churn", run=second[:8]).version == 1


def test_a_tracked_run_of_this_session_is_meant_before_the_newest(make_model):
    first = make_model("first")
    make_model("second")
    open_runs.note_last(first)
    assert mlmagic.register("churn").run_id == first


def test_within_a_run_that_has_not_ended_an_earlier_one_is_named(make_model, client):
    make_model("first")
    with mlmagic.track("second", quiet=True):
        with pytest.raises(UsageProblem, match=r"the run of this cell has not ended.* %register churn --run RUN"):
            mlmagic.register("churn")
        assert mlmagic.register("churn", run="first").version == 1


def test_a_run_with_several_models_is_asked_which(make_model):
    make_model("both", names=("scaler", "model"))
    with pytest.raises(UsageProblem, match=r"has 2 models: 'model', 'scaler'\. Name one: %register churn --model NAME"):
        mlmagic.register("churn")
    assert mlmagic.register("churn", model="scaler").version == 1
    with pytest.raises(ModelNotFoundError, match=r"no model 'scalr'\. Did you mean 'scaler'\?"):
        mlmagic.register("churn", model="scalr")


def test_the_same_model_is_one_version(make_model, client):
    make_model()
    assert mlmagic.register("churn").version == 1
    again = mlmagic.register("churn", tags={"stage": "late"})
    assert again.version == 1
    assert "it is this version already" in again.note
    assert client.get_model_version("churn", "1").tags["stage"] == "late"
    assert mlmagic.register("churn", again=True).version == 2
    assert mlmagic.register("other").version == 1


def test_secrets_are_redacted(make_model, client):
    make_model()
    mlmagic.register("churn", tags={"note": "password = 'hunter2hunter2'"}, description="password = 'hunter2hunter2'")
    stored = client.get_model_version("churn", "1")
    assert "hunter2hunter2" not in stored.description + stored.tags["note"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("churn/2", "it has no / and no :"),
        ("a:b", "it has no / and no :"),
        ("churn@champion", "what follows @ is an alias"),
        ("", "it is empty"),
        ("two\nlines", "it is one line of text"),
        ("x" * 251, "at most 250 characters"),
    ],
)
def test_a_name_that_is_none(make_model, name, problem):
    with pytest.raises(UsageProblem, match=problem) as caught:
        mlmagic.register(name)
    assert "\n" not in str(caught.value)


def test_names_that_mlflow_takes_are_taken(make_model):
    make_model()
    assert mlmagic.register("Ana's churn (2)").reference == "Ana's churn (2)/1"
    assert mlmagic.register("Ana's churn (2)").version == 1
    assert mlmagic.load_model("Ana's churn (2)/1") is not None


def test_runs_that_are_not_there_or_have_no_model(make_run, store_uri):
    with pytest.raises(RunNotFoundError, match="no run has ended in this session"):
        mlmagic.register("churn")
    make_run("forest")
    with pytest.raises(ModelNotFoundError, match=r"'forest' \(\w{8}\) has no model\. A tracked cell records"):
        mlmagic.register("churn", run="forest")
    make_run("sweep", tags={"mlmagic.sweep.code": "x"})
    with pytest.raises(ModelNotFoundError, match="Those of a sweep belong to the runs of its trials"):
        mlmagic.register("churn", run="sweep")
    with pytest.raises(RunNotFoundError, match=r"Did you mean 'forest'\?"):
        mlmagic.register("churn", run="frest")


@pytest.mark.parametrize(
    "given", [{"name": 5}, {"run": 5}, {"model": 5}, {"tags": 5}, {"alias": 5}, {"description": 5}]
)
def test_an_argument_of_a_wrong_type_is_one_line(store_uri, given):
    with pytest.raises(UsageProblem, match=r"5 \(int\).*For example: ") as caught:
        mlmagic.register(**{"name": "churn", **given})
    assert "\n" not in str(caught.value)


def test_a_store_that_is_down_is_one_line(store_uri, monkeypatch):
    import mlflow

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
    for call in (lambda: mlmagic.register("churn", run="forest"), lambda: mlmagic.load_model("churn@champion")):
        with pytest.raises(MLMagicError, match=rf"127\.0\.0\.1:{port}.*Connection refused") as caught:
            call()
        assert isinstance(caught.value, StoreAwayError)
        assert "\n" not in str(caught.value)
