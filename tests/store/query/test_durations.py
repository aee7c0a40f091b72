import pytest

from mlmagic.cli.results import recorded_runs
from mlmagic.cli.workspace import Workspace
from mlmagic.comparison.columns import columns_of
from mlmagic.store import connection
from mlmagic.store.query import bulk, queries
from mlmagic.store.query.durations import TAG, duration_s, span_s
from mlmagic.store.query.run import Run


@pytest.mark.parametrize("seconds", ["0.25", "0", "1e2"])
def test_a_continued_run_took_what_its_cells_took(make_run, seconds):
    run = Run(make_run("a", tags={TAG: seconds}, seconds=21.5))
    assert (run.duration_s, run.span_s) == (float(seconds), 21.5)


@pytest.mark.parametrize("tag", [{}, {TAG: "nan"}, {TAG: "-1"}, {TAG: "inf"}, {TAG: "<b>"}, {TAG: ""}])
def test_any_other_run_took_the_time_from_start_to_end(make_run, tag):
    run = Run(make_run("a", tags=tag, seconds=21.5))
    assert (run.duration_s, run.span_s) == (21.5, None)


def test_a_run_that_has_not_ended_has_no_duration(make_run):
    run = queries.get_run(make_run("a", tags={TAG: "1"}, status="RUNNING"))
    run.info._end_time = None
    assert (duration_s(run), span_s(run)) == (None, None)


def test_the_table_of_a_comparison_has_both(make_run, store_uri):
    make_run("usual", seconds=2.0)
    make_run("continued", tags={TAG: "0.25"}, seconds=21.5)
    runs = bulk.newest_runs(connection.connect(), ["0"]).runs
    columns = {column.id: column for column in columns_of(runs)}
    assert columns["run:duration"].numbers.tolist() == [0.25, 2.0]
    assert columns["run:span"].numbers.tolist()[0] == 21.5
    assert columns["run:span"].missing.tolist() == [0, 1]
    assert "run:span" not in {column.id for column in columns_of(runs[1:])}


def test_the_command_line_has_the_same(make_run, tmp_path):
    make_run("continued", tags={TAG: "0.25"}, seconds=21.5)
    assert [run.duration_s for run in recorded_runs(Workspace(tmp_path), since_ms=0)] == [0.25]
