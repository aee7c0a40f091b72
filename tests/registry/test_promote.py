import json

import numpy as np
import pytest

import mlmagic
from mlmagic.errors import ModelNotFoundError, PromotionRefusedError, UsageProblem
from mlmagic.registry.names import Reference
from mlmagic.registry.promotion import changing, history, promoting, rolling_back
from mlmagic.types import GateVerdict


@pytest.fixture
def versions(make_versions):
    """Three versions of ``churn``, each better than the one before."""
    return make_versions(
        {"accuracy": 0.8, "loss": 0.4}, {"accuracy": 0.9, "loss": 0.1}, {"accuracy": 0.95, "loss": 0.1}
    )


def aliases(client):
    return {alias: int(version) for alias, version in client.get_registered_model("churn").aliases.items()}


def events(client):
    return history.events_of(client.get_registered_model("churn").tags)


def test_a_promotion_is_recorded_in_plain_mlflow(versions, client):
    mlmagic.promote("churn", 1, reason="the first one")
    done = mlmagic.promote("churn", 2, to="champion", gate="accuracy > 0.85 and loss < 0.2")
    assert str(done) == (
        "champion of 'churn' is version 2 now; it was version 1: accuracy = 0.9 (> 0.85); loss = 0.1 (< 0.2)"
    )
    assert aliases(client) == {"champion": 2}
    tags = client.get_registered_model("churn").tags
    (key,) = [one for one in tags if one.startswith("mlmagic.history.0002.")]
    stored = json.loads(tags[key])
    assert (stored["what"], stored["alias"], stored["version"], stored["before"]) == ("promoted", "champion", 2, 1)
    assert stored["gate"] == "accuracy > 0.85 and loss < 0.2"
    assert stored["numbers"] == {"accuracy": 0.9, "loss": 0.1}
    assert stored["reason"] == "accuracy = 0.9 (> 0.85); loss = 0.1 (< 0.2)"
    assert stored["who"]
    assert stored["when"].endswith("Z")
    for version in ("1", "2"):
        assert client.get_model_version("churn", version).tags[key] == tags[key]
    assert events(client)[0].reason == "the first one"
    assert not any("claim" in one for one in tags)


def test_the_newest_version_or_an_alias_can_be_meant(versions, client):
    assert mlmagic.promote("churn").version == 3
    mlmagic.promote("churn", 2, to="challenger")
    assert mlmagic.promote("churn", "@challenger").version == 2
    assert mlmagic.promote("churn", "1").version == 1
    assert aliases(client) == {"champion": 1, "challenger": 2}


def test_what_is_there_already_is_said_and_not_recorded(versions, client):
    mlmagic.promote("churn", 2)
    done = mlmagic.promote("churn", 2, gate="accuracy > 0.99")
    assert not done.changed
    assert str(done) == "champion of 'churn' is version 2 already; nothing was changed"
    assert len(events(client)) == 1


def test_a_refusal_has_the_numbers_and_is_recorded(versions, client):
    mlmagic.promote("churn", 2)
    with pytest.raises(PromotionRefusedError) as caught:
        mlmagic.promote("churn", 1, gate="accuracy > 0.85 and loss < 0.2 and depth = 1")
    assert str(caught.value) == (
        "version 1 of 'churn' was not made champion: accuracy = 0.8, wanted > 0.85; loss = 0.4, wanted < 0.2."
    )
    assert caught.value.verdict.numbers == {"accuracy": 0.8, "loss": 0.4, "depth": "1"}
    assert aliases(client) == {"champion": 2}
    event = events(client)[-1]
    assert (event.what, event.version, event.before, event.numbers["accuracy"]) == ("refused", 1, 2, 0.8)
    assert event.tag in client.get_model_version("churn", "1").tags
    assert event.tag not in client.get_model_version("churn", "2").tags


def test_a_dry_run_changes_and_records_nothing(versions, client):
    mlmagic.promote("churn", 1)
    before = client.get_registered_model("churn").tags
    good = mlmagic.promote("churn", 2, gate="accuracy > 0.85", dry_run=True)
    assert str(good) == "champion of 'churn' would be version 2; it is version 1: accuracy = 0.9 (> 0.85)"
    bad = mlmagic.promote("churn", 2, gate="accuracy > 0.92", dry_run=True)
    assert str(bad) == "version 2 of 'churn' would be refused as champion: accuracy = 0.9, wanted > 0.92"
    assert not bad.verdict.passed
    assert client.get_registered_model("churn").tags == before
    assert aliases(client) == {"champion": 1}


