"""What is known of a cell that has run: in long loops too, and where one place calls different functions."""

from __future__ import annotations

import ast
import contextlib

import pytest
from sklearn.metrics import accuracy_score

from mlmagic.recording.inferred import inferred_values
from mlmagic.session.observation import sites
from mlmagic.session.observation.cell_observer import CellObserver
from mlmagic.session.observation.observed_values import MOST_VALUES


@pytest.fixture(autouse=True, scope="module")
def _installed():
    remove = sites.install()
    yield
    remove()


@pytest.fixture
def run():
    """Run a cell in a namespace, and return what is found."""

    def run(source, **names):
        namespace = {"y": [1, 0, 1], "p": [1, 1, 1], "accuracy_score": accuracy_score, **names}
        watch = CellObserver(namespace)
        with contextlib.redirect_stdout(None):
            exec(compile(watch.begin(ast.parse(source)), "<cell>", "exec"), namespace)
        watch.end()
        return inferred_values.find(watch, namespace, result=None, known_metrics=set())

    return run


LONG = MOST_VALUES + 5
LOOPS = {
    "a name": (f"for i in range({LONG}): loss = i / 2", "loss", [*range(MOST_VALUES), LONG - 1]),
    "a sum": (f"s = 0.0\nfor i in range({LONG}): s += (i >= 0) * 0.5", "s", [*range(1, MOST_VALUES + 1), LONG]),
    "a list": (f"h = []\nfor i in range({LONG}): h.append(i / 2)", "h", [*range(MOST_VALUES), LONG - 1]),
    "a dict": (f"for i in range({LONG}): m = {{'loss': i / 2}}", "m.loss", [*range(MOST_VALUES), LONG - 1]),
    "dicts in a list": (
        f"h = []\nfor i in range({LONG}): h.append({{'loss': i / 2}})",
        "h.loss",
        [*range(MOST_VALUES), LONG - 1],
    ),
    "a list in a dict": (
        f"h = {{'loss': []}}\nfor i in range({LONG}): h['loss'].append(i / 2)",
        "h.loss",
        [*range(MOST_VALUES), LONG - 1],
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_of_a_long_loop_the_first_values_are_recorded_and_the_note_says_so(name, run):
    source, key, halves = LOOPS[name]
    found = run(source)
    assert found.metrics[key] == [half / 2 for half in halves]
    assert found.notes == [
        f"{key}: only its first 10,000 values and the last are recorded; mlmagic.log records longer curves"
    ]


def test_a_loop_of_just_as_many_values_is_whole(run):
    found = run(f"for i in range({MOST_VALUES}): loss = i / 2")
    assert (len(found.metrics["loss"]), found.notes) == (MOST_VALUES, [])


def test_a_place_that_runs_very_often_is_not_looked_at_any_more():
    namespace = {}
    watch = CellObserver(namespace)
    before = len(sites._sites)
    exec(
        compile(watch.begin(ast.parse(f"for i in range({LONG}): a = i\nb = 1 * len('a')")), "<cell>", "exec"), namespace
    )
    assert len(sites._sites) == before + 1  # the place that ran once
    watch.end()
    assert len(sites._sites) == before


HELPERS = {
    "directly": "def check(): return accuracy_score(y, p)\nacc = check()",
    "by way of another": "def inner(): return accuracy_score(y, p)\ndef check(): return inner()\nacc = check()",
    "later in a loop": (
        "def plain(a, b): return 0\n"
        "for i in range(4):\n    f = [plain, plain, accuracy_score, plain][i]\n    print(f(y, p))"
    ),
    "a function that was made": "def make(): return accuracy_score\nf = make()\nfor i in range(1): print(f(y, p))",
}


@pytest.mark.parametrize("name", HELPERS)
def test_a_function_that_measures_is_seen(name, run):
    found = run(HELPERS[name])
    assert [round(value, 3) for value in found.metrics.popitem()[1]] == [0.667]


def test_calls_of_a_function_that_measures_nothing_are_left_alone(run):
    tree = CellObserver({}).begin(ast.parse("def f(x): return x + 1\nfor i in range(3): f(i)"))
    assert "__mlmagic_keep__" not in ast.unparse(tree)


def test_an_attribute_in_a_function_is_no_name_of_the_notebook():
    class Odd:
        @property
        def __class__(self):
            raise RuntimeError("it is not to be looked at")

    watch = CellObserver({"data": Odd()})
    watch.begin(ast.parse("def f(table): return table.data\nf"))
    assert list(watch.skips.lines()) == []
