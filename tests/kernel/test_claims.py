"""A run claims what its cell did, no more and no less: what is recorded of cells as people write them.

Each case is what stands in an earlier cell, the tracked cell, and the whole record that it must leave.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

SETUP = """
%load_ext mlmagic
import gc, weakref
import numpy as np, pandas as pd
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, classification_report, f1_score
from sklearn.model_selection import cross_val_score, train_test_split
iris = load_iris()
X, y = iris.data, iris.target
__known = set(globals()) | {"__known", "__reset", "__record"}
def __reset():
    names = globals()
    for name in set(names) - __known:
        if not name.startswith("_"):
            del names[name]
    names["iris"] = load_iris()
    names["X"], names["y"] = names["iris"].data, names["iris"].target
def __record():
    import json, mlflow
    client = mlflow.MlflowClient()
    run = client.search_runs(["0"], order_by=["attributes.start_time DESC"], max_results=1)[0]
    history = {
        name: [point.value for point in sorted(client.get_metric_history(run.info.run_id, name), key=lambda p: p.step)]
        for name in run.data.metrics
    }
    data = {}
    for one in run.inputs.dataset_inputs:
        made = json.loads(one.dataset.source)["tags"].get("mlmagic.made", "")
        data[one.dataset.name] = [json.loads(one.dataset.profile)["shape"], made]
    outputs = run.outputs.model_outputs if run.outputs else []
    models = sorted(client.get_logged_model(output.model_id).name for output in outputs)
    print(json.dumps({
        "name": run.info.run_name, "status": run.info.status, "params": run.data.params, "metrics": history,
        "data": data, "models": models, "count": len(client.search_runs(["0"])),
    }))
