import pytest

import mlmagic
from mlmagic.errors import RunNotFoundError, UsageProblem
from mlmagic.magics.compare import CompareMagics


@pytest.fixture(autouse=True)
def _registered(shell):
    shell.register_magics(CompareMagics)


@pytest.fixture
def three_runs(make_run):
    for at, name in enumerate(["first", "second run", "third"]):
        make_run(name, {"lr": 10.0**-at, "seed": at}, {"accuracy": 0.9 + at / 100, "oddness": at})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ["third", "second run", "first"]),
        ("third first", ["third", "first"]),
        ("'second run' first", ["second run", "first"]),
        ('"second run"', ["second run"]),
        ("accuracy > 0.9 and lr >= 0.01", ["third", "second run"]),
        ("name = 'second run' --metric accuracy", ["second run"]),
        ("Default", ["third", "second run", "first"]),
        ("-e Default lr > 0.05", ["second run", "first"]),
        ("name = 'second run'", ["second run"]),
        ("--metric oddness maximum", ["third", "second run", "first"]),
    ],
)
def test_the_line_of_compare(shell, three_runs, line, expected):
    assert list(shell.run_line_magic("compare", line).to_dataframe()["name"]) == expected


def test_the_metric_orders_the_runs_and_the_group_is_set(shell, three_runs):
    widget = shell.run_line_magic("compare", "--metric oddness min --group-by seed")
    assert widget.view["sort"] == [{"column": "metric:oddness", "descending": False}]
    assert widget.view["group"] == "configuration"
    assert widget.view["metric"] == "metric:oddness"


def test_what_is_selected_is_what_comes_back(shell, three_runs):
    widget = shell.run_line_magic("compare", "")
    ids = list(widget.to_dataframe()["run_id"])
    widget.selected = [ids[2], ids[0]]
    assert list(widget.to_dataframe()["name"]) == ["first", "third"]
    with pytest.raises(UsageProblem, match="No run of this table has the id 'third'"):
        widget.selected = ["third"]
    assert widget.selected == [ids[2], ids[0]]
    with pytest.raises(UsageProblem, match=r"not by 3 \(int\)"):
        widget.selected = 3
    widget.selected = widget.to_dataframe().run_id.head(1)
    assert widget.selected == [ids[2]]
    widget.selected = mlmagic.runs("lr < 0.05")
    assert widget.selected == [ids[0]]
    widget.selected = None
    assert widget.selected == []


def test_a_name_with_an_operator_is_quoted(shell, make_run):
    make_run("mlp lr=0.02", {"lr": 0.02})
    make_run("mlp lr=0.01", {"lr": 0.01})
    found = shell.run_line_magic("compare", '"mlp lr=0.02" "mlp lr=0.01"').to_dataframe()
    assert list(found["name"]) == ["mlp lr=0.02", "mlp lr=0.01"]


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("--metrik accuracy", UsageProblem, r"%compare has no option '--metrik'\. Did you mean '--metric'\?"),
        ("--metric acuracy", UsageProblem, r"Did you mean 'accuracy'\?"),
        ("--metric", UsageProblem, "expected one argument"),
        ("--group-by lrr", UsageProblem, r"Did you mean 'lr'\?"),
        ("secnd", RunNotFoundError, "No run has the name or id 'secnd'.* There is no experiment 'secnd'"),
        ("Default2", RunNotFoundError, r"There is no experiment 'Default2'\. Did you mean 'Default'\?"),
        ("'open", UsageProblem, "no closing quotation"),
        ("acuracy > 0.9", UsageProblem, r"Did you mean 'accuracy'\?"),
        ("accuracy >", UsageProblem, "A value is missing after >"),
        ("-e churn", UsageProblem, "There is no experiment 'churn'"),
    ],
)
def test_a_wrong_line_is_one_clear_error(shell, three_runs, line, error, message):
    with pytest.raises(error, match=message) as caught:
        shell.run_line_magic("compare", line)
    assert "\n" not in str(caught.value)


def test_without_anywidget_the_command_that_installs_it_is_named(shell, three_runs, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    with pytest.raises(ImportError, match=r"mlmagic\.compare needs anywidget: %pip install anywidget"):
        shell.run_line_magic("compare", "")


def test_tab_completes_runs_and_options(shell, three_runs):
    from mlmagic.magics.completion import complete

    assert complete(shell, "compare", "%compare th", "th") == ["third"]
    assert "--group-by" in complete(shell, "compare", "%compare --", "--")


def test_the_help_shows_every_option():
    for option in ("--experiment", "--metric", "--group-by", "accuracy > 0.9"):
        assert option in CompareMagics.compare.__doc__
