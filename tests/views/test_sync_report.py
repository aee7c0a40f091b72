"""What is said of a delivery, and of journals of others before they are delivered."""

from pathlib import Path

import pytest

from mlmagic.journal.foreign import ForeignJournal
from mlmagic.journal.staged_files import StagedFile
from mlmagic.journal.survey import Foreign
from mlmagic.recording.sync_report import SyncedRun, SyncReport
from mlmagic.views.foreign_journals import foreign_journals
from mlmagic.views.sync_report import foreign_line, shown_path, sync_report


def runs(count):
    return [SyncedRun(f"run {at}", "FINISHED", at) for at in range(1, count + 1)]


@pytest.mark.parametrize(
    ("report", "text"),
    [
        (SyncReport(), "nothing to deliver"),
        (SyncReport(runs(1)), "delivered run 1 (FINISHED, 1 record)"),
        (SyncReport(runs(2)), "delivered run 1 (FINISHED, 1 record), run 2 (FINISHED, 2 records)"),
        (
            SyncReport(runs(4)),
            "delivered run 1 (FINISHED, 1 record), run 2 (FINISHED, 2 records), run 3 (FINISHED, 3 records) and 1 more run",
        ),
        (
            SyncReport(runs(5)),
            "delivered run 1 (FINISHED, 1 record), run 2 (FINISHED, 2 records), run 3 (FINISHED, 3 records) and 2 more runs",
        ),
        (SyncReport(waiting=1), "1 run waits in the journal"),
        (SyncReport(waiting=2, away="refused"), "2 runs wait in the journal (refused)"),
        (SyncReport(runs(1), waiting=1), "delivered run 1 (FINISHED, 1 record); 1 run waits in the journal"),
        (SyncReport(problems=["one", "two"]), "one\ntwo"),
        (SyncReport(runs(1), problems=["a\nb"]), "delivered run 1 (FINISHED, 1 record)\na b"),
        (SyncReport([SyncedRun("a", "KILLED", 0)]), "delivered a (KILLED, 0 records)"),
        (
            SyncReport([SyncedRun("a", "FINISHED", 12_345, "0123456789", "abcdefghij")]),
            "delivered a (FINISHED, 12,345 records, run abcdefgh is now 01234567)",
        ),
    ],
)
def test_a_delivery_is_one_line_and_one_for_each_problem(report, text):
    assert sync_report(report) == text


@pytest.mark.parametrize(
    ("count", "unread", "text"),
    [
        (1, 0, "mlmagic: 1 journal is left alone (a0.journal: it is a link). %mlmagic sync --foreign shows it"),
        (2, 0, "mlmagic: 2 journals are left alone (a0.journal: it is a link). %mlmagic sync --foreign shows them"),
        (1234, 0, "mlmagic: 1,234 journals are left alone (a0.journal: it is a link). %mlmagic sync --foreign shows them"),
        (0, 1, "mlmagic: 1 journal was not looked at. %mlmagic sync does"),
        (1, 2, "mlmagic: 1 journal is left alone (a0.journal: it is a link). %mlmagic sync --foreign shows it. 2 journals were not looked at. %mlmagic sync does"),
    ],
)  # fmt: skip
def test_journals_that_were_left_alone_are_counted(count, unread, text):
    found = [Foreign(Path(f"a{at}.journal"), "it is a link") for at in range(count)]
    assert foreign_line(found, unread) == text


def test_what_was_left_alone_stands_below_what_was_delivered():
    report = SyncReport(runs(1), foreign=[Foreign(Path("a.journal"), "not signed")])
    assert sync_report(report).splitlines() == [
        "delivered run 1 (FINISHED, 1 record)",
        "mlmagic: 1 journal is left alone (a.journal: not signed). %mlmagic sync --foreign shows it",
    ]


def test_a_path_is_shown_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "a" / "b.journal") == "a/b.journal"
    assert shown_path(tmp_path.parent / "b\n.journal") == f"{tmp_path.parent}/b .journal"


def journal(**more):
    return ForeignJournal(Path("a.journal"), "it is not signed", "forest", **more)


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({}, ["the run 'forest', not ended, begun", "no params, no metrics, no tags, no datasets, no models, no files", "the default experiment", "credentials   none"]),
        ({"status": "FAILED", "user": "ana", "host": "box"}, ["the run 'forest', FAILED, begun by ana on box"]),
        ({"params": ("lr",)}, ["1 param (lr), no metrics"]),
        ({"params": tuple("abcdef")}, ["6 params (a, b, c, d, e, …)"]),
        ({"metrics": ("loss",), "values": 1}, ["1 metric of 1 value (loss)"]),
        ({"metrics": ("loss", "acc"), "values": 1234}, ["2 metrics of 1,234 values (loss, acc)"]),
        ({"tags": ("x",), "datasets": 1, "models": 2}, ["1 tag (x), 1 dataset, 2 models"]),
        ({"files": (StagedFile("a.txt", 500), StagedFile("b.bin", 2_500_000))}, ["2 files, 2.5 MB", "files         a.txt, 0.5 kB", "              b.bin, 2.5 MB"]),
        ({"files": (StagedFile("a.txt", 5, "it is a link"),)}, ["1 file, 0.0 kB", "a.txt, left out: it is a link"]),
        ({"files": (StagedFile("a", 99_999),)}, ["a, 100.0 kB"]),
        ({"files": (StagedFile("a", 100_000),)}, ["a, 0.1 MB"]),
        ({"experiment": "churn", "store": "http://other"}, ["experiment 'churn', as a run tagged mlmagic.foreign", "recorded for http://other"]),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_foreign_journal_holds_and_where_it_would_go(more, parts):
    text = foreign_journals([journal(**more)], "sqlite:///mine.db", [])
    for part in parts:
        assert part in text
    assert "would go to   sqlite:///mine.db" in text


def test_the_credentials_that_would_be_used_are_named():
    assert "credentials   A, B" in foreign_journals([journal()], "http://mine", ["A", "B"])


def test_a_journal_that_cannot_be_read_says_why_and_nothing_else():
    assert foreign_journals([journal(problem="it is cut off")], "sqlite:///mine.db", []).splitlines() == [
        "a.journal",
        "  is foreign    it is not signed",
        "  cannot be read: it is cut off",
    ]


def test_of_many_journals_and_files_the_rest_is_counted():
    files = tuple(StagedFile(f"f{at:02}", 1) for at in range(14))
    text = foreign_journals([journal(files=files)] * 23, "sqlite:///mine.db", [])
    assert text.count("is foreign") == 20
    assert text.endswith("\nand 3 more")
    assert "f11, 0.0 kB" in text
    assert "f12" not in text
    assert text.count("and 2 more") == 20
    assert foreign_journals([], "x", []) == "no journals of others are here"
