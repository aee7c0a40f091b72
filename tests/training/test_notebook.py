"""Loops in a real kernel, and what a saved notebook keeps of them."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

CELLS = {
    "load": "%load_ext mlmagic\n"
    "from mlmagic.training.progress import progress\n"
    "from mlmagic.training.early_stopping import EarlyStopping",
    "stopped": "%%track\n"
    "stopper = EarlyStopping(patience=2)\n"
    "for epoch in progress(range(50), description='<b>epochs</b>'):\n"
    "    for batch in progress(range(20)):\n"
    "        mlmagic.log(batch_loss=1 / (batch + 1))\n"
    "    mlmagic.log(train_loss=1 / (epoch + 1), val_loss=abs(epoch - 5))\n"
    "    if stopper(abs(epoch - 5)): break",
    "failed": "%%track\n"
    "for epoch in progress(range(50)):\n"
    "    mlmagic.log(loss=1 / (epoch + 1))\n"
    "    if epoch == 30: 1 / 0",
    "interrupted": "%%track\n"
    "for epoch in progress(range(50)):\n"
    "    mlmagic.log(loss=1 / (epoch + 1))\n"
    "    if epoch == 12: raise KeyboardInterrupt",
    "after": "from mlmagic.recording import progress_loops\nprogress_loops._running.all()",
    "untracked": "for epoch in progress(range(3)): pass",
    "without metrics": "%%track\nfor epoch in progress(range(3)): pass",
    "no curve wanted": "%%track\nfor epoch in progress(range(3), curve=False): mlmagic.log(loss=1)",
    "curve of the loop within": "%%track\n"
    "for fold in progress(range(2), curve=False):\n"
    "    for epoch in progress(range(3)): mlmagic.log(loss=1)",
    "awaited": "%%track\nimport asyncio\n"
    "for epoch in progress(range(3)):\n"
    "    await asyncio.sleep(0)\n"
    "    mlmagic.log(loss=1)",
    "no widgets": "%%track\nimport sys\nsys.modules['ipywidgets'] = None\n"
    "for epoch in progress(range(3), description='plain'): mlmagic.log(loss=1)",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The outputs of each cell, as a saved notebook has them."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS.values()])
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources, allow_errors=True).execute()
    saved = nbformat.reads(nbformat.writes(notebook), as_version=4)
    return dict(zip(CELLS, (cell.outputs for cell in saved.cells), strict=True))


def curves(outputs):
    return [output.data for output in outputs if "curve" in output.get("metadata", {}).get("mlmagic", {})]


def bars(outputs):
    shown = [output.get("data", {}) for output in outputs]
    return [data["text/plain"] for data in shown if "mlmagic-bar" in data.get("text/html", "")]


def errors(outputs):
    return [output.ename for output in outputs if output.output_type == "error"]


def test_a_loop_keeps_its_bar_and_its_curves_as_they_were_in_the_end(outputs):
    (curve,) = curves(outputs["stopped"])
    assert [line.split()[0] for line in curve["text/plain"].splitlines()] == ["train_loss", "val_loss", "batch_loss"]
    assert "in 8 steps" in curve["text/plain"]
    assert "in 160 steps" in curve["text/plain"]
    assert curve["text/html"].count('<img src="data:image/svg+xml;base64,') == 2
    assert "best at 5" in curve["text/html"]
    (bar,) = bars(outputs["stopped"])
    assert bar.startswith("<b>epochs</b>: 8/50 (16 %), ")
    assert bar.endswith("train_loss=0.125, val_loss=2, stopped early")
    assert errors(outputs["stopped"]) == []


@pytest.mark.parametrize(
    ("name", "error", "steps"), [("failed", "ZeroDivisionError", 31), ("interrupted", "KeyboardInterrupt", 13)]
)
def test_a_loop_that_is_cut_short_keeps_its_last_state(outputs, name, error, steps):
    assert errors(outputs[name]) == [error]
    (curve,) = curves(outputs[name])
    assert f"in {steps} steps" in curve["text/plain"]
    assert len(bars(outputs[name])) == 1


def test_no_loop_stays_behind(outputs):
    assert outputs["after"][0].data["text/plain"] == "[]"


@pytest.mark.parametrize("name", ["untracked", "without metrics", "no curve wanted"])
def test_there_is_just_a_bar(outputs, name):
    assert errors(outputs[name]) == []
    assert curves(outputs[name]) == []
    (bar,) = bars(outputs[name])
    assert "3/3" in bar


def test_a_loop_within_one_that_wants_no_curve_has_its_own(outputs):
    assert ["in 3 steps" in curve["text/plain"] for curve in curves(outputs["curve of the loop within"])] == [True] * 2


def test_an_async_cell_has_its_curve(outputs):
    (curve,) = curves(outputs["awaited"])
    assert "in 3 steps" in curve["text/plain"]


def test_a_bar_needs_no_widgets_and_is_none(outputs):
    (bar,) = bars(outputs["no widgets"])
    assert bar.startswith("plain: 3/3 (100 %), ")
    assert len(curves(outputs["no widgets"])) == 1
    shown = [output.get("data", {}) for cell in outputs.values() for output in cell]
    assert not any("widget-view" in kind for data in shown for kind in data)
    assert not any(
        output.output_type == "stream" and "%|" in output.text for cell in outputs.values() for output in cell
    )