def test_a_gate_may_be_an_object(versions, client):
    class Better:
        name = "better than the champion"

        def judge(self, candidate, holder):
            gain = candidate.metrics["accuracy"] - (holder.metrics["accuracy"] if holder else 0)
            return GateVerdict(gain > 0, f"it gains {gain:+.2f}", {"gain": gain})

    assert mlmagic.promote("churn", 2, gate=Better()).verdict.sentence == "it gains +0.90"
    with pytest.raises(PromotionRefusedError, match=r"version 1 .* was not made champion: it gains -0\.10\."):
        mlmagic.promote("churn", 1, gate=Better())
    assert [event.gate for event in events(client)] == [Better.name] * 2


@pytest.mark.parametrize("passes", [True, False])
def test_numbers_of_a_gate_may_be_numpys_or_any_objects(versions, client, passes):
    class Own:
        name = 3

        def judge(self, candidate, holder):
            numbers = {"gain": np.float32(0.5), "rows": np.int64(7), ("a", 1): [1], "report": "x" * 9000, "exact": 2}
            return GateVerdict(np.bool_(passes), None, numbers)

    if passes:
        assert mlmagic.promote("churn", 2, gate=Own()).changed
    else:
        with pytest.raises(PromotionRefusedError, match="was not made champion: the gate '3' does not pass it"):
            mlmagic.promote("churn", 2, gate=Own())
    [event] = events(client)
    assert (event.what, event.gate) == ("promoted" if passes else "refused", "3")
    assert event.numbers["gain"] == 0.5
    assert (event.numbers["rows"], event.numbers["exact"], event.numbers["('a', 1)"]) == (7.0, 2, "[1]")


def test_a_gate_runs_on_the_thread_of_the_user_and_returns_a_verdict(versions, client):
    import threading

    class Odd:
        name = "odd"

        def judge(self, candidate, holder):
            assert threading.current_thread() is threading.main_thread()
            assert (candidate.version.reference, holder.version.reference) == ("churn/2", "churn/1")
            return True

    mlmagic.promote("churn", 1)
    with pytest.raises(UsageProblem, match=r"the gate 'odd' returned True \(bool\), not a mlmagic.types.GateVerdict"):
        mlmagic.promote("churn", 2, gate=Odd())
    assert len(events(client)) == 1


def test_two_promotions_that_cross_in_spite_of_all_are_told(versions, client, monkeypatch):
    """What remains possible on a server: another process was past its claim, and had stalled since."""
    mlmagic.promote("churn", 1)
    (first,) = events(client)
    other = history.HistoryEvent(2, "b" * 32, "promoted", "champion", 3, 1, "ana", "2026-01-01T00:00Z", after=first.id)
    set_alias = changing._set

    def stalled(client, name, alias, version):
        set_alias(client, name, alias, version)
        set_alias(client, name, alias, 3)
        history.write(client, name, other, [3])

    monkeypatch.setattr(changing, "_set", stalled)
    with pytest.raises(
        PromotionRefusedError, match=r"yours to version 2, and that of ana to version 3\. It is version 3 now"
    ):
        mlmagic.promote("churn", 2)
    assert sorted(event.version for event in events(client)) == [1, 2, 3]
    (note,) = [one for one in mlmagic.registered_models("churn").attrs["mlmagic"]["notes"] if "crossed" in one]
    assert "to version 2 by " in note
    assert "to version 3 by ana" in note


def test_a_rollback_goes_back_one_promotion_at_a_time(versions, client):
    for version in (1, 2, 3):
        mlmagic.promote("churn", version)
    first = mlmagic.rollback("churn", reason="slow")
    assert str(first) == "champion of 'churn' is version 2 now; it was version 3"
    assert events(client)[-1].reason == "slow"
    assert events(client)[-1].undoes == events(client)[2].id
    mlmagic.promote("churn", 3)
    assert [mlmagic.rollback("churn").version for _ in range(3)] == [2, 1, None]
    assert aliases(client) == {}
    with pytest.raises(PromotionRefusedError, match=r"no promotion of 'champion' of 'churn' is recorded that could be"):
        mlmagic.rollback("churn")
    assert [event.what for event in events(client)].count("rolled back") == 4


