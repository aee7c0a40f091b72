"""``%seed`` as a user types it, in a real shell."""

import atexit
import random
import sys

import pytest
from cells import refusal, run
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from mlmagic.magics.seed import SeedMagics
from mlmagic.snapshot.randomness import seeding


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"hist_file": ":memory:"}}))
    made.register_magics(SeedMagics)
    yield made
    seeding.forget()
    InteractiveShell.clear_instance()
    made.history_manager.end_session()
    atexit.unregister(made.atexit_operations)


def test_it_seeds_and_shows_the_table_as_text_and_html(shell):
    (table,), printed = run(shell, "%seed 42")
    assert table["text/plain"].startswith("Seed 42: ")
    assert "mlmagic-seed" in table["text/html"]
    assert printed == ""
    assert random.random() == random.Random(42).random()


def test_it_finds_the_generators_of_the_notebook(shell):
    (table,), _ = run(shell, "import numpy\nmine = numpy.random.default_rng()\n%seed 42")
    assert "mine, a Generator" in table["text/plain"]
    (table,), _ = run(shell, "mine = numpy.random.default_rng(1)\n%seed 42")
    assert "mine, a Generator" not in table["text/plain"]


def test_alone_it_shows_the_state_and_changes_nothing(shell):
    (table,), _ = run(shell, "%seed")
    assert table["text/plain"].startswith("No seed is set (%seed 42 sets one)")
    run(shell, "%seed 7")
    (table,), _ = run(shell, "%seed")
    assert table["text/plain"].startswith("Seed 7: ")
    assert random.random() == random.Random(7).random()


def test_quiet_leaves_one_line(shell):
    shown, printed = run(shell, "%seed 42 --quiet")
    assert shown == []
    assert printed.startswith("Seed 42: ")
    assert printed.count("\n") == 1


def test_a_variable_can_be_the_seed(shell):
    _, printed = run(shell, "chosen = 12\n%seed {chosen} --quiet")
    assert printed.startswith("Seed 12: ")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("4x", "a seed is a whole number from 0 to 4294967295, got '4x'."),
        ("-1", "a seed is a whole number from 0 to 4294967295, got -1."),
        ("42.0", "a seed is a whole number from 0 to 4294967295, got '42.0'. Did you mean 42?"),
        ("4294967296", "a seed is a whole number from 0 to 4294967295, got 4294967296."),
        ("4 2", "a seed is a whole number from 0 to 4294967295, got '4 2'."),
        ("--deterministic", "--deterministic needs a seed: %seed 42 --deterministic"),
    ],
)
def test_a_wrong_line_is_refused_in_one_line(shell, line, expected):
    assert refusal(shell, f"%seed {line}") == f"UsageProblem: {expected}"
    assert seeding.current() is None


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("42 --determinstic", "Did you mean '--deterministic'?"),
        ("42 --quiet=3", "--quiet"),
        ("'42", "%seed '42: no closing quotation"),
    ],
)
def test_a_mistyped_option_is_named_in_one_line(shell, line, part):
    assert part in refusal(shell, f"%seed {line}")
    assert seeding.current() is None


def test_deterministic_is_passed_on(shell):
    pytest.importorskip("torch")
    run(shell, "%seed 42 --deterministic")
    assert seeding.current().deterministic
    (table,), _ = run(shell, "import torch\n%seed 42 --deterministic")
    assert "an operation that has none raises an error" in table["text/plain"]
    run(shell, "%seed 42")
    assert not sys.modules["torch"].are_deterministic_algorithms_enabled()


def test_the_help_names_every_option_and_an_example(shell):
    text = shell.inspector.info(shell.find_line_magic("seed"))["docstring"]
    for part in ("--deterministic", "--quiet", "from 0 to 4294967295", "%seed 42", "mlmagic.worker_init"):
        assert part in text
