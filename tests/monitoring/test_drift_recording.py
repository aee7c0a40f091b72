"""What a comparison leaves on a run, ``%drift`` as a user types it, and what is shown."""

import contextlib
import io
import json
import re
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import polars as pl
import pytest
from cells import refusal, run
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

import mlmagic
from mlmagic.views.monitoring.drift_report import drift_report_bundle


def table(seed, shift=0.0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "age": rng.normal(40 + shift, 9, 400), "city": rng.choice(["Rome", "<b>Oslo</b>"], 400), "y": rng.random(400) < 0.4,
    })  # fmt: skip


X_train, X_recent = table(1), table(2, shift=8)


def test_a_tracked_block_records_metrics_figures_and_all_as_json(store_uri):
    with mlmagic.track("checked", quiet=True) as open_run:
        first = mlmagic.drift(X_train, X_recent)
        second = mlmagic.drift(X_train, X_train[:200], figures=False)
    stored = mlmagic.Run(open_run.id)
    assert first.recorded_on == second.recorded_on == "checked"
    age = [report.columns["age"] for report in (first, second)]
    assert stored.history("drift.age.distance") == [(0, age[0].distance), (1, age[1].distance)]
    assert stored.metrics["drift.age.p"] == age[1].p
    assert [value for _, value in stored.history("drift.share")] == [first.share, second.share] == [1 / 3, 0]
    assert stored.history("drift.auc")[0][1] == first.multivariate.auc
    assert "figures/drift_age.png" in stored.artifacts
    reports = json.loads(stored.text("mlmagic/drift.json"))["reports"]
    assert [one["drifted"] for one in reports] == [["age"], []]
    assert reports[0]["columns"]["age"]["p"] == age[0].p
    assert reports[0]["reference"] == "X_train"


def reports_of(run):
    return json.loads(mlmagic.Run(run.id).text("mlmagic/drift.json"))["reports"]


def test_a_continued_run_keeps_the_reports_of_its_earlier_cells(store_uri):
    with mlmagic.track("continued", quiet=True):
        mlmagic.drift(X_train, X_recent, multivariate=False, figures=False)
    for _ in range(2):
        with mlmagic.track(resume="continued", quiet=True) as run:
            second = mlmagic.drift(X_train, X_train[:200], multivariate=False, figures=False)
            mlmagic.drift(X_train, X_train[:100], multivariate=False, figures=False)
    assert [one["drifted"] for one in reports_of(run)] == [["age"], [], [], [], []]
    assert [one["rows"][1] for one in reports_of(run)] == [400, 200, 100, 200, 100]
    assert mlmagic.Run(run.id).history("drift.age.distance")[1] == (1, second.columns["age"].distance)


def test_a_file_of_reports_that_was_changed_by_hand_costs_only_itself(store_uri):
    with mlmagic.track("edited", quiet=True):
        mlflow.log_text('{"reports": [1, {"drifted": ["then"]}]}', "mlmagic/drift.json")
    with mlmagic.track(resume="edited", quiet=True) as run:
        mlmagic.drift(X_train, X_recent, multivariate=False, figures=False)
    assert [one["drifted"] for one in reports_of(run)] == [["then"], ["age"]]


def datasets_of(name):
    (stored,) = MlflowClient().search_runs(["0"], f"tags.`mlflow.runName` = '{name}'")
    inputs = stored.inputs.dataset_inputs
    return {one.dataset.name: next(tag.value for tag in one.tags if tag.key == "mlflow.data.context") for one in inputs}


def test_both_tables_are_datasets_of_the_run(store_uri, tmp_path):
    before, now = X_train, pl.from_pandas(X_recent)
    X_recent.to_csv(tmp_path / "recent.csv", index=False)
    with mlmagic.track("checked", quiet=True):
        mlmagic.drift(before, now, multivariate=False, figures=False)
        mlmagic.drift(X_train.to_numpy(), tmp_path / "recent.csv", multivariate=False, figures=False)
    assert datasets_of("checked") == {"before": "reference", "now": "current", "reference": "reference"}


def test_a_cell_that_reads_the_tables_too_records_them_once(shell):
    shell.push({"before": X_train, "now": X_recent})
    run(shell, "%%track checked\nrows = len(before) + len(now)\n_ = mlmagic.drift(before, now, multivariate=False)")
    assert datasets_of("checked") == {"before": "reference", "now": "current"}
    run(shell, "%%track again -x now\n_ = %drift X_train now --no-multivariate")
    run(shell, "%%track without --no-data\n_ = %drift X_train now --no-multivariate")
    assert datasets_of("without") == {}
    assert datasets_of("again") == {"X_train": "training"}


def test_without_a_run_nothing_is_recorded_unless_it_is_asked_for(store_uri):
    assert mlmagic.drift(X_train, X_recent, multivariate=False).recorded_on is None
    assert MlflowClient().search_runs(["0"]) == []
    report = mlmagic.drift(X_train, X_recent, multivariate=False, record=True)
    (stored,) = MlflowClient().search_runs(["0"])
    assert stored.info.run_name == report.recorded_on == "drift of X_recent"
    assert stored.data.metrics["drift.age.distance"] == report.columns["age"].distance
    with mlmagic.track("not this one", quiet=True):
        assert mlmagic.drift(X_train, X_recent, multivariate=False, record=False).recorded_on is None


