"""The numbers of an evaluation stand on the logged model that was evaluated, and on no other."""

import mlflow
import pytest
from cells import run as run_cell
from IPython.core.interactiveshell import InteractiveShell
from mlflow import MlflowClient
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import mlmagic
from mlmagic import errors

FORM = {"figures": False, "resamples": 100}
EVALUATE = "_ = %evaluate {} X_test y_test --no-figures --resamples 100"


@pytest.fixture
def shell(store_uri, cancer, tmp_path, monkeypatch):
    """The shell of the process, since only that one displays."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell.instance()
    run_cell(made, "%load_ext mlmagic")
    made.push({
        "X_train": cancer.X_train, "y_train": cancer.y_train, "X_test": cancer.X, "y_test": cancer.y,
        "logistic": cancer.logistic, "tree": cancer.tree, "Tree": DecisionTreeClassifier, "Grid": GridSearchCV,
        "mlmagic": mlmagic,
    })  # fmt: skip
    yield made
    mlmagic.unload_ipython_extension(made)
    InteractiveShell.clear_instance()


def of_models(name):
    """Return the metrics of the logged models of a run, the older model first."""
    client = MlflowClient()
    run = client.get_run(mlmagic.Run.find(name).id)
    outputs = run.outputs.model_outputs if run.outputs else []
    models = sorted((client.get_logged_model(one.model_id) for one in outputs), key=lambda one: one.creation_timestamp)
    return [{one.key: one.value for one in sorted(m.metrics or [], key=lambda one: one.step)} for m in models]


def test_it_is_proven_by_what_both_predict(shell):
    run_cell(shell, "%%track t\nmodel = Tree(max_depth=2, random_state=0).fit(X_train, y_train)")
    run_cell(shell, f"found = {EVALUATE[4:].format('model')} --run t")
    found = shell.user_ns["found"]
    assert of_models("t") == [mlmagic.Run.find("t").metrics]
    assert of_models("t")[0]["accuracy"] == found.metrics["accuracy"]
    assert found.notes[-1].text == "also on the logged model 'model'"


OTHERS = {
    "of another class": ("logistic", "logistic.", "'model' is another one, DecisionTreeClassifier("),
    "with other parameters": ("Tree(max_depth=3, random_state=0).fit(X_train, y_train)", "other.", "is another one"),
    "on other rows": ("Tree(max_depth=2, random_state=0).fit(X_train[:60], y_train[:60])", "other.", "predicts otherwise"),
    "a function": ("lambda X: tree.predict(X[X_train.columns]) * 0", "other.", "is another one"),
    "under the same name": ("logistic", "other_model.", "is another one"),
    "a search": ("Grid(Tree(), {'max_depth': [1]}, cv=2).fit(X_train, y_train)", "other.", "is another one"),
}  # fmt: skip


@pytest.mark.parametrize("which", OTHERS)
def test_the_numbers_of_another_model_are_on_the_run_only_and_bear_its_name(shell, which):
    code, prefix, why = OTHERS[which]
    run_cell(
        shell,
        "%%track t\nmodel = Tree(max_depth=2, random_state=0).fit(X_train, y_train)\naccuracy = model.score(X_test, y_test)",
    )
    before = mlmagic.Run.find("t").metrics
    name = "logistic" if prefix == "logistic." else "model" if prefix == "other_model." else "other"
    run_cell(shell, f"{name} = {code}")
    run_cell(shell, f"found = {EVALUATE[4:].format(name)} --run t")
    assert of_models("t") == [before]
    after = mlmagic.Run.find("t").metrics
    assert {key: after[key] for key in before} == before
    assert {key for key in after if key not in before} >= {f"{prefix}accuracy", f"{prefix}f1"}
    note = shell.user_ns["found"].notes[-1].text
    assert note.startswith(f"on the run only, as {prefix}accuracy and so on, because its logged model 'model' ")
    assert why in note
    # Nor does the registry take them for the model's own.
    run_cell(shell, "%register churn --run t")
    with pytest.raises(errors.UsageProblem, match="does not have"):
        mlmagic.promote("churn", 1, gate="f1 > 0")


def test_a_loaded_model_and_one_of_several_are_known(shell):
    run_cell(
        shell,
        "%%track t\nfirst = Tree(max_depth=1, random_state=0).fit(X_train, y_train)\n"
        "second = Tree(max_depth=3, random_state=0).fit(X_train, y_train)",
    )
    run_cell(
        shell, f"loaded = mlmagic.Run.find('t').load_model('second')\nfound = {EVALUATE[4:].format('loaded')} --run t"
    )
    assert shell.user_ns["found"].notes[-1].text == "also on the logged model 'second'"
    assert min(len(one) for one in of_models("t")) == 0
    run_cell(shell, "%register churn --run t --model second")
    run_cell(shell, "%register other --run t --model first")
    assert mlmagic.registered_models("churn")["accuracy"].tolist() == [shell.user_ns["found"].metrics["accuracy"]]
    assert "accuracy" not in mlmagic.registered_models("other").columns


def test_models_without_probabilities_are_compared_by_their_scores(store_uri, shell, cancer):
    shell.push({"SVC": LinearSVC})
    run_cell(shell, "%%track t\nmodel = SVC(C=1.0, random_state=0).fit(X_train[:100], y_train[:100])")
    run_cell(
        shell,
        f"other = SVC(C=1.0, random_state=0).fit(X_train[:101], y_train[:101])\nfound = {EVALUATE[4:].format('other')} --run t",
    )
    assert shell.user_ns["found"].prefix == "other."


@pytest.fixture
def plain(store_uri, cancer):
    """Log a model with plain MLflow in a run, which bears no signature."""

    def log(model, how):
        with mlflow.start_run(run_name="plain"):
            mlflow.sklearn.log_model(model, name="tree", serialization_format=how, pip_requirements=[])

    return log


def test_a_model_of_plain_mlflow_is_known_by_its_pickle_and_not_loaded(plain, cancer, monkeypatch):
    plain(cancer.tree, "cloudpickle")
    monkeypatch.setattr("builtins.input", pytest.fail)
    found = mlmagic.evaluate(cancer.tree, cancer.X, cancer.y, run="plain", **FORM)
    assert found.notes[-1].text == "also on the logged model 'tree'"
    other = clone(cancer.tree).fit(cancer.X_train[::2], cancer.y_train[::2])
    found = mlmagic.evaluate(other, cancer.X, cancer.y, run="plain", **FORM)
    assert "does not bear your signature, so it was not loaded" in found.notes[-1].text
    assert "model = mlmagic.load_model('runs:/" in found.notes[-1].text


def test_a_model_that_the_user_loaded_is_compared(plain, cancer):
    plain(cancer.logistic, "skops")
    found = mlmagic.evaluate(cancer.logistic, cancer.X, cancer.y, run="plain", **FORM)
    assert "does not bear your signature" in found.notes[-1].text
    loaded = mlmagic.load_model(f"runs:/{mlmagic.Run.find('plain').id}/tree", trust=True)
    found = mlmagic.evaluate(loaded, cancer.X, cancer.y, run="plain", **FORM)
    assert found.notes[-1].text == "also on the logged model 'tree'"


FIT = "model = Tree(max_depth=2, random_state=0).fit(X_train, y_train)"
CELLS = {
    "another model": (f"{FIT}\n{EVALUATE.format('logistic')}", [], []),
    "another one first": (
        f"{EVALUATE.format('logistic')}\n{FIT}\n{EVALUATE.format('model')}",
        ["model.accuracy"],
        ["accuracy", "model.accuracy"],
    ),
    "the same one": (f"{FIT}\n{EVALUATE.format('model')}", ["accuracy"], ["accuracy"]),
    "then fitted anew": (f"{FIT}\n{EVALUATE.format('model')}\nmodel.fit(X_train[:50], y_train[:50])", [], []),
    "then another one under its name": (
        f"{FIT}\n{EVALUATE.format('model')}\nmodel = Tree(max_depth=4).fit(X_train, y_train)",
        [],
        [],
    ),
    "a function of it": (
        f"{FIT}\npredict = lambda X: model.predict(X[X_train.columns])\n{EVALUATE.format('predict')}",
        ["accuracy"],
        ["accuracy"],
    ),
    "under another name": (f"{FIT}\n{EVALUATE.format('model')} --name best", ["accuracy"], ["accuracy"]),
}


@pytest.mark.parametrize("which", CELLS)
def test_the_models_of_a_cell_get_their_own_numbers(shell, which):
    code, logged, registered = CELLS[which]
    shown, _ = run_cell(shell, f"%%track t\n{code}")
    told = "none of the models that the cell logs, as it was evaluated" in shown[-1]["text/plain"]
    assert told == (not logged or logged == ["model.accuracy"])
    assert [[key for key in one if key.endswith("accuracy") and "balanced" not in key] for one in of_models("t")] == [
        logged
    ]
    run_cell(shell, "%register churn --run t")
    columns = [name for name in mlmagic.registered_models("churn").columns if name.endswith("accuracy")]
    assert [name for name in columns if "balanced" not in name] == registered


def test_a_continued_run_knows_the_model_of_its_earlier_cell(shell):
    run_cell(shell, f"%%track t\n{FIT}")
    run_cell(shell, f"%%track --resume t\n{EVALUATE.format('model')}\n{EVALUATE.format('logistic')}")
    run_cell(shell, "%register churn --run t")
    version = mlmagic.registered_models("churn").iloc[0]
    assert version["accuracy"] == mlmagic.Run.find("t").metrics["accuracy"]
    assert "logistic.accuracy" not in version
    run_cell(shell, f"%%track --resume t\nmodel = Tree(max_depth=4).fit(X_train, y_train)\n{EVALUATE.format('model')}")
    assert len(of_models("t")) == 2
    assert "accuracy" in of_models("t")[1]
