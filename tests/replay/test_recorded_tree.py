"""Where a replay finds the files of its run when the tree has moved on: real repositories, without kernels."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from mlmagic.replay.causes import causes_of, changed_since, missing_files
from mlmagic.replay.plan import ReplayPlan, why_no_folder
from mlmagic.replay.recorded_session import RecordedSession
from mlmagic.replay.running.kernel import Reply
from mlmagic.replay.running.replaying import Replayed
from mlmagic.replay.running.scratch import ScratchError
from mlmagic.replay.tree import recorded_tree
from mlmagic.replay.tree.recorded_tree import RecordedTree, may_have_folder
from mlmagic.session.log import LoggedCell
from mlmagic.snapshot.git.state import capture

SETTINGS = (
    '[user]\nname = Ana\nemail = ana@example.com\n[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n'
)


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(SETTINGS)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory, monkeypatch):
    """A temporary folder of this test's own, which must be empty at its end."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert [*folder.glob("mlmagic-copy-*")] == []


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def commit_all(root):
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "a commit")
    return git(root, "rev-parse", "HEAD")


def write(root, name, content):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q")
    write(root, "data/train.csv", "x\n1\n")
    write(root, "prepare.py", "a = 1\n")
    write(root, "notebooks/settings.json", "{}")
    write(root, ".gitignore", "big/\n*.tmp\n")
    write(root, "big/ignored.csv", "x\n7\n")
    commit_all(root)
    return root


def fact_of(path):
    return [hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size]


@pytest.fixture
def recorded(root, make_run):
    """Return a function that records that a run read files, in the tree as it is now; it returns the plan."""
    import mlflow

    def record(*names, folder="", cells=(), base=root):
        state = capture(base / folder, limit_bytes=10**6)
        tags = {"mlflow.source.git.commit": state.commit} if state.commit else {}
        run_id = make_run("it", tags=tags)
        if state.patch:
            mlflow.MlflowClient().log_text(run_id, state.patch, "mlmagic/uncommitted.patch")
        paths = [os.path.normpath(base / name) for name in names]
        read = {path: fact_of(Path(path)) for path in paths}
        given = [*cells, LoggedCell(len(cells) + 1, "score = 1", "ok", record={"bound": {}, "read": read})]
        session = RecordedSession(mlflow.MlflowClient().get_run(run_id), given)
        return ReplayPlan(session, tuple(range(len(given))), False, base / folder)

    return record


def content(plan, name, root):
    return plan.tree.place_of(root / name).read_text()


def test_a_tree_that_has_not_moved_on_is_not_copied(root, recorded):
    plan = recorded("data/train.csv", "prepare.py")
    write(root, "other.py", "never read\n")
    commit_all(root)
    with RecordedTree(plan) as tree:
        assert tree.placed(plan) == plan


def test_files_that_were_committed_and_have_changed_since(root, recorded, tmp_path):
    plan = recorded("data/train.csv", "prepare.py", "notebooks/settings.json", folder="notebooks")
    commit = git(root, "rev-parse", "HEAD")
    write(root, "data/train.csv", "x\n2\n")
    commit_all(root)
    (root / "prepare.py").unlink()
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert content(placed, "data/train.csv", root) == "x\n1\n"
        assert content(placed, "prepare.py", root) == "a = 1\n"
        assert placed.working_folder == placed.tree.place_of(root / "notebooks")
        assert Path(os.path.realpath(placed.working_folder)) == placed.working_folder
        note = changed_since(placed)
        assert note == (
            f"{root}/data/train.csv, {root}/prepare.py have changed since: run in a copy of commit {commit[:8]}"
        )
        base = placed.tree.base
    assert not base.exists()
    assert (root / "data/train.csv").read_text() == "x\n2\n"


def test_changes_that_were_not_committed_come_from_the_patch(root, recorded):
    write(root, "data/train.csv", "x\n5\n")
    write(root, "new.py", "n = 1\n")
    plan = recorded("data/train.csv", "new.py")
    write(root, "data/train.csv", "x\n6\n")
    write(root, "new.py", "n = 2\n")
    commit_all(root)
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert content(placed, "data/train.csv", root) == "x\n5\n"
        assert content(placed, "new.py", root) == "n = 1\n"
        assert changed_since(placed).endswith("and its patch")
        assert changed_since(placed).startswith("data/train.csv, new.py have changed since: ")


