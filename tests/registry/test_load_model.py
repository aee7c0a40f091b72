import pickle
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from planted import plant
from planted import run as planted_run

import mlmagic
from mlmagic.errors import ModelLoadError, ModelNotFoundError, RunNotFoundError, UsageProblem
from mlmagic.journal.records import Model
from mlmagic.store.model_files import loading

ROOT = Path(__file__).parents[2]


class Bomb:
    """Marks that it was unpickled."""

    def __init__(self, marker):
        self._marker = marker

    def __reduce__(self):
        return Path.touch, (self._marker,)


@pytest.fixture
def folder(make_model, client):
    """The folder of the files of ``churn/1``."""
    make_model(value=1)
    made = mlmagic.register("churn")
    return Path(client.get_logged_model(made.model_id).artifact_location)


def test_every_way_to_name_a_model(make_model, client):
    first = make_model("first", value=1)
    mlmagic.register("churn")
    make_model("second", value=2)
    newest = mlmagic.register("churn")
    client.set_registered_model_alias("churn", "champion", "1")
    for reference, value in [
        ("churn@champion", 1), ("churn/1", 1), ("churn/2", 2), ("churn", 2), ("models:/churn/2", 2), ("churn/latest", 2),
        ("models:/churn@champion", 1), (f"models:/{newest.model_id}", 2), (f"runs:/{first}/model", 1),
        (f"runs:/{first}", 1), ("runs:/second/model", 2),
    ]:  # fmt: skip
        model = mlmagic.load_model(reference)
        assert type(model).__name__ == "DummyClassifier"
        assert model.predict([[0]])[0] == value, reference


def test_models_of_other_libraries_come_as_they_were(make_run, client, monkeypatch):
    import torch
    from logged import log_model
    from sklearn.decomposition import PCA

    monkeypatch.setattr("builtins.input", pytest.fail)
    run_id = make_run("zoo")
    for name, model in {"net": torch.nn.Linear(2, 1), "pca": PCA(1).fit([[0, 1], [1, 0], [2, 2]])}.items():
        log_model(model, name, client=client, run_id=run_id, requirements=["numpy"])
    assert isinstance(mlmagic.Run(run_id).load_model("net"), torch.nn.Linear)
    assert isinstance(mlmagic.Run(run_id).load_model("pca"), PCA)


def test_a_run_loads_its_model(make_model):
    make_model("both", names=("scaler", "model"), value=3)
    run = mlmagic.Run.find("both")
    assert run.load_model("model").predict([[0]])[0] == 3
    with pytest.raises(UsageProblem, match=r"has 2 models: 'model', 'scaler'\. Name one: run\.load_model\(NAME\)"):
        run.load_model()
    with pytest.raises(ModelNotFoundError, match=r"Did you mean 'scaler'\?"):
        run.load_model("scalr")
    with pytest.raises(UsageProblem, match=r"name is text, not 5 \(int\)"):
        run.load_model(5)


@pytest.mark.parametrize(
    ("reference", "error", "message"),
    [
        ("chrun", ModelNotFoundError, r"no registered model 'chrun'\. Did you mean 'churn'\?"),
        ("churn/7", ModelNotFoundError, r"no version 7; the nearest is 1, the newest 1\. All of them: %models churn"),
        ("churn@champoin", ModelNotFoundError, r"no alias 'champoin'\. Did you mean 'champion'\? It has champion\."),
        (
            "churn/three",
            UsageProblem,
            r"a version is a number, such as 3, or an alias, such as challenger; not 'three'",
        ),
        ("churn/0", UsageProblem, "a version is a number"),
        ("", UsageProblem, "it is empty"),
        ("runs:/", UsageProblem, "names no run"),
        ("runs:/nowhere/model", RunNotFoundError, "No run has the name or id 'nowhere'"),
        ("models:/m-00000000000000000000000000000000", ModelNotFoundError, "no registered model 'm-0"),
    ],
)
def test_what_is_not_there_names_the_nearest(folder, client, reference, error, message):
    client.set_registered_model_alias("churn", "champion", "1")
    with pytest.raises(error, match=message) as caught:
        mlmagic.load_model(reference)
    assert "\n" not in str(caught.value)


