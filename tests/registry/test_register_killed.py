"""Processes that are killed while a registration is recorded or delivered, and two that deliver at once.

Each time one version comes of it, with its alias, and one record in the history.
"""

import signal

import mlflow
import pytest
from forks import Forks

from mlmagic.journal import folder
from mlmagic.journal.file import Journal
from mlmagic.registry.promotion import claims, history

OFFLINE = "from mlmagic.user_settings import settings\nsettings.offline = True\n"
RECORD = f"""
{OFFLINE}
from logged import track_model
import mlmagic
track_model("forest")
mlmagic.register("churn", alias="champion", tags={{"team": "risk"}}, description="the first")
"""
SYNC = """
import mlmagic
from mlmagic.views.sync_report import sync_report
print(sync_report(mlmagic.sync()))
"""
DIES = """
import os, signal
from mlflow import MlflowClient
from mlmagic.journal import folder, records
from mlmagic.journal.file import Journal
from mlmagic.registry.promotion import changing, claims, history
from mlmagic.store.delivery import registrations

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def dies_at(kind, *, after, number=1):
    "Let the process die when a record of this kind is appended to a journal."
    append, left = Journal.append, [number]
    def appended(journal, record):
        if isinstance(record, kind):
            left[0] -= 1
            if not left[0]:
                if after:
                    append(journal, record)
                die()
        append(journal, record)
    Journal.append = appended

"""
AT_DELIVERY = {
    "before the registered model": "MlflowClient.create_registered_model = die",
    "before the version": "MlflowClient.create_model_version = die",
    "after the version, before it is acknowledged": "registrations.Registrations.note_created = die",
    "after the acknowledgement": "dies_at(records.Registered, after=True)",
    "before the claim": "claims.take = die",
    "before the alias": "changing._set = die",
    "after the alias, before its record": "history.write = die",
    "after the record": "claims.release = die",
    "before the outcome is noted": "registrations.Registrations._note = die",
    "before the journal is closed": "dies_at(records.Closed, after=False)",
    "before the journal is put away": "folder.put_away = die",
}


@pytest.fixture(scope="module")
def forks():
    made = Forks()
    yield made
    made.end()


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.setattr(folder, "_home", None)


def require_one_version(uri, *, before=None):
    client = mlflow.MlflowClient(uri)
    found = client.search_model_versions("name = 'churn'")
    registered = [one for one in found if one.tags.get("team") == "risk"]
    assert len(registered) == 1, found
    (run,) = client.search_runs(["0"])
    (version,) = registered
    assert (version.run_id, version.description) == (run.info.run_id, "the first")
    model = client.get_registered_model("churn")
    assert {alias: int(number) for alias, number in model.aliases.items()} == {"champion": int(version.version)}
    events = [(one.what, one.alias, one.version, one.before) for one in history.events_of(model.tags)]
    assert events == [("promoted", "champion", int(version.version), before)]
    assert not any(key.startswith(claims.TAG) for key in model.tags)
    assert len(client.search_logged_models(["0"])) == 1
    assert run.info.status == "FINISHED"


@pytest.mark.parametrize(
    "point",
    [
        "after the version, before it is acknowledged",
        "before the alias",
        "after the alias, before its record",
        "before the outcome is noted",
        "before the journal is closed",
    ],
)
def test_a_delivery_that_is_killed_is_gone_on_with(store_uri, tmp_path, forks, point):
    assert forks.run(RECORD, tmp_path)[0] == 0
    status, output = forks.run(f"{DIES}{AT_DELIVERY[point]}\n{SYNC}", tmp_path)
    assert status == -signal.SIGKILL, output
    status, output = forks.run(SYNC, tmp_path)
    assert status == 0, output
    require_one_version(store_uri)
    assert folder.journals(folder.place()) == []
    said = "'churn' version 1: registered from the model 'model' of the run 'forest'; champion of 'churn' "
    assert (said in output) == (point != "before the journal is closed")
    assert forks.run(SYNC, tmp_path)[1] == "nothing to deliver\n"


def kill_at_each_point(forks, tmp_path, **variables):
    assert forks.run(RECORD, tmp_path, **variables)[0] == 0
    for name, point in AT_DELIVERY.items():
        status, output = forks.run(f"{DIES}{point}\n{SYNC}", tmp_path, **variables)
        assert status == -signal.SIGKILL, f"{name}: {output}"
    assert forks.run(SYNC, tmp_path, **variables)[0] == 0


