"""A process that is killed between two steps: the next call tells which state it left, and completes the record."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import mlmagic
from mlmagic.registry.promotion import claims, history
from mlmagic.store.query.frames import ATTRS

ROOT = Path(__file__).parents[2]
SCRIPT = """
import os, signal, sys
import mlflow
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
import mlmagic
from mlmagic.registry.promotion import changing, claims, history, promoting

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

where, act = sys.argv[1:]
owner = {"promote": promoting, "_set": changing, "write": history, "release": claims}[where]
setattr(owner, where, die)
if act == "register":
    mlmagic.register("churn", run="late", alias="challenger")
elif act == "rollback":
    mlmagic.rollback("churn")
else:
    mlmagic.promote("churn", 2, gate="accuracy > 0.5", reason="by hand")
"""


@pytest.fixture
def killed(store_uri, make_versions, make_model):
    """Return a function that lets a process be killed where it is about to call a function."""
    make_versions({"accuracy": 0.8}, {"accuracy": 0.9})
    make_model("late")
    mlmagic.promote("churn", 1)

    def kill(where, act="promote"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, where, act],
            env={**os.environ, "MLFLOW_TRACKING_URI": store_uri, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stderr

    return kill


def notes():
    return list(mlmagic.registered_models("churn").attrs[ATTRS]["notes"])


def last_events(client, count=1):
    return history.events_of(client.get_registered_model("churn").tags)[-count:]


def test_between_registering_and_promoting(killed, client):
    killed("promote", "register")
    (note,) = notes()
    assert note == (
        "version 3 of 'churn' was registered to become 'challenger', and the process ended before the alias was set. "
        "To do it: %promote churn 3 --to challenger"
    )
    assert f"! {note}" in repr(mlmagic.registered_models("churn"))
    assert mlmagic.promote("churn", 3, to="challenger").changed
    assert notes() == []


def test_between_the_claim_and_the_alias(killed, client):
    killed("_set")
    (note,) = notes()
    assert "the change of 'champion' of 'churn' to version 2, begun by " in note
    assert "was interrupted before the alias was set: 'champion' still names version 1." in note
    assert note.endswith("To do it: %promote churn 2 --to champion")
    done = mlmagic.promote("churn", 2)
    assert (done.version, done.before, done.changed) == (2, 1, True)
    assert "interrupted before the alias was set" in done.notes[0]
    assert [event.version for event in last_events(client, 2)] == [1, 2]
    assert notes() == []


def test_between_the_alias_and_the_record(killed, client):
    killed("write")
    assert client.get_registered_model("churn").aliases["champion"] == 2
    (note,) = notes()
    assert "was interrupted after the alias was set: it is done, and not recorded yet. %promote records it." in note
    done = mlmagic.promote("churn", 2)
    assert not done.changed
    assert "Its record is complete now." in done.notes[0]
    (event,) = last_events(client)
    assert (event.what, event.version, event.before, event.gate) == ("promoted", 2, 1, "accuracy > 0.5")
    assert event.numbers == {"accuracy": 0.9}
    assert event.reason == "by hand; accuracy = 0.9 (> 0.5); recorded later, as its process had ended"
    assert event.tag in client.get_model_version("churn", "2").tags
    assert notes() == []
    assert mlmagic.rollback("churn").version == 1


def test_between_the_record_and_the_end(killed, client):
    killed("release")
    (note,) = notes()
    assert "was interrupted at its very end: it is done and recorded." in note
    done = mlmagic.promote("churn", 1)
    assert (done.version, done.before) == (1, 2)
    assert len(last_events(client, 9)) == 3
    assert notes() == []


def test_a_rollback_completes_the_record_that_it_needs(killed, client):
    killed("write")
    done = mlmagic.rollback("churn")
    assert (done.version, done.before) == (1, 2)
    assert [event.what for event in last_events(client, 3)] == ["promoted", "promoted", "rolled back"]
    assert notes() == []


def test_an_interrupted_rollback(killed, client):
    killed("_set", "rollback")
    (note,) = notes()
    assert "to no version, begun by" in note
    assert "still names version 1." in note
    assert mlmagic.rollback("churn").version is None
    assert notes() == []


def test_a_dry_run_completes_nothing(killed, client):
    killed("write")
    before = client.get_registered_model("churn").tags
    done = mlmagic.promote("churn", 1, dry_run=True)
    assert "not recorded yet" in done.notes[0]
    assert client.get_registered_model("churn").tags == before


def test_a_claim_of_another_machine_is_waited_for(killed, client, monkeypatch):
    killed("_set")
    (key,) = [one for one in client.get_registered_model("churn").tags if one.startswith(claims.TAG)]
    text = client.get_registered_model("churn").tags[key]
    (claim,) = claims.claims_in({key: text})
    restarted = claims.Claim(claim.event, {**claim.owner, "host": f"{socket.gethostname()} an-earlier-boot"})
    assert restarted.is_abandoned
    elsewhere = claims.Claim(claim.event, {**claim.owner, "host": "another machine"})
    client.set_registered_model_tag("churn", key, elsewhere.to_json())
    assert "it may be running in another process" in notes()[0]
    monkeypatch.setattr(claims, "STALE_S", 0.5)
    done = mlmagic.promote("churn", 2)
    assert done.changed
    assert notes() == []
