"""What the names in a filter mean among those that runs carry."""

import pytest
from light_runs import light_run

from mlmagic.errors import UsageProblem
from mlmagic.store.query.filters.names import Keys, Located, locate, needs_keys
from mlmagic.store.query.filters.parser import parse
from mlmagic.store.query.filters.tree import Condition, Value, name_of

KEYS = Keys(
    metrics=frozenset({"loss", "val loss", "twin", "precision_at_5_2f4fd8", "Loss"}),
    params=frozenset({"lr", "twin", "run.seed", "name", "Depth"}),
    tags=frozenset({"team", "mlflow.user", "mlflow.source.git.commit", "mlmagic.id", "lr"}),
    datasets=frozenset({"train", "loss"}),
    where="the last 1000 runs of experiment 'churn'",
)
WHOLE = Keys(KEYS.metrics, KEYS.params, KEYS.tags, KEYS.datasets, KEYS.where, complete=True)


def located(written, value="adam", *, quoted=False, keys=KEYS):
    found = locate(Condition(name_of(written), "=", (Value(value, quoted),)), keys)
    return found.entity, found.key, found.label


def refusal(written, value="adam", keys=KEYS):
    with pytest.raises(UsageProblem) as caught:
        located(written, value, keys=keys)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("lr", ("param", "lr", "lr")),
        ("LR", ("param", "lr", "lr")),
        ("depth", ("param", "Depth", "Depth")),
        ("val loss", ("metric", "val loss", "val loss")),
        ("team", ("tag", "team", "team")),
        ("train", ("data", "train", "train")),
        ("user", ("tag", "mlflow.user", "user")),
        ("mlflow.user", ("tag", "mlflow.user", "user")),
        ("git commit", ("tag", "mlflow.source.git.commit", "git commit")),
        ("mlmagic.id", ("tag", "mlmagic.id", "mlmagic.id")),
        ("tags.mlmagic.id", ("tag", "mlmagic.id", "mlmagic.id")),
        ("precision@5", ("metric", "precision_at_5_2f4fd8", "precision_at_5_2f4fd8")),
        ("metrics.precision@5", ("metric", "precision_at_5_2f4fd8", "precision_at_5_2f4fd8")),
        ("tags.lr", ("tag", "lr", "lr")),
        ("data.loss", ("data", "loss", "loss")),
        ("datasets.train", ("data", "train", "train")),
        ("run.seed", ("param", "run.seed", "run.seed")),
        ("params.run.seed", ("param", "run.seed", "run.seed")),
        ("params.name", ("param", "name", "name")),
        ("name", ("attribute", "run_name", "name")),
        ("run_name", ("attribute", "run_name", "name")),
        ("run name", ("attribute", "run_name", "name")),
        ("run.name", ("attribute", "run_name", "name")),
        ("attributes.run_name", ("attribute", "run_name", "name")),
        ("created", ("attribute", "start_time", "started")),
        ("end_time", ("attribute", "end_time", "ended")),
        ("STATUS", ("attribute", "status", "status")),
        ("user_id", ("attribute", "user_id", "user_id")),
        ("artifact_uri", ("attribute", "artifact_uri", "artifact_uri")),
        ("duration", ("attribute", "duration", "duration")),
        ("dataset.digest", ("dataset", "digest", "dataset.digest")),
        ("datasets.context", ("dataset", "context", "datasets.context")),
    ],
)
def test_what_a_name_means(written, found):
    assert located(written) == found


def test_a_name_in_its_own_case_goes_before_one_in_another():
    assert located("loss", "0.1") == ("metric", "loss", "loss")
    assert located("Loss", "0.1") == ("metric", "Loss", "Loss")
    assert located("LOSS", "0.1")[1] in {"loss", "Loss"}


@pytest.mark.parametrize(("value", "quoted", "entity"), [("adam", False, "param"), ("0.1", True, "param")])
def test_a_name_of_two_kinds_is_the_param_where_it_is_compared_with_a_word(value, quoted, entity):
    assert located("twin", value, quoted=quoted)[0] == entity


def test_a_name_of_two_kinds_is_refused_where_it_is_compared_with_a_number():
    assert refusal("twin", "0.1") == "'twin' is a metric and a param: write metrics.twin or params.twin."
    assert located("metrics.twin", "0.1")[0] == "metric"
    assert located("params.twin", "0.1")[0] == "param"


