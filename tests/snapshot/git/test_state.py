"""The code of a run: commit, branch and a patch that brings back what was not committed, in real repositories."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlmagic.snapshot.git.state import GitState, capture

LIMIT = 1_000_000


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    settings = (
        '[user]\nname = Ana\nemail = ana@example.com\n[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n'
    )
    (home / ".gitconfig").write_text(settings)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder, *arguments, given=None):
    result = subprocess.run(["git", "-C", folder, *arguments], input=given, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode("utf-8", "surrogateescape").strip()


def commit_all(folder):
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "a commit")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q")
    (root / "train.py").write_text("a = 1\nb = 2\n")
    commit_all(root)
    return root


def look(folder, **options) -> GitState:
    return capture(Path(folder), **{"limit_bytes": LIMIT, **options})


def files_of(root):
    found = {}
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if relative.parts[0] != ".git" and not path.is_dir():
            found[os.fsencode(relative)] = (path.read_bytes(), os.access(path, os.X_OK))
    return found


def applied(root, state: GitState, tmp_path):
    """Return the files that the commit and the patch give, in a fresh clone."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", root, clone)
    git(clone, "checkout", "-q", state.commit)
    git(clone, "apply", "-", given=state.patch.encode())
    return files_of(clone)


def test_a_clean_tree(repository):
    commit = git(repository, "rev-parse", "HEAD")
    expected = GitState(root=repository.resolve(), commit=commit, branch="main", dirty=False)
    assert look(repository) == expected
    assert expected.in_repository


def test_a_folder_below_the_root_and_a_link_to_it(repository, tmp_path):
    folder = repository / "notebooks" / "deep"
    folder.mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert look(folder).root == look(link).root == repository.resolve()


def test_a_folder_outside_any_repository(tmp_path):
    state = look(tmp_path)
    assert not state.in_repository
    assert (state.commit, state.dirty, state.patch) == (None, None, None)
    assert state.notices == ("The folder is not in a Git repository: no commit is recorded.",)


def test_a_folder_that_was_deleted_still_has_its_repository(repository):
    assert look(repository / "gone" / "for good").branch == "main"


def test_the_patch_brings_back_changes_of_every_kind(repository, tmp_path):
    (repository / "crlf.py").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    (repository / "no_end.py").write_bytes(b"one\ntwo")
    (repository / "weights.bin").write_bytes(bytes(range(256)) * 8)
    (repository / "gone.py").write_text("x\n")
    (repository / "old_name.py").write_text("y = 1\n" * 20)
    (repository / "run.sh").write_text("echo\n")
    (repository / "latin.py").write_bytes("# r\u00e9sum\u00e9\n".encode("latin-1"))
    commit_all(repository)
    (repository / "train.py").write_text("a = 1\nb = 3\n")
    (repository / "crlf.py").write_bytes(b"one\r\n2\r\nthree\r\n")
    (repository / "no_end.py").write_bytes(b"one\ntwo\nthree")
    (repository / "weights.bin").write_bytes(bytes(reversed(range(256))) * 8)
    (repository / "gone.py").unlink()
    (repository / "old_name.py").rename(repository / "new_name.py")
    (repository / "run.sh").chmod(0o755)
    git(repository, "add", "train.py", "new_name.py")
    (repository / "train.py").write_text("a = 1\nb = 4\n")  # staged, and changed again
    (repository / "untracked.ipynb").write_text('{"cells": []}')
    (repository / "empty.py").touch()
    (repository / "with nul.sql").write_bytes(b"a\0b")
    (repository / "conf" / "model").mkdir(parents=True)
    (repository / "conf" / "model" / 'tree \'é\n"x".yaml').write_text("depth: 3\n")

    state = look(repository)

    assert state.dirty
    assert state.notices == ()
    assert applied(repository, state, tmp_path) == files_of(repository)


def test_the_patch_of_text_that_is_not_utf_8(repository, tmp_path):
    (repository / "latin.py").write_bytes("# r\u00e9sum\u00e9\n".encode("latin-1"))
    (repository / os.fsdecode(b"na\xefve.py")).write_text("x = 1\n")
    state = look(repository)
    assert applied(repository, state, tmp_path) == files_of(repository)


@pytest.mark.parametrize(
    "setting",
    [
        "core.autocrlf=true",
        "core.autocrlf=input",
        "diff.noprefix=true",
        "diff.mnemonicPrefix=true",
        "color.ui=always",
        "diff.external=false",
        "diff.context=0",
        "core.quotePath=false",
        "status.showUntrackedFiles=no",
        "diff.renames=copies",
    ],
)
def test_the_users_settings_do_not_spoil_the_patch(repository, tmp_path, setting):
    git(repository, "config", *setting.split("="))
    (repository / "train.py").write_bytes(b"a = 1\nb = 3\n")
    (repository / "new é.py").write_bytes(b"x\n")
    expected = files_of(repository)
    assert applied(repository, look(repository), tmp_path) == expected


