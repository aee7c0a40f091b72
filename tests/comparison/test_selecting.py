"""Which runs `compare` takes, on a real store."""

import pytest

import mlmagic
from mlmagic.comparison.selecting import is_filter, select
from mlmagic.errors import RunNotFoundError, UsageProblem


@pytest.fixture
def runs(make_run):
    """Two configurations with two seeds each, and one run in another experiment; the ids by name."""
    made = {}
    for depth in (2, 8):
        for seed in (0, 1):
            name = f"forest {depth} {seed}"
            metrics = {"accuracy": 0.9 + depth / 100 + seed / 1000, "loss": 1 / depth, "oddness": depth}
            made[name] = make_run(name, {"depth": depth, "seed": seed}, metrics)
    made["elsewhere"] = make_run("elsewhere", {"depth": 1}, {"accuracy": 0.5}, experiment="churn")
    return made


def names(comparison):
    return [run.info.run_name for run in comparison.runs]


def test_without_a_word_all_runs_of_the_experiment_are_compared_the_newest_first(runs):
    found = select([])
    assert names(found) == ["forest 8 1", "forest 8 0", "forest 2 1", "forest 2 0"]
    assert found.title == "experiment Default"
    assert found.total is None


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (["forest 2 0", "forest 8 1"], ["forest 2 0", "forest 8 1"]),
        (["churn"], ["elsewhere"]),
        (["churn", "Default"], ["elsewhere", "forest 8 1", "forest 8 0", "forest 2 1", "forest 2 0"]),
        (["depth > 2"], ["forest 8 1", "forest 8 0"]),
        (["accuracy > 0.9 and seed = 0"], ["forest 8 0", "forest 2 0"]),
        (["name LIKE 'forest 2%'"], ["forest 2 1", "forest 2 0"]),
    ],
)
def test_runs_filters_and_experiments_are_told_apart(runs, what, expected):
    assert names(select(what)) == expected


def test_ids_runs_and_frames_are_taken_and_each_run_once(runs):
    first, second = runs["forest 2 0"], runs["forest 8 1"]
    found = select([first, second[:12], mlmagic.Run(first), mlmagic.runs("depth > 2")])
    assert names(found) == ["forest 2 0", "forest 8 1", "forest 8 0"]
    assert found.title == "3 runs"


def test_lists_and_series_are_what_they_hold(runs):
    table = mlmagic.runs("depth > 2")
    assert names(select([["forest 2 0", "forest 2 1"]])) == ["forest 2 0", "forest 2 1"]
    assert names(select([table.run_id])) == names(select([table])) == ["forest 8 1", "forest 8 0"]
    assert select([[]]).notice.text == "No run was given."


def test_a_run_whose_name_has_an_operator_is_found(make_run):
    make_run("mlp lr=0.02", {"lr": 0.02})
    make_run("mlp lr=0.01", {"lr": 0.01})
    assert names(select(["mlp lr=0.02"])) == ["mlp lr=0.02"]
    assert names(select(["mlp lr=0.01", "mlp lr=0.02"])) == ["mlp lr=0.01", "mlp lr=0.02"]
    assert names(select(["lr = 0.02"])) == ["mlp lr=0.02"]


def test_a_filter_has_an_operator(make_run):
    make_run("mlp", {"lr": 0.02})
    make_run("forest", {"depth": 3})
    assert names(select(["lr = 0.02 or depth = 3"])) == ["forest", "mlp"]
    assert names(select(["not (lr is missing)"])) == ["mlp"]
    assert names(select(["name ~ 'FOR'"])) == ["forest"]
    assert names(select(["fore depth = 3"])) == ["forest"]
    assert names(select(["forest"])) == ["forest"]


def test_runs_of_several_experiments_say_which_by_name(runs):
    column = next(column for column in select(["churn", "Default"]).columns if column.id == "run:experiment")
    assert list(column.words) == ["churn", "Default"]


def test_the_metric_comes_first_and_knows_its_direction(runs):
    found = select([], metric="loss")
    metrics = [(column.label, column.goal) for column in found.columns if column.kind == "metric"]
    assert metrics == [("loss", "min"), ("accuracy", "max"), ("oddness", None)]
    assert found.best_first()[:2] == [0, 1]


def test_a_direction_is_told_where_the_name_does_not(runs):
    found = select([], metric="oddness min")
    assert found.main_metric.goal == "min"
    assert names(found)[found.best_first()[0]] == "forest 2 1"


@pytest.mark.parametrize("word", ["seed", "SEED", "random_state", "configuration"])
def test_runs_that_differ_in_their_seed_only_are_one_configuration(runs, word):
    found = select([], group_by=word)
    assert found.group == "configuration"
    assert found.configurations == [0, 0, 1, 1]


def test_runs_are_grouped_by_any_param(runs):
    assert select([], group_by="depth").group == "param:depth"


def test_an_empty_experiment_says_what_to_do(store_uri):
    found = select([])
    assert (found.runs, found.notice.text) == ([], "No runs yet.")
    assert "%%track" in found.notice.hint


def test_a_filter_that_nothing_meets_says_so(runs):
    found = select(["accuracy > 2"])
    assert found.notice.text == "No run matches."


@pytest.mark.parametrize(
    ("what", "options", "error", "message"),
    [
        (["forrest 2 0"], {}, RunNotFoundError, r"Did you mean 'forest 2 0'\?.* There is no experiment"),
        (["depth > 2", "churn"], {}, UsageProblem, "No run has the name or id 'depth > 2'.* it stands alone"),
        (["churn", "forest 2 0"], {}, UsageProblem, "'churn' is an experiment, the others are runs"),
        ([3.5], {}, UsageProblem, r"not by 3\.5 \(float\)"),
        ([{"forest 2 0": 1}], {}, UsageProblem, r"not by \{'forest 2 0': 1\} \(dict\)"),
        ([], {"metric": ("accuracy", "max")}, UsageProblem, r"not \('accuracy', 'max'\)"),
        ([], {"metric": "acuracy"}, UsageProblem, r"metric 'acuracy'\. Did you mean 'accuracy'\?"),
        ([], {"group_by": "dept"}, UsageProblem, r"'dept'\. Did you mean 'depth'\?"),
        ([], {"experiment": "chrun"}, UsageProblem, r"Did you mean 'churn'\?"),
        (["acc > 1"], {}, UsageProblem, r"No run has a metric, param or tag 'acc'"),
    ],
)
def test_what_is_not_there_is_one_clear_line(runs, what, options, error, message):
    with pytest.raises(error, match=message) as caught:
        select(what, **options)
    assert "\n" not in str(caught.value)


def test_a_deleted_run_is_told(runs):
    from mlflow import MlflowClient

    MlflowClient().delete_run(runs["forest 2 0"])
    with pytest.raises(RunNotFoundError, match="was deleted"):
        select(["forest 2 0"])


@pytest.mark.parametrize(
    "name", ["my run in June", "like a charm", "is null and void?", "run-1_2.3", "in the (first) place"]
)
def test_an_ordinary_name_is_no_filter(name):
    assert not is_filter(name)


@pytest.mark.parametrize("text", ["depth in 1", "depth in [1, 2]", "lr ≥ 0.1", "status='finished'"])
def test_what_is_meant_as_a_filter_is_not_looked_up_as_names(text):
    assert is_filter(text)
