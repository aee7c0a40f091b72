"""What processes left behind: real ones, killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlmagic import MLMagicError, foreign_journals, sync
from mlmagic.errors import StoreAwayError
from mlmagic.journal import folder, owner
from mlmagic.journal.file import Journal
from mlmagic.journal.lines import FORMAT, _line, encode, seed_of
from mlmagic.journal.records import Began, Metric, Tag
from mlmagic.journal.survey import survey
from mlmagic.recording.sync_report import SyncReport
from mlmagic.store.delivery.delivery import Delivery
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.tracking import recovery
from mlmagic.user_settings import settings
from mlmagic.views.sync_report import sync_report

ROOT = str(Path(__file__).parents[2])
DIES = """
import mlmagic, os, signal
with mlmagic.track("outer", quiet=True):
    mlmagic.log_params(lr=0.1)
    with mlmagic.track("inner", quiet=True):
        for step in range(100):
            mlmagic.log(loss=float(step))
        {end}
"""


@pytest.fixture
def client(store_uri):
    import mlflow

    return mlflow.MlflowClient(store_uri)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_home", None)
    monkeypatch.setattr(folder, "_elsewhere", lambda: tmp_path / "elsewhere")


def run(script, tmp_path, **variables):
    environment = os.environ | {"PYTHONPATH": ROOT} | variables
    return subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # fmt: skip


def stored(client):
    return {run.info.run_name: run for run in client.search_runs(["0"])}


def test_the_runs_of_a_process_that_was_killed_are_ended_with_all_they_had(client, tmp_path):
    died = run(DIES.format(end="os.kill(os.getpid(), signal.SIGKILL)"), tmp_path)
    assert died.returncode == -signal.SIGKILL
    assert {one.info.status for one in stored(client).values()} == {"RUNNING"}
    report = sync()
    runs = stored(client)
    assert {name: one.info.status for name, one in runs.items()} == {"outer": "KILLED", "inner": "KILLED"}
    assert runs["outer"].data.params["lr"] == "0.1"
    assert [point.step for point in client.get_metric_history(runs["inner"].info.run_id, "loss")] == list(range(100))
    assert runs["inner"].data.tags["mlflow.parentRunId"] == runs["outer"].info.run_id
    assert sync_report(report).startswith("delivered ")
    assert "inner (KILLED, 100 records)" in sync_report(report)

    before = {name: one.to_dictionary() for name, one in runs.items()}
    assert sync_report(sync()) == "nothing to deliver"
    assert {name: one.to_dictionary() for name, one in stored(client).items()} == before


def test_runs_recorded_offline_by_a_process_that_died_are_made_in_order(client, tmp_path):
    run(DIES.format(end="os.kill(os.getpid(), signal.SIGKILL)"), tmp_path, MLMAGIC_OFFLINE="true")
    assert stored(client) == {}
    sync()
    runs = stored(client)
    assert runs["inner"].data.tags["mlflow.parentRunId"] == runs["outer"].info.run_id
    assert {name: one.info.status for name, one in runs.items()} == {"outer": "KILLED", "inner": "KILLED"}
    assert runs["inner"].info.end_time <= runs["outer"].info.end_time or runs["outer"].info.end_time


def test_a_process_that_ends_in_the_middle_leaves_nothing_running(client, tmp_path):
    script = "import mlmagic\ntracking = mlmagic.track('left', quiet=True)\ntracking.__enter__()\nmlmagic.log(a=1.0)\n"
    assert run(script, tmp_path).returncode == 0
    assert (stored(client)["left"].info.status, stored(client)["left"].data.metrics) == ("KILLED", {"a": 1.0})
    assert folder.journals(folder.place()) == []


def test_the_journal_of_a_process_that_lives_is_not_touched(client, tmp_path):
    script = DIES.format(end="print('ready', flush=True); input()")
    environment = os.environ | {"PYTHONPATH": ROOT}
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as alive:  # fmt: skip
        assert alive.stdout.readline().strip() == "ready"
        assert survey(folder.place()).left == []
        assert sync().runs == []
        assert {one.info.status for one in stored(client).values()} == {"RUNNING"}
        alive.stdin.write("\n")
        alive.stdin.close()
        alive.wait(60)
    assert {one.info.status for one in stored(client).values()} == {"FINISHED"}


def dead(name="x", *records, **more):
    """Make the journal of a process that died, and return its path."""
    journal, _ = folder.new()
    fields = {
        "uid": os.urandom(16).hex(), "resumed": False, "run_id": "", "name": name, "store": os.environ["MLFLOW_TRACKING_URI"], "experiment": "Default",
        "experiment_id": "", "parent": "", "started": 1000, "tags": {}, "owner": owner.this_process() | {"started": "0"},
    } | more  # fmt: skip
    fields["tags"] = {"mlmagic.id": fields["uid"]}
    journal.append(Began(**fields))
    journal.append(Began(**fields))
    for record in (Metric("loss", 1.0, 1000, 0), *records):
        journal.append(record)
    journal.close()
    return journal.path


def test_a_journal_cut_or_damaged_anywhere_is_delivered_as_far_as_it_is_whole(client):
    path = dead("first", Metric("loss", 2.0, 2000, 1))
    data = bytearray(path.read_bytes())
    data[40] ^= 1  # in the first of the two beginnings
    data[-70] ^= 1  # in the first of the two values
    path.write_bytes(data[:-1] + b"\ngarbage\n12")
    report = sync()
    assert [one.name for one in report.runs] == ["first"]
    assert any("were damaged and are lost" in problem for problem in report.problems)
    history = client.get_metric_history(stored(client)["first"].info.run_id, "loss")
    assert [point.value for point in history] in ([1.0], [2.0])


def test_one_whose_beginning_is_lost_is_told_and_delivered_on_request(client, tmp_path):
    path = dead("unknown", Tag("stage", "draft"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:1], *lines[3:]]))
    a_while_ago = time.time() - 100
    os.utime(path, (a_while_ago, a_while_ago))
    report = sync()
    assert [(one.path, one.reason) for one in report.foreign] == [(path, "its beginning is damaged, so that its run is not known")]  # fmt: skip
    assert stored(client) == {}
    sync(foreign=foreign_journals())
    (run,) = stored(client).values()
    assert (run.info.run_name, run.data.metrics, run.data.tags["stage"]) == (path.stem, {"loss": 1.0}, "draft")
    assert sync() == SyncReport()


def test_an_empty_one_is_nothing(client):
    journal, _ = folder.new()
    journal.close()
    journal.path.write_bytes(b"")
    a_while_ago = time.time() - 100
    os.utime(journal.path, (a_while_ago, a_while_ago))
    assert sync_report(sync()) == "nothing to deliver"


@pytest.mark.parametrize("newer", [f'["format",{FORMAT + 1}]', '["gradient","w",1.0]'], ids=["format", "kind"])
def test_one_of_a_newer_version_is_told_and_left(client, newer):
    path = dead()
    data = _line(newer, seed_of(path.name)) + path.read_bytes()
    path.write_bytes(data)
    (foreign,) = sync().foreign
    assert foreign.reason == "it was written by a newer mlmagic: update mlmagic to deliver it"
    assert path.read_bytes() == data
    assert stored(client) == {}


def test_a_newer_kind_of_record_behind_the_beginning_keeps_the_journal(client):
    path = dead()
    seed = seed_of(path.name)
    data = path.read_bytes() + _line('["gradient","w",1.0]', seed) + encode(Tag("a", "1"), seed)
    path.write_bytes(data)
    assert [problem.partition(" was ")[2] for problem in sync().problems] == [
        "written by a newer mlmagic: update mlmagic to deliver it"
    ]
    assert path.read_bytes() == data
    assert stored(client) == {}


def test_each_run_goes_to_the_store_that_it_was_recorded_for(client, tmp_path, monkeypatch):
    from mlflow import MlflowClient

    other = f"sqlite:///{tmp_path}/other.db"
    dead("here")
    dead("there", store=other)
    monkeypatch.chdir(tmp_path)
    report = recovery.sync(only=os.environ["MLFLOW_TRACKING_URI"])
    assert ([one.name for one in report.runs], report.waiting) == (["here"], 1)
    assert not (tmp_path / "other.db").exists()
    assert [one.name for one in sync().runs] == ["there"]
    assert [one.info.run_name for one in MlflowClient(other).search_runs(["0"])] == ["there"]


def test_what_came_from_another_machine_is_delivered_only_when_asked_for(client):
    dead("foreign", owner=owner.this_process() | {"host": "another 1234"})
    (journal,) = folder.journals(folder.place())
    long_ago = time.time() - 2 * owner.SILENT_S
    os.utime(journal, (long_ago, long_ago))
    assert recovery.sync(only=os.environ["MLFLOW_TRACKING_URI"]).waiting == 1
    assert stored(client) == {}
    assert [one.name for one in sync().runs] == ["foreign"]


def test_a_store_whose_password_is_not_kept_must_be_named_again(client):
    dead("secret", store="postgresql://<redacted>@db/prod")
    (problem,) = sync().problems
    assert "whose password is not kept: set MLFLOW_TRACKING_URI to it" in problem


def test_another_server_is_not_asked_while_it_is_not_the_one_that_is_configured(client):
    path = dead("elsewhere", store="http://127.0.0.1:9")
    (problem,) = sync().problems
    assert problem == "the run 'elsewhere' belongs to the store http://127.0.0.1:9: set MLFLOW_TRACKING_URI to it, and %mlmagic sync again"  # fmt: skip
    assert path.exists()


def test_a_store_that_is_away_is_told_and_the_journal_stays(client, monkeypatch):
    import mlflow

    journal = dead("waits", store="http://127.0.0.1:9")
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    report = recovery.sync(patience_s=10)
    assert report.waiting == 1
    assert "1 run waits in the journal (the MLflow store http://127.0.0.1:9 cannot be reached: Connection refused)" in sync_report(report)  # fmt: skip
    assert journal.exists()
    ships = delivery_worker("http://127.0.0.1:9")
    for delivery in ships.deliveries():  # it would go on in the background
        ships.remove(delivery)


def test_offline_nothing_is_delivered_and_the_way_out_is_named(client, monkeypatch):
    monkeypatch.setattr(settings, "offline", True)
    with pytest.raises(MLMagicError, match=r"%config MLMagic\.offline = False"):
        sync()


def test_two_processes_that_recover_at_once_deliver_each_run_once(client, tmp_path):
    for number in range(5):
        dead(f"run{number}", Tag("n", str(number)))
    script = "import mlmagic; print(len(mlmagic.sync().runs))"
    environment = os.environ | {"PYTHONPATH": ROOT, "MLMAGIC_STORE_TIMEOUT_S": "30"}
    both = [subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]  # fmt: skip
    assert sum(int(one.communicate(timeout=120)[0]) for one in both) == 5
    assert sorted(stored(client)) == [f"run{number}" for number in range(5)]
    assert len(client.search_runs(["0"])) == 5


LOCKED = """
import sys, time
from mlmagic.journal import folder, owner
from mlmagic.journal.records import Began, Metric
journal, _ = folder.new()
elsewhere = owner.this_process(locks=journal.is_locked) | {{"pid": 2**22 + 5, "started": "7"}}
began = Began("{uid}", False, "", "live", "{uri}", "Default", "", "", 1000, {{"mlmagic.id": "{uid}"}}, elsewhere)
journal.append(began)
journal.append(began)
journal.append(Metric("loss", 1.0, 1000, 0))
print("ready", flush=True)
sys.stdin.readline()
"""


def test_a_writer_whose_number_means_nothing_here_is_alive_while_it_holds_its_journal(client, tmp_path):
    """As in a container of this machine, which counts its processes by itself."""
    uid = os.urandom(16).hex()
    script = LOCKED.format(uid=uid, uri=os.environ["MLFLOW_TRACKING_URI"])
    environment = os.environ | {"PYTHONPATH": ROOT}
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as alive:  # fmt: skip
        assert alive.stdout.readline().strip() == "ready"
        assert sync() == SyncReport()
        assert stored(client) == {}
        alive.kill()
        alive.wait(60)
    assert [one.name for one in sync().runs] == ["live"]
    assert stored(client)["live"].info.status == "KILLED"


def test_a_child_that_was_forked_and_lives_on_does_not_hold_the_journal(client, tmp_path):
    script = DIES.format(end="child = os.fork()\n        (print(child, flush=True), os.kill(os.getpid(), 9)) if child else __import__('time').sleep(60)")  # fmt: skip
    died = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=os.environ | {"PYTHONPATH": ROOT}, stdout=subprocess.PIPE, text=True)  # fmt: skip
    child = int(died.stdout.readline())
    died.wait(60)
    try:
        assert sorted(one.name for one in sync().runs) == ["inner", "outer"]
    finally:
        os.kill(child, signal.SIGKILL)
        died.stdout.close()


CONTINUED = """
import mlmagic, os, signal
with mlmagic.track("one", quiet=True):
    mlmagic.log(a=1.0)
