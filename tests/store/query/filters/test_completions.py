"""What Tab offers in a filter."""

import pytest
from light_runs import light_run

from mlmagic.store.query.filters.completions import following, names
from mlmagic.store.query.filters.names import Keys
from mlmagic.store.query.filters.parser import parse

RUNS = [
    light_run("a", {"optimizer": "adam", "twin": 1, "and": 1}, {"loss": 1, "twin": 2}, tags={"team": "red"}),
    light_run(
        "b",
        {"optimizer": "sgd", "val set": 1},
        {"val loss": 1, "in": 3},
        tags={"mlflow.user": "ana", "mlflow.source.git.commit": "c0ffee"},
        datasets={"train": "9f3a", "status": "77aa"},
    ),
    light_run("c", {"optimizer": "adam w"}),
    light_run("d", {"optimizer": "or"}),
    light_run("e", {"optimizer": "sgd"}),
]
KEYS = Keys.seen_in(RUNS, "", complete=True)
STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]


@pytest.mark.parametrize(
    ("before", "offered"),
    [
        ("optimizer = ", ["adam", "sgd"]),
        ("optimizer != ", ["adam", "sgd"]),
        ("optimizer ~ ", ["adam", "sgd"]),
        ("loss < 1 and optimizer = ", ["adam", "sgd"]),
        ("params.optimizer = ", ["adam", "sgd"]),
        ("OPTIMIZER = ", ["adam", "sgd"]),
        ("optimizer like ", ["adam", "sgd"]),
        ("optimizer ilike ", ["adam", "sgd"]),
        ("optimizer in (", ["adam", "sgd"]),
        ("optimizer in (adam, ", ["adam", "sgd"]),
        ("optimizer not in ('adam w', ", ["adam", "sgd"]),
        ("(optimizer in (", ["adam", "sgd"]),
        ("status = ", STATUSES),
        ("status in (", STATUSES),
        ("attributes.status != ", STATUSES),
        ("name = ", ["a", "b", "c", "d", "e"]),
        ("team = ", ["red"]),
        ("user = ", ["ana"]),
        ("train = ", ["9f3a"]),
        ("data.status = ", ["77aa"]),
        ("loss < ", []),
        ("loss in (", []),
        ("metrics.twin = ", []),
        ("tags.optimizer = ", []),
        ("zzz = ", []),
        ("= ", []),
        ("started > ", []),
        ("dataset.name = ", []),
    ],
)
def test_after_an_operator_come_the_values_that_runs_have(before, offered):
    assert following(before, KEYS) == offered


@pytest.mark.parametrize(
    ("before", "offered"),
    [
        ("loss is ", ["missing", "not"]),
        ("loss IS ", ["missing", "not"]),
        ("loss is not ", ["missing"]),
        ("loss is missing ", ["and", "or"]),
        ("loss is not null ", ["and", "or"]),
        ("loss < 1 ", ["and", "or"]),
        ("optimizer like 'a%' ", ["and", "or"]),
        ("optimizer in (adam) ", ["and", "or"]),
        ("(loss < 1) ", ["and", "or"]),
        ("optimizer in (adam ", []),
    ],
)
def test_what_may_follow_a_condition_or_a_part_of_one(before, offered):
    assert following(before, KEYS) == offered


@pytest.mark.parametrize(
    "before", ["", "  ", "loss < 1 and ", "loss < 1 or ", "not ", "(", "loss < 1 and (", "loss < 1 AND "]
)
def test_where_a_condition_begins_come_names_and_not(before):
    offered = following(before, KEYS)
    assert offered == [*names(KEYS), "not"]


@pytest.mark.parametrize("before", ["optimizer ", "forest ", "`val loss` ", "loss < 1 and optimizer "])
def test_after_a_name_or_a_word_come_operators_and_names(before):
    assert following(before, KEYS) == [*names(KEYS), "and", "or", "like", "in", "is"]


def test_a_name_of_two_kinds_has_its_kind_in_front():
    found = names(KEYS)
    assert {"metrics.twin", "params.twin", "loss", "optimizer", "team", "train", "user"} <= set(found)
    assert "twin" not in found
    assert "status" in found  # the attribute goes before a dataset of this name
    assert "data.status" in found


def test_a_name_that_needs_quotes_is_not_offered():
    assert not [name for name in names(KEYS) if " " in name]
    assert "mlflow.source.git.commit" in names(KEYS)  # the tag that is called "git commit"


def test_every_offered_name_is_read_as_a_name_of_the_runs():
    for name in names(KEYS):
        condition = parse(f"{name} is missing", KEYS.is_name)
        assert KEYS.is_name(condition.name.whole), name


def test_names_are_offered_once_and_again_with_their_kind():
    found = names(KEYS)
    assert len(found) == len(set(found))
    assert found.index("loss") < found.index("metrics.loss")
