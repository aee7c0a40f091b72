"""What `git status` printed, as it is read."""

import os
import subprocess

import pytest

from mlmagic.snapshot.git.status import Status, parse_status

HEAD = ["# branch.oid 1234abcd", "# branch.head main", "# branch.upstream origin/main", "# branch.ab +0 -0"]
ORDINARY = "1 .M N... 100644 100644 100644 aaaa bbbb "
UNMERGED = "u UU N... 100644 100644 100644 100644 aaaa bbbb cccc "


def parsed(*entries):
    return parse_status("\0".join([*entries, ""]).encode("utf-8", "surrogateescape"))


def test_the_commit_the_branch_and_what_it_follows():
    assert parsed(*HEAD) == Status("1234abcd", "main", "origin/main")
    assert parsed("# branch.oid (initial)", "# branch.head (detached)") == Status()
    assert parsed() == Status()


@pytest.mark.parametrize(
    "path", ["a.py", "a b.py", "deep/x.py", "größe.py", 'a"b', "a\tb", "a\nb", "cafe\udce9.py", " x "]
)
def test_changed_untracked_and_unmerged_files_of_any_name(path):
    status = parsed(*HEAD, ORDINARY + path, f"? {path}")
    assert (status.changed, status.untracked, status.has_conflicts) == ([path], [path], False)
    status = parsed(UNMERGED + path)
    assert (status.changed, status.has_conflicts) == ([path], True)


@pytest.mark.parametrize("path", ["mlruns/0/meta.yaml", "mlflow.db", "a/__pycache__/x.pyc"])
def test_stores_and_caches_are_no_changes(path):
    assert parsed(ORDINARY + path) == Status()
    assert parsed(UNMERGED + path) == Status()


def test_what_is_ignored_or_unknown_is_nothing():
    assert parsed("! ignored.txt", "x what", "# stash 3") == Status()


def test_git_prints_it_so(tmp_path):
    """Names that Git would quote, a removal, an addition, a file that became a link, and a conflict."""
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    env |= {f"GIT_{who}_{what}": "ana@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def git(*arguments):
        return subprocess.run(["git", "-C", tmp_path, *arguments], capture_output=True, check=False, env=env).stdout

    git("init", "-q", "-b", "main")
    for name in ("a b.py", "gone.py", 'q"uote.py', "same.py", "link.py"):
        (tmp_path / name).write_text("x = 1\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    git("checkout", "-qb", "other")
    (tmp_path / "same.py").write_text("x = 2\n")
    git("commit", "-qam", "second")
    git("checkout", "-q", "main")
    (tmp_path / "same.py").write_text("x = 3\n")
    git("commit", "-qam", "third")
    git("merge", "other")
    (tmp_path / "a b.py").write_text("x = 4\n")
    (tmp_path / 'q"uote.py').write_text("x = 4\n")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "link.py").unlink()
    (tmp_path / "link.py").symlink_to("a b.py")
    (tmp_path / "new größe.py").write_text("x = 5\n")
    status = parse_status(git("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames"))
    assert sorted(status.changed) == ["a b.py", "gone.py", "link.py", 'q"uote.py', "same.py"]
    assert status.untracked == ["new größe.py"]
    assert status.has_conflicts
    assert (status.branch, len(status.commit)) == ("main", 40)
