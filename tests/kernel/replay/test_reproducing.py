"""``%reproduce`` as a user meets it: in a notebook, on the command line, refused, interrupted, and on odd records."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from moved_histories import git

import mlmagic
from mlmagic.errors import RunNotFoundError, UsageProblem

LOAD = "%load_ext mlmagic"


def _record(new_kernel, *cells):
    kernel = new_kernel()
    for source in (LOAD, *cells):
        output = kernel.run(source)
        assert output.status == "ok", output.text
    return kernel


def _left_over(scratches):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        folders = _folders(scratches)
        if not folders and not _kernels(scratches):
            return []
        time.sleep(0.1)
    return [*folders, *_kernels(scratches)]


def _folders(scratches):
    return [*scratches.glob("mlmagic-replay-*"), *scratches.glob("mlmagic-copy-*")]


def _kernels(scratches):
    """Return the command lines of kernels of replays that lie in *scratches*, below this process or not."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(f"{scratches}/mlmagic-replay-" in word for word in words) and os.getpid() != int(process.parent.name):
            found.append(" ".join(words))
    return found


@pytest.fixture
def scratches(monkeypatch):
    """A temporary folder of this test's own: others of this machine may replay too. Its path is short, for sockets."""
    folder = tempfile.mkdtemp(prefix="r-")
    monkeypatch.setenv("TMPDIR", folder)
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.usefixtures("in_the_store")
def test_a_run_is_reproduced_in_the_notebook_that_recorded_it(scratches, new_kernel):
    import mlflow

    kernel = _record(new_kernel, "import random\nx = random.random()", "%%track forest\nscore = x * 2", "extra = 1")
    output = kernel.run("found = %reproduce --into x\nfound")
    assert output.status == "ok", output.text
    shown = output.of("execute_result")[0]["data"]
    assert "IDENTICAL  forest" in shown["text/plain"]
    assert "1 metric" in shown["text/plain"]
    assert "IDENTICAL" in shown["text/html"]
    assert (
        kernel.check("print(found.exit_code, found.verdict, x == score / 2, len(found.objects))")
        == "0 IDENTICAL True 1"
    )
    client = mlflow.MlflowClient()
    original, by = sorted(client.search_runs(["0"]), key=lambda run: run.info.start_time)
    assert original.info.run_name == "forest"
    assert original.data.tags["mlmagic.reproduction"] == by.data.tags["mlmagic.reproduction"] == "IDENTICAL"
    assert by.data.tags["mlmagic.reproduces"] == original.info.run_id
    assert by.data.metrics == original.data.metrics
    assert _left_over(scratches) == []


@pytest.mark.usefixtures("in_the_store")
def test_the_command_says_by_its_exit_status_whether_the_numbers_came_back(new_kernel, in_the_store):
    (in_the_store / "n.txt").write_text("4")
    _record(new_kernel, "n = int(open('n.txt').read())", "%%track it\nscore = n / 7").stop()

    def reproduce(*words):
        command = [sys.executable, "-m", "mlmagic.cli", "reproduce", *words]
        code = f"import sys; from mlmagic.cli import main; sys.exit(main({command[3:]!r}))"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    (file,) = in_the_store.glob("mlruns/**/environment.json")
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"python": {"version": "3.1.4"}, "platform": {"name": "Old OS"}}))
    same = reproduce("it", "--json")
    assert (same.returncode, json.loads(same.stdout)["verdict"]) == (0, "IDENTICAL"), same.stderr
    assert "the same numbers, although Python is 3." in json.loads(same.stdout)["notes"][0]
    assert json.loads(same.stdout)["notes"][0].endswith("now, Old OS then")
    file.write_text(json.dumps(content))
    (in_the_store / "n.txt").write_text("5")
    changed = reproduce("it")
    assert changed.returncode == 1, changed.stderr
    assert "why the file n.txt: has another content than the run read (cell [2])" in changed.stdout
    (in_the_store / "n.txt").unlink()
    missing = reproduce("it")
    assert missing.returncode == 2, missing.stderr
    assert "cell [2] needs a file that is not there" in missing.stdout
    unknown = reproduce("itt")
    assert unknown.returncode == 2
    assert "it" in unknown.stderr
    assert "Traceback" not in unknown.stderr


