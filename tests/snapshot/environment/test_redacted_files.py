"""The environment as the texts that each run records."""

import json
from dataclasses import replace

import pytest

from mlmagic.snapshot.environment import redacted_files
from mlmagic.snapshot.environment.distributions import Distribution
from mlmagic.snapshot.environment.environment import capture
from mlmagic.snapshot.environment.redacted_files import files_of
from mlmagic.snapshot.secrets import known_values


@pytest.fixture
def written(monkeypatch):
    """How often the texts were written."""
    redacted_files._last.clear()
    times, write = [], redacted_files._written
    monkeypatch.setattr(redacted_files, "_written", lambda found: times.append(1) or write(found))
    yield times
    redacted_files._last.clear()


def test_the_texts_are_written_again_only_for_another_environment_or_a_new_secret(written):
    found = capture()
    first = files_of(found)
    assert files_of(found) is first
    assert files_of(replace(found)) is first
    assert len(written) == 1
    other = replace(found, variables={"OMP_NUM_THREADS": "3"})
    assert files_of(other) is not first
    known_values.learn(["Qx7!kLm2vB9z"])
    files_of(other)
    files_of(other)
    assert len(written) == 3


def test_a_secret_in_a_setting_or_an_address_is_redacted_and_counted(written):
    found = replace(
        capture(),
        variables={"XLA_FLAGS": "--token=ghp_" + "a1B2" * 9},
        installed={
            "x": Distribution("x", "1", "", {"url": "https://ana:hunter2x@e.org/x.git", "vcs_info": {"commit_id": "a"}})
        },
    )
    files = files_of(found)
    assert json.loads(files.environment.text)["variables"] == {"XLA_FLAGS": "--token=<redacted>"}
    assert files.environment.count == 1
    assert "x @ git+https://<redacted>@e.org/x.git@a" in files.requirements.text
    assert files.requirements.count == 1
    assert "hunter2x" not in files.environment.text


def test_the_json_is_the_environment(written):
    found = capture()
    content = json.loads(files_of(found).environment.text)
    assert content["python"] == dict(found.python)
    assert content["installed"]["pytest"] == pytest.__version__