"""


@dataclass
class Record:
    """The record of a run. ``data`` maps each dataset to its shape, and to ``made here`` where the cell made it."""

    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    data: dict[str, list] = field(default_factory=dict)
    models: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def kernel(kernel):
    kernel.check(SETUP)
    return kernel


@pytest.fixture
def track(kernel):
    """Run an earlier cell and a tracked one; return its output and its record."""

    def run(before: str, code: str, *, status: str = "ok"):
        if "torch" in before:
            pytest.importorskip("torch")
        kernel.check("__reset()")
        if before:
            kernel.check(before)
        output = kernel.run(f"%%track t\n{code}")
        assert output.status == status, output.text
        record = json.loads(kernel.check("__record()"))
        assert record["name"] == "t"
        return output, record

    return run


def _matches(found, record: Record):
    got = {name: found[name] for name in ("params", "metrics", "data", "models")}
    assert got == {
        "params": record.params,
        "metrics": {name: pytest.approx(values) for name, values in record.metrics.items()},
        "data": {name: [list(shape), *made] for name, (shape, *made) in record.data.items()},
        "models": sorted(record.models),
    }


def _read(shape):
    return shape, ""


def _made(shape, how="made here"):
    return shape, how


IRIS = {"X": _read((150, 4)), "y": _read((150,))}
IRIS_AND_LABELS = {"X": _read((150, 4)), "labels": _read((150,))}
LOGISTIC = {"clf.max_iter": "500"}
FITTED = "clf = LogisticRegression(max_iter=500).fit(X, y)"

MODELS = {
    "A a branch that is never taken": (FITTED, "if False: clf = RandomForestClassifier().fit(X, y)", Record()),
    "A a branch that is not taken": (
        FITTED,
        "if not X.size: clf = RandomForestClassifier().fit(X, y)",
        Record(data={"X": _read((150, 4))}),
    ),
    "A a fit that raises, caught": (
        FITTED,
        "try:\n    clf = RandomForestClassifier().fit(X, no_such_name)\nexcept NameError:\n    pass",
        Record(data={"X": _read((150, 4))}),
    ),
    "A an alias of an old model": (FITTED, "best = clf", Record({"best.max_iter": "500"}, models=["best"])),
    "A a loop over old models": (
        f"{FITTED}\nmodels = {{'a': clf}}",
        "for name, model in models.items(): print(model.n_features_in_)",
        Record(),
    ),
    "A a model added to a dict of old ones": (
        f"{FITTED}\nmodels = {{'a': clf}}",
        "models['b'] = LinearRegression().fit(X, y)",
        Record(data=IRIS, models=["models_b"]),
    ),
    "A an estimator that is not fitted": (
        "",
        "clf = RandomForestClassifier(n_estimators=50)",
        Record({"clf.n_estimators": "50"}),
    ),
    "A an estimator that is not fitted, from a name": (
        "",
        "n = 50\nclf = RandomForestClassifier(n_estimators=n)",
        Record({"n": "50", "clf.n_estimators": "50"}),
    ),
    "A an estimator that is read before it is fitted": ("clf = Ridge(alpha=2)", "print(clf.alpha, clf)", Record()),
    "A an estimator of an earlier cell, fitted here": (
        "clf = Ridge(alpha=2)",
        "clf.fit(X, y)",
        Record({"clf.alpha": "2"}, data=IRIS, models=["clf"]),
    ),
    "A two estimators, one fitted": (
        "",
        "a = Ridge(alpha=2); b = Ridge(alpha=3).fit(X, y)",
        Record({"a.alpha": "2", "b.alpha": "3"}, data=IRIS, models=["b"]),
    ),
    "A two estimators of a class without names": (
        "",
        "Ridge(alpha=2).fit(X, y)\nRidge(alpha=3).fit(X, y)\nNone",
        Record({"Ridge.alpha": "2", "Ridge_2.alpha": "3"}, data=IRIS, models=["Ridge", "Ridge_2"]),
    ),
    "A one fitted and one cross-validated without names": (
        "from sklearn.model_selection import cross_val_score",
        "Ridge(alpha=2).fit(X, y)\ncross_val_score(Ridge(alpha=3), X, y)\nNone",
        Record(
            {"Ridge.alpha": "2", "Ridge_2.alpha": "3"},
            {"cross_val_score.mean": [0.316655834], "cross_val_score.std": [0.389548884]},
            IRIS,
            ["Ridge"],
        ),
    ),
    "A a clone of a fitted one": (
        FITTED,
        "from sklearn.base import clone\nnew = clone(clf)",
        Record({"new.max_iter": "500"}),
    ),
    "A a pipeline that is not fitted": (
        "",
        "from sklearn.pipeline import make_pipeline\nstep = Ridge(alpha=2)\npipe = make_pipeline(step)",
        Record({"pipe.ridge__alpha": "2"}),
    ),
    "A an estimator that is cross-validated": (
        "clf = Ridge(alpha=2)",
        "from sklearn.model_selection import cross_val_score\nscore = cross_val_score(clf, X, y).mean().round() + 0.3",
        Record({"clf.alpha": "2"}, {"score": [0.3]}, IRIS),
    ),
    "A an estimator without a name that is cross-validated": (
        "from sklearn.model_selection import cross_val_score",
        "score = cross_val_score(Ridge(alpha=2), X, y).mean().round() + 0.3",
        Record({"Ridge.alpha": "2"}, {"score": [0.3]}, IRIS),
    ),
    "A estimators of a loop that are cross-validated": (
        "from sklearn.model_selection import cross_val_score",
        "for each in (Ridge(alpha=2), Ridge(alpha=3)):\n    score = cross_val_score(each, X, y).mean().round() + 0.3",
        Record({}, {"score": [0.3, 0.3]}, IRIS),
    ),
    "A a model that is only used": (FITTED, "labels = clf.predict(X)", Record(data={"X": _read((150, 4))})),
    "A a model fitted again": (FITTED, "clf.fit(X, y)", Record(LOGISTIC, data=IRIS, models=["clf"])),
    "A a model fitted in a function": (
        f"{FITTED}\ndef refit(): clf.fit(X, y)",
        "refit()",
        Record(LOGISTIC, data=IRIS, models=["clf"]),
    ),
    "A a model fitted in a thread": (
        f"import threading\n{FITTED}",
        "worker = threading.Thread(target=clf.fit, args=(X, y)); worker.start(); worker.join()",
        Record(LOGISTIC, data=IRIS, models=["clf"]),
    ),
    "A a model deleted again": (
        "",
        "m = LinearRegression().fit(X, y); score = m.score(X, y); del m",
        Record(metrics={"score": [0.930]}, data=IRIS),
    ),
}


DATA_SETUP = """
from types import SimpleNamespace
from dataclasses import dataclass
frames = {'train': pd.DataFrame({'a': [0.0, 1, 2], 'b': [1.0, 0, 1]}), 'y': np.array([0, 1, 0])}
pair, rows = (X, y), [X, y]
space = SimpleNamespace(X=X, y=y)
@dataclass
class Ds:
    X: object
    y: object
