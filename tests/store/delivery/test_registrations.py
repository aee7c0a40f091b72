"""Registrations that are delivered while something stands between: a real server, and a proxy before it."""

import dataclasses
import json
import shutil
import threading

import mlflow
import pytest
from logged import track_model
from servers import Answer, Proxy, Server

import mlmagic
from mlmagic.journal import folder
from mlmagic.journal.lines import encode, seed_of
from mlmagic.journal.records import Registered, Registration
from mlmagic.registry import attempts
from mlmagic.registry.offline import delivering
from mlmagic.registry.promotion import history
from mlmagic.store import connection, experiments
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.waiting import WaitBudget
from mlmagic.tracking import recovery
from mlmagic.user_settings import settings


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.kill()


@pytest.fixture
def proxy(server, tmp_path, monkeypatch):
    made = Proxy(server.port)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folder, "_home", None)
    monkeypatch.setattr(folder, "_elsewhere", lambda: tmp_path / "elsewhere")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", made.uri)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    mlflow.set_tracking_uri(made.uri)
    experiments.forget()
    yield made
    made.fault = None
    mlmagic.sync()
    made.stop()
    mlflow.set_tracking_uri(None)


@pytest.fixture
def client(server):
    return mlflow.MlflowClient(server.uri)


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(settings, "offline", True)
    return lambda: monkeypatch.setattr(settings, "offline", False)


def versions(client, name):
    found = client.search_model_versions(f"name = '{name}'")
    return sorted((client.get_model_version(name, one.version) for one in found), key=lambda one: one.version)


def at(path, answer):
    """Return a fault: requests to *path* get *answer*."""
    return lambda request: answer(request) if path in request.path else None


FORBIDDEN = Answer(403, json.dumps({"error_code": "PERMISSION_DENIED", "message": "not yours"}))


def test_a_registry_that_refuses_for_now_holds_nothing_else_up(proxy, client, offline):
    track_model("first")
    mlmagic.register("held", alias="champion")
    track_model("second")
    offline()
    proxy.fault = at("mlflow/registered-models", lambda _: FORBIDDEN)
    report = mlmagic.sync()
    assert [run.name for run in report.runs] == ["second"]
    assert report.unregistered == ["held"]
    (problem,) = report.problems
    assert problem.startswith("the registration of 'held' waits: the MLflow store ")
    assert "not yours" in problem
    (run,) = client.search_runs(["0"], "attributes.run_name = 'first'")
    assert run.info.status == "FINISHED"
    assert len(client.search_logged_models(["0"], f"source_run_id = '{run.info.run_id}'")) == 1
    proxy.fault = None
    assert mlmagic.sync().registrations == [
        "'held' version 1: registered from the model 'model' of the run 'first'; "
        "champion of 'held' is version 1 now; it had none"
    ]


def test_what_is_no_answer_of_mlflow_registers_nothing(proxy, client, offline):
    track_model("forest")
    mlmagic.register("portal", alias="champion")
    offline()
    page = Answer(200, "{}", {"Content-Type": "application/json"})
    for path in ("registered-models/create", "model-versions/create", "registered-models/set-tag"):
        html = Answer(200, '{"login": "required"}', {"Content-Type": "application/json"})
        for answer in (html, page) if "create" in path else (html,):
            proxy.fault = at(path, lambda _, answer=answer: answer)
            report = mlmagic.sync()
            assert report.unregistered == ["portal"]
            assert any("did not answer as an MLflow server does" in problem for problem in report.problems)
    proxy.fault = None
    mlmagic.sync()
    (version,) = versions(client, "portal")
    assert version.aliases == ["champion"]
    assert len(history.events_of(client.get_registered_model("portal").tags)) == 1


@pytest.mark.parametrize("path", ["registered-models/create", "model-versions/create", "registered-models/alias"])
def test_what_the_store_has_done_without_an_answer_is_not_done_twice(proxy, client, path):
    """The line is typed while the store answers, and its answer to one request is lost: the rest is recorded."""
    name = path.replace("/", " ")
    track_model("forest")

    def lost(request):
        proxy.forward(request)
        return Answer(502, "<h1>Bad Gateway</h1>")

    proxy.fault = at(path, lost)
    made = mlmagic.register(name.replace(" ", "-"), run="forest", alias="champion", again=True)
    assert made.pending
    assert made.version == (1 if "alias" in path else None)
    assert made.note.startswith("recorded in the journal: it ")
    proxy.fault = None
    report = mlmagic.sync()
    (version,) = versions(client, made.name)
    assert version.aliases == ["champion"]
    (event,) = history.events_of(client.get_registered_model(made.name).tags)
    assert (event.what, event.version) == ("promoted", 1)
    assert report.unregistered == []
    assert not any(key.startswith("mlmagic.claim") for key in client.get_registered_model(made.name).tags)


