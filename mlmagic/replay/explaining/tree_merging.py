"""Merge two syntax trees of one cell: walk them side by side, and choose at each difference which of both stays."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mlmagic.replay.explaining.source_difference import (
    NOT_GIVEN,
    SEEDING,
    Kind,
    SourceDifference,
    first_line,
    is_plain,
    names_a_seed,
    stretches,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Part = TypeVar("Part", bound=ast.AST)


class _Owner(NamedTuple):
    """What an expression is the value of."""

    name: str
    before: str
    after: str
    kind: Kind


class _UnnamedError(Exception):
    """A difference inside a statement has no name of its own, so the statement differs as a whole."""


def merged_statements(
    before: Sequence[ast.stmt], after: Sequence[ast.stmt], taken: Callable[[SourceDifference], bool]
) -> list[ast.stmt]:
    """Return the statements *before*, with the differences for which *taken* is true from *after*."""
    return _Merge(taken).statements(before, after)


def _dump(node: ast.AST | None) -> str:
    return "" if node is None else ast.dump(node)


def _head(node: ast.stmt) -> str:
    """Return what makes a statement the same one in another version: its kind, and what it binds, defines or calls."""
    kind = type(node).__name__
    if isinstance(node, ast.Assign):
        return f"{kind} {' '.join(map(_dump, node.targets))}"
    if isinstance(node, ast.AnnAssign | ast.AugAssign):
        return f"{kind} {_dump(node.target)}"
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return f"{kind} {node.name}"
    if isinstance(node, ast.For | ast.AsyncFor):
        return f"{kind} {_dump(node.target)}"
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value
        magic = _dump(called.args[0]) if _is_line_magic(called) else ""
        return f"{kind} {_dump(called.func)} {magic}"
    return kind


def _is_line_magic(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "run_line_magic"
        and len(node.args) > 1
        and all(isinstance(one, ast.Constant) for one in node.args[:2])
    )


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class _Merge:
    """Walks two trees side by side; ``taken`` decides at each difference which of both stays."""

    def __init__(self, taken: Callable[[SourceDifference], bool]) -> None:
        self._taken = taken

    def statements(self, before: Sequence[ast.stmt], after: Sequence[ast.stmt]) -> list[ast.stmt]:
        merged: list[ast.stmt] = []
        dumps = [_dump(one) for one in before], [_dump(one) for one in after]
        for what, i1, i2, j1, j2 in stretches(*dumps):
            if what == "equal":
                merged += before[i1:i2]
                continue
            old, new = before[i1:i2], after[j1:j2]
            for how, k1, k2, m1, m2 in stretches(list(map(_head, old)), list(map(_head, new))):
                if how == "equal":
                    merged += [self.statement(*pair) for pair in zip(old[k1:k2], new[m1:m2], strict=True)]
                else:
                    merged += self._stretch(old[k1:k2], new[m1:m2])
        return merged

    def _stretch(self, old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
        texts = [first_line("\n".join(map(ast.unparse, stretch))) for stretch in (old, new)]
        return new if self._taken(SourceDifference("code", texts[1] or texts[0], *texts)) else old

    def statement(self, before: ast.stmt, after: ast.stmt) -> ast.stmt:
        if _dump(before) == _dump(after):
            return before
        found: list[SourceDifference] = []

        def collect(one: SourceDifference) -> bool:
            found.append(one)
            return False

        try:
            _Merge(collect)._fields(before, after)
        except _UnnamedError:
            (one,) = self._stretch([before], [after])
            return one
        return self._fields(before, after)

    def _fields(self, before: Part, after: Part) -> Part:
        """Merge two statements with the same head, or two of their clauses, field by field."""
        changed: dict[str, Any] = {}
        for name in before._fields:
            old, new = getattr(before, name), getattr(after, name)
            if isinstance(old, list) and old and isinstance(old[0], ast.stmt) and new:
                changed[name] = self.statements(old, new)
            elif _are_clauses(old) and len(old) == len(new):
                changed[name] = [self._fields(*pair) for pair in zip(old, new, strict=True)]
            elif isinstance(old, ast.arguments):
                changed[name] = self._arguments(old, new)
            elif isinstance(old, ast.expr) and isinstance(new, ast.expr):
                changed[name] = self.expression(old, new, self._owner_of(before, name, old, new))
            elif _texts_of(old) != _texts_of(new):
                raise _UnnamedError
        return _copy(before, changed)

    def _owner_of(self, statement: ast.AST, field: str, old: ast.expr, new: ast.expr) -> _Owner | None:
        if field == "value" and isinstance(statement, ast.Assign):
            return _owner(ast.unparse(statement.targets[0]), old, new)
        if field == "value" and isinstance(statement, ast.AnnAssign | ast.AugAssign):
            return _owner(ast.unparse(statement.target), old, new)
        if field == "iter" and isinstance(statement, ast.For):
            return _owner(f"for {ast.unparse(statement.target)} in", old, new)
        if field == "test" and isinstance(statement, ast.If | ast.While):
            return _owner(type(statement).__name__.lower(), old, new)
        return None

    def _arguments(self, before: ast.arguments, after: ast.arguments) -> ast.arguments:
        """Merge the defaults of two functions with the same parameters."""
        named = [one.arg for one in (*before.posonlyargs, *before.args)]
        without = [_dump(_copy(one, {"defaults": [], "kw_defaults": []})) for one in (before, after)]
        if without[0] != without[1] or len(before.defaults) != len(after.defaults):
            raise _UnnamedError
        defaults = [
            self.expression(old, new, _owner(name, old, new))
            for name, old, new in zip(
                named[len(named) - len(before.defaults) :], before.defaults, after.defaults, strict=True
            )
        ]
        keyword_defaults: list[ast.expr | None] = []
        for parameter, old, new in zip(before.kwonlyargs, before.kw_defaults, after.kw_defaults, strict=True):
            if (old is None) != (new is None):
                raise _UnnamedError
            is_given = old is not None and new is not None
            keyword_defaults.append(
                self.expression(old, new, _owner(parameter.arg, old, new)) if is_given else None  # type: ignore[arg-type]
            )
        return _copy(before, {"defaults": defaults, "kw_defaults": keyword_defaults})

    def expression(self, before: ast.expr, after: ast.expr, owner: _Owner | None) -> ast.expr:
        """Merge two expressions; what differs belongs to the nearest name, or else to *owner*."""
        if _dump(before) == _dump(after):
            return before
        if isinstance(before, ast.Call) and isinstance(after, ast.Call) and _are_one_call(before, after):
            return self._call(before, after, owner)
        if isinstance(before, ast.Dict) and isinstance(after, ast.Dict) and _has_names(before) and _has_names(after):
            return self._dict(before, after)
        if type(before) is type(after) and _holds_names(before) and (merged := self._inside(before, after, owner)):
            return merged
        if owner is None:
            raise _UnnamedError
        return after if self._taken(SourceDifference(owner.kind, owner.name, owner.before, owner.after)) else before

    def _inside(self, before: ast.expr, after: ast.expr, owner: _Owner | None) -> ast.expr | None:
        """Merge what stands inside of two expressions of one kind; None if they are not built alike."""
        changed: dict[str, Any] = {}
        for name in before._fields:
            old, new = getattr(before, name), getattr(after, name)
            if isinstance(old, ast.expr) and isinstance(new, ast.expr):
                changed[name] = self.expression(old, new, owner)
            elif isinstance(old, list) and len(old) == len(new) and all(isinstance(one, ast.expr) for one in old + new):
                changed[name] = [self.expression(*pair, owner) for pair in zip(old, new, strict=True)]
            elif _texts_of(old) != _texts_of(new):
                return None
        return _copy(before, changed)

    def _call(self, before: ast.Call, after: ast.Call, owner: _Owner | None) -> ast.Call:
        if _last_name(before.func) in SEEDING and before.args:
            owner = _owner("seed", before.args[0], after.args[0])
        elif _is_line_magic(before):
            owner = _magic_owner(before, after)
        keywords: list[ast.keyword] = []
        old, new = ({one.arg: one for one in call.keywords} for call in (before, after))
        for name in dict.fromkeys([*old, *new]):
            keyword = self._keyword(str(name), old.get(name), new.get(name))
            keywords += [] if keyword is None else [keyword]
        return _copy(
            before,
            {
                "func": self.expression(before.func, after.func, owner),
                "args": [self.expression(*pair, owner) for pair in zip(before.args, after.args, strict=True)],
                "keywords": keywords,
            },
        )

    def _keyword(self, name: str, old: ast.keyword | None, new: ast.keyword | None) -> ast.keyword | None:
        if old is not None and new is not None:
            return _copy(old, {"value": self.expression(old.value, new.value, _owner(name, old.value, new.value))})
        one = _difference(name, getattr(old, "value", None), getattr(new, "value", None))
        return new if self._taken(one) else old

    def _dict(self, before: ast.Dict, after: ast.Dict) -> ast.Dict:
        old, new = ({_key(key): (key, value) for key, value in _items(node)} for node in (before, after))
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for name in dict.fromkeys([*old, *new]):
            pair, other = old.get(name), new.get(name)
            if pair is not None and other is not None:
                chosen = (pair[0], self.expression(pair[1], other[1], _owner(name, pair[1], other[1])))
            elif self._taken(_difference(name, pair and pair[1], other and other[1])):
                if other is None:
                    continue
                chosen = other
            elif pair is not None:
                chosen = pair
            else:
                continue
            keys.append(chosen[0])
            values.append(chosen[1])
        return _copy(before, {"keys": keys, "values": values})


def _owner(name: str, old: ast.expr | None, new: ast.expr | None) -> _Owner:
    one = _difference(name, old, new)
    return _Owner(one.name, one.before, one.after, one.kind)


def _difference(name: str, old: ast.expr | None, new: ast.expr | None) -> SourceDifference:
    texts = [NOT_GIVEN if one is None else ast.unparse(one) for one in (old, new)]
    are_plain = all(one is None or is_plain(one) for one in (old, new))
    kind: Kind = "seed" if names_a_seed(name) else "parameter" if are_plain else "code"
    return SourceDifference(kind, name, *texts)


def _magic_owner(before: ast.Call, after: ast.Call) -> _Owner:
    name, old, new = (str(getattr(one, "value", "")) for one in (before.args[0], before.args[1], after.args[1]))
    return _Owner(f"%{name}", old, new, "seed" if name == "seed" else "code")


def _are_one_call(before: ast.Call, after: ast.Call) -> bool:
    """Return whether two calls call the same thing, with as many positional arguments, and name the others."""
    if len(before.args) != len(after.args):
        return False
    for call in (before, after):
        names = [one.arg for one in call.keywords]
        if None in names or len(set(names)) < len(names):
            return False
    return _dump(before.func) == _dump(after.func) or (
        isinstance(before.func, ast.Attribute)
        and isinstance(after.func, ast.Attribute)
        and before.func.attr == after.func.attr
        and isinstance(before.func.value, ast.Call)
        and isinstance(after.func.value, ast.Call)
        and _are_one_call(before.func.value, after.func.value)
    )


def _items(node: ast.Dict) -> list[tuple[ast.expr | None, ast.expr]]:
    return list(zip(node.keys, node.values, strict=True))


def _key(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else _dump(node)


def _has_names(node: ast.Dict) -> bool:
    keys = [one.value for one in node.keys if isinstance(one, ast.Constant)]
    return len(keys) == len(node.keys) == len(set(map(str, keys)))


def _holds_names(node: ast.expr) -> bool:
    """Return whether an expression has keywords or keys inside, whose values can differ by themselves."""
    return any(
        (isinstance(one, ast.Call) and (one.keywords or _last_name(one.func) in SEEDING)) or isinstance(one, ast.Dict)
        for one in ast.walk(node)
    )


def _are_clauses(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], ast.ExceptHandler | ast.match_case)


def _texts_of(value: Any) -> Any:
    if isinstance(value, ast.AST):
        return _dump(value)
    return [_texts_of(one) for one in value] if isinstance(value, list) else value


def _copy(node: Part, changed: dict[str, Any]) -> Part:
    fields = {name: getattr(node, name) for name in node._fields if hasattr(node, name)}
    return ast.copy_location(type(node)(**(fields | changed)), node)
