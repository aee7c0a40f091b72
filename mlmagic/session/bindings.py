"""How a cell binds each of its names: how often, from what, and whether in a loop."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Final

NOT_LITERAL: Final = object()
"""Marks a name whose value is worked out, not written down."""


@dataclass
class Binding:
    """What the source says of one name.

    ``literals`` holds the value of each plain assignment in order: a scalar that is written down, or NOT_LITERAL.
    """

    name: str
    literals: list[object] = field(default_factory=list)
    looped: bool = False
    loop_variable: bool = False
    counted: bool = False
    other: bool = False

    @property
    def constant(self) -> object:
        """The scalar that the name is bound to once and for all, or NOT_LITERAL."""
        once = len(self.literals) == 1 and not (self.looped or self.loop_variable or self.counted or self.other)
        return self.literals[0] if once else NOT_LITERAL

    @property
    def computed(self) -> bool:
        """Whether the name holds the result of an expression: no literal, counter, import or function."""
        plain = bool(self.literals) and not (self.loop_variable or self.counted or self.other)
        return plain and any(value is NOT_LITERAL for value in self.literals)


@dataclass
class Bindings:
    """The names that a cell binds, and those whose items or attributes it sets (``results["rf"] = …``)."""

    names: dict[str, Binding] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)


def bindings(tree: ast.Module) -> Bindings:
    r"""Return how *tree* binds its top-level names; functions and classes count as one name each.

    >>> found = bindings(ast.parse("lr, n = 1e-3, 5\nacc = score(lr)\nfor i in range(n): total += i"))
    >>> found.names["lr"].constant, found.names["acc"].computed, found.names["i"].loop_variable
    (0.001, True, True)
    >>> found.names["total"].counted
    True
    """
    reader = _Reader()
    reader.block(tree.body, looped=False)
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.found = Bindings()

    def block(self, body: list[ast.stmt], *, looped: bool) -> None:
        for statement in body:
            self.statement(statement, looped=looped)

    def statement(self, node: ast.stmt, *, looped: bool) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._get(node.name).other = True
            return
        self._binds(node, looped=looped)
        inner = looped or isinstance(node, (ast.For, ast.AsyncFor, ast.While))
        self._expressions(node, looped=inner)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                self.block(block, looped=inner)
        for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            self._captures(part)
            self.block(part.body, looped=inner)

    def _binds(self, node: ast.stmt, *, looped: bool) -> None:
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                for alias in names:
                    self._get(alias.asname or alias.name.partition(".")[0]).other = True
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value, looped=looped)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value, looped=looped)
            case ast.AugAssign(target=ast.Name(id=name)):
                self._get(name).counted = True
            case ast.AugAssign(target=target):
                self._fill(target)
            case ast.For(target=target) | ast.AsyncFor(target=target):
                self._mark(target, "loop_variable")
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    if item.optional_vars is not None:
                        self._mark(item.optional_vars, "other")

    def _captures(self, part: ast.AST) -> None:
        """Take the names of an ``except … as`` or of a ``case``."""
        for node in [part, *ast.walk(getattr(part, "pattern", ast.Pass()))]:
            name = getattr(node, "name", None)
            if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and name:
                self._get(name).other = True

    def _expressions(self, node: ast.stmt, *, looped: bool) -> None:
        """Find ``(name := value)`` in the expressions of *node* itself."""
        left: list[ast.AST] = [
            child for child in ast.iter_child_nodes(node) if isinstance(child, (ast.expr, ast.withitem))
        ]
        while left:
            child = left.pop()
            if isinstance(child, ast.Lambda):
                continue
            if isinstance(child, ast.NamedExpr):
                self._assign(child.target, child.value, looped=looped)
            left += ast.iter_child_nodes(child)

    def _assign(self, target: ast.expr, value: ast.expr, *, looped: bool) -> None:
        match target:
            case ast.Name(id=name):
                binding = self._get(name)
                binding.literals.append(literal(value))
                binding.looped |= looped
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for part, item in zip(targets, _items(value, targets), strict=True):
                    self._assign(part, item, looped=looped)
            case ast.Starred(value=inner):
                self._assign(inner, value, looped=looped)
            case _:
                self._fill(target)

    def _fill(self, target: ast.expr) -> None:
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
        if isinstance(target, ast.Name):
            self.found.filled.add(target.id)

    def _mark(self, target: ast.expr, how: str) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                setattr(self._get(node.id), how, True)

    def _get(self, name: str) -> Binding:
        return self.found.names.setdefault(name, Binding(name))


def _items(value: ast.expr, targets: list[ast.expr]) -> list[ast.expr]:
    """Return what each of *targets* gets: the items of a tuple that is written down, else the whole for each."""
    plain = not any(isinstance(part, ast.Starred) for part in targets)
    if plain and isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(targets):
        return value.elts
    # A call: its result is taken apart, so that no part is a literal.
    return [ast.Call(ast.Name("tuple", ast.Load()), [value], [])] * len(targets)


def literal(node: ast.expr) -> object:
    """Return the scalar that *node* writes down, or NOT_LITERAL.

    >>> literal(ast.parse("-1.5", mode="eval").body), literal(ast.parse("f()", mode="eval").body) is NOT_LITERAL
    (-1.5, True)
    """
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as value)) if (
            not isinstance(value, bool)
        ):
            return -value if isinstance(sign, ast.USub) else value
    return NOT_LITERAL
