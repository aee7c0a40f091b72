"""No data becomes code: each place that loads, evaluates or starts something is named here, with its reason."""

from __future__ import annotations

import ast
import os
import pickle
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import mlmagic

PACKAGE = Path(mlmagic.__file__).parent
CALLS = {
    *("load", "loads", "load_all", "unsafe_load", "full_load", "safe_load", "load_file", "load_model", "read_pickle"),
    *("eval", "exec", "compile", "__import__", "import_module", "exec_module", "load_module", "run_path", "run_module"),
    *(
        "system",
        "popen",
        "Popen",
        "check_output",
        "check_call",
        "execve",
        "execv",
        "spawnl",
        "startfile",
        "literal_eval",
    ),
    *("instantiate", "get_class", "get_method", "get_object", "locate", "Unpickler", "run_cell", "run_line_magic"),
}
OPTIONS = {"allow_pickle", "weights_only", "shell"}
HARMLESS = {"json", "re", "tokenize"}
"""Modules whose ``loads``, ``load`` or ``compile`` only read."""
ALLOWED = {
    ("__init__.py", "import_module"): "modules of this package, by a table",
    ("__init__.py", "load"): "the extension, when IPython loads it",
    ("adapters/import_hooks.py", "importlib.import_module"): "modules of this package, by a table",
    ("adapters/import_hooks.py", "self._loader.exec_module"): "a library that the user's code imports",
    ("adapters/optional.py", "importlib.import_module"): "libraries that callers of this package name",
    ("cli/doctor.py", "subprocess.run"): "git --version",
    ("cli/retrain.py", "runpy.run_path"): "the script that the user named on the command line",
    ("cli/serve.py", "os.execve"): "JupyterLab or MLflow's UI, which the user asked for",
    ("config/composing.py", "yaml.safe_load"): "the cell's body, by the loader that makes plain values only",
    ("config/instantiating.py", "utils.instantiate"): "mlmagic.instantiate, which the user calls, of allowed targets",
    ("config/instantiating.py", "locate"): "the same: targets that are allowed by name",
    ("extension.py", "extension.load"): "this package's own object",
    ("magics/evaluate.py", "load"): "a registered model that the user names, as mlmagic.load_model loads it",
    ("magics/hydra.py", "compile"): "the body of the user's cell",
    ("magics/hydra.py", "exec"): "the body of the user's cell",
    ("magics/track.py", "shell.run_cell"): "the body of the user's cell",
    ("magics/retrain.py", "shell.run_cell"): "the body of the user's cell",
    ("api/reading.py", "stored_views.load"): "this package's own: JSON of a view, of which each part is checked",
    ("models/saving/flavours.py", "importlib.import_module"): "MLflow's module of a library whose model the cell made",
    ("models/saving/flavours.py", "pyfunc.load_model"): "the model that was saved a line above",
    ("models/saving/sklearn_models.py", "importlib.import_module"): "skops",
    (
        "models/saving/sklearn_models.py",
        "pickle.load",
    ): "the model that was saved a line above, in a folder of this process",
    ("models/saving/sklearn_models.py", "skops_io.loads"): "the bytes that were made a line above",
    ("models/saving/torch_models.py", "load"): "the model that was saved a line above, in a folder of this process",
    ("models/saving/torch_pickle.py", "torch.load"): "the same",
    ("models/saving/torch_pickle.py", "weights_only=False"): "the same",
    ("models/saving/shallow_clone.py", "module.eval"): "PyTorch's mode of evaluation",
    ("models/saving/transformer_loader.py", "mlflow.sklearn.load_model"): "the user loads a model by MLflow",
    ("store/query/filters/matching.py", "locate"): "this package's own: which column a filter names",
    ("store/query/filters/division.py", "locate"): "the same",
    ("store/query/ordering.py", "locate"): "the same",
    ("registry/gates.py", "locate"): "the same",
    (
        "monitoring/anomalies/detector.py",
        "made._baseline.load",
    ): "this package's own: numbers of a state, none of it run",
    ("store/query/filters/completions.py", "locate"): "the same",
    ("store/delivery/publishing.py", "yaml.safe_load"): "MLmodel, which this package wrote, to plain values",
    ("monitoring/report.py", "import_module"): "two modules of this package, which its own code names",
    ("store/model_files/loading.py", "importlib.import_module"): "MLflow's own modules, by a table",
    (
        "store/model_files/loading.py",
        "module.load_model",
    ): "a model that the user loads: signed by the user, or agreed to",
    ("store/model_files/loading.py", "yaml.safe_load"): "MLmodel, to plain values",
    ("store/model_files/requirements.py", "yaml.safe_load"): "python_env.yaml, to plain values",
    ("registry/loading.py", "loading.load"): "this package's own: the row above",
    ("registry/better_than.py", "loading.load"): "the same: both models of a gate, asked for as mlmagic.load_model is",
    ("api/registry.py", "loading.load"): "the same",
    ("monitoring/model_monitor.py", "monitored.load"): "the same",
    ("monitoring/monitored.py", "loading.load"): "the same: the model that a monitor serves",
    ("registry/retraining/champion.py", "loading.load"): "the same: the champion, on the data that the user gave",
    ("registry/retraining/retraining.py", "loading.load"): "the same: the model that was trained a moment ago",
    ("store/query/run.py", "loading.load"): "the same",
    ("session/observation/scopes.py", "compile"): "the user's cell, to read names off its instructions; nothing is run",
    ("replay/explaining/cell_text.py", "ast.literal_eval"): "a magic's name and line in a cell, to plain texts",
    ("session/script.py", "compile"): "to a syntax tree: whether a cell is Python; nothing is run",
    ("user_settings.py", "ast.literal_eval"): "the user's environment, to plain values",
    ("snapshot/environment/environment.py", "platform.system"): "the name of the system",
    (
        "replay/running/kernel.py",
        "subprocess.Popen",
    ): "a kernel of this Python, or of the one that was installed for it",
    (
        "replay/running/in_kernel.py",
        "compile",
    ): "modules that the cells of a replay import, which the user agreed to run",
    (
        "replay/predictions/in_model_process.py",
        "pyfunc.load_model",
    ): "in a process of its own: a model whose files bear the user's signature, or that a replay has just made",
    ("replay/predictions/in_model_process.py", "importlib.import_module"): "MLflow's own module",
    ("replay/predictions/in_model_process.py", "Model.load"): "the MLmodel of the same, to plain values",
    ("replay/predictions/in_model_process.py", "module.eval"): "PyTorch's mode of evaluation",
    ("replay/predictions/model_process.py", "subprocess.Popen"): "this Python, or the replay's, with that module",
    ("replay/predictions/predictions.py", "np.load"): "arrays that the process wrote a moment ago",
    ("replay/predictions/predictions.py", "allow_pickle=False"): "the same: no object is unpickled",
    ("replay/running/replaying.py", "pickle.loads"): "objects of a replay that the user agreed to run and asked for",
    ("replay/running/installing.py", "subprocess.Popen"): "uv, venv or pip, which --env asked for",
    ("replay/running/recorded_environment.py", "subprocess.run"): "the Python of that environment, with a line of ours",
    ("snapshot/git/process.py", "subprocess.Popen"): "git, with its programs off",
    ("snapshot/environment/hardware.py", "subprocess.run"): "nvidia-smi and sysctl",
    ("snapshot/randomness/seed_facts.py", "subprocess.run"): "Python, with a line of this package",
    ("sweeps/body.py", "compile"): "the body of the user's cell",
    ("sweeps/trials/isolated_random.py", "importlib.import_module"): "modules that the body of the user's cell imports",
    (
        "sweeps/trials/payload.py",
        "cloudpickle.loads",
    ): "what the session pickled for its own workers; it comes from no file",
    ("sweeps/trials/payload.py", "exec"): "a template of this package",
    ("sweeps/trials/process_state.py", "cloudpickle.loads"): "what the session pickled for its own workers",
    ("sweeps/trials/trial_code.py", "compile"): "the body of the user's cell",
    ("sweeps/trials/trial_code.py", "eval"): "the last expression of the user's cell",
    ("sweeps/trials/trial_code.py", "exec"): "the body of the user's cell",
    ("sweeps/trials/trial_code.py", "job.payload.load"): "what the session pickled for its own workers",
    ("types.py", "import_module"): "modules of this package, by a table",
}


