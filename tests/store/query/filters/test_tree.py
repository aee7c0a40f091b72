"""What a filter says, apart from how it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.store.query.filters.parser import parse
from mlmagic.store.query.filters.tree import (
    And,
    Condition,
    Name,
    Not,
    Or,
    Value,
    Words,
    leaves,
    name_of,
    with_conditions,
)

A, B, C = (Condition(Name("", key), "is missing") for key in "abc")
W = Words("forest")


@pytest.mark.parametrize(
    ("written", "prefix", "key", "kind"),
    [
        ("loss", "", "loss", None),
        ("metrics.loss", "metrics", "loss", "metric"),
        ("Metric.loss", "Metric", "loss", "metric"),
        ("param.lr", "param", "lr", "param"),
        ("PARAMETERS.lr", "PARAMETERS", "lr", "param"),
        ("tag.team", "tag", "team", "tag"),
        ("attr.status", "attr", "status", "attribute"),
        ("run.status", "run", "status", "attribute"),
        ("dataset.name", "dataset", "name", "data"),
        ("metrics.`val loss`", "metrics", "val loss", "metric"),
        ('tags."a b"', "tags", "a b", "tag"),
        ("tags.'a'", "tags", "'a'", "tag"),
        ("model.depth", "", "model.depth", None),
        ("metrics.", "", "metrics.", None),
        ("metrics", "", "metrics", None),
        ("metrics.a.b", "metrics", "a.b", "metric"),
        ("`metrics.loss`", "", "metrics.loss", None),
        ("'val loss'", "", "val loss", None),
        (".a", "", ".a", None),
        ("", "", "", None),
    ],
)
def test_a_name_is_divided_into_its_kind_and_its_key(written, prefix, key, kind):
    name = name_of(written)
    assert (name.prefix, name.key, name.kind) == (prefix, key, kind)


@pytest.mark.parametrize(
    ("name", "whole", "written"),
    [
        (Name("", "loss"), "loss", "loss"),
        (Name("metrics", "loss"), "metrics.loss", "metrics.loss"),
        (Name("", "val loss"), "val loss", "`val loss`"),
        (Name("metrics", "val loss"), "metrics.val loss", "metrics.`val loss`"),
        (Name("", "and"), "and", "`and`"),
        (Name("", "LIKE"), "LIKE", "`LIKE`"),
        (Name("tags", "null"), "tags.null", "tags.`null`"),
        (Name("", "metrics.loss"), "metrics.loss", "`metrics.loss`"),
        (Name("", "a`b"), "a`b", '"a`b"'),
        (Name("", 'a`"b'), 'a`"b', "'a`\"b'"),
        (Name("tags", "a`b"), "tags.a`b", 'tags."a`b"'),
        (Name("", "“best”"), "“best”", "`“best”`"),
    ],
)
def test_a_name_is_written_with_the_quotes_that_it_needs(name, whole, written):
    assert name.whole == whole
    assert str(name) == written


@given(st.sampled_from(["", "metrics", "params", "Tags", "run"]), st.text(min_size=1, max_size=10))
def test_a_written_name_is_read_back(prefix, key):
    name = Name(prefix, key)
    if sum(mark in key for mark in "`\"'") == 0:
        assert parse(f"{name} is missing") == Condition(name, "is missing")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        *((Value("adam"), "adam"), (Value("0.1"), "0.1"), (Value("adam", quoted=True), "'adam'")),
        *((Value("0.1", quoted=True), "'0.1'"), (Value("it's", quoted=True), '"it\'s"')),
        *((Value("'\"", quoted=True), "`'\"`"), (Value("", quoted=True), "''")),
    ],
)
def test_a_value_is_written_with_quotes_where_it_had_some(value, written):
    assert str(value) == written


@pytest.mark.parametrize(
    ("tree", "written"),
    [
        (Condition(Name("", "lr"), "=", (Value("0.1"),)), "lr = 0.1"),
        (Condition(Name("", "lr"), "not in", (Value("1"), Value("a b", quoted=True))), "lr not in (1, 'a b')"),
        (Condition(Name("", "lr"), "is not missing"), "lr is not missing"),
        (Words("a b", quoted=True), "'a b'"),
        (Not(A), "not a is missing"),
        (Not(Not(A)), "not not a is missing"),
        (Not(And((A, B))), "not (a is missing and b is missing)"),
        (And((A, Or((B, C)))), "a is missing and (b is missing or c is missing)"),
        (Or((And((A, B)), C)), "(a is missing and b is missing) or c is missing"),
        (Or((Not(A), W)), "not a is missing or forest"),
    ],
)
def test_a_filter_is_written_as_it_can_be_typed(tree, written):
    assert str(tree) == written
    assert parse(written) == tree


def test_the_leaves_come_in_the_order_in_which_they_were_written():
    assert list(leaves(Or((And((A, Not(W))), Not(Or((B, C))))))) == [A, W, B, C]
    assert list(leaves(A)) == [A]
    assert list(leaves(None)) == []


def test_each_condition_is_replaced_and_the_rest_stays():
    def renamed(condition):
        return Condition(Name("", condition.name.key * 2), condition.operator)

    tree = Or((And((A, W)), Not(B)))
    assert str(with_conditions(tree, renamed)) == "(aa is missing and forest) or not bb is missing"
    assert str(tree) == "(a is missing and forest) or not b is missing"
    assert with_conditions(W, renamed) is W


def test_the_value_of_a_condition_is_its_first():
    assert Condition(Name("", "lr"), "in", (Value("1"), Value("2"))).value == Value("1")