def test_a_change_of_the_same_length_in_the_moment_of_the_commit_is_in_the_patch(repository, tmp_path):
    moment = (1_700_000_000, 1_700_000_000)
    git(repository, "config", "core.trustctime", "false")  # two writes within a tick of the clock, made certain
    os.utime(repository / "train.py", moment)
    git(repository, "update-index", "--refresh")
    os.utime(repository / ".git/index", moment)
    (repository / "train.py").write_bytes(b"a = 1\nb = 3\n")
    os.utime(repository / "train.py", moment)
    (repository / "new.py").write_bytes(b"x\n")
    expected = files_of(repository)
    assert applied(repository, look(repository), tmp_path) == expected


def test_a_repository_under_an_odd_path(tmp_path):
    root = tmp_path / 'a:b "c" é'
    root.mkdir()
    git(root, "init", "-q")
    (root / "train.py").write_text("x\n")
    commit_all(root)
    (root / "new.py").write_text("x\n")
    assert "new.py" in look(root).patch


def test_the_users_index_and_objects_are_not_touched(repository):
    (repository / "train.py").write_text("staged\n")
    git(repository, "add", "train.py")
    (repository / "new.py").write_text("x\n")
    os.utime(repository / "train.py", (1, 1))  # its entry in the index is out of date, as Git would like to note
    before = {path: path.read_bytes() for path in (repository / ".git").rglob("*") if path.is_file()}
    assert "new.py" in look(repository).patch
    assert {path: path.read_bytes() for path in (repository / ".git").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "path", ["new.py", "a/b/new.ipynb", "conf.yaml", "query.SQL", "requirements-dev.txt", "params.json"]
)
def test_an_untracked_source_file_makes_the_tree_dirty(repository, path):
    (repository / path).parent.mkdir(parents=True, exist_ok=True)
    (repository / path).write_text("x\n")
    state = look(repository)
    assert state.dirty
    assert path in state.patch


@pytest.mark.parametrize(
    "path",
    [
        "mlflow.db",
        "mlflow.db-wal",
        "mlruns/0/meta.yaml",
        "notebooks/mlruns/0/meta.yaml",
        ".mlmagic/journal.json",
        ".ipynb_checkpoints/a-checkpoint.ipynb",
        ".venv/lib/x.py",
        "data.csv",
        "model.pkl",
    ],
)
def test_stores_and_data_do_not_make_the_tree_dirty(repository, path):
    (repository / path).parent.mkdir(parents=True, exist_ok=True)
    (repository / path).write_text("x\n")
    state = look(repository)
    assert (state.dirty, state.patch, state.notices) == (False, None, ())


def test_an_environment_under_any_name_does_not_make_the_tree_dirty(repository):
    (repository / "my_env" / "lib").mkdir(parents=True)
    (repository / "my_env" / "pyvenv.cfg").write_text("home = x\n")
    (repository / "my_env" / "lib" / "x.py").write_text("x\n")
    assert look(repository).dirty is False


def test_a_tracked_store_does_not_make_the_tree_dirty_and_stays_out_of_the_patch(repository):
    (repository / "mlflow.db").write_text("one")
    commit_all(repository)
    (repository / "mlflow.db").write_text("two")
    assert look(repository).dirty is False
    (repository / "train.py").write_text("x\n")
    assert "mlflow.db" not in look(repository).patch


def test_a_large_json_file_is_data(repository):
    (repository / "annotations.json").write_text("x" * 300_000)
    assert look(repository).dirty is False


@pytest.mark.parametrize(("name", "dirty"), [("big.py", True), ("big.bin", False)])
def test_an_untracked_file_of_one_gigabyte_is_told_and_not_read(repository, name, dirty):
    with (repository / name).open("wb") as file:
        file.truncate(2**30)
    (repository / "train.py").write_text("x\n")
    state = look(repository)
    assert state.notices == (f"The untracked file {name} (1.1 GB) is too large for the patch.",)
    assert "train.py" in state.patch
    assert name not in state.patch
    (repository / "train.py").write_text("a = 1\nb = 2\n")
    assert look(repository).dirty is dirty


TOO_LARGE = "Too large for the patch, and not recorded: the changes of {}. The setting patch_limit_mb raises the limit."


def test_a_patch_over_the_limit_is_left_out_and_told(repository):
    (repository / "train.py").write_text("x = 1\n" * 1000)
    state = look(repository, limit_bytes=2000)
    assert (state.dirty, state.patch) == (True, None)
    assert state.notices == (TOO_LARGE.format("train.py (0.006 MB)"),)


