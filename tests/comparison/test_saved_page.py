"""The saved page of a comparison: what it embeds and leaves out, and how it is written."""

import base64
import json
import math
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from light_runs import numbered_run
from mlflow import MlflowClient
from mlflow.entities import Metric
from sqlalchemy import event

import mlmagic
from mlmagic.comparison import saved_page as saved_pages
from mlmagic.comparison.compared_runs import Comparison
from mlmagic.comparison.widget import CompareWidget
from mlmagic.errors import UsageProblem
from mlmagic.store.database import database_of
from mlmagic.store.query.histories.curves import read_curves
from mlmagic.views.comparison_page import save_comparison

HOSTILE = ["</script><script>window.injected = 1</script>", "<b>bold</b> <!-- <script>", "$5 and $6", "\x1b[2J \u202e"]


@pytest.fixture
def curves(make_run):
    """Two runs with curves in two metrics, one of 5,000 values with a peak; the ids."""
    long, short = make_run("long", {"lr": 1}, {"loss": 0.0}), make_run("short", {"lr": 2}, {"loss": 1.0, "other": 3})
    client = MlflowClient()
    for start in range(0, 5000, 1000):
        client.log_batch(long, [Metric("loss", float(at == 4321), 1000 + at, at) for at in range(start, start + 1000)])
    client.log_batch(short, [Metric("loss", value, 9, at) for at, value in enumerate([math.nan, math.inf, -math.inf])])
    return long, short


def saved(widget, path):
    """Save the widget's page; return its text and the data in it."""
    widget.save(path)
    page = path.read_text(encoding="utf-8")
    return page, json.loads(part(page, "data"))


def part(page, name):
    return re.search(rf'id="mlmagic-{name}">(.*?)</script>', page, re.DOTALL)[1]


def unpacked(page, name):
    return zlib.decompress(base64.b64decode(part(page, name)))


def in_memory(*runs, **options):
    return CompareWidget(Comparison(runs, "several", **options), write=save_comparison)


def test_the_page_has_the_columns_as_the_widget_has_them(store_uri, tmp_path):
    runs = [numbered_run(at, metrics={"loss": value}, params={"lr": "0.1"}) for at, value in enumerate([0.5, math.nan])]
    widget = in_memory(*runs)
    page, data = saved(widget, tmp_path / "page.html")
    column = next(one for one in data["table"]["columns"] if one["id"] == "metric:loss")
    start, length = column["numbers"]["bytes"]
    np.testing.assert_array_equal(np.frombuffer(unpacked(page, "columns")[start : start + length]), [0.5, math.nan])
    assert data["table"]["ids"] == [run.info.run_id for run in runs]


def test_the_page_is_what_the_user_looks_at(store_uri, tmp_path):
    widget = in_memory(*map(numbered_run, range(3)))
    widget.view = {**widget.view, "filter": "name ~ 1", "tab": "curves"}
    widget.selected = widget.table["ids"][1:]
    _, data = saved(widget, tmp_path / "page.html")
    assert (data["view"]["filter"], data["view"]["tab"]) == ("name ~ 1", "curves")
    assert data["selected"] == widget.table["ids"][1:]


def test_curves_are_thinned_and_keep_their_peaks(curves, tmp_path):
    page, data = saved(mlmagic.compare(), tmp_path / "page.html")
    listed = {
        (data["curves"]["runs"][run], data["curves"]["metrics"][metric]): (count, length)
        for run, metric, count, length in data["curves"]["series"]
    }
    count, length = listed[curves[0], "loss"]
    assert count == 5001
    assert length < 1500
    assert listed[curves[1], "loss"] == (4, 4)
    assert listed[curves[1], "other"] == (1, 1)
    raw = np.frombuffer(unpacked(page, "points"), dtype=np.uint8).reshape(8, -1)
    values = np.split(np.ascontiguousarray(raw.T).view("<f8").ravel(), 3)[2]
    assert {1.0, math.inf, -math.inf} <= set(values)
    assert np.isnan(values).any()
    assert "Longer curves are thinned out" in page


def test_what_has_no_room_is_named(curves, tmp_path, monkeypatch):
    monkeypatch.setattr(saved_pages, "_MOST_POINTS", 60)
    monkeypatch.setattr(saved_pages, "_MOST_RUNS", 1)
    page, data = saved(mlmagic.compare(metric="other"), tmp_path / "page.html")
    assert data["curves"]["runs"] == [curves[1]]
    assert "The 1 best of the 2 runs have curves." in page
    monkeypatch.setattr(saved_pages, "_MOST_POINTS", 2)
    page, data = saved(mlmagic.compare(metric="other"), tmp_path / "page.html")
    assert data["curves"]["left_out"] == ["loss"]
    assert "There was no room for the curves of loss." in page


