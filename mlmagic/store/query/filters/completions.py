"""What may come next in a filter: names, words of the language, and after an operator the values that runs have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.store.query.filters.matching import STATUSES, is_number, value_of
from mlmagic.store.query.filters.names import locate
from mlmagic.store.query.filters.tokens import is_plain, tokens_of
from mlmagic.store.query.filters.tree import KEYWORDS, Condition, Value, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.store.query.filters.names import Keys, Located
    from mlmagic.store.query.filters.tokens import Token

_BEFORE_A_CONDITION = {"and", "or", "not", "("}
_AFTER_IS = {("is",): ("missing", "not"), ("is", "not"): ("missing",)}


def following(before: str, keys: Keys) -> list[str]:
    """Return what may follow *before*, which ends where the word that is being typed begins.

    >>> from mlmagic.store.query.filters.names import Keys
    >>> keys = Keys(metrics=frozenset({"loss"}), params=frozenset({"lr"}))
    >>> following("loss < 1 ", keys), following("status = ", keys)[:2], "lr" in following("not ", keys)
    (['and', 'or'], ['RUNNING', 'SCHEDULED'], True)
    >>> following("status in (", keys)[:2], following("loss is ", keys)
    (['RUNNING', 'SCHEDULED'], ['missing', 'not'])
    """
    tokens = tokens_of(before)
    words = [token.word or token.text for token in tokens]
    if (name := _name_of_open_list(tokens)) is not None:
        return _values(name, keys) if words[-1] in {"(", ","} else []
    if tokens and _is_operator(tokens[-1]):
        return _values(tokens[-2].text, keys) if len(tokens) > 1 else []
    for end, offered in _AFTER_IS.items():
        if tuple(words[-len(end) :]) == end:
            return list(offered)
    if not words or words[-1] in _BEFORE_A_CONDITION:
        return [*names(keys), "not"]
    is_over = words[-1] == ")" or any(tuple(words[:-1][-len(end) :]) == end for end in _AFTER_IS)
    if is_over or (len(tokens) > 1 and _is_operator(tokens[-2])):
        return ["and", "or"]
    return [*names(keys), "and", "or", "like", "in", "is"]


def names(keys: Keys) -> list[str]:
    """Return the names that a filter takes, with the kind in front where two things are called the same."""
    found: dict[str, None] = {}
    for one in keys.known:
        if is_plain(one.label) and one.label.lower() not in KEYWORDS:
            is_alone = len(keys.called(one.label)) == 1 or one.entity == "attribute"
            found[one.label if is_alone else _with_kind(one)] = None
        elif is_plain(one.key) and one.key.lower() not in KEYWORDS:
            found[one.key] = None
    prefixed = [_with_kind(one) for one in keys.known if one.entity != "data" and is_plain(one.label)]
    return [*found, *(name for name in prefixed if name not in found)]


def _with_kind(one: Located) -> str:
    return f"data.{one.label}" if one.entity == "data" else f"{one.entity}s.{one.label}"


def _is_operator(token: Token) -> bool:
    return token.kind == "symbol" or token.word in {"like", "ilike"}


def _name_of_open_list(tokens: Sequence[Token]) -> str | None:
    """Return the name before a list of ``in`` that is not closed yet, or None if there is none."""
    at = len(tokens) - 1
    while at > 0 and (tokens[at].can_be_named or tokens[at].text == ","):
        at -= 1
    before = [token.word for token in tokens[:at]]
    if at < 0 or tokens[at].text != "(" or before[-1:] != ["in"]:
        return None
    place = at - (3 if before[-2:] == ["not", "in"] else 2)
    return tokens[place].text if place >= 0 else None


def _values(written: str, keys: Keys) -> list[str]:
    try:
        found = locate(Condition(name_of(written), "=", (Value("", quoted=True),)), keys)
    except UsageProblem:
        return []
    if is_number(found) or found.entity == "dataset":
        return []
    if (found.entity, found.key) == ("attribute", "status"):
        return list(STATUSES)
    values: Iterable[object] = (value_of(run, found.entity, found.key) for run in keys.runs)
    words = dict.fromkeys(value for value in values if isinstance(value, str))
    return [word for word in words if is_plain(word) and word.lower() not in KEYWORDS]
