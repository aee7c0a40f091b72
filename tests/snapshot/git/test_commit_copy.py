"""A commit and the patch of a run give back the files that the run read, and run no program."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest

from mlmagic.snapshot.git.commit_copy import CommitCopy, CommitError
from mlmagic.snapshot.git.files import find_repository
from mlmagic.snapshot.git.state import capture

SETTINGS = (
    '[user]\nname = Ana\nemail = ana@example.com\n[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n'
)
ODD = ["with space.csv", "ünï code.csv", "a\nb.csv", 'quo"te\\.csv', "-dash.csv", "a b -> c.csv", "*.csv"]


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(SETTINGS)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


def git(folder, *arguments, given=None):
    done = subprocess.run(["git", "-C", folder, *arguments], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def commit_all(root, message="a commit"):
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD")


def write(root, name, content):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q")
    write(root, "data/train.csv", "x\n1\n")
    write(root, "prepare.py", "a = 1\n")
    commit_all(root)
    return root


@pytest.fixture
def copied(tmp_path):
    """Return a function that makes a copy of a commit, by default of HEAD, with a patch."""

    def make(root, commit=None, patch=""):
        folder = tmp_path / "copy"
        folder.mkdir()
        commit = commit or git(root, "rev-parse", "HEAD")
        copy = CommitCopy(find_repository(root), commit, patch.encode(), folder, timeout_s=60)
        copy.write_all()
        return copy

    return make


def files_of(folder):
    found = {}
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if relative.parts[0] != ".git" and (path.is_symlink() or path.is_file()):
            content = str(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[str(relative)] = (content, not path.is_symlink() and os.access(path, os.X_OK))
    return found


def test_a_tree_with_changes_comes_back_when_it_has_moved_on(root, copied):
    for at, name in enumerate(ODD):
        write(root, name, f"{at}\n")
    write(root, "run.sh", "echo")
    (root / "run.sh").chmod(0o755)
    (root / "link.csv").symlink_to("data/train.csv")
    commit = commit_all(root)
    write(root, "data/train.csv", bytes(range(256)) * 3)
    write(root, ODD[0], "changed\n")
    write(root, "new/module.py", "b = 2\n")
    write(root, "empty.py", "")
    (root / ODD[1]).unlink()
    (root / "run.sh").chmod(0o644)
    then, state = files_of(root), capture(root, limit_bytes=10**6)
    for name in ("data/train.csv", "prepare.py", "new/module.py"):
        write(root, name, "moved on\n")
    commit_all(root)
    (root / "data/train.csv").unlink()
    copy = copied(root, state.commit, state.patch)
    assert files_of(copy.folder) == then
    assert git(copy.folder, "rev-parse", "HEAD") == commit
    assert sorted(copy.links()) == ["link.csv"]
    assert copy.has("data/train.csv")
    assert not copy.has("data/other.csv")
    assert copy.has("link.csv/below")


def test_only_what_is_asked_for_is_written(root, tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    copy = CommitCopy(find_repository(root), git(root, "rev-parse", "HEAD"), b"", folder, timeout_s=60)
    assert files_of(folder) == {}
    copy.write(["data/train.csv", "never.csv"])
    assert [*files_of(folder)] == ["data/train.csv"]
    assert copy.size() == len("x\n1\n") + len("a = 1\n")


def test_a_commit_that_no_branch_has_any_more(root, copied):
    old = git(root, "rev-parse", "HEAD")
    write(root, "data/train.csv", "x\n2\n")
    git(root, "commit", "-qam", "amended", "--amend")
    assert files_of(copied(root, old).folder)["data/train.csv"][0] == b"x\n1\n"


def collect_garbage(root):
    git(root, "reflog", "expire", "--expire=now", "--all")
    git(root, "gc", "-q", "--prune=now")


def test_a_commit_that_was_collected_is_named(root, copied):
    old = git(root, "rev-parse", "HEAD")
    write(root, "data/train.csv", "x\n2\n")
    git(root, "commit", "-qam", "amended", "--amend")
    collect_garbage(root)
    with pytest.raises(CommitError, match=rf"^commit {old[:8]} is not in this repository any more$"):
        copied(root, old)


@pytest.mark.parametrize("commit", ["--help", "HEAD", "main", "", "abc123", "0" * 40, "-" * 40])
def test_what_is_no_commit_is_no_option_of_git(root, tmp_path, commit):
    (tmp_path / "copy").mkdir()
    with pytest.raises(CommitError):
        CommitCopy(find_repository(root), commit, b"", tmp_path / "copy", timeout_s=60)


def test_a_blob_or_tree_is_no_commit(root, copied):
    with pytest.raises(CommitError, match="is not in this repository"):
        copied(root, git(root, "rev-parse", "HEAD^{tree}"))


def test_a_shallow_clone_has_its_own_commit_and_not_older_ones(root, tmp_path, copied):
    old = git(root, "rev-parse", "HEAD")
    write(root, "data/train.csv", "x\n2\n")
    commit_all(root)
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{root}", "shallow")
    folder = tmp_path / "copy"
    assert files_of(copied(tmp_path / "shallow").folder) == files_of(root)
    assert git(folder, "log", "--format=%s") == "a commit"
    folder.rename(tmp_path / "first")
    with pytest.raises(CommitError, match="not in this repository"):
        copied(tmp_path / "shallow", old)


def test_a_clone_that_borrows_objects_a_linked_work_tree_and_sha256(root, tmp_path, copied):
    git(tmp_path, "clone", "-q", "--shared", root, "shared")
    git(root, "worktree", "add", "-q", "--detach", tmp_path / "tree of work")
    git(tmp_path, "init", "-q", "--object-format=sha256", "long")
    write(tmp_path / "long", "a.txt", "a")
    commit_all(tmp_path / "long")
    for name in ("shared", "tree of work", "long"):
        copy = copied(tmp_path / name)
        assert files_of(copy.folder) == {
            path: fact for path, fact in files_of(tmp_path / name).items() if path != ".git"
        }
        copy.folder.rename(tmp_path / f"copy of {name}")


@pytest.mark.parametrize("name", ['quo"te', "back\\slash", "new\nline", "ünï", "# hash", "co:lon"])
def test_a_repository_in_a_folder_with_an_odd_name(tmp_path, copied, name):
    root = tmp_path / name
    root.mkdir()
    git(root, "init", "-q")
    write(root, "a.txt", "a")
    commit_all(root)
    write(root, "a.txt", "b")
    state = capture(root, limit_bytes=10**6)
    assert files_of(copied(root, state.commit, "").folder)["a.txt"][0] == b"a"


def test_a_submodule_is_an_empty_folder(root, tmp_path, copied):
    git(tmp_path, "init", "-q", "inner")
    write(tmp_path / "inner", "i.csv", "1")
    commit_all(tmp_path / "inner")
    git(root, "submodule", "add", "-q", tmp_path / "inner", "sub")
    commit_all(root)
    copy = copied(root)
    assert copy.submodules() == ["sub"]
    assert not copy.has("sub/i.csv")
    assert not any(name.startswith("sub/") for name in files_of(copy.folder))


@pytest.mark.parametrize("setting", [("core.autocrlf", "true"), ("core.eol", "crlf"), (None, None)])
def test_line_endings_are_those_of_the_work_tree(root, copied, setting):
    key, value = setting
    if key:
        git(root, "config", key, value)
    write(root, "prepare.py", "a = 2\r\n" if key == "core.autocrlf" else "a = 2\n")
    write(root, ".gitattributes", "*.csv text=auto\n*.win text eol=crlf\n" if key != "core.autocrlf" else "")
    write(root, "data/train.csv", "x\r\n1\r\n" if key else "x\n1\n")
    write(root, "a.win", "a\r\n" if key != "core.autocrlf" else "b\r\n")
    commit_all(root)
    write(root, "data/train.csv", "x\r\n2\r\n" if key else "x\n2\n")
    then, state = files_of(root), capture(root, limit_bytes=10**6)
    write(root, "data/train.csv", "moved on")
    write(root, ".gitattributes", "* -text\n")
    assert files_of(copied(root, state.commit, state.patch or "").folder) == then


@pytest.mark.parametrize("setting", ["core.autocrlf", ".gitattributes"])
def test_a_file_whose_line_endings_git_would_change_comes_back_as_it_was_read(root, copied, setting):
    if setting == "core.autocrlf":
        git(root, "config", "core.autocrlf", "true")
    else:
        write(root, ".gitattributes", "*.csv text eol=crlf\n")
    write(root, "data/train.csv", "x\n7\n")  # as pandas writes it
    commit_all(root)
    copy = copied(root)
    assert files_of(copy.folder)["data/train.csv"][0] == b"x\r\n7\r\n"
    for content in (b"x\n7\n", b"x\r\n7\r\n"):
        assert copy.write_as("data/train.csv", hashlib.sha256(content).hexdigest())
        assert files_of(copy.folder)["data/train.csv"][0] == content
    assert not copy.write_as("data/train.csv", hashlib.sha256(b"other").hexdigest())
    assert not copy.write_as("other.csv", hashlib.sha256(b"x\n7\n").hexdigest())


def test_attributes_beside_the_repository_count_too(root, copied):
    write(root, ".git/info/attributes", "*.csv text eol=crlf\n")
    write(root, "data/train.csv", "x\r\n3\r\n")
    commit_all(root)
    assert files_of(copied(root).folder)["data/train.csv"][0] == b"x\r\n3\r\n"


def notebook(source, outputs=()):
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [*outputs], "source": [source]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def test_a_notebook_that_was_committed_with_outputs_does_not_cost_the_patch(root, copied):
    write(root, "n b.ipynb", notebook("x = 1", ["committed"]))
    commit_all(root)
    write(root, "n b.ipynb", notebook("x = 2", ["now"]))
    write(root, "data/train.csv", "x\n5\n")
    state = capture(root, limit_bytes=10**6)
    git(root, "stash", "-q")
    files = files_of(copied(root, state.commit, state.patch).folder)
    assert files["n b.ipynb"][0].decode() == notebook("x = 2")
    assert files["data/train.csv"][0] == b"x\n5\n"


def test_a_piece_that_does_not_apply_costs_only_its_file(root, copied):
    write(root, "secret.py", "a = 1\npassword = 'x'\nb = 1\n")
    write(root, "blob.bin", bytes(range(200)))
    commit_all(root)
    write(root, "secret.py", "a = 1\npassword = 'x'\nb = 2\n")
    write(root, "blob.bin", bytes(range(200, -1, -1)))
    write(root, "blob2.bin.py", bytes(range(200, -1, -1)))
    write(root, "data/train.csv", "x\n5\n")
    state = capture(root, limit_bytes=10**6)
    files = files_of(copied(root, state.commit, state.patch.replace("'x'", "<redacted>")).folder)
    assert files["secret.py"][0] == b"a = 1\npassword = 'x'\nb = 1\n"
    assert files["data/train.csv"][0] == b"x\n5\n"
    assert files["blob.bin"][0] == files["blob2.bin.py"][0] == bytes(range(200, -1, -1))


def test_no_program_of_a_configuration_runs(root, home, tmp_path, copied):
    marker, script = tmp_path / "it-ran", tmp_path / "program.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\nexec cat\n")
    script.chmod(0o755)
    write(root, ".gitattributes", "*.csv filter=mine\n*.py filter=ours\n*.eq filter=a=b\n")
    write(root, "a.eq", "1")
    commit = commit_all(root)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "post-applypatch"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (hooks / hook).chmod(0o755)
    template = tmp_path / "template"
    template.mkdir()
    hooks_of_templates = template / "hooks"
    hooks_of_templates.symlink_to(hooks)
    for key in ("filter.mine.smudge", "filter.mine.process", "core.fsmonitor", "core.sshCommand", "filter.a=b.smudge"):
        git(root, "config", key, str(script))
    git(root, "config", "core.hooksPath", str(hooks))
    write(home, ".gitconfig", f'{SETTINGS}[filter "ours"]\nsmudge = {script}\nclean = {script}\nrequired = true\n'
        f"[init]\ntemplateDir = {template}\n[core]\nhooksPath = {hooks}\nfsmonitor = {script}\n")  # fmt: skip
    patch = "diff --git a/data/train.csv b/data/train.csv\n--- a/data/train.csv\n+++ b/data/train.csv\n@@ -1,2 +1,2 @@\n x\n-1\n+2\n"
    marker.unlink(missing_ok=True)
    files = files_of(copied(root, commit, patch).folder)
    assert not marker.exists()
    assert files["data/train.csv"][0] == b"x\n2\n"
    assert files["prepare.py"][0] == b"a = 1\n"


@pytest.mark.parametrize(
    "name", ["../evil.py", ".git/config", ".git/hooks/post-checkout", "/tmp/evil.py", "out/evil.py"]
)
def test_a_patch_writes_nothing_outside(root, tmp_path, copied, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "out").symlink_to(outside)
    commit_all(root)
    config = (root / ".git/config").read_bytes()
    patch = f"diff --git a/{name} b/{name}\nnew file mode 100755\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+evil\n"
    copy = copied(root, None, patch)
    assert not any(path.read_bytes() == b"evil\n" for path in tmp_path.rglob("*") if path.is_file())
    assert (root / ".git/config").read_bytes() == config
    assert b"evil" not in (copy.folder / ".git/config").read_bytes()


def test_a_patch_that_makes_a_link_and_a_file_below_it_writes_nothing_there(root, tmp_path, copied):
    outside = tmp_path / "outside"
    outside.mkdir()
    patch = (
        f"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+{outside}\n"
        "\\ No newline at end of file\n"
        "diff --git a/l/evil.py b/l/evil.py\nnew file mode 100644\n--- /dev/null\n+++ b/l/evil.py\n@@ -0,0 +1 @@\n+evil\n"
    )
    copied(root, None, patch)
    assert [*outside.iterdir()] == []


def lfs(content):
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n", digest


def test_a_file_of_lfs_comes_from_the_local_store_and_else_stays_a_pointer(root, copied):
    here, gone = lfs(b"here" * 100), lfs(b"gone" * 100)
    write(root, ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    write(root, "here.bin", here[0])
    write(root, "gone.bin", gone[0])
    write(root, "not.txt", here[0])
    commit_all(root)
    write(root, f".git/lfs/objects/{here[1][:2]}/{here[1][2:4]}/{here[1]}", b"here" * 100)
    git(root, "config", "filter.lfs.smudge", f"{sys.executable} -c 1/0")
    git(root, "config", "filter.lfs.required", "true")
    files = files_of(copied(root).folder)
    assert files["here.bin"][0] == b"here" * 100
    assert files["gone.bin"][0] == gone[0].encode()
    assert (root / f".git/lfs/objects/{here[1][:2]}/{here[1][2:4]}/{here[1]}").read_bytes() == b"here" * 100


def test_the_original_repository_is_not_written_to(root, copied):
    write(root, "data/train.csv", "x\n9\n")
    state = capture(root, limit_bytes=10**6)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    copied(root, state.commit, state.patch)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_without_git_it_says_so(root, tmp_path, monkeypatch):
    commit = git(root, "rev-parse", "HEAD")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "copy").mkdir()
    with pytest.raises(CommitError, match="git is not installed"):
        CommitCopy(find_repository(root), commit, b"", tmp_path / "copy", timeout_s=60)
