"""A line for each cell of a notebook: on a terminal the running one is written over, elsewhere each is written once."""

import asyncio
import contextlib
import io
import re

import pytest

from mlmagic.cli.progress import CommandProgress, first_line, without_colours
from mlmagic.views.rendering import columns


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")


def followed(stream, cells):
    """Return what is written to *stream* while the cells run."""

    async def run():
        progress = CommandProgress(cells)
        for _ in cells:
            await progress.started(cell_index=0)
            await asyncio.sleep(0)  # lets the ticker write once
            await progress.ended(cell_index=0)
        progress.close()

    with contextlib.redirect_stdout(stream):
        asyncio.run(run())
    return stream.getvalue()


def test_elsewhere_each_cell_is_one_line():
    written = followed(io.StringIO(), ["x = 1\ny = 2", "", "%%track forest\nfit()"])
    assert [re.sub(r" +[0-9.]+ s$", "", line) for line in written.splitlines()] == [
        "  1/3  x = 1",
        "  2/3  (empty)",
        "  3/3  %%track forest",
    ]


def test_on_a_terminal_the_running_cell_is_written_over():
    _, *lines = followed(Terminal(), ["x = 1", "y = 2"]).split("\r")
    assert [line.endswith("\n") for line in lines] == [False, True, False, True]
    assert [line[:12] for line in lines] == ["  1/2  x = 1", "  1/2  x = 1", "  2/2  y = 2", "  2/2  y = 2"]


def test_an_interrupt_leaves_the_cursor_on_a_line_of_its_own():
    async def interrupted():
        progress = CommandProgress(["x = 1"])
        await progress.started()
        await asyncio.sleep(0)
        progress.close()
        progress.close()

    stream = Terminal()
    with contextlib.redirect_stdout(stream):
        asyncio.run(interrupted())
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("\n")


@pytest.mark.parametrize(
    "source",
    ["x" * 500, "漢" * 100, "print('\x1b[2J')", "\u202eabc", "x = 'é'"],
    ids=["long", "wide", "escape", "rtl", "accent"],
)
def test_a_line_fits_the_terminal_and_has_no_control_characters(source):
    written = followed(io.StringIO(), [source] * 12)
    lines = written.splitlines()
    assert len(lines) == 12
    assert {columns(line) for line in lines} == {columns(lines[0])}
    assert columns(lines[0]) <= 60
    assert "\x1b" not in written
    assert "\u202e" not in written


@pytest.mark.parametrize(
    ("source", "line"), [("", "(empty)"), ("\n\n", "(empty)"), ("  a  \nb", "a"), ("\n\tb", "b"), ("# only", "# only")]
)
def test_the_first_line_that_says_something(source, line):
    assert first_line(source) == line


@pytest.mark.parametrize(
    ("text", "plain"), [("\x1b[1;31ma\x1b[0m", "a"), ("a", "a"), ("\x1b[mb", "b"), ("\x1b[38;5;12mc\x1b[39m", "c")]
)
def test_colours_are_taken_out(text, plain):
    assert without_colours(text) == plain
