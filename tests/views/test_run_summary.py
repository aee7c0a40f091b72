import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmagic.recording.summary import MetricLine, Notice, ParamChange, RunSummary
from mlmagic.views.run_summary import summary

RUN = RunSummary(
    run_id="a1b2c3d4e5f60718",
    name="baseline",
    experiment="churn",
    status="FINISHED",
    duration_s=192,
    params={"lr": "0.1", "optimizer": "adam"},
    metrics=(MetricLine("accuracy", 0.9561, 1, 0.9438), MetricLine("loss", 0.25, 20, 0.3), MetricLine("f1", 0.5)),
    figures=("roc",),
    notices=(Notice("no seed is set"), Notice("loss was nan once", "warning")),
    previous_name="swift-owl",
    changes=(ParamChange("lr", "0.2", "0.1"),),
    changed_lines=2,
)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"' onclick=x $x^2$ & \u202e \x1b[31m" + "z" * 5000


class Tags(HTMLParser):
    """Collects the elements, their attributes and the text outside of ``<style>``."""

    def __init__(self, html):
        super().__init__()
        self.found, self.attributes, self.text, self._in_style = [], [], "", False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.attributes += attrs
        self._in_style = tag == "style"

    def handle_endtag(self, tag):
        self._in_style = False

    def handle_data(self, data):
        self.text += "" if self._in_style else data


def read(run, **options):
    """Return the text that a reader of the HTML sees, on one line."""
    return " ".join(Tags(summary(run, **options)["text/html"]).text.split())


def test_the_card_tells_everything_of_the_run():
    text = read(RUN)
    for part in ("finished", "baseline", "churn · 3 min 12 s", "a1b2c3d4", "Figures roc"):
        assert part in text
    assert "accuracy 0.9561 ▴ +0.0123 · loss 0.25 ▾ -0.05 20 steps · f1 0.5" in text
    assert "since swift-owl lr 0.2 → 0.1 · 2 lines of the code" in text
    assert "2 parameters lr 0.1 · optimizer adam" in text
    assert text.endswith("loss was nan once 1 note no seed is set")


@pytest.mark.parametrize(
    ("changes", "lines", "shown"),
    [
        ((), 0, "the same parameters and code"),
        ((), 1, "1 line of the code"),
        ((ParamChange("seed", None, "3"), ParamChange("lr", "0.1", None)), 0, "seed 3 (new) · lr 0.1 (gone)"),
        (tuple(ParamChange(f"p{at}", "1", "2") for at in range(12)), 3, "4 more parameters · 3 lines of the code"),
    ],
)
def test_what_changed_since_the_last_run_of_the_cell(changes, lines, shown):
    run = replace(RUN, changes=changes, changed_lines=lines)
    assert shown in read(run)
    assert shown.replace(" · ", ", ") in summary(run)["text/plain"]
    first = replace(run, previous_name=None)
    assert "since" not in read(first)
    assert "changed" not in summary(first)["text/plain"]


def test_a_run_of_the_same_name_is_the_last_run():
    assert "since the last run lr 0.2" in read(replace(RUN, previous_name=RUN.name))


def test_the_preview_has_no_parameter_twice_and_none_of_the_split():
    params = {"n": "77", "seed": "3", "split.test": "0.3", "forest.n_estimators": "77", "forest.max_depth": "5"}
    assert "5 parameters n 77 · seed 3 · forest.max_depth 5 n 77" in read(replace(RUN, params=params))


def test_a_card_is_a_few_kilobytes_in_the_saved_notebook():
    assert len(summary(RUN)["text/html"]) < 5500


def test_the_plain_text_tells_the_same_in_aligned_lines():
    assert summary(RUN)["text/plain"].splitlines() == [
        "● finished  baseline  (churn, 3 min 12 s, run a1b2c3d4)",
        "  metrics  accuracy  0.9561  +0.0123  (change since swift-owl)",
        "           loss      0.25    -0.05    20 steps",
        "           f1        0.5",
        "  changed  lr 0.2 → 0.1, 2 lines of the code  (since swift-owl)",
        "  params   lr         0.1",
        "           optimizer  adam",
        "  figures  roc",
        "  note     no seed is set",
        "  warning  loss was nan once",
    ]


@pytest.mark.parametrize("status", ["FINISHED", "FAILED", "KILLED", "RUNNING"])
def test_the_status_is_a_word_and_a_colour(status):
    html = summary(replace(RUN, status=status))["text/html"]
    word = status.lower()
    assert f'<span class="status {word}">{word}</span>' in html
    assert f".{word}::before" in html


