"""What a sweep's own run holds: the data that the code reads, and the models of the best point."""

import json
import threading

import mlflow
import numpy as np
import pytest

import mlmagic
from mlmagic.errors import UsageProblem
from mlmagic.sweeps.kept_models import secret_in
from mlmagic.sweeps.trials.trial_models import SentModel, Threshold, are_wanted
from mlmagic.user_settings import settings

NOTEBOOK = """
import numpy as np
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
X, y = load_iris(return_X_y=True)
unused = np.ones(7)
tree = DecisionTreeClassifier()
def fit(depth): return DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X, y)
"""
FIT = "model = fit(depth)\naccuracy = model.score(X, y)"


def inputs_of(run_id):
    run = mlflow.MlflowClient().get_run(mlmagic.Run(run_id).id)
    return sorted(each.dataset.name for each in run.inputs.dataset_inputs)


def models_of(run_id):
    """Return the logged models of a run, newest last: their names, and what they predict of the iris data."""
    run = mlflow.MlflowClient().get_run(mlmagic.Run(run_id).id)
    return [mlflow.get_logged_model(output.model_id) for output in run.outputs.model_outputs] if run.outputs else []


def depth_of(logged):
    return mlflow.sklearn.load_model(f"models:/{logged.model_id}").get_depth()


@pytest.mark.parametrize("engine", [{}, {"jobs": 2}, {"on": "dask", "jobs": 2}])
def test_the_sweeps_run_holds_the_data_and_the_best_model(sweep, runs_of, engine):
    results = sweep(FIT, "depth=1,3,2", namespace=NOTEBOOK, metric="accuracy", **engine)
    assert results.best == {"depth": 3}
    assert inputs_of(results.run_id) == ["X", "y"]
    [logged] = models_of(results.run_id)
    assert (logged.name, depth_of(logged)) == ("model", 3)
    for run in runs_of(results):
        assert inputs_of(run.info.run_id) == []
        assert models_of(run.info.run_id) == []


