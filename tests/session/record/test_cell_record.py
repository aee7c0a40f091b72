"""What is recorded of a cell besides its source."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from mlmagic.session.record import files
from mlmagic.session.record.cell_record import CellRecorder
from mlmagic.session.record.values import digest_of
from mlmagic.snapshot.randomness import states


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Return a function that runs a source as a cell would, and returns what was recorded of it."""
    monkeypatch.chdir(tmp_path)
    names: dict = {"__builtins__": __builtins__}
    recorder = CellRecorder(names)
    stop = recorder.begin()

    def run(source):
        began = time.time_ns()
        while time.time_ns() < began + 2 * files.TICK_NS:  # what the test has just written is older than the cell
            pass
        recorder.before()
        try:
            exec(source, names)  # the test's own
        finally:
            found = recorder.after(source)
        assert recorder.take_problems() == []
        return found

    run.recorder, run.names = recorder, names
    yield run
    stop()


@pytest.fixture
def recorded_in_ipython(shell, tmp_path, monkeypatch):
    """Return a function that runs a cell in IPython, and returns what was recorded of it."""
    monkeypatch.chdir(tmp_path)
    recorder = CellRecorder(shell.user_ns)
    stop = recorder.begin()

    def run(source):
        began = time.time_ns()
        while time.time_ns() < began + 2 * files.TICK_NS:  # as above
            pass
        recorder.before()
        shell.run_cell(source).raise_error()
        return recorder.after(source)

    yield run
    stop()


def test_the_names_that_a_cell_binds_with_a_digest_of_their_numbers(recorded):
    found = recorded("x = 1.5\ny = 'text'\nz = [1, 2]")["bound"]
    assert set(found) == {"x", "y", "z"}
    assert found["y"] is None  # the digest of a short secret would give it away
    assert recorded("x = 1.5")["bound"]["x"] == found["x"]
    assert recorded("x = 1.25")["bound"]["x"] != found["x"]


def test_a_name_that_is_deleted_is_bound_by_no_value(recorded):
    recorded("x = [1]")
    assert recorded("del x")["bound"] == {"x": None}


def test_a_name_that_no_text_shows(recorded):
    assert set(recorded("exec('hidden = 3')\nglobals()['more'] = [4]")["bound"]) == {"hidden", "more"}


def test_random_draws_of_each_library(recorded):
    recorded("import numpy as np, random, torch")
    assert "random" not in recorded("x = 1")
    assert set(recorded("np.random.rand()")["random"]) == {"numpy"}
    assert set(recorded("random.random(); torch.rand(2)")["random"]) == {"random", "torch"}


def test_the_entropy_of_unseeded_generators_and_what_it_gives_again(recorded):
    found = recorded("import numpy as np\nvalue = np.random.default_rng().random()")
    first = recorded.names["value"]
    assert len(found["entropy"]) == 1
    recorded.recorder.entropy.give(found["entropy"])
    recorded("value = np.random.default_rng().random()")
    assert recorded.names["value"] == first
    recorded("value = np.random.default_rng().random()")
    assert recorded.names["value"] != first


