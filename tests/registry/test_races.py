import os
import subprocess
import sys
from pathlib import Path

import mlflow
from postgres import Postgres

from mlmagic.registry.promotion import history

ROOT = Path(__file__).parents[2]


class Racer:
    """A process of its own that runs ``racing.py``."""

    def __init__(self, uri):
        environment = {**os.environ, "MLFLOW_TRACKING_URI": uri, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("racing.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    def say(self, line):
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def hear(self):
        return self._process.stdout.readline().strip()

    def end(self):
        self._process.stdin.close()
        assert self._process.wait(60) == 0


def race(uri, client, rounds):
    """Let two processes promote different versions, after both have seen the same state, and check who wins."""
    for _ in range(3):
        client.create_model_version("churn", "s3://bucket/model")
    racers = [Racer(uri), Racer(uri)]
    assert [racer.hear() for racer in racers] == ["ready", "ready"]
    holder = None
    for number in range(1, rounds + 1):
        versions = [one for one in (1, 2, 3) if one != holder][:2]
        for racer, version in zip(racers, versions, strict=True):
            racer.say(version)
        assert [racer.hear() for racer in racers] == ["planned", "planned"]
        for racer in racers if number % 2 else reversed(racers):
            racer.say("go")
        outcomes = [racer.hear() for racer in racers]
        won = [outcome for outcome in outcomes if outcome.startswith("won")]
        (lost,) = [outcome for outcome in outcomes if outcome.startswith("lost")]
        assert len(won) == 1, outcomes
        before = holder
        holder = int(won[0].split()[1])
        loser = next(one for one in versions if one != holder)
        checked = "no version" if before is None else f"version {before}"
        assert lost.startswith(f"lost version {loser} of 'churn' was not made champion: ")
        assert f"became version {holder} (promoted by " in lost
        assert f"checked against {checked}. Check again" in lost
        model = client.get_registered_model("churn")
        assert int(model.aliases["champion"]) == holder
        assert not any(key.startswith("mlmagic.claim") for key in model.tags)
        events = history.events_of(model.tags)
        assert [(one.what, one.version) for one in events[-2:]] == [("promoted", holder), ("refused", loser)]
        assert len(events) == 2 * number
        assert list(history.breaks_in(events)) == []
    for racer in racers:
        racer.end()


def test_of_two_processes_one_wins_on_a_sqlite_store(store_uri):
    client = mlflow.MlflowClient(store_uri)
    client.create_registered_model("churn")
    race(store_uri, client, 20)


def test_of_two_processes_one_wins_on_a_server(server):
    client = mlflow.MlflowClient(server.uri)
    client.create_registered_model("churn")
    race(server.uri, client, 5)


def test_of_two_processes_one_wins_on_a_database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    postgres = Postgres()
    try:
        client = mlflow.MlflowClient(postgres.uri())
        client.create_registered_model("churn")
        race(postgres.uri(), client, 5)
    finally:
        postgres.stop()
