"""Bulk reads, orders and histories on a generated store, where MLflow's own client says what is right."""

import math
import random

import numpy as np
import pytest
from databases import copy_new_database
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmagic.store.database import database_of
from mlmagic.store.query import bulk, ordering, queries
from mlmagic.store.query.filters.division import DividedFilter, divide
from mlmagic.store.query.filters.names import Keys
from mlmagic.store.query.filters.parser import parse
from mlmagic.store.query.histories import curves

START_MS = 1_750_000_000_000
NAMES = ["forest", "Forest", "10", "9", "naïve", "zzz", "", "a b", "🎉", "forest"]
STATUSES = ["FINISHED", "FAILED", "KILLED", "RUNNING"]
NUMBERS = [0.0, 0.5, 0.5, -1.0, 1e-300, 1e300, math.inf, -math.inf, math.nan, 3.0]
KEYS = ["loss", "val loss", "acc/top-1", "größe"]
few = settings(max_examples=25, deadline=None)


def fill(client, chance):
    """Make runs in three experiments, of which one is deleted, with ties and holes in everything; return all ids."""
    from mlflow.data import from_numpy
    from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag

    experiments = ["0", client.create_experiment("second"), client.create_experiment("gone")]
    data = [
        DatasetInput(
            from_numpy(np.arange(3.0) + at, name=f"d{at}")._to_mlflow_entity(),
            [InputTag("mlflow.data.context", "train")],
        )
        for at in range(3)
    ]
    ids = []
    for at in range(36):
        start = START_MS + chance.randrange(12)
        run = client.create_run(chance.choice(experiments), start_time=start, run_name=chance.choice(NAMES))
        ids.append(run.info.run_id)
        metrics = [
            Metric(key, chance.choice(NUMBERS), start + chance.randrange(5), chance.randrange(-2, 6))
            for key in KEYS
            for _ in range(chance.choice([0, 1, 1, 5]))
        ]
        params = [
            Param(key, chance.choice(["1", "10", "9", "adam", "0.5"]))
            for key in ("lr", "opt", "größe")
            if chance.random() < 0.7
        ]
        tags = [RunTag("team", chance.choice(["red", "blue"]))] if chance.random() < 0.5 else []
        client.log_batch(ids[-1], metrics, params, tags)
        if chance.random() < 0.5:
            client.log_inputs(ids[-1], chance.sample(data, chance.randrange(1, 3)))
        status = chance.choice(STATUSES)
        if status != "RUNNING":
            client.set_terminated(ids[-1], status, end_time=start + chance.randrange(5) * 1000)
        if at % 9 == 8:
            client.delete_run(ids[-1])
    client.delete_experiment(experiments[-1])
    return experiments, ids


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("store")
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    assert database_of(client) is not None
    experiments, ids = fill(client, random.Random(1))
    return client, experiments[:2], ids


def plain(run):
    info = run.info
    about = (info.run_id, info.run_name, info.experiment_id, info.status, info.start_time, info.end_time, info.user_id)
    data = sorted((one.dataset.name, one.dataset.digest) for one in run.inputs.dataset_inputs)
    return about, run.data.params, repr(sorted(run.data.metrics.items())), run.data.tags, data


def ids_of(runs):
    return [run.info.run_id for run in runs]


@pytest.mark.parametrize("most", [1, 3, 7, 1000])
@pytest.mark.parametrize("count", [1, 2])
def test_the_newest_runs_are_those_that_mlflow_finds(store, most, count):
    client, experiments, _ = store
    found = bulk.newest_runs(client, experiments[:count], most=most)
    expected = client.search_runs(experiments[:count], order_by=["attributes.start_time DESC", "attributes.run_id ASC"])
    assert [plain(run) for run in found.runs] == [plain(run) for run in expected[:most]]
    assert (found.total, found.more) == (len(expected), len(expected) > most)


@pytest.mark.parametrize("deleted", [False, True])
def test_every_run_is_read(store, deleted):
    from mlflow.entities import ViewType

    client, experiments, _ = store
    view = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    expected = client.search_runs(experiments, run_view_type=view)
    found = bulk.every_run(client, experiments, deleted=deleted)
    assert sorted(map(repr, map(plain, found))) == sorted(map(repr, map(plain, expected)))