def test_one_large_change_leaves_the_patch_of_the_other_files(repository, tmp_path):
    for name in ("data.csv", "log [1].txt", "gone.csv", "long.csv"):
        (repository / name).write_text("".join(f"{name} {i}\n" for i in range(1000)))
    commit_all(repository)
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", repository, other)
    before = files_of(other)
    (repository / "data.csv").write_text("x = 1\n" * 10_000)
    (repository / "log [1].txt").write_text("y = 1\n" * 1000)
    (repository / "gone.csv").unlink()
    with (repository / "long.csv").open("a") as file:
        file.write("one more line\n")
    (repository / "train.py").write_text("a = 3\n")
    (repository / "new.py").write_bytes(b"na\xefve = 1\n")
    state = look(repository, limit_bytes=5000)
    large = ["data.csv (0.06 MB)", "gone.csv (0.0129 MB)", "log [1].txt (0.0159 MB)"]
    assert state.notices == (TOO_LARGE.format(", ".join([large[0], large[2], large[1]])),)
    git(other, "apply", "-", given=state.patch.encode())
    unchanged = {name: before[name] for name in (b"data.csv", b"log [1].txt", b"gone.csv")}
    assert files_of(other) == files_of(repository) | unchanged


def test_a_tracked_file_of_one_gigabyte_leaves_the_patch_of_the_other_files(repository):
    (repository / "data.csv").write_text("one\n")
    commit_all(repository)
    with (repository / "data.csv").open("wb") as file:
        file.truncate(2**30)
    (repository / "train.py").write_text("a = 3\n")
    state = look(repository, timeout_s=3.0)
    assert state.notices == (TOO_LARGE.format("data.csv (1.1 GB)"),)
    assert "+a = 3" in state.patch
    assert "data.csv" not in state.patch


def test_many_changes_that_are_too_large_are_named_and_counted(repository):
    for number in range(30):
        (repository / f"data_{number}.py").write_text("x = 1\n" * 330)
    state = look(repository, limit_bytes=2000)
    assert state.patch is None
    (line,) = state.notices
    assert line.count("(0.00198 MB)") == 5
    assert " and 25 more files." in line


def test_no_patch_is_made_with_a_limit_of_zero(repository):
    (repository / "train.py").write_text("x = 1\n")
    state = look(repository, limit_bytes=0)
    assert (state.dirty, state.patch, state.notices) == (True, None, ())


def test_a_detached_head_has_no_branch(repository):
    commit = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "-q", "--detach")
    state = look(repository)
    assert (state.commit, state.branch) == (commit, None)


def test_a_repository_without_a_commit(tmp_path):
    root = tmp_path / "empty"
    root.mkdir()
    git(root, "init", "-q")
    assert look(root).notices == ("The Git repository has no commit yet.",)
    (root / "train.py").write_text("x = 1\n")
    (root / "staged.py").write_text("y = 1\n")
    git(root, "add", "staged.py")
    state = look(root)
    assert (state.commit, state.branch, state.dirty) == (None, "main", True)
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "apply", "-", given=state.patch.encode())
    assert files_of(other) == files_of(root)


def test_a_submodule(repository, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "lib.py").write_text("x\n")
    first = commit_all(inner)
    git(repository, "submodule", "--quiet", "add", inner, "vendored")
    commit_all(repository)
    assert look(repository).dirty is False

    inside = look(repository / "vendored")
    assert (inside.root, inside.commit) == ((repository / "vendored").resolve(), first)
    assert inside.remote == str(inner)

    (repository / "vendored" / "untracked.bin").write_text("x\n")
    assert look(repository).dirty is False

    (repository / "vendored" / "lib.py").write_text("y\n")
    (repository / "train.py").write_text("y\n")
    state = look(repository)
    assert state.notices == ("The submodule vendored has changes that the patch leaves out.",)
    assert "train.py" in state.patch
    assert "vendored" not in state.patch

    second = commit_all(repository / "vendored")
    state = look(repository)
    assert f"+Subproject commit {second}" in state.patch
    assert state.notices == ()


def test_a_second_work_tree(repository, tmp_path):
    git(repository, "remote", "add", "origin", "git@example.com:ana/project.git")
    other = tmp_path / "other"
    git(repository, "worktree", "add", "-q", "-b", "idea", other)
    (other / "train.py").write_text("y\n")
    (other / "new.py").write_text("z\n")
    state = look(other)
    assert (state.root, state.branch, state.dirty) == (other.resolve(), "idea", True)
    assert state.remote == "git@example.com:ana/project.git"
    assert applied(repository, state, tmp_path) == {
        name: content for name, content in files_of(other).items() if name != b".git"
    }


