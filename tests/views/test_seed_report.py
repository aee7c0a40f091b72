"""The table of a seed, as text and as HTML."""

import re
from html.parser import HTMLParser

from mlmagic.snapshot.randomness.seeding import SeedReport, SeedRow
from mlmagic.views.seed_report import seed_headline, seed_report_bundle

REPORT = SeedReport(
    42,
    (
        SeedRow("Python's random", "fixed"),
        SeedRow("rng, a Generator", "not fixed", "unseeded", "rng = mlmagic.rng()"),
        SeedRow("Hashes", "needs restart", "drawn anew", "PYTHONHASHSEED=42 jupyter lab"),
    ),
)


class Cells(HTMLParser):
    """Collects what a reader sees, and every tag."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.tags = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        if data.strip() and self.tags[-1] != "style":
            self.texts.append(data.strip())


def test_both_pictures_say_the_same():
    bundle = seed_report_bundle(REPORT)
    seen = Cells(bundle["text/html"]).texts
    assert seen[0] == "Seed 42: 1 fixed, 1 not fixed, 1 needing a restart"
    for row in REPORT.rows:
        for part in filter(None, (row.what, row.state, row.why, row.command)):
            assert part in seen
            assert part in bundle["text/plain"]


def test_the_columns_of_the_text_are_aligned():
    lines = seed_report_bundle(REPORT)["text/plain"].split("\n")
    assert lines[1:] == [
        "  fixed          Python's random",
        "  not fixed      rng, a Generator  unseeded -> rng = mlmagic.rng()",
        "  needs restart  Hashes            drawn anew -> PYTHONHASHSEED=42 jupyter lab",
    ]


def test_a_name_cannot_bring_markup_or_control_characters():
    wicked = "<img src=x onerror=alert(1)>\x1b[31m\n$5"
    bundle = seed_report_bundle(SeedReport(1, (SeedRow(wicked, "not fixed", wicked, wicked),)))
    assert "img" not in Cells(bundle["text/html"]).tags
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", bundle["text/html"] + bundle["text/plain"])
    assert len(bundle["text/plain"].split("\n")) == 2
    assert "tex2jax_ignore" in bundle["text/html"]


def test_without_a_seed_the_headline_names_the_next_command():
    assert seed_headline(SeedReport(None, REPORT.rows)).startswith("No seed is set (%seed 42 sets one): 1 fixed")