# The body, and the names of the models of the best point.
BODIES = {
    "a chain without a name": ("accuracy = DecisionTreeClassifier(max_depth=depth).fit(X, y).score(X, y)", ["DecisionTreeClassifier"]),
    "one of the notebook's, fitted in place": ("accuracy = tree.set_params(max_depth=depth).fit(X, y).score(X, y)", ["tree"]),
    "two of them": ("scaler = StandardScaler().fit(X)\nclf = DecisionTreeClassifier(max_depth=depth).fit(scaler.transform(X), y)\naccuracy = clf.score(scaler.transform(X), y)", ["clf", "scaler"]),
    "in a dict": ("models = {'tree': fit(depth)}\naccuracy = models['tree'].score(X, y)", ["models_tree"]),
    "torch": ("import torch\nnet = torch.nn.Linear(4, depth)\naccuracy = depth * 0.1", ["net"]),
    "none": ("accuracy = depth * 0.1 + 0 * len(X)", []),
    "not fitted": ("clf = DecisionTreeClassifier(max_depth=depth)\naccuracy = depth * 0.1", []),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
def test_models_are_those_that_a_tracked_cell_would_record(sweep, case):
    body, names = BODIES[case]
    results = sweep(body, "depth=1,3,2", namespace=NOTEBOOK, metric="accuracy")
    assert sorted(logged.name for logged in models_of(results.run_id)) == names


def test_all_models_are_on_their_trials_runs_if_asked_for(sweep, runs_of):
    results = sweep(FIT, "depth=1,3,2", namespace=NOTEBOOK, metric="accuracy", models="all", jobs=2)
    assert [depth_of(models_of(run.info.run_id)[0]) for run in runs_of(results)] == [1, 3, 2]
    assert [depth_of(logged) for logged in models_of(results.run_id)] == [3]


def test_no_models_and_no_data_if_not_wanted(sweep):
    results = sweep(FIT, "depth=1,3", namespace=NOTEBOOK, metric="accuracy", models="none", data=False)
    assert models_of(results.run_id) == []
    assert inputs_of(results.run_id) == []


@pytest.mark.parametrize(
    ("body", "words", "options", "best"),
    [
        ("model = fit(depth)\nloss = abs(depth - 2) * 1.0", "depth=1,2,3", {"metric": "loss"}, 2),
        ("model = fit(depth)\nloss = abs(depth - 2) * 1.0", "depth=1,2,3", {}, 2),
        ("model = fit(depth)\nodd = depth * 1.0", "depth=1,2,3", {"metric": "odd", "mode": "max"}, 3),
        ("model = fit(depth)\nodd = depth * 1.0", "depth=1,2,3", {}, None),
        ("model = fit(depth)\nloss = depth * 0.0", "depth=2,1,3", {"metric": "loss", "jobs": 2}, 2),
        ("model = fit(depth)\nloss = float('nan') if depth == 1 else depth * 1.0", "depth=1,2,3", {}, 2),
        ("model = fit(depth)\nloss = depth * 1.0\nif depth == 1: raise ValueError", "depth=1,2,3", {}, 2),
        ("model = fit(depth)\nloss = depth * 1.0", "depth=1,2,3", {"search": "tpe", "trials": 6, "metric": "loss"}, 1),
        ("model = fit(depth)\nloss = depth * 1.0", "depth=3,2,1", {"trials": 2, "metric": "loss"}, 2),
        ("model = fit(depth)\nmlmagic.log(loss=depth + 1.0, step=0)\nmlmagic.log(loss=depth, step=1)", "depth=1,2,3", {"prune": True, "metric": "loss"}, 1),
        ("model = fit(depth)\nloss = depth + np.random.rand() / 9", "depth=3,1,2", {"seeds": 3, "metric": "loss", "jobs": 2}, 1),
    ],
)  # fmt: skip
def test_the_model_is_that_of_the_best_point(sweep, body, words, options, best):
    results = sweep(body, words, namespace=NOTEBOOK, **options)
    assert [depth_of(logged) for logged in models_of(results.run_id)] == ([] if best is None else [best])
    if best is not None:
        assert results.best == {"depth": best}


def test_of_several_seeds_the_model_is_that_of_the_best_trial(sweep):
    body = "import numpy as np\nmodel = fit(depth)\nmodel.seen_ = loss = float(np.random.rand()) + depth"
    results = sweep(body, "depth=2,1", namespace=NOTEBOOK, metric="loss", seeds=4)
    [logged] = models_of(results.run_id)
    model = mlflow.sklearn.load_model(f"models:/{logged.model_id}")
    assert model.seen_ == min(trial.metrics["loss"] for trial in results.trials if trial.point["depth"] == 1)


def test_the_split_stands_on_the_sweeps_run(sweep):
    notebook = NOTEBOOK + "X_train, X_test, y_train, y_test = mlmagic.split(X, y, test=0.2, seed=3)\n"
    body = "accuracy = DecisionTreeClassifier(max_depth=depth).fit(X_train, y_train).score(X_test, y_test)"
    results = sweep(body, "depth=1,3", namespace=notebook, metric="accuracy")
    run = mlmagic.Run(results.run_id)
    assert (run.params["split.test"], run.params["split.seed"]) == ("0.2", "3")
    assert json.loads(run.text("mlmagic/split.json"))["parts"]["X_test"]["rows"] == 30
    assert inputs_of(results.run_id) == ["X_test", "X_train", "y_test", "y_train"]


def test_data_are_fingerprinted_once_not_per_trial(sweep, monkeypatch):
    from mlmagic.data import capture, code_identity

    seen = []
    for module in (capture, code_identity):
        real = module.fingerprint

        def counted(item, *, _real=real, _where=module.__name__, **options):
            seen.append(_where)
            return _real(item, **options)

        monkeypatch.setattr(module, "fingerprint", counted)
    sweep(FIT, "depth=1,2,3,4,5", namespace=NOTEBOOK, metric="accuracy")
    assert seen.count("mlmagic.data.capture") == 2  # X and y
    assert len(seen) == 4


def test_a_function_reads_data_and_returns_its_model(store_uri):
    from functools import partial

    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier

    data, labels = load_iris(return_X_y=True)
    weights = np.ones(len(data))

    def train(depth, given):
        model = DecisionTreeClassifier(max_depth=depth).fit(data, labels, weights)
        return {"accuracy": model.score(data, labels), "model": model, "extra": {"loss": 1 / depth}}

    frame = mlmagic.sweep(partial(train, given=weights[:5]), {"depth": [1, 3, 2]}, metric="accuracy", quiet=True)
    run = mlmagic.last_run
    assert inputs_of(run.id) == ["data", "given", "labels", "weights"]
    [logged] = models_of(run.id)
    assert (logged.name, depth_of(logged)) == ("model", 3)
    assert frame["extra.loss"].tolist() == [1.0, 1 / 3, 0.5]
    assert "model" not in frame


def test_a_resumed_sweep_adds_a_model_only_if_it_finds_a_better_point(store_uri):
    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier

    data, labels = load_iris(return_X_y=True)

    def train(depth):
        model = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(data, labels)
        return {"accuracy": model.score(data, labels), "model": model}

    def swept(*depths, **options):
        best = mlmagic.sweep(train, {"depth": depths}, metric="accuracy", quiet=True, **options).best
        return best["depth"], mlmagic.last_run.id

    _, run_id = swept(1, 2)
    assert [depth_of(logged) for logged in models_of(run_id)] == [2]
    assert swept(1, 2, resume=True) == (2, run_id)
    assert [depth_of(logged) for logged in models_of(run_id)] == [2]
    assert swept(1, 2, 4, resume=True) == (4, run_id)
    assert sorted(depth_of(logged) for logged in models_of(run_id)) == [2, 4]
    assert inputs_of(run_id) == ["data", "labels"]


def test_an_interrupted_sweep_holds_the_best_model_so_far(sweep):
    import os
    import signal

    class Interrupts:
        def show(self, results, **_):
            self.results = results
            if len(results.trials) >= 3:
                os.kill(os.getpid(), signal.SIGINT)

    watcher = Interrupts()
    with pytest.raises(KeyboardInterrupt):
        sweep(FIT, "depth=2,1,4,3", namespace=NOTEBOOK, metric="accuracy", watcher=watcher)
    [logged] = models_of(watcher.results.run_id)
    assert depth_of(logged) == 4
    assert mlmagic.Run(watcher.results.run_id).tags["best.depth"] == "4"


@pytest.mark.parametrize("engine", [{}, {"jobs": 2}])
def test_a_model_that_fails_costs_only_itself(sweep, runs_of, engine, monkeypatch):
    body = """
class Odd(DecisionTreeClassifier):
    def __reduce_ex__(self, protocol): raise SystemExit("no")
odd = Odd(max_depth=depth).fit(X, y)
model = fit(depth)
accuracy = model.score(X, y)
"""
    results = sweep(body, "depth=1,2", namespace=NOTEBOOK, metric="accuracy", **engine)
    assert [run.info.status for run in runs_of(results)] == ["FINISHED"] * 2
    assert [logged.name for logged in models_of(results.run_id)] == ["model"]


def test_models_are_bounded_in_size(sweep, monkeypatch):
    monkeypatch.setattr(settings, "model_limit_mb", 0.05)
    body = FIT + "\nlarge = fit(depth)\nlarge.ballast_ = np.random.rand(20_000)"
    results = sweep(body, "depth=1,2", namespace=NOTEBOOK, metric="accuracy", jobs=2)
    assert [logged.name for logged in models_of(results.run_id)] == ["model"]


def test_a_model_with_a_secret_of_this_session_is_not_recorded(sweep, monkeypatch):
    monkeypatch.setattr(settings, "secret_patterns", ["ACME-[0-9]{6}"])
    body = "import pandas as pd\nframe = pd.DataFrame(X, columns=['a', 'b', 'ACME-123456', 'd'])\nmodel = DecisionTreeClassifier(max_depth=depth).fit(frame, y)\naccuracy = model.score(frame, y)"
    results = sweep(body, "depth=1,2", namespace=NOTEBOOK, metric="accuracy", jobs=2)
    assert models_of(results.run_id) == []


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (SentModel("m", "SVC", files={"MLmodel": b"flavors: {}\n"}), ""),
        (SentModel("m", "SVC", parameters={"parameters": {"password": "hunter2hunter2"}}), "a parameter"),
        (SentModel("m", "SVC", features=("a", "ghp_" + "a1B2" * 9)), "the name of a feature"),
        (SentModel("m", "SVC", files={"input_example.json": b'{"api_key": "sk-proj-' + b"a1B2" * 12 + b'"}'}), "its file input_example.json"),
        (SentModel("m", "SVC", files={"model.bin": b"\xff\xfe password=hunter2hunter2"}), ""),
    ],
)  # fmt: skip
def test_what_a_worker_sends_is_looked_through_for_secrets(model, told):
    assert secret_in(model).startswith(told)
    assert bool(secret_in(model)) == bool(told)


