"""Registering while the store is away: real stores that go and come back."""

import shutil

import mlflow
import pytest
from logged import record_model, track_model

import mlmagic
from mlmagic.errors import ModelNotFoundError, StoreAwayError, UsageProblem
from mlmagic.journal import folder
from mlmagic.recording import open_runs
from mlmagic.registry.promotion import history
from mlmagic.store import experiments
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.waiting import WaitBudget
from mlmagic.user_settings import settings
from mlmagic.views.sync_report import sync_report


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_home", None)
    monkeypatch.setattr(folder, "_elsewhere", lambda: tmp_path / "elsewhere")


@pytest.fixture
def offline(store_uri, monkeypatch):
    """Nothing is delivered until this is called; the store answers nobody but the test."""
    monkeypatch.setattr(settings, "offline", True)
    return lambda: monkeypatch.setattr(settings, "offline", False)


def versions(client, name="churn"):
    found = sorted(client.search_model_versions(f"name = '{name}'"), key=lambda one: int(one.version))
    return [client.get_model_version(name, one.version) for one in found]


def events(client, name="churn"):
    return history.events_of(client.get_registered_model(name).tags)


def test_what_is_registered_offline_is_a_version_once_it_is_delivered(offline, client):
    uid = track_model("forest")
    made = mlmagic.register(
        "churn",
        alias="challenger",
        tags={"team": "risk", "key": "password = 'hunter2hunter2'"},
        description="the first",
    )
    assert (made.name, made.version, made.pending, made.run_id) == ("churn", None, True, uid)
    assert repr(made) == f"RegisteredVersion('churn', run_id='{uid[:8]}', pending=True)"
    assert made.note.startswith("recorded in the journal: it is registered as soon as the store takes it (MLMagic.off")
    with pytest.raises(UsageProblem, match="'churn' waits in the journal, and has no version yet: %mlmagic sync"):
        made.reference  # noqa: B018  # it is what is asked for
    assert client.search_registered_models() == []

    offline()
    report = mlmagic.sync()
    (stored,) = versions(client)
    (run,) = client.search_runs(["0"])
    assert (stored.run_id, stored.description, stored.aliases) == (run.info.run_id, "the first", ["challenger"])
    assert stored.source == f"models:/{client.search_logged_models(['0'])[0].model_id}"
    assert stored.tags["team"] == "risk"
    assert "hunter2" not in stored.tags["key"]
    assert (stored.tags["mlmagic.id"], stored.tags["mlmagic.run_name"]) == (uid, "forest")
    assert stored.tags["mlmagic.model_name"] == "model"
    (event,) = events(client)
    assert (event.what, event.alias, event.version, event.before) == ("promoted", "challenger", 1, None)
    assert event.reason.startswith("asked for at ")
    assert event.asked == stored.tags["mlmagic.registered_at"] < event.when
    assert report.registrations == [
        "'churn' version 1: registered from the model 'model' of the run 'forest'; "
        "challenger of 'churn' is version 1 now; it had none"
    ]
    assert sync_report(report).splitlines()[1] == report.registrations[0]
    assert sync_report(mlmagic.sync()) == "nothing to deliver"
    assert len(versions(client)) == 1
    assert mlmagic.load_model("churn@challenger").predict([[0]]) == [0]


def test_the_same_line_twice_is_one_version_and_a_new_tag_reaches_it(offline, client):
    track_model()
    assert mlmagic.register("churn").pending
    again = mlmagic.register("churn")
    assert again.note.startswith("it is recorded in the journal already, and waits (MLMagic.offline is True); --again")
    mlmagic.register("churn", tags={"stage": "late"}, alias="champion")
    mlmagic.register("other")
    offline()
    report = mlmagic.sync()
    (version,) = versions(client)
    assert (version.tags["stage"], version.aliases) == ("late", ["champion"])
    assert len(versions(client, "other")) == 1
    assert len(report.registrations) == 3
    assert "it is this version already; --again registers it once more" in report.registrations[1]


