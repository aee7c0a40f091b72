"""A repository that came from elsewhere: nothing that its configuration names is run, and the record is right."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mlmagic.snapshot.git.state import capture

LIMIT = 1_000_000
IN_CONFIG = [
    *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.alternateRefsCommand"),
    *("core.gitProxy", "gpg.program", "gpg.ssh.program", "diff.external", "diff.shown.command", "diff.shown.textconv"),
    *("interactive.diffFilter", "sequence.editor", "credential.helper", "uploadpack.packObjectsHook", "pager.status"),
    *("pager.diff", "alias.status", "alias.diff", "alias.rev-parse", "merge.shown.driver", "trailer.x.command"),
    *("filter.shown.clean", "filter.shown.smudge", "filter.shown.process", "mergetool.x.cmd", "difftool.x.cmd"),
]


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    settings = (
        '[user]\nname = Ana\nemail = ana@example.com\n[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n'
    )
    (home / ".gitconfig").write_text(settings)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


def git(folder, *arguments, check=True, given=None):
    done = subprocess.run(["git", "-C", folder, *arguments], input=given, capture_output=True, check=False)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape").strip()


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "it-ran"


@pytest.fixture
def script(tmp_path, marker):
    """A program that marks that it ran, and passes on what it is given."""
    file = tmp_path / "program.sh"
    file.write_text(f"#!/bin/sh\ntouch {marker}\nexec cat\n")
    file.chmod(0o755)
    return file


def new_repository(root):
    root.mkdir()
    git(root, "init", "-q")
    (root / ".gitattributes").write_text("* filter=shown diff=shown merge=shown\n*.lfs filter=lfs\n*.eq filter=a=b\n")
    for name in ("train.py", "touched.py", "gone.py", "data.lfs", "odd.eq"):
        (root / name).write_text("a = 1\nb = 2\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "a commit")
    return root


def change(root):
    """Leave a tracked change, a file that was only touched, one that is gone, and an untracked one."""
    for name in ("train.py", "data.lfs", "odd.eq"):
        (root / name).write_text("a = 1\nb = 3\n")
    os.utime(root / "touched.py", (2_000_000_000, 2_000_000_000))
    (root / "gone.py").unlink()
    (root / "new.py").write_text("c = 4\n")


@pytest.fixture
def repository(tmp_path):
    return new_repository(tmp_path / "project")


def files_of(root):
    return {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}


@pytest.fixture
def is_right(tmp_path):
    """Return a check that commit, branch, dirty and patch are what Git has, without a filter."""

    def check(root, state):
        assert (state.root, state.branch, state.dirty) == (root.resolve(), "main", True)
        assert state.commit == git(root, "rev-parse", "HEAD")
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "-q", root, clone)
        git(clone, "apply", "-", given=state.patch.encode())
        assert files_of(clone) == files_of(root)
        assert "touched.py" not in state.patch

    return check


def look(root):
    return capture(Path(root), limit_bytes=LIMIT)


@pytest.mark.parametrize("key", IN_CONFIG)
def test_no_program_of_the_configuration_runs(key, repository, script, marker, is_right):
    change(repository)
    git(repository, "config", key, f"!{script}" if key.startswith("alias.") else str(script))
    state = look(repository)
    assert not marker.exists()
    is_right(repository, state)


@pytest.mark.parametrize("key", ["core.fsmonitor", "diff.external", "filter.shown.clean", "filter.shown.process"])
def test_git_itself_would_run_them(key, repository, script, marker):
    change(repository)
    git(repository, "config", key, str(script))
    git(repository, "diff", check=False)
    assert marker.exists()


@pytest.mark.parametrize("name", ["shown", "a=b", 'quo"ted', "dots.in.name", "Größe", "with space", "UPPER"])
def test_no_filter_runs_whatever_its_name(name, repository, script, marker, is_right):
    quoted = name.replace('"', '\\"')
    (repository / ".git/info").mkdir(exist_ok=True)
    (repository / ".git/info/attributes").write_text(f"*.py filter={name}\n")
    change(repository)
    with (repository / ".git/config").open("a") as config:
        config.write(f'[filter "{quoted}"]\n\tclean = {script}\n\trequired = true\n')
    state = look(repository)
    assert not marker.exists()
    is_right(repository, state)


def in_an_include(root, text):
    (root / ".git/more").write_text(text)
    git(root, "config", "include.path", "more")


def in_a_conditional_include(root, text):
    (root / ".git/more").write_text(text)
    git(root, "config", "includeIf.onbranch:main.path", "more")


def in_the_work_trees_own(root, text):
    git(root, "config", "extensions.worktreeConfig", "true")
    (root / ".git/config.worktree").write_text(text)


def behind_a_million_characters(root, text):
    with (root / ".git/config").open("a") as config:
        config.write("# a comment\n" * 100_000 + text)


def in_capitals(root, text):
    with (root / ".git/config").open("a") as config:
        config.write(text.replace("[filter", "[FiLTeR"))


@pytest.mark.parametrize(
    "place",
    [in_an_include, in_a_conditional_include, in_the_work_trees_own, behind_a_million_characters, in_capitals],
)
def test_no_filter_runs_wherever_it_is_set(place, repository, script, marker, is_right):
    change(repository)
    place(repository, f'[filter "shown"]\n\tclean = {script}\n\trequired\n')
    state = look(repository)
    assert not marker.exists()
    is_right(repository, state)


def test_a_filter_that_the_user_set_for_all_repositories_is_run(repository, home, script, marker):
    git(repository, "config", "--global", "filter.shown.clean", str(script))
    change(repository)
    state = look(repository)
    assert marker.exists()
    assert not any("Compared as they are" in notice for notice in state.notices)
    assert "touched.py" not in state.patch


@pytest.mark.parametrize("key", ["filter.lfs.clean", "filter.lfs.process", "lfs.extension.x.clean"])
def test_a_filter_of_the_user_that_the_repository_changes_is_not_run(key, repository, script, marker, is_right):
    git(repository, "config", "--global", "filter.lfs.clean", str(script))
    change(repository)
    git(repository, "config", key, "other")
    state = look(repository)
    assert not marker.exists()
    is_right(repository, state)


def test_files_under_a_filter_are_named(repository, script):
    git(repository, "config", "filter.lfs.clean", str(script))
    change(repository)
    assert look(repository).notices == (
        "Compared without their Git filter, because mlmagic runs no program that a repository's configuration names ("
        "lfs): data.lfs. Set the filter for all your repositories (git config --global) to have it run.",
    )


def test_without_a_change_no_filter_is_told_of(repository, script, marker):
    git(repository, "config", "filter.shown.clean", str(script))
    os.utime(repository / "touched.py", (2_000_000_000, 2_000_000_000))
    state = look(repository)
    assert (state.dirty, state.patch, state.notices) == (False, None, ())
    assert not marker.exists()


def test_more_filters_than_a_command_takes(repository, script, marker):
    with (repository / ".git/config").open("a") as config:
        config.writelines(f'[filter "f{at}"]\n\tclean = {script}\n' for at in range(20_000))
    change(repository)
    state = look(repository)
    assert state.commit == git(repository, "rev-parse", "HEAD")
    assert (state.dirty, state.patch) == (None, None)
    assert "uncommitted changes are not recorded" in state.notices[0]
    assert not marker.exists()


def test_hooks_do_not_run(repository, script, marker, is_right):
    for name in ("post-index-change", "fsmonitor-watchman", "pre-auto-gc", "post-checkout", "reference-transaction"):
        (repository / ".git/hooks" / name).symlink_to(script)
    change(repository)
    state = look(repository)
    assert not marker.exists()
    is_right(repository, state)


@pytest.mark.parametrize("url", ["{elsewhere}", "file://{elsewhere}", "ext::{script} %s", "ssh://host/x"])
def test_missing_objects_are_not_fetched(url, repository, script, marker, tmp_path):
    """Of a partial clone, Git fetches what it lacks, by a program that the configuration names."""
    elsewhere = tmp_path / "elsewhere"
    git(tmp_path, "clone", "-q", "--bare", repository, elsewhere)
    for key, value in {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": url.format(elsewhere=elsewhere, script=script),
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(script),
        "core.sshCommand": str(script),
        "protocol.ext.allow": "always",
        "protocol.file.allow": "always",
    }.items():
        git(repository, "config", key, value)
    blob = git(repository, "rev-parse", "HEAD:train.py")
    (repository / ".git/objects" / blob[:2] / blob[2:]).unlink()
    change(repository)
    state = look(repository)
    assert not marker.exists()
    assert state.commit == git(repository, "rev-parse", "HEAD")
    assert state.dirty is True
    assert "new.py" in state.patch
    assert any("train.py" in notice for notice in state.notices)


def test_the_programs_of_a_submodule_do_not_run(repository, script, marker, tmp_path):
    inner = new_repository(tmp_path / "inner")
    git(repository, "submodule", "--quiet", "add", inner, "vendored")
    git(repository, "commit", "-q", "-a", "-m", "with a submodule")
    for key in ("filter.shown.clean", "core.fsmonitor", "diff.external", "filter.shown.process"):
        git(repository / "vendored", "config", key, str(script))
    for unlisted in (False, True):
        if unlisted:
            (repository / ".gitmodules").write_text("")
        (repository / "vendored/train.py").write_text("a = 9\n")
        state = look(repository)
        assert not marker.exists()
        assert state.dirty is True
        assert ("The submodule vendored has changes that the patch leaves out." in state.notices) is not unlisted


@pytest.mark.parametrize("path", ["../outside", "/etc", "link", "vendored\x01", ".", "-C"])
def test_a_submodule_elsewhere_is_not_looked_into(path, repository, script, marker, tmp_path):
    outside = new_repository(tmp_path / "outside")
    git(outside, "config", "filter.shown.clean", str(script))
    change(outside)
    (repository / "link").symlink_to(outside)
    (repository / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = {path}\n\turl = x\n')
    state = look(repository)
    assert not marker.exists()
    assert not any("submodule" in notice for notice in state.notices)


def test_another_work_tree_is_not_looked_into(repository, tmp_path):
    private = tmp_path / "private"
    private.mkdir()
    (private / "keys.py").write_text("mine\n")
    git(repository, "config", "core.worktree", str(private))
    state = look(repository)
    assert (state.commit, state.patch) == (None, None)
    assert state.notices == (
        f"The repository's configuration names another work tree, {private}: no commit is recorded.",
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs on this system")
@pytest.mark.parametrize("name", [".git/config.worktree", ".gitmodules", "fifo.py", ".git/info/attributes"])
def test_a_fifo_holds_up_nothing(name, repository):
    (repository / name).unlink(missing_ok=True)
    (repository / name).parent.mkdir(exist_ok=True)
    os.mkfifo(repository / name)
    state = capture(repository, limit_bytes=LIMIT, timeout_s=2)
    assert state.root == repository.resolve()


@pytest.mark.parametrize("name", [".git/config.worktree", ".gitmodules"])
def test_a_folder_in_place_of_a_file_costs_nothing(name, repository):
    (repository / name).mkdir()
    state = capture(repository, limit_bytes=LIMIT)
    assert (len(state.commit), state.notices) == (40, ())


@pytest.mark.parametrize("content", ["gitdir: /dev/zero", "gitdir: " + "x" * 5_000_000, "gitdir: ..\n", ""])
def test_an_odd_file_in_place_of_the_folder(content, repository):
    (repository / ".git").rename(repository / "kept")
    (repository / ".git").write_text(content)
    state = capture(repository, limit_bytes=LIMIT, timeout_s=2)
    assert state.commit is None
    assert len(state.notices) == 1
    assert len(state.notices[0]) < 1000


def test_a_file_that_cannot_be_read_costs_only_itself(tmp_path):
    """As another user where this one may read everything."""
    root = new_repository(tmp_path / "project")
    change(root)
    for name in ("data.lfs", "private.py"):
        (root / name).write_text("a = 5\n")
        (root / name).chmod(0)
    looking = textwrap.dedent(f"""
        import codecs, os, pathlib
        codecs.lookup("ascii")  # the other user may have no access to Python's own files
        from mlmagic.snapshot.git.state import capture
        if os.getuid() == 0:
            os.setgid(65534); os.setuid(65534)
        state = capture(pathlib.Path({str(root)!r}), limit_bytes=1_000_000)
        print(*state.notices)
        print(state.patch)
    """)
    if os.getuid() == 0:
        for folder, _, files in os.walk(root):
            for name in (".", *files):
                os.chown(Path(folder, name), 65534, 65534)
        for folder in (tmp_path, *tmp_path.parents[:3]):  # of the worker and of the run, too
            folder.chmod(0o755)
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", looking], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    notices, _, patch = done.stdout.partition("\n")
    assert notices == "Not recorded, since they cannot be read: the changes of data.lfs, private.py."
    for name in ("train.py", "new.py", "gone.py"):
        assert f"diff --git a/{name}" in patch
    assert "private.py" not in patch
