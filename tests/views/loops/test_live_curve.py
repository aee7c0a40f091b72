import base64
import math
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.views.curve_picture import PictureSeries
from mlmagic.views.loops.live_curve import HEIGHT, WIDTH, live_curve, quantity

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def series(name, values, steps=None, *, inner=False):
    steps = list(range(len(values))) if steps is None else steps
    span = (min(steps, default=0), max(steps, default=0))
    return PictureSeries(
        name, steps, values, values, values, span, values[-1] if values else math.nan, len(values), inner
    )


class Page(HTMLParser):
    """What a page holds: its tags, its pictures and its text without styles."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.pictures, self.text, self.events = set(), [], "", []
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.events += [name for name, _ in attrs if name.startswith("on")]
        self._style = tag == "style"
        if tag == "img":
            self.pictures.append(dict(attrs))

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        if not self._style:
            self.text += data

    @property
    def words(self):
        return " ".join(self.text.split())

    def svg(self, number=0):
        kind, _, content = self.pictures[number]["src"].partition(",")
        assert kind == "data:image/svg+xml;base64"
        return ET.fromstring(base64.b64decode(content))


def page(*given_series, mark=None):
    return Page(live_curve(given_series, mark=mark)["text/html"])


def drawn(svg, tag):
    return svg.findall(f"{{http://www.w3.org/2000/svg}}{tag}")


@pytest.mark.parametrize(
    ("names", "plots"),
    [
        (["train_loss", "val_loss", "val_accuracy"], 2),
        (["loss", "val/loss", "test-loss"], 1),
        (["train_f1", "val_auc"], 2),
        (["train", "val"], 2),
        (["a", "b", "c", "d", "e", "f"], 4),
    ],
)
def test_a_quantity_has_a_plot(names, plots):
    assert len(page(*(series(name, [1.0, 2.0]) for name in names)).pictures) == plots


def test_steps_of_an_inner_loop_have_a_plot_of_their_own():
    assert len(page(series("loss", [1.0, 2.0]), series("loss", [1.0, 2.0], inner=True)).pictures) == 2


def test_the_numbers_around_a_plot():
    shown = page(series("loss", [2.5, 0.25, 0.5], [3, 4, 5]), mark=4)
    assert shown.words == "loss 0.5 2.5 … 0.25 step 3 best at 4 … 5"
    assert shown.pictures[0]["alt"] == "loss 2.5 → 0.5 in 3 steps"
    assert (shown.pictures[0]["width"], shown.pictures[0]["height"]) == (str(WIDTH), str(HEIGHT))


def test_a_mark_outside_the_curve_or_among_inner_steps_is_left_out():
    assert "best" not in page(series("loss", [1.0, 2.0]), mark=7).text
    assert "best" not in page(series("loss", [1.0, 2.0], inner=True), mark=1).text


def test_more_than_four_metrics_are_counted():
    assert page(*(series(f"m{n}", [1.0]) for n in range(5))).words.endswith("1 more metric recorded")
    assert page(*(series(f"m{n}", [1.0]) for n in range(6))).words.endswith("2 more metrics recorded")


def test_series_in_one_plot_differ_in_colour_and_dash_and_keep_them_across_plots():
    shown = page(*(series(name, [1.0, 2.0]) for name in ("loss", "train_loss", "val_loss", "val_f1")))
    losses = {(line.get("stroke"), line.get("stroke-dasharray")) for line in drawn(shown.svg(), "polyline")}
    assert len(losses) == len({colour for colour, _ in losses}) == len({dash for _, dash in losses}) == 3
    (f1,) = drawn(shown.svg(1), "polyline")
    assert (f1.get("stroke"), f1.get("stroke-dasharray")) in losses


def test_one_value_is_a_dot_and_a_constant_is_in_the_middle():
    svg = page(series("loss", [0.5])).svg()
    assert [(dot.get("cx"), dot.get("cy")) for dot in drawn(svg, "circle")] == [
        (f"{WIDTH / 2:.1f}", f"{HEIGHT / 2:.1f}")
    ]
    shown = page(series("loss", [0.5, 0.5]))
    assert {dot.get("cy") for dot in drawn(shown.svg(), "circle")} == {f"{HEIGHT / 2:.1f}"}
    assert shown.words == "loss 0.5 0.5 step 0 … 1"


def test_nan_is_a_gap():
    shown = page(series("loss", [1.0, 0.5, math.nan, 0.2, 0.1]))
    assert len(drawn(shown.svg(), "polyline")) == 2
    nothing = page(series("loss", [math.nan, math.inf]))
    assert drawn(nothing.svg(), "polyline") == []
    assert "loss inf" in nothing.words


def test_joined_values_are_a_band_around_their_mean():
    joined = PictureSeries("loss", [0.5, 2.5], [1.0, 0.5], [0.5, 0.25], [2.0, 0.75], (0, 3), 0.25, 4)
    assert len(drawn(page(joined).svg(), "polygon")) == 1
    assert page(joined).words == "loss 0.25 2 … 0.25 step 0 … 3"


@given(
    st.lists(
        st.tuples(
            st.integers(-(2**62), 2**62),
            st.floats() | st.sampled_from([1.7e308, -1.7e308, 5e-324, 0.0]),
        ),
        min_size=1,
        max_size=20,
    ),
    st.none() | st.integers(-3, 20),
)
def test_every_curve_stays_within_its_plot(points, mark):
    steps, values = [step for step, _ in points], [value for _, value in points]
    shown = page(series("loss", values, steps), mark=mark)
    for shape in [*drawn(shown.svg(), "polyline"), *drawn(shown.svg(), "polygon")]:
        for pair in shape.get("points").split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
    assert live_curve([series("loss", values, steps)])["text/plain"].startswith("loss  ")


@given(st.text(max_size=60))
def test_names_are_text_and_nothing_else(name):
    shown = page(series(name, [1.0, 2.0]))
    assert shown.tags == {"div", "style", "span", "bdi", "b", "img"}
    assert shown.events == []


def test_nothing_of_a_name_gets_into_a_picture_and_nothing_runs():
    name = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    html = live_curve([series(name, [1.0, 2.0])])["text/html"]
    shown = Page(html)
    assert "script" not in shown.tags
    assert len(shown.pictures) == 1
    assert "<script" not in html
    assert b"alert" not in ET.tostring(shown.svg())
    assert {child.tag.rpartition("}")[2] for child in shown.svg()} == {"path", "polyline", "circle"}


def test_a_long_name_is_cut():
    assert "x" * 50 not in page(series("x" * 400, [1.0])).text


def test_the_text_has_a_line_for_each_metric():
    text = live_curve([series("loss", [3.0, 2.0, 1.0]), series("val_accuracy", [0.5, math.nan, 0.75])])["text/plain"]
    assert text.splitlines() == [
        "loss          █▅▁  3 → 1 in 3 steps",
        "val_accuracy  ▁ █  0.5 → 0.75 in 3 steps",
    ]


def test_the_text_of_a_long_curve_is_short():
    text = live_curve([series("loss", [float(n) for n in range(500)])])["text/plain"]
    assert text == "loss  ▁▁▂▂▂▃▃▃▃▄▄▄▅▅▅▆▆▆▆▇▇▇██  0 → 499 in 500 steps"


def test_quantities_without_words():
    assert quantity("%%") == ()
    assert len(page(series("%", [1.0]), series("", [1.0])).pictures) == 1
