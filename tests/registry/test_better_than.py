"""A version is promoted only if it is better than the champion on the same held-out rows; and how often luck passes."""

import numpy as np
import pytest
from logged import log_model
from sklearn.datasets import load_breast_cancer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import mlmagic
from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.errors import ModelNotFoundError, PromotionRefusedError, RunNotFoundError, UsageProblem
from mlmagic.magics.evaluate import EvaluateMagics
from mlmagic.magics.registry import RegistryMagics
from mlmagic.recording import open_runs
from mlmagic.registry.promotion import history

MODELS = {
    "luck": DummyClassifier(),
    "tree": DecisionTreeClassifier(max_depth=2, random_state=0),
    "linear": make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
}


@pytest.fixture(scope="module")
def data():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    return X[::2], X[1::2], y[::2], y[1::2]


@pytest.fixture
def churn(make_run, client, data):
    """Three versions of ``churn``: luck, a small tree, a linear model; the first is the champion."""
    X_train, _, y_train, _ = data
    for name, model in MODELS.items():
        run_id = make_run(name)
        log_model(model.fit(X_train, y_train), "model", client=client, run_id=run_id, requirements=["numpy"])
        mlmagic.register("churn", run=name)
    mlmagic.promote("churn", 1)
    return client


def champion(client):
    return int(client.get_registered_model("churn").aliases["champion"])


def events(client):
    return history.events_of(client.get_registered_model("churn").tags)


def test_what_is_better_on_the_same_rows_is_promoted_with_its_numbers(churn, data):
    _, X_test, _, y_test = data
    done = mlmagic.promote("churn", 2, better_than="champion", on=(X_test, y_test), metric="accuracy")
    assert champion(churn) == 2
    assert str(done).startswith("champion of 'churn' is version 2 now; it was version 1: version 2 is better by 0.3")
    assert str(done).endswith("in accuracy on the same 284 rows")
    numbers = events(churn)[-1].numbers
    expected = MODELS["tree"].score(X_test, y_test)
    assert numbers["accuracy"] == pytest.approx(expected, abs=1e-12)
    assert numbers["champion accuracy"] == pytest.approx(MODELS["luck"].score(X_test, y_test), abs=1e-12)
    assert numbers["gain_low"] < numbers["gain"] < numbers["gain_high"]
    assert numbers["test_data"] == fingerprint(X_test).digest
    assert events(churn)[-1].gate == "better than champion in accuracy on X_test, 0.95"


def test_what_may_be_luck_is_refused_and_recorded(churn, data):
    _, X_test, _, y_test = data
    mlmagic.promote("churn", 3)
    with pytest.raises(PromotionRefusedError, match=r"champion \(version 3\) is better by 0\.\d+ \[") as refused:
        mlmagic.promote("churn", 2, better_than="champion", on=(X_test, y_test), metric="accuracy")
    assert champion(churn) == 3
    assert (events(churn)[-1].what, events(churn)[-1].version) == ("refused", 2)
    few = X_test[:40], y_test[:40]
    mlmagic.promote("churn", 2, reason="by hand")
    with pytest.raises(PromotionRefusedError, match=r"no difference can be told: .* on the same 40 rows") as refused:
        mlmagic.promote("churn", 3, better_than="champion", on=few, metric="accuracy")
    assert "\n" not in str(refused.value)


