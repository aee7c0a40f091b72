"""A trial has a generator of its own; threads that were there before go on drawing from the global one."""

import ast
import random
import sys
import threading

import pytest

from mlmagic.sweeps.trials.isolated_random import import_first, own_random


def test_the_trials_numbers_do_not_depend_on_what_other_threads_draw():
    drawn, go, done = [], threading.Event(), threading.Event()

    def draw():
        go.wait()
        drawn.append(random.random())
        random.seed(99)
        done.set()

    other = threading.Thread(target=draw)
    other.start()
    random.seed(1)
    with own_random():
        random.seed(5)
        go.set()
        done.wait()
        inside = random.random()
    other.join()
    assert drawn == [random.Random(1).random()]
    assert inside == random.Random(5).random()


def test_threads_that_the_trial_starts_draw_from_its_generator():
    drawn = []
    with own_random():
        random.seed(5)
        thread = threading.Thread(target=lambda: drawn.append(random.random()))
        thread.start()
        thread.join()
    assert drawn == [random.Random(5).random()]


def test_the_global_generator_is_as_it_was():
    random.seed(3)
    before, functions = random.getstate(), {name: getattr(random, name) for name in random.__all__}
    with pytest.raises(IndexError), own_random():
        random.choice([])
    assert random.getstate() == before
    assert {name: getattr(random, name) for name in random.__all__} == functions


def test_every_function_of_the_module_is_the_trials():
    with own_random():
        random.seed(5)
        found = [random.gauss(0, 1), random.choices("abc", k=3), random.sample(range(9), 3), random.getrandbits(8)]
        state = random.getstate()
        random.setstate(state)
    own = random.Random(5)
    assert found == [own.gauss(0, 1), own.choices("abc", k=3), own.sample(range(9), 3), own.getrandbits(8)]


@pytest.mark.parametrize(
    ("source", "is_imported"),
    [
        ("import sweep_test_module", True),
        ("from sweep_test_module import value", True),
        ("if False:\n    import sweep_test_module", True),
        ("def f():\n    import sweep_test_module", True),
        ("from . import sweep_test_module", False),
        ("value = 'import sweep_test_module'", False),
    ],
)
def test_modules_of_a_body_are_imported_first(tmp_path, monkeypatch, source, is_imported):
    (tmp_path / "sweep_test_module.py").write_text("value = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "sweep_test_module", raising=False)
    import_first(ast.parse(source))
    assert ("sweep_test_module" in sys.modules) == is_imported
    sys.modules.pop("sweep_test_module", None)


def test_a_module_that_cannot_be_imported_is_left_to_the_body(tmp_path, monkeypatch):
    (tmp_path / "sweep_broken_module.py").write_text("raise RuntimeError('broken')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import_first(ast.parse("import sweep_broken_module\nimport no_such_module\nimport json"))
    assert "sweep_broken_module" not in sys.modules
