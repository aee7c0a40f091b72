"""The scratch folder of a replay: what is left of it when the replay is over."""

from __future__ import annotations

import mlflow
import pytest
from databases import copy_new_database

from mlmagic.private import state_folder
from mlmagic.replay.running.scratch import scratch
from mlmagic.store import connection


@pytest.fixture(autouse=True)
def _an_empty_store_is_there():
    """Give the replays a new database to copy: MLflow takes seconds to create one."""
    copy_new_database(state_folder() / f"empty-store-{mlflow.__version__}.db", artifacts="")


def _kept():
    """Return how much mlmagic and MLflow keep of stores: clients, files, locks, engines and stores."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from mlflow.tracking._tracking_service import utils

    stores = utils._tracking_store_registry._get_store_with_resolved_uri.cache_info().currsize
    ours = len(connection._connected), len(connection._files), len(connection._opening)
    return {"ours": ours, "engines": set(SqlAlchemyStore._engine_map), "stores": stores}


def _use_a_scratch():
    with scratch() as place:
        client = connection.connect(place.store)
        run = client.create_run("0").info.run_id
        assert client.get_run(run).info.status == "RUNNING"
        return place


def test_replays_leave_no_store_behind_and_the_own_one_goes_on(store_uri):
    mine = connection.connect()
    run = mine.create_run("0").info.run_id
    places = [_use_a_scratch()]
    after_one = _kept()
    places += [_use_a_scratch() for _ in range(3)]
    after_four = _kept()
    assert after_four["ours"] == after_one["ours"]
    assert after_four["engines"] == after_one["engines"]
    assert after_four["stores"] <= after_one["stores"] + 1
    assert not {place.store for place in places} & (after_four["engines"] | connection._connected.keys())
    assert not any(place.folder.exists() for place in places)
    assert connection.connect() is mine
    assert mine.get_run(run).info.run_id == run


def test_a_replay_that_fails_leaves_no_store_behind(store_uri):
    opened = []

    def fail():
        with scratch() as place:
            opened.append(place.store)
            connection.connect(place.store)
            raise KeyError("of the replay")

    with pytest.raises(KeyError, match="of the replay"):
        fail()
    assert opened[0] not in connection._connected


def test_a_store_that_was_never_opened_is_forgotten_without_an_error():
    connection.forget("sqlite:////nowhere/replay.db")
    assert "sqlite:////nowhere/replay.db" not in connection._opening