@pytest.fixture
def shell(store_uri, tmp_path, monkeypatch):
    """The shell of the process, since only that one displays."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell.instance()
    with contextlib.redirect_stdout(io.StringIO()):
        mlmagic.load_ipython_extension(made)
    model = LogisticRegression().fit(X_train[["age"]], X_train["y"])
    made.push({
        "X_train": X_train, "X_recent": X_recent, "forest": model, "y_train": X_train["y"], "y_recent": X_recent["y"],
    })  # fmt: skip
    yield made
    mlmagic.unload_ipython_extension(made)
    InteractiveShell.clear_instance()


def test_each_option(shell, tmp_path):
    run(
        shell,
        "report = %drift X_train X_recent --alpha 0.01 --correction bonferroni --min-effect 0.1 --by city "
        "--model forest --target y_train,y_recent --no-multivariate",
    )
    report = shell.user_ns["report"]
    assert (report.alpha, report.correction, report.min_effect) == (0.01, "bonferroni", 0.1)
    assert list(report.columns)[:2] == ["target", "prediction"]
    assert [one.value for one in report.groups] == ["Rome", "<b>Oslo</b>"] or len(report.groups) == 2
    assert report.multivariate is None
    X_recent.to_csv(tmp_path / "recent.csv", index=False)
    run(shell, "%drift X_train recent.csv --columns age city --no-multivariate --into kept")
    assert set(shell.user_ns["kept"].columns) == {"age", "city"}


def test_a_tracked_cell_records_the_report(shell):
    run(shell, "%%track checked\n%drift X_train X_recent --into report")
    (stored,) = MlflowClient().search_runs(["0"])
    assert stored.data.metrics["drift.age.distance"] == shell.user_ns["report"].columns["age"].distance
    run(shell, "_ = %drift X_train X_recent --record --no-multivariate")
    assert len(MlflowClient().search_runs(["0"])) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%drift", "%drift needs a reference and current data. For example: %drift X_train X_recent"),
        ("%drift X_train", "got 'X_train'"),
        ("%drift X_train X_recnt", "there is no variable 'X_recnt'. Did you mean 'X_recent'?"),
        ("%drift X_train X_recent --alpha five", "--alpha five: give a number, such as 0.05"),
        ("%drift X_train X_recent --min-effect x", "--min-effect x: give a number, such as 0.05"),
        (
            "%drift X_train X_recent --columns age --into r X_train",
            "'X_train' is out of place. Write REFERENCE CURRENT",
        ),
        ("%drift 3 X_recent", "3 (int) is no table: drift compares tables"),
        ("%drift X_trainn X_recent", "there is no variable 'X_trainn'. Did you mean 'X_train'?"),
        ("%drift X_train .", ". is a folder: drift reads"),
        ("%drift X_train X_recent --budget 0/month", "accepts no false alarm"),
        ("%drift X_train X_recent --correction holm", "correction is bh, bonferroni, none"),
        ("%drift X_train X_recent --by ciy", "Did you mean 'city'?"),
        ("%drift X_train X_recent --colums age", "Did you mean '--columns'?"),
    ],
)
def test_what_is_refused_is_one_line(shell, line, said):
    assert said in refusal(shell, line)


def test_a_budget_needs_no_quotes_and_a_run_no_prefix(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(
        shell,
        "report = %drift X_train X_recent --budget 1 per month --checks 4 --html page.html --no-multivariate",
    )
    report = shell.user_ns["report"]
    assert (report.budget.text, report.budget.checks) == ("1 per month", "4 a month")
    assert str(report).splitlines()[-1].startswith("at most 1 per month false alarms with 4 checks a month")
    assert Path("page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    run(shell, "%%track recorded\nrows = len(X_train)")
    run(shell, "report = %drift recorded X_recent")
    assert shell.user_ns["report"].of_profile


def test_tab_offers_options_columns_and_variables(shell):
    with provisionalcompleter():

        def offered(line):
            return {one.text for one in shell.Completer.completions(line, len(line))}

        assert "--min-effect" in offered("%drift X_train X_recent --min")
        assert {"X_train", "X_recent"} <= offered("%drift X_")
        assert {"age", "city"} <= offered("%drift X_train X_recent --by ")
        assert offered("%drift X_train X_recent --correction bo") == {"bonferroni"}


def test_it_is_shown_as_text_and_as_html(shell):
    run(shell, "report = %drift X_train X_recent --by city")
    data, _ = shell.display_formatter.format(shell.user_ns["report"])
    text, html = data["text/plain"], data["text/html"]
    assert text.startswith("Drift in 1 of 3 columns: X_recent (400 rows) against X_train (400 rows)\n  ! age")
    for fact in ("mean 39.", "city = Rome", "a classifier tells both apart, by age", "p below 0.05 after bh over"):
        assert fact in text
        assert fact in html
    assert "<b>Oslo" not in html
    assert html.count("<svg") == 3
    assert not re.search(r"nan|None|inf\b", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))


def test_hostile_names_are_escaped_in_the_view():
    bad = "<img src=x onerror=alert(1)>\x1b[31m"
    first, second = (pd.DataFrame({bad: [bad, "b"] * 40, "n": range(80)}) for _ in range(2))
    second[bad] = [bad + "2", "b"] * 40
    bundle = drift_report_bundle(mlmagic.drift(first, second, by=bad))
    assert "<img" not in bundle["text/html"]
    assert "\x1b" not in bundle["text/plain"] + bundle["text/html"]