def test_a_margin_a_direction_and_the_users_own_cost(churn, data):
    _, X_test, _, y_test = data

    def cost(y_true, y_pred):
        return float(np.mean(10 * ((y_true == 1) & (y_pred == 0)) + ((y_true == 0) & (y_pred == 1))))

    on = X_test, y_test
    with pytest.raises(PromotionRefusedError, match=r"better by .*, wanted: more than 0\.9"):
        mlmagic.promote("churn", 2, better_than="champion", on=on, metric="accuracy", margin=0.9)
    done = mlmagic.promote("churn", 2, better_than="champion", on=on, metric="accuracy", margin=-0.5, dry_run=True)
    assert str(done).endswith("on the same 284 rows, which the margin of -0.5 allows")
    done = mlmagic.promote("churn", 3, better_than="champion", on=on, metric="log_loss", dry_run=True)
    assert "version 3 is better by" in str(done)
    mlmagic.promote("churn", 2)
    done = mlmagic.promote("churn", 3, better_than="champion", on=on, metric={"cost_loss": cost}, dry_run=True)
    assert " in cost_loss on the same 284 rows" in str(done)
    with pytest.raises(UsageProblem, match="whether more or less of 'outcome' is better is not known"):
        mlmagic.promote("churn", 3, better_than="champion", on=on, metric={"outcome": cost})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"metric": "acuracy"}, "there is no metric 'acuracy'. Did you mean 'accuracy'?"),
        ({"metric": 5}, "5 (int) is neither a metric's name nor a function"),
        ({"margin": "x"}, "margin is a number"),
        ({"margin": True}, "margin is a number"),
        ({"confidence": 2}, "confidence is a number from 0.5 to below 1"),
    ],
)
def test_where_there_is_nothing_to_beat_a_mistake_is_refused_too(given, message, store_uri, data):
    _, X_test, _, y_test = data
    call = {"to": "staging", "better_than": "staging", "on": (X_test, y_test), "metric": "accuracy"} | given
    with pytest.raises(UsageProblem) as caught:
        mlmagic.promote("churn", 2, **call)
    assert message in str(caught.value)


def test_the_first_version_has_nothing_to_beat(churn, data):
    _, X_test, _, y_test = data
    done = mlmagic.promote("churn", 2, to="staging", better_than="staging", on=(X_test, y_test), metric="accuracy")
    assert "no version of 'churn' has 'staging' yet: there is nothing to be better than" in str(done)


def test_rows_that_a_model_has_seen_are_refused(make_run, client, data):
    X_train, _, y_train, _ = data
    parts = mlmagic.split(X_train, y_train, test=0.3, seed=1)
    other = mlmagic.split(X_train, y_train, test=0.3, seed=2)
    for name, split in (("one", "1"), ("two", "1")):
        params = {"split.method": parts.identity["method"], "split.test": "0.3", "split.seed": split}
        run_id = make_run(name, params)
        log_input(client, run_id, "X_train", parts["X_train"])
        fitted = MODELS["tree"].fit(parts["X_train"], parts["y_train"])
        log_model(fitted, "model", client=client, run_id=run_id, requirements=["numpy"])
        mlmagic.register("seen", run=name)
    mlmagic.promote("seen", 1)
    refused = {
        "seen/2 was trained on X: its run records the same rows as 'X_train'": (
            parts["X_train"].copy(),
            parts["y_train"],
        ),
        "is the train side of a split": (other["X_train"], other["y_train"]),
        "the rows of another split (seed 1)": (other["X_test"], other["y_test"]),
    }
    for line, on in refused.items():
        with pytest.raises(PromotionRefusedError) as error:
            mlmagic.promote("seen", 2, better_than="champion", on=on, metric="accuracy")
        assert line.removeprefix("seen/2 ") in str(error.value), str(error.value)
    done = mlmagic.promote(
        "seen", 2, better_than="champion", on=(parts["X_test"], parts["y_test"]), metric="accuracy", dry_run=True
    )
    assert "no difference can be told" in str(done)


def log_input(client, run_id, name, data):
    from mlflow.entities import Dataset, DatasetInput, InputTag

    stored = Dataset(name, fingerprint(data).digest, "code", "{}")
    client.log_inputs(run_id, [DatasetInput(stored, [InputTag("mlflow.data.context", "training")])])


def test_candidates_are_counted_by_their_test_data_and_corrected_for_on_request(churn, data):
    _, X_test, _, y_test = data
    on = X_test, y_test
    mlmagic.promote("churn", 3)
    for number in (1, 2):
        with pytest.raises(PromotionRefusedError):
            mlmagic.promote("churn", number, better_than="champion", on=on, metric="accuracy")
    with pytest.raises(PromotionRefusedError, match="; 2 candidates were judged on these rows"):
        mlmagic.promote("churn", 2, better_than="champion", on=on, metric="accuracy")
    mlmagic.promote("churn", 1)
    done = mlmagic.promote("churn", 3, better_than="champion", on=on, metric="accuracy", correct=True)
    assert "3 candidates were judged on these rows, so at 0.9833 each" in str(done)
    assert events(churn)[-1].numbers["confidence"] == pytest.approx(1 - 0.05 / 3)


