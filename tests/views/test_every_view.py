"""Every view, with odd texts in each place that takes a text of the user or of a store."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from pages import Page

from mlmagic.comparison.compared_runs import Comparison, ComparisonNotice
from mlmagic.comparison.diffs.difference import difference_of
from mlmagic.comparison.diffs.run_files import RunFiles
from mlmagic.comparison.diffs.run_record import CODE, DatasetRecord, RunRecord
from mlmagic.config.composing import Composition
from mlmagic.config.flat import leaves
from mlmagic.data.split.splitting import split
from mlmagic.evaluation.evaluation import EvaluatedSlice, Evaluation, ModelDifference, Note
from mlmagic.evaluation.statistics.intervals import Interval
from mlmagic.evaluation.statistics.paired_tests import McNemar
from mlmagic.journal.foreign import ForeignJournal
from mlmagic.journal.staged_files import StagedFile
from mlmagic.journal.survey import Foreign
from mlmagic.recording.summary import MetricLine, Notice, RunSummary
from mlmagic.recording.sync_report import SyncedRun, SyncReport
from mlmagic.replay.comparing import ComparedResult
from mlmagic.replay.explaining.explanation import ExplainedMetric, Explanation, Factor, Share
from mlmagic.replay.reproduction import Cause, Reproduction, Verdict
from mlmagic.reproducibility.checklist import Checklist, item
from mlmagic.snapshot.randomness.seeding import SeedReport, SeedRow
from mlmagic.store.query.bulk import LightRun, RunData, RunInfo
from mlmagic.store.query.frames import ATTRS, frame_of
from mlmagic.views.comparison import comparison_bundle
from mlmagic.views.config_tree import config_bundle
from mlmagic.views.curve_picture import PictureSeries
from mlmagic.views.differences.difference import difference_bundle
from mlmagic.views.evaluation_report import evaluation_report_bundle
from mlmagic.views.foreign_journals import foreign_journals
from mlmagic.views.loops.live_curve import live_curve
from mlmagic.views.reproducibility.checklist import checklist_bundle
from mlmagic.views.reproducibility.explanation_report import explanation_bundle
from mlmagic.views.reproducibility.reproduction_report import reproduction_bundle
from mlmagic.views.run_summary import summary
from mlmagic.views.seed_report import seed_report_bundle
from mlmagic.views.split_report import split_report_bundle
from mlmagic.views.sync_report import sync_report
from mlmagic.views.tables.models_frame import ModelsFrame
from mlmagic.views.tables.runs_frame import RunsFrame

INTERVAL = Interval(0.2, 0.4, 0.95, "BCa", "")


def card(text, *, quiet=False):
    run = RunSummary(
        run_id="a1b2c3d4e5",
        name=text,
        experiment=text,
        status="FAILED",
        duration_s=1.5,
        params={text: text, "lr": "0.1"},
        metrics=(MetricLine(text, 0.5, 2, 0.4), MetricLine("loss", 0.25)),
        datasets=(text, "iris"),
        models=(text,),
        figures=(text,),
        notices=(Notice(text), Notice(text, "warning")),
        error=text,
        url=text,
        previous_name=text,
    )
    return summary(run, quiet=quiet)


def light_run(at, text, *, parent=""):
    info = RunInfo(f"{at:032x}", text, "0", "me", "FINISHED", 1000 * at, 1000 * at + 500, "", "active")
    tags = {"note": text, **({"mlflow.parentRunId": parent} if parent else {})}
    return LightRun(info, RunData({"opt": text, f"p {text}": f"{at}"}, {"loss": 0.5 / (at + 1), text: 1.0}, tags))


def runs_table(text):
    runs = [light_run(0, text), light_run(1, f"second {text}")]
    about = {"experiment": text, "filter": text, "urls": {runs[0].info.run_id: text}, "more": True}
    found = frame_of(runs, sort=("metric", "loss"), **about)
    frame = RunsFrame(found)
    frame.attrs = found.attrs
    frame.attrs[ATTRS]["odd"] = [text]
    frame[f"mine {text}"] = [text, "b"]
    return {"text/html": frame._repr_html_(), "text/plain": repr(frame)}


def models_table(text):
    frame = ModelsFrame(
        {
            "name": [text, "churn"], "version": [1, 2], "aliases": [text, "champion, challenger"], "accuracy": [0.5, 0.75],
            "accuracy_low": [0.4, 0.7], "accuracy_high": [0.6, math.nan], "run": [text, "forest"], "run_id": [text, "a1"],
            "data": [f"{text} 0123456789abcdef, iris fedcba98", None], "split": [text, None], "registered": pd.Timestamp("2026-01-31"),
            "by": [text, "ana"], "description": [text, None], text: [text, "b"], "order": [text, "clean"],
        }
    )  # fmt: skip
    frame.attrs[ATTRS] = {
        "kind": "versions", "name": text, "filter": text, "metrics": ["accuracy", "accuracy_low", "accuracy_high"],
        "tags": [text], "notes": [text], "urls": {f"{text}/1": text},
    }  # fmt: skip
    return {"text/html": frame._repr_html_(), "text/plain": repr(frame)}


def history_table(text):
    frame = ModelsFrame(
        {
            "when": pd.Timestamp("2026-01-31"), "what": ["promoted", text], "alias": [text, "champion"], "version": [2, 1],
            "before": [1, None], "by": [text, "ana"], "gate": [text, ""], "reason": [text, ""],
        }
    )  # fmt: skip
    frame.attrs[ATTRS] = {"kind": "history", "name": text, "notes": [text]}
    return {"text/html": frame._repr_html_(), "text/plain": repr(frame)}


def evaluation(text):
    slices = (
        EvaluatedSlice(text, text, 3, {"accuracy": 0.5}, {"accuracy": INTERVAL}, text),
        EvaluatedSlice("site", "b", 90, {}, {}),
    )
    values, intervals = (
        {"accuracy": 0.3, text: 0.25},
        {"accuracy": INTERVAL, text: Interval(math.nan, math.nan, 0.95, "none", text)},
    )
    difference = ModelDifference(
        text,
        f"other {text}",
        93,
        "accuracy",
        values,
        intervals,
        {"accuracy": "max", text: None},
        McNemar(3, 2, 0.5, True),
    )
    found = Evaluation(
        model=text, data=text, task="binary", rows=93, confidence=0.95, how=text, metrics=values, intervals=intervals,
        directions={"accuracy": "max", text: None}, classes=(text, "b"), positive=text, slices=slices, difference=difference,
        figures={text: b"\x89PNG", "roc": b"\x89PNG"}, notes=(Note(text), Note(text, "warning")), recorded_on=text,
    )  # fmt: skip
    return evaluation_report_bundle(found)


def comparison(text, *, group=""):
    runs = [light_run(0, text), light_run(1, "b", parent=f"{0:032x}"), light_run(2, "c")]
    return comparison_bundle(Comparison(runs, text, group=group), [])


def empty_comparison(text):
    return comparison_bundle(Comparison([], text, notice=ComparisonNotice("No run matches.", text)), [])


def difference(text):
    def record(at, text, source):
        files = RunFiles(f"{at:032x}", "")
        files._contents[CODE] = source.encode("utf-8", "replace")
        files.sizes[CODE] = 1
        files.problems["figures/x"] = text
        return RunRecord(
            f"{at:032x}", text, text, text, 1_750_000_000_000, 1.5, text, {"p": text, f"k {text}": f"{at}"},
            {"loss": 0.5 + at, f"m {text}": 1.0 + at}, {"note": f"{at} {text}", f"t {text}": f"{at}"},
            (DatasetRecord(f"d {text}", f"{at}{text}"),), (text,), files=files,
        )  # fmt: skip

    line = " ".join(text.split())
    first = record(0, text, f"x = '''{line}'''\nsame\n")
    return difference_bundle(difference_of([first, record(1, f"b {text}", f"y = '''{line}'''\nsame\n")]))


def config(text):
    held = {"kept": 3, f"key {text}": text, "list": [text, 1], "model": {"depth": 3, f"k {text}": text}, "deep": {}}
    before = {"kept": 2, "old": 1, f"gone {text}": text}
    return config_bundle(Composition(text, OmegaConf.create(held), (f"x={text}",), leaves(held), None, (text,), before))


def split_report(text):
    frame = pd.DataFrame({text: [text, "b"] * 50, "x": np.arange(100) // 2})
    return split_report_bundle(split(frame, stratify=text, seed=1))


def seed_report(text):
    rows = (SeedRow(text, "not fixed", text, text), SeedRow("torch", "fixed"), SeedRow("Hashes", "needs restart", text))
    return seed_report_bundle(SeedReport(42, rows))


def checklist(text):
    items = (item(1, "passed", text), item(2, "failed", text, text, fix=text), item(6, "not recorded", fix=text))
    return checklist_bundle(Checklist(text, "a1", (*items, item(8, "not applicable")), text, text))


def reproduction(text):
    results = [
        ComparedResult("metric", text, "different", "0.5", "0.25", 0.25, text),
        ComparedResult("parameter", text, "different", text, f"{text} again"),
        ComparedResult("figure", "roc.png", "identical"),
        ComparedResult("model", text, "missing"),
    ]
    causes = [Cause(text, text, 3), Cause("the data", text)]
    return reproduction_bundle(
        Reproduction("a" * 32, text, Verdict.DIFFERENT, results, causes, text, cells=3, of_cells=5, notes=[text])
    )


def explanation(text):
    factors = [Factor("parameter", text, text, "2"), Factor("code", text, "", text, 3)]
    shares = [Share(factors, 0.5, is_noise=True), Share(factors[:1], -0.25, is_noise=False)]
    metrics = [ExplainedMetric(name, 0.5, 0.75, shares, 0.125, -0.125, 0.6) for name in (text, "loss", "auc", "f1")]
    return explanation_bundle(
        Explanation("a" * 32, "b" * 32, (text, "second"), metrics, factors, [text], [text], 9, 3.5)
    )


def curves(text):
    values = [3.0, math.nan, 1.0]
    series = [
        PictureSeries(name, [0, 1, 2], values, values, values, (0, 2), last=1.0, count=3)
        for name in (text, f"val {text}", "accuracy", f"train {text}", text)
    ]
    return live_curve(series, mark=1)


VIEWS = {
    "card": card,
    "line": lambda text: card(text, quiet=True),
    "runs": runs_table,
    "models": models_table,
    "history": history_table,
    "evaluation": evaluation,
    "comparison": comparison,
    "groups": lambda text: comparison(text, group="param:opt"),
    "configurations": lambda text: comparison(text, group="configuration"),
    "nothing to compare": empty_comparison,
    "difference": difference,
    "config": config,
    "split": split_report,
    "seed": seed_report,
    "checklist": checklist,
    "reproduction": reproduction,
    "explanation": explanation,
    "curves": curves,
}


def foreign_list(text):
    files = (StagedFile(text, 5), StagedFile("b.png", 2_000_000), StagedFile(text, 1, text))
    one = ForeignJournal(
        Path(f"{text[:50]}.journal".replace("\0", "")), text, text, text, text, text, 3, files, user=text, started=1_750_000_000_000,
        status=text, params=(text,) * 7, metrics=(text,), values=8, tags=(text,), datasets=1, models=2,
    )  # fmt: skip
    broken = ForeignJournal(Path("b.journal"), text, problem=text)
    return foreign_journals([one, broken], text, ["MLFLOW_TRACKING_TOKEN"])


def delivered(text):
    return sync_report(
        SyncReport(
            [SyncedRun(text, "FINISHED", 3, "a" * 32, "b" * 32), SyncedRun("second", "KILLED", 1)],
            2,
            text,
            [text, text],
            [Foreign(Path("a.journal"), text)],
        )
    )


TEXTS = {"foreign journals": foreign_list, "sync": delivered}

HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "an image": "<img src=x onerror=alert(1)>",
    "the end of an attribute": "\"' onclick=alert(1) x='",
    "the end of a style": "</style><b>",
    "a comment": "<!-- x --",
    "an entity": "&lt;b&gt; &amp;#60;",
    "a template": "{{ 7 * 7 }}{% raw %}",
    "a formula": "$x^2$ \\(y\\)",
    "lines": "two\nlines\r\nand\rmore\u2028more\u2029more",
    "controls": "\x1b[31mred\x1b]0;title\x07 \x00 \x9b",
    "right to left": "\u202eabc\u2066def",
    "right-to-left letters": "אבג גדה",
    "digits": "123",
    "no number": "NaN",
    "infinity": "-inf",
    "true": "True",
    "empty": "",
    "blank": "   ",
    "wide": "漢字🎉",
    "a path": "../../etc/passwd",
    "an address": "javascript:alert(1)",
    "percent": "%s %d {} {0} %(x)s",
    "braces": "{x} $y `z`",
    "half a letter": "\ud800",
    "long": "z" * 10_000,
    "long with markup": "<i>" * 3_000,
    "long wide": "漢" * 10_000,
    "a private address": "https://user:secret@example.org/",
}

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]")


OF_PANDAS = {"runs", "models", "history", "comparison", "groups", "configurations", "split"}
"""Views of frames, which hold no surrogates; in text pandas breaks a table that is wider than a terminal."""


def usable(view, text):
    """Return *text* as this view may get it: a name of a column or a key is never empty, for example."""
    if view in OF_PANDAS:
        text = text.encode("utf-8", "replace").decode()
    if view == "config":
        text = text.replace("${", "$(")
    return text if text.strip() or view not in {"config", "split", "models"} else f"x{text}"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("view", VIEWS)
def test_a_text_stays_a_text(view, text):
    expected = Page(VIEWS[view]("plain")["text/html"])
    bundle = VIEWS[view](usable(view, text))
    page = Page(bundle["text/html"])
    assert page.problems == []
    assert set(page.tags) <= set(expected.tags) | {"summary", "details"}
    assert {(tag, name) for tag, name, _ in page.attributes} <= {
        *((tag, name) for tag, name, _ in expected.attributes),
        *((tag, "title") for tag in set(page.tags)),
    }
    assert not [value for _, name, value in page.attributes if name == "href" and value != "https://example.org"]
    for name, shown in bundle.items():
        assert not CONTROLS.search(shown), (name, CONTROLS.search(shown))
        assert len(shown) < 250_000
        shown.encode()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("view", [*VIEWS, *TEXTS])
def test_a_line_of_text_stays_a_line(view, text):
    """A text in the plain view adds no lines, and is cut where it is long."""
    make = TEXTS.get(view) or (lambda given: VIEWS[view](given)["text/plain"])
    lines = make(usable(view, text)).split("\n")
    if text.strip() and view not in OF_PANDAS - {"split"}:
        assert len(lines) == len(make("plain").split("\n"))
    assert max(map(len, lines)) < 2_500 or view == "runs"
    assert not CONTROLS.search("\n".join(lines))


@pytest.mark.parametrize("view", VIEWS)
def test_an_uncommon_text_can_be_read_in_both(view):
    text = "größe <b> & \"q\" 'r'"
    bundle = VIEWS[view](text)
    page = Page(bundle["text/html"])
    assert text in page.text
    if view != "nothing to compare":
        assert text in bundle["text/plain"]
    assert text in bundle["text/plain"] or view == "nothing to compare"


@pytest.mark.parametrize("view", VIEWS)
@given(text=st.text(min_size=1, max_size=30))
@settings(max_examples=15)
def test_any_text_leaves_the_page_well_formed(view, text):
    bundle = VIEWS[view](usable(view, text))
    page = Page(bundle["text/html"])
    assert page.problems == []
    assert not CONTROLS.search("".join(bundle.values()))


@pytest.mark.parametrize("view", VIEWS)
def test_formulas_in_names_are_left_alone_and_nothing_is_loaded(view):
    html = VIEWS[view]("$x$")["text/html"]
    assert "tex2jax_ignore" in html
    page = Page(html)
    assert [
        value for _, name, value in page.attributes if name == "src" and not (value or "").startswith("data:image/")
    ] == []
    assert not {"script", "iframe", "object", "embed", "link", "form"} & set(page.tags)
    assert [name for _, name, _ in page.attributes if name.startswith("on")] == []
    assert "url(" not in re.sub(r"url\(data:|url\(#", "", html)


FACTS = {
    "card": ["failed", "plain", "0.1", "lr", "loss", "0.25", "0.5", "+0.1", "2 steps", "iris", "1.50 s"],
    "line": ["failed", "plain", "loss 0.25", "1 warning", "1.50 s"],
    "models": ["plain", "champion", "0.5000", "[0.4000, 0.6000]", "iris", "fedcba98", "ana", "forest", "2026-01-31"],
    "history": ["2 records, newest first", "promoted", "champion", "ana", "2026-01-31"],
    "evaluation": ["plain on 93 rows of plain (two classes)", "accuracy", "0.3000", "0.2000 to 0.4000", "not known", "McNemar (exact): p = 0.5", "95 % intervals", "positive class: plain", "recorded on plain", "90"],
    "comparison": ["plain", "loss", "opt"],
    "groups": ["opt = plain", "0.25", "0.1667", "runs"],
    "difference": ["plain", "b plain", "0.5", "1.5", "+1 (+200.0%)", "note", "0 plain", "1 b plain"],
    "config": ["plain", "kept", "deep", "model", "depth", "→"],
    "split": ["Split 100 rows, drawn with seed 1, stratified by plain", "80.0%", "20.0%", "50.0%", "train", "test"],
    "seed": ["Seed 42: 1 fixed, 1 not fixed, 1 needing a restart", "torch", "Hashes", "needs restart"],
    "curves": ["plain", "accuracy", "3", "1"],
}  # fmt: skip


@pytest.mark.parametrize("view", FACTS)
def test_the_text_holds_the_same_facts_as_the_page(view, monkeypatch):
    monkeypatch.setenv("COLUMNS", "500")  # a narrow terminal leaves columns out, and names them
    bundle = VIEWS[view]("plain")
    page = Page(bundle["text/html"])
    seen = " ".join([page.text, *(value or "" for _, name, value in page.attributes if name in {"title", "alt"})])
    text = " ".join(bundle["text/plain"].split())
    for fact in FACTS[view]:
        assert fact in seen, fact
        assert fact in text, fact