@pytest.mark.parametrize(
    ("which", "metric", "bar", "metrics", "wanted"),
    [
        ("none", "loss", None, {"loss": 1.0}, False),
        ("all", "loss", Threshold("loss", "min", 0.5), {"loss": 1.0}, True),
        ("best", "loss", None, {"loss": 1.0}, True),
        ("best", "loss", None, {"loss": float("nan")}, False),
        ("best", None, None, {"odd": 1.0}, False),
        ("best", None, None, {"odd": 1.0, "loss": 2.0}, True),
        ("best", None, Threshold("loss", "min", 0.5), {"loss": 0.4}, True),
        ("best", None, Threshold("loss", "min", 0.5), {"loss": 0.6}, False),
        ("best", None, Threshold("accuracy", "max", 0.5), {"accuracy": 0.6}, True),
        ("best", None, Threshold("accuracy", "max", 0.5), {"accuracy": 0.5}, False),
        ("best", None, Threshold("accuracy", "max", 0.5, came_before=True), {"accuracy": 0.5}, True),
        ("best", None, Threshold("loss", "min", 0.5), {}, False),
    ],
)
def test_only_models_that_may_be_the_best_are_sent(which, metric, bar, metrics, wanted):
    assert are_wanted(which, metric, bar, metrics) is wanted


