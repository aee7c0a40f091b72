"""``%evaluate`` as a user types it, in a real shell with a real store."""

import contextlib
import io
import json

import numpy as np
import pytest
from cells import refusal, run
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import mlmagic


@pytest.fixture
def shell(store_uri, tmp_path, monkeypatch):
    """The shell of the process, since only that one displays, with two models and test data."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell.instance()
    with contextlib.redirect_stdout(io.StringIO()):
        mlmagic.load_ipython_extension(made)
    data = load_breast_cancer(as_frame=True)
    X, y = data.data.iloc[:, :5], data.target
    forest = LogisticRegression(max_iter=5000).fit(X[:400], y[:400])
    tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X[:400], y[:400])
    made.push({
        "forest": forest, "tree": tree, "X_test": X[400:].assign(site=["north", "south"] * 84 + ["east"]), "y_test": y[400:],
        "X_train": X[:400], "y_train": y[:400], "patients": np.arange(169) // 3,
        "business_cost": lambda y_true, y_pred: float(np.sum(y_true != y_pred)),
    })  # fmt: skip
    yield made
    mlmagic.unload_ipython_extension(made)
    InteractiveShell.clear_instance()


def test_it_returns_the_evaluation_and_binds_it(shell):
    run(shell, "found = %evaluate forest X_test y_test --no-figures --resamples 100")
    found = shell.user_ns["found"]
    assert (found.model, found.data, found.rows) == ("forest", "X_test", 169)
    run(shell, "_ = %evaluate tree X_test y_test --no-figures --resamples 100 --into kept")
    assert shell.user_ns["kept"].model == "tree"


def test_it_is_shown_as_text_and_html(shell):
    run(shell, "found = %evaluate forest X_test y_test --resamples 100 --by site --against tree")
    data, _ = shell.display_formatter.format(shell.user_ns["found"])
    assert data["text/plain"].startswith("forest on 169 rows of X_test (two classes)\n")
    assert "in accuracy on the same 169 rows" in data["text/plain"]
    assert data["text/html"].count("data:image/png;base64,") == 4
    assert "site = north" in data["text/html"]


def test_each_option(shell):
    run(
        shell,
        "found = %evaluate tree X_test y_test --metric cost=business_cost --metric f1_macro --metric business_cost "
        "--by site --groups patients --against forest --confidence 0.9 --importance --learning-curve X_train,y_train "
        "--positive 0 --resamples 100 --name best",
    )
    found = shell.user_ns["found"]
    assert list(found.metrics)[:3] == ["cost", "f1_macro", "business_cost"]
    assert (found.model, found.confidence, found.positive) == ("best", 0.9, "0")
    assert found.how == "100 resamples of 57 groups"
    assert found.difference.against == "forest"
    assert {"permutation_importance", "learning_curve"} <= set(found.figures)
    assert [one.value for one in found.slices] == ["east", "north", "south"]


def test_a_tracked_cell_records_the_evaluation_once(shell):
    run(
        shell,
        "%%track evaluated\n"
        "evaluation = %evaluate forest X_test y_test --no-figures --resamples 100\n"
        "acc = evaluation.metrics['accuracy']\n"
        "scores = evaluation.metrics\n"
        "f1 = mlmagic.evaluate(tree, X_test, y_test, figures=False, resamples=100).metrics['f1']\n"
        "evaluation.metrics['recall']",
    )
    stored = mlmagic.last_run.metrics
    found = shell.user_ns["evaluation"]
    assert stored["accuracy"] == found.metrics["accuracy"]
    assert stored["tree.f1"] == shell.user_ns["f1"]
    allowed = {
        f"{prefix}{name}{end}" for prefix in ("", "tree.") for name in found.metrics for end in ("", "_low", "_high")
    }
    assert set(stored) <= allowed
    content = json.loads(mlmagic.last_run.text("mlmagic/evaluation.json"))
    assert [one["model"] for one in content["evaluations"]] == ["forest", "tree"]
    # A later cell that reads the number reads a result, not a setting.
    run(shell, "%%track later\ntwice = acc * 2")
    assert "acc" not in mlmagic.last_run.params


EVALUATED = "_ = %evaluate forest X_test y_test --no-figures --resamples 100"
CELLS = {
    "by the magic": (EVALUATED, ["X_test", "y_test"], "X_test 169 by 6, y_test 169"),
    "twice": (f"{EVALUATED}\n{EVALUATED.replace('forest', 'tree')}", ["X_test", "y_test"], "X_test 169 by 6, y_test 169"),
    "by the function": (
        "mlmagic.evaluate(forest, X_test, y_test, figures=False, resamples=100)",
        ["X_test", "y_test"],
        "X_test 169 by 6, y_test 169",
    ),
    "made in the cell": (
        f"y_test = 1 - y_test\n{EVALUATED}",
        ["X_test", "y_test", "y_test (made here)"],
        "y_test 169 (made here)",
    ),
    "a part": (EVALUATED.replace("_test", "_test[:90]"), ["X_test[:90]", "y_test[:90]"], "X_test[:90] 90 by 6, y_test[:90] 90"),
    "beside the training data": (
        f"m = type(tree)().fit(X_train, y_train)\n{EVALUATED.replace('forest', 'm')}",
        ["X_test", "X_train", "y_test", "y_train"],
        "X_train 400 by 5, y_train 400, X_test 169 by 6, y_test 169",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_a_tracked_cell_records_the_test_data_with_its_targets(shell, name):
    code, datasets, line = CELLS[name]
    shown, _ = run(shell, f"%%track evaluated\n{code}")
    stored = MlflowClient().get_run(mlmagic.last_run.id).inputs.dataset_inputs
    assert sorted(one.dataset.name for one in stored) == datasets
    assert line in shown[-1]["text/plain"]


def test_what_is_not_to_be_recorded_is_not(shell):
    run(shell, f"%%track evaluated -x y_test\n{EVALUATED}")
    assert [one.dataset.name for one in MlflowClient().get_run(mlmagic.last_run.id).inputs.dataset_inputs] == ["X_test"]
    run(shell, f"%%track evaluated --no-data\n{EVALUATED}")
    assert not MlflowClient().get_run(mlmagic.last_run.id).inputs.dataset_inputs


def test_the_parts_of_a_split_that_are_evaluated_are_in_its_record(shell):
    run(shell, "%split X_train y_train --test 0.3 --stratify y_train --seed 0")
    run(
        shell,
        "%%track evaluated\nm = type(tree)().fit(X_train_train, y_train_train)\n_ = %evaluate m X_train_test y_train_test --no-figures --resamples 100",
    )
    assert "X_train_test" in json.loads(mlmagic.last_run.text("mlmagic/split.json"))["parts"]


def test_what_the_user_measures_is_still_recorded(shell):
    run(
        shell,
        "%%track both\n"
        "from sklearn.metrics import accuracy_score\n"
        "mine = accuracy_score(y_test, forest.predict(X_test[X_train.columns]))\n"
        "%evaluate forest X_test y_test --no-figures --resamples 100",
    )
    assert mlmagic.last_run.metrics["mine"] == mlmagic.last_run.metrics["accuracy"]


def test_a_stored_run(shell):
    run(shell, "%%track trained\nx = 1")
    run(shell, "%evaluate forest X_test y_test --run trained --no-figures --resamples 100")
    assert "accuracy_low" in mlmagic.Run.find("trained").metrics


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "%evaluate needs a model, test data and targets. For example: %evaluate model X_test y_test"),
        ("forest X_test", "got 'forest X_test'"),
        ("forrest X_test y_test", "there is no variable 'forrest'. Did you mean 'forest'?"),
        ("forest X_test y_test --metric acuracy", "Did you mean 'accuracy'?"),
        ("forest X_test y_test --metric cost=busines_cost", "Did you mean 'business_cost'?"),
        ("forest X_test y_test --metric =f", "write NAME=FUNC"),
        ("forest X_test y_test --by sitte", "Did you mean 'site'?"),
        ("forest X_test y_test --against twig", "there is no variable 'twig'."),
        ("forest X_test y_test --confidence often", "--confidence often: give a number, such as 0.95"),
        ("forest X_test y_test --learning-curve X_train", "name the training data and its targets: X_train,y_train"),
        ("forest X_test y_test --bye site", "Did you mean '--by'?"),
        ("forest X_test y_test --run nothing", "nothing"),
        ("forest X_test y_test --into 3x", "is no name for a variable"),
        ("forest X_test y_test[:3]", "has 3 values"),
        (
            "forest X_test y_test --by mean area (cm)",
            "got 'forest X_test y_test area (cm)'. Quote a name with spaces: --by",
        ),
        ("forest X_test y_test --metric --by site", "%evaluate --metric takes a value: --metric NAME=FUNC. One more"),
        ("forest X_test y_test --metric=", "%evaluate --metric takes a value"),
        ("forest X_test y_test --run", "%evaluate --run takes a value: --run RUN"),
        ("forest X_test y_test --run a --run b", "%evaluate takes one --run, got two: 'a' and 'b'"),
        ("Forrest X_test y_test", "Did you mean 'forest'?"),
        ("forest y_train X_train", "y_train is a single column, and the model was fitted on 5: the targets come after"),
        ("None X_test y_test", "None is of type NoneType: evaluate takes a model with predict"),
        ("forest X_test y_test --positive 7", "there is no class '7' to be the positive one: the classes are 0, 1"),
        ("forest X_test y_test --task regression --positive 1", "this is regression, and only of two classes one is"),
        ("forest X_test y_test --against forest", "forest is the model itself: name another one"),
        ("forest X_test y_test --help", "%evaluate? shows the help"),
        ("forest X_test y_test --learning-curve X_train y_train", "and its targets: X_train,y_train"),
        ("forest X_test[:0] y_test[:0]", "has no rows"),
        ("LogisticRegresion X_test y_test", "'LogisticRegresion'. The fitted models here: forest, tree."),
        ("unfited X_test y_test", "there is no variable 'unfited'. The fitted models here: forest, tree."),
        ("forest X_tset y_test", "Did you mean 'X_test'?"),
        (
            "forest business_cots y_test",
            "'business_cots'. The tables and arrays here: X_test, y_test, X_train, y_train, pat",
        ),
        ("forest X_test[ y_test", "no closing bracket; close it"),
        ("forest X_test 'y_test", "no closing quotation; close it"),
        ("forest X_test y_test --metric c=costs['b']", "KeyError"),
        ("forest X_test y_test --metric c=cost['a']", "no function \"cost['a']\". Did you mean 'costs'?"),
    ],
)
def test_each_mistake_is_one_line(shell, line, told):
    shell.push({"LogisticRegression": LogisticRegression, "unfitted": LogisticRegression()})
    shell.push({"costs": {"a": shell.user_ns["business_cost"]}})
    assert told in refusal(shell, f"%evaluate {line} --no-figures" if line else "%evaluate")


WORDS = {
    "a column by its name": 'forest frame.drop(columns="y") frame["y"]',
    "spaces within brackets": "forest frame[frame['mean area'] > 500] frame[frame['mean area'] > 500]['y']",
    "the whole expression in quotes": "forest \"frame[frame['mean area'] > 500]\" \"frame.y[frame['mean area'] > 500]\"",
    "a list of names": 'forest frame.drop(columns=["y", "site"]) frame["y"]',
    "an option's name with spaces": 'forest X_test y_test --by "mean area"',
    "joined to the option": 'forest X_test y_test --by="mean area"',
    "a metric's name with spaces": 'forest X_test y_test --metric "my cost=business_cost"',
    "only the name quoted": "forest X_test y_test --metric 'my cost'=business_cost",
    "a metric out of a dict": 'forest X_test y_test --metric mine=costs["a"]',
    "the training data": 'forest X_test y_test --learning-curve frame.drop(columns=["y","site"]),frame["y"]',
    "options after a double dash": "forest X_test y_test --",
    "commas as in a call": "forest, X_test, y_test",
}


@pytest.mark.parametrize("which", WORDS)
def test_quotes_are_pythons_within_an_expression(shell, which):
    names = shell.user_ns
    shell.push({"costs": {"a": names["business_cost"]}, "frame": names["X_test"].assign(y=names["y_test"])})
    run(shell, f"found = %evaluate {WORDS[which]} --no-figures --resamples 100")
    found = shell.user_ns["found"]
    assert found.rows in {169, int((names["X_test"]["mean area"] > 500).sum())}
    assert ("my cost" in found.metrics) == ("my cost" in WORDS[which])
    assert bool(found.slices) == ("--by" in WORDS[which])


def test_a_comment_and_scorers_of_probabilities(shell):
    run(
        shell,
        "found = %evaluate forest X_test y_test --metric average_precision --metric roc_auc --no-figures --resamples 100 # all",
    )
    found = shell.user_ns["found"]
    assert 0.5 < found.metrics["average_precision"] < found.metrics["roc_auc"] + 0.1
    shell.push(
        {"y_three": shell.user_ns["y_test"].to_numpy() + (np.arange(169) % 2), "X_five": shell.user_ns["X_test"]}
    )
    run(shell, "three = type(tree)(max_depth=3).fit(X_five.iloc[:, :5], y_three)")
    run(shell, "found = %evaluate three X_five y_three --metric roc_auc --no-figures --resamples 100")
    assert any("multi_class must be in" in note.text for note in shell.user_ns["found"].notes)


def test_completion_offers_variables_options_and_metrics(shell):
    def offered(line):
        with provisionalcompleter():
            found = list(shell.Completer.completions(line, len(line)))
        return [one.text for one in found if one.start == line.rfind(" ") + 1]

    assert offered("%evaluate for") == ["forest"]
    assert offered("%evaluate forest X_te") == ["X_test"]
    assert offered("%evaluate forest X_test y_test --imp") == ["--importance"]
    assert "accuracy" in offered("%evaluate forest X_test y_test --metric acc")
    assert offered("%evaluate forest X_test y_test --against tr") == ["tree"]
