"""Searches of scikit-learn's and studies of Optuna's: every candidate is a run, not only the best."""

import optuna
import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

import mlmagic
from mlmagic.errors import NoActiveRunError, UsageProblem

optuna.logging.set_verbosity(optuna.logging.WARNING)
X, y = load_iris(return_X_y=True)


def below(run):
    found = MlflowClient().search_runs(["0"], f"tags.`mlflow.parentRunId` = '{run.id}'", max_results=1000)
    return sorted(found, key=lambda one: int(one.data.tags["mlmagic.trial"]))


@pytest.mark.parametrize("kind", [GridSearchCV, RandomizedSearchCV])
def test_each_candidate_of_a_search_is_a_run(store_uri, kind):
    space = {"max_depth": [1, 2, 3], "criterion": ["gini", "entropy"]}
    more = {} if kind is GridSearchCV else {"n_iter": 4, "random_state": 0}
    search = kind(DecisionTreeClassifier(random_state=0), space, cv=3, **more).fit(X, y)
    with mlmagic.track("search", quiet=True) as run:
        count = mlmagic.log_search(search, "tree")
        assert mlmagic.log_search(search, "tree") == 0
    runs = below(run)
    assert len(runs) == count == len(search.cv_results_["params"])
    for number, one in enumerate(runs):
        assert one.data.params == {key: str(value) for key, value in search.cv_results_["params"][number].items()}
        assert one.data.metrics["mean_test_score"] == search.cv_results_["mean_test_score"][number]
        assert {"std_test_score", "rank_test_score", "split2_test_score", "mean_fit_time"} <= set(one.data.metrics)
        assert (one.info.run_name, one.info.status) == (f"tree {number}", "FINISHED")


@pytest.mark.parametrize(
    "scoring", [None, ["accuracy", "f1_macro"], {"a": "accuracy", "b": "f1_macro", "c": "recall_macro"}]
)
@pytest.mark.parametrize("with_training", [False, True])
def test_a_candidate_took_as_long_as_its_fits_whatever_was_scored(store_uri, scoring, with_training):
    search = GridSearchCV(
        DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=3, scoring=scoring, return_train_score=with_training,
        refit=False,
    ).fit(X, y)  # fmt: skip
    search.cv_results_ |= {"mean_fit_time": [10.0, 20.0], "mean_score_time": [1.0, 2.0]}
    with mlmagic.track("search", quiet=True) as run:
        mlmagic.log_search(search)
    assert [one.info.end_time - one.info.start_time for one in below(run)] == [33_000, 66_000]


def test_candidates_that_are_estimators_are_told_apart(store_uri):
    space = {"tree": [DecisionTreeClassifier(max_depth=1), DecisionTreeClassifier(max_depth=2)]}
    search = GridSearchCV(Pipeline([("tree", DecisionTreeClassifier())]), space, cv=2).fit(X, y)
    with mlmagic.track("search", quiet=True) as run:
        mlmagic.log_search(search)
    assert [one.data.params["tree"] for one in below(run)] == [
        "DecisionTreeClassifier(max_depth=1)",
        "DecisionTreeClassifier(max_depth=2)",
    ]


@pytest.mark.filterwarnings("ignore")
def test_a_candidate_whose_fits_failed_is_failed(store_uri):
    search = GridSearchCV(DecisionTreeClassifier(), {"max_depth": [2, -1]}, cv=3).fit(X, y)
    with mlmagic.track("search", quiet=True) as run:
        mlmagic.log_search(search)
    assert [one.info.status for one in below(run)] == ["FINISHED", "FAILED"]


def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    for step in range(3):
        trial.report(x**2 + step, step)
    if trial.number == 1:
        raise optuna.TrialPruned
    if trial.number == 2:
        raise ValueError("no")
    trial.set_user_attr("size", 3)
    return x**2


def test_each_trial_of_a_study_is_a_run_with_its_state(store_uri):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    with mlmagic.track("study", quiet=True) as run:
        study.optimize(objective, n_trials=5, callbacks=[mlmagic.optuna_callback("tune")], catch=ValueError)
    runs = below(run)
    assert [one.info.status for one in runs] == ["FINISHED", "KILLED", "FAILED", "FINISHED", "FINISHED"]
    for trial, one in zip(study.trials, runs, strict=True):
        assert float(one.data.params["x"]) == trial.params["x"]
        assert one.data.metrics.get("value") == (trial.value if trial.value is not None else trial.params["x"] ** 2 + 2)
    assert runs[3].data.tags["size"] == "3"
    history = MlflowClient().get_metric_history(runs[3].info.run_id, "value")
    assert [(one.step, one.value) for one in history][-1] == (3, study.trials[3].value)
    assert len(history) == 4


def test_several_objectives_have_their_names(store_uri):
    study = optuna.create_study(directions=["minimize", "maximize"])
    study.set_metric_names(["loss", "accuracy"])
    with mlmagic.track("study", quiet=True) as run:
        study.optimize(
            lambda trial: (trial.suggest_int("n", 1, 9), 0.5), n_trials=2, callbacks=[mlmagic.optuna_callback()]
        )
    assert [set(one.data.metrics) for one in below(run)] == [{"loss", "accuracy"}] * 2


def test_outside_of_a_run_and_with_what_is_no_search_it_says_so(store_uri):
    with pytest.raises(NoActiveRunError, match=r"mlmagic\.log_search was called where no run is active"):
        mlmagic.log_search(None)
    with pytest.raises(NoActiveRunError, match=r"mlmagic\.optuna_callback"):
        mlmagic.optuna_callback()
    with mlmagic.track("run", quiet=True), pytest.raises(UsageProblem, match="not a DecisionTreeClassifier"):
        mlmagic.log_search(DecisionTreeClassifier())