def test_models_are_best_all_or_none(sweep):
    with pytest.raises(UsageProblem, match=r"models='al': it is best, all, none\. Did you mean 'all'\?"):
        sweep(FIT, "depth=1,2", namespace=NOTEBOOK, metric="accuracy", models="al")


def test_data_that_cannot_be_read_cost_only_themselves(sweep, runs_of):
    notebook = (
        NOTEBOOK
        + """
class Odd(np.ndarray):
    @property
    def shape(self): raise SystemExit("odd")
odd = np.ones((3, 2)).view(Odd)
"""
    )
    results = sweep(FIT + "\nn = odd.size", "depth=1,2", namespace=notebook, metric="accuracy")
    assert inputs_of(results.run_id) == ["X", "y"]
    assert [run.info.status for run in runs_of(results)] == ["FINISHED"] * 2


def test_what_trials_share_is_still_shared(sweep):
    notebook = NOTEBOOK + "import threading\nlock = threading.Lock()\n"
    before = threading.active_count()
    results = sweep(
        "with lock: model = fit(depth)\naccuracy = model.score(X, y)",
        "depth=1,2",
        namespace=notebook,
        metric="accuracy",
    )
    assert [logged.name for logged in models_of(results.run_id)] == ["model"]
    assert threading.active_count() < before + 20