def test_a_merge_with_conflicts(repository, tmp_path):
    git(repository, "checkout", "-q", "-b", "other")
    (repository / "train.py").write_text("a = 2\nb = 2\n")
    commit_all(repository)
    git(repository, "checkout", "-q", "main")
    (repository / "train.py").write_text("a = 3\nb = 2\n")
    commit_all(repository)
    subprocess.run(["git", "-C", repository, "merge", "-q", "other"], capture_output=True, check=False)
    assert "<<<<<<<" in (repository / "train.py").read_text()
    (repository / "new.py").write_text("x\n")
    state = look(repository)
    assert state.notices == ()
    assert applied(repository, state, tmp_path) == files_of(repository)


@pytest.mark.parametrize("folder", [".git", ".git/hooks"])
def test_inside_the_git_folder_there_is_no_work_tree(repository, folder):
    state = look(repository / folder)
    assert not state.in_repository
    assert state.notices == ("The folder is inside a bare Git repository or a .git folder: no commit is recorded.",)


def test_a_bare_repository(tmp_path):
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    state = look(tmp_path / "bare.git")
    assert not state.in_repository
    assert "bare Git repository" in state.notices[0]


def test_a_repository_of_another_user_is_told_with_the_command_that_helps(repository, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # Git's own switch for this case
    state = look(repository)
    assert (state.root, state.commit) == (repository.resolve(), None)
    assert "git config --global --add safe.directory" in state.notices[0]


def test_a_damaged_repository_is_told_in_one_line(repository):
    (repository / ".git" / "config").write_text("[core\n")
    state = look(repository)
    assert state.commit is None
    assert len(state.notices) == 1
    assert state.notices[0].startswith("Git cannot read this repository: bad config line 1")
    assert "\n" not in state.notices[0]


def test_without_git_the_user_is_told(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    state = look(repository)
    assert state.in_repository
    assert state.notices == ("Git is not installed or not on PATH: no commit is recorded.",)


def slow_git(tmp_path, monkeypatch, word):
    """Put a `git` on PATH that never ends when it is asked for *word*."""
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport os, subprocess, sys\n"
        f"if {word!r} in sys.argv: subprocess.run(['sleep', '1000'])\nos.execv({real!r}, ['git', *sys.argv[1:]])\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)


def test_a_tree_that_takes_too_long_to_look_through_keeps_its_commit(repository, tmp_path, monkeypatch):
    commit = git(repository, "rev-parse", "HEAD")
    slow_git(tmp_path, monkeypatch, "status")
    state = look(repository, timeout_s=2.0)
    assert (state.commit, state.branch, state.dirty) == (commit, "main", None)
    assert state.notices == ("Git took too long to look for uncommitted changes: they are not recorded.",)


def test_a_patch_that_takes_too_long_is_told(repository, tmp_path, monkeypatch):
    (repository / "train.py").write_text("x\n")
    slow_git(tmp_path, monkeypatch, "diff")
    state = look(repository, timeout_s=2.0)
    assert (state.dirty, state.patch) == (True, None)
    assert state.notices == ("Git took too long to compare the uncommitted changes: they are not recorded.",)


def test_the_folder_counts_and_not_the_users_git_variables(repository, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    (repository / "train.py").write_text("x\n")
    state = look(repository)
    assert state.root == repository.resolve()
    assert state.commit is not None
    assert "train.py" in state.patch


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ana:hunter2@example.com/ana/project.git", "https://example.com/ana/project.git"),
        ("https://TOKEN@example.com/ana/project.git", "https://example.com/ana/project.git"),
        ("git@example.com:ana/project.git", "git@example.com:ana/project.git"),
        ("HTTPS://ana:p4ss@example.com/x.git", "HTTPS://example.com/x.git"),
        ("https://onlyatoken@example.com/x.git", "https://example.com/x.git"),
        ("git+https://onlyatoken@example.com/x.git", "git+https://example.com/x.git"),
        ("ssh://git:p4ss@example.com/x.git", "ssh://git@example.com/x.git"),
        ("ssh://git@example.com:22/x.git", "ssh://git@example.com:22/x.git"),
        ("ftp://ana:p@ss@example.com/x.git", "ftp://example.com/x.git"),
    ],
)
def test_the_remote_is_the_one_that_the_branch_follows_without_its_password(repository, address, shown):
    git(repository, "remote", "add", "aaa", "https://example.com/other.git")
    git(repository, "remote", "add", "origin", address)
    assert look(repository).remote == shown
    git(repository, "config", "branch.main.remote", "aaa")
    git(repository, "config", "branch.main.merge", "refs/heads/main")
    assert look(repository).remote == "https://example.com/other.git"
