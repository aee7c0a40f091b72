import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.store.query.filters.parser import parse
from mlmagic.store.query.filters.tokens import is_plain
from mlmagic.store.query.filters.tree import And, Condition, Name, Not, Or, Value, Words, leaves
from mlmagic.store.query.filters.values import like, number_or_none, seconds_or_none
from mlmagic.suggestions import did_you_mean


def as_written(text, *names):
    found = leaves(parse(text, lambda name: name in names))
    return [(c.name.kind, c.name.key, c.operator, *(value.text for value in c.values)) for c in found]


def parsed(text, is_name=lambda _: False):
    """Return the tree of a filter, or the refusal."""
    try:
        return parse(text, is_name), None
    except UsageProblem as problem:
        return None, problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accuracy > 0.9", [(None, "accuracy", ">", "0.9")]),
        ("accuracy>.9 AND lr=0.1", [(None, "accuracy", ">", ".9"), (None, "lr", "=", "0.1")]),
        ("lr == 1e-3", [(None, "lr", "=", "1e-3")]),
        ("val loss < 0.3", [(None, "val loss", "<", "0.3")]),
        ("name = my best run", [(None, "name", "=", "my best run")]),
        ("name = trick or a = b", [(None, "name", "=", "trick"), (None, "a", "=", "b")]),
        ("name = 'rock and roll'", [(None, "name", "=", "rock and roll")]),
        ("name = f(x, y) z", [(None, "name", "=", "f(x, y) z")]),
        ("model.depth >= 3", [(None, "model.depth", ">=", "3")]),
        ("metrics.`val loss` < 1", [("metric", "val loss", "<", "1")]),
        ("params.lr = '0.1'", [("param", "lr", "=", "0.1")]),
        ('tags."a b" LIKE "x%"', [("tag", "a b", "like", "x%")]),
        ("attributes.status != 'FAILED'", [("attribute", "status", "!=", "FAILED")]),
        ("optimizer not in (adam, 'sgd')", [(None, "optimizer", "not in", "adam", "sgd")]),
        ("lr is not null and seed is null", [(None, "lr", "is not missing"), (None, "seed", "is missing")]),
        ("größe = 5", [(None, "größe", "=", "5")]),
        ("  ", []),
    ],
)
def test_conditions_are_read_as_written(text, expected):
    assert as_written(text, "val loss") == expected


def test_or_binds_less_than_and_and_not_the_most():
    a, b, c = (Words(word) for word in "abc")
    assert parse("a or b and not c") == Or((a, And((b, Not(c)))))
    assert parse("(a or b) c") == And((Or((a, b)), c))
    assert parse("not a b") == And((Not(a), b))


@given(st.text(alphabet="ab.`'\"()=<>!~ ,&1°andorti\n", max_size=30) | st.text(max_size=30))
def test_any_text_is_parsed_or_refused_in_one_line(text):
    tree, problem = parsed(text)
    assert problem is None or len(str(problem).splitlines()) == 1
    assert (tree is not None) == (problem is None and bool(text.strip()))
    assert tree is None or parse(str(tree)) == tree


@given(st.text(st.characters(exclude_characters="'\""), min_size=1), st.sampled_from(["=", "!=", "like", "~"]))
def test_a_quoted_value_is_kept_to_the_letter(value, operator):
    assert parse(f"name {operator} '{value}'") == Condition(Name("", "name"), operator, (Value(value, quoted=True),))


TEXTS = st.text(st.characters(exclude_characters="'\"`", exclude_categories=["Cs"]), max_size=8)
PLAIN = st.sampled_from(["adam", "0.1", "my run", "copy (2)", "a, b"])
VALUES = st.builds(Value, TEXTS, st.just(True)) | st.builds(Value, PLAIN)
CHOICES = st.builds(Value, TEXTS, st.just(True)) | st.builds(Value, st.sampled_from(["adam", "0.1"]))
KEYS = st.sampled_from(["loss", "val loss", "model.depth", "and", "in", "metrics.x", "it's", 'say "x"']) | TEXTS.filter(
    bool
)
NAMES = st.builds(Name, st.just(""), KEYS) | st.builds(Name, st.sampled_from(["metrics", "run", "Tags"]), KEYS)
LEAVES = (
    st.builds(Condition, NAMES, st.sampled_from(["=", "!=", "<", ">=", "~", "!~", "like", "ilike"]), st.tuples(VALUES))
    | st.builds(Condition, NAMES, st.sampled_from(["in", "not in"]), st.lists(CHOICES, min_size=1).map(tuple))
    | st.builds(Condition, NAMES, st.sampled_from(["is missing", "is not missing"]))
    | st.builds(Words, TEXTS, st.just(True))
    | st.builds(Words, st.sampled_from(["adam", "0.1", "like", "in"]))
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts)))
    ),
    max_leaves=12,
)


@given(TREES)
def test_a_tree_written_out_is_read_back(tree):
    assert parse(str(tree)) == tree


@pytest.mark.parametrize(
    "text",
    [
        *("a " * 20_000, "a " * 20_000 + "= 1", "(" * 20_000, "not " * 20_000, "a = b (" * 5000, "'" * 20_001),
        *("a = b " + "(c " * 20_000, "a." * 50_000, "a" * 100_000 + ".", "x in (" + "a," * 20_000, "a or " * 20_000),
        *("a = " + "b (c) " * 10_000, "a = " + "b, " * 20_000, "1" * 100_000 + "x = " + "1" * 100_000),
    ],
)
def test_a_hostile_text_takes_no_time(text):
    # Were it quadratic, the time limit of the test run would end it.
    _, problem = parsed(text, lambda name: is_plain(name) and number_or_none(name) is not None)
    assert problem is None or len(str(problem)) < 300


def test_a_hostile_pattern_takes_no_time():
    assert not like("%a" * 50 + "%b")("a" * 100_000)
    assert seconds_or_none("1" * 100_000 + " " * 100_000 + "x") is None
    assert number_or_none("1" * 100_000 + "x") is None
    assert did_you_mean("x" * 80, ["x" * 75 + "y" * (number % 9) for number in range(500)])


def test_depth_is_bounded():
    deep = "not " * 40 + "(" * 10 + "a = 1" + ")" * 10
    assert parse(str(parse(deep))) == parse(deep)
    with pytest.raises(UsageProblem, match="nested too deeply"):
        parse("not " * 60 + "a")