def test_a_registry_without_models_says_how_to_register_one(store_uri):
    with pytest.raises(ModelNotFoundError, match=r"None is registered yet: %register churn"):
        mlmagic.load_model("churn")


def test_a_signed_model_is_not_asked_about(folder, monkeypatch):
    monkeypatch.setattr("builtins.input", pytest.fail)
    assert mlmagic.load_model("churn/1") is not None


@pytest.mark.parametrize("change", ["content", "another file", "a link"])
def test_changed_files_are_asked_about(folder, monkeypatch, change):
    match change:
        case "content":
            with (folder / "requirements.txt").open("a") as file:
                file.write("\n# touched\n")
        case "another file":
            (folder / "code").mkdir()
            (folder / "code" / "sklearn.py").write_text("")
        case _:
            (folder / "link").symlink_to("/etc/hostname")
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    with pytest.raises(ModelLoadError, match=r"churn/1 was not loaded"):
        mlmagic.load_model("churn/1")
    assert "do not bear your signature: someone else may have written them" in asked[0]
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "y")
    assert mlmagic.load_model("churn/1") is not None
    assert mlmagic.load_model("churn/1", trust=True) is not None
    count = len(asked)
    mlmagic.load_model("churn/1")
    assert len(asked) == count + (change == "a link"), "an answer holds for the session, for these very files"


def test_a_model_of_a_folder_from_elsewhere_does_not_run_unasked(folder, client, monkeypatch, tmp_path):
    """The author of a cloned folder writes its store, its files and the tags: all but the signature."""
    (folder / "model.pkl").write_bytes(pickle.dumps(Bomb(tmp_path / "it-ran")))
    description = (folder / "MLmodel").read_text()
    (folder / "MLmodel").write_text(description.replace("model.skops", "model.pkl").replace("skops\n", "pickle\n", 1))
    with pytest.raises(
        UsageProblem, match="nobody can be asked here: churn/1 does not bear your signature; trust=True"
    ):
        mlmagic.load_model("churn/1")
    assert not (tmp_path / "it-ran").exists()


def test_a_model_of_a_foreign_journal_is_not_signed(client, store_uri, tmp_path):
    """Delivering a journal that came with a folder is no promise that its models may run."""
    marker = tmp_path / "it-ran"
    files = {
        "models/1/MLmodel": b"flavors:\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: pickle\n",
        "models/1/model.pkl": pickle.dumps(Bomb(marker)),
    }
    plant(tmp_path / ".mlmagic" / "journal", *planted_run(store_uri, Model("1", "model", "models/1")), files=files)
    mlmagic.sync(foreign=mlmagic.foreign_journals())
    (run,) = client.search_runs(["0"])
    (model,) = client.search_logged_models(["0"])
    assert run.data.tags["mlmagic.foreign"] == "true"
    assert "mlmagic.signature" not in model.tags
    mlmagic.register("churn", run=run.info.run_id)
    for load in (lambda: mlmagic.load_model("churn"), mlmagic.Run(run.info.run_id).load_model):
        with pytest.raises(UsageProblem, match="does not bear your signature"):
            load()
    assert not marker.exists()


def test_a_model_of_plain_mlflow_loads_when_trusted(store_uri):
    import mlflow.pyfunc

    class Doubles(mlflow.pyfunc.PythonModel):
        def predict(self, model_input: list[float]) -> list[float]:
            return [2 * one for one in model_input]

    with mlflow.start_run(run_name="by hand"):
        mlflow.pyfunc.log_model(name="doubles", python_model=Doubles(), pip_requirements=["numpy"])
    mlmagic.register("double", run="by hand")
    assert mlmagic.load_model("double", trust=True).predict([1.5]) == [3.0]


def test_another_environment_is_one_warning(folder):
    (folder / "requirements.txt").write_text("numpy==1.0\nno-such-package==3\nscikit-learn\n-r other.txt\n./local\n")
    (folder / "python_env.yaml").write_text('python: "3.5.1"\n')
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mlmagic.load_model("churn/1", trust=True)
    (text,) = [str(one.message) for one in caught if "churn/1" in str(one.message)]
    assert text.startswith("churn/1 was saved with other packages than are here: Python 3.5.1 (here 3.")
    assert "numpy==1.0 (here " in text
    assert "no-such-package==3 (not installed)" in text
    assert "scikit-learn" not in text
    assert "\n" not in text
    assert next(one for one in caught if "churn/1" in str(one.message)).filename == __file__


