"""The bar of a loop in a notebook: HTML that is updated in place, and its end in the saved notebook."""

import IPython.display
import pytest
from pages import Page

from mlmagic.training import bar
from mlmagic.training.bar import EVERY_S, NotebookBar, TextBar, new_bar
from mlmagic.views.loops.progress_bar import BarState, progress_bar


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def shown(monkeypatch):
    """What was displayed: the HTML, the text, the display's id, and whether it was an update."""
    calls = []

    def display(bundle, *, raw, display_id, update):
        assert raw
        assert set(bundle) == {"text/html", "text/plain"}
        calls.append((bundle["text/html"], bundle["text/plain"], display_id, update))

    monkeypatch.setattr(IPython.display, "display", display)
    return calls


def test_it_is_one_display_redrawn_at_most_five_times_a_second(shown):
    clock = Clock()
    made = NotebookBar(1000, "epochs", leave=True, clock=clock)
    for _ in range(1000):
        clock.now += 0.01
        made.advance()
    made.close()
    assert len(shown) <= 10 / EVERY_S + 2
    assert len({display for *_, display, _ in shown}) == 1
    assert [update for *_, update in shown] == [False] + [True] * (len(shown) - 1)
    assert shown[0][1] == "epochs: 0/1,000 (0 %), 0 ms"
    assert shown[-1][1] == "epochs: 1,000/1,000 (100 %), 10.0 s, 100/s"


@pytest.mark.parametrize(
    ("total", "items", "as_meant", "kind"),
    [
        (3, 3, False, "done"),
        (3, 1, False, "cut-short"),
        (3, 1, True, "done"),
        (0, 0, False, None),
        (None, 2, False, None),
    ],
)
def test_its_colour_tells_whether_it_reached_its_end(shown, total, items, as_meant, kind):
    made = NotebookBar(total, "", leave=True, clock=Clock())
    for _ in range(items):
        made.advance()
    made.close(as_meant=as_meant)
    page = Page(shown[-1][0])
    assert page.problems == []
    assert ("span", "role", "progressbar") in page.attributes if kind else "progressbar" not in shown[-1][0]
    assert kind is None or ("span", "class", kind) in page.attributes


def test_the_bar_of_a_loop_within_is_reused_and_leaves_nothing(shown):
    made = NotebookBar(2, "batches", leave=False, clock=Clock())
    assert made.fits(9)
    assert not made.fits(None)
    made.postfix("loss=1")
    made.advance()
    made.restart(4, "more <b>")
    made.close()
    assert shown[-1][:2] == ("", "")


def test_while_it_runs_it_tells_the_time_left_and_the_latest_values():
    bundle = progress_bar(BarState(8, 50, 4.0, "<b>epochs</b>", "loss=0.125, stopped early"))
    assert bundle["text/plain"] == "<b>epochs</b>: 8/50 (16 %), 4.00 s, 2/s, 21.0 s left, loss=0.125, stopped early"
    page = Page(bundle["text/html"])
    assert page.problems == []
    assert page.text == "<b>epochs</b> 8/50 4.00 s · 2/s · 21.0 s left · loss=0.125, stopped early"
    assert ("span", "aria-valuenow", "8") in page.attributes


def test_slow_items_and_unknown_totals_are_told_as_such():
    assert progress_bar(BarState(2, None, 8.0))["text/plain"] == "2, 8.00 s, 4.00 s each"
    assert progress_bar(BarState(12, 10, 0.0, state="done"))["text/plain"] == "12/10 (100 %), 0 ms"


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ({}, NotebookBar),
        ({"QT_API": "pyqt5"}, TextBar),
        ({"SPYDER_ARGS": ""}, TextBar),
        ({"QT_API": "pyqt5", "JPY_SESSION_NAME": "work.ipynb"}, NotebookBar),
    ],
    ids=["notebook", "qt", "spyder", "notebook with a qt"],
)
def test_consoles_that_do_not_update_what_they_show_get_a_line(monkeypatch, shown, names, kind):
    for name in ("QT_API", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(bar, "in_notebook", lambda: True)
    made = new_bar(1, "", leave=False)
    assert isinstance(made, kind)
    made.close()