@pytest.mark.parametrize(
    ("text", "entity"), [("twin in (1, 2)", "param"), ("twin not in (1)", "param"), ("twin is missing", "param")]
)
def test_a_list_and_the_lack_of_a_value_do_not_tell_the_kind(text, entity):
    assert locate(parse(text), KEYS).entity == entity


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("metrics.unseen", ("metric", "unseen", "unseen")),
        ("params.a@b", ("param", "a_at_b_1a0bd7", "a_at_b_1a0bd7")),
        ("tags.unseen", ("tag", "unseen", "unseen")),
    ],
)
def test_a_name_with_its_kind_may_be_one_of_a_run_that_was_not_looked_at(written, found):
    assert located(written)[0] == found[0]
    assert located(written)[1].startswith(found[1][:4])
    assert refusal(written, keys=WHOLE).startswith(f"No run has a {found[0]} ")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "los",
            "None of the last 1000 runs of experiment 'churn' has a metric, param or tag 'los'. Did you mean 'Loss'?",
        ),
        ("attributes.stats", "has an attribute 'stats'. Did you mean 'status'?"),
        ("data.trainn", "has a dataset 'trainn'. Did you mean 'train'?"),
        ("usr", "has a metric, param or tag 'usr'. Did you mean 'user'?"),
        ("0.5", "'0.5' is a number: write the name first, then what to compare it with."),
        ("zzzzzz", "There are Loss, loss, precision_at_5_2f4fd8, twin, val loss, Depth, …. For example: val_loss"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(written, message):
    assert message in refusal(written)


def test_a_tag_with_a_heading_is_one_name():
    assert [one.label for one in KEYS.called("mlflow.user")] == ["user"]
    assert [one.key for one in KEYS.called("mlmagic.id")] == ["mlmagic.id"]


@pytest.mark.parametrize(("count", "ends"), [(6, "f. For example"), (7, "f, …. For example")])
def test_few_names_are_all_listed(count, ends):
    keys = Keys(metrics=frozenset("abcdefg"[:count]), complete=True)
    assert f"There are a, b, c, d, e, {ends}" in refusal("metrics.zzzzz", keys=keys)


def test_who_has_no_such_name_is_told():
    assert refusal("x", keys=Keys()).startswith(
        "No run has a metric, param or tag 'x'. There are run_id, name, status,"
    )
    assert refusal("metrics.xx", keys=Keys(complete=True)) == (
        "No run has a metric 'xx'. For example: val_loss < 0.2 and optimizer = adam"
    )
    assert refusal("xx", keys=Keys(nobody="No version has")).startswith("No version has a metric, param or tag 'xx'.")
    assert refusal("los", keys=WHOLE).startswith("No run has ")


def test_long_names_are_shortened_in_the_refusal():
    keys = Keys(metrics=frozenset({"m" * 300}), complete=True)
    message = refusal("n" * 300, keys=keys)
    assert "m" * 40 in message
    assert "m" * 41 not in message
    assert f"'{'n' * 60}…'" in message


def test_names_are_collected_from_runs():
    runs = [
        light_run("a", {"lr": 1}, {"loss": 1}, tags={"team": "x"}, datasets={"train": "d"}),
        light_run("b", {"depth": 1}, {"acc": 1}),
    ]
    found = Keys.seen_in(iter(runs), "here", complete=True)
    assert (found.metrics, found.params, found.tags, found.datasets) == (
        {"loss", "acc"},
        {"lr", "depth"},
        {"team"},
        {"train"},
    )
    assert (list(found.runs), found.where) == (runs, "here")
    assert Keys.seen_in(runs, "here", complete=False).runs == ()


def test_known_names_come_by_kind_and_without_machinery():
    assert KEYS.known[0] == Located("metric", "Loss", "Loss")
    kinds = [one.entity for one in KEYS.known]
    assert kinds == sorted(kinds, key=["metric", "param", "data", "tag", "attribute"].index)
    labels = [one.label for one in KEYS.known if one.entity == "tag"]
    assert labels == ["git commit", "lr", "team", "user"]
    assert [one.label for one in KEYS.known if one.entity == "attribute"] == [
        *("run_id", "name", "status", "started", "ended", "duration"),
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *(("loss", True), ("metrics.loss", True), ("params.loss", False), ("run.seed", True), ("run.nothing", False)),
        *(("val loss", True), ("metrics.`val loss`", True), ("created", True), ("zzz", False), ("VAL LOSS", True)),
        *(("attributes.status", True), ("attributes.loss", False), ("", False)),
    ],
)
def test_whether_something_is_called_so(written, expected):
    assert KEYS.is_name(written) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("", False), ("status = FAILED", False), ("created > 2026-01-01 and name = a", False), ("a", True)),
        *(("duration > 5 or not run_id = x", False), ("loss < 1", True), ("name = a and forest", True)),
        *(("dataset.name = train", False), ("data.train = x", True), ("datasets.size = 3", True)),
        *(("metrics.status = 1", True), ("attributes.run_name = a", False), ("attributes.nothing = a", True)),
        *(("STATUS = FAILED", True), ("start_time > 5", False)),
    ],
)
def test_whether_the_names_of_the_runs_must_be_known(text, expected):
    assert needs_keys(parse(text)) is expected