def test_an_attempt_that_was_given_up_is_waited_for_before_it_is_repeated(proxy, client, monkeypatch):
    """The server holds the request that creates the version, for longer than the cell waits."""
    track_model("forest")
    monkeypatch.setattr(connection, "_LONGEST_SILENCE_S", 0.2)
    monkeypatch.setattr(settings, "store_timeout_s", 1.0)
    goes_on = threading.Event()
    proxy.fault = at("model-versions/create", lambda _: goes_on.wait(60) and None)
    made = mlmagic.register("stalled", run="forest", alias="champion")
    assert made.pending
    assert "does not answer within" in made.note
    monkeypatch.setattr(settings, "store_timeout_s", 60.0)
    (problem,) = mlmagic.sync().problems
    assert problem == "the registration of 'stalled' waits: an earlier attempt has not ended yet"
    ships = delivery_worker(proxy.uri)
    ((asked,),) = [delivery.registrations for delivery in ships.deliveries()]
    goes_on.set()
    while attempts.is_running(asked.id):
        ships.wait(lambda: False, WaitBudget(1, local=False))
    mlmagic.sync()
    (version,) = versions(client, "stalled")
    assert version.aliases == ["champion"]
    assert len(history.events_of(client.get_registered_model("stalled").tags)) == 1


def test_a_twin_that_a_stalled_server_makes_later_is_deleted(proxy, client, offline):
    track_model("forest")
    mlmagic.register("twins")
    offline()
    late = []

    def stalls(request):
        late.append(request)
        return Answer(504, "<h1>Gateway Timeout</h1>")

    proxy.fault = at("model-versions/create", stalls)
    assert mlmagic.sync().unregistered == ["twins"]

    def arrives_first(request):
        proxy.forward(late[0])

    proxy.fault = at("model-versions/create", arrives_first)
    mlmagic.sync()
    assert [version.version for version in versions(client, "twins")] == ["2"]
    assert mlmagic.sync().registrations == []


def test_two_registrations_of_one_run_that_another_process_delivers(proxy, client, offline, tmp_path):
    """From a copy of the journal, after it was delivered: nothing is there twice."""
    track_model("forest")
    mlmagic.register("copied", alias="champion", tags={"team": "risk"})
    mlmagic.register("copied", again=True)
    for delivery in delivery_worker(proxy.uri).deliveries():
        delivery.journal.sync()
    shutil.copytree(folder.place(), tmp_path / "copy")
    offline()
    assert len(mlmagic.sync().registrations) == 2
    before = client.get_registered_model("copied").tags, [one.tags for one in versions(client, "copied")]
    shutil.copytree(tmp_path / "copy", folder.place(), dirs_exist_ok=True)
    report = mlmagic.sync()
    assert len(report.registrations) == 2
    assert "champion of 'copied' became version 1; it had none" in report.registrations[0]
    assert (client.get_registered_model("copied").tags, [one.tags for one in versions(client, "copied")]) == before
    assert [version.version for version in versions(client, "copied")] == ["1", "2"]


def test_one_that_somebody_added_to_the_journal_is_not_carried_out(proxy, client, offline):
    track_model("forest")
    mlmagic.register("own", alias="champion")
    offline()
    (delivery,) = delivery_worker(proxy.uri).deliveries()
    (record,) = [line.record for line in delivery.journal.read() if isinstance(line.record, Registration)]
    delivery_worker(proxy.uri).remove(delivery)
    path = delivery.journal.path
    delivery.journal.close()
    forged = Registration(**{field: getattr(record, field) for field in record.__slots__} | {"name": "forged"})
    with path.open("ab") as file:
        file.write(encode(forged, seed_of(path.name)))
        file.write(encode(Registered(record.id, 99, ""), seed_of(path.name)))  # so that it would get the alias
    report = mlmagic.sync()
    assert (
        "the registration of 'forged' was skipped: its entry in the journal is not signed with your key"
        in report.problems
    )
    assert [one.aliases for one in versions(client, "own")] == [["champion"]]
    assert versions(client, "forged") == []


def test_another_registry_is_waited_for(proxy, client, offline, monkeypatch, tmp_path):
    from databases import copy_new_database

    copy_new_database(tmp_path / "registry.db", artifacts=str(tmp_path / "artifacts"))
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{tmp_path}/registry.db")
    track_model("forest")
    mlmagic.register("elsewhere")
    monkeypatch.delenv("MLFLOW_REGISTRY_URI")
    offline()
    (line,) = mlmagic.sync().registrations
    assert line.startswith("'elsewhere' version 1: registered from")
    assert versions(client, "elsewhere") == []
    registry = mlflow.MlflowClient(proxy.uri, f"sqlite:///{tmp_path}/registry.db")
    assert len(registry.search_model_versions("name = 'elsewhere'")) == 1


def test_one_that_is_recorded_while_another_is_carried_out_keeps_the_journal_open(proxy, client, offline, monkeypatch):
    track_model("forest")
    mlmagic.register("early")
    (delivery,) = delivery_worker(proxy.uri).deliveries()

    def meanwhile(asked, *args, **kwargs):
        if asked.name == "early":
            late = dataclasses.replace(asked, id="b" * 32, name="late")
            assert delivery.register(late)
        return delivering.deliver(asked, *args, **kwargs)

    monkeypatch.setattr(recovery, "_register", meanwhile)
    offline()
    mlmagic.sync()
    mlmagic.sync()
    assert (len(versions(client, "early")), len(versions(client, "late"))) == (1, 1)
    assert delivery.is_closed
    assert not delivery.register(
        Registration("c" * 32, "too late", "model", "", "", "", "", {}, None, False, "ana", "")
    )
