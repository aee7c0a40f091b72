"""Finding an experiment, the default one, and creating one."""

import pytest

import mlmagic
from mlmagic.errors import UsageProblem
from mlmagic.store import connection, experiments
from mlmagic.user_settings import settings


@pytest.fixture(autouse=True)
def _nothing_is_known():
    experiments.forget()
    yield
    experiments.forget()


@pytest.fixture
def client(store_uri):
    return connection.connect()


@pytest.fixture
def asked(client, monkeypatch):
    """The calls of the client that ask the store for an experiment, or create one."""
    calls = []
    for name in ("get_experiment", "get_experiment_by_name", "create_experiment"):
        original = getattr(client, name)
        monkeypatch.setattr(
            client, name, lambda *given, name=name, original=original: calls.append((name, *given)) or original(*given)
        )
    return calls


@pytest.mark.parametrize(
    ("setting", "chosen", "name"),
    [
        ("", {}, "Default"),
        ("", {"MLFLOW_EXPERIMENT_NAME": "named"}, "named"),
        ("", {"MLFLOW_EXPERIMENT_NAME": "named", "MLFLOW_EXPERIMENT_ID": "by id"}, "by id"),
        ("setting", {"MLFLOW_EXPERIMENT_NAME": "named", "MLFLOW_EXPERIMENT_ID": "by id"}, "setting"),
    ],
)
def test_the_default_is_the_setting_then_mlflows_then_the_environments(client, monkeypatch, setting, chosen, name):
    ids = {one: client.create_experiment(one) for one in ("setting", "by id", "named")}
    monkeypatch.setattr(settings, "experiment", setting)
    for variable, one in chosen.items():
        monkeypatch.setenv(variable, ids[one] if variable.endswith("ID") else one)
    assert experiments.find(client, None).name == name
    assert experiments.require(client, None).name == name


@pytest.mark.parametrize("variable", ["MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"])
def test_a_default_that_does_not_exist_is_none(client, monkeypatch, variable):
    monkeypatch.setenv(variable, "999" if variable.endswith("ID") else "nowhere")
    assert experiments.find(client, None) is None
    monkeypatch.delenv(variable)
    monkeypatch.setattr(settings, "experiment", "nowhere")
    assert experiments.find(client, None) is None


@pytest.mark.parametrize("chosen", ["999", "churn"])
def test_an_id_that_is_of_another_store_is_refused_and_no_experiment_is_made_of_it(client, monkeypatch, chosen):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", chosen)
    told = rf"This store has no experiment with the id '{chosen}', .* Choose one here: mlflow\.set_experiment\('NAME'\)"
    for ask in (lambda: experiments.require(client, None), mlmagic.runs, mlmagic.compare):
        with pytest.raises(UsageProblem, match=told):
            ask()
    with pytest.raises(UsageProblem, match=told), mlmagic.track(quiet=True):
        pytest.fail("the body runs")
    assert [one.name for one in experiments.each(client)] == ["Default"]
    with mlmagic.track("named", experiment="mine", quiet=True):
        pass
    assert mlmagic.Run.find("named").status == "FINISHED"
    monkeypatch.setattr(settings, "experiment", "new")
    assert experiments.require(client, None).name == "new"


def test_an_experiment_is_found_by_its_name_before_its_id(client):
    named = client.create_experiment("0")  # the name is the id of another one
    assert experiments.find(client, "0").experiment_id == named
    assert experiments.find(client, named).name == "0"
    assert experiments.existing(client, "Default").experiment_id == "0"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("chrun", r"There is no experiment 'chrun'. Did you mean 'churn'\?$"),
        ("zzz", "There is no experiment 'zzz'. There are: 'churn', 'Default'.$"),
        ("999", "There is no experiment '999'."),
        ("\u00b2", "There is no experiment '\u00b2'."),
        ("-1", "There is no experiment '-1'."),
    ],
)
def test_an_experiment_that_is_none_is_told(client, reference, message):
    client.create_experiment("churn")
    for find in (experiments.find, experiments.existing):
        with pytest.raises(UsageProblem, match=message):
            find(client, reference)


