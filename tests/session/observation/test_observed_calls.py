"""What is noted of the calls of a cell: the data that they get, the models that they fit, what MLflow was given."""

from __future__ import annotations

import ast
import contextlib
import gc
import weakref

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, get_scorer, make_scorer
from sklearn.model_selection import cross_val_score, cross_validate

from mlmagic.session.observation import sites
from mlmagic.session.observation.cell_observer import CellObserver
from mlmagic.session.observation.observed_values import MOST_VALUES

SETUP = """
import numpy as np
X, y, p = np.eye(4), np.array([0.0, 1, 0, 1]), np.array([0.0, 1, 1, 1])
labels = ["a", "b", "a", "b"]
frames = {"train": X, "y": y}
pair, words = [X, y], {"X": X, "y": y}
m = Ridge()
class Own:
    def __init__(self): self.X = X
    def fit(self, X, y): return self
    def predict(self, X): return X
    def score(self, X, y): return 0.5
    def get_params(self): return {}
own = Own()
class Loader:
    def __init__(self, *_, **__): pass
DataLoader = Loader
def evaluate(a, b): return accuracy_score(a, b)
def plain(a, b): return 0
"""


class Watched:
    """A cell that ran, the arguments that were given in it as (text, whether the cell made it), and its namespace."""

    def __init__(self, source, *, fails=False):
        self.namespace = {
            "__name__": "__main__", "Ridge": Ridge, "LinearRegression": LinearRegression, "accuracy_score": accuracy_score, "f1_score": f1_score,
            "cross_val_score": cross_val_score, "cross_validate": cross_validate, "get_scorer": get_scorer, "make_scorer": make_scorer,
        }  # fmt: skip
        exec(SETUP, self.namespace)
        self.watch = CellObserver(self.namespace)
        self.given, self.ended = [], []
        code = compile(self.watch.begin(ast.parse(source)), "<cell>", "exec")
        self.watch.calls.on_given = lambda argument, made, value: self.given.append((argument.text, made, value))
        self.watch.calls.on_end = lambda _site: self.ended.append(True)
        error = None
        try:
            exec(code, self.namespace)
        except Exception as raised:  # noqa: BLE001  # whatever the cell raises
            error = raised
        self.watch.end(error)
        assert (error is not None) == fails

    @property
    def texts(self):
        return [(text, made) for text, made, _ in self.given]

    @property
    def calls(self):
        return self.watch.calls


@pytest.fixture(autouse=True, scope="module")
def _installed():
    remove = sites.install()
    yield
    remove()


GIVEN = {
    "names": ("m.fit(X, y)", [("X", False), ("y", False)]),
    "keywords": ("m.fit(X=X, y=y)", [("X", False), ("y", False)]),
    "a call": ("m.fit(np.eye(4), y)", [("np.eye(4)", True), ("y", False)]),
    "an item and an attribute": ("m.fit(frames['train'], y)\nm.fit(own.X, y)", [("frames['train']", False), ("y", False), ("own.X", False), ("y", False)]),
    "a slice": ("m.fit(X[:2], y[:2])", [("X[:2]", False), ("y[:2]", False)]),
    "a name that the cell bound": ("Z = X * 2\nm.fit(Z, y)", [("Z", True), ("y", False)]),
    "a name that the cell bound again": ("X = X * 2\nm.fit(X, y)", [("X", True), ("y", False)]),
    "a part of what the cell bound": ("d = {'Z': X}\nm.fit(d['Z'], y)", [("d['Z']", True), ("y", False)]),
    "stars": ("m.fit(*pair)\nm.fit(**words)", [("pair", False), ("words", False)]),
    "a literal is none": ("m.fit(X, y, 5, *[], sample_weight=None)", [("X", False), ("y", False), ("[]", True)], True),
    "a long expression": (f"m.fit(X{' + X' * 30}, y)", [("fit 0", True), ("y", False)]),
    "in a comprehension": ("[m.fit(Z, y) for Z in [X]]", [("Z", False), ("y", False)]),
    "a prediction": ("own.predict(X)", [("X", False)]),
    "a score": ("own.score(X, y)", [("X", False), ("y", False)]),
    "a loader": ("DataLoader(X, batch_size=2)", [("X", False)]),
    "of a metric the truth only": ("accuracy_score(y, p)", [("y", False)]),
    "of a metric by keyword": ("accuracy_score(y_pred=p, y_true=y)", [("y", False)]),
    "of a helper all": ("evaluate(y, p)", [("y", False), ("p", False)]),
    "of a scorer from a dict": ("scorers = {'r2': get_scorer('r2')}\nscorers['r2'](LinearRegression().fit(X, y), X * 2, y)", [("X", False), ("y", False), ("X * 2", True), ("y", False)]),
    "of cross-validation": ("cross_val_score(m, X, y, cv=2)", [("m", False), ("X", False), ("y", False), ("2", True)]),
    "of a function that measures nothing": ("plain(X, y)", []),
    "of a function within a function": ("def f(): return m.fit(X, y)\nf()", []),
    "of a lambda": ("(lambda: m.fit(X, y))()", []),
    "of any other method": ("own.fitting = own.fit\nown.fitting(X, y)", []),
}  # fmt: skip


