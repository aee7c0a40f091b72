"""Python values in the lines of ``%runs``, ``%compare`` and ``%diff``: ``{expression}`` and ``$name``."""

import numpy as np
import pytest

import mlmagic
from mlmagic.errors import UsageProblem
from mlmagic.magics.compare import CompareMagics
from mlmagic.magics.diff import DiffMagics
from mlmagic.magics.runs import RunsMagics
from mlmagic.magics.variables import expand, in_filter

VALUES = {
    "th": 0.915, "x": np.float64(0.91), "zero_d": np.array(0.91), "depths": [4, 8], "kinds": {"a": "second run"},
    "best": "second run", "names": ["first", "second run"], "array": np.array([4, 6]), "condition": "depth = 4", "n": 1,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _registered(shell):
    shell.register_magics(RunsMagics, CompareMagics, DiffMagics)
    shell.user_ns.update(VALUES)


@pytest.fixture
def three_runs(make_run):
    for at, name in enumerate(["first", "second run", "third"]):
        make_run(name, {"depth": 4 + 2 * at, "note": ["{}", "{64}", "$5 ${x}"][at]}, {"accuracy": 0.9 + at / 100})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("accuracy > {th}", ["third"]),
        ("accuracy > $th", ["third"]),
        ("accuracy>{th}", ["third"]),
        ("accuracy = {x}", ["second run"]),
        ("accuracy = {zero_d}", ["second run"]),
        ("accuracy > {th - 0.01}", ["third", "second run"]),
        ("accuracy > {min(0.905, th)} -n {n}", ["third"]),
        ("depth in {depths}", ["third", "first"]),
        ("depth not in {set(depths)}", ["second run"]),
        ("depth in {tuple(depths)}", ["third", "first"]),
        ("depth in {array}", ["second run", "first"]),
        ("depth in {range(4, 7)}", ["second run", "first"]),
        ("depth in ({depths[0]}, 6)", ["second run", "first"]),
        ("name in {names}", ["second run", "first"]),
        ("name = '{best}'", ["second run"]),
        ("name = {kinds['a']}", ["second run"]),
        ("name = '$best'", []),  # as in IPython
        ("{condition} or accuracy > {th}", ["third", "first"]),
        ("--sort accuracy -n {n}", ["third"]),
    ],
)
def test_python_values_stand_in_the_line_of_runs(shell, three_runs, line, expected):
    shell.run_cell(f"df = %runs {line}").raise_error()
    assert list(shell.user_ns["df"]["name"]) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("note = '{}'", ["first"]),
        ("note = {}", ["first"]),
        ("note = '{{64}}'", ["second run"]),
        ("note ~ '{'", ["third", "second run", "first"]),
        ("note ~ '$5'", ["third"]),
        ("note ~ $5", ["third"]),
        ("note = '{nothing}'", []),
        ("note ~ {id}", []),
        ("note = '{\"a\": {}}'", []),
        ("note != '{nothing}' and accuracy > {th}", ["third"]),
        ("note != '{1 / 0}' and accuracy > $th", ["third"]),
        ("note ~ '}' and accuracy > {th}", ["third"]),
    ],
)
def test_a_brace_that_is_no_variable_is_text(shell, three_runs, line, expected):
    shell.run_cell(f"df = %runs {line}").raise_error()
    assert list(shell.user_ns["df"]["name"]) == expected


@pytest.mark.parametrize("line", ["accuracy > {nothing}", "accuracy > $nothing"])
def test_a_variable_that_does_not_exist_is_named(shell, three_runs, line):
    with pytest.raises(UsageProblem, match=r"compare it with a number, not '[{$]nothing}?'"):
        shell.run_line_magic("runs", line)


def test_the_variables_of_a_function_are_seen(shell, three_runs):
    shell.run_cell("def above(th):\n    found = %runs accuracy > {th}\n    return list(found['name'])").raise_error()
    shell.run_cell("found = above(0.905)").raise_error()
    assert shell.user_ns["found"] == ["third", "second run"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("accuracy > {th}", ["third"]),
        ("depth in {depths}", ["third", "first"]),
        ("{names}", ["first", "second run"]),
        ('"{best}" first', ["second run", "first"]),
        ("{run} first", ["third", "first"]),
        ("{frame}", ["second run", "first"]),
        ("{frame.iloc[0]} third", ["second run", "third"]),
    ],
)
def test_python_values_name_the_runs_of_compare(shell, three_runs, line, expected):
    shell.user_ns.update(run=mlmagic.Run.find("third"), frame=mlmagic.runs("depth < 8"))
    assert list(shell.run_line_magic("compare", line).to_dataframe()["name"]) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{names}", ["first", "second run"]),
        ("$run first", ["third", "first"]),
        ("{run} first", ["third", "first"]),
        ('"{best}" first', ["second run", "first"]),
        ("{frame}", ["second run", "first"]),
        ("third {names[0]}", ["third", "first"]),
    ],
)
def test_python_values_name_the_runs_of_diff(shell, three_runs, line, expected):
    shell.user_ns.update(run=mlmagic.Run.find("third"), frame=mlmagic.runs("depth < 8"))
    assert [run.name for run in shell.run_line_magic("diff", line).runs] == expected


def test_a_value_is_not_expanded_again():
    assert expand("name = {x} or {y}", {"x": "{y}", "y": "$x"}, in_filter) == "name = {y} or $x"


@pytest.mark.parametrize("magic", [RunsMagics.runs, CompareMagics.compare, DiffMagics.diff])
def test_the_help_tells_of_values(magic):
    assert "``{expression}`` and ``$name`` stand for Python values" in magic.__doc__