ds = Ds(X, y)
class Own: pass
own = Own()
own.X, own.y = X, y
m = Ridge()
"""
DATA = {
    "B attributes of a bunch": (
        "",
        "LogisticRegression(max_iter=500).fit(iris.data, iris.target)",
        Record(
            {"LogisticRegression.max_iter": "500"},
            data={"iris.data": _read((150, 4)), "iris.target": _read((150,))},
            models=["LogisticRegression"],
        ),
    ),
    "B items of a dict": (
        DATA_SETUP,
        "m.fit(frames['train'], frames['y'])",
        Record(data={"frames['train']": _read((3, 2)), "frames['y']": _read((3,))}, models=["m"]),
    ),
    "B items of a tuple": (
        DATA_SETUP,
        "m.fit(pair[0], pair[1])",
        Record(data={"pair[0]": _read((150, 4)), "pair[1]": _read((150,))}, models=["m"]),
    ),
    "B a starred list": (
        DATA_SETUP,
        "m.fit(*rows)",
        Record(data={"rows[0]": _read((150, 4)), "rows[1]": _read((150,))}, models=["m"]),
    ),
    "B a namespace": (
        DATA_SETUP,
        "m.fit(space.X, space.y)",
        Record(data={"space.X": _read((150, 4)), "space.y": _read((150,))}, models=["m"]),
    ),
    "B a dataclass": (
        DATA_SETUP,
        "m.fit(ds.X, y=ds.y)",
        Record(data={"ds.X": _read((150, 4)), "ds.y": _read((150,))}, models=["m"]),
    ),
    "B a class of the user's own": (
        DATA_SETUP,
        "m.fit(own.X, own.y)",
        Record(data={"own.X": _read((150, 4)), "own.y": _read((150,))}, models=["m"]),
    ),
    "B keywords in a dict": (
        f"{DATA_SETUP}words = {{'X': X, 'y': y}}",
        "m.fit(**words)",
        Record(data={"words['X']": _read((150, 4)), "words['y']": _read((150,))}, models=["m"]),
    ),
    "B rows of a frame": (
        DATA_SETUP,
        "m.fit(X[:100], y[:100])",
        Record(
            data=IRIS | {"X[:100]": _read((100, 4)), "y[:100]": _read((100,))},
            models=["m"],
        ),
    ),
    "C all in one cell": (
        "",
        "data = load_iris()\n"
        "X_train, X_test, y_train, y_test = train_test_split(data.data, data.target, random_state=0)\n"
        "clf = LogisticRegression(max_iter=500).fit(X_train, y_train)\n"
        "print(clf.score(X_test, y_test), accuracy_score(y_test, clf.predict(X_test)))",
        Record(
            LOGISTIC,
            {"score": [0.97368], "accuracy_score": [0.97368]},
            {
                "X_train": _made((112, 4)),
                "y_train": _made((112,)),
                "X_test": _made((38, 4)),
                "y_test": _made((38,)),
            },
            ["clf"],
        ),
    ),
    "C data changed in place": (
        "",
        "X /= 10\nm = Ridge().fit(X, y)",
        Record(data=IRIS | {"X (changed here)": _made((150, 4), "changed here")}, models=["m"]),
    ),
    "C a name bound to other data": (
        "",
        "X = X[:50]; y = y[:50]\nm = Ridge().fit(X, y)",
        Record(data=IRIS | {"X (made here)": _made((50, 4)), "y (made here)": _made((50,))}, models=["m"]),
    ),
    "C folds": (
        "from sklearn.model_selection import KFold",
        "for a, b in KFold(3).split(X):\n    m = Ridge().fit(X[a], y[a])",
        Record(data=IRIS | {"X[a]": _made((100, 4)), "y[a]": _made((100,))}, models=["m"]),
    ),
    "C cross-validation": (
        "",
        "data = load_iris(); scores = cross_val_score(Ridge(), data.data, data.target, cv=2)",
        Record(
            metrics={"scores.mean": [-0.0], "scores.std": [0.0]},
            data={"data.data": _made((150, 4)), "data.target": _made((150,))},
        ),
    ),
    "the same array under five names": (
        "A = B = C = D = X",
        "m = Ridge().fit(A, y); m.predict(B); m.predict(C); print(D.shape)",
        Record(data={"A": _read((150, 4)), "y": _read((150,))}, models=["m"]),
    ),
    "H a split with seed 0": (
        "df = pd.DataFrame({'v': range(100)})",
        "%split df --test 0.2 --seed 0\nprint(train.shape)",
        Record(
            {"split.method": "seed", "split.test": "0.2", "split.seed": "0"},
            data={"train": _made((80, 1)), "test": _made((20, 1))},
        ),
    ),
    "G a split made again": (
        "df = pd.DataFrame({'v': range(100)})\n%split df --test 0.5 --seed 1",
        "%split df --test 0.2 --seed 2\nprint(train.shape)",
        Record(
            {"split.method": "seed", "split.test": "0.2", "split.seed": "2"},
            data={"train": _made((80, 1)), "test": _made((20, 1))},
        ),
    ),
}


@pytest.mark.parametrize("name", [*MODELS, *DATA])
def test_models_and_data_are_those_that_the_cell_fitted_and_used(name, track):
    before, code, record = (MODELS | DATA)[name]
    _, found = track(before, code)
    if name == "C cross-validation":
        found["metrics"] = record.metrics = {key: [] for key in found["metrics"]}
    for key in ("score", "accuracy_score"):
        if key in found["metrics"]:
            assert found["metrics"][key] == pytest.approx(record.metrics.pop(key), abs=1e-3)
            del found["metrics"][key]
    _matches(found, record)


def test_a_fit_that_raises_claims_no_model(track):
    _, found = track(FITTED, "clf = RandomForestClassifier().fit(X, no_such_name)", status="error")
    assert (found["params"], found["models"], found["status"]) == ({}, [], "FAILED")


TORCH = "import torch; from torch.optim import SGD, Adam\nnet = torch.nn.Linear(2, 1)\n"
SCALARS = {
    "D parameters of methods": (
        "hidden = 64; lr = 0.1",
        "class Net:\n"
        "    def __init__(self, hidden, lr): self.hidden, self.lr = hidden, lr\n"
        "    def forward(self, X): return X * self.hidden",
        Record(),
    ),
    "D functions in functions": (
        "hidden = 64; lr = 0.1",
        "def outer(hidden):\n    def inner(lr): return hidden + lr\n    return lambda X: inner(X)\nf = lambda lr: lr + 1",
        Record(),
    ),
    "D captures": (
        "hidden = 64; lr = 0.1; e = 3; k = 4",
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    print(e)\n"
        "match {'k': 1}:\n    case {'k': k}: print(k)\nprint([lr for lr in (1, 2)], {hidden: 1 for hidden in (1,)})",
        Record(),
    ),
    "D a global of a method is read": (
        "hidden = 64",
        "class Net:\n    def f(self): return hidden",
        Record({"hidden": "64"}),
    ),
    "E several targets in a loop": (
        "def epoch(e): return 1 / (e + 1), e / 4",
        "for e in range(3):\n    loss, acc = epoch(e)\n    val: float = loss * 2",
        Record(metrics={"loss": [1, 1 / 2, 1 / 3], "acc": [0, 0.25, 0.5], "val": [2, 1, 2 / 3]}),
    ),
    "E lists, chains, walrus, items": (
        "d, f = {}, lambda e: e / 2",
        "for e in range(3):\n    [a, b] = f(e), f(e) * 2\n    c = g = f(e)\n    print(h := f(e))\n    d['a'] = f(e)\n"
        "    name = 'b'; d[name] = f(e)",
        Record(
            metrics={
                **{name: [0, 0.5, 1.0] for name in ("a", "c", "g", "h", "d.a", "d.b")},
                "b": [0, 1.0, 2.0],
            }
        ),
    ),
    "E NumPy and tensors": (
        TORCH,
        "for e in range(3):\n    a = np.float32(e / 2); b = np.array(e / 2); c = torch.tensor(e / 2)\n"
        "    d = (net.weight * 0).sum() + e / 2",
        Record(metrics={name: [0, 0.5, 1.0] for name in "abcd"}),
    ),
    "E sums and lists": (
        "losses, history = [], {'loss': [], 'n': []}",
        "running = 0.0\nfor e in range(3):\n    loss = e / 2\n    running += loss\n    losses.append(loss * 2)\n"
        "    history['loss'].append(loss)\n    history['n'].append(e)",
        Record(
            metrics={"loss": [0, 0.5, 1], "running": [0, 0.5, 1.5], "losses": [0, 1, 2], "history.loss": [0, 0.5, 1]}
        ),
    ),
    "E batches count once": (
        "",
        "for e in range(2):\n    for b in range(5):\n        loss = (e + b) / 2\n    acc = loss / 10",
        Record(metrics={"loss": [2.5], "acc": [0.2, 0.25]}),
    ),
    "F a plateau schedule": (
        TORCH,
        "opt = SGD(net.parameters(), lr=0.1)\n"
        "plan = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0)\nfor e in range(4): plan.step(1.0)",
        Record({"opt.lr": "0.1"}),
    ),
    "F changed by hand": (
        TORCH,
        "opt = SGD(net.parameters(), lr=0.1)\nfor g in opt.param_groups: g['lr'] *= .5",
        Record({"opt.lr": "0.1"}),
    ),
    "F one cycle": (
        TORCH,
        "opt = Adam(net.parameters(), lr=0.1)\n"
        "plan = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1.0, total_steps=10)\n"
        "for e in range(5): opt.step(); plan.step()",
        Record({"opt.lr": "0.1"}),
    ),
    "F one cycle and momentum": (
        TORCH,
        "opt = SGD(net.parameters(), lr=0.1, momentum=0.8)\n"
        "plan = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1.0, total_steps=10)\n"
        "for e in range(5): opt.step(); plan.step()",
        Record({"opt.lr": "0.1", "opt.momentum": "0.8"}),
    ),
    "F groups": (
        TORCH,
        "opt = SGD([{'params': [net.weight], 'lr': 0.01}, {'params': [net.bias]}], lr=0.1)",
        Record({"opt.lr": "[0.01, 0.1]"}),
    ),
    "F made before": (
        f"{TORCH}opt = SGD(net.parameters(), lr=0.1)\nfor g in opt.param_groups: g['lr'] = 0.003",
        "opt.zero_grad()",
        Record({"opt.lr": "0.1"}),
    ),
    "I a report": (
        "",
        "report = classification_report([0, 1], [0, 1], output_dict=True)",
        Record(
            metrics={
                **{f"report.{k}.{m}": [1.0] for k in "01" for m in ("precision", "recall", "f1-score", "support")},
                **{
                    f"report.{k} avg.{m}": [1.0]
                    for k in ("macro", "weighted")
                    for m in ("precision", "recall", "f1-score")
                },
                "report.macro avg.support": [2.0],
                "report.weighted avg.support": [2.0],
                "report.accuracy": [1.0],
            }
        ),
    ),
    "I a dict of numbers": ("", "r = {'acc': .5*1, 'epochs': 10}", Record(metrics={"r.acc": [0.5], "r.epochs": [10]})),
    "I a dict with text": ("", "r = {'model': 'rf', 'acc': .9}", Record(metrics={"r.acc": [0.9]})),
    "I nested dicts": (
        "half = lambda: 0.5",
        "r = {'train': {'acc': half(), 'n': 3}, 'test': {'acc': half(), 'who': None}}",
        Record(metrics={"r.train.acc": [0.5], "r.train.n": [3], "r.test.acc": [0.5]}),
    ),
    "I settings": (
        "",
        "p = {'lr': 0.1, 'net': {'depth': 3, 'act': 'relu'}, 'layers': 2**3}",
        Record({"p.lr": "0.1", "p.net.depth": "3", "p.net.act": "relu", "p.layers": "8"}),
    ),
    "I no results": (
        "",
        "d = dict(zip('ab', [[1, 2], 'x']))\nk = {1: 'one', 2: 'two'}",
        Record({"k.1": "one", "k.2": "two"}),
    ),
    "I a value for each class": (
        "",
        "f1 = f1_score(['a', 'b', 'b'], ['a', 'b', 'a'], average=None)\n"
        "print(f1_score([0, 2, 2], [0, 2, 2], average=None, labels=[0, 2]))",
        Record(metrics={"f1.a": [2 / 3], "f1.b": [2 / 3], "f1_score.0": [1.0], "f1_score.2": [1.0]}),
    ),
    "I only what is new in a dict": (
        "results = {'old': 0.25}",
        "results['new'] = 1 / 2",
        Record(metrics={"results.new": [0.5]}),
    ),
    "J a prediction": (f"{FITTED}", "clf.predict(X[:1])", Record(data={"X": _read((150, 4)), "X[:1]": _read((1, 4))})),
    "J all equal": ("a = np.zeros(3)", "np.all(a == a)", Record(data={"a": _read((3,))})),
    "J collected": ("", "gc.collect()", Record()),
    "J an exit code": ("import os", "os.system('true')", Record()),
    "J a count": ("a = np.ones(3)", "(a == 1).sum()", Record(data={"a": _read((3,))})),
    "J clocks": (
        "import time\nfrom time import perf_counter\nfrom datetime import datetime",
        "t0 = time.time(); t1 = perf_counter(); t2 = time.monotonic(); t3 = datetime.now().timestamp()\ntime.time()",
        Record(),
    ),
    "J a time that was taken": ("import time", "took = time.time() - time.time()", None),
    "L objects that raise": (
        "from werkzeug.local import LocalProxy\nproxy = LocalProxy(lambda: 1 / 0)\nimport torch\n"
        "class Closed:\n"
        "    @property\n    def shape(self): raise ValueError('Not a dataset')\n"
        "    dtype = ndim = shape\n    def __getitem__(self, key): return np.ones(3)\n"
        "    def __repr__(self): raise ValueError('closed')",
        "lr = 0.1\nds = Closed(); x = ds[:]; z = proxy; ops = torch.classes\nloss = float(x.sum()) / 4",
        Record({"lr": "0.1"}, {"loss": [0.75]}),
    ),
    "L an entry of a dict": (
        "class Mute:\n    def __float__(self): raise ValueError('mute')\n    dtype = ndim = property(__float__)",
        "d = {'acc': float('0.5'), 'odd': Mute()}",
        Record(metrics={"d.acc": [0.5]}),
    ),
    "training by LightGBM": (
        "import lightgbm as lgb\nlabels = (y > 0).astype(float)",
        "found = {}\ndata = lgb.Dataset(X, label=labels)\n"
        "bst = lgb.train({'objective': 'binary', 'num_leaves': 4, 'verbose': -1}, data, 3, valid_sets=[data],\n"
        "                callbacks=[lgb.record_evaluation(found)])\n"
        "found['training']['binary_logloss'] = [0.5, 0.25, 0.125]",
        Record(
            {"bst.objective": "binary", "bst.num_leaves": "4", "bst.verbose": "-1", "bst.num_boost_round": "3"},
            {"found.training.binary_logloss": [0.5, 0.25, 0.125]},
            IRIS_AND_LABELS,
        ),
    ),
    "training of many classes by XGBoost": (
        "",
        "found = {}\n"
        "def train(evals_result):\n"  # the dict that `xgboost.train` fills
        "    evals_result['valid'] = __import__('collections').OrderedDict(mlogloss=[0.5, 0.25], merror=[0.5, 0.0])\n"
        "train(evals_result=found)",
        Record({}, {"found.valid.mlogloss": [0.5, 0.25], "found.valid.merror": [0.5, 0.0]}),
    ),
    "K arithmetic": (
        "",
        "lr = 1e-3*2; batch = 2**6; size = 28 * 28; small = 1/4; neg = -(2 ** 3); bits = 1 << 4; big = 10 ** 400",
        Record({"lr": "0.002", "batch": "64", "size": "784", "small": "0.25", "neg": "-8", "bits": "16"}),
    ),
    "items of a dict of settings": (
        "CFG = {'lr': 0.5, 'epochs': 3, 'sub': {'k': 2}, 'acc': 0.9, 'unused': 7}\nimport time",
        "lr = CFG['lr']\nfor epoch in range(CFG['epochs']): k = CFG['sub']['k']\nprint(CFG['acc'])",
        Record({"CFG.lr": "0.5", "CFG.epochs": "3", "CFG.sub.k": "2", "lr": "0.5"}),
    ),
    "items that are written down": (
        "CFG = {'epochs': 3, 'lr': 0.5}\nfound = {'acc': 0.5}",
        "CFG['epochs'] = 7; CFG['drop'] = 0.3; c = {'lr': 0.1}; c['lr'] = 0.9\n"
        "found['acc'] = 1 / 4 + 0.5; found['rmse'] = 0.25; found['n'] = len(CFG) / 2",
        Record(
            {"CFG.epochs": "7", "CFG.drop": "0.3", "c.lr": "0.9"},
            {"found.acc": [0.75], "found.rmse": [0.25], "found.n": [1.5]},
        ),
    ),
    "unseen: exec": ("lr = 0.1", "exec('lr = 0.3')\nprint(lr)", Record({"lr": "0.3"})),
    "unseen: globals().update": ("lr = 0.1", "globals().update(lr=0.3)\nprint(lr)", Record({"lr": "0.3"})),
    "unseen: a global in a function": (
        "lr, best_acc = 0.1, 0.0\ndef train():\n    global lr, best_acc\n    lr, best_acc = 0.3, lr * 5",
        "train(); print(lr)",
        Record({"lr": "0.3"}, {"best_acc": [0.5]}),
    ),
    "unseen: %run": (
        "lr = 0.1\nopen('setting.py', 'w').write('lr = 0.3\\nval_acc = 1 / 4\\nunused = 5\\n')\nNone",
        "%run -i setting.py\nprint(lr)",
        Record({"lr": "0.3"}, {"val_acc": [0.25]}),
    ),
    "unseen: import *": (
        "decay = 0.1\nopen('settings_of_mine.py', 'w').write('decay = 0.3\\n')\nimport sys; sys.path.insert(0, '')",
        "from settings_of_mine import *\nprint(decay)",
        Record({"decay": "0.3"}),
    ),
    "unseen: %store -r": (
        "lr = 0.3\n%store lr\nlr = 0.1",
        "%store -r lr\nprint(lr)",
        Record({"lr": "0.3"}),
    ),
    "a branch that keeps the value": ("lr = 0.1", "if not lr: lr = 5\nprint(lr)", Record({"lr": "0.1"})),
    "bound to the same object again": (
        "scores = [0.25]\nacc = scores[0]",
        "acc = scores[0]",
        Record(metrics={"acc": [0.25]}),
    ),
    "a branch that was not taken": (
        "flag, n, lr, unused = False, 3, 0.1, 7\ndef train(depth=1, width=1): return depth",
        "if flag:\n    print(unused)\n    train(depth=9)\nelse:\n    train(width=n)\n    train(depth=4)\nprint(lr)",
        Record({"flag": "False", "n": "3", "lr": "0.1", "depth": "4"}),
    ),
    "a branch of an expression that did not run counts as read": (
        "flag, lr, unused = True, 0.1, 7",
        "print(lr if flag else unused)",
        Record({"flag": "True", "lr": "0.1", "unused": "7"}),
    ),
    "the rest of a short-circuit counts as read": (
        "flag, other, unused = False, 3, 7",
        "print(flag and unused)\nprint(other or unused)",
        Record({"flag": "False", "other": "3", "unused": "7"}),
    ),
    "a literal in the branch that was taken": (
        "small = True",
        "if small:\n    width = 8\nelse:\n    width = 64\nprint(width)",
        Record({"small": "True", "width": "8"}),
    ),
    "a loop that stops before": (
        "n, unused = 2, 7",
        "for i in range(n):\n    if i > 5: print(unused)\n    loss = 1 / (i + 1)",
        Record({"n": "2"}, {"loss": [1, 0.5]}),
    ),
    "after an exception that is caught": (
        "n, unused, other = 2, 7, 'x'",
        "try:\n    print(n / 0)\n    print(unused)\nexcept ZeroDivisionError:\n    print(other)",
        Record({"n": "2", "other": "x"}),
    ),
    "another case": (
        "n, unused, lr = 2, 7, 0.5",
        "match n:\n    case 2: print(lr)\n    case _: print(unused)",
        Record({"n": "2", "lr": "0.5"}),
    ),
    "data in a branch that was not taken": (
        "flag = False",
        "if flag: print(X[:1], len(y))\nelse: print(len(y))",
        Record({"flag": "False"}, data={"y": _read((150,))}),
    ),
    "E dicts in a loop": (
        "def evaluate(e): return {'loss': 1 / (e + 1), 'val': {'acc': e / 4}, 'hits': e}",
        "for e in range(3):\n    m = evaluate(e)\n    loss, stats = e / 2, {'rmse': np.float32(e), 'n': np.int64(e)}",
        Record(
            metrics={
                "m.loss": [1, 0.5, 1 / 3],
                "m.val.acc": [0, 0.25, 0.5],
                "m.hits": [0, 1, 2],
                "loss": [0, 0.5, 1],
                "stats.rmse": [0, 1, 2],
                "stats.n": [0, 1, 2],
            }
        ),
    ),
    "E appended in a deeper loop": (
        "",
        "found, rows = [], []\nfor k in range(2):\n    for i in range(2):\n        found.append(k + i / 2)\n"
        "        rows.append({'C': k * 0.1, 's': i * 0.5})",
        Record(metrics={"found": [0, 0.5, 1, 1.5], "rows.C": [0, 0, 0.1, 0.1], "rows.s": [0, 0.5, 0, 0.5]}),
    ),
    "E a dict of settings in a loop": ("", "for r in (0.1, 0.2):\n    cfg = {'lr': r, 'name': 'x'}", Record()),
    "E dicts in a list": (
        "",
        "rows = []\nfor r in (0.1, 0.2):\n    rows.append({'lr': r, 'acc': r * 2, 'kind': 'x'})",
        Record(metrics={"rows.acc": [0.2, 0.4], "rows.lr": [0.1, 0.2]}),
    ),
    "I a tuple of scores for each class": (
        "from sklearn.metrics import precision_recall_fscore_support as prfs",
        "p, r, f, _ = prfs(['a', 'b', 'b'], ['a', 'b', 'a'])",
        Record(metrics={"p.a": [0.5], "p.b": [1], "r.a": [1], "r.b": [0.5], "f.a": [2 / 3], "f.b": [2 / 3]}),
    ),
    "I a tuple of averages": (
        "from sklearn.metrics import precision_recall_fscore_support as prfs",
        "p, r, f, s = prfs(['a', 'b', 'b'], ['a', 'b', 'a'], average='macro')",
        Record(metrics={"p": [0.75], "r": [0.75], "f": [2 / 3]}),
    ),
    "I a tuple in one name": (
        "from sklearn.metrics import precision_recall_fscore_support as prfs",
        "found = prfs(['a', 'b', 'b'], ['a', 'b', 'a'], average='macro')",
        Record(metrics={"found.precision": [0.75], "found.recall": [0.75], "found.fscore": [2 / 3]}),
    ),
    "I a tuple without a name": (
        "from sklearn.metrics import homogeneity_completeness_v_measure",
        "print(homogeneity_completeness_v_measure([0, 0, 1], [1, 1, 0]))",
        Record(
            metrics={
                f"homogeneity_completeness_v_measure.{part}": [1]
                for part in ("homogeneity", "completeness", "v_measure")
            }
        ),
    ),
    "a last value after a loop": (
        "f = lambda e: e / 2",
        "for e in range(3): acc = f(e)\nacc = f(1)",
        Record(metrics={"acc": [0, 0.5, 1, 0.5]}),
    ),
}


@pytest.mark.parametrize("name", SCALARS)
def test_parameters_and_metrics_are_what_the_cell_worked_out(name, track):
    before, code, record = SCALARS[name]
    _, found = track(before, code)
    if record is None:
        assert list(found["metrics"]) == ["took"]
        return
    found["models"] = []
    if not record.data:
        found["data"] = {}
    _matches(found, record)
