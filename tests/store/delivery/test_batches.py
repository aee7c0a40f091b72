"""Records that are sent together, and what happens when the store takes only some of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import StoreAwayError
from mlmagic.journal.records import Dataset, Metric, Param, Tag
from mlmagic.store.delivery import batches
from mlmagic.store.delivery.batches import Batch, send, to_mlflow

OWN_ID = Tag("mlmagic.id", "u")


def data(name):
    return Dataset(name, "0" * 32, "local", "{}", "", "{}", "training")


def values(key, count=1, *, yields=False):
    return [Metric(key, float(at), 1000 + at, at, yields) for at in range(count)]


def filled(*records):
    batch = Batch()
    for record in records:
        batch.add(record)
    return batch


def flat(batch):
    return [*batch.metrics, *batch.params, *batch.tags, *batch.datasets]


@pytest.mark.parametrize(
    ("records", "is_full"),
    [
        ([], False),
        (values("loss", 999), False),
        (values("loss", 1000), True),
        ([Param(str(at), "") for at in range(99)], False),
        ([Param(str(at), "") for at in range(100)], True),
        ([Tag(str(at), "") for at in range(100)], True),
        ([data(str(at)) for at in range(100)], True),
        (
            [*values("loss", 850), *(Param(str(at), "") for at in range(75)), *(Tag(str(at), "") for at in range(75))],
            True,
        ),
        ([*(Param(str(at), "") for at in range(99)), *(Tag(str(at), "") for at in range(99))], False),
    ],
)
def test_a_batch_is_full_when_mlflow_takes_no_more(records, is_full):
    batch = filled(*records)
    assert batch.count == len(records)
    assert batch.is_full is is_full


def test_what_yields_gives_way_to_the_users_own_keys():
    batch = filled(Param("lr", "1", yields=True), Param("depth", "2"), *values("loss", 2, yields=True), *values("acc"))
    assert batch.has_yielding
    batch.leave_out({"depth"}, {"acc"})
    assert batch.count == 5
    batch.leave_out({"lr"}, {"loss"})
    assert flat(batch) == [*values("acc"), Param("depth", "2")]
    assert not batch.has_yielding
    assert filled(*values("loss", yields=True)).has_yielding


@pytest.mark.parametrize(
    ("batch", "name"),
    [
        (filled(Param("lr", "1"), Tag("a", "b")), "param 'lr'"),
        (filled(Tag("a", "b"), *values("loss")), "tag 'a'"),
        (filled(*values("loss", 3)), "metric 'loss'"),
        (filled(data("X")), "the data X"),
    ],
)
def test_a_batch_is_named_by_its_first_record(batch, name):
    assert batch.named() == name


RECORDS = st.lists(
    st.sampled_from([*(Param(key, "1") for key in "abc"), *(Tag(key, "1") for key in "de")])
    | st.builds(Metric, st.sampled_from("fg"), st.floats(allow_nan=False), st.integers(0, 9), st.integers(0, 9))
    | st.sampled_from("XY").map(data),
    max_size=12,
)


@given(RECORDS, st.booleans())
def test_halves_are_the_whole_and_keep_a_metric_together(records, same_metric):
    batch = filled(*records)
    halves = batch.halves(same_metric=same_metric)
    if not halves:
        assert batch.count <= 1 or (not same_metric and len({one.key for one in batch.metrics}) == 1)
        return
    assert sorted(map(repr, [*flat(halves[0]), *flat(halves[1])])) == sorted(map(repr, records))
    assert all(half.count for half in halves)
    shared = {one.key for one in halves[0].metrics} & {one.key for one in halves[1].metrics}
    assert not shared or (same_metric and len({one.key for one in batch.metrics}) == 1)


class Store:
    """A store that refuses some keys, takes no more than so many records at once, and may be away."""

    def __init__(self, refused=(), waits=(), room=math.inf, *, large=(), is_away=False):
        self.refused, self.waits, self.large = set(refused), set(waits), set(large)
        self.room, self.is_away = room, is_away
        self.params, self.tags, self.metrics, self.datasets, self.calls = {}, {}, [], [], 0

    def log_batch(self, run_id, metrics, params, tags):
        self._take([one.key for one in (*metrics, *params, *tags)])
        self.params |= {one.key: one.value for one in params}
        self.tags |= {one.key: one.value for one in tags}
        self.metrics += [(one.key, one.value, one.timestamp, one.step) for one in metrics]

    def log_inputs(self, run_id, inputs):
        self._take([one.dataset.name for one in inputs])
        self.datasets += [one.dataset.name for one in inputs]

    def _take(self, keys):
        self.calls += 1
        if self.is_away:
            raise StoreAwayError("the store is away")
        if len(keys) > self.room or self.large & {*keys}:
            raise StoreAwayError("too large", only_this=True, too_large=True)
        if self.waits & {*keys}:
            raise StoreAwayError("unclear", only_this=True)
        if self.refused & {*keys}:
            raise ValueError("refused for good")


def attempt(call):
    try:
        call()
    except ValueError as error:
        return str(error)
    return None


def sent(records, store):
    return send(filled(*records), store, "run", attempt, OWN_ID)


@given(RECORDS, st.sets(st.sampled_from("abcdefgXY")))
def test_one_refused_record_costs_no_other(records, refused):
    store = Store(refused)
    found = sent(records, store)
    kept = [one for one in records if (one.name if isinstance(one, Dataset) else one.key) not in refused]
    assert store.params == {one.key: one.value for one in kept if isinstance(one, Param)}
    assert {key for key in store.tags if key != OWN_ID.key} == {one.key for one in kept if isinstance(one, Tag)}
    assert sorted(store.metrics) == sorted((m.key, m.value, m.timestamp, m.step) for m in kept if isinstance(m, Metric))
    assert sorted(store.datasets) == sorted(one.name for one in kept if isinstance(one, Dataset))
    assert found.waits == []
    assert all(line.endswith(" was refused: refused for good") for line in found.refused)
    named = {line.split("'")[1] if "'" in line else line.split()[2] for line in found.refused}
    assert named == {one.name if isinstance(one, Dataset) else one.key for one in records} & refused


@given(RECORDS, st.sets(st.sampled_from("abcdefgXY")))
def test_what_fails_for_no_clear_reason_waits_and_the_rest_is_stored(records, waits):
    store = Store(waits=waits)
    found = sent(records, store)
    left = [one for batch, reason in found.waits for one in flat(batch) if reason == "unclear"]
    assert sorted(map(repr, left)) == sorted(
        repr(one) for one in records if (one.name if isinstance(one, Dataset) else one.key) in waits
    )
    assert found.refused == []
    assert not waits & {*store.params, *store.datasets}


@given(RECORDS, st.integers(1, 5))
def test_a_store_that_takes_few_at_once_gets_all(records, room):
    store = Store(room=room)
    found = sent(records, store)
    assert (found.refused, found.waits) == ([], [])
    assert len(store.metrics) == sum(isinstance(one, Metric) for one in records)
    assert len(store.datasets) == sum(isinstance(one, Dataset) for one in records)
    assert store.params == {one.key: one.value for one in records if isinstance(one, Param)}


def test_where_nothing_gets_through_no_record_is_to_blame():
    with pytest.raises(StoreAwayError, match="too large"):
        sent([Param("a", "1")], Store(room=0))


def test_a_record_that_is_too_large_by_itself_is_refused_and_the_others_are_stored():
    store = Store(large={"b", "f"})
    found = sent([Param("a", "1"), Param("b", "2"), *values("f", 3), *values("g", 3)], store)
    assert store.params == {"a": "1"}
    assert [key for key, *_ in store.metrics] == ["g"] * 3
    assert found.refused == ["param 'b' was refused: too large", *["metric 'f' was refused: too large"] * 3]
    assert found.waits == []


def test_a_store_that_is_away_ends_the_attempt():
    store = Store(is_away=True)
    with pytest.raises(StoreAwayError, match="the store is away"):
        sent([Param("a", "1"), Param("b", "2")], store)
    assert store.calls == 1


def test_parts_are_tried_only_where_anything_gets_through():
    store = Store(waits={"a", OWN_ID.key})
    with pytest.raises(StoreAwayError, match="unclear"):
        sent([Param("a", "1"), Param("b", "2")], store)
    assert store.calls == 2
    assert store.params == {}


def test_whether_anything_gets_through_is_asked_once():
    store = Store(waits={"a", "b"})
    asked = []
    store.log_batch_before = store.log_batch

    def counting(run_id, metrics, params, tags):
        asked.append([one.key for one in tags])
        store.log_batch_before(run_id, metrics, params, tags)

    store.log_batch = counting
    found = sent([Param("a", "1"), Param("b", "2"), Param("c", "3")], store)
    assert asked.count([OWN_ID.key]) == 1
    assert [batch.named() for batch, _ in found.waits] == ["param 'a'", "param 'b'"]


def test_nothing_is_sent_of_an_empty_batch():
    store = Store()
    assert sent([], store) == batches.Sent()
    assert store.calls == 0


def test_a_dataset_goes_with_its_use():
    found = to_mlflow(Dataset("X", "d" * 32, "local", '{"path": "x"}', "", "{}", "training"))
    assert (found.dataset.name, found.dataset.digest, found.dataset.schema, found.dataset.profile) == (
        *("X", "d" * 32),
        *(None, "{}"),
    )
    assert [(tag.key, tag.value) for tag in found.tags] == [("mlflow.data.context", "training")]
    assert to_mlflow(Dataset("X", "d", "s", "s", "{}", "", "c")).dataset.schema == "{}"