def test_a_failed_run_shows_its_error():
    failed = replace(RUN, status="FAILED", error="ZeroDivisionError: division by zero")
    assert "ZeroDivisionError: division by zero" in read(failed)
    assert "  error    ZeroDivisionError: division by zero" in summary(failed)["text/plain"]
    assert "ZeroDivisionError: division by zero" in read(failed, quiet=True)


def test_quiet_is_one_line_that_keeps_what_matters():
    bundle = summary(RUN, quiet=True)
    line = "finished baseline · accuracy 0.9561, loss 0.25, f1 0.5 · 3 min 12 s · 1 warning"
    assert bundle["text/plain"] == f"● {line.replace('finished ', 'finished  ')}"
    assert read(RUN, quiet=True).replace("\u2002", " ") == line
    assert "<table" not in bundle["text/html"]


def test_an_empty_run_says_how_to_record_something():
    empty = RunSummary("a1b2", "x", "Default", "FINISHED", 0.01, {})
    assert "No parameters or metrics yet: mlmagic.log(accuracy=0.9)" in read(empty)
    assert "No parameters or metrics yet" in summary(empty)["text/plain"]
    assert "No parameters" not in read(replace(empty, status="FAILED"))


@pytest.mark.parametrize(
    ("url", "linked"),
    [("http://127.0.0.1:5000/#/experiments/1", True), ("javascript:alert(1)", False), (None, False)],
)
@pytest.mark.parametrize("quiet", [True, False])
def test_the_name_links_to_the_ui_where_one_serves(url, linked, quiet):
    tags = Tags(summary(replace(RUN, url=url), quiet=quiet)["text/html"])
    assert ("a" in tags.found) == linked
    assert (("href", url) in tags.attributes) == linked


def test_long_lists_are_folded_and_endless_ones_cut():
    metrics = tuple(MetricLine(f"m{at}", at / 7) for at in range(300))
    html = summary(replace(RUN, metrics=metrics, params={f"p{at}": "1" for at in range(13)}))["text/html"]
    assert "188 more metrics" in html
    assert "100 more are in MLflow only" in html
    assert "13 parameters" in html
    assert (html.count('class="metric"'), html.count("<dt>")) == (200, 13)
    plain = summary(replace(RUN, metrics=metrics))["text/plain"]
    assert "… 250 more" in plain


def test_a_long_value_is_cut_and_kept_in_its_title():
    html = summary(replace(RUN, params={"path": "x" * 300}))["text/html"]
    assert f"{'x' * 59}…" in html
    assert f'title="{"x" * 300}"' in html


def test_numbers_that_are_none():
    odd = (MetricLine("a", math.nan, 1, math.nan), MetricLine("b", math.inf, 1, 0.5), MetricLine("c", 1.0, 1, math.nan))
    assert "a nan = · b inf was 0.5 · c 1 was nan" in read(replace(RUN, metrics=odd))


def hostile_run(text):
    return RunSummary(
        run_id="a1b2c3d4",
        name=text,
        experiment=text,
        status="FAILED",
        duration_s=1,
        params={text: text},
        metrics=(MetricLine(text, 0.5, 2, 0.4),),
        figures=(text,),
        notices=(Notice(text), Notice(text, "warning")),
        error=text,
        url=text,
        previous_name=text,
    )


@pytest.mark.parametrize("quiet", [True, False])
@given(text=st.text(min_size=1, max_size=50) | st.just(HOSTILE))
@settings(max_examples=30, deadline=None)
def test_nothing_of_a_run_is_taken_for_markup(text, quiet):
    expected = Tags(summary(hostile_run("plain"), quiet=quiet)["text/html"])
    bundle = summary(hostile_run(text), quiet=quiet)
    tags = Tags(bundle["text/html"])
    assert tags.found == expected.found
    assert {name for name, _ in tags.attributes} <= {name for name, _ in expected.attributes} | {"title"}
    assert len(bundle["text/plain"].splitlines()) == len(
        summary(hostile_run("x"), quiet=quiet)["text/plain"].splitlines()
    )


def test_formulas_are_left_alone_and_control_characters_are_gone():
    bundle = summary(hostile_run(HOSTILE))
    assert re.search(r'<div class="[^"]*\btex2jax_ignore mathjax_ignore"', bundle["text/html"])
    for text in bundle.values():
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert len(text) < 60_000


def test_styles_are_saved_without_comments_and_what_separates_unstyled_words_is_hidden():
    style = summary(RUN)["text/html"].partition("<style>")[2].partition("</style>")[0]
    assert "/*" not in style
    assert ".mlmagic-view .apart{display:none;}" in style
