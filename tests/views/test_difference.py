"""How differences are shown: escaped, aligned, and the same things in HTML and in text."""

import json
import re

import mlflow
import pytest

from mlmagic.comparison.comparing import compare_runs
from mlmagic.views.differences.difference import difference_bundle, difference_json

INJECTION = "<script>window.injected = 1</script>\"'&"


@pytest.fixture
def log_run(store_uri):
    """Record a run by plain MLflow; return its id."""

    def make(name, *, params=(), metrics=(), tags=(), texts=()):
        with mlflow.start_run(run_name=name) as run:
            mlflow.log_params(dict(params))
            for key, value in dict(metrics).items():
                mlflow.log_metric(key, value)
            mlflow.set_tags(dict(tags))
            for path, text in dict(texts).items():
                mlflow.log_text(text, path)
        return run.info.run_id

    return make


def shown(*runs):
    bundle = difference_bundle(compare_runs(runs))
    return bundle["text/html"], bundle["text/plain"]


def test_names_values_and_code_are_text_and_never_markup(log_run):
    one = log_run(
        INJECTION,
        params={"p": INJECTION},
        tags={"t": INJECTION},
        metrics={"m": 1},
        texts={"mlmagic/cell.py": f"a = '''{INJECTION}'''\n"},
    )
    two = log_run("b", params={"p": "x"}, metrics={"m": 2}, texts={"mlmagic/cell.py": "a = 1\n"})
    html, text = shown(one, two)
    assert "<script" not in html
    assert "&lt;script&gt;window.injected" in html
    assert text.count("<script>window.injected") >= 3


@pytest.mark.parametrize("name", ["\x1b[31mred\x1b[0m", "\u202eevil", "a" * 5000, "two\nlines", "🎉" * 300, ""])
def test_odd_names_keep_every_line_of_text_a_line(log_run, name):
    one, two = log_run(name or "x", params={"p": name or " "}), log_run("b", params={"p": "x"})
    _, text = shown(one, two)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 400
    assert len(text.splitlines()) < 40


def test_the_best_of_a_metric_is_marked_and_nan_is_no_best(log_run):
    runs = [
        log_run(name, metrics={"loss": loss, "accuracy": accuracy})
        for name, loss, accuracy in [("a", 0.3, 0.8), ("b", 0.2, 0.9), ("c", float("nan"), 0.7)]
    ]
    _, text = shown(*runs)
    [loss] = [line for line in text.splitlines() if re.match(r"\s+loss", line)]
    [accuracy] = [line for line in text.splitlines() if re.match(r"\s+accuracy", line)]
    assert re.search(r"0\.2000.*\*best\*", loss)
    assert "nan" in loss.lower()
    assert loss.count("*best*") == 1
    assert re.search(r"0\.9000.*\*best\*", accuracy)


def test_three_runs_stand_beside_each_other(log_run):
    runs = [log_run(name, params={"lr": value}) for name, value in [("a", 0.1), ("b", 0.01), ("c", 0.1)]]
    html, text = shown(*runs)
    assert "3 runs, compared with A" in text
    [row] = [line for line in text.splitlines() if re.match(r"\s+lr", line)]
    assert row.split()[1] == "0.1"
    assert "0.01" in row
    assert "lr" in html


def test_equal_runs_differ_in_nothing(log_run):
    one, two = (log_run("same", params={"lr": 1}, metrics={"m": 1}) for _ in range(2))
    _, text = shown(one, two)
    same = next(line for line in text.splitlines() if line.startswith("The same:"))
    assert "parameters" in same
    assert "metrics" in same


def test_a_run_by_plain_mlflow_says_what_it_has_not(log_run):
    _, text = shown(log_run("a", params={"lr": 1}), log_run("b", params={"lr": 2}))
    assert "no source recorded" in text
    assert "lr" in text


def test_what_one_run_alone_recorded_is_not_the_same_as_nothing(log_run):
    where = {"mlmagic/environment.json": json.dumps({"python": {"version": "3.12.1"}, "installed": {"numpy": "2.0"}})}
    known, unknown = log_run("known", texts=where), log_run("unknown")
    _, text = shown(known, unknown)
    assert "environment (not recorded of B)" in text
    _, text = shown(known, log_run("alike", texts=where), unknown)
    assert re.search(r"environment \(2 the same, not recorded of C\)", text)


def test_the_launcher_of_a_kernel_is_no_notebook(log_run):
    one = log_run("one", tags={"mlflow.source.name": "/a/ipykernel_launcher.py"})
    two = log_run("two", tags={"mlflow.source.name": "/b/ipykernel_launcher.py", "note": "of /b/ipykernel_launcher.py"})
    found = compare_runs([one, two])
    assert [row.name for row in found.tags if row.differs] == ["note"]


def test_a_huge_source_is_cut_and_told(log_run):
    lines = [f"value_{at} = {at}" for at in range(3000)]
    one = log_run("a", texts={"mlmagic/cell.py": "\n".join(lines)})
    two = log_run("b", texts={"mlmagic/cell.py": "\n".join(line + "0" for line in lines)})
    html, text = shown(one, two)
    assert "more lines" in text
    assert len(html) < 1_000_000


def test_thousands_of_parameters_are_cut_and_told(log_run):
    one, two = (log_run(name, params={f"p{at}": f"{at}{name}" for at in range(1500)}) for name in "ab")
    html, text = shown(one, two)
    assert "more differ" in text
    assert len(html) < 2_000_000


def test_the_widget_gets_the_same_sections(log_run):
    one, two = log_run("a", params={"lr": 1}), log_run("b", params={"lr": 2})
    found = difference_json(compare_runs([one, two]))
    assert [run["letter"] for run in found["runs"]] == ["A", "B"]
    assert any(section["differs"] for section in found["sections"])
