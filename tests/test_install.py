"""`pip install 'mlmagic[notebook]'` brings all that the notebooks on runs, configs and sweeps need; it passes tests."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RUNNERS = ("hypothesis", "pytest", "pytest-timeout")
SMOKE = (
    "kernel/test_native.py", "kernel/test_configs.py", "kernel/test_sweeps.py", "tracking/test_tracker.py",
    "store/query/filters/test_parser.py", "store/query/test_queries.py", "store/query/test_bulk.py",
    "cli/test_demo.py", "cli/test_doctor.py", "cli/test_sync.py",
)  # fmt: skip
"""Tests of the whole way from a cell to the store, that need nothing of the repository but themselves."""
pytestmark = [
    pytest.mark.skipif("MLMAGIC_TEST_INSTALL" not in os.environ, reason="installs 150 packages: make test-install"),
    pytest.mark.timeout(1800),
]


def run(*command, cwd):
    """Run a command that must succeed, without what this environment adds to Python's path."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-5000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment that holds the wheel with its extra `notebook`, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", f"{wheel}[notebook]", cwd=folder)
    return python


def test_neither_torch_nor_dask_comes_with_it(installed, tmp_path):
    script = (
        "import importlib.util as u; print([name for name in ('torch', 'dask', 'distributed') if u.find_spec(name)])"
    )
    assert run(installed, "-c", script, cwd=tmp_path).strip() == "[]"


@pytest.mark.parametrize("name", ["01_quickstart.ipynb", "03_configs_and_sweeps.ipynb"])
def test_the_notebooks_of_the_wheel_run(name, installed, tmp_path):
    where = run(installed, "-c", "import mlmagic; print(mlmagic.__path__[0])", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(installed.parent.parent)
    shutil.copy(Path(where) / "notebooks" / name, tmp_path)
    run(installed.parent / "jupyter-execute", name, cwd=tmp_path)
    script = (
        "import mlflow; mlflow.set_tracking_uri('sqlite:///mlflow.db')\n"
        "print(len(mlflow.search_runs(search_all_experiments=True)))"
    )
    assert int(run(installed, "-c", script, cwd=tmp_path)) > 2


def test_a_sample_of_the_tests_passes_against_the_wheel(installed, tmp_path):
    run(installed, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", *RUNNERS, cwd=tmp_path)
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    told = run(installed, "-m", "pytest", "-q", *(f"tests/{one}" for one in SMOKE), cwd=tmp_path)
    assert " passed" in told
    assert not (tmp_path / "mlmagic").exists()
