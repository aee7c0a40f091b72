"""What changed between the environments of two runs, and the note for a run that came back in spite of it."""

from __future__ import annotations

import json

import mlflow
import pytest

from mlmagic.replay.evidence.environment_changes import environment_changes, in_spite_of, most_telling

THEN = {
    "imported": {"numpy": "2.4.5", "pandas": "3.0.0", "old": "1.0"},
    "python": {"version": "3.12.1", "compiler": "GCC 12"},
    "platform": {"name": "Linux-6.1-x86_64"},
    "machine": {"cpu": "AMD EPYC 7763"},
    "threads": {"torch": 8},
}


@pytest.fixture
def changes(make_run):
    """Return what changed from a run with the environment *then* to one with *now*."""

    def found(then, now):
        runs = []
        for name, environment in (("then", then), ("now", now)):
            run_id = make_run(name)
            if environment is not None:
                text = environment if isinstance(environment, str) else json.dumps(environment)
                mlflow.MlflowClient().log_text(run_id, text, "mlmagic/environment.json")
            runs.append(mlflow.MlflowClient().get_run(run_id))
        return environment_changes(*runs)

    return found


def test_nothing_changed(changes):
    assert in_spite_of(changes(THEN, {**THEN, "imported": {"numpy": "2.4.5", "new": "1.0"}})) == ""


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"imported": {"numpy": "2.4.6", "pandas": "3.0.0"}}, "numpy is 2.4.6 now, 2.4.5 then"),
        ({"python": {"version": "3.11.7"}}, "Python is 3.11.7 now, 3.12.1 then"),
        ({"platform": {"name": "macOS-26-arm64"}}, "the platform is macOS-26-arm64 now, Linux-6.1-x86_64 then"),
        ({"machine": {"cpu": "Apple M9"}}, "the processor is Apple M9 now, AMD EPYC 7763 then"),
        ({"threads": {"torch": 2}}, "the number of threads of torch is 2 now, 8 then"),
    ],
)
def test_each_part_of_the_environment(changes, now, words):
    assert in_spite_of(changes(THEN, {**THEN, **now})) == f"the same numbers, although {words}"


def test_many_packages_are_counted_and_nothing_else_is_lost(changes):
    then = {**THEN, "imported": {f"p{at}": "1" for at in range(8)}}
    now = {**THEN, "imported": {f"p{at}": "2" for at in range(8)}, "python": {"version": "3.11.7"}}
    found = changes(then, now)
    assert in_spite_of(found).endswith(
        "p4 is 2 now, 1 then; Python is 3.11.7 now, 3.12.1 then; 3 more packages changed"
    )
    assert [one.what for one in most_telling(found)[0]][-2:] == ["the package p4", "Python"]


@pytest.mark.parametrize("odd", [None, "", "[]", "{", '{"imported": 3, "python": [], "machine": {"cpu": null}}'])
def test_a_record_that_is_missing_or_odd_changes_nothing(changes, odd):
    assert changes(odd, THEN) == changes(THEN, odd) == []