@pytest.mark.parametrize("name", GIVEN)
def test_the_arguments_of_calls_are_known_by_their_text_and_whether_the_cell_made_them(name):
    source, expected, *fails = GIVEN[name]
    assert Watched(source, fails=bool(fails)).texts == expected


def test_an_argument_is_given_before_the_call_runs_and_as_it_is():
    ran = Watched("seen = []\nown.fit = lambda Z, y: seen.append(Z is X)\nown.fit(X, y)")
    assert ran.namespace["seen"] == [True]
    assert ran.given[0][2] is ran.namespace["X"]


FITTED = {
    "bound later": ("m.fit(X, y)", "fit", False),
    "bound at once": ("n = Ridge().fit(X, y)", "fit", False),
    "without a name": ("Ridge().fit(X, y)", "fit", True),
    "an attribute": ("own.model = Ridge()\nown.model.fit(X, y)", "fit", False),
    "in a chain": ("Ridge().fit(X, y).score(X, y)", "fit", True),
    "a class of the notebook": ("own.fit(X, y)", "fit", False),
}  # fmt: skip


@pytest.mark.parametrize("name", FITTED)
def test_what_was_fitted_is_known_and_kept_only_without_a_name(name):
    source, method, is_kept = FITTED[name]
    calls = Watched(source).calls
    (fitted,) = (one for one in calls.fitted.values() if one.site.name == method)
    assert (fitted.kept is not None) == is_kept
    assert hasattr(fitted.model, "fit")


def test_a_model_that_the_cell_deletes_is_freed_while_it_runs():
    ran = Watched(
        "import weakref, gc\nn = Ridge().fit(X, y)\nalive = weakref.ref(n)\ndel n\ngc.collect()\ngone = alive() is None"
    )
    assert ran.namespace["gone"] is True
    (fitted,) = ran.calls.fitted.values()
    assert fitted.model is None


def test_what_was_cross_validated_is_known():
    ran = Watched("cross_val_score(m, X, y, cv=2)\ncross_validate(estimator=Ridge(alpha=2), X=X, y=y, cv=2)")
    first, second = ran.calls.validated.values()
    assert first.model is ran.namespace["m"]
    assert (second.model.alpha, second.kept is not None) == (2, True)
    assert [sorted(one) for one in (m.folds[0] for m in ran.calls.measured.values())] == [[""], ["test_score"]]


LOGGED = {
    "an attribute": "class mlflow:\n    @staticmethod\n    def log_model(*_, **__): pass\nmlflow.log_model(m, name='m')",
    "a keyword": "class mlflow:\n    @staticmethod\n    def log_model(**_): pass\nmlflow.log_model(sk_model=m)",
}  # fmt: skip


@pytest.mark.parametrize("name", LOGGED)
def test_what_was_given_to_mlflow_is_known(name):
    ran = Watched(LOGGED[name])
    assert any(held.is_(ran.namespace["m"]) for held in ran.calls.logged_by_user)


def test_a_run_that_the_cell_ends_is_known_at_once():
    ran = Watched(
        "class mlflow:\n    @staticmethod\n    def end_run(*_): pass\nmlflow.end_run()\nmlflow.end_run('FAILED')"
    )
    assert ran.ended == [True, True]


MEASURED = {
    "a function": ("accuracy_score(y, p)", "accuracy_score", [{"": 0.75}]),
    "an estimator's score": ("own.score(X, y)", "score", [{"": 0.5}]),
    "a score of what is no estimator": ("class S:\n    def score(self): return 0.5\nS().score()", None, None),
    "a value for each class": ("f1_score(y, y, average=None)", "f1_score", [{"0.0": 1.0, "1.0": 1.0}]),
    "of the classes that are asked for": ("f1_score(y, y, average=None, labels=[1, 0])", "f1_score", [{"0": 1.0, "1": 1.0}]),
    "of classes that are texts": ("f1_score(labels, labels, average=None)", "f1_score", [{"a": 1.0, "b": 1.0}]),
    "an average": ("f1_score(y, y, average='macro')", "f1_score", [{"": 1.0}]),
    "a scorer": ("s = get_scorer('r2')\ns(m.fit(X, y), X, y)", "r2_score", [{"": 0.75}]),
    "a function from a dict": ("d = {'acc': accuracy_score}\nd['acc'](y, p)", "accuracy_score", [{"": 0.75}]),
    "a function of a comprehension": ("[f(y, p) for f in (plain, accuracy_score)]", "accuracy_score", [{"": 0.75}]),
    "a helper": ("evaluate(y, p)", "accuracy_score", [{"": 0.75}]),
    "in a loop": ("for _ in range(3): accuracy_score(y, p)", "accuracy_score", [{"": 0.75}] * 3),
}  # fmt: skip


