# ruff: noqa: ICN001  # the figures are made with these

import gc
import io
import weakref

import altair
import matplotlib as mpl
import matplotlib.pyplot as plt
import plotly.graph_objects as go
import pytest
from matplotlib.backend_bases import FigureCanvasBase

from mlmagic.adapters import interactive_plots, matplotlib
from mlmagic.session.output import figures
from mlmagic.session.output.figures import FailedFigure, Figure, FigureCollector

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True, scope="module")
def _agg():
    with mpl.rc_context({"figure.dpi": 20, "figure.figsize": (2, 2)}):
        before = mpl.get_backend()
        mpl.use("agg")
        yield
        mpl.use(before)


@pytest.fixture
def collector():
    made = FigureCollector()
    made.start()
    stops = [library.watch_drawn(made.drawn) for library in (matplotlib, interactive_plots)]
    yield made
    for stop in stops:
        stop()
    plt.close("all")


def plot(title="", number=None):
    figure, axes = plt.subplots(num=number)
    axes.plot([1, 2])
    axes.set_title(title)
    return figure


def chart(title="bars"):
    return altair.Chart(altair.Data(values=[{"x": 1}]), title=title).mark_bar().encode(x="x:Q")


def told(collector):
    return [(item.title, item.extension) for item in collector.finish()]


def test_a_figure_that_is_left_open_is_taken(collector):
    plot("loss")
    collector.collect_open()
    (figure,) = collector.finish()
    assert (figure.title, figure.extension) == ("loss", "png")
    assert figure.content.startswith(PNG)
    assert len(plt.get_fignums()) == 1


def test_a_figure_that_is_saved_and_closed_is_kept_as_it_was_saved(collector, tmp_path):
    figure = plot("roc")
    figure.savefig(tmp_path / "roc.png", dpi=33)
    plt.close(figure)
    assert [item.content for item in collector.finish()] == [(tmp_path / "roc.png").read_bytes()]