def test_again_makes_another_version_as_it_does_online(offline, client):
    track_model()
    mlmagic.register("churn")
    mlmagic.register("churn", again=True)
    mlmagic.register("churn", again=True)
    offline()
    mlmagic.sync()
    assert [version.version for version in versions(client)] == [1, 2, 3]
    assert len({version.source for version in versions(client)}) == 1


def test_names_are_checked_at_once(offline):
    track_model("forest", "model", "scaler")
    for call, problem in (
        (lambda: mlmagic.register("a/b"), "'a/b' is no name for a model: it has no /"),
        (lambda: mlmagic.register("churn", alias="v2"), "MLflow keeps 'v2' for itself"),
        (lambda: mlmagic.register("churn", alias="Archived"), "is a stage of older versions of MLflow"),
        (
            lambda: mlmagic.register("churn"),
            r"has 2 models: 'model', 'scaler'\. Name one: %register churn --model NAME",
        ),
        (lambda: mlmagic.register("churn", tags=5), "5 .int"),
    ):
        with pytest.raises(UsageProblem, match=problem) as caught:
            call()
        assert "\n" not in str(caught.value)
    with pytest.raises(ModelNotFoundError, match=r"no model 'scalr'\. Did you mean 'scaler'\?"):
        mlmagic.register("churn", model="scalr")
    assert mlmagic.register("churn", model="scaler", alias="Production").note.endswith(
        "it is the alias 'production' now"
    )


def test_a_server_that_is_down_gets_the_version_when_it_is_back(server, client_of, monkeypatch):
    with_server(server, monkeypatch)
    track_model("forest")  # delivered: the store knows it, and this process too
    client = client_of(server.uri)
    (run,) = client.search_runs(["0"])
    server.kill()
    made = mlmagic.register("churn", alias="champion", tags={"team": "risk"})
    assert (made.version, made.pending, made.run_id) == (None, True, run.info.run_id)
    assert f"(the MLflow store {server.uri} cannot be reached: Connection refused)" in made.note
    assert mlmagic.register("churn", run="forest").note.startswith("it is recorded in the journal already")
    track_model("tree")  # while it is down
    assert mlmagic.register("churn", alias="champion").pending
    with pytest.raises(StoreAwayError, match="It cannot be recorded for later: no run 'frest' is known here"):
        mlmagic.register("churn", run="frest")
    for act in (lambda: mlmagic.promote("churn", 1), lambda: mlmagic.rollback("churn")):
        with pytest.raises(StoreAwayError) as caught:
            act()
        assert str(caught.value) == (
            f"the MLflow store {server.uri} cannot be reached: Connection refused. A promotion is judged in the store "
            "and not recorded for later: repeat it when the store answers"
        )
    with pytest.raises(
        UsageProblem, match=r"a registration of 'churn' waits in the journal \(the MLflow store .* refused"
    ):
        mlmagic.promote("churn")
    assert "the registrations" not in sync_report(mlmagic.sync())
    assert "2 registrations ('churn')" in sync_report(mlmagic.sync())

    server.start()
    report = mlmagic.sync()
    stored = versions(client)
    assert [(one.tags["mlmagic.run_name"], one.aliases) for one in stored] in (
        [("forest", []), ("tree", ["champion"])],
        [("tree", ["champion"]), ("forest", [])],
    )
    assert len(report.registrations) == 2
    assert client.get_run(run.info.run_id).info.to_proto() == run.info.to_proto()  # it ended before
    assert folder.journals(folder.place()) == []