def test_files_read_and_written(recorded, tmp_path):
    (tmp_path / "in.txt").write_text("abc")
    found = recorded("text = open('in.txt').read()\nopen('out.txt', 'w').write('x')")
    assert found["read"] == {
        str(tmp_path / "in.txt"): ["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3]
    }
    assert found["written"] == [str(tmp_path / "out.txt")]
    assert "read" not in recorded("import json, decimal")


@pytest.mark.parametrize("read", ["pl.read_csv('d.csv')", "pl.scan_csv('d.csv').collect()", "pcsv.read_csv('d.csv')"])
def test_a_file_that_a_library_reads_without_python(recorded, tmp_path, read):
    pytest.importorskip("polars")
    (tmp_path / "d.csv").write_text("x\n1\n")
    found = recorded(f"import polars as pl\nimport pyarrow.csv as pcsv\n{read}")
    assert str(tmp_path / "d.csv") in found["read"]


@pytest.mark.parametrize(
    "cell",
    [
        "%run prepare.py --fast",
        "%run prepare",
        "exec(open('prepare.py').read())",
        "import runpy\nfound = runpy.run_path('prepare.py')",
        "!cat prepare.py",
        "x = !cat < 'prepare.py'",
        "%%bash\ncat prepare.py",
        "import subprocess\nsubprocess.run(['cat', 'prepare.py'], stdout=subprocess.DEVNULL)",
    ],
)
def test_a_script_that_a_cell_runs(recorded_in_ipython, tmp_path, cell):
    (tmp_path / "prepare.py").write_text("x = 1\n")
    assert set(recorded_in_ipython(cell)["read"]) == {str(tmp_path / "prepare.py")}


def test_a_module_that_is_imported_or_shown_is_no_file_that_a_cell_reads(recorded, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "shown_in_record.py").write_text("def f():\n    raise ValueError\n")
    found = recorded(
        "import inspect, traceback, shown_in_record\ntext = inspect.getsource(shown_in_record.f)\n"
        "try:\n    shown_in_record.f()\nexcept ValueError:\n    text = traceback.format_exc()"
    )
    assert "read" not in found
    del sys.modules["shown_in_record"]


def test_a_script_that_a_cell_writes(recorded_in_ipython, tmp_path):
    for cell in ("open('made.py', 'w').write('x = 1')", "%%writefile other.py\nx = 1"):
        found = recorded_in_ipython(cell)
        name = "made.py" if "made" in cell else "other.py"
        assert found["written"] == [str(tmp_path / name)]
        assert "read" not in found


def test_a_file_that_a_variable_names(recorded, tmp_path):
    (tmp_path / "d.csv").write_text("x\n1\n")
    recorded("from pathlib import Path\npath = Path('d.csv')")
    assert str(tmp_path / "d.csv") in recorded("import polars as pl\nframe = pl.read_csv(path)")["read"]


def test_a_changed_file_is_hashed_again(recorded, tmp_path):
    (tmp_path / "in.txt").write_text("abc")
    first = recorded("open('in.txt').read()")["read"]
    (tmp_path / "in.txt").write_text("abx!")
    assert recorded("open('in.txt').read()")["read"] != first


def test_programs_and_connections(recorded):
    found = recorded(f"import subprocess\nsubprocess.run([{sys.executable!r}, '-c', 'pass'])")
    assert found["started"] == [f"process:{os.path.basename(sys.executable)}"]  # noqa: PTH119
    code = "import socket\ns = socket.socket(); s.settimeout(0.01)\ntry:\n    s.connect(('192.0.2.1', 9))\nexcept OSError:\n    pass\ns.close()"
    assert recorded(code)["started"] == ["connection"]


def test_what_mlmagics_own_threads_do_is_not_the_cells(recorded, tmp_path):
    def work():
        (tmp_path / "own.txt").write_text("x")
        subprocess.run([sys.executable, "-c", "pass"], check=True)

    recorded.names["work"] = work
    thread = "import threading\nt = threading.Thread(target=work, name='mlmagic-test'); t.start(); t.join()"
    found = recorded(thread)
    assert "written" not in found
    assert "started" not in found
    assert threading.current_thread().name != "mlmagic-test"


def test_a_module_of_the_user_with_the_source_that_it_was_imported_from(recorded, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "my_helpers_of_record.py").write_text("x = 1\n")
    found = recorded("import my_helpers_of_record, importlib")["modules"]["my_helpers_of_record"]
    assert found["source"] == "x = 1\n"
    (tmp_path / "my_helpers_of_record.py").write_text("x = 12\n")
    assert "modules" not in recorded("my_helpers_of_record.x")
    again = recorded("importlib.reload(my_helpers_of_record)")["modules"]["my_helpers_of_record"]
    assert again["source"] == "x = 12\n"
    del sys.modules["my_helpers_of_record"]


def test_a_package_of_another_environment_on_the_path_is_not_a_module_of_the_user(recorded, tmp_path, monkeypatch):
    (tmp_path / "other/site-packages").mkdir(parents=True)
    (tmp_path / "other/site-packages/their_package.py").write_text("x = 1")
    monkeypatch.syspath_prepend(str(tmp_path / "other/site-packages"))
    assert "modules" not in recorded("import their_package")


def test_the_working_folder_if_it_has_changed(recorded, tmp_path):
    (tmp_path / "sub").mkdir()
    assert recorded("import os\nos.chdir('sub')")["folder"] == str(tmp_path / "sub")
    assert "folder" not in recorded("x = 1")


def test_what_a_session_starts_from(recorded, tmp_path):
    start = recorded.recorder.start
    assert start["folder"] == str(tmp_path)
    assert {"random", "numpy"} <= set(start["random"])
    assert start["hash_seed"] == os.environ.get("PYTHONHASHSEED", "random")


def test_objects_that_raise_cost_nothing(recorded):
    found = recorded(
        "class Odd:\n    def __len__(self): raise RuntimeError\n    def __eq__(self, other): raise RuntimeError\n"
        "    dtype = property(lambda self: 1 / 0)\n    __hash__ = None\nodd = Odd()"
    )
    assert set(found["bound"]) == {"Odd", "odd"}


@pytest.mark.parametrize("value", ["text", b"bytes", object(), print, {"a": "text"}, np.array(["a"]), [object()]])
def test_values_without_a_digest(value):
    assert digest_of(value) is None


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), ([1], (1,)), (np.zeros(2), np.zeros((2, 1))), ({"a": 1}, {"b": 1})]
)
def test_different_values_have_different_digests(one, other):
    assert digest_of(one) != digest_of(other)


