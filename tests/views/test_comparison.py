"""The static view of a comparison: whatever the runs hold, it is a page that nothing runs in."""

import base64
import math
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from mlmagic.comparison.compared_runs import Comparison, ComparisonNotice
from mlmagic.store.query.bulk import LightRun, RunData, RunInfo
from mlmagic.store.query.histories.curves import Curve
from mlmagic.views.comparison import comparison_bundle


def run(at, name=None, params=(), metrics=()):
    info = RunInfo(f"{at:032x}", name or f"run {at}", "0", "me", "FINISHED", 1000 * at, 1000 * at + 500, "", "active")
    return LightRun(info, RunData(dict(params), dict(metrics)))


def curve(one, values):
    steps = np.arange(float(len(values)))
    return Curve(one.info.run_id, "loss", len(values), steps, steps, np.array(values, dtype=float), exact=True)


def picture(html):
    (found,) = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)"', html)
    return ET.fromstring(base64.b64decode(found))


def shapes(html, tag):
    return picture(html).findall(f"{{http://www.w3.org/2000/svg}}{tag}")


def test_the_best_run_is_first_and_marked():
    runs = [run(at, metrics={"loss": value}) for at, value in enumerate([0.3, 0.1, 0.2])]
    html = comparison_bundle(Comparison(runs, "three"), [])["text/html"]
    assert re.findall(r"run \d(?=</bdi>)", html) == ["run 1", "run 2", "run 0"]
    assert re.search(r'class="number best"[^>]*>0\.1', html)


def test_curves_are_drawn_one_a_run_with_its_name():
    runs = [run(0, metrics={"loss": 0.3}), run(1, metrics={"loss": 0.1})]
    html = comparison_bundle(Comparison(runs, "two"), [curve(runs[1], [1, 0.5, 0.1]), curve(runs[0], [1, 0.3])])[
        "text/html"
    ]
    assert len(shapes(html, "polyline")) == 2
    assert html.index("run 1") < html.index("run 0")


def test_without_curves_each_run_is_a_dot_of_the_main_metric():
    runs = [run(at, metrics={"accuracy": at / 10}) for at in range(5)]
    html = comparison_bundle(Comparison(runs, "five"), [])["text/html"]
    assert len(shapes(html, "circle")) == 5
    assert "accuracy by run, oldest first" in html


@pytest.mark.parametrize(
    "metrics",
    [{}, {"loss": math.nan}, {"loss": math.inf}, {"loss": -1.7976931348623157e308, "漢": 1.0}],
)
def test_runs_without_a_number_to_draw_still_have_their_table(metrics):
    html = comparison_bundle(Comparison([run(0, metrics=metrics), run(1)], "odd"), [])["text/html"]
    assert "run 0" in html
    assert "<img" not in html


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "'\"><img src=x onerror=1>", "{{ 7 * 7 }}", "x" * 5000, "\u202eabc", "$5 and $6"],
)
def test_whatever_a_run_holds_is_only_text(text):
    runs = [run(0, text, {text: text}, {text: 1.0}), run(1, metrics={text: 2.0})]
    html = comparison_bundle(Comparison(runs, text), [])["text/html"]
    assert "<script" not in html
    assert not re.search(r"<img (?!src=\"data:image/svg)", html)
    assert "49" not in re.sub(r"base64,[^\"]+", "", html)
    assert "\u202e" not in html
    assert len(html) < 40_000


def test_of_many_runs_the_best_are_shown_and_the_others_counted():
    runs = [run(at, metrics={"accuracy": at}) for at in range(3000)]
    shown = comparison_bundle(Comparison(runs, "many"), [])
    assert "2980 more runs are in the live view" in shown["text/html"]
    assert "run 2999" in shown["text/plain"]
    assert "and 2980 more" in shown["text/plain"]
    assert len(shown["text/html"]) < 300_000


