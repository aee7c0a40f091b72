"""A run's complete execution log, read from that run alone."""

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from mlmagic.errors import StoreError, UsageProblem
from mlmagic.session.log import ExecutionLog, LoggedCell
from mlmagic.session.log_storage import LogStorage
from mlmagic.snapshot.parts import part_of
from mlmagic.store.query import queries
from mlmagic.store.query.session_log import read_log, read_other_kernels


@pytest.fixture
def recorded(make_run):
    """A function that makes a run with this text as its session.json, if any, and returns the run."""

    def make(text=None, **tags):
        run = queries.get_run(make_run("run", tags={key.replace("__", "."): value for key, value in tags.items()}))
        if text is not None:
            file = Path(run.info.artifact_uri) / "mlmagic/session.json"
            file.parent.mkdir(parents=True)
            file.write_text(text, "utf-8")
        return run

    return make


def facts(*sources, first=1):
    return [{"number": at, "source": source, "status": "ok"} for at, source in enumerate(sources, first)]


def sources(log: ExecutionLog):
    return [cell.source for cell in log.cells]


def test_the_cells_come_in_their_order(recorded):
    assert sources(read_log(recorded(json.dumps({"cells": facts("x = 1", "y = 2")})))) == ["x = 1", "y = 2"]


def test_the_cells_of_earlier_kernels_come_first(recorded):
    content = {"session": "now", "cells": facts("c"), "earlier": [{"session": "before", "cells": facts("a", "b")}]}
    run = recorded(json.dumps(content))
    assert sources(read_log(run)) == ["a", "b", "c"]
    assert sources(read_other_kernels(run, "now")) == ["a", "b"]
    assert sources(read_other_kernels(run, "another")) == ["a", "b", "c"]


def test_cells_in_parts_are_read_from_the_folder_of_the_experiment(recorded):
    part = part_of(json.dumps(facts("a", "b")).encode())
    run = recorded(
        json.dumps({"parts": [part.digest], "cells": facts("c", first=3), "ended_later": {"1": {"status": "error"}}})
    )
    folder = Path(run.info.artifact_uri).parent.parent / "mlmagic/parts"
    with pytest.raises(StoreError, match=f"the part {part.digest} is neither in mlmagic/parts of the experiment nor"):
        read_log(run)
    folder.mkdir(parents=True)
    (folder / f"{part.digest}.gz").write_bytes(part.packed)
    log = read_log(run)
    assert sources(log) == ["a", "b", "c"]
    assert [cell.status for cell in log.cells] == ["ok", "error", "ok"]


def test_a_trial_has_the_log_of_its_sweep(recorded, make_run):
    sweep = recorded(json.dumps({"cells": facts("sweep")}))
    trial = recorded(mlflow__parentRunId=sweep.info.run_id)
    assert sources(read_log(trial)) == ["sweep"]


@pytest.mark.parametrize("odd", ["sweep", "trial"])
def test_a_run_of_another_tool_may_have_no_start(recorded, odd, store_uri):
    sweep = recorded(json.dumps({"cells": facts("sweep")}))
    trial = recorded(mlflow__parentRunId=sweep.info.run_id)
    with sqlite3.connect(store_uri.removeprefix("sqlite:///")) as database:
        wanted = {"sweep": sweep, "trial": trial}[odd].info.run_id
        database.execute("update runs set start_time = null where run_uuid = ?", (wanted,))
    database.close()
    assert sources(read_log(queries.get_run(trial.info.run_id))) == ["sweep"]


def test_a_fold_that_is_recorded_as_if_it_began_before_the_run_of_its_cell(recorded, store_uri):
    run = recorded(json.dumps({"cells": facts("cell")}))
    fold = recorded(mlflow__parentRunId=run.info.run_id)
    with contextlib.closing(sqlite3.connect(store_uri.removeprefix("sqlite:///"))) as database, database:
        wanted = (run.info.start_time - 1, fold.info.run_id)
        database.execute("update runs set start_time = ? where run_uuid = ?", wanted)
    assert sources(read_log(queries.get_run(fold.info.run_id))) == ["cell"]


def test_runs_that_name_each_other_as_parents_have_no_log(recorded, store_uri):
    from mlflow import MlflowClient

    first = recorded()
    second = recorded(mlflow__parentRunId=first.info.run_id)
    MlflowClient(store_uri).set_tag(first.info.run_id, "mlflow.parentRunId", second.info.run_id)
    for run in (first, second):
        with pytest.raises(UsageProblem, match="the run 'run' has no execution log"):
            read_log(queries.get_run(run.info.run_id))


def test_a_run_that_is_its_own_parent_has_no_log(recorded, store_uri):
    from mlflow import MlflowClient

    run = recorded()
    MlflowClient(store_uri).set_tag(run.info.run_id, "mlflow.parentRunId", run.info.run_id)
    with pytest.raises(UsageProblem, match="the run 'run' has no execution log: it was not recorded in a notebook"):
        read_log(queries.get_run(run.info.run_id))


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "null", "[" * 100_000, '"text"'])
def test_a_damaged_log_is_one_line(recorded, text):
    with pytest.raises(StoreError, match=r"mlmagic/session\.json of the run 'run' is damaged"):
        read_log(recorded(text))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"parts": ["x"]}, "'x' is no digest of a part"),
        ({"parts": ["../../../../etc/passwd"]}, "is no digest of a part"),
        ({"packed": "!!!"}, "cannot be read"),
        ({"packed": "AAAA"}, "cannot be read: it is"),
    ],
)
def test_what_is_damaged_within_a_log_is_named(recorded, content, message):
    with pytest.raises(StoreError, match=message):
        read_log(recorded(json.dumps(content)))


@pytest.mark.parametrize(
    "content", [{}, {"cells": "x"}, {"cells": [1, None, "x"]}, {"earlier": 5}, {"ended_later": []}]
)
def test_values_of_another_kind_are_no_cells(recorded, content):
    run = recorded(json.dumps(content))
    assert read_log(run).cells == read_other_kernels(run, "x").cells == []


@pytest.mark.parametrize("count", [1, 7, 60])
def test_what_a_session_stores_is_read_back_whole(recorded, count):
    log = ExecutionLog()
    for at in range(count):
        log.cells.append(LoggedCell(number=at + 1, source=f"x = {at}\n" + "# long\n" * 100, status="ok"))
    stored = LogStorage(log).up_to(log.cells[-1])
    run = recorded(json.dumps(stored.content))
    folder = Path(run.info.artifact_uri).parent.parent / "mlmagic/parts"
    for part in stored.parts:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{part.digest}.gz").write_bytes(part.packed)
    assert sources(read_log(run)) == sources(log)
