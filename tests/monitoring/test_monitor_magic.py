"""``%monitor`` and ``mlmagic monitor``: what any process has recorded of a model in service."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

import mlmagic
from mlmagic import cli
from mlmagic.types import MonitoringReport

NOW = datetime(2026, 3, 14, tzinfo=UTC)


@pytest.fixture
def served(store_uri):
    """Predictions of three days and an alert that is open."""
    rng = np.random.default_rng(0)
    reference = pd.DataFrame({"age": rng.normal(40, 9, 300)})
    monitor = mlmagic.ModelMonitor("churn/3", loaded=lambda rows: rows["age"].to_numpy() * 2.0, reference=reference)
    for day in range(3):
        monitor.predict(reference + 20 * day, at=NOW + timedelta(days=day))
    monitor.check(until=NOW + timedelta(days=3))
    monitor.close()


@pytest.fixture
def notebook(shell):
    """A shell with mlmagic."""
    shell.run_cell("%load_ext mlmagic").raise_error()
    yield shell
    shell.run_cell("%unload_ext mlmagic").raise_error()


def failure(words, capsys):
    assert cli.main(words) == 1
    return capsys.readouterr().err.strip()


def test_the_magic_shows_binds_and_writes_the_report(served, notebook, tmp_path):
    shown = notebook.run_cell("%monitor churn --since 2026-03-14 --until 2026-03-17 --into found --html m.html").result
    assert isinstance(shown, MonitoringReport)
    assert notebook.user_ns["found"] is shown
    assert (shown.rows, [day.rows for day in shown.days]) == (900, [300, 300, 300])
    assert {alert.subject for alert in shown.alerts} >= {"age"}
    page = (tmp_path / "m.html").read_text()
    assert "&#39;age&#39; drifted" in page
    assert notebook.run_cell("%monitor churn/3 --since 2026-03-16 --until 2026-03-17").result.rows == 300


WRONG = {
    "": "%monitor needs the name of a model: %monitor churn. Monitored are churn.",
    "chrn": "no predictions of 'chrn' are recorded. Did you mean 'churn'? There are churn.",
    "churn --since soon": "since is '7d', '36h', '2026-11-01', a datetime or a timedelta, not 'soon' (str)",
    "churn --html nowhere/m.html": "'nowhere/m.html' cannot be written: No such file or directory",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_one_line(line, served, notebook, capsys):
    notebook.run_cell(f"%monitor {line}")
    told = capsys.readouterr()
    assert WRONG[line] in told.out + told.err
    assert "Traceback" not in told.out + told.err


def test_the_command_tells_a_scheduler(served, capsys, tmp_path):
    words = ["monitor", "churn", "--since", "2026-03-14", "--until", "2026-03-17"]
    assert cli.main([*words, "--html", str(tmp_path / "m.html")]) == 3
    assert "'age' drifted" in capsys.readouterr().out
    assert (tmp_path / "m.html").is_file()
    assert cli.main([*words, "--json"]) == 3
    content = json.loads(capsys.readouterr().out)
    assert (content["model"], content["rows"]) == ("churn", 900)
    assert content["alerts"][0]["topic"] in {"drift", "prediction drift"}
    assert "Did you mean 'churn'" in failure(["monitor", "churm"], capsys)


def test_nothing_recorded_says_what_records(store_uri, capsys):
    line = failure(["monitor", "churn"], capsys)
    assert (
        line == "mlmagic monitor: no predictions of 'churn' are recorded. None is: mlmagic.ModelMonitor records them."
    )
