"""``%split`` as a user types it, in a real shell."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from cells import refusal, run
from IPython.core.interactiveshell import InteractiveShell

from mlmagic.magics.split import SplitMagics
from mlmagic.snapshot.randomness import seeding


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """The shell of the process, since only that one displays."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def _notebook(shell):
    shell.register_magics(SplitMagics)
    rng = np.random.default_rng(0)
    df = pd.DataFrame({"user_id": np.arange(400), "x": rng.normal(size=400), "kind": ["a", "b"] * 200})
    df["date"] = pd.date_range("2024", periods=400)
    shell.push({"df": df, "X": df[["x"]].to_numpy(), "y": df.kind, "users": np.arange(400) // 4})
    yield
    seeding.forget()


def test_it_binds_the_parts_and_shows_them_as_text_and_html(shell):
    (report,), printed = run(shell, "%split df --by user_id")
    train, test = shell.user_ns["train"], shell.user_ns["test"]
    assert len(train) + len(test) == 400
    assert report["text/plain"].startswith("Split 400 rows, by the hash of user_id\n")
    assert f"{len(train)}" in report["text/html"]
    assert "Bound: train, test" in report["text/html"]
    assert printed == ""
    assert "val" not in shell.user_ns


def test_the_cell_can_be_run_again(shell):
    run(shell, "%split df --by user_id --val 0.1")
    before = shell.user_ns["val"]
    run(shell, "%split df --by user_id --val 0.1")
    assert shell.user_ns["val"].equals(before)


def test_arrays_are_named_as_scikit_learn_names_them(shell):
    run(shell, "%split X y --seed 42 --test 0.25")
    names = ("X_train", "X_test", "y_train", "y_test")
    assert [len(shell.user_ns[name]) for name in names] == [300, 100, 300, 100]
    assert isinstance(shell.user_ns["X_test"], np.ndarray)
    run(shell, "%split df.x df.kind --seed 42 --val 0.1")
    assert len(shell.user_ns["kind_val"]) == 40


def test_the_result_of_an_expression_can_be_split(shell):
    run(shell, "import polars\n%split polars.from_pandas(df) --by user_id")
    assert isinstance(shell.user_ns["train"], pl.DataFrame)


@pytest.mark.parametrize(
    ("options", "how"),
    [
        ("--by user_id --salt 2", "by the hash of user_id with salt '2'"),
        ("--by user_id --by kind", "by the hash of user_id and kind"),
        ("--by users", "by the hash of users"),
        ("--stratify kind --seed 42", "drawn with seed 42, stratified by kind"),
        ("--stratify y --seed 42", "drawn with seed 42, stratified by y"),
        ("--group users --seed 42", "groups of users, drawn with seed 42"),
        ("--group users", "groups by the hash of users"),
        ("--time date", "in order of date: test from 2024-11-16"),
        ("--seed 42", "drawn with seed 42"),
    ],
)
def test_each_way(shell, options, how):
    (report,), _ = run(shell, f"%split df {options}")
    assert report["text/plain"].startswith(f"Split 400 rows, {how}\n")


def test_the_seed_of_seed_is_used(shell):
    seeding.seed(9)
    (report,), _ = run(shell, "%split df")
    assert "drawn with seed 9" in report["text/plain"]


def test_a_variable_can_be_put_in(shell):
    (report,), _ = run(shell, "part = 0.5\n%split df --test {part} --seed 1")
    assert "rows      200    200" in report["text/plain"]


def test_the_parts_can_be_named(shell):
    (report,), _ = run(shell, "%split df --time date --val 0.1 --into past,present,future")
    assert shell.user_ns["past"].date.max() < shell.user_ns["present"].date.min()
    assert shell.user_ns["present"].date.max() < shell.user_ns["future"].date.min()
    assert "train" not in shell.user_ns
    assert "Bound: past, present, future" in report["text/html"]


def test_quiet_leaves_the_warnings(shell):
    shown, printed = run(shell, "%split df --by user_id --quiet")
    assert shown == []
    assert printed == ""
    shown, printed = run(shell, "df['patient'] = df.user_id // 4\n%split df --by user_id --quiet")
    assert shown == []
    assert printed.startswith("patient spans sides: ")


def test_a_split_does_not_shrink_what_it_splits(shell):
    run(shell, "%split df --by user_id")
    said = refusal(shell, "%split train --by user_id --salt 2")
    assert said == "UsageProblem: %split would replace 'train' by a part of it; name the parts: --into a,b"
    run(shell, "%split train --by user_id --salt 2 --into fit,check")
    assert len(shell.user_ns["fit"]) < len(shell.user_ns["train"])


def test_functions_and_modules_are_not_replaced(shell):
    said = refusal(shell, "def train(): pass\n%split df --by user_id")
    assert said == "UsageProblem: %split would replace the function 'train'; name the parts: --into a,b"
    said = refusal(shell, "del train\nimport math as test\n%split df --by user_id")
    assert said.startswith("UsageProblem: %split would replace the module 'test'")
    assert "train" not in shell.user_ns


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "%split needs a variable: %split df --by user_id, or %split X y --seed 42"),
        ("df", "no method was given that assigns rows. Split by the id that each row keeps"),
        ("dff --seed 1", "%split: there is no variable 'dff'. Did you mean 'df'?"),
        ("df.missing --seed 1", "%split: 'df.missing' is no data: AttributeError: "),
        ("df --by usr_id", "by: df has no column 'usr_id'. Did you mean 'user_id'? It has user_id, x, kind, date."),
        ("df --test 0.9 --val 0.3 --seed 1", "test=0.9 and val=0.3 leave nothing for train"),
        ("df --test 20% --seed 1", "test is the part of the rows between 0 and 1, such as 0.2, got '20%'."),
        ("df --test nan --seed 1", "test is the part of the rows between 0 and 1, such as 0.2, got nan."),
        (
            "df --test 100 --seed 1",
            "test is the part of the rows between 0 and 1, such as 0.2, got 100. For 100 of 400 rows: 0.25",
        ),
        ("df --seed x", "a seed is a whole number from 0 to 4294967295, got 'x'."),
        ("df --by user_id --stratify kind", "by and stratify contradict: "),
        ("df --by user_id --by users", "%split: --by twice takes columns; make one variable of the ids."),
        ("X y --by user_id", "by: X or y has no column 'user_id'. It has 0, kind."),
        ("df --seed 1 --into a", "--into a: this split has 2 parts, in this order: train,test. Give each a name"),
        ("df --seed 1 --into a,a", "--into a,a: this split has 2 parts"),
        ("df --seed 1 --into a,2b", "--into a,2b: '2b' is no name for a variable."),
        ("df --seed 1 --into a,class", "--into a,class: 'class' is no name for a variable."),
        ("df[1:] y --seed 1", "%split: 'df[1:]' gives no names for its parts; bind it to a variable first."),
        ("df --startify kind", "%split has no option '--startify'. Did you mean '--stratify'?"),
        ("df --by", "%split df --by: "),
        ("X users[:3] --seed 1", "%split: 'users[:3]' gives no names"),
    ],
)
def test_a_wrong_line_is_refused_in_one_line(shell, line, said):
    before = set(shell.user_ns)
    assert refusal(shell, f"%split {line}").startswith(f"UsageProblem: {said}")
    assert not {"train", "test", "X_train"} & (set(shell.user_ns) - before)


def test_a_name_that_holds_a_column_is_explained(shell):
    shell.push({"column": "user_id"})
    assert refusal(shell, "%split df --by column").endswith("Its value is put in by braces: --by {column}")
    run(shell, "%split df --by {column}")


def test_a_column_goes_before_a_variable_of_the_same_name(shell):
    shell.push({"kind": np.arange(3)})
    run(shell, "%split df --stratify kind --seed 1")
    counts = shell.user_ns["test"].kind.value_counts()
    assert counts["a"] == counts["b"]  # the column has both, the variable none of them


def test_the_help_names_every_option_and_an_example(shell):
    text = shell.inspector.info(shell.find_line_magic("split"))["docstring"]
    for part in ("--test", "--val", "--by", "--stratify", "--group", "--time", "--salt", "--seed", "--into", "--quiet",
                 "%split df --by user_id", "%split X y --seed 42"):  # fmt: skip
        assert part in text
