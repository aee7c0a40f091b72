"""What is shown while runs are open reaches the run that it belongs to: of the thread, and of the runs around it."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.adapters import autologging
from mlmagic.session.output import capture as hub
from mlmagic.session.output.capture import Capture
from mlmagic.session.output.figures import Figure


@pytest.fixture(autouse=True, scope="module")
def _agg():
    with mpl.rc_context({"figure.dpi": 20, "figure.figsize": (1, 1)}):
        before = mpl.get_backend()
        mpl.use("agg")
        yield
        mpl.use(before)


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    before = [vars(stream).get("write") for stream in (sys.stdout, sys.stderr)]  # another test may have set one
    yield
    assert hub._hub._captures.all() == []
    assert [vars(stream).get("write") for stream in (sys.stdout, sys.stderr)] == before
    plt.close("all")


@pytest.fixture
def start():
    """Return a function that starts a capture on the calling thread."""
    begun = []

    def start(*, limit=10_000, figures=True):
        begun.append(Capture(output_limit=limit, figures=figures))
        begun[-1].start()
        return begun[-1]

    yield start
    for one in reversed(begun):
        one.stop()


def text(capture):
    return capture.transcript.text()


def titles(capture):
    return [one.title for one in capture.figures.finish()]


def on_a_thread(work):
    """Run *work* on another thread, and raise what it raises."""
    raised = []

    def run():
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # raised below
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


def drawn(title):
    figure = plt.figure()
    figure.gca().plot([1, 2])
    figure.gca().set_title(title)
    hub.figure_drawn(figure, b"png")
    return figure


def test_both_streams_are_shown_and_captured(start):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        run = start()
        print("to out")
        print("to err", file=sys.stderr)
        run.stop()
        print("later")
    assert text(run) == "to out\nto err\n"
    assert (out.getvalue(), err.getvalue()) == ("to out\nlater\n", "to err\n")


def test_a_run_within_a_run_has_its_own_output_and_the_outer_has_both(start):
    outer = start()
    print("a")
    inner = start()
    print("b")
    inner.stop()
    print("c")
    assert (text(outer), text(inner)) == ("a\nb\nc\n", "b\n")


def test_runs_may_end_in_any_order(start):
    outer = start()
    inner = start()
    outer.stop()
    print("a")
    inner.stop()
    print("b")
    assert (text(outer), text(inner)) == ("", "a\n")


def test_a_stopped_run_can_be_stopped_again(start):
    run = start()
    run.stop()
    run.stop()
    print("a")
    assert text(run) == ""


def test_a_worker_thread_without_a_run_writes_to_the_latest(start):
    outer, inner = start(), start()
    on_a_thread(lambda: print("a"))
    inner.stop()
    on_a_thread(lambda: print("b"))
    assert (text(outer), text(inner)) == ("b\n", "a\n")


def test_a_thread_with_a_run_of_its_own_writes_to_that(start):
    here = start()
    there = []

    def work():
        there.append(start())
        print("there")
        drawn("there")

    on_a_thread(work)
    print("here")
    drawn("here")
    assert (text(here), text(there[0])) == ("here\n", "there\n")
    assert (titles(here), titles(there[0])) == (["here"], ["there"])


def test_logging_is_a_line_for_the_runs_and_nothing_for_the_screen(start):
    outer, inner = start(), start()
    logging.getLogger("mine").error("lost %s", "x")
    assert [text(run).endswith("ERROR mine: lost x\n") for run in (outer, inner)] == [True, True]
    assert text(inner).count("lost x") == 1


def test_a_stream_that_is_replaced_meanwhile_is_not_captured_and_not_harmed(start):
    run = start()
    with contextlib.redirect_stdout(io.StringIO()) as other:
        print("hidden")
    print("shown")
    assert (text(run), other.getvalue()) == ("shown\n", "hidden\n")


@given(st.lists(st.tuples(st.sampled_from(["open", "close", "print"]), st.integers(0, 3)), max_size=20))
def test_each_run_has_what_was_printed_while_it_was_open(steps):
    opened, expected, printed = [], {}, 0
    with contextlib.redirect_stdout(io.StringIO()) as stream, contextlib.ExitStack() as after:
        for step, which in steps:
            if step == "open":
                run = Capture(output_limit=10_000, figures=False)
                run.start()
                after.callback(run.stop)
                opened.append(run)
                expected[run] = ""
            elif step == "close" and opened:
                opened.pop(which % len(opened)).stop()
            elif step == "print":
                printed += 1
                print(printed)
                for run in opened:
                    expected[run] += f"{printed}\n"
    assert {run: text(run) for run in expected} == expected
    assert stream.getvalue() == "".join(f"{number + 1}\n" for number in range(printed))


def test_a_figure_belongs_to_the_innermost_run(start):
    outer, inner = start(), start()
    drawn("a")
    inner.stop()
    drawn("b")
    assert (titles(outer), titles(inner)) == (["b"], ["a"])


def test_without_a_run_a_figure_is_nobodys():
    drawn("a")
    hub.figures_left_open()


def test_a_run_that_takes_no_figures_hides_them_from_the_outer_one(start):
    outer = start()
    inner = start(figures=False)
    drawn("a")
    hub.figures_left_open()
    assert (inner.figures, titles(outer)) == (None, [])


def test_open_figures_are_those_that_the_run_opened(start):
    plt.figure().gca().plot([1])
    run = start()
    plt.figure().gca().plot([1])
    plt.title("mine")
    hub.figures_left_open()
    (figure,) = run.figures.finish()
    assert (figure.title, figure.extension) == ("mine", "png")
    assert isinstance(figure, Figure)


def test_a_figure_that_autologging_saves_is_an_artifact_of_mlflows(start, monkeypatch):
    run = start()
    figure = drawn("a")
    monkeypatch.setattr(autologging, "is_saving", lambda: True)
    hub.figure_drawn(figure, b"png")
    drawn("b")
    assert titles(run) == []


def test_of_long_output_the_middle_is_left_out(start):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        run = start(limit=100)
        for number in range(1000):
            print(number)
        run.stop()
    assert text(run).startswith("0\n1\n2\n")
    assert text(run).endswith("\n998\n999\n")
    assert "characters left out" in text(run)
    assert out.getvalue().count("\n") == 1000


def test_writes_of_many_threads_are_all_captured_whole(start):
    run = start(limit=10**6)
    threads = [
        threading.Thread(target=lambda name=name: [sys.stdout.write(f"{name}{'x' * 50}\n") for _ in range(100)])
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = text(run).splitlines()
    assert sorted(lines) == sorted(f"{name}{'x' * 50}" for name in "abcd" for _ in range(100))
