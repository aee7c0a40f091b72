"""What people write in a filter that the language has another form for; each refusal names that form.

``comparison/web/src/table/filter/mistakes.ts`` refuses the same in the same words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.store.query.filters.problems import EXAMPLE, refused, short
from mlmagic.store.query.filters.tokens import TYPOGRAPHIC_QUOTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.errors import UsageProblem
    from mlmagic.store.query.filters.tokens import Token

MEANT_SIGNS = {"&": "and", "&&": "and", ";": "and", "|": "or", "||": "or", "!": "not"}
"""The words for signs of other languages that join or negate conditions."""
_OPERATORS = "=, !=, <, <=, >, >=, ~, like, in (…), is missing"
_MEANT = {
    "=>": ">=", "=<": "<=", "<>": "!=", "=~": "~", "~=": "~", "===": "=", "!==": "!=", "≥": ">=", "≤": "<=", "≠": "!=",
    "equals": "=", "eq": "=", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<=", "contains": "~",
    "between": ">= and <=",
}  # fmt: skip
_IN_OTHER_QUOTES = {"'": '"o\'neil"', '"': "'the \"best\"'", "`": "'a`b'"}


def refuse_quotes(tokens: Sequence[Token]) -> None:
    """Refuse a quote that is not closed, and a word that begins with a typographic quote."""
    for token in tokens:
        if token.kind == "open":
            quote = token.text
            raise refused(
                f"The quote {quote} is not closed. Put a text with {quote} in it into other quotes: "
                f"name = {_IN_OTHER_QUOTES[quote]}"
            )
        if token.kind == "word" and token.text[0] in TYPOGRAPHIC_QUOTES:
            raise refused(f"Write ' or \" for {token.text[0]}. For example: name = 'first try'")


def no_operator(written: str) -> UsageProblem:
    """Return the refusal of a sign or a word that is not an operator."""
    meant = f" Did you mean {_MEANT[written]}?" if written in _MEANT else ""
    return refused(f"{short(written)} is not an operator.{meant} There are {_OPERATORS}. {EXAMPLE}")


def is_meant_as_operator(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the word at *at*, after a name, is likely to be meant as an operator: ``depth in 1``."""
    word, following = tokens[at].word, tokens[at + 1] if at + 1 < len(tokens) else None
    if word == "not":
        return following is not None and (following.kind == "symbol" or following.word in {"in", "like", "ilike"})
    return word in {"in", "is"} or (word in _MEANT and following is not None)


def is_surely_operator(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the word at *at* makes sense as an operator only: ``in 1, 2``, ``not = 1``."""
    word, *following = tokens[at : at + 4]
    if word.word == "not" and following:
        if following[0].kind == "symbol":
            return True
        word, *following = following
    is_list = [token.text[0] in "[{" for token in following[:1]] + [token.text == "," for token in following[:2]]
    return word.word == "in" and any(is_list)


def word_for_operator(text: str, tokens: Sequence[Token], at: int, name: str) -> UsageProblem:
    """Return the refusal of the word at *at*, which `is_meant_as_operator`, after *name*."""
    word, following = tokens[at].word, tokens[at + 1] if at + 1 < len(tokens) else None
    is_negated = "not" in {word, following.word if following else ""}
    values = _values_from(text, tokens, at + 1 + is_negated)
    if word == "is":
        compared = f"{name} {'!=' if is_negated else '='} {values or 'adam'}"
        return refused(f"After 'is' comes missing or not missing. For a value: {compared}")
    if word == "in" or (following and following.word == "in"):
        listed = f"{name} {'not in' if is_negated else 'in'} ({values or 'a, b'})"
        return refused(f"A list stands in parentheses: {listed}")
    if word == "not" and following:
        return refused(f"Write 'not' before the name: not {name} {short(following.text)} {values or 'adam'}")
    return no_operator(word)


def _values_from(text: str, tokens: Sequence[Token], first: int) -> str:
    """Return the values that begin at *first* as they were written, without brackets around them."""
    end = first
    while end < len(tokens) and (tokens[end].can_be_named or tokens[end].text == ","):
        end += 1
    return short(text[tokens[first].start : tokens[end - 1].end].strip("[]{}, ")) if end > first else ""