with mlmagic.track(resume="", quiet=True):
    mlmagic.log(b=2.0)
    os.kill(os.getpid(), signal.SIGKILL)
"""


KILLED_WHEN_CONTINUED = """
import mlmagic, os, signal
from mlmagic.user_settings import settings
with mlmagic.track("one", quiet=True):
    mlmagic.log(a=1.0)
settings.offline = True
with mlmagic.track(resume="", quiet=True):
    mlmagic.log(b=2.0)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_that_was_killed_when_it_was_continued_offline_does_not_stay_running(client, tmp_path):
    run(KILLED_WHEN_CONTINUED, tmp_path)
    assert stored(client)["one"].info.status == "FINISHED"
    sync()
    one = stored(client)["one"]
    assert (one.info.status, one.data.metrics) == ("KILLED", {"a": 1.0, "b": 2.0})


KILLED_WHEN_EVALUATED = """
import mlmagic, os, signal
from mlmagic.evaluation.stored_runs import recording_on
with mlmagic.track("one", quiet=True):
    pass
with recording_on("one") as recorded:
    recorded.recorder.metric("late", 0.5)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_while_it_records_on_an_ended_run_leaves_its_status(client, tmp_path):
    run(KILLED_WHEN_EVALUATED, tmp_path)
    before = stored(client)["one"].info
    sync()
    one = stored(client)["one"]
    assert one.data.metrics == {"late": 0.5}
    assert (one.info.status, one.info.end_time) == ("FINISHED", before.end_time)


@pytest.mark.parametrize("number", range(3))
def test_two_processes_that_load_at_once_make_one_run_of_one_that_was_gone_on_with(client, tmp_path, number):
    run(CONTINUED, tmp_path, MLMAGIC_OFFLINE="true")
    assert len(folder.journals(folder.place())) == 2
    script = "import mlmagic; print(len(mlmagic.sync().runs))"
    environment = os.environ | {"PYTHONPATH": ROOT, "MLMAGIC_STORE_TIMEOUT_S": "30"}
    both = [subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]  # fmt: skip
    assert sum(int(one.communicate(timeout=120)[0]) for one in both) == 1
    (only,) = client.search_runs(["0"])
    assert only.data.metrics == {"a": 1.0, "b": 2.0}


def test_who_has_the_first_journal_of_a_run_has_the_run(client, tmp_path):
    run(CONTINUED, tmp_path, MLMAGIC_OFFLINE="true")
    first, _ = folder.journals(folder.place())
    taken = Journal.adopt(first)
    assert sync().runs == []
    assert stored(client) == {}
    taken.close()
    assert len(sync().runs) == 1
    assert len(client.search_runs(["0"])) == 1


def test_thousands_of_journals_of_a_dead_process_are_delivered_with_few_open_files(client, monkeypatch):
    monkeypatch.setattr(recovery, "_MOST_AT_ONCE", 5)
    for number in range(12):
        dead(f"run{number}")
    assert len(sync().runs) == 12
    assert len(stored(client)) == 12


def test_one_cause_that_holds_several_runs_is_told_once(client, tmp_path, monkeypatch):
    for _ in range(2):
        run(DIES.format(end="os.kill(os.getpid(), signal.SIGKILL)"), tmp_path)

    def forbidden(*args, **kwargs):
        raise StoreAwayError("the MLflow store answered 403 (Forbidden)", only_this=True)

    with monkeypatch.context() as patched:
        patched.setattr(Delivery, "_bind", forbidden)
        report = sync()
        assert report.waiting == 4
        assert report.problems == ["the MLflow store answered 403 (Forbidden)"]
    assert (len(sync().runs), len(stored(client))) == (4, 2)
