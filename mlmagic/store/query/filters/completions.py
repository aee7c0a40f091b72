"""What may come next in a filter: names, words of the language, and after an operator the values that runs have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.store.query.filters.matching import STATUSES, value_of
from mlmagic.store.query.filters.tokens import is_plain, tokens_of
from mlmagic.store.query.filters.tree import KEYWORDS, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.store.query.filters.names import Keys

_BEFORE_A_CONDITION = {"", "and", "or", "not", "("}


def following(before: str, keys: Keys) -> list[str]:
    """Return what may follow *before*, which ends where the word that is being typed begins.

    >>> from mlmagic.store.query.filters.names import Keys
    >>> keys = Keys(metrics=frozenset({"loss"}), params=frozenset({"lr"}))
    >>> following("loss < 1 ", keys), following("status = ", keys)[:2], "lr" in following("not ", keys)
    (['and', 'or'], ['RUNNING', 'SCHEDULED'], True)
    """
    tokens = tokens_of(before)
    last = tokens[-1] if tokens else None
    if last and last.kind == "symbol":
        return _values(tokens[-2].text, keys) if len(tokens) > 1 else []
    if last is None or (last.word or last.text) in _BEFORE_A_CONDITION:
        return [*names(keys), "not"]
    if len(tokens) > 1 and tokens[-2].kind == "symbol":
        return ["and", "or"]
    return [*names(keys), "and", "or", "like", "in", "is"]


def names(keys: Keys) -> list[str]:
    """Return the names that a filter takes, with the kind in front where two things are called the same."""
    found: dict[str, None] = {}
    for one in keys.known:
        if is_plain(one.label) and one.label.lower() not in KEYWORDS:
            is_alone = len(keys.called(one.label)) == 1 or one.entity == "attribute"
            found[one.label if is_alone else f"{one.entity}s.{one.label}"] = None
        elif is_plain(one.key):
            found[one.key] = None
    prefixed = [f"{one.entity}s.{one.label}" for one in keys.known if one.entity != "data" and is_plain(one.label)]
    return [*found, *(name for name in prefixed if name not in found)]


def _values(written: str, keys: Keys) -> list[str]:
    name = name_of(written)
    found = [one for one in keys.called(name.key) if name.kind in {None, one.entity}]
    if not found or found[0].entity == "metric":
        return []
    if (found[0].entity, found[0].key) == ("attribute", "status"):
        return list(STATUSES)
    values: Iterable[object] = (value_of(run, found[0].entity, found[0].key) for run in keys.runs)
    words = dict.fromkeys(value for value in values if isinstance(value, str))
    return [word for word in words if is_plain(word) and word.lower() not in KEYWORDS]
