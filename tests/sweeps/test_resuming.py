"""Which earlier sweep is resumed, and which of its trials need not run again."""

import mlflow
import pytest

import mlmagic
from mlmagic.sweeps.recording import KEY
from mlmagic.sweeps.resuming import CODE, Done, _seed, find_earlier


@pytest.fixture
def make_sweep(make_run):
    """Return a function that stores a sweep's run of this code, with trials by key and status; returns its id."""

    def make(code, trials=(), *, seed="7", experiment="Default", status="FINISHED"):
        above = make_run("tuned", {"seed": seed}, tags={CODE: code}, experiment=experiment, status=status)
        for key, ended in trials:
            tags = {"mlflow.parentRunId": above, **({KEY: key} if key else {}), "mlmagic.id": f"uid of {key}"}
            make_run(f"trial {key}", metrics={"loss": 0.5}, tags=tags, experiment=experiment, status=ended, seconds=2.0)
        return above

    return make


def test_of_trials_those_that_ended_well_are_known_by_their_keys(make_sweep):
    above = make_sweep(
        "code", [("a", "FINISHED"), ("b", "FAILED"), ("c", "KILLED"), ("d", "FINISHED"), ("", "FINISHED")]
    )
    found = find_earlier("code", None)
    assert (found.run_id, found.seed) == (above, 7)
    assert found.trials == {
        "a": Done({"loss": 0.5}, 2.0, "uid of a"),
        "d": Done({"loss": 0.5}, 2.0, "uid of d"),
    }


def test_the_newest_sweep_of_the_same_code_is_resumed_whatever_its_status(make_sweep):
    make_sweep("code", [("a", "FINISHED")])
    newest = make_sweep("code", [("b", "FINISHED")], status="KILLED")
    make_sweep("other code", [("c", "FINISHED")])
    found = find_earlier("code", None)
    assert (found.run_id, list(found.trials)) == (newest, ["b"])


def test_there_may_be_none(make_sweep):
    make_sweep("other", [("a", "FINISHED")])
    assert find_earlier("code", None) is None
    assert find_earlier("other", "no such experiment") is None  # the sweep will create it


def test_a_sweep_may_be_resumed_in_an_experiment_that_is_new(store_uri):
    for values in ([1, 2], [1, 2, 3]):
        frame = mlmagic.sweep(lambda x: {"loss": x}, {"x": values}, experiment="tuning", resume=True, quiet=True)
    assert frame["loss"].tolist() == [1, 2, 3]
    assert [one.name for one in mlflow.MlflowClient().search_experiments()] == ["tuning", "Default"]


def test_a_sweep_is_looked_for_in_its_experiment(make_sweep):
    there = make_sweep("code", experiment="tuning")
    assert find_earlier("code", None) is None
    assert find_earlier("code", "tuning").run_id == there


def test_a_deleted_sweep_is_not_resumed(make_sweep):
    above = make_sweep("code", [("a", "FINISHED")])
    mlflow.MlflowClient().delete_run(above)
    assert find_earlier("code", None) is None


def test_a_deleted_trial_runs_again(make_sweep):
    make_sweep("code", [("a", "FINISHED"), ("b", "FINISHED")])
    [trial] = mlflow.MlflowClient().search_runs(["0"], f"tags.`{KEY}` = 'a'")
    mlflow.MlflowClient().delete_run(trial.info.run_id)
    assert list(find_earlier("code", None).trials) == ["b"]


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        ("0", 0),
        ("7", 7),
        ("4294967295", 2**32 - 1),
        ("4294967296", None),
        ("99999999999999999999", None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("7 ", None),
        ("\uff17", None),
        ("seed", None),
    ],
)
def test_only_a_seed_that_a_sweep_can_have_drawn_is_taken_over(text, seed):
    assert _seed(text) == seed


def test_a_sweep_that_is_resumed_goes_on_in_its_run_with_its_seed(store_uri):
    def train(x):
        return {"loss": x}

    first = mlmagic.sweep(train, {"x": [1, 2]}, quiet=True)
    there = mlmagic.last_run.id
    again = mlmagic.sweep(train, {"x": [1, 2, 3]}, resume=True, quiet=True)
    assert mlmagic.last_run.id == there
    assert again["seed"].tolist()[:2] == first["seed"].tolist()
    assert again["loss"].tolist() == [1, 2, 3]
    trials = mlflow.MlflowClient().search_runs(["0"], f"tags.`mlflow.parentRunId` = '{there}'")
    assert len(trials) == 3
    [drawn] = {trial.data.params["seed"] for trial in trials} & {str(again["seed"][2])}
    assert drawn not in {str(seed) for seed in first["seed"]}
