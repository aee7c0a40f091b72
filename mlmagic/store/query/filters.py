"""The filter of ``%runs``: MLflow's own syntax, and plain conditions such as ``accuracy > 0.9``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mlmagic.errors import UsageProblem

Entity = Literal["metric", "param", "tag", "attribute", "dataset"]
EXAMPLE = "For example: accuracy > 0.9 and optimizer = adam"

_ENTITIES: dict[str, Entity] = {
    **dict.fromkeys(("metric", "metrics"), "metric"),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), "param"),
    **dict.fromkeys(("tag", "tags"), "tag"),
    **dict.fromkeys(("attr", "attribute", "attributes", "run"), "attribute"),
    **dict.fromkeys(("dataset", "datasets"), "dataset"),
}
_SYMBOLS = ("=", "!=", "<", "<=", ">", ">=")
_WORDS = ("like", "ilike", "in", "not in", "is null", "is not null")
_MISSPELT = {
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "~": "like",
    "=~": "like",
    "~=": "like",
    ":=": "=",
    "===": "=",
}
_TOKEN = re.compile(
    r"""(?P<name>(?:[A-Za-z]+\.)?`[^`]*`|[A-Za-z]+\."[^"]*")   # `val loss`, metrics.`val loss`, tags."a b"
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<symbol>[=<>!~]+)
      | (?P<mark>[(),&|;])
      | (?P<word>[^\s=<>!~'"`(),&|;]+)
      | (?P<open>['"`])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Condition:
    """One comparison as the user wrote it.

    ``entity`` is None for a bare name, and ``written`` is the whole name (``run.lr``). ``quoted`` means that the value
    is text even if it looks like a number; ``choices`` are those of ``in (…)``.
    """

    entity: Entity | None
    key: str
    written: str
    operator: str
    value: str = ""
    quoted: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        return self.text.lower() if self.kind == "word" else ""


def parse(text: str) -> tuple[Condition, ...]:
    """Split a filter into its conditions, which ``and`` joins.

    Raises
    ------
    UsageProblem
        When a condition lacks a name, an operator or a value, or is joined by anything but ``and``.

    Examples
    --------
    >>> [(c.key, c.operator, c.value) for c in parse("accuracy > 0.9 and optimizer = 'adam w'")]
    [('accuracy', '>', '0.9'), ('optimizer', '=', 'adam w')]
    >>> parse("metrics.`val loss` <= 1")[0].entity
    'metric'
    """
    if not text.strip():
        return ()
    tokens = [_token(match) for match in _TOKEN.finditer(text)]
    unclosed = next((token for token in tokens if token.kind == "open"), None)
    if unclosed:
        raise UsageProblem(f"The quote {unclosed.text} in the filter {text!r} is not closed. {EXAMPLE}")
    groups: list[list[_Token]] = [[]]
    for token in tokens:
        if token.word == "and":
            groups.append([])
        else:
            groups[-1].append(token)
    if any(not group for group in groups):
        raise UsageProblem(f"The filter {text!r} has an 'and' without a condition on each side. {EXAMPLE}")
    return tuple(_condition(text, group) for group in groups)


def _token(match: re.Match[str]) -> _Token:
    return _Token(str(match.lastgroup), match.group(), match.start(), match.end())


def _condition(text: str, tokens: list[_Token]) -> Condition:
    written = text[tokens[0].start : tokens[-1].end]
    at, length, operator = _operator(tokens, written)
    left, right = tokens[:at], tokens[at + length :]
    if not left:
        raise UsageProblem(f"The condition {written!r} begins with its operator: name what to compare. {EXAMPLE}")
    name = text[left[0].start : left[-1].end]
    entity, key = split_key(name)
    if entity is None and number_or_none(key) is not None:
        raise UsageProblem(f"{written!r} begins with a number: write the name first. {EXAMPLE}")
    if operator.startswith("is "):
        if right:
            raise UsageProblem(f"Nothing may follow {operator!r}: {written!r}. Join conditions by 'and'. {EXAMPLE}")
        return Condition(entity, key, name, operator)
    if not right:
        raise UsageProblem(f"The condition {written!r} has no value after {operator!r}. {EXAMPLE}")
    if operator in {"in", "not in"}:
        values = [token.text.strip("'\"") for token in right if token.kind != "mark"]
        if right[0].text != "(" or right[-1].text != ")" or not values:
            raise UsageProblem(f"{operator!r} takes a list: {key} {operator} (a, b), got {written!r}.")
        return Condition(entity, key, name, operator, choices=tuple(values))
    _refuse_second_comparison(right, written)
    if len(right) == 1 and right[0].kind == "text":
        return Condition(entity, key, name, operator, right[0].text[1:-1], quoted=True)
    return Condition(entity, key, name, operator, text[right[0].start : right[-1].end])


def _operator(tokens: list[_Token], written: str) -> tuple[int, int, str]:
    """Return the operator's position, its number of tokens, and its normal form."""
    for at, token in enumerate(tokens):
        if token.kind == "symbol":
            symbol = "=" if token.text == "==" else token.text
            if symbol not in _SYMBOLS:
                meant = f" Did you mean {_MISSPELT[symbol]!r}?" if symbol in _MISSPELT else ""
                raise UsageProblem(
                    f"{token.text!r} is not an operator.{meant} There are {', '.join((*_SYMBOLS, *_WORDS))}. {EXAMPLE}"
                )
            return at, 1, symbol
        if at == 0:
            continue
        for words in sorted(_WORDS, key=len, reverse=True):
            length = len(words.split())
            if [other.word for other in tokens[at : at + length]] == words.split():
                return at, length, words
    raise UsageProblem(
        f"The condition {written!r} has no operator: there are {', '.join((*_SYMBOLS, *_WORDS))}. {EXAMPLE}"
    )


def _refuse_second_comparison(right: list[_Token], written: str) -> None:
    if any(token.word == "or" for token in right) and any(token.kind == "symbol" for token in right):
        raise UsageProblem(
            f"Conditions are joined by 'and' only, 'or' is not there: {written!r}. "
            "Filter the frame instead: df = %runs, then df[(df.a > 1) | (df.b > 1)]."
        )
    if any(token.kind == "symbol" for token in right):
        raise UsageProblem(
            f"{written!r} holds two comparisons: join them by 'and', or quote a value with signs. {EXAMPLE}"
        )


def split_key(name: str) -> tuple[Entity | None, str]:
    """Return the kind that a name specifies, or None for a bare name, and the key itself.

    >>> split_key("metrics.`val loss`"), split_key("model.depth")
    (('metric', 'val loss'), (None, 'model.depth'))
    """
    prefix, dot, rest = name.partition(".")
    entity = _ENTITIES.get(prefix.lower()) if dot else None
    if entity and rest:
        return entity, rest.strip('`"')
    return None, name.strip("`'\"")


def number_or_none(text: str) -> float | None:
    """Return *text* as a number, or None if it is not one.

    >>> number_or_none("1e-3"), number_or_none("adam"), number_or_none("1_000")
    (0.001, None, None)
    """
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None