def places():
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            owner, _, last = called.rpartition(".")
            if (last in CALLS and owner not in HARMLESS) or owner == "subprocess":
                yield name, called
            yield from ((name, ast.unparse(one)) for one in node.keywords if one.arg in OPTIONS)


def test_every_place_that_could_run_data_is_known():
    assert set(places()) - set(ALLOWED) == set(), "say in ALLOWED why it never runs what a store or a folder holds"
    assert set(ALLOWED) - set(places()) == set(), "these are there no more"


class Bomb:
    """Marks that it was unpickled."""

    def __init__(self, marker):
        self._marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self._marker}",)


def plant(folder, marker, run_id, database):
    """Put pickles and YAML that runs wherever a store and a folder of it may hold some."""
    pickled = pickle.dumps(Bomb(marker))
    yaml = f"!!python/object/apply:os.system ['touch {marker}']\n"
    names = [
        *(
            "models.json",
            "mlmagic/session.json",
            "mlmagic/split.json",
            "mlmagic/environment.json",
            "mlmagic/config.yaml",
        ),
        *("mlmagic/cell.py", "mlmagic/uncommitted.patch", "mlmagic/requirements.txt", "model.pkl", "MLmodel", "x.npy"),
        *("figures/plot.png", "model/model.pkl", "model/MLmodel", "model/data/model.pth", "model/python_model.pkl"),
    ]
    for at, name in enumerate(names):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(yaml.encode() if at % 2 else pickled)
    for key in (
        "mlmagic.cell",
        "mlmagic.checklist",
        "mlflow.log-model.history",
        "mlmagic.models",
        "mlmagic.sweep.code",
    ):
        for value in (yaml, pickled.decode("latin-1")):
            database.execute("insert or replace into tags values (?, ?, ?)", (key, value, run_id))
    database.commit()


