"""The documentation of the public functions: results, errors, choices, and examples that run."""

import builtins
import doctest
import inspect
import re
import sys
import typing

import pytest

import mlmagic
from mlmagic import errors, types

FUNCTIONS = sorted(name for name in mlmagic.__all__ if inspect.isroutine(getattr(mlmagic, name)))
CLASSES = ["AnomalyDetector", "EarlyStopping", "ModelMonitor", "Run"]
REGISTRY = {"load_model", "promote", "register", "registered_models", "retrain", "rollback"}
RAISES_NOTHING = {"foreign_journals", "worker_init"}
EXAMPLE_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
CHOICES = {
    ("sweep", "mode"): {"min", "max"},
    ("sweep", "search"): {"grid", "random", "tpe"},
    ("sweep", "on"): {"local", "dask"},
    ("sweep", "models"): {"best", "all", "none"},
    ("EarlyStopping", "mode"): {"min", "max"},
    ("drift", "correction"): {"bh", "bonferroni", "none"},
}


def section(name, title):
    """Return the lines of a section of a public object's docstring."""
    found = re.search(
        rf"^{title}\n-+\n(.*?)(?=^\w+\n-+$|\Z)", inspect.getdoc(getattr(mlmagic, name)), re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_says_what_it_returns_and_raises(name):
    returns = inspect.signature(getattr(mlmagic, name)).return_annotation
    assert bool(section(name, "Returns")) == (returns != "None")
    assert bool(section(name, "Raises")) == (name not in RAISES_NOTHING)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_named_error_can_be_imported(name):
    for line in re.findall(r"^\w[\w, ]*$", section(name, "Raises"), re.MULTILINE):
        for error in line.split(", "):
            assert issubclass(getattr(errors, error, None) or getattr(builtins, error), BaseException)


def test_every_error_of_the_package_can_be_caught_by_a_public_name():
    def below(kind):
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    own = [
        one for one in below(errors.MLMagicError) if one.__module__ not in {"mlmagic.errors", "mlmagic.magics.track"}
    ]
    assert [one for one in own if not issubclass(one, errors.UsageProblem | errors.StoreError)] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_function_returns_can_be_imported(name):
    returns = str(inspect.signature(getattr(mlmagic, name)).return_annotation)
    for word in re.findall(r"(?<![\w.])[A-Z]\w+", returns):
        assert word in {*types.__all__, "Any", "Callable", "DictConfig", "None", "T"}, returns


@pytest.mark.parametrize("name", types.__all__)
def test_a_type_is_there_and_says_what_it_is(name):
    assert inspect.isclass(getattr(types, name))
    assert inspect.getdoc(getattr(types, name))


@pytest.mark.parametrize(("name", "parameter"), CHOICES)
def test_a_choice_is_a_literal(name, parameter):
    thing = getattr(mlmagic, name)
    annotation = inspect.signature(thing).parameters[parameter].annotation
    found = eval(annotation, {"Literal": typing.Literal, "None": None})
    words = {word for one in [found, *typing.get_args(found)] for word in typing.get_args(one) if isinstance(word, str)}
    words |= {word for word in typing.get_args(found) if isinstance(word, str)}
    assert words == CHOICES[name, parameter]


def test_one_thing_has_one_word():
    words = {word for name in FUNCTIONS for word in inspect.signature(getattr(mlmagic, name)).parameters}
    assert (
        words & {"groupby", "by_group", "grouped_by", "continue_run", "resumed", "objective", "score", "exp"} == set()
    )


@pytest.fixture(autouse=True)
def _no_figure_left():
    """Close what an example has drawn: the next test would draw into it."""
    yield
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")


@pytest.fixture
def recorded(store_uri):
    """Two runs, which the examples compare."""
    for name, accuracy in (("boosting", 0.93), ("forest", 0.95)):
        with mlmagic.track(name, quiet=True):
            mlmagic.log(accuracy=accuracy)


def prepare_registry(name, store_uri):
    """Do what the examples of the registry build on: a model of the run, a version of it, a promotion."""
    from logged import log_model
    from mlflow import MlflowClient
    from sklearn.dummy import DummyClassifier

    fitted = DummyClassifier().fit([[0]], [0])
    log_model(fitted, "model", client=MlflowClient(store_uri), run_id=mlmagic.last_run.id, requirements=["numpy"])
    if name != "register":
        mlmagic.register("churn", run="forest")
    if name in {"rollback", "load_model", "retrain"}:
        mlmagic.promote("churn", 1)


def breast_cancer():
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression

    X, y = load_breast_cancer(return_X_y=True)
    return {
        "LogisticRegression": LogisticRegression, "X": X[:300, :1], "y": y[:300], "X_recent": X[300:, :1],
        "y_recent": y[300:],
    }  # fmt: skip


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_the_example_runs(name, recorded, store_uri, capsys):
    if name in REGISTRY:
        prepare_registry(name, store_uri)
    text = section(name, "Examples").replace("  # doctest: +SKIP", "")
    assert ">>> " in text
    thing = getattr(mlmagic, name)
    names = {**vars(inspect.getmodule(inspect.unwrap(thing))), "mlmagic": mlmagic, name: thing}
    if name == "optuna_callback":
        import optuna

        names |= {"study": optuna.create_study(), "objective": lambda trial: trial.suggest_float("x", 0, 1)}
        text = text.replace("n_trials=50", "n_trials=2")
    if name == "retrain":
        names |= breast_cancer()
    if name == "track":
        text = text.replace("as run:", "as _run:")
    example = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
    runner = doctest.DocTestRunner(optionflags=EXAMPLE_FLAGS | doctest.IGNORE_EXCEPTION_DETAIL)
    runner.run(example, clear_globs=False)
    assert runner.failures == 0, capsys.readouterr().out
