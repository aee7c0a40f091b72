"""The submodules with uncommitted changes."""

import os
import subprocess
import time

import pytest

from mlmagic.snapshot.git.submodules import changed_submodules


@pytest.fixture
def git(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / ".gitconfig").write_text("[user]\nname = Ana\nemail = ana@example.org\n")

    def run(folder, *arguments):
        subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, env=os.environ)

    return run


@pytest.fixture
def root(tmp_path, git):
    """A folder with repositories in it; `.gitmodules` names some of them."""
    made = tmp_path / "root"
    for name in ("plain", "with space", "größe", "deep/er", "unnamed"):
        folder = made / name
        folder.mkdir(parents=True)
        git(folder, "init", "-q")
        (folder / "a.py").write_text("x = 1\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "first")
    names = ("plain", '"with space"', "größe", "  deep/er  ", "missing", "../outside", "/etc", "plain")
    modules = "".join(f'[submodule "{at}"]\n\tpath = {name}\n\turl = x\n' for at, name in enumerate(names))
    (made / ".gitmodules").write_text(modules)
    return made


def changed(root):
    return changed_submodules(root, time.monotonic() + 60)


@pytest.mark.parametrize("name", ["plain", "with space", "größe", "deep/er"])
def test_a_submodule_of_any_name_has_changed_when_a_tracked_file_has(root, name):
    assert changed(root) == []
    (root / name / "new.py").write_text("x = 1\n")
    assert changed(root) == []
    (root / name / "a.py").write_text("x = 2\n")
    assert changed(root) == [name]


def test_only_what_is_named_is_a_submodule(root):
    (root / "unnamed/a.py").write_text("x = 2\n")
    assert changed(root) == []
    (root / ".gitmodules").unlink()
    assert changed(root) == []


def test_a_link_in_place_of_a_submodule_is_not_looked_into(root):
    (root / "plain").rename(root.parent / "elsewhere")
    (root / "plain").symlink_to(root.parent / "elsewhere")
    (root.parent / "elsewhere/a.py").write_text("x = 2\n")
    assert changed(root) == []


def test_of_very_many_submodules_the_first_are_looked_at(root):
    text = "".join(f'[submodule "{at}"]\npath = m{at}\n' for at in range(50))
    (root / ".gitmodules").write_text(f'{text}[submodule "plain"]\npath = plain\n')
    (root / "plain/a.py").write_text("x = 2\n")
    assert changed(root) == []
