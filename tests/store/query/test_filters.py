import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.store.query.filters import parse


def as_written(text):
    return [(c.entity, c.key, c.operator, c.value or c.choices) for c in parse(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accuracy > 0.9", [(None, "accuracy", ">", "0.9")]),
        ("accuracy>.9 AND lr=0.1", [(None, "accuracy", ">", ".9"), (None, "lr", "=", "0.1")]),
        ("lr == 1e-3", [(None, "lr", "=", "1e-3")]),
        ("val loss < 0.3", [(None, "val loss", "<", "0.3")]),
        ("name = my best run", [(None, "name", "=", "my best run")]),
        ("name = trick or treat", [(None, "name", "=", "trick or treat")]),
        ("name = 'rock and roll'", [(None, "name", "=", "rock and roll")]),
        ("model.depth >= 3", [(None, "model.depth", ">=", "3")]),
        ("metrics.`val loss` < 1", [("metric", "val loss", "<", "1")]),
        ("params.lr = '0.1'", [("param", "lr", "=", "0.1")]),
        ('tags."a b" LIKE "x%"', [("tag", "a b", "like", "x%")]),
        ("attributes.status != 'FAILED'", [("attribute", "status", "!=", "FAILED")]),
        ("optimizer not in (adam, 'sgd')", [(None, "optimizer", "not in", ("adam", "sgd"))]),
        ("lr is not null and seed is null", [(None, "lr", "is not null", ()), (None, "seed", "is null", ())]),
        ("größe = 5", [(None, "größe", "=", "5")]),
        ("  ", []),
    ],
)
def test_conditions_are_read_as_written(text, expected):
    assert as_written(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("accuracy", "has no operator: there are =, !=, <"),
        ("accuracy => 0.9", r"'=>' is not an operator\. Did you mean '>='\?"),
        ("accuracy >", "has no value after '>'"),
        ("> 0.9", "begins with its operator"),
        ("0.9 < accuracy", "begins with a number: write the name first"),
        ("a > 1 and", "'and' without a condition on each side"),
        ("a > 1 b < 2", "holds two comparisons: join them by 'and'"),
        ("a > 1 or b < 2", r"'or' is not there.*Filter the frame instead"),
        ("name = 'x", "The quote ' in the filter .* is not closed"),
        ("a in adam", r"takes a list: a in \(a, b\)"),
        ("a is null 3", "Nothing may follow 'is null'"),
    ],
)
def test_a_wrong_filter_is_told_in_one_line(text, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


@given(st.text(alphabet="ab.`'\"()=<>!~ ,&1°and", max_size=30))
def test_any_text_is_parsed_or_refused(text):
    try:
        conditions = parse(text)
    except UsageProblem:
        return
    assert bool(conditions) == bool(text.strip())


@given(st.text(st.characters(exclude_characters="'\""), min_size=1), st.sampled_from(["=", "!=", "like"]))
def test_a_quoted_value_is_kept_to_the_letter(value, operator):
    (condition,) = parse(f"name {operator} '{value}'")
    assert (condition.value, condition.quoted, condition.operator) == (value, True, operator)