@pytest.mark.parametrize("name", MEASURED)
def test_what_was_measured(name):
    source, key, values = MEASURED[name]
    measured = [one for one in Watched(source).calls.measured.values() if any(one.values)]
    assert [one.name for one in measured] == ([] if key is None else [key])
    for one in measured:
        assert one.values == [pytest.approx(value) for value in values]


def test_a_call_that_raises_measures_nothing_and_the_next_one_does():
    source = (
        "for q in (p, p[:2], p):\n    try: accuracy_score(y, q)\n    except ValueError: pass\n"
        "try: m.fit(X, y[:2])\nexcept ValueError: pass\nm.fit(X, y)"
    )
    calls = Watched(source).calls
    (measured,) = calls.measured.values()
    assert len(measured.values) == 2
    (fitted,) = calls.fitted.values()
    assert fitted.site.statement == max(site.statement for site in [fitted.site, measured.site])


def test_the_receiver_of_a_call_that_has_failed_is_not_kept():
    source = (
        "import weakref, gc\nclass Big:\n    def fit(self, *_): raise ValueError\ndef make():\n    big = Big()\n    global alive\n"
        "    alive = weakref.ref(big)\n    return big\ntry: make().fit(X)\nexcept ValueError: pass\nm.fit(X, y)\ngc.collect()\ngone = alive() is None"
    )
    assert Watched(source).namespace["gone"] is True


def test_an_object_that_raises_when_it_is_looked_at_is_reported_once_and_the_cell_goes_on():
    source = (
        "class Odd:\n    def __iter__(self): raise RuntimeError('no')\n    dtype = ndim = property(lambda self: 1 / 0)\n"
        "def check(*_): return Odd()\nfor _ in range(3):\n    x = Odd()\n    d = {}\n    d['k'] = Odd()\n    evaluate(y, p)"
    )
    calls = Watched(source).calls
    assert sorted(calls.problems) == [
        "what an assignment was bound to could not be inspected: ZeroDivisionError: division by zero",
        "what x was bound to could not be inspected: ZeroDivisionError: division by zero",
    ]
    assert len(next(iter(calls.measured.values())).values) == 3


def test_an_interrupt_while_a_value_is_looked_at_is_the_users():
    class Slow:
        @property
        def ndim(self):
            import signal

            signal.raise_signal(signal.SIGINT)

        dtype = ndim

    namespace = {"Slow": Slow}
    watch = CellObserver(namespace)
    code = compile(watch.begin(ast.parse("x = Slow()")), "<cell>", "exec")
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        exec(code, namespace)
    watch.end()


@pytest.mark.parametrize(
    "call", ["f(y, p)", "[f][0](y, p)", "dict(f=f)['f'](y, p)", "print(f(y, p))", "[f(y, p) for f in [f]]"]
)
def test_a_place_that_calls_several_functions_measures_each_by_itself(call):
    calls = Watched(f"for f in (plain, accuracy_score, f1_score, plain, accuracy_score):\n    {call}").calls
    assert {one.name: one.values for one in calls.measured.values()} == {
        "accuracy_score": [{"": 0.75}] * 2,
        "f1_score": [{"": pytest.approx(0.8)}],
    }


def test_of_a_place_that_runs_very_often_the_first_results_are_kept_and_known_to_be_cut():
    ran = Watched(f"for i in range({MOST_VALUES + 3}): own.score(X, y)")
    (measured,) = ran.calls.measured.values()
    assert (len(measured.values), measured.is_cut) == (MOST_VALUES, True)


def test_nothing_of_the_cells_objects_is_kept_when_it_has_ended():
    ran = Watched(
        "big = X + 1\nevaluate(big[0], big[0])\nf1_score(big[0], big[0], average=None)\nm.fit(big, y)\nd = {}\nd['k'] = big"
    )
    alive = weakref.ref(ran.namespace.pop("big"))
    ran.given.clear()
    ran.namespace.pop("d")
    ran.namespace["m"].__dict__.clear()
    gc.collect()
    assert alive() is None


def test_a_thread_of_the_cell_may_go_on_after_its_end():
    ran = Watched("def later(): return 1\nf = later\ng = [lambda: None]")
    with contextlib.suppress(KeyError):
        exec("f(); x = 5 * 1.5", ran.namespace)
    assert ran.calls.series == {}


def test_numbers_of_a_tensor_are_copied():
    ran = Watched("total = np.zeros(())\nfor i in range(3):\n    total += i * 0.5\n    seen = total")
    assert ran.calls.series["seen"].values == [0.0, 0.5, 1.5]
    assert not any(isinstance(value, np.ndarray) for value in ran.calls.series["seen"].values)
