"""Notebooks run by nbclient, papermill and nbmake fail where the cell fails, and their runs are closed."""

from __future__ import annotations

import os
import subprocess
import sys

import nbformat
import pytest
from mlflow import MlflowClient
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

CELLS = ["%load_ext mlmagic", "%%track good\nx = 1\nx", "%%track bad\n1 / 0", "print('not reached')"]


@pytest.fixture
def notebook(tmp_path, monkeypatch, ready_store):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "failing.ipynb"
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in CELLS], metadata=metadata), path)
    return path


def _check(cells, folder):
    kinds = [[output["output_type"] for output in cell.outputs] for cell in cells]
    assert kinds[1] == ["execute_result", "display_data"]
    assert kinds[2].count("error") == 1
    assert kinds[3] == []
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    runs = client.search_runs(["0"], order_by=["attributes.start_time"])
    return [(run.info.run_name, run.info.status, run.data.tags["mlflow.source.name"]) for run in runs]


def test_nbclient(notebook, tmp_path):
    read = nbformat.read(notebook, as_version=4)
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        NotebookClient(read, resources={"metadata": {"path": str(tmp_path)}}).execute()
    runs = _check(read.cells, tmp_path)
    assert [run[:2] for run in runs] == [("good", "FINISHED"), ("bad", "FAILED")]


def test_papermill(notebook, tmp_path):
    import papermill

    out = tmp_path / "out.ipynb"
    with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
        papermill.execute_notebook(notebook, out, cwd=tmp_path, progress_bar=False)
    cells = [cell for cell in nbformat.read(out, as_version=4).cells if cell.cell_type == "code"]
    assert len(_check(cells, tmp_path)) == 2


def test_nbmake(notebook, tmp_path):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--nbmake", "-p", "no:cacheprovider"),
            *("--overwrite", "-c", os.devnull, str(notebook)),
        ],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "ZeroDivisionError" in ran.stdout
    assert len(_check(nbformat.read(notebook, as_version=4).cells, tmp_path)) == 2


def test_the_notebooks_name_is_recorded_where_it_is_told(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("MLMAGIC_NOTEBOOK", str(notebook))
    read = nbformat.read(notebook, as_version=4)
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        NotebookClient(read, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert {run[2] for run in _check(read.cells, tmp_path)} == {"failing.ipynb"}
