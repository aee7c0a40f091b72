"""Many cells, several kernels and pauses: what a run holds of its session, and how long it says it took."""

from __future__ import annotations

import json
import random
import time

import pytest

pytestmark = pytest.mark.usefixtures("ready_store")

_DELETED = """
def _alone(kept):
    import json, mlflow, shutil
    client = mlflow.MlflowClient()
    for run in client.search_runs([e.experiment_id for e in client.search_experiments()]):
        if run.info.run_id != kept:
            client.delete_run(run.info.run_id)
            shutil.rmtree(run.info.artifact_uri.removeprefix('file://').removesuffix('/artifacts'))
    import mlmagic
    print(json.dumps([[cell.source, cell.status] for cell in mlmagic.Run(kept).session.cells]))
"""


def _code(chance, size):
    lines = []
    while sum(map(len, lines)) < size:
        lines.append(f"    value_{chance.randrange(10**6)} = f_{chance.randrange(100)}({chance.random()})")
    return f"def g_{chance.randrange(10**6)}():\n" + "\n".join(lines)


def _alone(kernel, run_id):
    """Return (source, status) of the cells of a run, read in *kernel* when every other run is gone for good."""
    return json.loads(kernel.check(f"{_DELETED}\n_alone({run_id!r})"))


def test_every_cell_of_a_long_session_is_read_from_its_last_run(new_kernel, kernels, tmp_path):
    kernel, beside = new_kernel(), new_kernel()
    chance = random.Random(0)
    cells = ["%load_ext mlmagic"]
    beside.check(cells[0])
    kernel.check(cells[0])
    for number in range(45):
        tracked = "%%track --quiet\n" if number % 2 else ""
        cells.append(f"{tracked}{_code(chance, 2_500)}")
        kernel.check(cells[-1])
        if not number % 15:
            beside.check(f"%%track --quiet\nbeside = {number}")
    assert kernel.answering("import getpass; key = getpass.getpass()", "correct horse battery").status == "ok"
    cells += ["import getpass; key = getpass.getpass()", "%%track last\nwas = 'correct horse battery'"]
    kernel.check(cells[-1])
    last = kernel.last_run("last")
    assert list((tmp_path / "mlruns").rglob("mlmagic/parts/*.gz"))
    cells[-1] = cells[-1].replace("correct horse battery", "<redacted>")
    assert _alone(beside, last["id"]) == [[source, "ok"] for source in cells]


def test_one_duration_everywhere(new_kernel):
    kernel = new_kernel()
    kernel.check("%load_ext mlmagic")
    kernel.check("%%track other\nx = 0")
    assert "(over " not in kernel.run("%%track pause\nx = 1").summaries[0]
    time.sleep(3)
    card = kernel.run("%%track --resume\nx = 2").summaries[0]
    assert "(over " in card.splitlines()[0]
    _is_short(kernel)
    again = new_kernel()  # another kernel, which knows nothing of the first
    again.check("%load_ext mlmagic")
    time.sleep(1)
    again.run("%%track --resume pause\nx = 3")
    _is_short(again)
    assert len(_alone(again, again.last_run("pause")["id"])) >= 5


def _is_short(kernel):
    told = kernel.check(
        "import mlmagic\nrun = mlmagic.Run.find('pause')\n"
        "frame = mlmagic.runs()\n"
        "from mlmagic.comparison.diffs.run_record import read_records\nfrom mlmagic.store.query import queries\n"
        "(record,) = read_records([queries.get_run(run.id)])\n"
        "shown = mlmagic.runs('duration < 2.5 and name = pause')\n"
        "print(run.duration_s == frame.set_index('name')['duration']['pause'] == record.duration_s, run.span_s == record.span_s, len(shown), run.duration_s, run.span_s)\n"
        "print('(over ' in frame._repr_html_())"
    )
    same, also, found, seconds, span, *shown = told.split()
    assert (same, also, found, *shown) == ("True", "True", "1", "True")
    assert float(seconds) < 2.5
    assert float(span) > 3
    assert "(over " in kernel.run("%diff pause other").text


def test_a_kernel_that_dies_in_a_continued_cell(new_kernel):
    kernel = new_kernel()
    kernel.check("%load_ext mlmagic")
    kernel.check("%%track killed\nx = 1")
    time.sleep(2)
    kernel.send("%%track --resume\nimport os, time\ntime.sleep(1); os.kill(os.getpid(), 9)")
    while kernel.manager.is_alive():
        time.sleep(0.05)
    other = new_kernel()
    other.check("%load_ext mlmagic")
    other.check("import mlmagic; mlmagic.sync()")
    seconds, span, status = other.check(
        "run = mlmagic.Run.find('killed'); print(run.duration_s, run.span_s, run.status)"
    ).split()
    assert status == "KILLED"
    assert float(seconds) == pytest.approx(float(span) - 2, abs=1.5)
    assert float(seconds) < float(span)
