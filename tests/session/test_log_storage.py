"""From what one run holds, and the parts, the whole log comes back; and each run holds little."""

import json
import random

import pytest

from mlmagic.session.log import ExecutionLog, LoggedCell
from mlmagic.session.log_storage import LogStorage, cells_of
from mlmagic.snapshot.parts import content_of
from mlmagic.snapshot.secrets import known_values


class Session:
    """A log, what its runs hold, and the parts that were stored."""

    def __init__(self):
        self.log = ExecutionLog()
        self.storage = LogStorage(self.log)
        self.parts = {}
        self.runs = []

    def cell(self, source, status="ok", number=None):
        cell = self.log.begin(source, number or len(self.log.cells) + 1)
        if status:
            self.log.end(cell, status)
        return cell

    def run(self, cell=None):
        stored = self.storage.up_to(cell)
        self.parts |= {part.digest: part.packed for part in stored.parts}
        self.runs.append(json.dumps(stored.content))
        return stored

    def read(self, run):
        return cells_of(json.loads(run), lambda digest: content_of(digest, self.parts[digest]))


def source(chance, size=1000):
    lines = []
    while sum(map(len, lines)) < size:
        lines.append(f"value_{chance.randrange(10**6)} = f_{chance.randrange(100)}({chance.random()})")
    return "\n".join(lines)


@pytest.fixture
def session():
    return Session()


@pytest.mark.parametrize("sizes", [(1000,), (1,), (10, 60_000), (500, 500, 500, 100_000, 3)])
def test_every_run_leads_to_the_whole_log_up_to_itself(session, sizes):
    chance = random.Random(0)
    ends = []
    for number in range(120):
        cell = session.cell(source(chance, sizes[number % len(sizes)]))
        if number % 3 == 0:  # others are not tracked
            session.run(cell)
            ends.append(number + 1)
    for run, count in zip(session.runs, ends, strict=True):
        assert session.read(run) == session.log.cells[:count]


def test_a_run_holds_little_however_long_the_session_is(session):
    chance = random.Random(0)
    scripts = [session.run(session.cell(source(chance))).script for _ in range(400)]
    assert max(map(len, session.runs)) < 25_000
    assert max(map(len, scripts)) < 6_000
    assert sum(map(len, session.parts.values())) < 400_000 / 2
    assert session.read(session.runs[-1]) == session.log.cells


def test_a_session_of_usual_length_needs_no_part(session):
    chance = random.Random(0)
    for _ in range(40):
        session.run(session.cell(source(chance, 400)))
    assert not session.parts


def test_the_latest_cells_are_plain_and_say_what_is_left_out(session):
    chance = random.Random(0)
    for _ in range(30):
        stored = session.run(session.cell(source(chance)))
    shown = stored.content["cells"]
    assert shown[-1]["source"] == session.log.cells[-1].source
    assert stored.script.startswith(f"# {30 - len(shown)} earlier cells are left out here")
    assert session.run(session.cell("x")).script.endswith("x\n")


def test_cells_since_the_last_run_are_plain_however_many(session):
    session.run(session.cell("a"))
    new = [session.cell(source(random.Random(number))) for number in range(20)]
    stored = session.run()
    assert [cell["source"] for cell in stored.content["cells"]][-20:] == [cell.source for cell in new]


def test_a_cell_that_runs_beside_others_has_its_end_in_later_runs(session):
    chance = random.Random(0)
    aside = session.cell("server()", status=None)
    for _ in range(100):
        session.run(session.cell(source(chance)))
    assert session.parts
    assert session.read(session.runs[-1])[0].status == "running"
    session.log.end(aside, "interrupted")
    session.run(session.cell("after"))
    assert session.read(session.runs[-1]) == session.log.cells
    session.run(aside)  # its own run ends last, and has the log up to it
    assert session.read(session.runs[-1]) == [aside]


def test_a_secret_that_is_typed_later_is_in_no_later_run_or_part(session, monkeypatch):
    monkeypatch.setattr(known_values, "_typed", set())
    chance = random.Random(0)
    session.cell("connect('correct horse battery')")
    for _ in range(100):
        session.run(session.cell(source(chance)))
    assert session.parts
    before = set(session.parts)
    known_values.remember("correct horse battery")
    stored = session.run(session.cell("after"))
    assert stored.redacted == (0, 0)  # none in what is new
    assert "correct horse" not in str(session.read(session.runs[-1]))
    again = {part.digest for part in stored.parts}
    assert len(again - before) == 1  # the others are as they were
    known_values._seen_environment = {}


def test_what_was_redacted_once_stays_so_in_later_parts(session, monkeypatch):
    monkeypatch.setattr(known_values, "_typed", {"correct horse battery"})
    known_values._make_anew()
    chance = random.Random(0)
    session.run(session.cell("connect('correct horse battery')"))
    monkeypatch.setattr(known_values, "_typed", set())  # as after 128 others
    known_values._make_anew()
    for _ in range(100):
        session.run(session.cell(source(chance)))
    assert session.parts
    assert "correct horse" not in str(session.read(session.runs[-1]))
    assert "<redacted>" in session.read(session.runs[-1])[0].source


def test_a_secret_counts_in_the_run_that_first_has_it(session, monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", "plain-looking-value")
    session.cell("connect('plain-looking-value')")
    assert session.run(session.cell("a")).redacted == (1, 1)
    assert session.run(session.cell("b")).redacted == (0, 0)


def test_only_what_is_new_is_worked_out(session, monkeypatch):
    chance = random.Random(0)
    for _ in range(1200):
        session.run(session.cell(source(chance, 300)))
    asked = []
    facts = LoggedCell.facts
    monkeypatch.setattr(LoggedCell, "facts", lambda cell: asked.append(cell) or facts(cell))
    session.run(session.cell("one more"))
    assert len(asked) < 200


def test_a_log_of_the_first_format_is_read(session):
    content = {"format": 1, "python": "3.11", "cells": [{"number": 1, "source": "x", "status": "ok"}]}
    assert cells_of(content, lambda _: b"") == [LoggedCell(1, "x", "ok")]


@pytest.mark.parametrize(
    "content",
    [
        {"cells": 3}, {"cells": [1, "x", None]}, {"parts": {"a": 1}}, {"ended_later": {"7": {}, "x": 1}}, {"earlier": [[], 1]},
        {"ended_later": [1]},
    ],
)  # fmt: skip
def test_what_is_no_log_has_no_cells(content):
    assert cells_of(content, lambda _: b"[]") == []


@pytest.mark.parametrize("packed", ["no base64!", "aGVsbG8=", 3])
def test_a_damaged_log_is_told(packed):
    with pytest.raises(ValueError):  # noqa: PT011  # of several kinds
        cells_of({"packed": packed}, lambda _: b"")


def test_the_log_of_earlier_kernels_stands_before(session):
    other = Session()
    for _ in range(3):
        other.cell("earlier")
    stored = LogStorage(other.log, recorded=3).up_to()
    session.cell("now")
    content = session.run().content | {"earlier": [stored.content]}
    assert [cell.source for cell in session.read(json.dumps(content))] == ["earlier"] * 3 + ["now"]