@pytest.mark.parametrize("target", ["roc.png", b"roc.png", "roc.final.pdf"])
def test_a_figure_without_label_and_title_is_called_by_its_file(collector, tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    figure = plot()
    figure.savefig(target)
    figure.savefig(io.BytesIO())
    assert told(collector) == [("roc.final" if "final" in str(target) else "roc", "png")]


def test_label_and_title_come_before_the_name_of_the_file(collector, tmp_path):
    plot("titled").savefig(tmp_path / "a.png")
    plot(number="labelled").savefig(tmp_path / "b.png")
    later = plot()
    later.savefig(tmp_path / "c.png")
    later.axes[0].set_title("titled later")
    later.savefig(tmp_path / "c.png")
    assert [title for title, _ in told(collector)] == ["titled", "labelled", "titled later"]


@pytest.mark.parametrize("name", ["x.pdf", "x.svg", "x"])
def test_a_figure_saved_in_another_format_is_kept_as_a_picture(collector, tmp_path, name):
    figure = plot("roc")
    figure.savefig(tmp_path / name)
    plt.close(figure)
    (kept,) = collector.finish()
    assert (kept.title, kept.extension, kept.content[:8]) == ("roc", "png", PNG)


def test_a_figure_saved_into_memory_is_kept_without_what_stood_before_it(collector):
    buffer = io.BytesIO(b"before")
    buffer.seek(6)
    plot("a").savefig(buffer, format="png")
    assert [item.content for item in collector.finish()] == [buffer.getvalue()[6:]]


def test_a_figure_that_is_saved_shown_and_left_open_is_one_figure(collector):
    figure = plot("a")
    for _ in range(3):
        figure.savefig(io.BytesIO(), format="png")
    figure.savefig(io.BytesIO(), format="svg")
    collector.collect_open()
    collector.collect_open()
    assert told(collector) == [("a", "png")]


def test_the_last_drawing_counts_and_the_first_place(collector):
    first = plot("first")
    first.savefig(io.BytesIO(), format="png")
    plot("second").savefig(io.BytesIO(), format="png")
    first.axes[0].set_title("changed")
    last = io.BytesIO()
    first.savefig(last, format="png")
    kept = collector.finish()
    assert [item.title for item in kept] == ["changed", "second"]
    assert kept[0].content == last.getvalue()


def test_figures_come_in_the_order_in_which_they_were_made(collector):
    for number in (3, 1, 2):
        plot(f"f{number}", number=number)
    collector.collect_open()
    assert told(collector) == [("f1", "png"), ("f2", "png"), ("f3", "png")]


def test_figures_that_were_open_before_are_the_users(collector):
    old = plot("old")
    collector.finish()
    collector.start()
    plot("new")
    collector.collect_open()
    assert told(collector) == [("new", "png")]
    old.savefig(io.BytesIO(), format="png")
    assert told(collector) == [("old", "png")]


def test_an_empty_figure_is_none(collector):
    plt.figure()
    plt.savefig(io.BytesIO(), format="png")  # what plt.show() before plt.savefig() comes to
    collector.collect_open()
    assert collector.finish() == []


def test_a_figure_that_is_cleared_after_it_was_shown_is_kept_as_shown(collector):
    figure, shown = plot("a"), io.BytesIO()
    figure.savefig(shown, format="png")
    figure.clear()
    figure.savefig(io.BytesIO(), format="png")
    assert [item.content for item in collector.finish()] == [shown.getvalue()]


@pytest.mark.parametrize(
    ("make", "title"),
    [
        (lambda: plot("axes title"), "axes title"),
        (lambda: plot("axes title", number="the label"), "the label"),
        (lambda: plt.subplots(1, 2)[0], ""),
        (lambda: plot("  "), ""),
        (lambda: plot("t" * 500), "t" * 500),
        (lambda: plot("a/b: µ\n$x$"), "a/b: µ\n$x$"),
    ],
)
def test_the_title_is_what_the_user_called_it(collector, make, title):
    make()
    collector.collect_open()
    assert told(collector) == [(title, "png")]


def test_a_colour_bar_takes_no_title_away(collector):
    figure, axes = plt.subplots()
    axes.set_title("confusion")
    figure.colorbar(axes.imshow([[1, 2], [3, 4]]))
    collector.collect_open()
    assert told(collector) == [("confusion", "png")]


def test_the_figure_title_stands_before_that_of_the_axes(collector):
    plot("axes").suptitle("whole")
    collector.collect_open()
    assert told(collector) == [("whole", "png")]


def test_a_figure_that_cannot_be_rendered_is_told_and_loses_no_other(collector):
    plot("$\\frac{$")
    plot("good")
    collector.collect_open()
    bad, good = collector.finish()
    assert isinstance(bad, FailedFigure)
    assert bad.title == "$\\frac{$"
    assert "ParseException" in bad.reason or "ValueError" in bad.reason
    assert "\n" not in bad.reason
    assert good.title == "good"


def test_rendering_what_was_left_open_is_not_a_drawing_of_the_user(collector):
    plot("a")
    collector.collect_open()
    collector.finish()
    assert collector.finish() == []


def test_a_loop_over_many_figures_keeps_pictures_not_figures(collector):
    figures_made = []
    for number in range(200):
        figure = mpl.figure.Figure(figsize=(0.2, 0.2), dpi=50)
        figure.add_artist(mpl.lines.Line2D([0, 1], [0, 1]))
        figure.suptitle(f"f{number}", fontsize=2)
        figure.savefig(io.BytesIO(), format="png")
        figures_made.append(weakref.ref(figure))
        del figure
    gc.collect()
    assert sum(made() is not None for made in figures_made) == 0
    kept = collector.finish()
    assert [item.title for item in kept] == [f"f{number}" for number in range(200)]


def test_figures_of_a_recycled_number_are_two(collector):
    for title in ("one", "two"):
        figure = plot(title, number=1)
        figure.savefig(io.BytesIO(), format="png")
        plt.close(figure)
        del figure
    assert told(collector) == [("one", "png"), ("two", "png")]


@pytest.mark.parametrize(
    "show",
    [
        lambda chart: chart._repr_mimebundle_(),
        lambda chart: chart.write_html(io.StringIO(), include_plotlyjs=False),
        lambda chart: (chart._repr_mimebundle_(), chart._repr_mimebundle_()),
    ],
)
def test_a_plotly_chart_is_kept_once_as_a_page(collector, show):
    figure = go.Figure(go.Scatter(y=[1, 3, 2]), layout={"title": "lines"})
    show(figure)
    (kept,) = collector.finish()
    assert (kept.title, kept.extension) == ("lines", "html")
    assert b"Plotly.newPlot" in kept.content


def test_a_plotly_chart_that_is_only_made_is_not_shown(collector):
    go.Figure(go.Scatter(y=[1, 3, 2])).to_html(include_plotlyjs=False)
    chart().to_dict()
    assert collector.finish() == []


def test_express_charts_are_plotly_charts(collector):
    import plotly.express as px

    px.line(y=[1, 2], title="px")._repr_mimebundle_()
    assert told(collector) == [("px", "html")]


@pytest.mark.parametrize(
    ("make", "title"),
    [
        (chart, "bars"),
        (lambda: chart(altair.Undefined), ""),
        (lambda: chart(altair.Title("named", subtitle="sub")), "named"),
        (lambda: chart(altair.Title(["two", "lines"])), ""),
        (lambda: (chart() | chart()).properties(title="both"), "both"),
        (lambda: (chart() + chart()).properties(title="layers"), "layers"),
    ],
)
def test_an_altair_chart_is_kept_once_with_its_title(collector, make, title):
    made = make()
    made._repr_mimebundle_(None, None)
    made.save(io.StringIO(), format="json")
    (kept,) = collector.finish()
    assert (kept.title, kept.extension) in {(title, "html"), (title, "png")}
    assert len(kept.content) > 100


def test_keeping_a_chart_by_hand_does_not_show_it(collector):
    plot("left")
    for figure in (chart(), go.Figure(), plot("a")):
        assert isinstance(figures.render(figure), Figure)
    assert collector.finish() == []


def test_what_is_no_figure_is_refused():
    with pytest.raises(TypeError, match=r"^list$"):
        figures.render([1, 2])


def _wrapped():
    owners = [FigureCanvasBase, go.Figure.__mro__[1], altair.TopLevelMixin]
    return {(owner, name): value for owner in owners for name, value in vars(owner).items() if callable(value)}


def test_nothing_stays_wrapped_when_the_watch_is_over():
    before = _wrapped()
    stops = [library.watch_drawn(lambda figure, png: None) for library in (matplotlib, interactive_plots)]
    assert len([key for key, value in _wrapped().items() if before[key] is not value]) >= 3
    for stop in stops:
        stop()
        stop()
    assert _wrapped() == before


def test_the_result_of_saving_and_showing_is_the_users(collector):
    buffer = io.BytesIO()
    assert plot("a").savefig(buffer, format="png") is None
    assert "text/plain" not in go.Figure()._repr_mimebundle_()
    with pytest.raises(ValueError, match="not supported"):
        plot("b").savefig(io.BytesIO(), format="nonsense")
