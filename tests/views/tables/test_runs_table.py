import pickle
import re

import pytest
from light_runs import light_run

from mlmagic import runs
from mlmagic.comparison.selecting import select
from mlmagic.errors import UsageProblem
from mlmagic.magics.runs import RunsMagics
from mlmagic.store import tracking_uri
from mlmagic.store.query.frames import frame_of, urls_of
from mlmagic.views.rendering import columns
from mlmagic.views.tables.runs_table import table_html

HOSTILE = "<script>alert(1)</script>\"' $x$"


@pytest.fixture
def three_runs(make_run):
    make_run("first", {"lr": 0.1, "seed": 42}, {"accuracy": 0.91234567, "loss": 0.5})
    make_run("second", {"lr": 0.2, "seed": 42}, {"accuracy": 0.95, "loss": 0.25}, status="FAILED")
    make_run("third", {"lr": 0.3, "seed": 42}, {"accuracy": 0.95}, status="KILLED", seconds=192)


def test_the_frame_is_an_ordinary_one_that_a_notebook_shows_as_a_table(three_runs):
    import pandas as pd

    frame = runs()
    assert isinstance(frame, pd.DataFrame)
    assert 'class="mlmagic-view mlmagic-runs' in frame._repr_html_()
    for computed in (frame.head(1), frame[frame.lr > 0.1], frame.copy(), frame.drop(columns="lr")):
        assert type(computed) is pd.DataFrame


@pytest.fixture
def terminal(monkeypatch):
    """Return a function that sets the width of the terminal."""
    return lambda width: monkeypatch.setenv("COLUMNS", str(width))


@pytest.mark.parametrize("width", [40, 60, 80, 132, 250])
def test_the_text_fits_the_terminal_and_names_what_does_not(make_run, terminal, width):
    metrics = {f"metric_{at}": at + 0.5 for at in range(12)} | {"metric_0_low": 0.25, "metric_0_high": 0.75}
    for name in ("first", "second 漢字"):
        make_run(name, {"lr": 0.1 * len(name), "seed": 42, **{f"p{at}": at for at in range(9)}}, metrics)
    terminal(width)
    text = repr(runs())
    lines = text.splitlines()
    assert all(columns(line) <= width for line in lines[:-1])
    assert lines[0] == "2 runs, newest first"
    assert lines[1].split()[:2] == ["name", "status"]
    assert "metric_0" in lines[1]
    assert ("0.5000 [0.2500, 0.7500]" in text) == (width > 40)
    assert "metric_0_low" not in text
    assert lines[-1].startswith("the same for all: seed = 42, p0 = 0")
    shown = lines[1] + " ".join(line for line in lines if "DataFrame" in line or line.startswith("  "))
    if width >= 60:
        assert all(f"metric_{at}" in shown for at in range(12))
    assert "not shown, but in the DataFrame" in text.replace("\n  ", " ")


def test_the_sort_column_comes_first_in_the_text(three_runs, terminal):
    terminal(80)
    lines = repr(runs(sort="loss asc")).splitlines()
    assert lines[0] == "3 runs, lowest loss first"
    assert lines[1].split()[:4] == ["name", "status", "loss", "started"]
    assert lines[2].startswith("second  failed    0.2500")
    assert "3 min 12 s" in lines[4]


def test_no_runs_as_text(store_uri, make_run):
    assert repr(runs()) == "No runs yet: put %%track on the first line of a cell"
    make_run("one", metrics={"accuracy": 0.5})
    assert repr(runs("accuracy > 0.9")) == "No run matches: accuracy > 0.9"
    make_run("two")
    assert repr(runs(n=1)).startswith("The first 1 run, newest first · more with -n 5") or "-n 5" in repr(runs(n=1))


def test_a_width_that_pandas_is_given_counts(three_runs):
    import pandas as pd

    with pd.option_context("display.width", 30):
        assert all(len(line) <= 30 for line in repr(runs()).splitlines()[:-1])


def test_a_frame_that_the_user_changed_is_text_too(three_runs):
    frame = runs()
    frame["note"] = ["a\x1b[31m", None, "c"]
    del frame["status"], frame["accuracy"], frame["run_id"]
    assert "\x1b" not in repr(frame)
    assert "note" in repr(frame)


def test_a_pickled_frame_needs_no_mlmagic(three_runs):
    import pandas as pd

    frame = runs()
    written = pickle.dumps(frame)
    assert b"runs_frame" not in written
    pd.testing.assert_frame_equal(pickle.loads(written), pd.DataFrame(frame))


def test_what_differs_is_shown_and_what_is_the_same_is_said_once(three_runs):
    html = runs()._repr_html_()
    table, _, below = html.partition("</table>")
    assert "3 runs, newest first" in table
    assert ">lr<" in table
    assert ">seed<" not in table
    assert "The same for all:" in below
    assert "<bdi>seed</bdi> =</span> <bdi>42</bdi>" in below
    for text in ("third", "finished", "failed", "killed", "3 min 12 s", "0.9123", "0.9500"):
        assert text in table
    assert 'title="0.91234567"' in table


