"""The staged files of a journal on their way into the store."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from mlmagic.journal.file import Journal
from mlmagic.journal.records import Copy, File, Part
from mlmagic.snapshot.parts import part_of
from mlmagic.store import shared_parts
from mlmagic.store.delivery.uploading import Upload

RUN_ID = "a" * 32


@pytest.fixture
def journal(tmp_path):
    return Journal.create(tmp_path / "one.journal")


@pytest.fixture
def run(tmp_path, store_uri):
    info = SimpleNamespace(
        run_id=RUN_ID, experiment_id="0", artifact_uri=str(tmp_path / "store/0" / RUN_ID / "artifacts")
    )
    Path(info.artifact_uri).mkdir(parents=True)
    return SimpleNamespace(info=info)


@pytest.fixture
def upload(journal, run, tmp_path, store_uri):
    """A function that uploads what the journal names, by an upload that lives on."""
    made = Upload(journal)

    def go():
        records = [line.record for line in journal.read()]
        made.files(records, run, str(tmp_path / "store/0"), store_uri)
        return made

    return go


def stored(run):
    root = Path(run.info.artifact_uri)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def mine(tmp_path):
    """A folder and a file of the user's."""
    folder = tmp_path / "mine"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"a")
    (folder / "deep/b.bin").write_bytes(b"b")
    (tmp_path / "notes.txt").write_bytes(b"notes")
    return folder


@pytest.mark.parametrize(
    ("folder", "files"),
    [
        ("", {"a.bin": b"a", "deep/b.bin": b"b"}),
        ("data", {"data/a.bin": b"a", "data/deep/b.bin": b"b"}),
        ("/data/", {"data/a.bin": b"a", "data/deep/b.bin": b"b"}),
        ("./data//more", {"data/more/a.bin": b"a", "data/more/deep/b.bin": b"b"}),
        (".", {"a.bin": b"a", "deep/b.bin": b"b"}),
        ("data/../other", {"other/a.bin": b"a", "other/deep/b.bin": b"b"}),
        ("../../elsewhere", {"elsewhere/a.bin": b"a", "elsewhere/deep/b.bin": b"b"}),
        (".hidden", {".hidden/a.bin": b"a", ".hidden/deep/b.bin": b"b"}),
    ],
)
def test_a_folder_of_the_users_is_stored_under_any_name_of_its_place(journal, run, upload, mine, *, folder, files):
    journal.keep_copy(folder, mine)
    done = upload()
    assert stored(run) == files
    assert (done.refused, done.waits) == ([], {})
    assert done.is_done(next(journal.read()).record)


@pytest.mark.parametrize(
    ("folder", "path"),
    [("", "notes.txt"), ("a", "a/notes.txt"), ("./a/", "a/notes.txt"), ("a//b", "a/b/notes.txt"), ("/", "notes.txt")],
)
def test_a_file_of_the_users_is_stored_under_any_name_of_its_place(journal, run, upload, mine, *, folder, path):
    journal.keep_copy(folder, mine.parent / "notes.txt")
    assert upload().refused == []
    assert stored(run) == {path: b"notes"}


def test_a_file_whose_name_is_no_text_is_stored_under_one_that_is(journal, run, upload, tmp_path):
    source = tmp_path / "cafe\udce9.csv"
    source.write_bytes(b"x")
    journal.keep_copy("data", source)
    assert next(journal.read()).record == Copy("data/cafe?.csv")
    assert upload().refused == []
    assert stored(run) == {"data/cafe?.csv": b"x"}


def test_a_folder_that_waits_is_not_done_before_its_last_file(journal, run, upload, mine, monkeypatch):
    journal.keep_copy("data", mine)
    (record,) = [line.record for line in journal.read()]
    original = LocalArtifactRepository.log_artifact

    def refuse(self, file, path=None):
        if file.endswith("b.bin"):
            raise OSError(28, "No space left on device")
        original(self, file, path)

    with monkeypatch.context() as patched:
        patched.setattr(LocalArtifactRepository, "log_artifact", refuse)
        patched.setattr(LocalArtifactRepository, "log_artifacts", lambda *_: refuse(None, "b.bin"))
        waiting = upload()
        assert not waiting.is_done(record)
        assert waiting.waiting() == (
            f"data/deep/b.bin could not be stored: No space left on device; kept in {journal.staging.path}"
        )
        assert stored(run) == {"data/a.bin": b"a"}
    assert upload().is_done(record)
    assert waiting.waits == {}
    assert set(stored(run)) == {"data/a.bin", "data/deep/b.bin"}


