"""Reading a filter into a tree, as ``comparison/web/src/table/filter/parse.ts`` does.

::

    any   := all ("or" all)*
    all   := one (["and"] one)*
    one   := "not" one | "(" any ")" | name operator value | word
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mlmagic.store.query.filters.mistakes import (
    MEANT_SIGNS,
    is_meant_as_operator,
    is_surely_operator,
    no_operator,
    refuse_quotes,
    word_for_operator,
)
from mlmagic.store.query.filters.problems import EXAMPLE, refused, short
from mlmagic.store.query.filters.tokens import Token, tokens_of
from mlmagic.store.query.filters.tree import And, Condition, Expression, Not, Or, Value, Words, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.store.query.filters.tree import Operator

_SYMBOLS: dict[str, Operator] = {
    "=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "~": "~", "!~": "!~",
}  # fmt: skip
_WORDED: dict[str, Operator] = {
    "is missing": "is missing", "is null": "is missing", "in (": "in", "not in (": "not in",
    "is not missing": "is not missing", "is not null": "is not missing",
}  # fmt: skip
_MOST_OF_AN_OPERATOR = 3
_DEEPEST = 50
_MOST_WORDS = 50  # of a name
_FEW_WORDS = 5  # of a name before a word that may be meant as an operator


def parse(text: str, is_name: Callable[[str], bool] = lambda _: False) -> Expression | None:
    """Return what a filter says, None if it says nothing. *is_name* recognises names of several words.

    Raises
    ------
    UsageProblem
        When a condition lacks a name, an operator or a value, or a quote or parenthesis is not closed.

    Examples
    --------
    >>> print(parse("accuracy > 0.9 and (optimizer = 'adam w' or team is missing)"))
    accuracy > 0.9 and (optimizer = 'adam w' or team is missing)
    >>> print(parse("ann val loss < 1", lambda name: name == "val loss"))
    ann and `val loss` < 1
    """
    return _Parser(text, is_name).parse()


class _Parser:
    def __init__(self, text: str, is_name: Callable[[str], bool]) -> None:
        self._text = text
        self._is_name = is_name
        self._tokens = tokens_of(text)
        self._at = 0
        self._depth = 0
        # From where the last search for an operator went, where it stopped, and what it found there.
        self._first = self._name = self._stop = 0
        self._operator: tuple[Operator, int] | None = None

    def parse(self) -> Expression | None:
        if not self._tokens:
            return None
        refuse_quotes(self._tokens)
        found = self._any()
        if left := self._token():
            raise refused(f"This {left.text} has no ( before it. {EXAMPLE}")
        return found

    def _any(self) -> Expression:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Expression:
        parts = [self._one()]
        while True:
            following = self._token()
            if not self._take("and") and (following is None or following.text == ")" or following.word == "or"):
                return parts[0] if len(parts) == 1 else And(tuple(parts))
            parts.append(self._one())

    def _one(self) -> Expression:
        token = self._token()
        if token is None or token.text == ")" or token.word in {"and", "or"}:
            after = f"after {self._tokens[self._at - 1].text}" if self._at else "before it"
            raise refused(f"A condition is missing {after}. {EXAMPLE}")
        if self._depth > _DEEPEST:
            raise refused("This filter is nested too deeply.")
        if token.word == "not" or token.text == "(":
            self._at += 1
            self._depth += 1
            found = Not(self._one()) if token.word == "not" else self._any()
            self._depth -= 1
            if token.text == "(":
                self._close()
            return found
        if meant := MEANT_SIGNS.get(token.text):
            raise refused(f"Write '{meant}' for {token.text}.")
        if token.kind == "symbol":
            raise refused(f"Name what {short(token.text)} compares: write a name before it. {EXAMPLE}")
        if token.kind == "mark":
            raise refused(f"The {token.text} stands alone. {EXAMPLE}")
        return self._condition() or self._word(token)

    def _close(self) -> None:
        following = self._token()
        if following is None or following.text != ")":
            raise refused(f"This ( is not closed. {EXAMPLE}")
        self._at += 1

    def _word(self, token: Token) -> Words:
        self._at += 1
        is_quoted = token.text[0] in "'\"`"
        return Words(token.text[1:-1] if is_quoted else token.text, quoted=is_quoted)

    def _condition(self) -> Condition | None:
        """Read ``name operator value`` if that comes next. Words before the name are left as words."""
        first = self._at
        if not self._first <= first < self._stop:
            self._find_operator()
        if self._operator is None or self._name > first:
            return None
        operator, length = self._operator
        written = self._text[self._tokens[first].start : self._tokens[self._stop - 1].end]
        self._at = self._stop + length
        if operator in {"in", "not in"}:
            return Condition(name_of(written), operator, self._choices(short(written), operator))
        if operator in {"is missing", "is not missing"}:
            return Condition(name_of(written), operator)
        return Condition(name_of(written), operator, (self._value(short(written), operator),))

    def _find_operator(self) -> None:
        """Find the operator after the words that begin here, and the name before it: once for all of these words."""
        self._first = at = self._at
        operator = None
        while (token := self._token(at)) and token.can_be_named and not (operator := self._operator_at(at)):
            at += 1
        self._stop = at
        self._operator = operator or (self._operator_at(at) if at > self._first else None)
        self._name = self._name_start() if self._operator else at

    def _name_start(self) -> int:
        """Return where the longest known name before the operator starts, else where its last word does."""
        last = self._stop - 1
        end = self._tokens[last].end
        for start in range(max(self._first, last - _MOST_WORDS), last):
            if self._is_name(self._text[self._tokens[start].start : end]):
                return start
        return last

    def _operator_at(self, at: int) -> tuple[Operator, int] | None:
        """Return the operator that stands here and how many tokens it takes."""
        token = self._token(at)
        if token is None or at == self._first:
            return None
        if token.kind == "symbol":
            if token.text in _SYMBOLS:
                return _SYMBOLS[token.text], 1
            raise no_operator(token.text)
        if token.word in {"like", "ilike"}:
            return (cast("Operator", token.word), 1) if self._token(at + 1) else None
        ahead = [other.word or other.text for other in self._tokens[at : at + _MOST_OF_AN_OPERATOR]]
        for written, operator in _WORDED.items():
            words = written.split()
            if ahead[: len(words)] == words:
                return operator, len(words) - words.count("(")
        if is_meant_as_operator(self._tokens, at) and (name := self._name_before(at)):
            raise word_for_operator(self._text, self._tokens, at, short(name))
        return None

    def _name_before(self, at: int) -> str | None:
        """Return the longest known name of a few words before *at*; without one, the last word before an operator."""
        end = self._tokens[at - 1].end
        names = (self._text[token.start : end] for token in self._tokens[max(self._first, at - _FEW_WORDS) : at])
        last = self._tokens[at - 1].text if is_surely_operator(self._tokens, at) else None
        return next(filter(self._is_name, names), last)

    def _choices(self, name: str, operator: Operator) -> tuple[Value, ...]:
        self._at += 1
        choices: list[Value] = []
        while (token := self._token()) is None or token.text != ")":
            if token is None:
                raise refused(f"This ( is not closed: {name} {operator} (a, b).")
            if token.kind == "symbol" or token.text == "(":
                raise refused(f"A list holds values: {name} {operator} (a, b).")
            if token.kind != "mark":
                choices.append(_value(token))
            self._at += 1
        self._at += 1
        if not choices:
            raise refused(f"The list is empty: {name} {operator} (a, b).")
        return tuple(choices)

    def _value(self, name: str, operator: Operator) -> Value:
        first = self._at
        while (token := self._token()) and token.can_be_named:
            self._at += 1
            self._take_marks()
        following = self._token()
        if following is not None and following.kind == "symbol":
            raise refused(f"Two comparisons in one: join them by 'and', or quote a value with signs. {EXAMPLE}")
        if self._at == first:
            if self._is_open(first):
                raise refused(f"A list is for in: {name} in (a, b).")
            raise refused(f"A value is missing after {operator}. For example: {name} {operator} 0.2")
        if self._at == first + 1:
            return _value(self._tokens[first])
        if any(token.kind == "text" for token in self._tokens[first : self._at]):
            raise refused(f'Put the whole value into one pair of quotes. For example: {name} {operator} "o\'neil"')
        return Value(self._text[self._tokens[first].start : self._tokens[self._at - 1].end])

    def _take_marks(self) -> None:
        """Take what else belongs to a value after a word of it: ``a, b`` and ``copy (2)``."""
        at = self._at
        if (token := self._token(at)) and token.text == "," and (other := self._token(at + 1)) and other.can_be_named:
            self._at += 1
        if not self._is_open(at) or ((token := self._token(at + 1)) and token.word == "not"):
            return
        at += 1
        while (token := self._token(at)) and (token.can_be_named or token.text == ","):
            at += 1
        if token and token.text == ")":
            self._at = at + 1

    def _is_open(self, at: int) -> bool:
        token = self._token(at)
        return token is not None and token.text == "("

    def _token(self, at: int | None = None) -> Token | None:
        at = self._at if at is None else at
        return self._tokens[at] if at < len(self._tokens) else None

    def _take(self, word: str) -> bool:
        token = self._token()
        if token is None or token.word != word:
            return False
        self._at += 1
        return True


def _value(token: Token) -> Value:
    is_quoted = token.text[0] in "'\"`"
    return Value(token.text[1:-1] if is_quoted else token.text, quoted=is_quoted)
