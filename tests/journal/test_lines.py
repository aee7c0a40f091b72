import math
import zlib
from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.journal import lines, records
from mlmagic.journal.file import Journal
from mlmagic.journal.lines import NewerFormatError, decode, encode, encode_metric, header, read_lines, seed_of
from mlmagic.journal.records import Ended, Metric, Param, Tag

SEED = seed_of("one.journal")
TEXT = st.text(max_size=30)
FLOATS = st.floats(allow_nan=True, allow_infinity=True)
VALUES = {"str": TEXT, "int": st.integers(-(2**62), 2**62), "float": FLOATS, "bool": st.booleans()}
SPECIAL = {"str | None": st.none() | TEXT, "dict[str, str]": st.dictionaries(TEXT, TEXT, max_size=3), "dict[str, str | int | bool | None]": st.dictionaries(TEXT, st.integers(-(2**62), 2**62) | TEXT | st.none() | st.booleans(), max_size=3), "list[str]": st.lists(TEXT, max_size=3)}  # fmt: skip


def made(kind):
    values = [({**VALUES, **SPECIAL})[field.type] for field in fields(kind)]
    return st.tuples(*values).map(lambda items: kind(*items))


RECORDS = st.one_of([made(kind) for kind in get_args(records.Record)])


def same(one, other):
    """Compare records; NaN is itself here."""
    return repr(one) == repr(other)


@given(st.lists(RECORDS, max_size=8))
def test_what_is_written_is_read_back(written):
    data = header(SEED) + b"".join(encode(record, SEED) for record in written)
    read = [line.record for line in decode(data, SEED)]
    assert len(read) == len(written)
    assert all(same(one, other) for one, other in zip(read, written, strict=True))


@given(TEXT, FLOATS, st.integers(0, 2**62), st.integers(-(2**62), 2**62), st.booleans())
def test_the_quick_line_of_a_metric_is_the_same_as_the_other(key, value, timestamp, step, yields):
    quick = encode_metric(key, value, timestamp, step, yields=yields, seed=SEED)
    assert quick == encode(Metric(key, value, timestamp, step, yields), SEED)


@st.composite
def damaged(draw):
    """A journal, its lines, and what is left of it after it was cut, and bytes of it flipped."""
    written = draw(st.lists(RECORDS, min_size=1, max_size=8))
    lines = [header(SEED), *(encode(record, SEED) for record in written)]
    data = bytearray(b"".join(lines))
    touched = set()
    for at in draw(st.lists(st.integers(0, len(data) - 1), max_size=4)):
        data[at] ^= draw(st.integers(1, 255))
        touched.add(at)
    cut = draw(st.integers(0, len(data)))
    whole, at = [], len(lines[0])
    for record, line in zip(written, lines[1:], strict=True):
        if at + len(line) <= cut and not touched & set(range(at, at + len(line))):
            whole.append(record)
        at += len(line)
    return written, whole, bytes(data[:cut])


@given(damaged())
def test_of_a_damaged_journal_all_intact_records_are_read_and_none_that_was_not_written(case):
    written, whole, data = case
    try:
        read = [line.record for line in decode(data, SEED) if line.record is not None]
    except NewerFormatError:
        pytest.fail("a damaged line must not pass for one of a newer format")
    known = [repr(record) for record in written]
    assert all(repr(record) in known for record in read)
    left = [repr(record) for record in read]
    for record in whole:
        assert repr(record) in left
        left.remove(repr(record))


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise_or_invent_a_record(data):
    assert [line.record for line in decode(data + b"\n", SEED) if line.record is not None] == []


def test_a_line_that_is_not_complete_waits_for_its_end():
    line = encode(Tag("a", "b"), SEED)
    assert list(decode(line[:-1], SEED)) == []
    assert [one.end for one in decode(line, SEED, start=100)] == [100 + len(line)]


def test_a_line_of_another_journal_is_none_of_this_one():
    line = encode(Tag("a", "b"), seed_of("another.journal"))
    assert [one.record for one in decode(line, SEED)] == [None]


def test_a_parameter_that_holds_a_line_is_no_record_when_its_own_line_is_damaged():
    inner = encode(Param("lr", "1"), SEED).decode().strip()
    line = bytearray(encode(Param("text", inner), SEED))
    line[3] ^= 1
    assert [one.record for one in decode(bytes(line), SEED)] == [None]


@pytest.mark.parametrize("before", [b"x", b"deadbeef [", b"deadbeef [deadbeef [", b"\0" * 100, b"12345678 [" * 14])
@pytest.mark.parametrize("record", [Tag("a", "b"), Param("text", "deadbeef [1] deadbeef [2]")])
def test_a_record_is_found_at_the_end_of_a_damaged_line(before, record):
    found = list(decode(before + encode(record, SEED), SEED))
    assert [one.record for one in found] == [None, record]
    assert {one.end for one in found} == {len(before + encode(record, SEED))}


def test_a_newer_format_is_said(tmp_path):
    journal = Journal.create(tmp_path / "new.journal")
    text = b'["format",3]'
    line = b"%08x %b\n" % (zlib.crc32(text, seed_of("new.journal")), text)
    (tmp_path / "new.journal").write_bytes(line)
    with pytest.raises(NewerFormatError, match="format 3, this mlmagic knows 2"):
        list(journal.read())