def test_what_the_journal_does_not_name_stays(journal, run, upload):
    journal.keep_file("a.txt", b"a")
    (journal.staging.artifacts / "stray.txt").write_bytes(b"stray")
    (journal.staging.artifacts / "a.txt.more").write_bytes(b"more")
    upload()
    assert stored(run) == {"a.txt": b"a"}


@pytest.mark.parametrize(
    "damage", [lambda file: file.write_bytes(b"B"), lambda file: file.write_bytes(b"bb"), Path.unlink]
)
def test_a_damaged_file_is_told_once_and_the_others_are_stored(journal, run, upload, damage):
    journal.keep_file("a.txt", b"a")
    journal.keep_file("b.txt", b"b")
    damage(journal.staging.artifacts / "b.txt")
    done = upload()
    assert done.newly_refused() == ["b.txt was damaged before it was stored"]
    assert stored(run)["a.txt"] == b"a"
    upload()
    assert done.newly_refused() == []


def test_a_part_goes_to_the_folder_of_the_experiment(journal, run, upload, tmp_path):
    shared_parts.forget()
    part = part_of(b"x = 1")
    journal.keep_part(part.digest, part.packed)
    assert upload().is_done(Part(part.digest, 0, 0))
    assert (tmp_path / f"store/0/mlmagic/parts/{part.digest}.gz").read_bytes() == part.packed
    assert stored(run) == {}


@pytest.mark.parametrize(
    ("earlier", "part", "after", "before", "whole"),
    [
        (None, b"x = 1\n", "\n\n# %%\n", "# %%\n", "# %%\nx = 1\n"),
        (b"a = 1\n", b"x = 1\n", "\n\n# %%\n", "# %%\n", "# %%\na = 1\n\n# %%\nx = 1\n"),
        (b"# %%\na = 1\n", b"x = 1\n", "\n\n# %%\n", "# %%\n", "# %%\na = 1\n\n# %%\nx = 1\n"),
        (b"# %%\na = 1\n\n# %%\nx = 1\n", b"x = 1\n", "\n\n# %%\n", "# %%\n", "# %%\na = 1\n\n# %%\nx = 1\n"),
        (b"one\r\n", b"two", "\n", "", "one\ntwo"),
        ("größe".encode(), "größer".encode(), "\n", "", "größe\ngrößer"),
    ],
)
def test_a_continued_text_follows_what_earlier_cells_stored(
    journal, run, upload, *, earlier, part, after, before, whole
):
    if earlier is not None:
        (Path(run.info.artifact_uri) / "cell.py").write_bytes(earlier)
    journal.keep_file("cell.py", part, after=after, before=before)
    for _ in range(2):  # an interrupted delivery does it again
        assert upload().refused == []
        assert stored(run) == {"cell.py": whole.encode()}
    again = Upload(journal)
    again.files(
        [line.record for line in journal.read()], run, str(Path(run.info.artifact_uri).parent.parent), "sqlite:///x"
    )
    assert stored(run) == {"cell.py": whole.encode()}


def test_a_place_that_is_not_the_runs_own_gets_nothing(journal, run, upload, tmp_path):
    journal.keep_file("a.txt", b"a")
    run.info.artifact_uri = str(tmp_path / "home")
    done = upload()
    assert done.waiting().startswith("a.txt could not be stored: the store puts them into")
    assert not (tmp_path / "home").exists()
    assert not done.is_done(File("a.txt"))


def test_many_files_that_wait_are_counted_and_two_failures_are_enough(journal, run, upload, monkeypatch):
    for at in range(5):
        journal.keep_file(f"{at}.txt", b"x" * (5 - at))
    asked = []

    def refuse(self, file, path=None):
        asked.append(Path(file).name)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LocalArtifactRepository, "log_artifact", refuse)
    monkeypatch.setattr(LocalArtifactRepository, "log_artifacts", lambda *_: refuse(None, "folder"))
    waiting = upload()
    assert asked == ["folder", "4.txt", "3.txt"]
    assert waiting.waiting().startswith("4.txt and 4 more could not be stored: No space left on device; kept in")