def test_the_history_was_rewritten(root, recorded):
    plan = recorded("data/train.csv")
    write(root, "data/train.csv", "x\n2\n")
    git(root, "commit", "-qam", "rebased", "--amend")
    with RecordedTree(plan) as tree:
        assert content(tree.placed(plan), "data/train.csv", root) == "x\n1\n"


def test_a_commit_that_was_collected_is_named_beside_the_cause(root, recorded):
    plan = recorded("data/train.csv")
    commit = plan.session.run.data.tags["mlflow.source.git.commit"]
    write(root, "data/train.csv", "x\n2\n")
    git(root, "commit", "-qam", "rebased", "--amend")
    collect_garbage(root)
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert placed.tree is None
        (cause,) = causes_of(plan.session.run, Replayed(placed))
        assert cause.evidence == (
            f"has another content than the run read; commit {commit[:8]} is not in this repository any more"
        )
        (root / "data/train.csv").unlink()
        (cause,) = missing_files(Replayed(placed))
        assert cause.evidence.startswith("is not there any more; commit ")


@pytest.mark.parametrize("is_ignored", [True, False])
def test_a_file_that_git_does_not_have(root, recorded, is_ignored):
    name = "big/ignored.csv" if is_ignored else "untracked.csv"
    write(root, name, "x\n1\n")
    plan = recorded(name)
    short = git(root, "rev-parse", "--short=8", "HEAD")
    write(root, name, "x\n2\n")
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert placed.tree is None
        (cause,) = causes_of(plan.session.run, Replayed(placed))
        assert (cause.what, cause.evidence) == (
            f"the file {name}", f"has another content than the run read; commit {short} does not have it",
        )  # fmt: skip


def test_another_content_than_that_of_the_commit_and_its_patch(root, recorded):
    write(root, "data/train.csv", "x\n5\n")
    plan = recorded("data/train.csv")
    plan.session.cells[-1].record["read"][str(root / "data/train.csv")] = ["0" * 64, 4]
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert placed.tree is None
        assert placed.not_in_git[str(root / "data/train.csv")].endswith("with its patch has another content of it")


def test_what_git_does_not_give_back_stays_as_it_is_today_in_the_copy(root, recorded):
    write(root, "untracked.csv", "u\n1\n")
    write(root, "config.yaml", "a: 1\n")
    plan = recorded("data/train.csv", "untracked.csv", "big/ignored.csv")
    write(root, "data/train.csv", "x\n2\n")
    write(root, "untracked.csv", "u\n2\n")
    commit_all(root)
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert content(placed, "data/train.csv", root) == "x\n1\n"
        assert content(placed, "untracked.csv", root) == "u\n2\n"
        assert content(placed, "big/ignored.csv", root) == "x\n7\n"
        (cause,) = causes_of(plan.session.run, Replayed(placed))
        assert cause.what == "the file untracked.csv"
        assert cause.evidence.endswith("with its patch does not have it")


