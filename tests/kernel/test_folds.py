"""A loop over folds in a tracked cell, as the store has it then: a run for each fold, and the means of the cell's."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

READ = """
def _runs():
    import json, mlflow
    client = mlflow.MlflowClient()
    found = []
    for run in client.search_runs(["0"], order_by=["attributes.start_time"]):
        outputs = run.outputs.model_outputs if run.outputs else []
        found.append({
            "name": run.info.run_name, "status": run.info.status, "metrics": run.data.metrics, "params": run.data.params,
            "parent": run.data.tags.get("mlflow.parentRunId"), "id": run.info.run_id, "tags": run.data.tags,
            "data": sorted(one.dataset.name for one in run.inputs.dataset_inputs),
            "models": len(outputs), "figures": [f.path for f in client.list_artifacts(run.info.run_id, "figures")],
        })
    print(json.dumps(found))
"""
SETUP = """
import mlflow, numpy as np, pandas as pd, mlmagic, time
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, StratifiedKFold, TimeSeriesSplit
X, y = load_iris(return_X_y=True, as_frame=True)
rows = np.random.default_rng(0).permutation(150)
X, y = X.iloc[rows].reset_index(drop=True), y.iloc[rows].reset_index(drop=True)
"""


@pytest.fixture(scope="module")
def kernel(kernel):
    kernel.check(READ)
    kernel.check(SETUP)
    return kernel


@pytest.fixture
def runs(kernel):
    """Returns the runs of the test: the cell's by its name, the folds' as a list."""
    before = {run["id"] for run in json.loads(kernel.check("_runs()"))}

    def read():
        found = [run for run in json.loads(kernel.check("_runs()")) if run["id"] not in before]
        cells = {run["name"]: run for run in found if not run["name"].startswith("fold_")}
        folds = sorted((run for run in found if run["name"].startswith("fold_")), key=lambda run: run["name"])
        return cells, folds

    return read


BODY = """for fold in mlmagic.folds(KFold(3), X, y):
    model = LogisticRegression(max_iter=500).fit(fold.X_train, fold.y_train)
    accuracy = model.score(fold.X_val, fold.y_val)"""


def test_each_fold_is_a_run_and_the_cell_has_the_means(kernel, runs):
    output = kernel.run(f"%%track t\n{BODY}")
    assert output.status == "ok", output.text
    cells, folds = runs()
    expected = json.loads(
        kernel.check(
            "import json\nfrom sklearn.model_selection import cross_val_score\n"
            "print(json.dumps(list(cross_val_score(LogisticRegression(max_iter=500), X, y, cv=KFold(3)))))"
        )
    )
    t = cells["t"]
    assert [run["name"] for run in folds] == ["fold_0", "fold_1", "fold_2"]
    assert [run["metrics"] for run in folds] == [{"accuracy": score} for score in expected]
    assert {run["parent"] for run in folds} == {t["id"]}
    assert {run["status"] for run in folds} == {"FINISHED"}
    assert [run["params"] for run in folds] == [
        {"fold": str(number), "fold.train_rows": "100", "fold.val_rows": "50"} for number in range(3)
    ]
    assert t["metrics"] == pytest.approx(
        {"cv_mean_accuracy": sum(expected) / 3, "cv_std_accuracy": float(kernel.check(f"print(np.std({expected}))"))}
    )
    assert t["params"]["folds.splitter"] == "KFold"
    assert (t["params"]["folds.n_splits"], t["params"]["model.max_iter"]) == ("3", "500")
    assert t["data"] == ["X", "y"]
    assert t["models"] == 0
    assert "model: fitted anew in each fold" in output.summaries[0]
    assert "figures/folds.png" in t["figures"]
    assert len(t["tags"]["mlmagic.folds"]) == 32


LATE = "; mlflow.log_metric('late', 1)"
ENDED = {
    "by position": (f"mlflow.end_run('FAILED'){LATE}", "FAILED", {"late": 1}, ""),
    "by name": (f"mlflow.end_run(status='KILLED'){LATE}", "KILLED", {"late": 1}, ""),
    "as finished": (f"mlflow.end_run(){LATE}", "FINISHED", {"late": 1}, ""),
    "twice": (f"mlflow.end_run(); mlflow.end_run('FAILED'){LATE}", "FAILED", {"late": 1}, ""),
    "by the client": (
        f"mlflow.MlflowClient().set_terminated(mlflow.active_run().info.run_id, 'FAILED'){LATE}",
        "FAILED",
        {"late": 1},
        "",
    ),
    "in a function": (f"end(){LATE}", "FAILED", {}, "mlflow.end_run() ended the run of a fold: what MLflow logged"),
    "and the loop with it": ("mlflow.end_run('FAILED'); break", "FAILED", {}, ""),
    "a run within it": ("mlflow.start_run(nested=True); mlflow.end_run('FAILED')", "FINISHED", {}, ""),
}


@pytest.mark.parametrize("how", ENDED)
def test_a_fold_that_the_user_ends_keeps_the_status_and_what_is_logged_later(how, kernel, runs):
    code, status, logged, line = ENDED[how]
    kernel.check("def end(): mlflow.end_run('FAILED')")
    output = kernel.run(
        "%%track t\nfor fold in mlmagic.folds(KFold(2), X, y):\n    acc = 0.5 + fold.index\n"
        f"    if fold.index == 1:\n        {code}"
    )
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert [run["status"] for run in folds] == ["FINISHED", status]
    assert folds[1]["metrics"] == {"acc": 1.5, **logged}
    assert cells["t"]["status"] == "FINISHED"
    assert line in output.summaries[0]
    assert ("mlflow.end_run()" in output.summaries[0]) == (how == "in a function")


TAKEN = {
    "a metric function without a name": (
        "print(accuracy_score(fold.y_val, model.predict(fold.X_val)))",
        {"accuracy_score"},
    ),
    "two of them": (
        "p = model.predict(fold.X_val)\n    print(accuracy_score(fold.y_val, p), f1_score(fold.y_val, p, average='macro'))",
        {"accuracy_score", "f1_score"},
    ),
    "a list that grows": ("scores.append(model.score(fold.X_val, fold.y_val))", {"scores"}),
    "a list of what has a name": (
        "acc = model.score(fold.X_val, fold.y_val)\n    scores.append(acc)",
        {"acc"},
    ),
    "a list of dicts": ("scores.append({'acc': model.score(fold.X_val, fold.y_val)})", {"scores.acc"}),
    "a dict": ("r = {'acc': model.score(fold.X_val, fold.y_val), 'loss': 0.5 * fold.index}", {"r.acc", "r.loss"}),
    "log": ("mlmagic.log(auc=0.5 + fold.index)", {"auc"}),
    "MLflow's own": ("mlflow.log_metric('auc', 0.5 + fold.index)", set()),
    "no literals, clocks and counts": (
        "lr = 0.5; t0 = time.perf_counter(); n = len(fold.X_val); acc = model.score(fold.X_val, fold.y_val)",
        {"acc"},
    ),
    "NumPy's and tensors": (
        "import torch; a = np.float32(fold.index); b = np.mean([1.0, fold.index]); c = torch.tensor(0.5 * fold.index)",
        {"a", "b", "c"},
    ),
    "the same value in each fold": ("acc = float('1.0')", {"acc"}),
    "in a loop of its own": ("for e in range(3):\n        loss = 1 / (e + 1 + fold.index)", {"loss"}),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_fold_takes_as_its_metrics(name, kernel, runs):
    body, metrics = TAKEN[name]
    code = (
        f"%%track t\nscores = []\nfor fold in mlmagic.folds(KFold(3), X, y):\n"
        f"    model = LogisticRegression(max_iter=500).fit(fold.X_train, fold.y_train)\n    {body}"
    )
    output = kernel.run(code)
    assert output.status == "ok", output.text
    cells, folds = runs()
    theirs = {"auc"} if name == "MLflow's own" else metrics
    assert [set(run["metrics"]) for run in folds] == [theirs] * 3
    assert set(cells["t"]["metrics"]) == {f"cv_{what}_{one}" for one in metrics for what in ("mean", "std")}


def test_a_function_of_the_notebook_that_loops(kernel, runs):
    kernel.check(
        "def validate(k):\n    scores = []\n    for fold in mlmagic.folds(KFold(k), X, y):\n"
        "        m = LogisticRegression(max_iter=500).fit(fold.X_train, fold.y_train)\n"
        "        acc = m.score(fold.X_val, fold.y_val)\n        scores.append(acc)\n    return np.mean(scores)"
    )
    output = kernel.run("%%track t\nbest = validate(3)")
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert [set(run["metrics"]) for run in folds] == [{"acc"}] * 3
    assert set(cells["t"]["metrics"]) == {"best", "cv_mean_acc", "cv_std_acc"}


def test_what_comes_after_the_loop_is_the_cells(kernel, runs):
    output = kernel.run(
        f"%%track t\n{BODY}\nmodel = LogisticRegression(max_iter=500).fit(X, y)\naccuracy = model.score(X, y)"
    )
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert set(cells["t"]["metrics"]) == {"accuracy", "cv_mean_accuracy", "cv_std_accuracy"}
    assert cells["t"]["models"] == 1
    assert len(folds) == 3


def test_a_fold_that_fails_is_failed_and_those_before_it_stay(kernel, runs):
    output = kernel.run(f"%%track t\n{BODY}\n    if fold.index == 1: raise ValueError('odd')")
    assert "ValueError: odd" in output.text
    cells, folds = runs()
    assert [run["status"] for run in folds] == ["FINISHED", "FAILED"]
    assert folds[1]["tags"]["mlmagic.error"] == "ValueError: odd"
    assert cells["t"]["status"] == "FAILED"
    assert set(cells["t"]["metrics"]) == set()


def test_a_loop_that_breaks_has_no_means(kernel, runs):
    output = kernel.run(f"%%track t\n{BODY}\n    if fold.index == 1: break\nafter = accuracy * 0.5")
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert [run["status"] for run in folds] == ["FINISHED", "FINISHED"]
    assert set(cells["t"]["metrics"]) == {"after"}
    assert "the loop was left in fold 1 of 0 to 2: it has no mean" in output.summaries[0]


def test_an_error_after_a_loop_that_broke_is_not_the_folds(kernel, runs):
    kernel.run(f"%%track t\n{BODY}\n    break\nraise ValueError('later')")
    cells, folds = runs()
    assert (cells["t"]["status"], [run["status"] for run in folds]) == ("FAILED", ["FINISHED"])


def test_an_interrupted_fold_is_killed(kernel, runs):
    output = kernel.run(
        f"%%track t\n{BODY}\n    if fold.index == 1:\n        import signal; signal.raise_signal(signal.SIGINT)"
    )
    assert "KeyboardInterrupt" in output.text
    cells, folds = runs()
    assert (cells["t"]["status"], [run["status"] for run in folds]) == ("KILLED", ["FINISHED", "KILLED"])


def test_nested_folds_hang_below_the_outer_fold(kernel, runs):
    output = kernel.run(
        "%%track t\nfor outer in mlmagic.folds(KFold(2), X, y):\n"
        "    for inner in mlmagic.folds(KFold(2), outer.X_train, outer.y_train):\n"
        "        acc = 0.5 * inner.index\n    best = 0.25 * outer.index"
    )
    assert output.status == "ok", output.text
    cells, folds = runs()
    above = {run["id"]: run for run in folds if run["parent"] == cells["t"]["id"]}
    below = [run for run in folds if run["id"] not in above]
    assert (len(above), len(below)) == (2, 4)
    assert {run["parent"] for run in below} == set(above)
    assert all({"best", "cv_mean_acc"} <= set(run["metrics"]) for run in above.values())
    assert "cv_mean_best" in cells["t"]["metrics"]


def test_a_splitter_that_shuffles_without_a_seed_is_named_or_gets_the_sessions(kernel, runs):
    code = "%%track t\nfor fold in mlmagic.folds(StratifiedKFold(2, shuffle=True), X, y): acc = 0.5 * fold.index"
    first = kernel.run(code)
    assert "StratifiedKFold shuffles without a seed" in first.summaries[0]
    kernel.check("%seed 3 -q" if False else "_ = mlmagic.seed(3)")
    second = kernel.run(code.replace("track t", "track u"))
    third = kernel.run(code.replace("track t", "track v"))
    kernel.check("mlmagic.snapshot.randomness.seeding.forget()")
    assert "without a seed" not in second.summaries[0] + third.summaries[0]
    cells, _ = runs()
    digests = [cells[name]["tags"]["mlmagic.folds"] for name in "tuv"]
    assert digests[1] == digests[2] != digests[0]
    assert cells["u"]["params"]["folds.random_state"] == "3"


def test_the_loop_does_what_it_does_untracked(kernel):
    code = (
        "_ = np.random.seed(1)\nimport random; random.seed(1)\nseen = []\n"
        "for fold in mlmagic.folds(KFold(3), X, y):\n    acc = np.random.rand() + random.random()\n    seen.append(acc)\nprint(seen)"
    )
    untracked = kernel.run(code)
    tracked = kernel.run(f"%%track t\n{code}")
    assert tracked.stdout == untracked.stdout != ""


def test_what_the_body_deletes_is_freed_in_it(kernel):
    output = kernel.run(
        "%%track t\nimport gc, weakref\nfor fold in mlmagic.folds(KFold(2), np.zeros((1000, 10))):\n"
        "    part = weakref.ref(fold.X_train); del fold; gc.collect(); print(part() is None)"
    )
    assert output.stdout.split() == ["True", "True"], output.text


def test_mlflows_own_functions_write_to_the_folds_run(kernel, runs):
    output = kernel.run(
        "%%track t\nfor fold in mlmagic.folds(KFold(2), X, y):\n"
        "    mlflow.log_param('mine', fold.index)\n    mlflow.log_metric('acc', 0.5)\n    acc = 0.25 * fold.index\n"
        "mlflow.log_metric('all', 1.0)"
    )
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert [run["params"]["mine"] for run in folds] == ["0", "1"]
    assert [run["metrics"]["acc"] for run in folds] == [0.5, 0.5]
    assert cells["t"]["metrics"]["all"] == 1.0


def test_bad_folds_are_one_line(kernel):
    for code, line in {
        "mlmagic.folds(KFold(200), X, y)": "KFold cannot divide these 150 rows",
        "mlmagic.folds(KFold, X, y)": "KFold is a class: write KFold(5)",
        "mlmagic.folds('KFod', X, y)": "Did you mean 'KFold'?",
        "mlmagic.folds(1, X, y)": "2 folds or more, not 1",
        "mlmagic.folds(GroupKFold(3), X, y)": "groups='user_id'",
        "mlmagic.folds(StratifiedKFold(3), X)": "divides each class, and needs y",
        "mlmagic.folds(KFold(3), X, y[:10])": "X has 150, y has 10",
        "mlmagic.folds([([0, 1], [2, 999])], X, y)": "fold 0: its validation rows are no positions from 0 to 149",
        "mlmagic.folds([([0, 1], [])], X, y)": "fold 0 has no rows to validate on",
    }.items():
        output = kernel.run(f"for fold in {code}: pass")
        assert line in output.text, (code, output.text[-500:])


@pytest.mark.parametrize(
    ("call", "metric"),
    [
        ("scores = cross_val_score(model, X, y, cv=3)", "scores"),
        ("print(cross_val_score(model, X, y, cv=3).mean())", "cross_val_score"),
        ("r = cross_validate(model, X, y, cv=3, scoring=['accuracy'])", "test_accuracy"),
    ],
)
def test_scikit_learns_own_cross_validation_has_its_folds(call, metric, kernel, runs):
    kernel.check(
        "from sklearn.model_selection import cross_val_score, cross_validate\nmodel = LogisticRegression(max_iter=500)"
    )
    output = kernel.run(f"%%track t\n{call}")
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert [run["name"] for run in folds] == ["fold_0", "fold_1", "fold_2"]
    assert all(metric in run["metrics"] for run in folds)
    assert {run["parent"] for run in folds} == {cells["t"]["id"]}


def test_several_cross_validations_of_a_cell_are_told_apart_and_limited(kernel, runs):
    kernel.check("from sklearn.model_selection import cross_val_score")
    output = kernel.run(
        "%%track t\nfor C in (0.1, 1.0):\n    s = cross_val_score(LogisticRegression(C=C, max_iter=500), X, y, cv=2)"
    )
    assert output.status == "ok", output.text
    cells, _ = runs()
    assert {name for name in cells if name != "t"} == {"s fold_0", "s fold_1", "s 2 fold_0", "s 2 fold_1"}
    assert len(cells["t"]["metrics"]) == 2


@pytest.mark.parametrize("around", ["enumerate({})", "((0, f) for f in {})", "zip(range(9), mlmagic.progress({}))"])
def test_what_stands_around_the_folds_changes_nothing(around, kernel, runs):
    loop = around.format("mlmagic.folds(KFold(2), X, y)")
    output = kernel.run(f"%%track t\nfor number, fold in {loop}:\n    acc = 0.5 * fold.index + len(fold.X_val)")
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert [run["metrics"] for run in folds] == [{"acc": 75.0}, {"acc": 75.5}]
    assert cells["t"]["metrics"]["cv_mean_acc"] == 75.25


def test_folds_that_bind_nothing_are_told(kernel, runs):
    output = kernel.run("%%track t\nall_folds = list(mlmagic.folds(KFold(2), X, y))")
    assert "the folds have no numbers" in output.summaries[0]


def test_without_a_store_the_folds_are_delivered_later(kernel, runs):
    kernel.check("%config MLMagic.offline = True")
    output = kernel.run("%%track t\nfor fold in mlmagic.folds(KFold(2), X, y): acc = 0.5 * fold.index")
    kernel.check("%config MLMagic.offline = False")
    assert output.status == "ok", output.text
    kernel.check("_ = mlmagic.sync()")
    cells, folds = runs()
    assert [run["metrics"] for run in folds] == [{"acc": 0.0}, {"acc": 0.5}]
    assert {run["parent"] for run in folds} == {cells["t"]["id"]}


def test_a_kernel_that_dies_in_a_fold_leaves_the_folds_before_it_and_one_that_was_killed(kernels, tmp_path):
    from mlflow import MlflowClient

    code = (
        "%load_ext mlmagic\nimport mlmagic, numpy as np, time\nfrom sklearn.model_selection import KFold",
        "%%track t\nfor fold in mlmagic.folds(KFold(3), np.arange(9)):\n    mlmagic.log(early=1.0)\n"
        "    if fold.index == 1: open('there', 'w').close(); time.sleep(60)\n    acc = 0.5 + fold.index",
    )
    dying = kernels(tmp_path)
    dying.check(code[0])
    dying.send(code[1])
    while not (tmp_path / "there").exists():
        time.sleep(0.05)
    os.kill(dying.pid, signal.SIGKILL)
    dying.stop()
    heir = kernels(tmp_path)
    heir.check(f"{code[0]}\n_ = mlmagic.sync()")
    heir.stop()
    found = {run.info.run_name: run for run in MlflowClient(f"sqlite:///{tmp_path}/mlflow.db").search_runs(["0"])}
    assert {name: run.info.status for name, run in found.items()} == {
        "t": "KILLED",
        "fold_0": "FINISHED",
        "fold_1": "KILLED",
    }
    assert found["fold_0"].data.metrics == {"early": 1.0, "acc": 0.5}
    assert found["fold_1"].data.metrics == {"early": 1.0}


@pytest.mark.parametrize(
    ("options", "metrics"), [("-x loss", {"acc", "auc"}), ("--no-auto", {"auc"}), ("", {"acc", "auc", "loss"})]
)
def test_what_the_header_leaves_out_the_folds_leave_out(options, metrics, kernel, runs):
    output = kernel.run(
        f"%%track t {options}\nfor fold in mlmagic.folds(KFold(2), X, y):\n"
        "    acc = 0.5 * fold.index\n    loss = acc / 2\n    mlmagic.log(auc=0.5)"
    )
    assert output.status == "ok", output.text
    _, folds = runs()
    assert [set(run["metrics"]) for run in folds] == [metrics, metrics]


def test_folds_that_outlive_their_run_record_nothing_more(kernel, runs):
    output = kernel.run(
        "%%track t\nleft = iter(mlmagic.folds(KFold(3), X, y))\nfold = next(left)\nmlmagic.log(acc=0.5)"
    )
    assert output.status == "ok", output.text
    assert kernel.run("late = [len(fold.X_val) for fold in left]\nprint(late)").stdout.strip() == "[50, 50]"
    output = kernel.run("%%track u\nx = 0.5 ** 2")
    cells, folds = runs()
    assert [(run["status"], run["metrics"]) for run in folds] == [("FINISHED", {"acc": 0.5})]
    assert {name: run["status"] for name, run in cells.items()} == {"t": "FINISHED", "u": "FINISHED"}
    assert kernel.check("import mlflow; print(mlflow.active_run())") == "None"


def test_autologging_writes_to_the_folds_run(kernel, runs):
    kernel.check("mlflow.sklearn.autolog(log_models=False, silent=True)")
    output = kernel.run(f"%%track t\n{BODY}")
    kernel.check("mlflow.sklearn.autolog(disable=True, silent=True)")
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert [run["params"]["max_iter"] for run in folds] == ["500"] * 3
    assert all("training_accuracy_score" in run["metrics"] for run in folds)
    assert "cv_mean_accuracy" in cells["t"]["metrics"]


def test_the_outer_folds_of_nested_ones_have_their_own_numbers_only(kernel, runs):
    output = kernel.run(
        "%%track t\nfor outer in mlmagic.folds(KFold(2), X, y):\n"
        "    for inner in mlmagic.folds(KFold(2), outer.X_train, outer.y_train):\n"
        "        acc = 0.5 * inner.index\n        print(accuracy_score([1, 1], [1, inner.index]))\n    best = 0.25 * outer.index"
    )
    assert output.status == "ok", output.text
    cells, folds = runs()
    above = [run for run in folds if run["parent"] == cells["t"]["id"]]
    means = {f"cv_{what}_{name}" for what in ("mean", "std") for name in ("acc", "accuracy_score")}
    assert [set(run["metrics"]) for run in above] == [{"best", *means}] * 2
    assert {run["metrics"]["cv_mean_acc"] for run in above} == {0.25}
    assert set(cells["t"]["metrics"]) == {"cv_mean_best", "cv_std_best"}
    assert all(set(run["metrics"]) == {"acc", "accuracy_score"} for run in folds if run not in above)


OF_FOLDS = {
    "fitted where it was made before": "clf = LogisticRegression(max_iter=500)\nfor fold in F: s = clf.fit(fold.X_train, fold.y_train).score(fold.X_val, fold.y_val)",
    "collected in a list": "models = []\nfor fold in F:\n    m = LogisticRegression(max_iter=500).fit(fold.X_train, fold.y_train)\n    models.append(m)\nbest = models[0]",
    "without a name": "s = [LogisticRegression(max_iter=500).fit(f.X_train, f.y_train).score(f.X_val, f.y_val) for f in F]",
}


@pytest.mark.parametrize("name", OF_FOLDS)
def test_no_model_of_a_fold_is_the_cells(name, kernel, runs):
    output = kernel.run(f"%%track t\nF = mlmagic.folds(KFold(2), X, y)\n{OF_FOLDS[name]}")
    assert output.status == "ok", output.text
    assert runs()[0]["t"]["models"] == 0


def test_the_end_of_a_zip_is_the_end_of_the_loop(kernel, runs):
    output = kernel.run(
        "%%track t\nfor name, fold in zip('ab', mlmagic.folds(KFold(2), X, y)):\n    acc = 0.5 * fold.index"
    )
    cells, folds = runs()
    assert cells["t"]["metrics"] == {"cv_mean_acc": 0.25, "cv_std_acc": 0.25}, output.text
    assert [run["status"] for run in folds] == ["FINISHED", "FINISHED"]


def test_a_fold_whose_exception_is_caught_outside_the_loop_has_failed(kernel, runs):
    output = kernel.run(
        "%%track t\ntry:\n    for fold in mlmagic.folds(KFold(3), X, y):\n        acc = 0.5 * fold.index\n"
        "        if fold.index == 1: raise ValueError('odd')\nexcept ValueError: pass"
    )
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert [run["status"] for run in folds] == ["FINISHED", "FAILED"]
    assert cells["t"]["status"] == "FINISHED"


def test_a_loop_that_broke_did_not_fail_by_a_later_error_on_its_line(kernel, runs):
    kernel.run(
        "%%track t\ndef check(k):\n    if k == 2: raise ValueError('second')\n    return True\n"
        "def f(k):\n    for fold in mlmagic.folds(KFold(3), X, y):\n        acc = .5 * fold.index\n        if check(k): break\n"
        "f(1); f(2)"
    )
    cells, folds = runs()
    assert (folds[0]["status"], cells["loop 2 fold_0"]["status"]) == ("FINISHED", "FAILED")
    assert cells["loop 2 fold_0"]["tags"]["mlmagic.error"] == "ValueError: second"


def test_loops_on_two_threads_each_have_their_folds(kernel, runs):
    output = kernel.run(
        "%%track t\nimport threading\ndef cv(name):\n    for fold in mlmagic.folds(KFold(3), X, y):\n"
        "        mlmagic.log({name: 0.5 * fold.index}); time.sleep(0.05)\n"
        "threads = [threading.Thread(target=cv, args=[name]) for name in 'ab']\n"
        "for one in threads: one.start()\nfor one in threads: one.join()"
    )
    assert output.status == "ok", output.text
    cells, folds = runs()
    theirs = [run for name, run in cells.items() if name.startswith("loop 2")] + folds
    assert len(theirs) == 6
    assert {run["parent"] for run in theirs} == {cells["t"]["id"]}
    assert {"cv_mean_a", "cv_mean_b"} <= set(cells["t"]["metrics"])


def test_folds_that_were_made_elsewhere_are_recorded_where_they_are_used(kernel, runs):
    kernel.check("from tqdm import tqdm\ncv = mlmagic.folds(KFold(2), X, y)")
    output = kernel.run("%%track t\nfor fold in tqdm(cv):\n    acc = 0.5 * fold.index")
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert [run["metrics"] for run in folds] == [{"acc": 0.0}, {"acc": 0.5}]
    assert set(cells["t"]["metrics"]) == {"cv_mean_acc", "cv_std_acc"}


def test_data_made_of_a_folds_part_is_not_the_cells(kernel, runs):
    output = kernel.run(
        "%%track t\nfrom sklearn.preprocessing import StandardScaler\nmine = X * 2\n"
        "for fold in mlmagic.folds(KFold(2), mine, y):\n    Z = StandardScaler().fit_transform(fold.X_train)\n"
        "    m = LogisticRegression(max_iter=500).fit(Z, fold.y_train)\n    m.fit(fold.X_train[['petal length (cm)']], fold.y_train)"
    )
    assert output.status == "ok", output.text
    assert runs()[0]["t"]["data"] == ["X", "mine", "y"]


def test_more_than_a_hundred_folds_are_means_with_a_hundred_runs(kernel, runs):
    kernel.check("from sklearn.model_selection import LeaveOneOut, cross_val_score\nsmall = np.arange(110.0)")
    output = kernel.run("%%track t\nfor fold in mlmagic.folds(LeaveOneOut(), small):\n    acc = 0.5 * fold.index")
    cells, folds = runs()
    assert (len(folds), cells["t"]["metrics"]["cv_mean_acc"]) == (100, 0.5 * 109 / 2), output.text
    assert "the first 100 of 110 folds are runs" in output.summaries[0]
    output = kernel.run("%%track u\ns = cross_val_score(LogisticRegression(), X[:110], y[:110] > 0, cv=LeaveOneOut())")
    assert len(runs()[1]) == 200, output.text


def test_folds_within_an_mlflow_run_of_the_cell_hang_below_it(kernel, runs):
    output = kernel.run(
        "%%track t\nwith mlflow.start_run(nested=True, run_name='mid'):\n"
        "    for fold in mlmagic.folds(KFold(2), X, y): acc = 0.5 * fold.index"
    )
    assert output.status == "ok", output.text
    cells, folds = runs()
    assert {run["parent"] for run in folds} == {cells["mid"]["id"]}


def test_in_a_function_the_last_folds_objects_are_freed(kernel):
    code = (
        "class Net:\n    live = 0\n    def __init__(self): Net.live += 1\n    def __del__(self): Net.live -= 1\n"
        "def cv():\n    out = []\n    for fold in mlmagic.folds(KFold(3), X, y):\n        net = None; net = Net(); out.append(Net.live)\n"
        "    return out\nprint(cv())"
    )
    assert kernel.run(f"%%track t\n{code}").stdout == kernel.run(code).stdout == "[1, 1, 1]\n"