def test_numbers_that_json_does_not_know_are_kept():
    line = encode_metric("x", math.inf, 1, 0, yields=False, seed=SEED)
    (one,) = decode(line, SEED)
    assert one.record == Metric("x", math.inf, 1, 0)
    assert encode(Ended("KILLED", 5), SEED).endswith(b'["ended","KILLED",5]\n')


WHOLE = [
    Param("lr", "0.1"),
    Metric("größe", 1e-300, 1_750_000_000_000, -3, yields=True),
    Tag("note", 'two\nlines, "quotes" and [brackets]'),
    records.UserKeys(["a"], []),
    records.Closed(),
]
FILE = header(SEED) + b"".join(encode(record, SEED) for record in WHOLE)


def ends_of(data):
    """Return where each line of *data* ends, and the record of it."""
    return [(line.end, line.record) for line in decode(data, SEED)]


def test_each_cut_of_a_journal_leaves_the_whole_lines_before_it():
    ends = ends_of(FILE)
    for cut in range(len(FILE) + 1):
        assert ends_of(FILE[:cut]) == [(end, record) for end, record in ends if end <= cut]


def test_each_flipped_bit_costs_its_own_line_only():
    starts = [0, len(header(SEED)), *(end for end, _ in ends_of(FILE))]
    for at in range(len(FILE)):
        hit = max(place for place, start in enumerate(starts) if start <= at)
        for bit in range(8):
            damaged = bytearray(FILE)
            damaged[at] ^= 1 << bit
            read = [record for _, record in ends_of(bytes(damaged)) if record is not None]
            kept = [record for place, record in enumerate(WHOLE, 1) if place != hit]
            # Without its line break a line ends with the next one, of which the record is found.
            assert all(record in read for record in kept), (at, bit)
            assert all(record in WHOLE for record in read), (at, bit)


@given(st.lists(st.sampled_from([FILE, b"\n", b"x\n", FILE[:40], b"x" * 50]), max_size=4).map(b"".join), st.data())
def test_chunks_of_any_size_give_the_lines_of_the_whole(data, draw):
    start = draw.draw(st.sampled_from([0, *(end for end, _ in ends_of(data))]))
    size = st.integers(1, 60)

    def bytes_at(at):
        return data[at : at + draw.draw(size)]

    assert list(read_lines(bytes_at, SEED, start)) == list(decode(data[start:], SEED, start))


@pytest.mark.parametrize("chunk", [7, 64, 10_000])
def test_a_line_longer_than_any_record_is_skipped_and_named(monkeypatch, chunk):
    monkeypatch.setattr(lines, "_LONGEST_LINE", 300)
    long = b"y" * 5000 + b"\n"
    data = FILE + long + FILE + b"z" * 5000
    read = list(read_lines(lambda at: data[at : at + chunk], SEED))
    assert [line.record for line in read if line.record is not None] == WHOLE * 2
    assert [line.end for line in read if line.record is None] == [len(FILE) + len(long)]


def test_nothing_is_read_beyond_the_chunk_that_begins_before_the_bound():
    asked = []

    def bytes_at(at):
        asked.append(at)
        return FILE[at : at + 50]

    list(read_lines(bytes_at, SEED, upto=120))
    assert asked == [0, 50, 100]


@pytest.mark.parametrize(
    "content",
    [
        *(
            "[]",
            "{}",
            "3",
            "null",
            '"tag"',
            "[3]",
            "[null]",
            '["tag"]',
            '["tag","a"]',
            '["tag","a",3]',
            '["tag","a","b","c"]',
        ),
        *('["metric","a","1",5,0]', '["metric","a",1,5,0.5]', '["metric","a",true,5,0]', f'["ended","KILLED",{2**63}]'),
        *(
            '["tag","a","b"',
            '["tag","a","\\ud800"]',
            f'["tag","a",{"[" * 5000}',
            f'["ended","a",{"1" * 5000}]',
            '["closed",1]',
        ),
        *(
            '["leftout",["a"],[1]]',
            '["leftout","a","b"]',
            '["format"]',
            '["format","9"]',
            '["format",2]',
            '["Tag","a","b"] '[:2],
        ),
    ],
)
def test_an_intact_line_that_is_no_record_is_none(content):
    found = list(decode(lines._line(content, SEED), SEED))
    assert [one.record for one in found] in ([None], [])


@pytest.mark.parametrize("content", ['["format",3]', '["format",99,"more"]', '["unheard","of"]', '["Tag","a","b"]'])
def test_what_a_newer_version_wrote_is_not_lost(content):
    with pytest.raises(NewerFormatError):
        list(decode(lines._line(content, SEED), SEED))


def test_the_seed_is_of_the_name_in_any_encoding():
    assert seed_of("a.journal") != seed_of("b.journal")
    assert seed_of("a\udcff.journal") == zlib.crc32(b"a\xff.journal")


def test_a_word_of_each_kind_is_its_own():
    words = [lines._WORDS[kind] for kind in get_args(records.Record)]
    assert len(set(words)) == len(words)
    assert {lines._KINDS[word] for word in words} == set(get_args(records.Record))
