"""Lines and bars as SVG: what is not known is not drawn."""

from __future__ import annotations

import math

from mlmagic.views.monitoring.charts import Point, bars_svg, line_svg, stacks_svg


def test_a_gap_is_not_drawn_over():
    svg, _ = line_svg([Point("", one) for one in (1.0, 2.0, math.nan, 3.0, 4.0)], label="x")
    assert svg.count("<polyline") == 2
    assert line_svg([Point("", math.nan)], label="x") == ("", None)
    assert bars_svg([("a", 0.0)], label="x") == ""


def test_the_line_to_an_estimate_is_one_and_all_parts_meet():
    svg, _ = line_svg([Point("", 1.0), Point("", 2.0), Point("", 3.0, is_estimate=True), Point("", 4.0)], label="x")
    assert [part.split('"')[0] for part in svg.split('<polyline class="')[1:]] == ["line", "line estimate"]


def test_a_stack_ends_where_its_shares_end():
    svg = stacks_svg([[("a", 0.25), ("b", 0.75)]], label="x")
    heights = [float(part.split('"')[0]) for part in svg.split('height="')[1:]]
    tops = [float(part.split('"')[0]) for part in svg.split(' y="')[1:]]
    assert heights[1] == 3 * heights[0]
    assert tops[0] == tops[1] + heights[1]


def test_a_limit_is_a_line_across_within_the_scale():
    svg, scale = line_svg([Point("", 0.5), Point("", 0.6)], label="x", baseline=0.55, limit=0.9)
    assert (svg.count('class="limit"'), svg.count('class="base"'), scale.most) == (1, 1, 0.9)
    assert 'class="limit"' not in line_svg([Point("", 0.5)], label="x")[0]


def test_without_marks_only_a_point_without_a_line_is_seen():
    points = [Point("", 1.0), Point("", 2.0), Point("", math.nan), Point("alone", 3.0)]
    svg, _ = line_svg(points, label="x", has_marks=False)
    assert (svg.count('class="joint"'), svg.count('class="joint lone"'), svg.count("mark")) == (2, 1, 0)
