"""``mlmagic patch``: the uncommitted changes of a run are printed, and brought back into a work tree."""

import json
import subprocess

import pytest

from mlmagic.cli import main
from mlmagic.recording.options import Origin, TrackOptions
from mlmagic.tracking.opening import open_run
from mlmagic.tracking.tracker import close


def notebook(source, outputs=()):
    cell = {
        "cell_type": "code",
        "execution_count": 1 if outputs else None,
        "metadata": {},
        "outputs": list(outputs),
        "source": [source],
    }
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def git(*arguments):
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True, capture_output=True
    ).stdout.decode()


@pytest.fixture
def recorded(store_uri, tmp_path):
    """A run of a repository whose notebook is committed with outputs, and changed as is a module."""
    git("init", "-q")
    (tmp_path / ".gitignore").write_text("*\n!code.py\n!n b.ipynb\n")
    (tmp_path / "code.py").write_text("x = 1\n")
    (tmp_path / "n b.ipynb").write_text(notebook("x = 1", ["committed"]))
    git("add", "-A")
    git("commit", "-q", "-m", "x")
    (tmp_path / "code.py").write_text("".join(f"value_{number} = {number * 7919}\n" for number in range(2_000)))
    (tmp_path / "n b.ipynb").write_text(notebook("x = 2", ["now"]))
    summary = close(open_run(TrackOptions(name="changed"), Origin(source="x")), None)
    git("stash")
    return summary


def test_it_is_printed_whole(recorded, capfdbinary, tmp_path):
    assert main(["patch", "changed"]) == 0
    (tmp_path / "p").write_bytes(capfdbinary.readouterr().out)
    git("apply", "--include=code.py", "p")
    assert (tmp_path / "code.py").read_text().endswith(f"value_1999 = {1999 * 7919}\n")


def test_it_is_applied_also_where_the_commit_has_outputs(recorded, tmp_path, capfd):
    assert main(["patch", recorded.run_id, "--apply"]) == 0
    assert "its notebooks are without outputs" in capfd.readouterr().out
    assert (tmp_path / "n b.ipynb").read_text() == notebook("x = 2")
    assert "value_7 = " in (tmp_path / "code.py").read_text()


def test_a_notebook_with_changes_is_left_alone(recorded, tmp_path, capfd):
    mine = notebook("mine", ["hours of work"])
    (tmp_path / "n b.ipynb").write_text(mine)
    assert main(["patch", "changed", "--apply"]) == 1
    assert "commit or stash them first" in capfd.readouterr().err
    assert (tmp_path / "n b.ipynb").read_text() == mine


def test_what_cannot_be_applied_changes_nothing(recorded, tmp_path, capfd):
    (tmp_path / "code.py").write_text("x = 100\n")
    assert main(["patch", "changed", "--apply"]) == 1
    assert "git apply: patch failed: code.py" in capfd.readouterr().err
    assert (tmp_path / "n b.ipynb").read_text() == notebook("x = 1", ["committed"])


def test_another_commit_is_told(recorded, capfd):
    git("commit", "-q", "--allow-empty", "-m", "later")
    assert main(["patch", "changed", "--apply"]) == 1
    assert "which is not checked out: git checkout " in capfd.readouterr().err


@pytest.mark.parametrize("run", ["changes", "clean"])
def test_a_run_without_a_patch_is_told_in_a_line(recorded, run, capfd):
    close(open_run(TrackOptions(name="clean"), Origin(source="x")), None)
    assert main(["patch", run]) == 1
    assert capfd.readouterr().err.count("\n") == 1
