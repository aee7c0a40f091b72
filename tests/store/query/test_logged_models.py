"""The logged models of a run, and choosing one by its name."""

from types import SimpleNamespace

import pytest
from light_runs import light_run

from mlmagic.errors import ModelNotFoundError, UsageProblem
from mlmagic.store.query import logged_models
from mlmagic.store.query.logged_models import choose, files_of, models_of

RUN = light_run("forest", run_id="abcdef0123456789" * 2)
HOW = "run.load_model(NAME)"


def model(name, **about):
    return SimpleNamespace(name=name, model_id=f"m-{name}", **about)


MODELS = [model("clf"), model("scaler"), model("regressor")]


@pytest.mark.parametrize(("name", "chosen"), [("clf", "clf"), ("m-scaler", "scaler")])
def test_a_model_is_chosen_by_its_name_or_its_id(name, chosen):
    assert choose(MODELS, name, RUN, how=HOW).name == chosen


def test_the_only_model_needs_no_name():
    assert choose(MODELS[:1], None, RUN, how=HOW).name == "clf"


@pytest.mark.parametrize(
    ("models", "name", "error", "message"),
    [
        (MODELS, None, UsageProblem, r"has 3 models: 'clf', 'scaler', 'regressor'. Name one: run.load_model\(NAME\)"),
        (MODELS, "scalr", ModelNotFoundError, "has no model 'scalr'. Did you mean 'scaler'\\? It has 'clf', 'scaler'"),
        (MODELS, "zzz", ModelNotFoundError, "has no model 'zzz'. It has 'clf', 'scaler', 'regressor'."),
        (
            [],
            None,
            ModelNotFoundError,
            "the run 'forest' \\(abcdef01\\) has no model. A tracked cell records the models",
        ),
        ([], "clf", ModelNotFoundError, "has no model. A tracked cell records"),
        ([model(f"m{at}") for at in range(30)], None, UsageProblem, "has 30 models: 'm0'.*'m19'. Name one"),
    ],
)
def test_what_cannot_be_chosen_is_told(models, name, error, message):
    with pytest.raises(error, match=message) as caught:
        choose(models, name, RUN, how=HOW)
    assert len(str(caught.value).splitlines()) == 1


def test_a_sweep_has_its_models_in_its_trials():
    sweep = light_run("sweep", tags={"mlmagic.sweep.trials": "5"})
    with pytest.raises(ModelNotFoundError, match="Those of a sweep belong to the runs of its trials"):
        choose([], None, sweep, how=HOW)


def test_where_the_files_of_a_model_are():
    found = files_of(
        model("clf", artifact_location="/store/models/m-clf/artifacts", tags={"a": "b"}, source_run_id="r1")
    )
    assert (found.title, found.location, found.tags, found.run_id) == (
        *("the model 'clf'", "/store/models/m-clf/artifacts"),
        *({"a": "b"}, "r1"),
    )
    bare = files_of(model("clf", artifact_location="/x", tags=None, source_run_id=None), "version 3 of churn")
    assert (bare.title, bare.tags, bare.run_id) == ("version 3 of churn", {}, "")


@pytest.fixture
def logged(make_run, store_uri):
    """A function that logs a model of a run with a status, and the client."""
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModelStatus

    client = MlflowClient(store_uri)

    def log(run_id, name, status=LoggedModelStatus.READY):
        made = client.create_logged_model(client.get_run(run_id).info.experiment_id, name, source_run_id=run_id)
        if status is not None:
            client.finalize_logged_model(made.model_id, status)
        return made.model_id

    return client, log


def test_the_newest_complete_model_of_each_name_is_found_page_by_page(logged, make_run, monkeypatch):
    from mlflow.entities import LoggedModelStatus

    client, log = logged
    run_id, other = make_run("a"), make_run("b")
    log(run_id, "scaler")
    newest = log(run_id, "scaler")
    log(run_id, "clf")
    log(run_id, "clf", LoggedModelStatus.FAILED)
    log(run_id, "half", None)
    log(other, "elsewhere")
    for most in (2, 1000):
        monkeypatch.setattr(logged_models, "_MOST", most)
        found = models_of(client, client.get_run(run_id))
        assert [one.name for one in found] == ["clf", "scaler"]
        assert found[1].model_id == newest
    assert models_of(client, client.get_run(make_run("none"))) == []
