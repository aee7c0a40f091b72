"""What a filter says: conditions and words, joined by ``and``, ``or`` and ``not``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlmagic.store.query.filters.tokens import is_plain, unquoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Kind = Literal["metric", "param", "tag", "attribute", "data"]
Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "~", "!~", "like", "ilike", "in", "not in", "is missing", "is not missing"
]
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("metric", "metrics"), "metric"),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), "param"),
    **dict.fromkeys(("tag", "tags"), "tag"),
    **dict.fromkeys(("attr", "attribute", "attributes", "run"), "attribute"),
    **dict.fromkeys(("data", "dataset", "datasets"), "data"),
}
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "like", "ilike", "missing", "null"})


@dataclass(frozen=True)
class Name:
    """A name in a filter: ``prefix`` is what it begins with where that is a kind (``metrics``), ``key`` the rest."""

    prefix: str
    key: str

    @property
    def kind(self) -> Kind | None:
        """The kind that the prefix names, None without one."""
        return _KINDS.get(self.prefix.lower())

    @property
    def whole(self) -> str:
        """The prefix and the key: a section of a config may be called ``run`` or ``tags``."""
        return f"{self.prefix}.{self.key}" if self.prefix else self.key

    def __str__(self) -> str:
        """Return the name as a filter takes it, quoted where it must be."""
        plain = is_plain(self.key) and self.key.lower() not in KEYWORDS and name_of(self.whole) == self
        if plain:
            return self.whole
        marks = '`"' if self.prefix else "`\"'"
        mark = next((one for one in marks if one not in self.key), "`")
        return f"{self.prefix}.{mark}{self.key}{mark}" if self.prefix else f"{mark}{self.key}{mark}"


@dataclass(frozen=True)
class Value:
    """What a condition compares with. A quoted value is text to the letter, even if it reads as a number."""

    text: str
    quoted: bool = False

    def __str__(self) -> str:
        """Return the value as a filter takes it."""
        return _quoted(self.text) if self.quoted else self.text


@dataclass(frozen=True)
class Condition:
    """One comparison: with one value, with several for ``in``, with none for ``is missing``."""

    name: Name
    operator: Operator
    values: tuple[Value, ...] = ()

    @property
    def value(self) -> Value:
        """The value of a condition that has one, the first of several."""
        return self.values[0]

    def __str__(self) -> str:
        """Return the condition as a filter takes it."""
        values = ", ".join(map(str, self.values))
        if self.operator in {"in", "not in"}:
            return f"{self.name} {self.operator} ({values})"
        return f"{self.name} {self.operator} {values}" if self.values else f"{self.name} {self.operator}"


@dataclass(frozen=True)
class Words:
    """A word or a quoted text to look for in what runs hold as text."""

    text: str
    quoted: bool = False

    def __str__(self) -> str:
        """Return the words as a filter takes them."""
        return _quoted(self.text) if self.quoted else self.text


@dataclass(frozen=True)
class Not:
    """What holds for runs for which *part* does not."""

    part: Expression

    def __str__(self) -> str:
        """Return it as a filter takes it."""
        return f"not {_one(self.part)}"


@dataclass(frozen=True)
class And:
    """What holds where all *parts* do."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        """Return it as a filter takes it."""
        return " and ".join(map(_one, self.parts))


@dataclass(frozen=True)
class Or:
    """What holds where one of *parts* does."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        """Return it as a filter takes it."""
        return " or ".join(map(_one, self.parts))


Expression = And | Or | Not | Condition | Words


def name_of(written: str) -> Name:
    """Return a name as it was written, divided into its kind and its key.

    >>> name_of("metrics.`val loss`"), name_of("model.depth")
    (Name(prefix='metrics', key='val loss'), Name(prefix='', key='model.depth'))
    """
    prefix, _, rest = written.partition(".")
    if rest and prefix.lower() in _KINDS:
        return Name(prefix, unquoted(rest, '`"'))
    return Name("", unquoted(written))


def leaves(expression: Expression | None) -> Iterator[Condition | Words]:
    """Yield the conditions and words of a filter, in the order in which they were written."""
    if isinstance(expression, And | Or):
        for part in expression.parts:
            yield from leaves(part)
    elif isinstance(expression, Not):
        yield from leaves(expression.part)
    elif expression is not None:
        yield expression


def with_conditions(expression: Expression, change: Callable[[Condition], Condition]) -> Expression:
    """Return a filter with each condition replaced by what *change* returns for it."""
    if isinstance(expression, And | Or):
        return type(expression)(tuple(with_conditions(part, change) for part in expression.parts))
    if isinstance(expression, Not):
        return Not(with_conditions(expression.part, change))
    return change(expression) if isinstance(expression, Condition) else expression


def _one(expression: Expression) -> str:
    return f"({expression})" if isinstance(expression, And | Or) else str(expression)


def _quoted(text: str) -> str:
    mark = next((one for one in "'\"`" if one not in text), "'")
    return f"{mark}{text}{mark}"