def test_a_file_that_the_patch_lacks_and_that_has_not_changed_is_that_of_today(root, recorded):
    write(root, "notebooks/settings.json", '{"a": 1}')
    plan = recorded("data/train.csv", "notebooks/settings.json")
    import mlflow

    mlflow.MlflowClient().log_text(plan.session.run.info.run_id, "", "mlmagic/uncommitted.patch")
    write(root, "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert content(placed, "data/train.csv", root) == "x\n1\n"
        assert content(placed, "notebooks/settings.json", root) == '{"a": 1}'


def test_what_is_not_in_git_is_reached_from_the_copy(root, recorded, tmp_path):
    write(tmp_path, "beside/shared.csv", "s\n")
    write(root, "notebooks/x.tmp", "t\n")
    write(root, "scratch/nb/deep.tmp", "d\n")
    write(root, "scratch/nb/__pycache__/a.pyc", "p\n")
    plan = recorded("data/train.csv", "../beside/shared.csv", folder="scratch/nb")
    write(root, "data/train.csv", "x\n2\n")
    write(root, "later/module.py", "new\n")
    write(root, "data/later.csv", "new\n")
    git(root, "add", "later", "data")
    git(root, "commit", "-qm", "later")
    write(root, "later/notes.tmp", "n\n")
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        folder = placed.working_folder
        assert Path(os.path.realpath(folder)) == folder
        assert (folder / "../../data/train.csv").read_text() == "x\n1\n"
        assert (folder / "../../big/ignored.csv").read_text() == "x\n7\n"
        assert (folder / "../../../beside/shared.csv").read_text() == "s\n"
        assert (folder / "deep.tmp").read_text() == "d\n"
        assert content(placed, "notebooks/x.tmp", root) == "t\n"
        assert content(placed, "later/notes.tmp", root) == "n\n"
        for gone in ("later/module.py", "data/later.csv", "scratch/nb/__pycache__"):
            assert not os.path.lexists(placed.tree.place_of(root / gone)), gone


def test_a_folder_that_is_gone_comes_back(root, recorded):
    plan = recorded("notebooks/settings.json", folder="notebooks")
    git(root, "mv", "notebooks", "analysis")
    git(root, "commit", "-qm", "renamed")
    assert not plan.folder.exists()
    assert may_have_folder(plan)
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert why_no_folder(placed) is None
        assert (placed.working_folder / "settings.json").read_text() == "{}"
    plan = recorded(folder="big")
    shutil.rmtree(root / "big")
    with RecordedTree(plan) as tree:
        assert why_no_folder(tree.placed(plan)) == f"the folder that it ran in is not here: {root / 'big'}"


def collect_garbage(root):
    git(root, "reflog", "expire", "--expire=now", "--all")
    git(root, "gc", "-q", "--prune=now")


def test_a_folder_that_is_gone_with_its_commit(root, recorded):
    plan = recorded(folder="notebooks")
    git(root, "mv", "notebooks", "analysis")
    git(root, "commit", "-q", "--amend", "-m", "renamed")
    collect_garbage(root)
    with RecordedTree(plan) as tree:
        reason = why_no_folder(tree.placed(plan))
        assert reason.startswith(f"the folder that it ran in is not here: {root / 'notebooks'}; commit ")
        assert reason.endswith(" is not in this repository any more")


def test_links_of_the_commit(root, recorded, tmp_path):
    write(tmp_path, "outside/o.csv", "o\n")
    write(root, "store/v1/train.csv", "v\n1\n")
    (root / "current").symlink_to("store/v1")
    (root / "full").symlink_to(root / "store/v1")
    (root / "out").symlink_to("../outside")
    commit_all(root)
    write(root, "store/v1/x.tmp", "1")
    plan = recorded("current/train.csv", "full/train.csv", "out/o.csv", "current/x.tmp")
    write(root, "store/v1/train.csv", "v\n2\n")
    write(root, "store/v1/x.tmp", "2")
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert content(placed, "current/train.csv", root) == "v\n1\n"
        assert content(placed, "full/train.csv", root) == "v\n1\n"
        assert content(placed, "out/o.csv", root) == "o\n"
        assert placed.not_in_git == {f"{root}/current/x.tmp": "what git has is another content"}
        assert content(placed, "current/x.tmp", root) == "2"
        assert sorted(placed.tree.restored) == [f"{root}/current/train.csv", f"{root}/full/train.csv"]


def test_nothing_is_written_through_a_link_that_leads_out(root, recorded, tmp_path):
    write(tmp_path, "outside/o.csv", "o\n")
    (root / "out").symlink_to(tmp_path / "outside")
    commit_all(root)
    plan = recorded("data/train.csv", "out/o.csv")
    write(tmp_path, "outside/o.csv", "changed\n")
    write(root, "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        assert content(tree.placed(plan), "out/o.csv", root) == "changed\n"
    assert (tmp_path / "outside/o.csv").read_text() == "changed\n"
    assert not (tmp_path / "outside/o.csv").is_symlink()


def test_a_file_below_a_folder_that_became_a_file_or_a_link(root, recorded, tmp_path):
    plan = recorded("data/train.csv", "prepare.py")
    shutil.rmtree(root / "data")
    write(root, "data", "a file now")
    shutil.move(root / "prepare.py", tmp_path / "moved.py")
    (root / "prepare.py").mkdir()
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert content(placed, "data/train.csv", root) == "x\n1\n"
        assert content(placed, "prepare.py", root) == "a = 1\n"


def test_a_submodule_and_a_repository_within(root, recorded, tmp_path):
    git(tmp_path, "init", "-q", "inner")
    write(tmp_path / "inner", "i.csv", "1")
    commit_all(tmp_path / "inner")
    git(root, "submodule", "add", "-q", tmp_path / "inner", "sub")
    git(tmp_path, "clone", "-q", tmp_path / "inner", root / "nested")
    git(root, "add", "sub", ".gitmodules")
    git(root, "commit", "-qm", "sub")
    plan = recorded("data/train.csv", "sub/i.csv", "nested/i.csv")
    write(root, "sub/i.csv", "2")
    write(root, "nested/i.csv", "2")
    write(root, "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert content(placed, "data/train.csv", root) == "x\n1\n"
        assert content(placed, "sub/i.csv", root) == "2"
        assert placed.not_in_git[f"{root}/sub/i.csv"].startswith("it lies in a submodule")
        assert placed.not_in_git[f"{root}/nested/i.csv"].endswith("does not have it")


def test_a_pointer_of_lfs_is_not_the_file(root, recorded):
    real = "x\n" * 500
    write(root, "w.bin", real)
    plan = recorded("w.bin", "data/train.csv")
    digest = hashlib.sha256(real.encode()).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(real)}\n"
    write(root, "w.bin", pointer)
    plan.session.run.data.tags["mlflow.source.git.commit"] = commit_all(root)
    write(root, "w.bin", "trained again")
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert placed.tree is None
        assert placed.not_in_git[f"{root}/w.bin"].endswith("only a pointer to it, and Git LFS does not have it here")
    write(root, f".git/lfs/objects/{digest[:2]}/{digest[2:4]}/{digest}", real)
    with RecordedTree(plan) as tree:
        assert content(tree.placed(plan), "w.bin", root) == real


def test_a_file_that_the_session_wrote_before_it_read_it_is_no_reason_for_a_copy(root, recorded):
    made = str(root / "data/train.csv")
    cell = LoggedCell(1, "write", "ok", record={"bound": {}, "written": [made]})
    plan = recorded("data/train.csv", cells=[cell])
    write(root, "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        assert tree.placed(plan).tree is None
        assert tree.placed(plan).not_in_git == {}


def test_a_folder_that_cells_write_to_is_no_link_and_its_files_are(root, recorded):
    write(root, "out.tmp/old.csv", "o")
    write(root, "out.tmp/deep/old.csv", "d")
    written = [str(root / name) for name in ("out.tmp", "out.tmp/new.csv", "never/made.csv")]
    cell = LoggedCell(1, "write", "ok", record={"bound": {}, "written": written})
    plan = recorded("data/train.csv", cells=[cell])
    write(root, "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        folder = tree.placed(plan).tree.place_of(root / "out.tmp")
        assert not folder.is_symlink()
        assert (folder / "old.csv").read_text() == "o"
        assert (folder / "deep").is_symlink()
        shutil.rmtree(folder)
    assert (root / "out.tmp/old.csv").read_text() == "o"
    assert (root / "out.tmp/deep/old.csv").read_text() == "d"


def test_a_file_of_git_annex(root, recorded):
    write(root, ".git/annex/objects/k1", "first")
    write(root, ".git/annex/objects/k2", "second")
    (root / "data/a.csv").symlink_to("../.git/annex/objects/k1")
    commit_all(root)
    plan = recorded("data/a.csv")
    (root / "data/a.csv").unlink()
    (root / "data/a.csv").symlink_to("../.git/annex/objects/k2")
    commit_all(root)
    with RecordedTree(plan) as tree:
        assert content(tree.placed(plan), "data/a.csv", root) == "first"


def test_a_module_whose_source_is_not_in_the_record_comes_from_git(root, recorded):
    write(root, "helpers.py", "password = 'x'\n")
    commit_all(root)
    file = str(root / "helpers.py")
    fact = {"file": file, "sha256": fact_of(root / "helpers.py")[0], "source": "password = <redacted>\n"}
    other = {"file": str(root / "prepare.py"), "sha256": fact_of(root / "prepare.py")[0], "source": "a = 1\n"}
    cell = LoggedCell(1, "import helpers", "ok", record={"bound": {}, "modules": {"helpers": fact, "prepare": other}})
    plan = recorded(cells=[cell])
    write(root, "helpers.py", "password = 'y'\n")
    assert plan.changed_modules() == ["helpers"]
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert placed.changed_modules() == []
        assert placed.edited_modules() == ["helpers"]
        (served,) = placed.restored_modules()["helpers"]
        assert served["source"] == "password = 'x'\n"
        assert served["file"] == str(placed.tree.place_of(file))
        assert placed.restored_modules()["prepare"][0]["file"] == str(placed.tree.place_of(root / "prepare.py"))


def replayed(plan, read, **more):
    """Return a replay of the last cell of *plan* that read these files, in the copy's paths."""
    facts = {str(path): fact_of(Path(path)) for path in read}
    done = Replayed(plan, **more)
    done.past_copy = plan.tree.read_past_it(facts)
    done.records = plan.tree.as_recorded([{"record": {"read": facts}}])
    return done


def test_a_full_path_leads_past_the_copy_and_the_cause_says_so(root, recorded):
    plan = recorded("data/train.csv", "prepare.py")
    write(root, "data/train.csv", "x\n2\n")
    write(root, "prepare.py", "a = 2\n")
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        in_copy = [placed.tree.place_of(root / name) for name in ("data/train.csv", "prepare.py")]
        assert causes_of(plan.session.run, replayed(placed, in_copy)) == []
        both = replayed(placed, [*in_copy, root / "data/train.csv"])
        (cause,) = causes_of(plan.session.run, both)
        assert cause.what == "the file data/train.csv"
        assert "a full path leads to the file of today, past the copy of commit" in cause.evidence


def test_a_copy_that_a_replay_may_have_changed_is_made_anew(root, recorded):
    plan = recorded("data/train.csv")
    write(root, "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        first = tree.placed(plan).tree
        tree.ended(Replayed(plan, records=[{"record": {"read": {}}}]))
        assert tree.placed(plan).tree == first
        (first.place_of(root / "data/train.csv")).write_text("dirty")
        tree.ended(Replayed(plan, records=[{"record": {"written": ["/x"]}}]))
        assert not first.base.exists()
        assert causes_of(plan.session.run, Replayed(tree.placed(plan))) == []
        second = tree.placed(plan).tree
        assert content(tree.placed(plan), "data/train.csv", root) == "x\n1\n"
        tree.ended(Replayed(plan, stopped="it died"))
        assert not second.base.exists()


def test_a_copy_whose_kernel_is_kept_outlives_the_reproduction(root, recorded, monkeypatch):
    at_exit = []
    monkeypatch.setattr(recorded_tree.atexit, "register", at_exit.append)
    plan = recorded("data/train.csv")
    write(root, "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        base = tree.placed(plan).tree.base
        tree.ended(Replayed(plan, kernel=object(), records=[{"record": {}}]))
    assert base.exists()
    at_exit[0]()
    assert not base.exists()


def test_without_room_it_says_how_much_is_needed(root, recorded, monkeypatch, temporary):
    plan = recorded("data/train.csv")
    write(root, "data/train.csv", "x\n2\n")
    usage = namedtuple("usage", "total used free")  # noqa: PYI024  # what shutil returns
    with RecordedTree(plan) as tree:
        tree.ended(Replayed(plan))
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 1000))
        with pytest.raises(ScratchError, match="set TMPDIR"):
            tree.placed(plan)
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert placed.tree is None
        assert f"are free in {temporary}: set TMPDIR" in placed.not_in_git[f"{root}/data/train.csv"]


def test_an_interrupt_while_it_is_copied_leaves_nothing(root, recorded, monkeypatch):
    plan = recorded("data/train.csv")
    write(root, "data/train.csv", "x\n2\n")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(recorded_tree, "complete", interrupt)
    with pytest.raises(KeyboardInterrupt), RecordedTree(plan):
        pass


def test_a_folder_that_is_in_no_repository_and_one_whose_repository_lies_below(root, recorded, tmp_path):
    (tmp_path / "plain").mkdir()
    write(tmp_path, "plain/a.csv", "1")
    plain = recorded("a.csv", base=tmp_path / "plain")
    above = recorded("project/data/train.csv", base=tmp_path)
    write(tmp_path, "plain/a.csv", "2")
    write(root, "data/train.csv", "x\n2\n")
    for plan in (plain, above):
        with RecordedTree(plan) as tree:
            placed = tree.placed(plan)
            assert (placed.tree, dict(placed.not_in_git)) == (None, {})


def test_paths_of_variables_lead_into_the_copy_where_it_has_them(root, recorded):
    plan = recorded("data/train.csv")
    write(root, "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        copy = tree.placed(plan).tree
        given = {
            "PROJECT_ROOT": str(root), "PYTHONPATH": f"{root}/data:/usr/lib", "BIG": f"{root}/big", "NAME": "data",
            "NEW": f"{root}/never", "URL": f"https://x{root}",
        }  # fmt: skip
        assert copy.variables(given) == {
            **given, "PROJECT_ROOT": str(copy.place_of(root)), "PYTHONPATH": f"{copy.place_of(root)}/data:/usr/lib",
        }  # fmt: skip


def test_a_failure_names_the_original_path(root, recorded):
    plan = recorded("data/train.csv")
    write(root, "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        reply = Reply("error", "FileNotFoundError", f"no {placed.tree.place_of(root / 'gone.csv')}")
        assert placed.tree.as_recorded(reply.message) == f"no {root}/gone.csv"


@pytest.mark.parametrize("name", ["with space.csv", "ünï.csv", "a\nb.csv", 'quo"te.csv', "[x].csv", "-dash"])
def test_odd_names(root, recorded, name):
    write(root, f"odd {name}/{name}", "1")
    commit_all(root)
    plan = recorded(f"odd {name}/{name}")
    write(root, f"odd {name}/{name}", "2")
    with RecordedTree(plan) as tree:
        assert content(tree.placed(plan), f"odd {name}/{name}", root) == "1"


def test_a_linked_work_tree_that_shares_the_repository(root, recorded, tmp_path):
    git(root, "worktree", "add", "-q", "--detach", tmp_path / "linked")
    plan = recorded("data/train.csv", base=tmp_path / "linked")
    write(tmp_path / "linked", "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        assert content(tree.placed(plan), "data/train.csv", tmp_path / "linked") == "x\n1\n"


@pytest.mark.parametrize(
    "read", [None, [], {"a": 1}, {"/a": []}, {"relative": ["x", 1]}, {"/a\0b": ["x", 1]}, {"/a/../b": ["x", 1]}]
)
def test_a_record_that_makes_no_sense_is_no_error(recorded, read):
    plan = recorded()
    plan.session.cells[-1].record |= {"read": read, "written": [1, "a\0"], "folder": 5}
    with RecordedTree(plan) as tree:
        assert tree.placed(plan) == plan


@pytest.mark.parametrize("commit", ["--upload-pack=x", "main", "f" * 40])
def test_a_commit_of_a_foreign_record(root, recorded, commit):
    plan = recorded("data/train.csv")
    plan.session.run.data.tags["mlflow.source.git.commit"] = commit
    write(root, "data/train.csv", "x\n2\n")
    with RecordedTree(plan) as tree:
        placed = tree.placed(plan)
        assert placed.tree is None
        assert str(root / "data/train.csv") in placed.not_in_git
