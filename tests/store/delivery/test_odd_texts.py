"""Texts that no store can hold, as names of files that are not UTF-8 become: the run is stored, with question marks."""

import os

import pytest

import mlmagic
from mlmagic.journal import survey
from mlmagic.journal.file import Journal
from mlmagic.journal.records import Began, Dataset, Param, Stored, Tag, UserKeys
from mlmagic.journal.schema import fits, storable

HALF = "cafe\udce9"
PAIR = "\ud83c\udf89"  # two halves, which are one character in UTF-16 only


@pytest.fixture(autouse=True)
def _loaded(store_uri, capsys):
    yield
    capsys.readouterr()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": HALF}, lambda run: run.name == "cafe?"),
        ({"tags": {"file": HALF}}, lambda run: run.tags["file"] == "cafe?"),
        ({"description": HALF}, lambda run: run.tags["mlflow.note.content"] == "cafe?"),
        ({"experiment": HALF}, lambda run: run.name == "odd"),
    ],
)
def test_a_run_with_such_a_text_is_stored(given, expected):
    with mlmagic.track(**{"name": "odd", **given}, quiet=True):
        mlmagic.log(loss=0.5)
    if "experiment" in given:
        assert list(mlmagic.runs(experiment="cafe?")["name"]) == ["odd"]
        return
    run = mlmagic.Run.find("cafe?" if "name" in given else "odd")
    assert (run.status, run.metrics) == ("FINISHED", {"loss": 0.5})
    assert expected(run)


@pytest.mark.skipif(os.name == "nt", reason="names of files are text there")
def test_a_file_and_a_folder_with_such_a_name_are_stored(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.txt").write_text("a")
    (tmp_path / f"{HALF}.txt").write_text("odd")
    with mlmagic.track("odd", quiet=True):
        mlmagic.log_artifact("mine")
        mlmagic.log_artifact(f"{HALF}.txt", "./notes/")
    run = mlmagic.Run.find("odd")
    assert {"a.txt", "notes/cafe?.txt"} <= set(run.artifacts)
    assert run.text("notes/cafe?.txt") == "odd"


@pytest.mark.parametrize(
    ("record", "stored"),
    [
        (Tag(HALF, PAIR), Tag("cafe?", "??")),
        (Param("lr", "🎉"), Param("lr", "🎉")),
        (Stored(HALF), Stored("cafe?")),
        (UserKeys([HALF, "a"], []), UserKeys(["cafe?", "a"], [])),
        (Dataset("X", "0", "local", HALF, "", "", ""), Dataset("X", "0", "local", "cafe?", "", "", "")),
        (
            Began("u", False, "", HALF, "s", "e", "", "", 5, {HALF: HALF, "a": "b"}, {"host": HALF, "pid": 1}),
            Began(
                "u", False, "", "cafe?", "s", "e", "", "", 5, {"cafe?": "cafe?", "a": "b"}, {"host": "cafe?", "pid": 1}
            ),
        ),
    ],
)
def test_each_record_is_one_that_can_be_read_back(record, stored, tmp_path):
    assert storable(record) == stored
    assert fits(type(stored), [getattr(stored, name) for name in type(stored).__slots__])
    assert (storable(stored) is stored) is True
    journal = Journal.create(tmp_path / "one.journal")
    journal.append(record)
    assert [line.record for line in journal.read()] == [stored]


def test_the_journal_of_a_dead_process_with_such_a_name_is_this_users(tmp_path):
    first = Began("u", False, "", HALF, "s", "e", "", "", 5, {"file": HALF}, {"host": "gone", "pid": 1})
    (tmp_path / "journals").mkdir()
    journal = Journal.create(tmp_path / "journals/one.journal")
    journal.append(first)
    journal.close()
    os.utime(journal.path, (1, 1))
    (left,) = survey.survey(tmp_path / "journals").left
    assert left.began.name == "cafe?"
