"""`mlmagic demo`: what somebody sees who runs it, on real kernels."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from mlmagic.cli.demo import demo
from mlmagic.cli.progress import first_line
from mlmagic.cli.results import RecordedRun, table
from mlmagic.cli.workspace import shipped_notebooks

SCRIPT = Path(sys.executable).parent / "mlmagic"
RECORDS = """\
import mlflow
with mlflow.start_run(run_name="plain"):
    mlflow.log_metric("accuracy", 0.91)
"""


@pytest.fixture
def write_notebook(tmp_path):
    def write(*sources):
        path = tmp_path / "lesson.ipynb"
        cells = [nbformat.v4.new_markdown_cell("# Lesson"), *map(nbformat.v4.new_code_cell, sources)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


def test_it_shows_progress_and_then_the_recorded_runs(tmp_path, write_notebook, monkeypatch, capfd):
    elsewhere = f"sqlite:///{tmp_path / 'mine.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", elsewhere)
    # Older versions of ipykernel make the debugger warn, which is not about the demo.
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    folder = tmp_path / "my demo"

    assert demo(folder, write_notebook("import time\ntime.sleep(0.3)", RECORDS)) == 0

    out, err = capfd.readouterr()
    progress = re.search(r"1/2  import time +(\d+\.\d) s\n  2/2  import mlflow +\d+\.\d s\n", out)
    assert float(progress[1]) >= 0.3
    assert re.search(r"run +status +duration +accuracy\nplain +FINISHED +\d+\.\d s +0\.91\n", out)
    assert f"The executed notebook:    {folder / 'lesson.ipynb'}" in out
    assert f"mlmagic ui --folder '{folder}'" in out
    assert "\x1b" not in out
    assert err == ""
    executed = nbformat.read(folder / "lesson.ipynb", as_version=4)
    assert [cell.execution_count for cell in executed.cells[1:]] == [1, 2]
    # The user's own store is left alone.
    assert not (tmp_path / "mine.db").exists()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("print('here')\n1 / 0", "ZeroDivisionError: division by zero"),
        ("%nonsense", "UsageError: Line magic function `%nonsense` not found"),
        ("import os\nos._exit(3)", "The kernel died in cell 2 of 3"),
    ],
)
def test_a_failing_cell_ends_it_with_that_cells_error_only(tmp_path, write_notebook, capfd, source, reason):
    assert demo(tmp_path / "demo", write_notebook("a = 1", source, "b = 2")) == 1

    out, err = capfd.readouterr()
    assert "cell 2 of 3" in err.lower()
    assert reason in err
    assert "nbclient" not in err
    assert "mlmagic/cli" not in err
    assert f"The notebook up to there: {tmp_path / 'demo' / 'lesson.ipynb'}" in err
    assert "3/3" not in out
    assert (tmp_path / "demo" / "lesson.ipynb").exists()


def test_an_edited_copy_is_kept_and_an_unedited_one_replaced(tmp_path, write_notebook, capsys):
    folder = tmp_path / "demo"
    original = write_notebook("raise SystemExit(1)")
    demo(folder, original)
    demo(folder, original)
    assert sorted(path.name for path in folder.glob("*.ipynb")) == ["lesson.ipynb"]

    copy = folder / "lesson.ipynb"
    copy.write_text(copy.read_text().replace("SystemExit(1)", "SystemExit(2)"))
    demo(folder, original)

    assert "Your edited copy is kept as lesson-edited-1.ipynb." in capsys.readouterr().out
    assert "SystemExit(2)" in (folder / "lesson-edited-1.ipynb").read_text()
    copy.write_text("not a notebook")
    demo(folder, original)
    assert (folder / "lesson-edited-2.ipynb").read_text() == "not a notebook"


def test_without_the_notebook_extra_it_names_the_pip_command(tmp_path):
    hide = "import sys; sys.modules['nbclient'] = None; from mlmagic.cli import main; sys.exit(main(['demo']))"
    answer = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, cwd=tmp_path, check=False)

    assert answer.returncode == 1
    assert answer.stderr == ("mlmagic demo: nbclient is not installed. Install with: pip install 'mlmagic[notebook]'\n")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    answer = subprocess.run(
        [SCRIPT, "demo", "--folder", "file"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert answer.returncode == 1
    assert answer.stderr == "mlmagic demo: cannot use 'file': File exists. Name another one with --folder\n"


def test_the_table_marks_what_a_run_does_not_have():
    runs = [
        RecordedRun("a", "FINISHED", 1.0, {"accuracy": 0.5}),
        RecordedRun("longer", "RUNNING", None, {"loss": 1e-9}),
    ]
    assert table(runs).splitlines() == [
        "run     status    duration  accuracy   loss",
        "a       FINISHED     1.0 s       0.5      -",
        "longer  RUNNING          -         -  1e-09",
    ]
    assert table([]) == "No runs were recorded."


def test_an_empty_cell_has_a_label():
    assert first_line(" \n\n") == "(empty)"


@pytest.mark.parametrize("notebook", shipped_notebooks(), ids=lambda path: path.name)
def test_shipped_notebooks_are_clean(notebook):
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)

    assert (content.nbformat, content.nbformat_minor) == (4, 5)
    assert content.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in content.cells}) == len(content.cells)
    code = [cell for cell in content.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    # Written as Jupyter writes it, so that opening and saving it changes nothing.
    assert notebook.read_text() == json.dumps(json.loads(notebook.read_text()), indent=1, ensure_ascii=False) + "\n"