def test_the_best_value_is_marked_only_in_the_column_that_was_sorted_by(three_runs):
    assert " best" not in runs()._repr_html_().partition("</style>")[2]
    highest = runs(sort="accuracy")._repr_html_().partition("</style>")[2]
    assert highest.count(" best") == 2, "both runs share the highest accuracy"
    assert 'aria-sort="descending"' in highest
    assert "highest accuracy first" in highest
    lowest = runs(sort="loss asc")._repr_html_().partition("</style>")[2]
    assert lowest.count(" best") == 1
    assert "lowest loss first" in lowest


def test_more_runs_than_shown_are_told(three_runs):
    assert "2 of 3 runs, newest first · experiment <bdi>Default</bdi> · more with -n 10" in runs(n=2)._repr_html_()


def test_no_runs_say_what_to_do(store_uri, make_run):
    html = runs()._repr_html_()
    assert "No runs yet" in html
    assert "Put %%track on the first line of a cell" in html
    make_run("one", metrics={"accuracy": 0.5})
    html = runs("accuracy > 0.9")._repr_html_()
    assert "No run matches: <bdi>accuracy &gt; 0.9</bdi>" in html
    assert "<table" not in html


def test_a_frame_that_the_user_changed_is_still_shown(three_runs):
    frame = runs()
    frame["note"] = ["<b>", None, "c"]
    del frame["status"], frame["accuracy"]
    html = frame._repr_html_()
    assert "&lt;b&gt;" in html
    assert "failed" not in html.partition("</style>")[2]


def test_names_link_to_the_ui_where_one_serves(three_runs, monkeypatch):
    from mlmagic.user_settings import settings

    assert "<a " not in runs()._repr_html_()
    monkeypatch.setattr(settings, "ui_url", "http://127.0.0.1:5000")
    frame = runs(n=1)
    assert f"http://127.0.0.1:5000/#/experiments/0/runs/{frame.run_id[0]}" in frame._repr_html_()


def test_nothing_of_a_run_is_taken_for_markup(make_run):
    key = "a b"  # MLflow refuses markup in keys, not in values and names
    for value in (HOSTILE, f"{HOSTILE}2"):
        make_run(value, {key: value, "same": HOSTILE}, {"loss": 0.5}, tags={"t": HOSTILE}, experiment=HOSTILE)
    frame = runs(experiment=HOSTILE)
    frame[HOSTILE] = [HOSTILE, "b"]
    html = frame._repr_html_()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 6
    assert "tex2jax_ignore mathjax_ignore" in html


def test_many_rows_and_columns_are_cut_in_the_table_only(three_runs):
    import pandas as pd

    frame = runs()
    for at in range(70):
        frame[f"extra_{at}"] = [at, at + 1, at + 2]
    assert "and 65 more columns, in the DataFrame: %runs --columns all" in frame._repr_html_()
    frame.attrs["mlmagic"]["columns"] = 1000
    assert "and 13 more columns" in frame._repr_html_()
    assert "accuracy" in frame._repr_html_()
    tall = pd.concat([frame] * 100, ignore_index=True)
    assert "20 of 300 runs" in table_html(tall)
    assert "the DataFrame has all 300" in table_html(tall)


def test_metrics_and_what_many_runs_have_stand_first_and_intervals_beside_their_values(make_run):
    make_run("a", {"lr": 0.1, "split.test": 0.3}, {"accuracy": 0.91, "accuracy_low": 0.88, "accuracy_high": 0.94})
    make_run("b", {"lr": 0.2, "depth": 3, "split.test": 0.2}, {"accuracy": 0.90})
    html = runs()._repr_html_().partition("</style>")[2]
    headings = re.findall(r'<th scope="col"[^>]*>(?:<bdi[^>]*>)?([^<]*)', html)
    assert headings == ["run", "accuracy", "lr", "depth", "split.test", "status", "started", "duration"]
    assert '0.9100 <span class="soft">[0.8800, 0.9400]</span>' in html


HEADING = re.compile(r'<th scope="col"[^>]*>(?:<bdi[^>]*>)?([^<]*)')


@pytest.fixture
def mixed(make_run):
    """Runs of three kinds in one experiment, each with parameters and metrics of its own."""
    for kind in ("forest", "mlp", "linear"):
        for at in range(3):
            own = {f"{kind}.param_{number}": number + at for number in range(10)}
            loss = {"val_loss": 0.1 * at + len(kind)} if kind != "linear" else {}
            made = {f"{kind}_metric_{number}": at + 0.5 for number in range(4)} | loss
            make_run(f"{kind} {at}", {"seed": at, "model": kind, "data": "digits", **own}, made)