def test_a_rollback_that_would_hide_a_change_made_in_mlflow_is_refused(versions, client):
    mlmagic.promote("churn", 1)
    client.set_registered_model_alias("churn", "champion", "3")
    with pytest.raises(
        PromotionRefusedError, match=r"names version 3, and the last recorded promotion was of version 1"
    ):
        mlmagic.rollback("churn")
    notes = mlmagic.registered_models("churn").attrs["mlmagic"]["notes"]
    assert notes == ["'champion' of 'churn' names version 3, the last record says version 1: MLflow itself changed it"]
    assert mlmagic.promote("churn", 2).before == 3
    assert mlmagic.rollback("churn").version == 3


def test_a_rollback_to_a_deleted_version_is_refused(versions, client):
    mlmagic.promote("churn", 1)
    mlmagic.promote("churn", 2)
    client.delete_model_version("churn", "1")
    with pytest.raises(PromotionRefusedError, match=r"version 1 of 'churn', which had 'champion' before, was deleted"):
        mlmagic.rollback("churn")


def test_stages_of_older_tutorials_become_aliases(versions, client):
    done = mlmagic.promote("churn", 1, to="Production")
    assert done.notes == ("stages such as Production are gone from MLflow: it is the alias 'production' now",)
    mlmagic.promote("churn", 2, to="Staging")
    assert aliases(client) == {"production": 1, "staging": 2}
    assert mlmagic.rollback("churn", to="Staging").version is None
    with pytest.raises(UsageProblem, match="'Archived' is a stage of older versions of MLflow"):
        mlmagic.promote("churn", 1, to="Archived")


def test_an_alias_at_registration_is_a_promotion(make_model, client):
    make_model()
    made = mlmagic.register("churn", alias="challenger")
    assert made.aliases == ("challenger",)
    assert "challenger of 'churn' is version 1 now; it had none" in made.note
    assert [(event.what, event.alias) for event in events(client)] == [("promoted", "challenger")]
    assert mlmagic.register("churn", alias="challenger").aliases == ("challenger",)
    assert len(events(client)) == 1
    with pytest.raises(UsageProblem, match="is no alias"):
        mlmagic.register("churn", alias="two words")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "chrun"}, ModelNotFoundError, r"no registered model 'chrun'\. Did you mean 'churn'\?"),
        ({"version": 9}, ModelNotFoundError, "has no version 9; the nearest is 3, the newest 3"),
        ({"version": "1.5"}, UsageProblem, r"a version is a number, such as 3, or an alias.*not '1.5' \(str\)"),
        ({"version": "champoin"}, ModelNotFoundError, "has no alias 'champoin'"),
        ({"to": "3"}, UsageProblem, "'3' is the number of a version, and no alias"),
        ({"version": True}, UsageProblem, r"not True \(bool\)"),
        ({"version": "@champoin"}, ModelNotFoundError, "has no alias 'champoin'"),
        ({"to": "latest"}, UsageProblem, "MLflow keeps 'latest' for itself"),
        ({"to": "v3"}, UsageProblem, "MLflow keeps 'v3' for itself"),
        ({"to": "the best"}, UsageProblem, "is no alias: it has letters, digits"),
        ({"to": 5}, UsageProblem, r"alias is text, not 5 \(int\)"),
        ({"gate": ""}, UsageProblem, "the gate is empty"),
        ({"gate": "forest"}, UsageProblem, "the gate 'forest' is no condition: after 'forest' comes an operator"),
        ({"gate": "accuracy >"}, UsageProblem, "A value is missing after >"),
        ({"gate": "accuracy > 0.5 &&"}, UsageProblem, "Write 'and' for &&"),
        ({"gate": "__import__('os')"}, UsageProblem, "is no condition"),
        ({"gate": "acuracy > 0.5"}, UsageProblem, r"churn/3 does not have .* 'acuracy'\. Did you mean 'accuracy'\?"),
        ({"gate": "metrics.f1 > 0.5"}, UsageProblem, "churn/3 does not have a metric 'f1'"),
        ({"gate": "accuracy > high"}, UsageProblem, "'accuracy' is a metric: compare it with a number, not 'high'"),
        ({"gate": 5}, UsageProblem, r"a gate is an expression such as .*not 5 \(int\)"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_changes_nothing(versions, client, arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        mlmagic.promote(**{"name": "churn", **arguments})
    assert "\n" not in str(caught.value)
    assert aliases(client) == {}
    assert events(client) == []


def test_secrets_in_a_reason_are_redacted(versions, client):
    mlmagic.promote("churn", 1, reason="password = 'hunter2hunter2'")
    assert "hunter2" not in json.dumps(client.get_registered_model("churn").tags)


def test_a_long_history_of_long_reasons_fits_every_store(versions, client):
    many = " and ".join(f"not `{'x' * 60}{at}` > 1" for at in range(40))
    event = history.HistoryEvent(1, "a" * 32, "promoted", "champion", 2, 1, "ana", "2026", gate=many, reason="é" * 5000,
                                 numbers={f"{'x' * 60}{at}": 0.1 for at in range(100)})  # fmt: skip
    text = event.to_json()
    assert len(text.encode()) < 5000
    assert history.event_in(text).version == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 9999, '{"what": "promoted"}', '{"what": "x", "number": 1}',
                                  '{"what": "promoted", "number": "1", "id": 1, "alias": 1, "who": 1, "when": 1}'])  # fmt: skip