@pytest.mark.usefixtures("in_the_store")
def test_what_reaches_outside_is_asked_about_first(new_kernel, in_the_store):
    kernel = _record(new_kernel, "open('out.txt', 'w').write('x')\nx = 3", "%%track it\nscore = x / 2")
    (in_the_store / "out.txt").unlink()
    with pytest.raises(UsageProblem, match=r"cell \[2\] writes out.txt"):
        mlmagic.reproduce("it")
    assert not (in_the_store / "out.txt").exists()
    refused = kernel.answering("%reproduce it", "n")
    assert "not reproduced: nothing was run" in refused.text
    assert not (in_the_store / "out.txt").exists()
    assert mlmagic.reproduce("it", yes=True).exit_code == 0
    assert (in_the_store / "out.txt").exists()


def _in_git(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("4")
    git(folder, "init", "-q")
    git(folder, "add", *names)
    git(folder, "commit", "-q", "-m", "a commit")


@pytest.mark.usefixtures("in_the_store")
def test_a_replay_in_a_copy_asks_first_and_writes_there(new_kernel, in_the_store, scratches):
    _in_git(in_the_store, "sub/n.txt")
    _record(
        new_kernel,
        "n = int(open('sub/n.txt').read())\nopen('sub/out.txt', 'w').write('x')",
        "%%track it\nscore = n / 7",
    ).stop()
    (in_the_store / "sub/n.txt").write_text("5")
    (in_the_store / "sub/out.txt").unlink()
    with pytest.raises(UsageProblem, match=r"cell \[2\] writes out.txt"):
        mlmagic.reproduce("it")
    found = mlmagic.reproduce("it", yes=True)
    assert found.verdict == "IDENTICAL"
    assert any(note.startswith("sub/n.txt has changed since: run in a copy of commit") for note in found.notes)
    assert sorted(path.name for path in (in_the_store / "sub").iterdir()) == ["n.txt"]
    assert (in_the_store / "sub/n.txt").read_text() == "5"
    assert _left_over(scratches) == []


@pytest.mark.usefixtures("in_the_store")
def test_cells_that_were_left_out_run_only_if_that_is_agreed_to(new_kernel, in_the_store):
    (in_the_store / "n.txt").write_text("5")
    _record(
        new_kernel, "import pathlib", "size = pathlib.Path('other.txt').write_text('x')",
        "n = int(pathlib.Path('n.txt').read_text())", "%%track it\nscore = n / 7",
    ).stop()  # fmt: skip
    (in_the_store / "other.txt").unlink()
    assert mlmagic.reproduce("it").verdict == "IDENTICAL"
    (in_the_store / "n.txt").write_text("9")
    found = mlmagic.reproduce("it")
    assert found.exit_code == 2
    assert "cell [3] writes other.txt. --yes runs them" in found.reason
    assert "n.txt" in found.causes[0].what
    assert not (in_the_store / "other.txt").exists()
    assert mlmagic.reproduce("it", yes=True).verdict == "DIFFERENT"
    assert (in_the_store / "other.txt").exists()


@pytest.mark.usefixtures("in_the_store")
def test_objects_of_the_replay_are_brought_here_and_its_kernel_can_be_kept(new_kernel, scratches):
    kernel = _record(
        new_kernel,
        "class Mine:\n    def __init__(self, n):\n        self.n = n",
        "%%track it\nmine = Mine(4)\nscore = mine.n / 7",
    )
    kernel.check("del mine, Mine")
    output = kernel.run("%reproduce it --into mine lost --keep")
    shown = output.of("execute_result")[0]["data"]["text/plain"]
    assert "lost was not brought here: the replay has no such name" in shown
    assert kernel.check("print(mine.n)") == "4"
    file = shown.partition("--existing ")[2].split()[0]
    client = BlockingKernelClient(connection_file=file)
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    reply = client.execute_interactive("assert score == 4 / 7", timeout=60)
    assert reply["content"]["status"] == "ok"
    client.stop_channels()
    kernel.manager.shutdown_kernel()
    assert _left_over(scratches) == []


@pytest.mark.usefixtures("in_the_store")
def test_a_record_that_somebody_edited_is_shown_and_asked_about(new_kernel, in_the_store):
    _record(new_kernel, "%%track it\nscore = 1 / 3").stop()
    (file,) = in_the_store.glob("mlruns/**/session.json")
    content = json.loads(file.read_text())
    evil = f"%%track it\n{'# ' + 'x' * 9_000}\nscore = 1 / 3\n\x1b[8mopen('owned.txt', 'w')"
    content["cells"][-1]["source"] = evil
    module = {"file": "helpers.py", "sha256": hashlib.sha256(b"steal()").hexdigest(), "source": "steal()"}
    content["cells"][0]["record"]["modules"] = {"helpers": module}
    file.write_text(json.dumps(content))
    with pytest.raises(UsageProblem, match=r"does not bear this user's signature") as raised:
        mlmagic.reproduce("it")
    assert "owned.txt" in str(raised.value)
    assert "steal()" in str(raised.value)
    assert "\x1b" not in str(raised.value)
    assert not (in_the_store / "owned.txt").exists()


@pytest.mark.usefixtures("in_the_store")
def test_a_run_of_somebody_else_is_asked_about(new_kernel):
    _record(new_kernel, "%%track it\nscore = 1 / 3").stop()
    run = mlmagic.Run.find("it")
    import mlflow

    mlflow.MlflowClient().set_tag(run.id, "mlflow.user", "mallory")
    with pytest.raises(UsageProblem, match="recorded by 'mallory'"):
        mlmagic.reproduce("it")


@pytest.mark.usefixtures("in_the_store")
def test_a_cell_that_hangs_or_kills_its_kernel_ends_the_replay(new_kernel, in_the_store, scratches):
    _record(
        new_kernel, "import os, time\nif os.path.exists('hang'): time.sleep(600)\nif os.path.exists('die'): os._exit(3)\nx = 1",
        "%%track it\nscore = x / 3",
    ).stop()  # fmt: skip
    (in_the_store / "hang").touch()
    found = mlmagic.reproduce("it", yes=True, timeout_s=2)
    assert (found.verdict, found.reason) == ("CANNOT RUN", "cell [2]: it ran longer than 2 s")
    (in_the_store / "hang").unlink()
    (in_the_store / "die").touch()
    found = mlmagic.reproduce("it", yes=True)
    assert found.exit_code == 2
    assert "cell [2]: the kernel died: exit status 3" in found.reason
    assert _left_over(scratches) == []


@pytest.mark.usefixtures("in_the_store")
def test_an_interrupt_leaves_no_kernel_no_scratch_folder_and_no_copy(new_kernel, in_the_store, scratches):
    _in_git(in_the_store, "n.txt")
    kernel = _record(
        new_kernel, "import time\nn = int(open('n.txt').read())\nprint('x')\ntime.sleep(3)", "%%track it\nscore = n / 7"
    )
    (in_the_store / "n.txt").write_text("8")
    copies = []

    def interrupt(kind, content):
        if kind in {"display_data", "update_display_data"} and "0 of" in str(content) and "replaying" in str(content):
            time.sleep(1)
            copies.extend(scratches.glob("mlmagic-copy-*"))
            kernel.manager.interrupt_kernel()

    output = kernel.run("%reproduce it --full", on_output=interrupt)
    assert output.status == "error"
    assert output.of("error")[0]["ename"] in {"KeyboardInterrupt", "Interrupted"}, output.text
    assert copies
    assert _left_over(scratches) == []
    assert kernel.check("print(1)") == "1"


def test_a_run_of_plain_mlflow_cannot_run_and_says_why(make_run):
    make_run("plain", metrics={"score": 0.5})
    found = mlmagic.reproduce("plain")
    assert found.exit_code == 2
    assert found.reason == "the run 'plain' has no execution log: it was not recorded in a notebook"


def test_a_deleted_run_is_one_line(make_run):
    import mlflow

    mlflow.MlflowClient().delete_run(make_run("gone"))
    with pytest.raises(RunNotFoundError, match="deleted"):
        mlmagic.reproduce("gone")


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_time_limit_that_is_none(timeout):
    with pytest.raises(UsageProblem, match="seconds above 0"):
        mlmagic.reproduce("it", timeout_s=timeout)