def test_of_a_mixed_experiment_the_columns_that_most_runs_have_are_shown(mixed, shell, terminal):
    shell.register_magics(RunsMagics)
    frame = shell.run_line_magic("runs", "")
    html = frame._repr_html_().partition("</style>")[2]
    headings = HEADING.findall(html)
    assert headings[:2] == ["run", "val_loss"]
    assert headings[-3:] == ["status", "started", "duration"]
    assert {"seed", "model"} <= set(headings)
    assert "data" not in headings  # it is the same for all
    assert len(headings) == 4 + 8
    details = html.partition("<details")[2]
    assert "linear_metric_0" in headings  # a third of the runs has it
    assert "and 37 more columns, in the DataFrame: %runs --columns all</summary>" in details
    assert "forest.param_9" in details
    assert len(HEADING.findall(shell.run_line_magic("runs", "--columns all")._repr_html_())) == 4 + 45
    few = shell.run_line_magic("runs", "--columns 2")
    assert HEADING.findall(few._repr_html_())[:3] == ["run", "val_loss", "seed"]
    terminal(400)
    heading = repr(frame).splitlines()[1].split()
    assert heading[:3] == ["name", "status", "val_loss"]
    assert len(heading) == 5 + 8
    assert "not shown, but in the DataFrame: " in repr(frame)
    assert "forest.param_9" in repr(frame)


def test_the_metric_that_orders_the_runs_is_shown_however_few_have_it(mixed):
    headings = HEADING.findall(runs(sort="linear_metric_3")._repr_html_())
    assert headings[1] == "linear_metric_3"


@pytest.mark.parametrize("given", ["0", "-3", "many", ""])
def test_how_many_columns_is_all_or_a_number(mixed, shell, given):
    shell.register_magics(RunsMagics)
    with pytest.raises(UsageProblem, match=rf"--columns is all or a number such as 12, not '{given}'"):
        shell.run_line_magic("runs", f"--columns='{given}'")


def test_columns_that_few_runs_have_are_left_out_unless_there_are_no_others(make_run):
    for at in range(6):
        make_run(f"run {at}", {f"own_{at}": at}, {"loss": 0.5 + at, f"metric_{at}": 0.5})
    headings = HEADING.findall(runs()._repr_html_())
    assert headings[:2] == ["run", "loss"]
    assert len(headings) == 4 + 8
    for at in range(6):
        make_run(f"common {at}", {"lr": at, "depth": at, "width": at}, {"loss": 0.5})
    assert HEADING.findall(runs()._repr_html_())[1:5] == ["loss", "lr", "depth", "width"]
    assert len(HEADING.findall(runs()._repr_html_())) == 4 + 4


def test_verdicts_on_runs_have_columns_where_they_are_told(make_run, terminal):
    terminal(200)
    tags = {"mlmagic.order": "clean", "mlmagic.checklist": "7/8", "mlmagic.reproduction": "exact"}
    make_run("plain", {"order": 3}, {"loss": 0.5})
    assert {"checklist", "reproduction"}.isdisjoint(runs())
    make_run("judged", {"order": 3}, {"loss": 0.5}, tags=tags)
    frame = runs()
    assert frame["tags.order"].tolist() == ["clean", None]
    assert frame["checklist"].tolist() == ["7/8", None]
    for shown in (frame._repr_html_(), repr(frame)):
        for text in ("tags.order", "checklist", "reproduction", "clean", "7/8", "exact"):
            assert text in shown
    shown = {column.label: column.shown for column in select([]).columns}
    assert shown["order of cells"] is shown["checklist"] is shown["reproduction"] is True


def test_stars_and_aliases_of_registered_models_stand_beside_the_names_of_runs(make_run, store_uri):
    from mlflow import MlflowClient

    run_id = make_run("forest", tags={"mlmagic.star": "true"})
    make_run("other", tags={"mlmagic.star": "false"})
    client = MlflowClient(store_uri)
    client.create_registered_model("churn")
    client.create_model_version("churn", "s3://bucket/model", run_id)
    client.set_registered_model_alias("churn", "champion", "1")
    frame = runs()
    assert "forest ★ churn@champion" in repr(frame)
    html = frame._repr_html_()
    assert html.count('<span class="alias">') == 1
    assert html.count('<span class="star"><bdi>★</bdi></span>') == 1
    assert '<span class="alias"><bdi>churn@champion</bdi></span>' in html


def test_a_registry_that_does_not_answer_costs_no_runs(make_run, monkeypatch):
    make_run("forest")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://127.0.0.1:9")
    assert list(runs()["name"]) == ["forest"]


@pytest.mark.parametrize(
    ("uri", "base"),
    [
        ("http://user:secret@127.0.0.1:5000/", "http://127.0.0.1:5000"),
        ("https://mlflow.example/team/", "https://mlflow.example/team"),
        ("sqlite:///mlflow.db", None),
    ],
)
def test_runs_of_a_server_link_to_its_ui_without_a_setting(monkeypatch, uri, base):
    monkeypatch.setattr(tracking_uri, "current_uri", lambda: uri)
    run = light_run(run_id="a" * 32, name="forest")
    expected = {"a" * 32: f"{base}/#/experiments/0/runs/{'a' * 32}"} if base else {}
    assert urls_of([run]) == expected
    html = table_html(frame_of([run], urls=urls_of([run])))
    assert ("<a href=" in html) is bool(base)
    assert "secret" not in html