def test_a_run_that_was_deleted_meanwhile_has_no_curve(curves, tmp_path):
    widget = mlmagic.compare()
    MlflowClient().delete_run(curves[0])
    _, data = saved(widget, tmp_path / "page.html")
    assert set(data["table"]["ids"]) == set(curves)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_and_end_no_script(store_uri, tmp_path, name):
    run = numbered_run(0, name, {"p": name}, {name: 1.0}, tags={name: name})
    plain, _ = saved(in_memory(numbered_run(0)), tmp_path / "plain.html")
    page, data = saved(in_memory(run, experiments={"0": name}), tmp_path / "page.html")
    assert page.count("<script") == page.count("</script>") == plain.count("<script")
    assert "<b>bold" not in page
    assert name in next(one for one in data["table"]["columns"] if one["id"] == "run:name")["words"]


def test_an_empty_comparison_says_why(store_uri, tmp_path):
    page, data = saved(mlmagic.compare(), tmp_path / "page.html")
    assert data["table"]["notice"]["text"] == "No runs yet."
    assert "No runs yet." in re.search(r'id="mlmagic-still">(.*?)<footer', page, re.DOTALL)[1]


def test_the_page_asks_no_other_machine_and_knows_no_password(store_uri, tmp_path, monkeypatch):
    import mlflow

    widget = mlmagic.compare()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLMAGIC_STORE_TIMEOUT_S", "0.2")
    mlflow.set_tracking_uri("http://ana:quite-secret@127.0.0.1:9")
    with_ui = CompareWidget(Comparison([numbered_run(0, metrics={"loss": 1})], "one"), write=save_comparison)
    for number, one in enumerate((widget, with_ui)):
        page, _ = saved(one, tmp_path / f"{number}.html")
        assert "quite-secret" not in page
        assert "default-src &#39;none&#39;; script-src &#39;sha256-" in page
    assert "could not be read" in page


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("page.txt", r"'.*page\.txt' does not end in \.html\. Name the page '.*page\.html'\."),
        ("page", r"does not end in \.html"),
        ("nowhere/page.html", r"'.*page\.html' cannot be written: there is no folder '.*nowhere'\."),
        ("folder.html", r"'.*folder\.html' cannot be written: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_written_is_one_line(store_uri, tmp_path, name, problem):
    pages = tmp_path / "pages"
    (pages / "folder.html").mkdir(parents=True)
    with pytest.raises(UsageProblem, match=problem):
        in_memory(numbered_run(0)).save(pages / name)
    assert [one.name for one in pages.iterdir()] == ["folder.html"]


@pytest.mark.skipif(not Path("/sys").is_dir(), reason="a folder that nobody may write in, root neither")
def test_a_folder_that_cannot_be_written_in_is_one_line(store_uri):
    with pytest.raises(UsageProblem, match=r"'/sys/page\.html' cannot be written: "):
        in_memory(numbered_run(0)).save("/sys/page.html")


def test_a_page_is_replaced_as_a_whole_and_a_link_stays_one(store_uri, tmp_path):
    (tmp_path / "pages").mkdir()
    real, link = tmp_path / "pages" / "real.html", tmp_path / "link.html"
    real.write_text("old")
    link.symlink_to(real)
    in_memory(numbered_run(0)).save(str(link))
    assert link.is_symlink()
    assert "several" in real.read_text()
    assert [one.name for one in real.parent.iterdir()] == ["real.html"]


def test_a_thousand_runs_stay_below_five_megabytes(store_uri, tmp_path):
    random = np.random.default_rng(0)
    runs = [
        numbered_run(at, params={f"p{n}": str(random.random()) for n in range(10)}, metrics=dict.fromkeys("abcdefgh", random.random()))
        for at in range(1000)
    ]  # fmt: skip
    page, _ = saved(in_memory(*runs), tmp_path / "page.html")
    room_for_curves = saved_pages._MOST_POINTS * 24 * 4 / 3 * 0.6  # random numbers are hardly compressed
    assert len(page) + room_for_curves < 5_000_000 + 10_000


def test_a_history_is_looked_up_by_its_run(curves):
    client = MlflowClient()
    engine = database_of(client).engine
    statements = []

    def note(connection, cursor, statement, parameters, *_):
        if "FROM metrics" in statement:
            statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        read_curves(client, [curves[0]], ["loss"])
    finally:
        event.remove(engine, "before_cursor_execute", note)
    [(statement, parameters)] = statements
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        plan = " ".join(str(row) for row in driver.execute(f"explain query plan {statement}", parameters))
    assert "run_uuid=?" in plan, plan