def test_the_same_environment_is_no_warning(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlmagic.load_model("churn/1")


@pytest.mark.parametrize("what", ["deleted", "empty", "no yaml", "no flavours"])
def test_files_that_are_missing_or_damaged(folder, what):
    if what == "deleted":
        shutil.rmtree(folder)
    else:
        (folder / "MLmodel").write_text({"empty": "", "no yaml": "{{{", "no flavours": "flavors: {}"}[what])
    wanted = "there is no MLmodel in" if what == "deleted" else "the MLmodel of churn/1"
    with pytest.raises(ModelLoadError, match=wanted) as caught:
        mlmagic.load_model("churn/1", trust=True)
    assert "\n" not in str(caught.value)


NOTEBOOK = """
import mlflow, mlflow.sklearn
from sklearn.base import BaseEstimator, ClassifierMixin

class Rules(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = [0, 1]
        return self
    def predict(self, X):
        return [1 for _ in X]

with mlflow.start_run(run_name="rules"):
    mlflow.sklearn.log_model(Rules().fit([[1]], [1]), name="rules", serialization_format="pickle", pip_requirements=["numpy"])
"""


def test_a_class_of_a_notebook_is_named_with_the_way_out(store_uri, tmp_path):
    done = subprocess.run([sys.executable, "-c", NOTEBOOK], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    mlmagic.register("rules", run="rules")
    with pytest.raises(
        ModelLoadError, match=r"rules/1 needs 'Rules', which was defined in a notebook.* Run the cell"
    ) as caught:
        mlmagic.load_model("rules", trust=True)
    assert "session.to_script()" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_module_that_is_not_here_is_named(folder):
    error = ModuleNotFoundError("No module named 'churnlib.nets'", name="churnlib.nets")
    shown = str(loading._explained(error, loading.ModelFiles("churn/1", "/x")))
    assert shown == (
        "churn/1 needs the module 'churnlib.nets', which is not here: %pip install churnlib, or, if it is your own, "
        "add its folder to sys.path"
    )


def test_a_deleted_logged_model_is_named(folder, client):
    client.delete_logged_model(client.get_model_version("churn", "1").source.removeprefix("models:/"))
    with pytest.raises(
        ModelNotFoundError, match=r"churn/1 was registered from the logged model m-\w+, which was deleted"
    ):
        mlmagic.load_model("churn/1")


def test_a_server_that_the_store_names_is_not_asked(client, folder, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    files = loading.ModelFiles("churn/1", "http://127.0.0.1:9/artifacts")
    with pytest.raises(mlmagic.MLMagicError, match="which is not the tracking server"):
        loading.load(files)


def test_the_whole_way_on_a_server(server, store_uri, monkeypatch):
    """A tracked run's model is registered, promoted and loaded, its files downloaded, without a question."""
    import mlflow
    from logged import log_model
    from sklearn.dummy import DummyClassifier

    mlflow.set_tracking_uri(server.uri)
    client = mlflow.MlflowClient()
    run_id = client.create_run("0", run_name="forest").info.run_id
    client.log_metric(run_id, "accuracy", 0.9)
    fitted = DummyClassifier(strategy="constant", constant=1).fit([[0], [1]], [0, 1])
    log_model(fitted, "model", client=client, run_id=run_id, requirements=["numpy"])
    monkeypatch.setattr("builtins.input", pytest.fail)
    assert mlmagic.register("churn", run="forest", alias="challenger").aliases == ("challenger",)
    assert mlmagic.promote("churn", "@challenger", gate="accuracy > 0.85").version == 1
    assert mlmagic.load_model("churn@champion").predict([[0]])[0] == 1
    assert mlmagic.Run.find("forest").load_model().predict([[0]])[0] == 1
    assert mlmagic.rollback("churn").version is None
    frame = mlmagic.registered_models("churn")
    assert (frame["aliases"][0], frame["accuracy"][0]) == ("challenger", 0.9)
    assert len(mlmagic.registered_models("churn", history=True)) == 3