def test_a_delivery_that_is_killed_again_and_again_comes_to_its_end(store_uri, tmp_path, forks):
    kill_at_each_point(forks, tmp_path)
    require_one_version(store_uri)


def test_on_a_server_too(server, tmp_path, monkeypatch, forks):
    monkeypatch.chdir(tmp_path)
    kill_at_each_point(forks, tmp_path, MLFLOW_TRACKING_URI=server.uri)
    require_one_version(server.uri)


@pytest.mark.parametrize("after", [False, True], ids=["before the registration", "after the registration"])
def test_a_recording_that_is_killed_is_there_or_is_not(store_uri, tmp_path, forks, after):
    status, output = forks.run(f"{DIES}dies_at(records.Registration, after={after})\n{RECORD}", tmp_path)
    require_recorded(store_uri, tmp_path, forks, status, output, count=int(after))


@pytest.mark.parametrize(
    ("point", "count"),
    [
        ("records.Began, after=False, number=3", 0),
        ("records.Began, after=True, number=3", 0),
        ("records.Ended, after=False, number=2", 0),
        ("records.Registration, after=False", 0),
        ("records.Registration, after=True", 1),
    ],
)
def test_the_same_where_the_run_is_delivered_and_gets_a_journal_for_it(store_uri, tmp_path, forks, point, count):
    code = RECORD.replace(OFFLINE, "").replace("mlmagic.register", f"{OFFLINE}mlmagic.register")
    status, output = forks.run(f"{DIES}dies_at({point})\n{code}", tmp_path)
    require_recorded(store_uri, tmp_path, forks, status, output, count=count)


def require_recorded(uri, tmp_path, forks, status, output, *, count):
    assert status == -signal.SIGKILL, output
    status, output = forks.run(SYNC, tmp_path)
    assert status == 0, output
    client = mlflow.MlflowClient(uri)
    assert len(client.search_registered_models()) == count
    if count:
        require_one_version(uri)
    (run,) = client.search_runs(["0"])
    assert run.info.status == "FINISHED"
    assert forks.run(SYNC, tmp_path)[1] == "nothing to deliver\n"


def test_of_two_processes_that_deliver_at_once_one_registers(store_uri, tmp_path, forks):
    assert forks.run(RECORD, tmp_path)[0] == 0
    both = [forks.start(SYNC, tmp_path) for _ in range(2)]
    ended = [forks.wait(one) for one in both]
    assert [status for status, _ in ended] == [0, 0], ended
    assert forks.run(SYNC, tmp_path)[0] == 0
    require_one_version(store_uri)


def test_two_processes_that_register_the_same_model_at_once_make_one_version(store_uri, tmp_path, forks):
    assert forks.run('from logged import track_model\ntrack_model("forest")', tmp_path)[0] == 0
    code = 'import mlmagic\nprint(mlmagic.register("churn", run="forest").version)'
    both = [forks.start(code, tmp_path) for _ in range(2)]
    assert [forks.wait(one) for one in both] == [(0, "1\n")] * 2
    assert len(mlflow.MlflowClient(store_uri).search_model_versions("name = 'churn'")) == 1


def test_two_processes_that_record_the_same_model_make_one_version(store_uri, tmp_path, forks):
    """Both know the run: one recorded it, the other found its journal, when the first had ended."""
    assert forks.run(RECORD, tmp_path)[0] == 0
    again = f"""
{OFFLINE}
import mlmagic
made = mlmagic.register("churn", run="forest", alias="champion", description="the first")
print(made.note)
"""
    status, output = forks.run(again, tmp_path)
    assert (status, output.partition(",")[0]) == (0, "it is recorded in the journal already"), output
    status, output = forks.run(again.replace("the first", "the second"), tmp_path)
    assert (status, output.partition(":")[0]) == (0, "recorded in the journal"), output
    assert forks.run(SYNC, tmp_path)[0] == 0
    (version,) = mlflow.MlflowClient(store_uri).search_model_versions("name = 'churn'")
    assert version.description == "the second"


def test_a_journal_that_another_process_delivers_is_named(store_uri, tmp_path, forks):
    assert forks.run(RECORD, tmp_path)[0] == 0
    (path,) = folder.journals(folder.place())
    held = Journal.adopt(path)
    status, output = forks.run(f"{OFFLINE}import mlmagic\nmlmagic.register('churn', run='forest')", tmp_path)
    held.close()
    assert status == 1
    assert "RunNotFoundError: No run has the name or id 'forest'" in output
