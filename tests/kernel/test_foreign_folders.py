"""A notebook in a repository that came from elsewhere: no program that it names runs in a real kernel."""

from __future__ import annotations

import subprocess

import pytest

KEYS = {
    "core.fsmonitor": "", "core.hooksPath": "hooks", "core.pager": "", "core.sshCommand": "", "core.editor": "",
    "core.alternateRefsCommand": "", "gpg.program": "", "diff.external": "", "diff.shown.textconv": "",
    "diff.shown.command": "", "filter.shown.clean": "", "filter.shown.smudge": "", "filter.shown.required": "true",
    "filter.other.process": "", "alias.status": "!", "include.path": "more",
}  # fmt: skip
"""The keys of the configuration, each a program that leaves a mark, or the value that is given."""


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def foreign(tmp_path):
    """A repository whose configuration names programs that mark that they ran, with changes in its files."""
    root = tmp_path / "cloned"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.email", "ana@example.com")
    git(root, "config", "user.name", "Ana")
    (root / ".gitattributes").write_text("*.py filter=shown diff=shown\n*.txt filter=other\n*.md filter=more\n")
    for name in ("train.py", "notes.txt", "readme.md"):
        (root / name).write_text("a = 1\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "a commit")
    program = tmp_path / "program.sh"
    program.write_text(f'#!/bin/sh\necho "$0 $@" >> {tmp_path / "it-ran"}\nexec cat\n')
    program.chmod(0o755)
    (root / "hooks").mkdir()
    (root / "hooks" / "post-index-change").symlink_to(program)
    (root / ".git" / "more").write_text(f'[filter "more"]\n\tclean = {program}\n')
    for key, value in KEYS.items():
        git(root, "config", key, f"!{program}" if value == "!" else value or str(program))
    for name in ("train.py", "notes.txt", "readme.md"):
        (root / name).write_text("a = 2\n")
    return root


def test_a_tracked_cell_runs_no_program_of_the_repository(foreign, kernels, tmp_path):
    kernel = kernels(foreign)
    kernel.check("%load_ext mlmagic")
    shown = kernel.run("%%track cloned\nx = 1")
    assert shown.status == "ok", shown.text
    kernel.check("%%track --resume\ny = 2")
    assert not (tmp_path / "it-ran").exists()
    run = kernel.last_run()
    assert run["tags"]["mlflow.source.git.commit"] == git(foreign, "rev-parse", "HEAD")
    assert run["tags"]["mlflow.source.git.branch"] == "main"
    assert run["tags"]["mlmagic.git.dirty"] == "true"
    patch = kernel.check("print(mlmagic.last_run.text('mlmagic/uncommitted.patch'))")
    assert [name for name in ("train.py", "notes.txt", "readme.md") if f"+++ b/{name}" in patch] == [
        *("train.py", "notes.txt", "readme.md")
    ]
    assert "Compared without their Git filter, because mlmagic runs no program" in shown.summaries[0]
    subprocess.run(["git", "-C", foreign, "diff"], capture_output=True, check=False)
    assert (tmp_path / "it-ran").exists(), "Git itself runs them"