def test_both_gates_must_pass(churn, data):
    _, X_test, _, y_test = data
    call = {"better_than": "champion", "on": (X_test, y_test), "metric": "accuracy", "dry_run": True}
    assert "would be refused" in str(mlmagic.promote("churn", 2, gate="version > 5", **call))
    churn.set_model_version_tag("churn", "2", "stage", "ready")
    assert "stage = ready" in str(mlmagic.promote("churn", 2, gate="tags.stage = 'ready'", **call))


def test_nothing_of_the_gate_is_recorded_in_a_run_that_is_open(churn, data, store_uri):
    _, X_test, _, y_test = data
    with mlmagic.track("open", quiet=True) as run:
        mlmagic.promote("churn", 2, better_than="champion", on=(X_test, y_test), metric="accuracy")
    assert run.metrics == {}


BAD = {
    "better_than alone": ({"better_than": "champion"}, "the three go together"),
    "no metric": ({"better_than": "champion", "on": (1, 2)}, "the three go together"),
    "an unknown metric": ({"metric": "acuracy"}, "accuracy"),
    "a column is missing": ({"on": "short"}, "mean radius"),
    "targets of another length": ({"on": "long"}, "284"),
    "an impossible confidence": ({"confidence": 95}, "confidence is a number from 0.5 to below 1"),
    "a margin in words": (
        {"margin": "little"},
        "margin is a number in the metric's unit, such as 0.01, not 'little' (str)",
    ),
    "a margin that nothing exceeds": ({"margin": float("nan")}, "margin is a number"),
    "a metric that is none": ({"metric": 5}, "5 (int) is neither a metric's name nor a function"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_changes_nothing(name, churn, data):
    _, X_test, _, y_test = data
    given, line = BAD[name]
    call = {"better_than": "champion", "on": (X_test, y_test), "metric": "accuracy"} | given
    if name in {"better_than alone", "no metric"}:
        call = given
    call["on"] = {
        "short": (X_test.drop(columns="mean radius"), y_test),
        "long": (X_test, y_test[:10]),
    }.get(call.get("on") if isinstance(call.get("on"), str) else "", call.get("on"))
    with pytest.raises(UsageProblem) as error:
        mlmagic.promote("churn", 2, **call)
    assert line in str(error.value)
    assert "\n" not in str(error.value)
    assert champion(churn) == 1


def test_the_magic_takes_the_same(churn, data, new_shell, capsys):
    shell = new_shell()
    _, shell.user_ns["X_test"], _, shell.user_ns["y_test"] = data
    magics = RegistryMagics(shell)
    magics.promote("churn 2 --better-than champion --on X_test y_test --metric accuracy --dry-run")
    magics.promote("churn --better-than @champion --on X_test,y_test --metric accuracy --if version > 1")
    first, second = capsys.readouterr().out.splitlines()[:2]
    assert first.startswith("champion of 'churn' would be version 2")
    assert second.startswith("champion of 'churn' is version 3 now")
    for line, told in {
        "churn 2 --better-than champion --metric accuracy": "--on must be given too",
        "churn 2 --better-than champion --on X_tets,y_test --metric accuracy": "Did you mean 'X_test'?",
        "churn 2 --better-than champion --on X_test,y_test --metric acuracy": "Did you mean 'accuracy'?",
        "churn 2 --better-than champion --on X_test,y_test --metric accuracy --margin little": "give a number",
    }.items():
        with pytest.raises(UsageProblem) as error:
            magics.promote(line)
        assert told in str(error.value)


def test_a_mistyped_alias_opens_no_gate(churn, data):
    _, X_test, _, y_test = data
    on = X_test, y_test
    with pytest.raises(ModelNotFoundError, match="Did you mean 'champion'"):
        mlmagic.promote("churn", 2, better_than="champoin", on=on, metric="accuracy")
    assert champion(churn) == 1
    assert "version 2 is better by" in str(mlmagic.promote("churn", 2, better_than="1", on=on, metric="accuracy"))


@pytest.mark.parametrize("given", ["--margin 0.1", "--confidence 0.99", "--correct", "--trust", "--on X_test,y_test"])
def test_options_of_a_gate_without_it_promote_nothing(given, churn, data, new_shell):
    shell = new_shell()
    _, shell.user_ns["X_test"], _, shell.user_ns["y_test"] = data
    with pytest.raises(UsageProblem, match="must be given too"):
        RegistryMagics(shell).promote(f"churn 2 {given}")
    assert champion(churn) == 1
    with pytest.raises(UsageProblem, match="belong to better_than"):
        mlmagic.promote("churn", 2, margin=0.1)


def test_one_metric_decides(churn, data, new_shell):
    shell = new_shell()
    _, shell.user_ns["X_test"], _, shell.user_ns["y_test"] = data
    line = "churn 2 --better-than champion --on X_test,y_test --metric accuracy --metric f1"
    with pytest.raises(UsageProblem, match="one --metric decides, got 2: accuracy, f1"):
        RegistryMagics(shell).promote(line)
    with pytest.raises(UsageProblem, match="it takes the test data and its targets: --on X_test,y_test"):
        RegistryMagics(shell).promote("churn 2 --better-than champion --on X_test --metric accuracy")


def test_a_regression_is_no_rival_of_a_classifier(churn, data, make_run, client):
    from sklearn.linear_model import Ridge

    X_train, X_test, y_train, y_test = data
    run_id = make_run("ridge")
    log_model(Ridge().fit(X_train, y_train), "model", client=client, run_id=run_id, requirements=["numpy"])
    mlmagic.register("churn", run="ridge")
    with pytest.raises(UsageProblem, match="they cannot be compared by one metric"):
        mlmagic.promote("churn", 4, better_than="champion", on=(X_test, y_test), metric="r2")


def test_each_of_a_runs_models_is_judged_by_its_own_numbers(store_uri, client, data, make_run):
    X_train, X_test, y_train, y_test = data
    run_id = make_run("both", metrics={"acc": 0.97})
    models = {"good": MODELS["linear"], "poor": MODELS["luck"]}
    for name, model in models.items():
        log_model(model.fit(X_train, y_train), name, client=client, run_id=run_id, requirements=["numpy"])
        mlmagic.evaluate(model, X_test, y_test, run="both", figures=False, name=name)
        mlmagic.register("pair", run="both", model=name)
    with pytest.raises(PromotionRefusedError, match=r"accuracy = 0\.6"):
        mlmagic.promote("pair", 2, gate="accuracy > 0.9")
    assert "accuracy = 0.9" in str(mlmagic.promote("pair", 1, gate="accuracy > 0.9"))
    with pytest.raises(UsageProblem, match="does not have a metric, param or tag 'acc'"):
        mlmagic.promote("pair", 2, gate="acc > 0.9")


def test_the_models_of_other_sessions_are_named_not_guessed(make_model):
    make_model("of another session")
    open_runs._last.clear()
    with pytest.raises(RunNotFoundError, match="no run has ended in this session"):
        mlmagic.register("churn")


def test_a_failed_run_is_told(make_model):
    make_model("broken", status="FAILED")
    assert mlmagic.register("churn", run="broken").note.endswith("of the run 'broken', which is FAILED")


def test_a_registered_model_is_evaluated_by_its_reference(churn, data, new_shell):
    shell = new_shell()
    _, shell.user_ns["X_test"], _, shell.user_ns["y_test"] = data
    mlmagic.promote("churn", 3)
    found = EvaluateMagics(shell).evaluate("churn@champion X_test y_test --no-figures --against churn@champion")
    assert found.metrics["accuracy"] == pytest.approx(MODELS["linear"].score(data[1], data[3]))
    with pytest.raises(ModelNotFoundError, match="Did you mean 'champion'"):
        EvaluateMagics(shell).evaluate("churn@champoin X_test y_test --no-figures")
