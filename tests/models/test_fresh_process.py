"""Every logged model loads by `mlflow.pyfunc.load_model` in a fresh process and predicts what the original does."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
NETS = """
import torch

class Residual(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = torch.nn.Linear(width, width)

    def forward(self, x):
        return relu(self.inner(x)) + x

def relu(x):
    return torch.nn.functional.relu(x)
"""


def _run(script: Path, *arguments: object, path: Path | None = None, cwd: Path) -> None:
    """Run *script* in a new process; *path* is where it finds the user's own modules, and mlmagic."""
    root = str(HERE.parents[1])
    extra = {"PYTHONPATH": os.pathsep.join([str(path), root])} if path else {}
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | extra
    done = subprocess.run(
        [sys.executable, script, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mlflow." not in done.stderr or path is None, done.stderr


@pytest.fixture
def loaded(store_uri, tmp_path):
    made, elsewhere = tmp_path / "made", tmp_path / "elsewhere"
    made.mkdir()
    elsewhere.mkdir()
    (made / "nets.py").write_text(NETS)
    _run(HERE / "make_models.py", made, path=made, cwd=made)
    _run(HERE / "load_models.py", made, cwd=elsewhere)
    logged = pickle.loads((made / "logged.pkl").read_bytes())
    answers = pickle.loads((made / "answers.pkl").read_bytes())
    return {name: each | answers[name] for name, each in logged.items()}


def test_each_model_predicts_what_the_original_does(loaded):
    differ = {}
    for name, each in loaded.items():
        expected, answer = np.asarray(each["expected"]), np.asarray(each["answer"])
        same = np.allclose(expected, answer, atol=1e-6) if expected.dtype.kind == "f" else (expected == answer).all()
        if not same:
            differ[name] = (expected[:3], answer[:3])
    assert not differ
    assert {
        name: each["answer"].shape[0] for name, each in loaded.items() if len(each["answer"]) != len(each["data"])
    } == {}

    formats = {name: each["format"] for name, each in loaded.items()}
    assert formats == {
        "forest": "cloudpickle",
        "small_forest": "skops",
        "search": "skops",
        "calibrated": "skops",
        "clusters": "skops",
        "components": "skops",
        "density": "skops",
        "own": "cloudpickle",
        "with_lambda": "cloudpickle",
        "with_function": "cloudpickle",
        "models.scaler": "skops",
        "models.list_0": "skops",
        "columns": "skops",
        "vectorizer": "skops",
        "texts": "skops",
        "mlp": "torch",
        "branching": "torch",
        "residual": "torch",
        "conv": "torch",
    }

    reasons = {name: each["notes"] for name, each in loaded.items() if each["notes"]}
    assert set(reasons) == {"forest", "own", "with_lambda", "with_function"}
    assert all(notes[0].startswith("cloudpickle, since ") for notes in reasons.values())
    assert {
        "Nearest" in reasons["own"][0],
        "<lambda>" in reasons["with_lambda"][0],
        "shifted" in reasons["with_function"][0],
    } == {True}

    assert loaded["mlp"]["modes"] == [True] * 6
    assert {
        name for name, each in loaded.items() if "modes" in each and each["modes"] != [True] * len(each["modes"])
    } == set()
