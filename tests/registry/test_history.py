"""The history of aliases: records that every store takes, and what they say together."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.registry.people import local_minute, now, user
from mlmagic.registry.promotion.claims import Claim, claims_in
from mlmagic.registry.promotion.history import (
    TAG,
    HistoryEvent,
    breaks_in,
    event_from,
    event_in,
    events_of,
    next_number,
    state_of,
)


def event(number, what="promoted", version=1, *, alias="champion", after="", undoes="", **more):
    return HistoryEvent(number, f"id-{number}", what, alias, version, None, "ana", f"2026-01-0{number}", after=after, undoes=undoes, **more)  # fmt: skip


LONG = st.sampled_from(["", "short", "漢" * 3000, 'a\n"\\' * 900, "ü" * 5000])
MANY = {f"{'漢' * 60}{at}": value for at, value in enumerate([0.5, "漢" * 60, math.nan] * 20)}
EVENTS = st.builds(
    HistoryEvent,
    number=st.sampled_from([1, 9999]),
    id=st.just("a" * 32),
    what=st.sampled_from(["promoted", "refused", "rolled back"]),
    alias=st.sampled_from(["champion", "漢" * 255]),
    version=st.sampled_from([None, 1, 10**9]),
    before=st.sampled_from([None, 1]),
    who=st.sampled_from(["ana", "ü" * 60]),
    when=st.just("2026-01-01T00:00:00.000Z"),
    gate=LONG,
    numbers=st.sampled_from(
        [{}, {"accuracy": 0.9}, {"report": "x" * 9000}, {"漢" * 9000: 1.0}, MANY, dict.fromkeys(MANY, "漢" * 99)]
    ),
    reason=LONG,
    after=st.sampled_from(["", "b" * 32]),
    undoes=st.sampled_from(["", "c" * 32]),
)


@given(EVENTS)
def test_a_record_is_short_enough_for_every_store_and_reads_back(one):
    text = one.to_json()
    assert len(text.encode()) <= 5000
    found = event_in(text)
    assert (found.id, found.what, found.alias, found.version, found.before) == (
        one.id,
        one.what,
        one.alias,
        one.version,
        one.before,
    )
    assert (found.who, found.when, found.after, found.undoes) == (one.who, one.when, one.after, one.undoes)
    assert one.reason.startswith(found.reason)
    assert one.gate.startswith(found.gate)


@given(EVENTS)
def test_a_claim_is_short_enough_too(one):
    owner = {"host": "h" * 60, "pid": 12345, "began": 1.5, "boot": "b" * 36, "locks": True}
    text = Claim(one, owner).to_json()
    assert len(text.encode()) <= 5000
    [found] = claims_in({"mlmagic.claim.champion": text})
    assert (found.event.id, found.owner) == (one.id, owner)


def test_a_short_record_is_kept_whole():
    whole = event(
        3, gate="accuracy > 0.8", numbers={"accuracy": 0.9, "note": "text", "nan": math.nan}, reason="it is good"
    )
    found = event_in(whole.to_json())
    assert math.isnan(found.numbers.pop("nan"))
    assert found.numbers == {"accuracy": 0.9, "note": "text"}
    assert (found.gate, found.reason, found.number) == (whole.gate, whole.reason, 3)
    assert whole.tag == f"{TAG}0003.id-3"
    assert "undoes" not in json.loads(whole.to_json())


GOOD = json.loads(event(1).to_json())


@pytest.mark.parametrize(
    "content",
    [
        {**GOOD, "what": "deleted"},
        {**GOOD, "number": None},
        {**GOOD, "number": "1"},
        {**GOOD, "number": 1.0},
        {**GOOD, "number": True},
        {**GOOD, "version": "3"},
        {**GOOD, "before": [1]},
        {**GOOD, "numbers": []},
        {**GOOD, "numbers": "x"},
        *({key: value for key, value in GOOD.items() if key != left_out} for left_out in ("id", "alias", "who", "when", "what", "number")),
        {},
    ],
)  # fmt: skip
def test_what_anyone_may_have_written_is_no_event(content):
    assert event_from(content) is None
    assert event_in(json.dumps(content)) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", "[" * 100_000, '{"what": "promoted"}'])
def test_what_is_no_json_is_no_event(text):
    assert event_in(text) is None
    assert claims_in({"mlmagic.claim.champion": text}) == []


def test_more_than_is_known_does_no_harm():
    found = event_from({**GOOD, "colour": "red", "numbers": {"a": 1, "b": [1], "c": None}, "gate": 3})
    assert (found.numbers, found.gate) == ({"a": 1, "b": "[1]", "c": "None"}, "3")


def test_events_are_in_the_order_of_their_numbers_whatever_their_tags_are_called():
    events = [event(3), event(1), event(2)]
    tags = {one.tag: one.to_json() for one in events} | {f"{TAG}0009.bad": "{", "team": event(4).to_json()}
    assert [one.number for one in events_of(tags)] == [1, 2, 3]
    assert next_number(events_of(tags)) == 4
    assert next_number([]) == 1


@pytest.mark.parametrize(
    ("events", "version", "standing"),
    [
        pytest.param([], None, [], id="nothing"),
        pytest.param([event(1, version=1)], 1, [1], id="a promotion"),
        pytest.param([event(1, version=1), event(2, version=2)], 2, [1, 2], id="two"),
        pytest.param([event(1, version=1), event(2, "refused", 5)], 1, [1], id="a refusal changes nothing"),
        pytest.param([event(1, version=1), event(2, version=9, alias="other")], 1, [1], id="nor does another alias"),
        pytest.param([event(1, version=1), event(2, version=2), event(3, "rolled back", 1, undoes="id-2")], 1, [1], id="rolled back"),
        pytest.param([event(1, version=1), event(2, "rolled back", None, undoes="id-1")], None, [], id="rolled back to none"),
        pytest.param([event(1, version=1), event(2, version=2), event(3, "rolled back", 1, undoes="id-2"), event(4, version=3)], 3, [1, 3], id="promoted again"),
    ],
)  # fmt: skip
def test_what_the_history_says_of_an_alias(events, version, standing):
    state = state_of(events, "champion")
    assert state.version == version
    assert [one.version for one in state.standing] == standing


@pytest.mark.parametrize(
    ("events", "lines"),
    [
        pytest.param([event(1), event(2, after="id-1"), event(3, after="id-2")], [], id="one after the other"),
        pytest.param([event(1), event(1, alias="other")], [], id="two aliases begin by themselves"),
        pytest.param([event(1), event(3, after="id-2")], ["a record is missing before that of 2026-01-03: somebody deleted its tag"], id="one is missing"),
        pytest.param([event(1, version=1), event(2, version=2, after="id-1"), event(3, version=3, after="id-1")], ["two changes of 'champion' crossed: to version 2 by ana and to version 3 by ana, 2026-01-03"], id="two crossed"),
        pytest.param([event(1), event(2, "refused", after="id-9")], [], id="a refusal follows nothing"),
    ],
)  # fmt: skip
def test_a_break_in_the_history_is_told(events, lines):
    assert list(breaks_in(events)) == lines


@pytest.mark.parametrize(
    ("moment", "shown"),
    [("never", "never"), ("", ""), ("9999-99-99", "9999-99-99"), ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00")],
)  # fmt: skip
def test_what_is_no_moment_is_shown_as_it_is(moment, shown):
    assert local_minute(moment) == shown


def test_moments_are_in_utc_and_shown_in_local_time():
    assert now().endswith("Z")
    assert len(local_minute(now())) == len("2026-01-01 00:00")


@pytest.mark.parametrize("error", [KeyError, OSError, ImportError])
def test_an_account_without_a_name_has_none(monkeypatch, error):
    def nameless():
        raise error

    monkeypatch.setattr("getpass.getuser", nameless)
    assert user() == "unknown"