def test_a_tag_that_is_no_event_is_left_out(text):
    assert history.events_of({"mlmagic.history.0001.a": text}) == []


def test_gaps_and_crossings_in_the_history_are_told(versions, client):
    mlmagic.promote("churn", 1)
    mlmagic.promote("churn", 2)
    (first, second) = events(client)
    client.delete_registered_model_tag("churn", first.tag)
    notes = mlmagic.registered_models("churn", history=True).attrs["mlmagic"]["notes"]
    assert notes == [f"a record is missing before that of {second.when}: somebody deleted its tag"]
    other = history.HistoryEvent(3, "b" * 32, "promoted", "champion", 3, 1, "ana", "later", after=second.after)
    assert "crossed: to version 2 by " in next(iter(history.breaks_in([first, second, other])))


def test_a_mistyped_alias_is_told_and_never_offered(versions, client):
    mlmagic.promote("churn", 1)
    with pytest.raises(PromotionRefusedError, match=r"Did you mean 'champion'\? There are records of champion\."):
        mlmagic.rollback("churn", to="champoin")
    with pytest.raises(ModelNotFoundError, match=r"Did you mean 'champion'\? It has champion\.$"):
        mlmagic.promote("churn", "@champoin")
    with pytest.raises(ModelNotFoundError, match=r"A version by its number: churn/1$"):
        mlmagic.promote("churn", "@1")


def test_the_same_change_by_two_processes_is_made_once_and_refused_to_none(make_versions, client):
    make_versions({"accuracy": 0.8}, {"accuracy": 0.9})
    wanted = promoting.Wanted(Reference("churn", 2), "champion")
    plans = [promoting.judged(wanted, promoting.look(wanted, client)) for _ in range(2)]
    told = [str(changing.carry_out(client, plan)) for plan in plans]
    assert told[1] == "champion of 'churn' is version 2 already; nothing was changed"
    mlmagic.promote("churn", 1)
    plans = [rolling_back.plan_rollback(client, "churn", "champion") for _ in range(2)]
    assert [changing.carry_out(client, plan).changed for plan in plans] == [True, False]
    model = client.get_registered_model("churn")
    assert [one.what for one in history.events_of(model.tags)] == ["promoted", "promoted", "rolled back"]
    assert not any(key.startswith("mlmagic.claim") for key in model.tags)


def test_what_is_right_in_every_state_is_not_overtaken(versions, client):
    wanted = promoting.Wanted(Reference("churn", 2), "challenger", regardless=True)
    plan = promoting.judged(wanted, promoting.look(wanted, client))
    mlmagic.promote("churn", 3, to="challenger")
    assert str(changing.carry_out(client, plan)) == "challenger of 'churn' is version 2 now; it was version 3"
    assert [(one.what, one.version, one.before) for one in events(client)] == [
        ("promoted", 3, None),
        ("promoted", 2, 3),
    ]
    assert list(history.breaks_in(events(client))) == []
    assert not any("claim" in key for key in client.get_registered_model("churn").tags)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"gate": "acuracy > 0.9"}, "Did you mean 'accuracy'"),
        ({"gate": "accuracy > high"}, "high"),
        ({"better_than": "champin", "on": ([[1]], [1]), "metric": "accuracy"}, "champin"),
    ],
)
def test_a_mistake_in_a_gate_is_told_where_nothing_is_to_be_changed(versions, given, message):
    mlmagic.promote("churn", 1)
    with pytest.raises((UsageProblem, ModelNotFoundError), match=message):
        mlmagic.promote("churn", 1, **given)
    assert str(mlmagic.promote("churn", 1, gate="accuracy > 0.99")).endswith(
        "is version 1 already; nothing was changed"
    )


def test_the_alias_of_a_rollback_may_stand_in_its_place(versions, client):
    mlmagic.promote("churn", 1, to="staging")
    mlmagic.rollback("churn", "staging")
    assert aliases(client) == {}