def with_server(server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    mlflow.set_tracking_uri(server.uri)
    experiments.forget()


@pytest.fixture
def client_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield mlflow.MlflowClient
    mlflow.set_tracking_uri(None)


def test_a_model_that_is_on_its_way_is_registered_when_it_is_there(store_uri, tmp_path, client, monkeypatch):
    monkeypatch.setattr(settings, "store_timeout_s", 5.0)
    (tmp_path / "mlruns").write_text("a file in the way of all artifacts")
    uid = track_model("forest")
    made = mlmagic.register("churn")
    assert (made.pending, made.version) == (True, None)
    assert "could not be stored: " in made.note
    assert client.search_registered_models() == []
    (tmp_path / "mlruns").unlink()
    assert any("registered from the model 'model'" in line for line in mlmagic.sync().registrations)
    (version,) = versions(client)
    assert version.tags["mlmagic.id"] == uid


def test_a_store_whose_file_was_moved_gets_the_version_when_it_is_back(store_uri, tmp_path, client):
    track_model("forest")
    (tmp_path / "away").mkdir()
    shutil.move(tmp_path / "mlflow.db", tmp_path / "away/mlflow.db")
    made = mlmagic.register("churn", alias="champion")
    assert made.pending
    assert f"the MLflow store {store_uri} is not there any more" in made.note
    (tmp_path / "away/mlflow.db").replace(tmp_path / "mlflow.db")
    mlmagic.sync()
    (version,) = versions(mlflow.MlflowClient(store_uri))
    assert version.aliases == ["champion"]


def test_an_alias_that_was_moved_since_is_not_taken_away(offline, client, make_versions):
    make_versions({"accuracy": 0.8}, {"accuracy": 0.9})
    mlmagic.promote("churn", 1)
    track_model("forest")
    mlmagic.register("churn", alias="champion")
    mlmagic.promote("churn", 2, reason="by a colleague")  # this reaches the store
    offline()
    (line,) = mlmagic.sync().registrations
    assert "version 3 of 'churn' was not made champion: champion became version 2 (promoted by " in line
    assert line.endswith("To do it: %promote churn 3 --to champion")
    assert client.get_registered_model("churn").aliases["champion"] == 2
    assert [(one.what, one.version) for one in events(client)] == [("promoted", 1), ("promoted", 2), ("refused", 3)]
    assert mlmagic.promote("churn", 3).changed


def test_an_alias_that_was_moved_before_is_taken_over(offline, client, make_versions):
    make_versions({"accuracy": 0.8})
    track_model("forest")
    mlmagic.promote("churn", 1)
    mlmagic.register("churn", alias="champion")
    offline()
    (line,) = mlmagic.sync().registrations
    assert line.endswith("champion of 'churn' is version 2 now; it was version 1")
    assert mlmagic.rollback("churn").version == 1


def test_an_alias_that_mlflow_set_to_a_later_version_is_not_taken_away(offline, client, make_versions):
    track_model("forest")
    mlmagic.register("churn", alias="champion")
    make_versions({"accuracy": 0.8})
    client.set_registered_model_alias("churn", "champion", "1")
    offline()
    (line,) = mlmagic.sync().registrations
    assert "champion names version 1 now, which was registered after this was asked for" in line
    assert client.get_registered_model("churn").aliases == {"champion": 1}


def test_of_two_that_ask_for_one_alias_the_later_one_has_it_whichever_comes_first(offline, client):
    track_model("first")
    track_model("second")
    mlmagic.register("churn", run="second", alias="champion")
    mlmagic.register("churn", run="first", alias="champion")  # later, and delivered before
    offline()
    mlmagic.sync()
    model = client.get_registered_model("churn")
    holder = client.get_model_version("churn", str(model.aliases["champion"]))
    assert holder.tags["mlmagic.run_name"] == "first"
    assert list(history.breaks_in(events(client))) == []


def test_a_model_that_was_deleted_meanwhile_is_one_line_and_holds_nothing_up(store_uri, client, monkeypatch):
    track_model("forest")
    monkeypatch.setattr(settings, "offline", True)
    assert mlmagic.register("churn").pending
    (model,) = client.search_logged_models(["0"])
    client.delete_logged_model(model.model_id)
    track_model("tree")
    monkeypatch.setattr(settings, "offline", False)
    report = mlmagic.sync()
    assert report.problems == [
        "'churn' was not registered: the run 'forest' does not have the model 'model' in the store"
    ]
    assert ([run.name for run in report.runs], report.waiting, report.unregistered) == (["tree"], 0, [])
    assert client.search_registered_models() == []
    assert folder.journals(folder.place()) == []


def test_status_says_what_waits(offline, shell, capsys):
    from mlmagic.magics.registry import RegistryMagics
    from mlmagic.magics.status import StatusMagics

    track_model()
    shell.register_magics(RegistryMagics, StatusMagics)
    shell.run_line_magic("register", "churn --alias champion -t team=risk --description 'the first'")
    line = capsys.readouterr().out
    assert line.startswith("'churn': recorded in the journal: it is registered as soon as the store takes it (MLMagic.")
    assert line.endswith("). %mlmagic shows what waits, and %mlmagic sync delivers it\n")
    shell.run_line_magic("mlmagic", "")
    shown = capsys.readouterr().out
    assert "1 run not delivered yet" in shown
    assert "the registration of 'churn' waits: %mlmagic sync delivers what the store takes" in shown
    offline()
    shell.run_line_magic("mlmagic", "sync")
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("delivered forest (FINISHED, ")
    assert shown[1].startswith("'churn' version 1: registered from")


def test_what_the_background_has_delivered_is_said_by_the_next_run(store_uri, offline, capsys):
    track_model("forest")
    mlmagic.register("churn")
    offline()
    ships = delivery_worker(store_uri)
    while ships.deliveries():  # nobody asks for it
        ships.wait(lambda: not ships.deliveries(), WaitBudget(1, local=False))
    capsys.readouterr()
    with mlmagic.track("next"):
        pass
    assert "'churn' version 1: registered from the model 'model' of the run 'forest'" in capsys.readouterr().err
    assert mlmagic.sync().registrations == []


def test_a_run_of_which_nothing_is_known_has_no_model(offline):
    with mlmagic.track("empty", quiet=True):
        pass
    with pytest.raises(
        ModelNotFoundError, match=r"'empty' \(\w{8}\) has no model that is known while the store is away"
    ):
        mlmagic.register("churn")


def test_the_newest_model_of_a_continued_run_is_meant(offline, client):
    from sklearn.dummy import DummyClassifier

    track_model("forest")
    with mlmagic.track(resume="", quiet=True):
        record_model(DummyClassifier(strategy="constant", constant=1).fit([[0]], [1]), "model", requirements=["numpy"])
    open_runs.note_last(open_runs.last_id())
    mlmagic.register("churn", alias="champion")
    offline()
    mlmagic.sync()
    assert mlmagic.load_model("churn@champion").predict([[0]]) == [1]
    assert len(versions(client)) == 1


def test_the_newest_version_is_not_an_older_one_while_one_waits(offline, client, make_versions):
    make_versions({"accuracy": 0.8})
    track_model("forest")
    mlmagic.register("churn")
    with pytest.raises(
        UsageProblem, match=r"waits in the journal .* To promote another, name it: %promote churn VERSION"
    ):
        mlmagic.promote("churn")
    assert mlmagic.promote("churn", 1, to="challenger").version == 1
    offline()
    assert mlmagic.promote("churn").version == 2  # which is waited for


def test_what_waits_is_named_where_it_is_missed(offline, client, make_versions):
    track_model("forest")
    mlmagic.register("churn")
    for act in (
        lambda: mlmagic.registered_models("churn"),
        lambda: mlmagic.load_model("churn@champion"),
        lambda: mlmagic.promote("churn", 1),
    ):
        with pytest.raises(ModelNotFoundError, match=r"A registration of 'churn' waits in the journal: %mlmagic sync"):
            act()
    make_versions({"accuracy": 0.8})
    assert "! A registration of 'churn' waits in the journal" in repr(mlmagic.registered_models("churn"))
    offline()
    mlmagic.sync()
    assert "waits" not in repr(mlmagic.registered_models("churn"))