def test_many_experiments_are_not_all_listed(client):
    for at in range(10):
        client.create_experiment(f"experiment {at}")
    with pytest.raises(UsageProblem, match=r"'experiment 9'.*'experiment 2', …") as caught:
        experiments.existing(client, "zzz")
    assert "Default" not in str(caught.value)


def test_a_deleted_experiment_says_how_to_restore_it(client, monkeypatch):
    gone = client.create_experiment("gone")
    client.delete_experiment(gone)
    told = f"The experiment 'gone' was deleted. Restore it with !mlflow experiments restore --experiment-id {gone}"
    for reference in ("gone", gone):
        with pytest.raises(UsageProblem, match=told):
            experiments.find(client, reference)
    monkeypatch.setattr(settings, "experiment", "gone")
    for find in (experiments.find, experiments.require):
        with pytest.raises(UsageProblem, match=told):
            find(client, None)


def test_an_experiment_is_created_once_and_asked_for_once(client, asked):
    made = experiments.require(client, "new")
    assert experiments.require(client, "new") is made
    assert asked == [
        ("get_experiment_by_name", "new"),
        ("get_experiment_by_name", "new"),  # again, once the lock for creating one is held
        ("create_experiment", "new"),
        ("get_experiment", made.experiment_id),
    ]
    experiments.forget()
    assert experiments.require(client, "new").experiment_id == made.experiment_id


def test_a_name_with_a_secret_is_created_without_it(client):
    made = experiments.require(client, "run with password='hunter2x9'")
    assert made.name == "run with password='<redacted>'"
    assert experiments.require(client, "run with password='hunter2x9'").experiment_id == made.experiment_id


def test_the_name_and_the_place_of_an_experiment_are_asked_for_once(client, asked):
    for _ in range(2):
        assert experiments.name_of(client, "0") == "Default"
        assert experiments.location_of(client, "0").endswith("mlruns/0")
        assert experiments.name_of(client, "999") == "of id 999"
        assert experiments.name_of(client, "a name") == "of id a name"
    assert asked == [("get_experiment", "0"), ("get_experiment", "0"), ("get_experiment", "999")]


@pytest.mark.parametrize(
    ("name", "setting", "chosen", "found"),
    [
        ("churn", "", None, ("churn", "")),
        ("churn", "set", "5", ("churn", "")),
        (None, "", None, ("Default", "")),
        (None, "set", "5", ("set", "")),
        (None, "", "5", ("", "5")),
    ],
)
def test_what_is_known_without_the_store(monkeypatch, name, setting, chosen, found):
    monkeypatch.setattr(settings, "experiment", setting)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    if chosen:
        monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", chosen)
    assert experiments.named(name) == found


def test_the_shown_name_is_that_of_the_experiment_if_the_store_is_a_file(client, monkeypatch):
    assert experiments.shown_name() == "Default"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", client.create_experiment("churn"))
    assert experiments.shown_name() == "churn"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "999")
    assert experiments.shown_name() == "of id 999"
    monkeypatch.setattr(settings, "experiment", "set")
    assert experiments.shown_name() == "set"


def test_the_shown_name_asks_no_server(monkeypatch, store_uri):
    import mlflow

    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "5")
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    assert experiments.shown_name() == "of id 5"


def test_every_experiment_is_listed_page_by_page(client, monkeypatch):
    names = {client.get_experiment(client.create_experiment(f"e{at}")).name for at in range(5)}
    client.delete_experiment(client.create_experiment("gone"))
    search = client.search_experiments
    monkeypatch.setattr(client, "search_experiments", lambda **given: search(max_results=2, **given))
    found = [one.name for one in experiments.each(client)]
    assert sorted(found) == sorted({*names, "Default"})