def plant_version(store_uri, marker, run_id):
    """Register a version whose files are a pickle that runs, with tags that are one too."""
    from mlflow import MlflowClient

    client, pickled = MlflowClient(store_uri), pickle.dumps(Bomb(marker)).decode("latin-1")
    client.create_registered_model("churn", tags={"mlmagic.history.0001.a": pickled, "mlmagic.claim.champion": pickled})
    location = f"{client.get_run(run_id).info.artifact_uri}/model"
    client.create_model_version("churn", location, run_id, tags={"mlmagic.history.0001.a": pickled})


LOOK = """
import contextlib, sys
import mlmagic
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "mlmagic")
lines = [
    "%models", "%models churn --history", "%promote churn 1 --if accuracy > 0 --dry-run", "%promote churn 1",
    "%rollback churn", "%runs", "%runs accuracy > 0 --sort accuracy", "%compare", "%compare one two", "%diff one two", "%mlmagic",
    "%mlmagic sync", "%hydra cfg --config-dir conf", "%hydra cfg --config-dir conf group=one",
    "[one.text(path) for one in map(mlmagic.Run.find, ('one', 'two')) for path in one.artifacts]",
    "repr(mlmagic.Run.find('one')), mlmagic.Run.find('one').history('accuracy'), mlmagic.runs()._repr_html_()",
    "%%track --resume one\\nx = 1", "%%track three\\ny = 2", "mlmagic.last_run.metrics",
    "%%sweep again a=1,2 --resume\\nscore = a", "%%sweep pruned a=1,2 --resume --prune --metric score --mode max\\n"
    "for at in range(3):\\n    mlmagic.log(score=a * at)",
]
for line in lines:
    result = shell.run_cell(line)
    print("ok" if result.success else f"refused: {result.error_in_exec or result.error_before_exec}", line.splitlines()[0])
print(len(lines), "lines were run")
shell.complete("%diff ", "%diff ", 6)
shell.complete("%hydra cfg --config-dir ", "%hydra cfg --config-dir ", 24)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the marker is made by a POSIX command")
def test_nothing_that_a_store_or_a_folder_holds_is_run(make_run, store_uri, tmp_path):
    marker = tmp_path / "it-ran"
    database = sqlite3.connect(store_uri.removeprefix("sqlite:///"))
    for name in ("one", "two"):
        run_id = make_run(name, {"lr": 0.1}, {"accuracy": 0.9})
        place = database.execute("select artifact_uri from runs where run_uuid = ?", (run_id,)).fetchone()[0]
        plant(Path(place), marker, run_id, database)
    database.close()
    plant_version(store_uri, marker, run_id)
    yaml = f"x: !!python/object/apply:os.system ['touch {marker}']\n"
    for name in (
        "conf/config.yaml",
        "conf/group/one.yaml",
        ".mlmagic/sweeps/study.log",
        ".mlmagic/sweeps/x.log.snapshot",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(yaml.encode() if name.startswith("conf") else pickle.dumps(Bomb(marker)))
    script = tmp_path / "look.py"
    script.write_text(textwrap.dedent(LOOK))
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=250,
        env={**os.environ, "MLFLOW_TRACKING_URI": store_uri, "IPYTHONDIR": str(tmp_path / "ipython")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not marker.exists(), done.stdout
    outcomes = [line for line in done.stdout.splitlines() if line.startswith(("ok ", "refused: "))]
    refused = [line for line in outcomes if line.startswith("refused")]
    assert f"{len(outcomes)} lines were run" in done.stdout
    assert all("hydra" in line for line in refused), refused
