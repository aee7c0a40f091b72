"""The words and signs of a filter, and where each stands in its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.store.query.filters.tokens import TYPOGRAPHIC_QUOTES, is_plain, tokens_of, unquoted

KINDS = [
    ("loss", "word"),
    ("größe", "word"),
    ("a.b-c/d:e", "word"),
    ("0.1", "word"),
    ("-1e-3", "word"),
    ("precision@5", "word"),
    ("`val loss`", "name"),
    ("``", "name"),
    ("metrics.`val loss`", "name"),
    ('tags."a b"', "name"),
    ("'a b'", "text"),
    ('"a b"', "text"),
    ("''", "text"),
    ("'say \"x\"'", "text"),
    ("=", "symbol"),
    ("!=", "symbol"),
    ("=>", "symbol"),
    ("~", "symbol"),
    ("≥", "symbol"),
    ("&", "mark"),
    ("&&", "mark"),
    ("||", "mark"),
    ("(", "mark"),
    (")", "mark"),
    (",", "mark"),
    (";", "mark"),
    ("'", "open"),
    ('"', "open"),
    ("`", "open"),
]


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_each_token_has_one_kind(text, kind):
    (token,) = tokens_of(text)
    assert (token.kind, token.text, token.start, token.end) == (kind, text, 0, len(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a<1", ["a", "<", "1"]),
        ("a <= 1", ["a", "<=", "1"]),
        ("a!=b", ["a", "!=", "b"]),
        ("a=-1", ["a", "=", "-1"]),
        ("(a)", ["(", "a", ")"]),
        ("((a", ["(", "(", "a"]),
        ("a,b;c", ["a", ",", "b", ";", "c"]),
        ("a&&&b", ["a", "&&", "&", "b"]),
        ("a|b||c", ["a", "|", "b", "||", "c"]),
        ("'a''b'", ["'a'", "'b'"]),
        ("a'b'", ["a", "'b'"]),
        ("o'neil", ["o", "'", "neil"]),
        ("'it's'", ["'it'", "s", "'"]),
        ("params.`a`.`b`", ["params.`a`", ".", "`b`"]),
        ("1.`a`", ["1.", "`a`"]),
        ("params.'a'", ["params.", "'a'"]),
        ("a\n\tb", ["a", "b"]),
        ("“best” run", ["“best”", "run"]),
    ],
)
def test_a_text_is_divided_where_the_kind_changes(text, expected):
    assert [token.text for token in tokens_of(text)] == expected


@given(st.text(alphabet="ab .`'\"()=<>!~,&|;\n", max_size=25) | st.text(max_size=25))
def test_tokens_and_the_space_between_them_are_the_whole_text(text):
    tokens = tokens_of(text)
    at, rest = 0, []
    for token in tokens:
        rest.append(text[at : token.start])
        assert text[token.start : token.end] == token.text != ""
        at = token.end
    assert not "".join([*rest, text[at:]]).strip()


@pytest.mark.parametrize(
    ("text", "word", "can_be_named"),
    [
        ("AND", "and", False),
        ("Or", "or", False),
        ("NOT", "not", True),
        ("In", "in", True),
        ("'and'", "", True),
        ("`or`", "", True),
        ("(", "", False),
        ("=", "", False),
        ("'", "", False),
    ],
)
def test_and_and_or_are_no_part_of_a_name_unless_they_are_quoted(text, word, can_be_named):
    (token,) = tokens_of(text)
    assert (token.word, token.can_be_named) == (word, can_be_named)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("loss", True), ("model.depth", True), ("größe", True), ("a@b", True), ("[x]", True)),
        *(("", False), ("a b", False), ("a\tb", False), ("a\n", False), ("a(b", False), ("a,b", False), ("a;b", False)),
        *((f"a{mark}b", False) for mark in "=<>!~≤≥≠'\"`()&|"),
        *((f"{quote}a", False) for quote in TYPOGRAPHIC_QUOTES),
        *((f"a{quote}", True) for quote in TYPOGRAPHIC_QUOTES),
    ],
)
def test_a_plain_text_is_one_word_that_needs_no_quotes(text, expected):
    assert is_plain(text) is expected


@given(st.text(max_size=12))
def test_a_plain_text_is_one_token_of_words(text):
    if is_plain(text):
        assert [(token.kind, token.text) for token in tokens_of(text)] == [("word", text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("'a'", "a"), ('"a b"', "a b"), ("`a`", "a"), ("a", "a"), ("", ""), ("'", ""), ("''", ""), ("'a", "a")),
        *(("a'", "a"), ("''a''", "'a'"), ("a`b", "a`b")),
    ],
)
def test_one_quote_at_each_end_is_taken_off(text, expected):
    assert unquoted(text) == expected


def test_only_the_quotes_that_are_named_are_taken_off():
    assert unquoted("'a'", '`"') == "'a'"
    assert unquoted('"a`', '`"') == "a"