@few
@given(data=st.data())
def test_named_runs_are_those_that_mlflow_has(store, data):
    client, _, ids = store
    wanted = data.draw(st.lists(st.sampled_from([*ids, "0" * 32]), max_size=8))
    found = bulk.named_runs(client, wanted).runs
    there = {}
    for run_id in dict.fromkeys(wanted):
        if run_id != "0" * 32:
            run = client.get_run(run_id)
            if run.info.lifecycle_stage == "active":
                there[run_id] = plain(run)
    assert [plain(run) for run in found] == list(there.values())


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize(
    ("entity", "key"),
    [
        *(("metric", key) for key in KEYS),
        *(("attribute", key) for key in ("start_time", "end_time", "status", "run_name", "run_id", "user_id")),
        (None, ""),
    ],
)
def test_the_order_of_rows_is_that_of_the_store(store, entity, key, ascending):
    client, experiments, _ = store
    order = ordering.Order(entity, key, ascending)
    expected = list(client.search_runs(experiments, order_by=order.server))
    shuffled = random.Random(3).sample(expected, len(expected))
    ours = order.sorted(shuffled)
    # The runs of one start are in no order that a user could expect.
    assert [(run.info.start_time, rank(run, entity, key)) for run in ours] == [
        (run.info.start_time, rank(run, entity, key)) for run in expected
    ]
    assert sorted(ids_of(ours)) == sorted(ids_of(expected))


def rank(run, entity, key):
    """Return what a run is ordered by, as the store has it."""
    if entity == "metric":
        return repr(run.data.metrics.get(key))
    return getattr(run.info, key) if entity else None


@few
@given(data=st.data())
def test_any_curve_of_the_database_is_that_of_the_client(store, data):
    client, _, ids = store
    run_id, key = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from([*KEYS, "not there"]))
    by = data.draw(st.sampled_from(["step", "time"]))
    low = data.draw(st.integers(-3, 7)) + (START_MS if by == "time" else 0)
    between = data.draw(st.none() | st.just((low, low + data.draw(st.integers(0, 6)))))
    history = client.get_metric_history(run_id, key)
    place = {"step": lambda one: one.step, "time": lambda one: one.timestamp}[by]
    expected = sorted(
        (place(one), one.step, one.timestamp, repr(one.value))
        for one in history
        if between is None or between[0] <= place(one) <= between[1]
    )
    found = curves.read_curves(client, [run_id], [key], by=by, between=between)
    if not expected:
        assert found == []
        return
    (curve,) = found
    rows = zip(curve.steps, curve.times, curve.values, strict=True)
    table = [(step if by == "step" else time, step, time, repr(float(value))) for step, time, value in rows]
    assert sorted(table) == expected
    places = [row[0] for row in table]
    assert places == sorted(places)
    assert (curve.count, curve.exact) == (len(expected), True)


@few
@given(points=st.integers(4, 40), data=st.data())
def test_a_downsampled_curve_keeps_its_ends_and_peaks(store, points, data):
    client, _, ids = store
    run_id = data.draw(st.sampled_from(ids))
    for key in KEYS:
        whole = curves.read_curves(client, [run_id], [key], points=10_000)
        less = curves.read_curves(client, [run_id], [key], points=points)
        for one, other in zip(whole, less, strict=True):
            finite = one.values[np.isfinite(one.values)]
            kept = other.values[np.isfinite(other.values)]
            assert other.count == one.count
            assert (one.steps[0], one.steps[-1]) == (other.steps[0], other.steps[-1])
            assert len(finite) == 0 or (finite.min(), finite.max()) == (kept.min(), kept.max())


FILTERS = [
    *("", "loss < 1", "loss >= 0.5 and team = red", "not loss = 0.5", "lr = 1", "lr > 5", "lr = adam or opt = adam"),
    *(
        "name = forest",
        "name ~ for",
        "status = FAILED",
        "status in (RUNNING, KILLED)",
        "loss is missing",
        "duration > 1",
    ),
    *("`acc/top-1` != nan", "metrics.größe > 0 or params.größe = 9", "dataset.name = d1", "team is missing"),
    *("not (loss < 1 or lr < 5)", "'val loss' = inf", "'val loss' < 1e299"),
]


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_with_the_store_finds_what_the_test_alone_finds(store, text):
    client, experiments, _ = store
    everything = list(client.search_runs(experiments))
    keys = Keys.seen_in(everything, "", complete=True)
    chosen = divide(parse(text, keys.is_name), keys)
    expected = [run.info.run_id for run in everything if chosen.matches(run)]
    found = ids_of(queries.search(client, experiments, chosen, size=3))
    assert sorted(found) == sorted(expected)
    assert len(set(found)) == len(found)


def test_pages_of_any_size_give_the_same_runs(store):
    client, experiments, _ = store
    whole = ids_of(queries.search(client, experiments, DividedFilter()))
    for size in (1, 5, 1000):
        assert ids_of(queries.search(client, experiments, DividedFilter(), size=size)) == whole
    assert list(queries.search(client, [], DividedFilter())) == []
