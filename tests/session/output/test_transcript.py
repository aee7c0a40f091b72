import contextlib
import io
import itertools
import re
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlmagic.session.output.transcript import StreamTee, Transcript

PRINTED = st.text(st.sampled_from("ab\n\r é"), max_size=60)
MARKER = re.compile(r"\n\[… ([\d,]+) characters left out …\]\n")


def drawn(text):
    """Return what a plain terminal shows when each redraw of a line covers the one before."""
    lines = []
    for line in text.split("\n"):
        parts = [part for part in line.split("\r") if part]
        lines.append(parts[-1] if parts else "")
    return "\n".join(lines)


def transcript(*chunks, limit=10**6):
    made = Transcript(limit)
    for chunk in chunks:
        made.write("stdout", chunk)
    return made


@given(PRINTED)
def test_progress_is_collapsed_to_what_was_drawn_last(text):
    assert transcript(text).text() == drawn(text)


@given(PRINTED, st.lists(st.integers(0, 60)), st.integers(0, 50))
@example("\r\n", [1], 10)
def test_it_does_not_matter_how_the_text_is_cut_into_writes(text, cuts, limit):
    places = [0, *sorted(cuts), len(text)]
    chunks = [text[start:end] for start, end in itertools.pairwise(places)]
    assert transcript(*chunks, limit=limit).text() == transcript(text, limit=limit).text()


@given(st.lists(st.text(st.sampled_from("abc\n"), max_size=30)), st.integers(0, 40))
def test_the_beginning_and_the_end_are_kept_and_no_more(chunks, limit):
    text, made = "".join(chunks), transcript(*chunks, limit=limit)
    half = limit // 2
    if len(text) <= 2 * half:
        assert made.text() == text
        assert made.dropped == 0
        return
    marker = MARKER.search(made.text())
    assert made.text()[: marker.start()] == text[:half]
    assert made.text()[marker.end() :] == text[len(text) - half :]
    assert int(marker[1].replace(",", "")) == made.dropped == len(text) - 2 * half


def test_a_line_that_never_ends_keeps_within_the_limit():
    made = transcript(*["." * 100] * 2000, limit=1000)
    assert len(MARKER.sub("", made.text())) == 1000
    assert made.dropped == 199_000


def test_a_progress_bar_of_many_redraws_leaves_its_last():
    bar = [f"{percent:5d}% {'#' * 60}\r" for percent in range(5000)]
    assert transcript(*bar, "done\n").text() == "done\n"
    assert transcript(*bar).text() == f" 4999% {'#' * 60}"
    wide = "x" * 40_000 + "\r" + "y" * 30_000 + "\r"
    assert transcript(wide, "done\n").text() == "done\n"


def test_many_small_writes_after_a_large_one_are_not_copied_each_time():
    made = transcript("x" * 3_000_000 + "\n", limit=4_000_000)
    copied = 0

    class Counting(str):
        __slots__ = ()

        def __getitem__(self, key):
            nonlocal copied
            copied += 1
            return str(self)[key]

    made._tail[-1] = Counting(made._tail[-1])
    for _ in range(1000):
        made.write("stdout", "y\n")
    assert copied == 0
    assert made.text().endswith("y\n" * 1000)


def test_lines_of_both_streams_stay_whole():
    made = Transcript(1000)
    made.write("stdout", "out ")
    made.write("stderr", "err ")
    made.write("stdout", "one\n")
    made.write("stderr", "two\nthr")
    assert made.text() == "out one\nerr two\nthr"


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("\x1b[1;31mred\x1b[0m \x1b[?25l\x1b[2Kx\n", "red x\n"),
        ("\x1b]0;title\x07x\n", "x\n"),
        ("\x1b]8;;http://h\x1b\\a link\x1b]8;;\x1b\\ and text \x07 after\n", "a link and text \x07 after\n"),
        ("a [1;31m] b\n", "a [1;31m] b\n"),
    ],
)
def test_terminal_codes_go_and_the_text_between_them_stays(printed, kept):
    assert transcript(printed).text() == kept


@pytest.fixture
def heard(capsys):
    """What a tee heard; with capsys the test has streams of its own."""
    return []


def test_both_streams_are_heard_and_still_show_what_is_written(heard, capsys):
    out, err = sys.stdout, sys.stderr
    tee = StreamTee(lambda stream, text: heard.append((stream, text)))
    tee.start()
    assert sys.stdout.write("one") == 3
    sys.stderr.write("two")
    tee.stop()
    sys.stdout.write("three")
    assert (sys.stdout, sys.stderr) == (out, err)
    assert capsys.readouterr() == ("onethree", "two")
    assert heard == [("stdout", "one"), ("stderr", "two")]
    assert "write" not in vars(out) | vars(err)


def test_starting_twice_hears_everything_once(heard):
    tee = StreamTee(lambda stream, text: heard.append(text))
    tee.start()
    tee.start()
    sys.stdout.write("x")
    tee.stop()
    tee.stop()
    sys.stdout.write("y")
    assert heard == ["x"]


def test_one_stream_under_both_names_is_heard_once(heard, monkeypatch):
    monkeypatch.setattr(sys, "stderr", sys.stdout)
    tee = StreamTee(lambda stream, text: heard.append(text))
    tee.start()
    sys.stderr.write("x")
    tee.stop()
    assert heard == ["x"]


@pytest.mark.parametrize("first_to_stop", [0, 1])
def test_tees_within_each_other_leave_the_other_listening(heard, first_to_stop):
    tees = [StreamTee(lambda stream, text, number=number: heard.append(number)) for number in (0, 1)]
    for tee in tees:
        tee.start()
    tees[first_to_stop].stop()
    heard.clear()
    sys.stdout.write("x")
    assert 1 - first_to_stop in heard
    tees[1 - first_to_stop].stop()


def test_a_tool_that_listens_in_the_same_way_is_put_back(heard):
    def write(text):
        heard.append(f"tool {text}")

    sys.stdout.write = write
    tee = StreamTee(lambda stream, text: heard.append(text))
    tee.start()
    sys.stdout.write("x")
    tee.stop()
    sys.stdout.write("y")
    assert heard == ["tool x", "x", "tool y"]


def test_a_tool_that_came_while_listening_stays(heard):
    tee = StreamTee(lambda stream, text: None)
    tee.start()
    sys.stdout.write = heard.append
    tee.stop()
    sys.stdout.write("x")
    assert heard == ["x"]


def test_redirected_output_goes_where_it_was_sent(heard):
    tee = StreamTee(lambda stream, text: heard.append(text))
    tee.start()
    with contextlib.redirect_stdout(io.StringIO()) as elsewhere:
        print("hidden")
    print("seen")
    tee.stop()
    assert elsewhere.getvalue() == "hidden\n"
    assert "".join(heard) == "seen\n"


class Slotted:
    __slots__ = ("got", "write")

    def __init__(self):
        self.got = []
        self.write = self.got.append


def test_a_stream_that_cannot_be_shadowed_goes_on_working(heard, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Slotted())
    monkeypatch.setattr(sys, "stderr", None)
    tee = StreamTee(lambda stream, text: heard.append(text))
    tee.start()
    sys.stdout.write("x")
    tee.stop()
    sys.stdout.write("y")
    assert sys.stdout.got == ["x", "y"]
    assert heard == []
