"""Notebooks in the patch: source against source, whatever filters there are, and each costs itself only."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from mlmagic.snapshot.git import notebooks
from mlmagic.snapshot.git.state import capture
from mlmagic.snapshot.notebook_source import stripped

LIMIT = 1_000_000
STRIPPED = "The patch has the source of notebooks only, without outputs and execution counts."


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text("[user]\nname = Ana\nemail = ana@example.com\n[init]\ndefaultBranch = main\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder, *arguments, given=None):
    result = subprocess.run(["git", "-C", folder, *arguments], input=given, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


def notebook(*sources, outputs=(), count=None, **more):
    """Return a notebook as Jupyter writes it."""
    cells = [
        {"cell_type": "code", "execution_count": count, "id": f"c{at}", "metadata": {}, "outputs": list(outputs), "source": source.splitlines(keepends=True)}
        for at, source in enumerate(sources)
    ]  # fmt: skip
    content = {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "python3"}} | more,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


PICTURE = {"output_type": "display_data", "data": {"image/png": "iVBOR" * 20_000}, "metadata": {}}
SECRET = {"output_type": "stream", "name": "stdout", "text": ["hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"]}


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q")
    (root / "code.py").write_text("a = 1\n")
    return root


def commit(root, **files):
    for name, text in files.items():
        (root / f"{name}.ipynb").write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "a commit")


def look(root):
    return capture(root, limit_bytes=LIMIT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (notebook("x = 1\n"), notebook("x = 1\n")),
        (notebook("x = 1\n", outputs=[PICTURE], count=3), notebook("x = 1\n")),
        (notebook("é\n", count=3, widgets={"state": {}}), notebook("é\n")),
        ('{"cells": [{"cell_type": "code", "metadata": {"execution": {"a": 1}, "tags": []}}]}', '{"cells": [{"cell_type": "code", "metadata": {"tags": []}}]}'),
        ('{"cells": [{"cell_type": "markdown", "source": "x", "outputs": [1]}]}', '{"cells": [{"cell_type": "markdown", "source": "x", "outputs": [1]}]}'),
        ('{"cells": [{"cell_type": "code", "outputs": [1], "source": "\\ud800"}]}', '{"cells": [{"cell_type": "code", "outputs": [], "source": "\\ud800"}]}'),
        ('{"cells": []}', '{"cells": []}'),
    ],
)  # fmt: skip
def test_what_running_left_is_taken_out_and_nothing_else(text, expected):
    assert stripped(text) == expected
    assert stripped(expected) == expected


@pytest.mark.parametrize("text", ["", "x = 1", "[]", '{"cells": 3}', '{"cells": [1]}', "[" * 100_000, "<<<<<<< HEAD"])
def test_what_is_no_notebook_is_told(text):
    with pytest.raises(ValueError):  # noqa: PT011  # of several kinds
        stripped(text)


def test_the_patch_has_the_source_of_a_notebook_alone(root):
    commit(root, n=notebook("x = 1\n", outputs=[PICTURE, SECRET], count=1))
    (root / "n.ipynb").write_text(notebook("x = 2\n", outputs=[SECRET, PICTURE], count=7))
    state = look(root)
    assert len(state.patch) < 700
    assert '-    "x = 1\\n"\n+    "x = 2\\n"\n' in state.patch
    assert "hf_" not in state.patch
    assert state.notices == (
        STRIPPED,
        "The commit has outputs in n.ipynb: git apply fails there. mlmagic patch RUN --apply strips the outputs first.",
    )


def test_a_patch_of_notebooks_that_are_committed_without_outputs_applies(root, tmp_path):
    commit(root, n=notebook("x = 1\n"), gone=notebook("old\n"), crlf=notebook("a\n"))
    (root / "n.ipynb").write_text(notebook("x = 2\n", outputs=[PICTURE], count=7))
    (root / "gone.ipynb").unlink()
    (root / "crlf.ipynb").write_bytes(notebook("b\n", count=2).replace("\n", "\r\n").encode())
    (root / "sub dir").mkdir()
    (root / "sub dir" / "é new.ipynb").write_text(notebook("new\n", outputs=[PICTURE], count=1))
    (root / "code.py").write_text("a = 2\n")
    state = look(root)
    assert state.notices == (STRIPPED,)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", root, clone)
    git(clone, "apply", "-", given=state.patch.encode())
    names = git(clone, "-c", "core.quotePath=false", "ls-files", "--cached", "--others").splitlines()
    found = {name: (clone / name).read_text() for name in names if (clone / name).exists()}
    assert found == {
        "code.py": "a = 2\n",
        "n.ipynb": notebook("x = 2\n"),
        "crlf.ipynb": notebook("b\n"),
        "sub dir/é new.ipynb": notebook("new\n"),
    }


def test_where_outputs_alone_changed_the_patch_is_empty(root):
    commit(root, n=notebook("x = 1\n"))
    (root / "n.ipynb").write_text(notebook("x = 1\n", outputs=[PICTURE], count=7))
    state = look(root)
    assert (state.dirty, state.patch, state.notices) == (True, "", ())


@pytest.mark.parametrize("broken", ["{", "[" * 100_000, "<<<<<<< HEAD\n{}\n", "", '{"cells": [1]}'])
def test_a_notebook_that_is_none_costs_itself_only(root, broken):
    commit(root, n=notebook("x = 1\n"), broken=notebook("y\n"))
    (root / "n.ipynb").write_text(notebook("x = 2\n"))
    (root / "broken.ipynb").write_text(broken)
    state = look(root)
    assert '+    "x = 2\\n"\n' in state.patch
    (told,) = state.notices
    assert told.startswith("Compared as text, since it is no notebook (")
    assert told.endswith("): broken.ipynb.")


def test_a_huge_notebook_costs_itself_only(root, monkeypatch):
    commit(root, n=notebook("x = 1\n"), huge=notebook("y\n" * 100_000))
    monkeypatch.setattr(notebooks, "_LARGEST", 100_000)
    (root / "n.ipynb").write_text(notebook("x = 2\n"))
    (root / "huge.ipynb").write_text(notebook("y\n"))
    (root / "huge_new.ipynb").write_text(notebook("y\n" * 100_000))
    state = look(root)
    assert '+    "x = 2\\n"\n' in state.patch
    (told,) = state.notices
    assert told.startswith("Too large for the patch, and not recorded: the changes of huge.ipynb (")
    assert "huge_new.ipynb" in told


def test_a_notebook_of_much_source_leaves_room_for_the_others(root):
    commit(root, n=notebook("x = 1\n"), long=notebook("y\n"))
    (root / "n.ipynb").write_text(notebook("x = 2\n"))
    (root / "long.ipynb").write_text(notebook("".join(f"value_{number}\n" for number in range(90_000))))
    state = look(root)
    assert '+    "x = 2\\n"\n' in state.patch
    assert state.notices[0].startswith("Too large for the patch, and not recorded: the changes of long.ipynb (")


def test_a_link_in_place_of_a_notebook_is_not_followed(root, tmp_path):
    commit(root, n=notebook("x = 1\n"))
    (tmp_path / "outside.ipynb").write_text(notebook("secret of another folder\n"))
    (root / "n.ipynb").unlink()
    (root / "n.ipynb").symlink_to(tmp_path / "outside.ipynb")
    assert "secret of another" not in look(root).patch


@pytest.mark.parametrize("scope", ["--global", "--local"])
@pytest.mark.parametrize("key", ["clean", "process"])
@pytest.mark.parametrize("required", ["true", "false"])
@pytest.mark.parametrize("touched", [False, True])
def test_a_filter_that_cannot_run_costs_its_own_files_only(root, scope, key, required, touched):
    (root / "data.bin").write_bytes(b"data")
    (root / "other.bin").write_bytes(b"other")
    commit(root, **{f"n{at}": notebook("x = 1\n", outputs=[PICTURE]) for at in range(25)})
    (root / ".gitattributes").write_text("*.ipynb filter=nbstripout\n*.bin filter=lfs -text\n")
    git(root, "add", ".gitattributes")
    git(root, "commit", "-q", "-m", "attributes")
    for name in ("nbstripout", "lfs"):
        git(root, "config", scope, f"filter.{name}.{key}", "/nowhere/gone")
        git(root, "config", scope, f"filter.{name}.required", required)
    (root / "n1.ipynb").write_text(notebook("x = 2\n", outputs=[PICTURE], count=1))
    (root / "new.ipynb").write_text(notebook("new\n", outputs=[PICTURE], count=1))
    (root / "data.bin").write_bytes(b"data 2")
    (root / "code.py").write_text("a = 2\n")
    if touched:  # Git looks into them, to see whether they changed
        for path in root.glob("*.ipynb"):
            os.utime(path, (1, 1))
    state = look(root)
    assert "-a = 1\n+a = 2\n" in state.patch
    assert '+    "x = 2\\n"\n' in state.patch
    assert '+    "new\\n"\n' in state.patch
    assert "iVBOR" not in state.patch
    about_filters = [notice for notice in state.notices if "filter" in notice or "cannot compare" in notice]
    if "data.bin" not in state.patch:
        (told,) = about_filters
        assert told.endswith(": data.bin.")
    assert all("ipynb" not in notice for notice in about_filters)
