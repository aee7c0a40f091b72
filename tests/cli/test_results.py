"""The table of runs that ``mlmagic demo`` prints, and what of a store is in it."""

import logging
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.cli.results import RecordedRun, recorded_runs, table
from mlmagic.cli.workspace import Workspace
from mlmagic.views.rendering import columns


def run(name="a", status="FINISHED", duration_s=1.0, **metrics):
    return RecordedRun(name, status, duration_s, metrics)


@pytest.mark.parametrize(
    ("runs", "lines"),
    [
        ([], ["No runs were recorded."]),
        ([run()], ["run  status    duration", "a    FINISHED     1.0 s"]),
        ([run(duration_s=None)], ["run  status    duration", "a    FINISHED         -"]),
        ([run(duration_s=0.04)], ["run  status    duration", "a    FINISHED     0.0 s"]),
        (
            [run(loss=0.5), run("second", "FAILED", 61.24, accuracy=0.95614, loss=1e-7)],
            [
                "run     status    duration   loss  accuracy",
                "a       FINISHED     1.0 s    0.5         -",
                "second  FAILED      61.2 s  1e-07    0.9561",
            ],
        ),
        ([run(loss=math.nan, high=math.inf)], ["run  status    duration  loss  high", "a    FINISHED     1.0 s   nan   inf"]),
        ([run("漢字"), run("b")], ["run   status    duration", "漢字  FINISHED     1.0 s", "b     FINISHED     1.0 s"]),
        ([run("a\x1b[2J\nb")], ["run        status    duration", "a\N{REPLACEMENT CHARACTER}[2J b   FINISHED     1.0 s"]),
    ],
)  # fmt: skip
def test_the_table_is_aligned(runs, lines):
    found = table(runs).splitlines()
    assert [" ".join(line.split()) for line in found] == [" ".join(line.split()) for line in lines]
    assert len({columns(line) for line in found}) == 1


RUNS = st.builds(
    RecordedRun,
    st.text(max_size=12),
    st.sampled_from(["FINISHED", "RUNNING"]),
    st.none() | st.floats(0, 1e6),
    st.dictionaries(st.text(max_size=8), st.floats(), max_size=3),
)


@given(st.lists(RUNS, min_size=1, max_size=5))
def test_any_names_and_numbers_are_a_table_with_a_line_for_each_run(runs):
    lines = table(runs).split("\n")
    assert len(lines) == len(runs) + 1
    assert not any(letter in line for line in lines for letter in "\x1b\r\t\u202e\u2028")
    names = {name for one in runs for name in one.metrics}
    assert all(len(line) >= len(names) for line in lines)


def test_the_runs_since_a_moment_come_oldest_first_from_every_experiment(make_run, tmp_path):
    make_run("old", {}, {"loss": 1.0})
    make_run("first", {}, {"loss": 0.5, "high": math.inf})
    make_run("second", {}, {}, experiment="churn", seconds=None)
    found = recorded_runs(Workspace.at(tmp_path), since_ms=1_750_000_000_001)
    assert [(one.name, one.status, one.duration_s) for one in found] == [
        ("first", "FINISHED", 0.5),
        ("second", "RUNNING", None),
    ]
    assert found[0].metrics == {"loss": 0.5, "high": math.inf}
    assert recorded_runs(Workspace.at(tmp_path), since_ms=2_000_000_000_000) == []


def test_the_log_is_as_loud_as_before(make_run, tmp_path):
    before = logging.root.manager.disable
    recorded_runs(Workspace.at(tmp_path), since_ms=0)
    assert logging.root.manager.disable == before
    assert not (tmp_path / "mlruns" / "0" / "meta.yaml").exists()
