"""`mlmagic.retrain` on a real store: when it trains, what it registers, when it promotes, and what a second call does."""

import numpy as np
import pandas as pd
import pytest
from databases import copy_database
from logged import log_model
from sklearn.datasets import load_breast_cancer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import mlmagic
from mlmagic.errors import ModelNotFoundError, PromotionRefusedError, UsageProblem
from mlmagic.registry.promotion import history


@pytest.fixture(scope="module")
def data():
    """Old, new and recent rows with their targets."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    return (X[:200], y[:200]), (X[200:400], y[200:400]), (X[400:], y[400:])


def train(X, y):
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, y)


def train_luck(X, y):
    return DummyClassifier().fit(X, y)


@pytest.fixture(scope="module")
def with_champion(tmp_path_factory):
    """The file of a store that has the champion, which the first test that needs it writes: the others copy it."""
    return tmp_path_factory.mktemp("champion") / "mlflow.db"


@pytest.fixture
def churn(make_run, client, data, with_champion, tmp_path):
    """A small tree as the champion of ``churn``; the function calls `mlmagic.retrain` with what differs."""
    old, new, recent = data
    model = DecisionTreeClassifier(max_depth=1, random_state=0).fit(*old)
    if with_champion.exists():
        copy_database(with_champion, tmp_path / "mlflow.db", artifacts=str(tmp_path / "mlruns/0"))
    else:
        run_id = make_run("first")
        log_model(model, "model", client=client, run_id=run_id, requirements=["numpy"])
        mlmagic.register("churn", run="first")
        mlmagic.promote("churn", 1, to="champion")
        copy_database(tmp_path / "mlflow.db", with_champion)

    def retrain(function=train, given=new, **more):
        options = {"on": recent, "metric": "accuracy", "promote_to": "champion", "quiet": True, **more}
        return mlmagic.retrain("churn", function, given, **options)

    retrain.client = client
    retrain.score = model.score(*recent)
    return retrain


def aliases(client):
    return {alias: int(version) for alias, version in client.get_registered_model("churn").aliases.items()}


def events(client):
    return history.events_of(client.get_registered_model("churn").tags)


def runs(client):
    return client.search_runs(["0"], order_by=["attributes.start_time ASC"])


def never(*_):
    raise AssertionError("it trained")


def test_a_champion_that_is_good_enough_stays_and_nothing_is_trained(churn):
    result = churn(never, min=0.5)
    assert (result.verdict, result.exit_code, result.version, result.run_id) == ("kept", 0, None, None)
    assert result.reason.startswith("accuracy of churn/1 on X is 0.8757 [0.8")
    assert result.reason.endswith("], at least 0.5")
    assert len(runs(churn.client)) == 1
    assert result.before.metrics["accuracy"] == pytest.approx(churn.score, abs=1e-12)


def test_a_better_model_is_trained_recorded_registered_and_promoted(churn):
    result = churn(min=0.95, tags={"team": "risk"})
    assert (result.verdict, result.exit_code, result.champion, result.version) == ("promoted", 0, 1, 2)
    assert aliases(churn.client) == {"champion": 2, "challenger": 2}
    run = runs(churn.client)[-1]
    assert run.info.run_id == result.run_id
    assert (run.info.run_name, run.info.status) == ("churn retrained", "FINISHED")
    assert run.data.tags["retrain_reason"] == result.reason
    assert run.data.tags["team"] == "risk"
    assert run.data.metrics["accuracy"] == pytest.approx(result.after.metrics["accuracy"], abs=1e-12)
    assert run.data.params["model.logisticregression__max_iter"] == "500"
    assert {one.dataset.name for one in run.inputs.dataset_inputs} == {"X_train", "y_train", "X", "y"}
    version = churn.client.get_model_version("churn", "2")
    assert version.tags["retrain_reason"] == result.reason
    assert version.tags["mlmagic.retrained_from"] == "churn/1"
    assert version.tags["team"] == "risk"
    last = events(churn.client)[-1]
    assert (last.what, last.alias, last.version, last.before) == ("promoted", "champion", 2, 1)
    assert last.reason.startswith("retrained: accuracy of churn/1")
    assert "version 2 is better by 0." in result.decision
    assert mlmagic.load_model("churn@champion").predict(np.zeros((1, 30))).shape == (1,)


def test_a_model_that_is_not_better_is_refused_and_kept_as_the_challenger(churn):
    result = churn(train_luck, min=0.95)
    assert (result.verdict, result.exit_code) == ("refused", 3)
    assert result.decision.startswith("version 2 of 'churn' was not made champion: champion (version 1) is better by")
    assert aliases(churn.client) == {"champion": 1, "challenger": 2}
    assert events(churn.client)[-1].what == "refused"


def test_calling_it_again_trains_and_records_nothing(churn):
    first = churn(train_luck, min=0.95)
    recorded = events(churn.client)
    again = churn(train_luck, min=0.95)
    assert (again.verdict, again.version, again.run_id) == ("refused", first.version, first.run_id)
    assert again.decision.startswith("churn/2 was refused before, and 'champion' has not changed since: ")
    assert len(runs(churn.client)) == 2
    assert events(churn.client) == recorded
    assert churn(train_luck, min=0.95, again=True).version == 3


@pytest.mark.parametrize("changed", ["code", "data", "recent", "metric", "champion"])
def test_anything_else_is_trained_anew(churn, data, changed):
    churn(train_luck, min=0.999)
    more = {"metric": "balanced_accuracy"} if changed == "metric" else {}
    expected = 3
    if changed == "champion":
        mlmagic.register("churn", run="first", again=True)
        mlmagic.promote("churn", 3, to="champion")
        expected = 4
    if changed == "recent":
        X, y = data[2]
        more["on"] = X[1:], y[1:]
    given = (data[1][0][1:], data[1][1][1:]) if changed == "data" else data[1]
    result = churn(train if changed == "code" else train_luck, given, min=0.999, **more)
    assert result.version == expected


def test_what_this_code_trained_and_became_the_champion_is_not_trained_again(churn):
    first = churn(min=0.999)
    assert (first.verdict, first.version) == ("promoted", 2)
    again = churn(min=0.999)
    assert (again.verdict, again.exit_code, again.champion, again.version) == ("kept", 0, 2, None)
    assert again.decision == "this code trained churn/2 on these data before; --again trains another one"
    assert len(runs(churn.client)) == 2
    mlmagic.rollback("churn")
    assert churn(min=0.999).version == 2
    assert churn(min=0.999, again=True).version == 3
    assert len(runs(churn.client)) == 3


def test_without_a_promotion_it_is_registered_and_the_next_command_is_named(churn):
    result = churn(min=0.95, promote_to=None)
    assert (result.verdict, result.exit_code) == ("registered", 0)
    assert aliases(churn.client) == {"champion": 1, "challenger": 2}
    assert result.decision.endswith("%promote churn 2 --better-than champion --on X,y --metric accuracy")


def test_a_drop_is_measured_from_what_the_gate_saw_or_the_run_recorded(churn, data):
    with pytest.raises(UsageProblem, match=r"no accuracy of it is recorded\. It has no metrics\. Or give a limit"):
        churn(never, drop=0.01)
    churn(min=0.95)
    kept = churn(never, drop=0.01)
    assert kept.verdict == "kept"
    assert kept.reason.endswith("as good as the 0.9941 of its promotion")
    X, y = data[2]
    turned = churn(train, on=(X, 1 - y), drop=0.01)
    assert ", worse by 0.9882 than the 0.9941 of its promotion, more than 0.01" in turned.reason


def test_less_is_better_of_a_loss(churn):
    assert churn(never, metric="log_loss", max=10.0).reason.endswith("], at most 10")
    assert "], above 0.1" in churn(metric="log_loss", max=0.1).reason
    with pytest.raises(UsageProblem, match="less of log_loss is better, so --min would keep the worse model"):
        churn(never, metric="log_loss", min=0.1)
    with pytest.raises(UsageProblem, match="more of accuracy is better, so --max would keep the worse model"):
        churn(never, max=0.1)


def test_without_a_limit_it_trains_in_any_case(churn):
    result = churn()
    assert result.verdict == "promoted"
    assert result.reason.endswith("a new model was asked for in any case")


def test_where_no_version_has_the_alias_the_first_one_gets_it(churn):
    churn.client.delete_registered_model_alias("churn", "champion")
    result = churn(min=0.5)
    assert result.reason == "no version of 'churn' has 'champion' yet"
    assert (result.verdict, result.before) == ("promoted", None)
    assert aliases(churn.client) == {"champion": 2, "challenger": 2}


def test_the_first_version_of_an_alias_must_not_have_seen_the_recent_data(churn, data):
    result = churn(given=data[2], promote_to="production")
    assert (result.verdict, result.exit_code) == ("refused", 3)
    assert "churn/2 was trained on X" in result.decision
    with pytest.raises(PromotionRefusedError, match="was trained on"):
        mlmagic.promote("churn", 2, to="staging", better_than="staging", on=data[2], metric="accuracy")
    assert aliases(churn.client) == {"champion": 1, "challenger": 2}


def test_the_recent_data_must_be_held_out(churn, data):
    _, _, recent = data
    result = churn(given=recent, min=0.999)
    assert result.verdict == "refused"
    assert "churn/2 was trained on X: its run records the same rows as 'X_train'" in result.decision
    mlmagic.promote("churn", 2, to="champion")
    with pytest.raises(UsageProblem, match=r"churn/2 was trained on X: .*, so its accuracy there says nothing"):
        churn(never, min=0.5)


def test_a_metric_on_rows_that_the_model_was_trained_on_is_not_recorded_as_its_own(churn, data):
    result = churn(given=data[2], min=0.999)
    assert (result.verdict, result.after) == ("refused", None)
    assert "accuracy" not in runs(churn.client)[-1].data.metrics
    with pytest.raises(UsageProblem, match="churn/2 does not have a metric, param or tag 'accuracy'"):
        mlmagic.promote("churn", 2, gate="accuracy > 0.5")
    assert str(result.to_dict()["after"]) == "None"
    registered = churn(given=data[2], min=0.999, promote_to=None)
    assert "churn/2 is the challenger, but churn/2 was trained on X: " in registered.decision
    assert registered.decision.endswith("so its accuracy there says nothing. Train on other rows")


def test_what_speaks_against_the_recent_data_is_told(churn, data):
    X, y = data[2]
    few = churn(never, on=(X[:1].assign(site=1), y[:1]), min=0.0)
    assert few.verdict == "kept"
    assert [note for note in few.notes if note.startswith("1 row only: a gross error shows")]
    assert "X: not given to the model, which was not fitted on it: site" in few.notes
    one_class = churn(never, on=(X[y == 1], y[y == 1]), min=0.0)
    assert any("were left out: all 130 rows have the class '1'" in note for note in one_class.notes), one_class.notes


def test_rows_that_the_model_was_trained_on_are_seen_among_others_and_in_any_order(churn, data):
    _, new, recent = data
    X, y = (pd.concat([one, other[::3]]).sample(frac=1, random_state=0) for one, other in zip(new, recent, strict=True))
    result = churn(given=(X, y), min=0.999)
    assert result.verdict == "refused"
    assert "churn/2 was trained on about 34% of the rows of X: they are in 'X_train' of its run" in result.decision


@pytest.mark.parametrize("form", ["NumPy", "an extra column", "lists"])
def test_training_rows_are_refused_in_another_form(form, churn, data):
    _, _, (X, y) = data
    other = {
        "NumPy": X.to_numpy(),
        "an extra column": X.assign(site=1),
        "lists": X.to_numpy().tolist(),
    }[form]
    result = churn(given=(X, y), on=(other, y), min=0.999)
    assert result.verdict == "refused"
    assert "churn/2 was trained on all of the rows of X: they are in 'X_train' of its run" in result.decision


def test_a_body_that_fails_ends_its_run_as_failed_and_registers_nothing(churn):
    def fails(X, y):
        raise ZeroDivisionError("no")

    with pytest.raises(ZeroDivisionError):
        churn(fails, min=0.95)
    assert [run.info.status for run in runs(churn.client)][-1] == "FAILED"
    assert aliases(churn.client) == {"champion": 1}
    with pytest.raises(UsageProblem, match="train returns the fitted model; it returned None"):
        churn(lambda X, y: None, min=0.95)
    with pytest.raises(UsageProblem, match="train returns the fitted model; it returned LogisticRegression"):
        churn(lambda X, y: LogisticRegression(), min=0.95)


def test_an_error_of_the_function_is_shown_without_the_steps_between(churn):
    def fails(X, y):
        raise ZeroDivisionError("no")

    with pytest.raises(ZeroDivisionError) as caught:
        churn(fails, min=0.95)
    names = [entry.name for entry in caught.traceback]
    assert names[-1] == "fails"
    assert not {"carry_out", "_trained", "__call__"} & {*names}


def test_a_function_of_other_arguments_is_refused_before_the_champion_is_judged(churn):
    def lonely(X): ...

    with pytest.raises(UsageProblem, match=r"lonely\(X\) cannot be called with data, which has 2 values: too many"):
        churn(lonely, min=0.95)
    assert len(runs(churn.client)) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min": 0.5, "drop": 0.1}, "--min and --drop: one of them decides"),
        ({"min": "high"}, "--min is a number, such as 0.85, not 'high'"),
        ({"min": float("nan")}, "--min is a number"),
        ({"drop": -0.1}, "--drop -0.1: by how much it may be worse"),
        ({"promote_to": "challenger"}, "each new version becomes the challenger anyway"),
        ({"promote_to": "Production"}, "write the alias: production"),
        ({"metric": "acuracy"}, "acuracy"),
        ({"on": "X"}, "on is the recent data with its targets"),
        ({"function": "train"}, "train is a function that returns the fitted model, not 'train'"),
        ({"given": 5}, "data is what train is called with"),
        ({"margin": float("inf")}, "--margin is a number"),
    ],
)
def test_what_is_invalid_is_one_line_before_anything_is_trained(churn, options, message):
    with pytest.raises(UsageProblem, match=message) as refused:
        churn(**({"function": never} | options))
    assert "\n" not in str(refused.value)
    assert len(runs(churn.client)) == 1


def test_an_unknown_model_is_no_new_one(churn, data):
    with pytest.raises(ModelNotFoundError, match=r"no registered model 'chrun'\. Did you mean 'churn'\?"):
        mlmagic.retrain("chrun", never, on=data[2], metric="accuracy", min=0.9)


def test_within_a_run_it_is_refused(churn):
    with mlmagic.track("outer", quiet=True), pytest.raises(UsageProblem, match="makes a run of its own"):
        churn(never, min=0.5)


def test_the_result_as_json_and_as_a_view(churn):
    from mlmagic.views.retraining_report import retraining_report_bundle

    result = churn(min=0.95)
    content = result.to_dict()
    assert (content["verdict"], content["version"], content["before"]["rows"]) == ("promoted", 2, 169.0)
    assert content["after"]["low"] < content["after"]["value"] <= content["after"]["high"]
    shown = retraining_report_bundle(result)
    assert shown["text/plain"].splitlines()[0] == "churn: Promoted"
    assert "churn/1  0.8757  0.8166 to 0.9172  before" in shown["text/plain"]
    assert "<style>" in shown["text/html"]
