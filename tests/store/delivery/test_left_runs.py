"""The runs that dead processes left in journals, taken as a whole."""

import os
from pathlib import Path

import pytest
from planted import began

from mlmagic.journal import folder
from mlmagic.journal.file import Journal
from mlmagic.journal.records import Bound, Closed, Ended, Param
from mlmagic.journal.survey import Left
from mlmagic.store.delivery.left_runs import LeftRun, adopt, by_run, first, not_this_store


@pytest.fixture
def place(tmp_path, store_uri):
    made = tmp_path / "journals"
    made.mkdir()
    return made


@pytest.fixture
def leave(place, store_uri):
    """A function that leaves a journal of a dead process, with these records after its first."""

    def make(name, *records, store=store_uri, **fields):
        journal = Journal.create(place / f"{name}.journal")
        record = began(store, **fields)
        journal.append(record)
        for one in records:
            journal.append(one)
        journal.close()
        opened = Journal.open(journal.path)
        left = Left(journal.path, opened.beginning(), opened.ends_closed())
        opened.close()
        return left

    return make


def test_the_journals_of_one_run_come_together_in_their_order(leave, store_uri):
    lefts = [leave("1", uid="a"), leave("2", uid="b"), leave("3", uid="a", resumed=True), leave("4", uid="c")]
    runs = by_run(lefts)
    assert [[one.path.stem for one in run.journals] for run in runs] == [["1", "3"], ["2"], ["4"]]
    assert [run.began.uid for run in runs] == ["a", "b", "c"]
    assert {run.uri for run in runs} == {store_uri}


@pytest.mark.parametrize(("most", "taken"), [(1, 1), (2, 1), (3, 2), (4, 3), (100, 3)])
def test_a_run_is_never_divided(leave, most, taken):
    runs = by_run([leave("1", uid="a"), leave("2", uid="a"), leave("3", uid="b"), leave("4", uid="c")])
    now, later = first(runs, most)
    assert len(now) == taken
    assert [*now, *later] == runs


def test_of_no_runs_there_are_no_first():
    assert first([], 5) == ([], [])


@pytest.mark.parametrize(
    ("store", "usable"),
    [
        ("{current}", True),
        ("sqlite:////elsewhere/mlflow.db", True),
        ("http://tracking:5000", False),
        ("postgresql://<redacted>@host/db", False),
        ("sqlite:////home/<redacted>/mlflow.db", False),
    ],
)
def test_a_server_gets_records_only_while_it_is_the_one_that_is_set(leave, store_uri, store, usable):
    (run,) = by_run([leave("1", store=store.format(current=store_uri))])
    assert run.uri == (store.format(current=store_uri) if usable else None)


def test_a_server_that_is_set_now_is_used_with_its_password(leave, store_uri):
    import mlflow

    mlflow.set_tracking_uri("http://ana:hunter2secret@tracking:5000")
    (run,) = by_run([leave("1", store="http://<redacted>@tracking:5000")])
    assert run.uri == "http://ana:hunter2secret@tracking:5000"


def test_what_to_do_about_another_store_is_told():
    told = not_this_store(began("http://tracking:5000", name="forest"))
    assert told == (
        "the run 'forest' belongs to the store http://tracking:5000: set MLFLOW_TRACKING_URI to it, and %mlmagic sync again"
    )
    assert "http://<redacted>@tracking, whose password is not kept: set" in not_this_store(
        began("http://<redacted>@tracking")
    )


def test_all_journals_of_a_run_are_adopted_and_locked(leave, store_uri):
    run = by_run([leave("1", Param("lr", "1"), Bound("r1", "/x"), uid="a"), leave("2", Ended("FINISHED", 5), uid="a")])[
        0
    ]
    deliveries, problem = adopt(run)
    assert problem is None
    assert [delivery.journal.path.stem for delivery in deliveries] == ["1", "2"]
    assert [delivery.was_killed for delivery in deliveries] == [True, False]
    assert [delivery.run_id for delivery in deliveries] == ["r1", None]
    assert adopt(run) == ([], None)  # somebody has it
    for delivery in deliveries:
        delivery.journal.close()
    again, _ = adopt(run)
    assert len(again) == 2
    for delivery in again:
        delivery.journal.close()


def test_a_run_of_which_another_process_has_one_journal_is_left_whole(leave):
    run = by_run([leave("1", uid="a"), leave("2", uid="a")])[0]
    other = Journal.adopt(run.journals[1].path)
    assert adopt(run) == ([], None)
    other.close()
    deliveries, _ = adopt(run)
    assert len(deliveries) == 2
    for delivery in deliveries:
        delivery.journal.close()


def test_a_run_that_is_gone_is_nothing(leave):
    run = by_run([leave("1")])[0]
    run.journals[0].path.unlink()
    assert adopt(run) == ([], None)


def test_a_delivered_journal_is_put_away(leave, place):
    run = by_run([leave("1", Ended("FINISHED", 5), Closed(), uid="a"), leave("2", uid="a")])[0]
    (delivery,), problem = adopt(run)
    assert (delivery.journal.path.stem, problem) == ("2", None)
    assert [path.name for path in folder.journals(place)] == ["2.journal"]
    delivery.journal.close()


def test_a_journal_that_changed_since_the_survey_is_left(leave, place):
    run = by_run([leave("1")])[0]
    path = run.journals[0].path
    path.write_bytes(path.read_bytes().replace(b"planted", b"another"))
    assert adopt(run) == ([], None)
    assert path.exists()


def test_a_journal_of_a_newer_version_is_told(leave):
    from mlmagic.journal.lines import _line, seed_of

    run = by_run([leave("1")])[0]
    path = run.journals[0].path
    with path.open("ab") as file:
        file.write(_line('["unheard","of"]', seed_of(path.name)))
    assert adopt(run) == ([], f"{path} was written by a newer mlmagic: update mlmagic to deliver it")
    assert Journal.adopt(path).is_on_disk


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_journal_that_cannot_be_read_is_told(leave):
    run = by_run([leave("1")])[0]
    path = run.journals[0].path
    path.unlink()
    path.symlink_to("/dev/null")
    assert adopt(run) == ([], f"{path} cannot be read: it is a link")
    elsewhere = LeftRun(run.uri, (Left(Path("/dev/null/x.journal"), run.began, False),))
    assert adopt(elsewhere)[1].startswith("/dev/null/x.journal cannot be read: ")
