import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import split_filter
from mlmagic.magics.runs import RunsMagics


@pytest.fixture(autouse=True)
def _registered(shell):
    shell.register_magics(RunsMagics)


@pytest.fixture
def three_runs(make_run):
    for at, name in enumerate(["first", "second run", "third"]):
        make_run(name, {"lr": 10.0**-at}, {"accuracy": 0.9 + at / 100})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ["third", "second run", "first"]),
        ("-n 1", ["third"]),
        ("-n1", ["third"]),
        ("accuracy > 0.9 -n 1", ["third"]),
        ("-n 2 accuracy > 0.9 and lr >= 0.01", ["third", "second run"]),
        ("name = second run", ["second run"]),
        ("name = 'second run' -e Default", ["second run"]),
        ('name = "second run" -e "Default"', ["second run"]),
        ("accuracy > -1 --sort accuracy asc -n 1", ["first"]),
        ("--sort=accuracy -n 1", ["third"]),
        ("--sort lr lr > -inf", ["first", "second run", "third"]),
    ],
)
def test_the_line_of_runs(shell, three_runs, line, expected):
    assert list(shell.run_line_magic("runs", line)["name"]) == expected


def test_the_result_can_be_assigned_and_shows_as_a_table(shell, three_runs):
    shell.run_cell("df = %runs lr <= 0.1").raise_error()
    assert list(shell.user_ns["df"]["lr"]) == [0.01, 0.1]
    shown, _ = shell.display_formatter.format(shell.user_ns["df"])
    assert "mlmagic-runs" in shown["text/html"]
    assert "second run" in shown["text/plain"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--srot accuracy", r"%runs has no option '--srot'\. Did you mean '--sort'\?"),
        ("-n", "expected one argument"),
        ("-n many", "invalid int value: 'many'"),
        ("-n 0", "n is how many runs to show"),
        ("acuracy > 0.9", r"Did you mean 'accuracy'\?"),
        ("-e churn", "There is no experiment 'churn'"),
        ("name = 'x", "is not closed"),
    ],
)
def test_a_wrong_line_is_one_clear_error(shell, three_runs, line, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        shell.run_line_magic("runs", line)
    assert "\n" not in str(caught.value)


def test_the_help_shows_every_option():
    for option in ("--experiment", "-n", "--sort", "accuracy > 0.9"):
        assert option in RunsMagics.runs.__doc__


@given(st.text())
def test_any_line_is_divided_without_losing_a_word(line):
    options, condition = split_filter(line, {"-n", "--sort"})
    assert len(" ".join([*options, condition])) <= len(line) + len(options) + 1


def test_archived_runs_are_hidden_with_a_line_that_says_how_to_see_them(shell, three_runs, make_run):
    make_run("old", {"lr": 1.0}, tags={"mlmagic.archived": "true"})
    frame = shell.run_line_magic("runs", "")
    assert list(frame["name"]) == ["third", "second run", "first"]
    assert "3 runs, newest first · 1 archived run hidden: %runs --archived" in frame._repr_html_()
    assert "1 archived run hidden: %runs --archived" in repr(frame)
    assert list(shell.run_line_magic("runs", "--archived")["name"]) == ["old", "third", "second run", "first"]
    assert "No run matches · 1 archived run hidden" in repr(shell.run_line_magic("runs", "name = old"))


def test_a_word_alone_finds_runs_by_their_name(shell, make_run):
    for name in ("red forest", "forest 2", "tree"):
        make_run(name, {"depth": 3}, {"accuracy": 0.5})
    shell.run_cell("found = %runs forest")
    assert sorted(shell.user_ns["found"]["name"]) == ["forest 2", "red forest"]