def test_nested_runs_are_counted_beside_their_parent_which_ranks_by_the_best_of_them():
    values = [None, 0.3, 0.1, 0.2, None]
    runs = [
        run(at, params={"lr": str(at)}, metrics={"loss": value} if value else {}) for at, value in enumerate(values)
    ]
    for child, parent in ((1, 0), (2, 0), (4, 3)):
        runs[child].data.tags["mlflow.parentRunId"] = runs[parent].info.run_id
    shown = comparison_bundle(Comparison(runs, "nested"), [])
    assert re.findall(r"run \d(?=</bdi>)", shown["text/html"]) == ["run 0", "run 3"]
    assert "loss (best)" in shown["text/html"]
    assert re.findall(r"\+ \d runs?", shown["text/html"]) == ["+ 2 runs", "+ 1 run"]
    assert "run 0 + 2 runs" in shown["text/plain"]


def test_runs_that_call_each_other_their_parent_are_all_there():
    runs = [run(at, metrics={"loss": at}) for at in range(3)]
    for child, parent in ((0, 1), (1, 0), (2, 2)):
        runs[child].data.tags["mlflow.parentRunId"] = runs[parent].info.run_id
    html = comparison_bundle(Comparison(runs, "circle"), [])["text/html"]
    assert re.findall(r"run \d(?=</bdi>)", html) == ["run 0", "run 2"]


def test_groups_are_told_by_their_mean_and_standard_error():
    losses = {"0.1": (0.30, 0.32), "0.2": (0.10, 0.14), "0.3": (0.5,)}
    runs = [
        run(at, params={"lr": lr, "seed": str(at)}, metrics={"loss": value})
        for at, (lr, value) in enumerate((lr, value) for lr, values in losses.items() for value in values)
    ]
    html = comparison_bundle(Comparison(runs, "seeds", group="configuration"), [])["text/html"]
    assert re.findall(r"lr=0\.\d", html) == ["lr=0.2", "lr=0.1", "lr=0.3"]
    assert "0.120 ± 0.020" in html
    assert "0.310 ± 0.010" in html
    by_column = comparison_bundle(Comparison(runs, "by lr", group="param:lr"), [])
    assert "lr = 0.2" in by_column["text/plain"]
    assert "0.120 ± 0.020" in by_column["text/plain"]


def test_the_picture_says_how_many_of_the_runs_it_shows():
    runs = [run(at, metrics={"loss": at}) for at in range(9)]
    html = comparison_bundle(Comparison(runs, "nine"), [curve(one, [9, 1]) for one in runs[:6]])["text/html"]
    assert "loss of the 6 best of 9 runs" in html


def test_nothing_to_compare_says_what_to_do():
    shown = comparison_bundle(
        Comparison([], "experiment Default", notice=ComparisonNotice("No runs yet.", "Put %%track …")), []
    )
    assert "No runs yet." in shown["text/html"]
    assert "Put %%track …" in shown["text/plain"]


def archived_and_not():
    runs = [run(at, metrics={"loss": 0.1 * at}) for at in range(3)]
    runs[1].data.tags["mlmagic.archived"] = "true"
    return runs


def test_archived_runs_are_left_out_unless_they_were_named():
    found = comparison_bundle(Comparison(archived_and_not(), "three"), [])["text/html"]
    assert re.findall(r"run \d(?=</bdi>)", found) == ["run 0", "run 2"]
    named = comparison_bundle(Comparison(archived_and_not(), "three", is_named=True), [])["text/html"]
    assert "run 1" in named


def test_a_run_links_to_the_mlflow_ui_of_an_http_store_without_a_setting(monkeypatch):
    from mlmagic.store import tracking_uri

    shown = Comparison([run(1, metrics={"loss": 0.1})], "one")
    assert "<a" not in comparison_bundle(shown, [])["text/html"]
    monkeypatch.setattr(tracking_uri, "current_uri", lambda: "https://ana:secret@mlflow.example.org/")
    html = comparison_bundle(shown, [])["text/html"]
    assert f'href="https://mlflow.example.org/#/experiments/0/runs/{1:032x}"' in html
    assert "secret" not in html
