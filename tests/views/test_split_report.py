"""The report of a split, as text and as HTML."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from mlmagic.data.split.splitting import split
from mlmagic.views.split_report import split_headline, split_report_bundle


class Page(HTMLParser):
    """Collects what a reader sees, and every tag."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.tags = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        if data.strip() and self.tags[-1] != "style":
            self.texts.append(" ".join(data.split()))


@pytest.fixture
def made():
    frame = pd.DataFrame({"id": range(1000), "x": np.arange(1000) % 500 / 7, "label": (["no"] * 3 + ["yes"]) * 250})
    return split(frame, stratify="label", val=0.1, seed=3)


def test_the_text_lists_sides_classes_and_leakage(made):
    lines = split_report_bundle(made)["text/plain"].split("\n")
    assert lines[:6] == [
        "Split 1,000 rows, drawn with seed 3, stratified by label",
        "               train    val   test",
        "  rows           700    100    200",
        "  of all       70.0%  10.0%  20.0%",
        "  label = no   75.0%  75.0%  75.0%",
        "  label = yes  25.0%  25.0%  25.0%",
    ]
    assert len(lines) == 7
    assert re.fullmatch(
        r"  ! Equal rows but for id: \d+ of 100 val rows .* are in train too; .* are in val too\.", lines[6]
    )


def test_the_page_says_the_same(made):
    bundle = split_report_bundle(made)
    seen = Page(bundle["text/html"]).texts
    assert seen[0] == split_headline(made.report)
    for line in bundle["text/plain"].split("\n")[1:6]:
        for word in re.split(r"\s{2,}| = ", line.strip()):
            assert word in seen
    assert made.report.findings[0].text in seen
    assert seen[-1] == "Bound: train, val, test"
    assert 'class="warning"' in bundle["text/html"]


def test_many_classes_are_folded():
    labels = np.arange(600) % 30
    made = split(np.arange(600), stratify=labels, seed=1)
    html = split_report_bundle(made)["text/html"]
    assert html.count("<tr") == 1 + 2 + 20
    assert "<summary>10 more classes</summary>" in html
    assert "11 others" in html


def test_a_name_cannot_bring_markup_or_control_characters():
    wicked = "<img src=x onerror=alert(1)>\x1b[31m\n$5"
    frame = pd.DataFrame({wicked: [wicked, "b"] * 50})
    bundle = split_report_bundle(split(frame, stratify=wicked, seed=1))
    assert "img" not in Page(bundle["text/html"]).tags
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", bundle["text/html"] + bundle["text/plain"])
    assert len(bundle["text/plain"].split("\n")) == 6
    assert "tex2jax_ignore" in bundle["text/html"]


def test_wide_characters_are_aligned():
    made = split(list(range(10)), stratify=pd.Series(["漢", "b"] * 5, name="字"), seed=1)
    lines = split_report_bundle(made)["text/plain"].split("\n")
    assert lines[-2:] == ["  字 = b   50.0%  50.0%", "  字 = 漢  50.0%  50.0%"]


def test_sides_are_told_apart_by_more_than_colour(made):
    html = split_report_bundle(made)["text/html"]
    assert 'aria-hidden="true"' in html
    for side in ("train", "val", "test"):
        assert f'<th scope="col" class="{side}" align="right">{side}</th>' in html
