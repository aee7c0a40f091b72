"""The tags of a run: the user's own, and where its code is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlmagic.recording.notices import Notices
from mlmagic.recording.options import Origin, TrackOptions
from mlmagic.recording.tags import source_tags, user_tags
from mlmagic.recording.tracebacks import traceback_text
from mlmagic.snapshot.git.state import GitState

TOKEN = "ghp_" + "a1B2" * 9


def tags_of(**options):
    notices = Notices()
    return user_tags(TrackOptions(**options), notices), [notice.text for notice in notices.all()]


def test_the_users_tags_and_the_description():
    assert tags_of(tags={"team": "vision"}, description="to see") == (
        {"team": "vision", "mlflow.note.content": "to see"},
        [],
    )
    assert tags_of() == ({}, [])
    assert tags_of(description="") == ({}, [])


def test_a_key_that_mlflow_refuses_is_spelled_out_and_said():
    tags, lines = tags_of(tags={"p@5": "1", "p@5 ": "2"})
    assert len(tags) == 2
    assert all("@" not in key for key in tags)
    assert len(lines) == 2
    assert "tag key 'p@5'" in lines[0]


def test_secrets_in_keys_values_and_description_are_redacted_and_counted():
    tags, lines = tags_of(tags={"api_key": "short-one", TOKEN: "x", "note": TOKEN}, description=f"with {TOKEN}")
    everything = f"{tags}{lines}"
    assert TOKEN not in everything
    assert "short-one" not in everything
    assert tags["api_key"] == "<redacted>"
    assert lines[-1] == "4 secrets redacted in tags and description"
    assert tags_of(tags={"note": TOKEN})[1] == ["1 secret redacted in tags and description"]


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "repo" / "notebooks").mkdir(parents=True)
    return tmp_path / "repo"


NAMES = {
    "in the repository": ("repo/notebooks/a.ipynb", "notebooks/a.ipynb"),
    "at its root": ("repo/a.ipynb", "a.ipynb"),
    "outside of it": ("elsewhere/a.ipynb", None),
    "with a token in its name": (f"repo/{TOKEN}.ipynb", "<redacted>.ipynb"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_named_below_the_root_of_its_repository(name, repository, tmp_path):
    file, expected = NAMES[name]
    origin = Origin("x", kind="NOTEBOOK", notebook=tmp_path / file, folder=repository / "notebooks")
    tags = source_tags(origin, GitState(root=repository.resolve()))
    assert tags["mlflow.source.type"] == "NOTEBOOK"
    assert tags["mlflow.source.name"] == (expected or (tmp_path / file).resolve().as_posix())


@pytest.mark.parametrize("state", [None, GitState()])
def test_without_a_repository_it_is_named_below_its_folder(state, tmp_path):
    origin = Origin("x", notebook=tmp_path / "sub" / "a.py", folder=tmp_path)
    assert source_tags(origin, state) == {"mlflow.source.type": "LOCAL", "mlflow.source.name": "sub/a.py"}


@pytest.mark.parametrize(("kind", "name"), [("NOTEBOOK", "unsaved notebook"), ("LOCAL", "interactive")])
def test_code_without_a_file_has_a_name_too(kind, name):
    assert source_tags(Origin("x", kind=kind), None) == {"mlflow.source.type": kind, "mlflow.source.name": name}


STATES = {
    "all": (
        GitState(Path("/r"), "c0ffee", "main", True, "https://example.org/r.git"),
        {"mlmagic.git.dirty": "true", "mlflow.source.git.commit": "c0ffee", "mlflow.source.git.branch": "main", "mlflow.source.git.repoURL": "https://example.org/r.git"},
    ),
    "clean": (GitState(Path("/r"), "c0ffee", "main", False), {"mlmagic.git.dirty": "false", "mlflow.source.git.commit": "c0ffee", "mlflow.source.git.branch": "main"}),
    "no commit yet": (GitState(Path("/r"), None, None, True), {"mlmagic.git.dirty": "true"}),
    "a detached head": (GitState(Path("/r"), "c0ffee", None, None), {"mlflow.source.git.commit": "c0ffee"}),
    "no repository": (GitState(None, "c0ffee", "main", True), {}),
    "a branch with a token": (GitState(Path("/r"), None, TOKEN, None), {"mlflow.source.git.branch": "<redacted>"}),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_the_state_of_the_repository_is_tagged_as_far_as_it_is_known(name):
    state, expected = STATES[name]
    tags = source_tags(Origin("x"), state)
    assert {key: value for key, value in tags.items() if "git" in key} == expected


def failing(module):
    """Return the exception of code in *module*, called by code of IPython's and of the user's."""
    namespaces = {name: {"__name__": name} for name in ("IPython.core", "mlmagic.tracking", module)}
    exec(compile("def f(): return 1 / 0", "<user>", "exec"), namespaces[module])
    exec(compile("def run(f): return f()", "<mlmagic>", "exec"), namespaces["mlmagic.tracking"])
    exec(compile("def cell(run, f): return run(f)", "<ipython>", "exec"), namespaces["IPython.core"])
    try:
        namespaces["IPython.core"]["cell"](namespaces["mlmagic.tracking"]["run"], namespaces[module]["f"])
    except ZeroDivisionError as error:
        error.__traceback__ = error.__traceback__.tb_next  # without this test's own frame
        return error
    raise AssertionError


def test_a_traceback_begins_with_the_users_code():
    text = traceback_text(failing("__main__"))
    assert text.startswith("Traceback (most recent call last):\n")
    assert "<user>" in text
    assert "<mlmagic>" not in text
    assert "<ipython>" not in text
    assert text.endswith("ZeroDivisionError: division by zero\n")


def test_an_error_of_mlmagics_own_keeps_its_last_frame():
    assert "<user>" in traceback_text(failing("mlmagic.api"))


def test_a_module_that_only_begins_alike_is_the_users():
    assert "<user>" in traceback_text(failing("mlmagician"))
    assert "in f\n" in traceback_text(failing("IPythonic.tools"))


def test_an_exception_that_was_never_raised_and_one_with_a_cause():
    assert traceback_text(ValueError("x")) == "ValueError: x\n"
    error = ValueError("outer")
    error.__cause__ = failing("__main__")
    text = traceback_text(error)
    assert "The above exception was the direct cause" in text
    assert text.endswith("ValueError: outer\n")
