"""A store that somebody else wrote: one odd run costs its own cells, and reading it reaches for nothing else."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlmagic
from mlmagic.comparison.diffs.data_diff import data_rows
from mlmagic.comparison.diffs.environment_diff import environment_diff
from mlmagic.comparison.diffs.run_files import RunFiles
from mlmagic.comparison.diffs.run_record import ENVIRONMENT, DatasetRecord, RunRecord
from mlmagic.errors import MLMagicError, StoreError
from mlmagic.magics.completion import of_store
from mlmagic.store import artifact_reading
from mlmagic.store.artifact_reading import RemotePlace, place_of
from mlmagic.store.foreign_json import read_json
from mlmagic.store.query import queries
from mlmagic.sweeps import resuming as sweeps
from mlmagic.tracking.continuing import _cells
from mlmagic.views.comparison import still_of
from mlmagic.views.differences.difference import difference_bundle

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\r\nsecond\x00"
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066) if chr(code) not in "\n\t"]

ODD = {
    "a start in the year 292278994": "update runs set start_time = 9223372036854775807 where run_uuid = ?",
    "a start before all time": "update runs set start_time = -9223372036854775808 where run_uuid = ?",
    "a start before 1970": "update runs set start_time = -1 where run_uuid = ?",
    "no start": "update runs set start_time = null where run_uuid = ?",
    "a text as start": "update runs set start_time = 'soon' where run_uuid = ?",
    "bytes as start": "update runs set start_time = x'00ff' where run_uuid = ?",
    "a float as start": "update runs set start_time = 1.5e300 where run_uuid = ?",
    "an end before the start": "update runs set end_time = 5 where run_uuid = ?",
    "an end in the year 292278994": "update runs set end_time = 9223372036854775807 where run_uuid = ?",
    "a text as end": "update runs set end_time = 'x' where run_uuid = ?",
    "no status": "update runs set status = null where run_uuid = ?",
    "an unknown status": "update runs set status = 'EXPLODED' where run_uuid = ?",
    "no name": "update runs set name = null where run_uuid = ?",
    "bytes as name": "update runs set name = x'ff00fe' where run_uuid = ?",
    "a name that is not UTF-8": "update runs set name = cast(x'61ff' as text) where run_uuid = ?",
    "a param that is not UTF-8": "update params set value = cast(x'61ff' as text) where run_uuid = ?",
    "no user": "update runs set user_id = null where run_uuid = ?",
    "no artifact place": "update runs set artifact_uri = null where run_uuid = ?",
    "a metric that is NaN": "update latest_metrics set value = 0, is_nan = 1 where run_uuid = ?",
    "a metric that is infinite": "update latest_metrics set value = 9e999 where run_uuid = ?",
    "a text as metric": "update latest_metrics set value = 'abc' where run_uuid = ?",
    "texts in a history": "update metrics set value = 'abc', step = 9e30, timestamp = 'x' where run_uuid = ?",
    "bytes as param": "update params set value = x'ff00fe' where run_uuid = ?",
    "no tag": "update tags set value = null where run_uuid = ?",
    "a tag of 10 MB": "insert into tags select 'big', hex(zeroblob(5000000)), ?",
    "an experiment that is gone": "update runs set experiment_id = 99 where run_uuid = ?",
}


@pytest.fixture
def database(store_uri):
    """The store's file, with the checks taken off that a stranger's file would not have."""
    connection = sqlite3.connect(store_uri.removeprefix("sqlite:///"))
    connection.execute("pragma writable_schema = on")
    connection.execute(
        "update sqlite_master set sql = replace(sql, 'CHECK (status IN', 'CHECK (1 OR status IN') where name = 'runs'"
    )
    connection.commit()
    connection.execute("pragma writable_schema = reset")
    yield connection
    connection.close()


@pytest.fixture
def change(database):
    def run(statement, *values):
        database.execute(statement, values)
        database.commit()

    return run


def has_no_control(text):
    return not any(mark in text for mark in CONTROLS)


@pytest.mark.parametrize("odd", ODD)
def test_one_odd_run_costs_only_its_own_cells(odd, make_run, change):
    made = make_run("odd", {"lr": 0.1}, {"accuracy": 0.5})
    good = make_run("good", {"lr": 0.2}, {"accuracy": 0.9})
    change(ODD[odd], made)
    gone = odd == "an experiment that is gone"

    frame = mlmagic.runs()
    assert frame.set_index("run_id").loc[good, ["name", "status", "accuracy", "lr"]].tolist() == [
        *("good", "FINISHED", 0.9),
        frame.set_index("run_id").loc[good, "lr"],
    ]
    assert (made in set(frame["run_id"])) != gone
    for text in (repr(frame), frame._repr_html_()):
        assert "good" in text
        assert has_no_control(text)
    for sort in ("started", "duration", "accuracy", "lr", "status", "name"):
        assert good in set(mlmagic.runs(sort=sort)["run_id"])
    for condition in ("duration > 0.1", "status = FINISHED", "started > 2020-01-01", "accuracy >= 0.9", "name = good"):
        assert good in set(mlmagic.runs(condition)["run_id"])
    assert queries.find_run("good").info.run_id == queries.find_run(good[:8]).info.run_id == good

    assert repr(mlmagic.Run(made)).startswith("Run(")
    assert all(math.isfinite(step) for step, _ in mlmagic.Run(made).history("accuracy"))
    difference = mlmagic.diff(good, made)
    assert {run.id for run in difference.runs} == {good, made}
    for text in (*difference_bundle(difference).values(), repr(difference)):
        assert has_no_control(text.replace("\r", ""))
    widget = mlmagic.compare()
    assert "good" in still_of(widget._comparison)["text/plain"]
    asked = {"runs": [good], "metrics": ["accuracy"], "points": 10, "by": "step", "between": None, "origins": [0]}
    assert [one["count"] for one in widget._answers()["histories"](asked)[0]["series"]] == [1]
    assert "good" in of_store.run_names()


def test_what_cannot_be_shown_is_named_below_the_table(make_run, change):
    make_run("good")
    for name, odd in (("far", "a start in the year 292278994"), ("none", "no start"), ("text", "a text as metric")):
        change(ODD[odd], make_run(name, metrics={"accuracy": 0.5}))
    for shown in (repr(mlmagic.runs()), mlmagic.runs()._repr_html_()):
        assert "start time 9223372036854775807 is no date" in shown
        assert "start time missing" in shown
        assert "which is no number" in shown
        assert "good (" not in shown


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("accuracy > 0.6", ["b"]),
        ("accuracy != 0.5", ["b"]),
        ("name like 'A%'", []),
        ("name ilike 'A%'", ["a"]),
        ("status in ('FINISHED')", ["b", "a", "odd"]),
        ('opt = "it\'s"', ["b"]),
        ("started > 2020-01-01 and accuracy < 0.6", ["a"]),
        ("accuracy is null", ["odd"]),
        ("lr > 0.1", ["b"]),
    ],
)
def test_a_filter_means_the_same_where_the_rows_are_read(make_run, change, condition, expected):
    make_run("a", {"lr": "0.10", "opt": "adam"}, {"accuracy": 0.5})
    make_run("b", {"lr": "0.2", "opt": "it's"}, {"accuracy": 0.7})
    without = list(mlmagic.runs(condition)["name"])
    change(ODD["no start"], make_run("odd", {"lr": "0.01"}))
    assert list(mlmagic.runs(condition)["name"]) == expected
    assert without == [name for name in expected if name != "odd"]


@pytest.mark.parametrize("sort", ["accuracy", "accuracy asc", "started", "started asc", "name", "lr asc", "duration"])
def test_the_order_is_the_same_where_the_rows_are_read(make_run, change, sort):
    for at, name in enumerate("abc"):
        make_run(name, {"lr": 10 ** -(at % 2)}, {"accuracy": (at * 7 % 3) / 10}, seconds=at + 1)
    before = list(mlmagic.runs(sort=sort)["name"])
    change(ODD["no user"], make_run("odd"))
    assert [name for name in mlmagic.runs(sort=sort)["name"] if name != "odd"] == before


def test_names_steer_no_terminal(make_run, change, capsys):
    made = make_run("odd", {"lr": 0.1}, {"accuracy": 0.5}, tags={"note": "x"})
    good = make_run("good", {"lr": 0.1}, {"accuracy": 0.5}, tags={"note": "y"})
    change("update runs set name = ? where run_uuid = ?", HOSTILE.replace("\x00", ""), made)
    for table in ("params", "latest_metrics", "tags"):
        change(f"update {table} set key = ? where run_uuid = ? and key in ('lr', 'accuracy', 'note')", HOSTILE, made)
    for table in ("params", "tags"):
        change(f"update {table} set value = ? where run_uuid = ? and key = ?", HOSTILE, made, HOSTILE)
    difference = mlmagic.diff(made, good)
    widget = mlmagic.compare()
    with pytest.raises(MLMagicError, match=r"Several runs begin with|No run has") as ambiguous:
        queries.find_run(HOSTILE)
    with pytest.raises(MLMagicError, match="No run has a metric, param or tag") as unknown:
        mlmagic.runs(f"`{HOSTILE[:5]}` > 1")
    shown = [
        repr(mlmagic.runs()), str(mlmagic.runs()), mlmagic.runs()._repr_html_(), repr(mlmagic.Run(made)),
        *difference_bundle(difference).values(), repr(difference), *still_of(widget._comparison).values(),
        *of_store.run_names(), str(ambiguous.value), *ambiguous.value._render_traceback_(), str(unknown.value),
    ]  # fmt: skip
    assert [text for text in shown if not has_no_control(text)] == []
    assert of_store.run_names() == ["good"]


@pytest.fixture
def files_of(make_run, database):
    """Return a function that makes a run and returns its id and the folder of its files."""
    from mlmagic.store import connection as store

    def make(name="run", **files):
        made = make_run(name)
        folder = store.Path(database.execute("select artifact_uri from runs where run_uuid = ?", (made,)).fetchone()[0])
        (folder / "mlmagic").mkdir(parents=True)
        for path, content in files.items():
            (folder / path.replace("__", "/")).write_text(content)
        return made, folder

    return make


ELSEWHERE = ["file:///etc", "/etc", "file:///proc/self", "{folder}/../../../..", "{other}", "{parent}", "runs:/{id}"]


@pytest.mark.parametrize("uri", ELSEWHERE)
def test_files_are_read_in_the_place_of_the_run_only(uri, files_of, change, tmp_path):
    made, folder = files_of("odd")
    other, others = files_of("other", mlmagic__x="secret = 1")
    (others / "mlmagic/cell.py").write_text("secret = 1")
    place = uri.format(folder=folder, other=others, parent=folder.parent, id=other)
    change("update runs set artifact_uri = ? where run_uuid = ?", place, made)
    with pytest.raises(StoreError, match=r"no folder of this run|nothing is read there"):
        mlmagic.Run(made).text("mlmagic/cell.py")
    shown = difference_bundle(mlmagic.diff(other, made))["text/plain"]
    assert "secret" not in shown
    assert shown.count("nothing is read there") == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs and no devices on this system")
@pytest.mark.parametrize("by_descriptor", [True, False])
def test_links_devices_and_huge_files_are_not_read(by_descriptor, files_of, tmp_path, monkeypatch):
    monkeypatch.setattr(artifact_reading, "_BY_DESCRIPTOR", by_descriptor)
    good, _ = files_of("good", **{"mlmagic__cell.py": "x = 1\n"})
    made, folder = files_of("odd")
    (tmp_path / "private").write_text("secret = 1")
    (folder / "mlmagic/cell.py").symlink_to(tmp_path / "private")
    (folder / "mlmagic/environment.json").symlink_to("/dev/zero")
    os.mkfifo(folder / "mlmagic/uncommitted.patch")
    with (folder / "mlmagic/requirements.txt").open("wb") as sparse:
        sparse.truncate(10 * 1024**3)
    (folder / "figures").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder)
    shown = difference_bundle(mlmagic.diff(good, made))["text/plain"]
    assert "secret" not in shown
    assert "mlmagic/cell.py: not read: it is a link, which is not followed" in shown
    assert "requirements.txt: not read: it has 10.7 GB" in shown
    assert "mlmagic/uncommitted.patch: not read: it is no regular file" in shown
    run = mlmagic.Run(made)
    for path in ("mlmagic/cell.py", "mlmagic/uncommitted.patch", "mlmagic/requirements.txt", "figures/private"):
        with pytest.raises(MLMagicError, match=r"link|regular|10\.7 GB|no artifact"):
            run.text(path)
    assert "mlmagic/cell.py" in run.artifacts


@pytest.mark.parametrize("step", ["artifacts", "run", "experiment"])
def test_a_link_in_place_of_the_run_is_followed_above_it_only(step, files_of, tmp_path):
    """A folder of all runs may lie on another disk."""
    made, folder = files_of("run", **{"mlmagic__cell.py": "x = 1\n"})
    moved = {"artifacts": folder, "run": folder.parent, "experiment": folder.parent.parent}[step]
    moved.rename(tmp_path / "elsewhere")
    moved.symlink_to(tmp_path / "elsewhere")
    if step == "experiment":
        assert mlmagic.Run(made).text("mlmagic/cell.py") == "x = 1\n"
        return
    with pytest.raises(StoreError, match="is a link, which is not followed"):
        mlmagic.Run(made).text("mlmagic/cell.py")


@pytest.mark.parametrize("path", ["../private", "/etc/passwd", "mlmagic/../../private", "a\x00b", ""])
def test_a_path_leads_nowhere_else(path, files_of, tmp_path):
    made, folder = files_of("run")
    (folder.parent / "private").write_text("secret")
    with pytest.raises(MLMagicError, match=r"no path of a run's file|no artifact"):
        mlmagic.Run(made).text(path)
    with pytest.raises(StoreError, match="no path of a run's file"):
        place_of(made, str(folder)).read(path, 100)


def test_credentials_go_to_no_other_server(make_run, change, monkeypatch):
    asked = []

    class Thief(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(dict(self.headers))
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Thief)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "mine")
    good = make_run("good")
    for scheme in ("http", "mlflow-artifacts"):
        made = make_run("odd")
        uri = f"{scheme}://127.0.0.1:{server.server_port}/api/2.0/mlflow-artifacts/artifacts/0/{made}/artifacts"
        change("update runs set artifact_uri = ? where run_uuid = ?", uri, made)
        assert "which is not the tracking server" in difference_bundle(mlmagic.diff(good, made))["text/plain"]
        with pytest.raises(StoreError, match="which is not the tracking server"):
            mlmagic.Run(made).artifacts  # noqa: B018  # it asks
    server.shutdown()
    assert asked == []


DEEP = "[" * 100_000
ODD_JSON = [DEEP, '{"a":' * 100_000, "{}", "[]", "3", "null", '"text"', "9" * 5000, "\ud800", "", "[1e999, NaN]"]


@pytest.mark.parametrize("text", [*ODD_JSON, json.dumps([3, "x", [1], None, True, 2.5, 7])])
def test_an_odd_tag_of_cells_is_read_as_far_as_it_has_numbers(text):
    assert all(type(number) is int for number in _cells(text))


def test_numbers_of_cells():
    assert _cells("[1, 2]") == (1, 2)
    assert _cells("3") == (3,)
    assert _cells("") == ()


@pytest.mark.parametrize("text", [DEEP, "[" * 900 + "]" * 900, "[" * 60 + "]" * 60])
def test_what_is_deep_is_not_read(text):
    assert read_json(text, list) is None


NAMES = [
    *("python", "machine", "memory_bytes", "gpus", "threads", "variables", "installed", "imported", "name", "shape"),
    *("columns", "values", "type", "digest", "kind", "order_free", "schema", "num_rows", "index"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


def record(environment):
    files = RunFiles("", "")
    files._contents[ENVIRONMENT] = environment
    return RunRecord("id", "run", "Default", "FINISHED", 0, 1.0, None, {}, {}, {}, files=files)


@given(JSON, JSON)
def test_any_environment_can_be_compared(first, second):
    environment_diff([record(json.dumps(one).encode()) for one in (first, second)])


@given(JSON, JSON)
def test_any_profile_can_be_compared(first, second):
    own = {"kind": "pandas", "order_free": "1", "schema": []}
    for more in ({}, own):
        profiles = [json.dumps({**more, **one} if isinstance(one, dict) else one) for one in (first, second)]
        data_rows([[DatasetRecord("X", str(at), profile)] for at, profile in enumerate(profiles)])


@pytest.mark.parametrize("content", [*(text.encode("utf-8", "surrogatepass") for text in ODD_JSON), b"\xff\x00{"])
def test_odd_files_and_profiles_are_as_none(content):
    assert environment_diff([record(content), record(b"{}")]).imported == ()
    data_rows([[DatasetRecord("X", "1", content.decode("utf-8", "replace"))], [DatasetRecord("X", "2", "{}")]])


@pytest.mark.parametrize("seed", ["²", "9" * 5000, "-1", "1.5", "x", "", str(2**32)])
def test_an_earlier_sweep_with_an_odd_seed_and_odd_times_is_gone_on_with(seed, make_run, change):
    parent = make_run("sweep", {"seed": seed}, tags={sweeps.CODE: "abc"})
    trial = make_run("trial", {}, {"loss": 1.0}, tags={"mlflow.parentRunId": parent, sweeps.KEY: "k"})
    change(ODD["no start"], trial)
    found = sweeps.find_earlier("abc", None)
    assert found.seed is None
    assert found.trials["k"].metrics == {"loss": 1.0}
    assert found.trials["k"].duration_s == 0


CONTINUED = {
    **{odd: ODD[odd] for odd in ("a text as metric", "texts in a history", "an end in the year 292278994")},
    "a last step of 64 bits": "update metrics set step = 9223372036854775807 where run_uuid = ?",
    "deep cells": f"insert into tags select 'mlmagic.cell', '{'[' * 100_000}', ?",
    "cells of all kinds": """insert into tags select 'mlmagic.cell', '[3, "x", {}, null, [1]]', ?""",
    "no tag of cells": "insert into tags select 'other', 'x', ?",
}


@pytest.mark.parametrize("odd", CONTINUED)
def test_an_odd_run_can_be_gone_on_with(odd, make_run, change):
    made = make_run("odd", {"lr": 0.1}, {"accuracy": 0.5})
    change(CONTINUED[odd], made)
    with mlmagic.track(resume=made, quiet=True):
        mlmagic.log(more=0.25, accuracy=0.75)
    assert mlmagic.Run(made).metrics["more"] == 0.25
    assert 0.75 in [value for _, value in mlmagic.Run(made).history("accuracy")]


def test_a_run_that_mlflow_cannot_read_is_gone_on_with_in_the_journal(make_run, change, capsys):
    made = make_run("odd")
    change(ODD["no start"], made)
    with mlmagic.track(resume=made):
        mlmagic.log(more=0.25)
    assert "start_time cannot be None" in capsys.readouterr().err
    change("update runs set start_time = 1750000000000 where run_uuid = ?", made)
    mlmagic.sync()
    assert mlmagic.Run(made).metrics["more"] == 0.25


def test_a_run_whose_files_lie_elsewhere_is_not_gone_on_with(make_run, change):
    made = make_run("odd")
    change("update runs set artifact_uri = '/etc' where run_uuid = ?", made)
    with pytest.raises(StoreError, match="no folder of this run"), mlmagic.track(resume=made, quiet=True):
        pass


class HostileServer:
    """What MLflow gives of a server that names paths elsewhere, and sends more than it said."""

    def list_artifacts(self, _folder):
        from mlflow.entities import FileInfo

        paths = ["../../outside", "/etc/passwd", "a/../../b", "fine.txt", "\\\\host\\share", "nul\x00"]
        return [FileInfo(path, is_dir=False, file_size=1) for path in paths]

    def download_artifacts(self, path, folder):
        from mlmagic.store import connection as store

        file = store.Path(folder, path)
        file.write_bytes(b"x" * 1000)
        return file


def test_a_server_names_no_path_elsewhere_and_sends_no_more_than_is_taken(store_uri):
    place = RemotePlace(HostileServer())
    assert [file.path for file in place.files()] == ["fine.txt"]
    assert place.read("fine.txt", 1000) == b"x" * 1000
    with pytest.raises(StoreError, match="it has more than"):
        place.read("fine.txt", 999)
    with pytest.raises(StoreError, match="no path of a run's file"):
        place.read("../../outside", 1000)


@pytest.mark.parametrize(
    ("tracking", "place", "is_taken"),
    [
        ("http://own:5000", "http://own:5000/api/x/RUN/artifacts", True),
        ("http://own:5000", "mlflow-artifacts:/0/RUN/artifacts", True),
        ("http://own:5000", "mlflow-artifacts://own:5000/0/RUN/artifacts", True),
        ("https://own", "https://own:443/RUN/artifacts", True),
        ("http://own:5000", "s3://bucket/0/RUN/artifacts", True),
        ("http://own:5000", "http://own:5001/api/x/RUN/artifacts", False),
        ("https://own", "http://own/RUN/artifacts", False),
        ("http://own:5000", "http://user@thief:5000/RUN/artifacts", False),
        ("http://own:5000", "http://own:5000@thief/RUN/artifacts", False),
        ("http://own:5000", "http://own.thief:5000/RUN/artifacts", False),
        ("http://own:5000", "http://own:99999999/RUN/artifacts", False),
        ("sqlite:///mlflow.db", "https://thief/RUN/artifacts", False),
        ("sqlite:///mlflow.db", "https://artifacts.own:8080/RUN/artifacts", True),
    ],
)
def test_only_the_tracking_server_is_asked_with_its_credentials(tracking, place, is_taken, monkeypatch):
    monkeypatch.setattr(artifact_reading.tracking_uri, "current_uri", lambda: tracking)
    monkeypatch.setattr(mlmagic.settings, "artifact_servers", ["artifacts.own:8080"])
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "mine")
    assert (artifact_reading.foreign_server(place, tracking) is None) is is_taken
    if not is_taken:
        with pytest.raises(StoreError, match="which is not the tracking server"):
            place_of("RUN", place)
