"""Figures of matplotlib: which are noticed, with which bytes, and what they are called."""

import io
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from mlmagic.adapters import matplotlib


@pytest.fixture(autouse=True)
def _no_open_figures():
    plt.close("all")
    yield
    plt.close("all")


@pytest.fixture
def drawn():
    """What the callback was called with, while figures are watched."""
    seen = []
    stop = matplotlib.watch_drawn(lambda figure, png, stem: seen.append((figure, png, stem)))
    yield seen
    stop()


def a_figure():
    figure = Figure()
    figure.subplots().plot([1, 2])
    return figure


def test_a_file_that_is_saved_is_noticed_with_its_bytes_and_name(drawn, tmp_path):
    figure = a_figure()
    figure.savefig(tmp_path / "roc curve.png")
    figure.savefig(str(tmp_path / "second.PNG"))
    figure.savefig(tmp_path / "third.svg")
    assert [(one[0] is figure, one[2]) for one in drawn] == [(True, "roc curve"), (True, "second"), (True, "third")]
    assert drawn[0][1] == (tmp_path / "roc curve.png").read_bytes()
    assert drawn[1][1].startswith(b"\x89PNG")
    assert drawn[2][1] is None


def test_a_stream_is_noticed_with_what_was_written_to_it(drawn):
    buffer = io.BytesIO()
    buffer.write(b"before")
    a_figure().savefig(buffer, format="png")
    [(_, png, stem)] = drawn
    assert png == buffer.getvalue()[len(b"before") :]
    assert stem == ""


def test_a_file_that_is_open_has_no_bytes(drawn, tmp_path):
    with (tmp_path / "a.png").open("wb") as opened:
        a_figure().savefig(opened)
    [(_, png, _)] = drawn
    assert png is None


def test_own_pictures_are_not_noticed(drawn):
    assert matplotlib.to_png(a_figure()).startswith(b"\x89PNG")
    assert drawn == []
    a_figure().savefig(io.BytesIO())
    assert len(drawn) == 1


def test_after_the_watch_nothing_is_left():
    from matplotlib.backend_bases import FigureCanvasBase

    before = FigureCanvasBase.print_figure
    stop = matplotlib.watch_drawn(lambda *_: pytest.fail("no longer watched"))
    assert FigureCanvasBase.print_figure is not before
    stop()
    assert FigureCanvasBase.print_figure is before
    a_figure().savefig(io.BytesIO())


def test_a_drawing_that_fails_is_not_noticed(drawn, tmp_path):
    with pytest.raises(ValueError, match="Format"):
        a_figure().savefig(tmp_path / "a.nosuch")
    assert drawn == []


def labelled(label="", suptitle="", titles=()):
    figure = Figure(label=label)
    if suptitle:
        figure.suptitle(suptitle)
    for title in titles:
        figure.add_subplot().set_title(title)
    return figure


@pytest.mark.parametrize(
    ("figure", "title"),
    [
        (labelled(), ""),
        (labelled(titles=["one"]), "one"),
        (labelled(titles=["one", ""]), "one"),
        (labelled(titles=["one", "two"]), ""),
        (labelled(suptitle="all", titles=["one"]), "all"),
        (labelled(label="label", suptitle="all", titles=["one"]), "label"),
        (labelled(label="  ", titles=["  "]), ""),
        (labelled(label=3), "3"),
    ],
)
def test_what_a_figure_is_called(figure, title):
    assert matplotlib.title(figure) == title


def test_an_empty_figure_has_nothing_but_its_background():
    assert matplotlib.is_empty(Figure())
    assert not matplotlib.is_empty(a_figure())
    assert not matplotlib.is_empty(labelled(suptitle="all"))


def test_open_figures_are_in_the_order_of_their_numbers():
    second, first = plt.figure(7), plt.figure(2)
    assert matplotlib.open_figures() == [first, second]
    assert matplotlib.is_figure(first)
    assert not matplotlib.is_figure(Path("a.png"))
    plt.close(7)
    assert matplotlib.open_figures() == [first]


def _shown(title="loss", points=(1, 2, 3), color="C0", dots=((0, 1), (1, 0))):
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.plot(points, color=color)
    axes.scatter(*zip(*dots, strict=True))
    axes.bar([0, 1], [2, points[-1]])
    axes.imshow([[1, points[0]]], extent=(0, 1, 0, 1))
    axes.set_title(title)
    matplotlib.to_png(figure)
    return matplotlib.digest(figure)


def test_the_digest_of_a_figure_is_that_of_what_it_shows():
    assert _shown() == _shown()
    others = [_shown("loss 2"), _shown(points=(1, 2, 3.001)), _shown(color="C1"), _shown(dots=((0, 1), (1, 0.5)))]
    assert len({_shown(), *others}) == 5


def test_a_figure_with_an_artist_that_raises_has_no_digest():
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    class Odd(Line2D):
        def get_xydata(self):
            raise RuntimeError

    figure = Figure()
    figure.subplots().add_line(Odd([0, 1], [0, 1]))
    assert matplotlib.digest(figure) == ""