def test_states_that_are_damaged_are_refused():
    kept = states.packed(states.states())
    with pytest.raises(ValueError, match="damaged"):
        states.restore({"random": kept["random"][:50]})
    with pytest.raises(ValueError, match="damaged"):
        states.restore({"random": kept["numpy"]})
    random.random()


@pytest.mark.parametrize(
    "write",
    [
        "open('w.bin', 'a').write('x')",
        "import pandas as pd\npd.DataFrame({'x': [1]}).to_parquet('w.bin')",
        "import torch\ntorch.save({'x': 1}, 'w.bin')",
        "import sqlite3\nbase = sqlite3.connect('w.bin')\nbase.execute('create table t (x)')\nbase.close()",
        "from pathlib import Path\nPath('w.bin').write_text('x')",
        "import numpy as np\nnp.save('w.bin', [1])\nimport os; os.replace('w.bin.npy', 'w.bin')",
    ],
)
def test_a_file_that_a_library_writes_without_python(recorded, tmp_path, write):
    assert str(tmp_path / "w.bin") in recorded(write)["written"]


def test_files_that_a_pattern_names(recorded, tmp_path):
    (tmp_path / "parts").mkdir()
    for name in ("a", "b"):
        (tmp_path / "parts" / f"{name}.csv").write_text("x\n1\n")
    found = recorded("import glob, polars as pl\nframes = [pl.read_csv(one) for one in glob.glob('parts/*.csv')]")
    assert {str(tmp_path / "parts" / f"{name}.csv") for name in ("a", "b")} <= set(found["read"])


def test_what_cannot_be_recorded_is_said_and_costs_only_itself(tmp_path, monkeypatch):
    import torch

    monkeypatch.chdir(tmp_path)
    names: dict = {}
    recorder = CellRecorder(names)
    stop = recorder.begin()
    monkeypatch.setattr(torch, "get_rng_state", lambda: 1 / 0)
    recorder.before()
    names["x"] = 1
    recorder.after("x = 1")
    stop()
    assert set(recorder.take_problems()) == {"ZeroDivisionError: division by zero"}
    assert recorder.take_problems() == []
