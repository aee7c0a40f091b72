"""Changes of recorded runs: what a person adds to a run afterwards, and what is refused."""

import sqlite3

import pytest

import mlmagic
from mlmagic.errors import RunNotFoundError, StoreError, UsageProblem
from mlmagic.store.changes import run_changes

TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def run(make_run):
    return mlmagic.Run(make_run("forest", tags={"team": "vision"}))


def test_a_note_is_set_changed_and_removed(run):
    assert run.note == ""
    run.set_note("  the baseline of June\n")
    assert run.note == "the baseline of June"
    run.set_note("another")
    assert run.note == "another"
    run.set_note("")
    assert run_changes.NOTE not in run.tags
    run.set_note("")


def test_tags_are_added_changed_and_removed(run):
    run.set_tags({"stage": "draft", "team": "risk", "x": 5})
    assert {"stage": "draft", "team": "risk", "x": "5"}.items() <= run.tags.items()
    run.set_tags({"stage": None, "never there": None})
    assert "stage" not in run.tags
    assert run.tags["team"] == "risk"


def test_a_tag_that_another_process_has_removed_is_no_error(run):
    assert run_changes.set_tags([run.id], {"gone": None}) == 0


@pytest.mark.parametrize("value", ["<b>bold</b>", "$5 and $6", "שלום", "a\nb", "x" * 8000, ""])
def test_any_text_is_kept_as_it_is(run, value):
    run.set_tags({"odd": value})
    assert run.tags["odd"] == value


def test_secrets_are_redacted_in_notes_and_tags_and_counted(run):
    assert run_changes.set_note(run.id, f"made with {TOKEN}") == 1
    assert run_changes.set_tags([run.id], {"api_key": "hunter2hunter2", "plain": f"token {TOKEN}"}) >= 2
    stored = " ".join(run.tags.values())
    assert TOKEN not in stored
    assert "hunter2hunter2" not in stored


@pytest.mark.parametrize(
    ("tags", "match"),
    [
        ({"mlflow.user": "me"}, "'mlflow.user' is reserved: mlflow writes .* Call it 'user'"),
        ({"mlmagic.star": "true"}, "'mlmagic.star' is reserved"),
        ({"mlmagic.id": None}, "'mlmagic.id' is reserved"),
        ({"": "x"}, "A tag needs a name"),
        ({"  ": "x"}, "A tag needs a name"),
        ({"a@b": "x"}, "MLflow does not take the tag name 'a@b'"),
        ({"../a": "x"}, "MLflow does not take the tag name"),
        ({"x" * 251: "x"}, "MLflow does not take the tag name"),
        ({"long": "x" * 8001}, "The value of the tag 'long' has 8,001 characters, and MLflow keeps 8,000"),
        ({TOKEN: "x"}, "name of a tag must not be a secret"),
    ],
)
def test_what_is_refused_changes_nothing(run, tags, match):
    before = run.tags
    with pytest.raises(UsageProblem, match=match):
        run.set_tags({"good": "x", **tags})
    assert run.tags == before


def test_a_long_note_is_refused_because_mlflow_would_cut_it(run):
    with pytest.raises(UsageProblem, match="The note has 9,000 characters"):
        run.set_note("x" * 9000)
    assert run.note == ""


def test_a_note_is_text(run):
    with pytest.raises(UsageProblem, match=r"Run\.set_note: text is text, not 5"):
        run.set_note(5)


def test_a_star_and_the_archive_are_tags_that_can_be_taken_back(run):
    run.star()
    run.archive()
    assert run.tags["mlmagic.star"] == run.tags["mlmagic.archived"] == "true"
    assert run_changes.is_archived(run.tags)
    run.star(on=False)
    run.archive(on=False)
    assert not {"mlmagic.star", "mlmagic.archived"} & run.tags.keys()


def test_a_deleted_run_is_restored_and_its_nested_runs_stay(make_run):
    parent = make_run("parent")
    make_run("child", tags={"mlflow.parentRunId": parent})
    mlmagic.Run(parent).delete()
    assert list(mlmagic.runs(nested=True)["name"]) == ["child"]
    mlmagic.Run(parent).restore()
    assert list(mlmagic.runs(nested=True)["name"]) == ["child", "parent"]


def test_a_run_that_was_deleted_meanwhile_is_told(run):
    run.delete()
    for change in (lambda: run.set_note("x"), run.star, lambda: run.set_tags({"team": None})):
        with pytest.raises(RunNotFoundError, match="was deleted meanwhile: restore it, then change it"):
            change()


def test_a_run_that_is_gone_for_good_is_told(store_uri):
    for change in (run_changes.delete, run_changes.restore, run_changes.star):
        with pytest.raises(RunNotFoundError, match="is not in the store any more"):
            change(["a" * 32])


def test_of_several_runs_it_says_how_many_were_changed_before_one_failed(make_run):
    first = make_run("first")
    with pytest.raises(RunNotFoundError, match=r"1 of 2 runs were changed before"):
        run_changes.star([first, "a" * 32])
    assert mlmagic.Run(first).tags["mlmagic.star"] == "true"


def test_a_store_that_cannot_be_written_is_told_in_one_line(run, store_uri):
    with sqlite3.connect(store_uri.removeprefix("sqlite:///")) as database:
        for table in ("tags", "runs"):
            for verb in ("insert", "update", "delete"):
                database.execute(
                    f"create trigger no_{verb}_{table} before {verb} on {table} "
                    "begin select raise(abort, 'attempt to write a readonly database'); end"
                )
    for change in (lambda: run.set_note("x"), run.star, run.delete, lambda: run.set_tags({"team": None})):
        with pytest.raises(StoreError, match="attempt to write a readonly database") as told:
            change()
        assert "\n" not in str(told.value)
