"""How a cell binds each name: how often, from which expressions, and whether in a loop."""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_LITERAL: Final = object()
"""Marks a name whose value is computed, not a literal."""


@dataclass
class Binding:
    """What the source says about one name.

    ``values`` has the expression of each assignment, in order, and ``literals`` its scalar if it is a literal, else
    NOT_LITERAL; ``loss /= n`` stands for ``loss = loss / n``. ``counted`` means that the name grows by literal steps,
    ``summed`` that a deeper loop adds to it, and ``reworked`` that another augmented assignment works out its value.
    """

    name: str
    values: list[ast.expr] = field(default_factory=list)
    literals: list[object] = field(default_factory=list)
    looped: bool = False
    loop_variable: bool = False
    counted: bool = False
    summed: bool = False
    reworked: bool = False
    other: bool = False

    @property
    def is_counter(self) -> bool:
        """Whether the name counts from a literal, or is a sum over batches that nothing scales."""
        return not self.reworked and (self.summed or (self.counted and not self._is_computed))

    @property
    def _is_computed(self) -> bool:
        return any(value is NOT_LITERAL for value in self.literals)

    @property
    def constant(self) -> object:
        """The scalar literal that the name is bound to exactly once, or NOT_LITERAL."""
        is_other = self.looped or self.loop_variable or self.counted or self.summed or self.other
        return self.literals[0] if len(self.literals) == 1 and not is_other else NOT_LITERAL

    @property
    def computed(self) -> bool:
        """Whether the name holds the result of an expression, and not a literal, counter, import or function."""
        return self.is_plain and self._is_computed

    @property
    def is_plain(self) -> bool:
        """Whether the name is bound by assignments only, and is not a counter."""
        return bool(self.literals) and not (self.loop_variable or self.is_counter or self.other)


@dataclass
class Bindings:
    """The names that a cell binds, and those whose items or attributes it sets (``results["rf"] = …``).

    ``items`` maps the name and the keys of a dict's item to the literal that it is set to (``config["lr"] = 0.1``), or
    to NOT_LITERAL if the value is computed, or set in a loop.
    """

    names: dict[str, Binding] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    items: dict[tuple[str, ...], object] = field(default_factory=dict)

    def add(self, more: Bindings) -> None:
        """Add the bindings of one more piece of the same cell."""
        self.names.update(more.names)
        self.filled |= more.filled
        self.items.update(more.items)


def bindings(tree: ast.Module) -> Bindings:
    r"""Return how *tree* binds its top-level names; functions and classes count as one name each.

    >>> found = bindings(ast.parse("lr, n = 1e-3, 5\nacc = score(lr)\nfor i in range(n): total += 1"))
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
        self.depth = 0

    def block(self, body: list[ast.stmt], *, looped: bool) -> None:
        for statement in body:
            self.statement(statement, looped=looped)

    def statement(self, node: ast.stmt, *, looped: bool) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._get(node.name).other = True
            return
        self._binds(node, looped=looped)
        loops = isinstance(node, (ast.For, ast.AsyncFor, ast.While))
        inner = looped or loops
        self._expressions(node, looped=inner)
        self.depth += loops
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                self.block(block, looped=inner)
        for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            self._captures(part)
            self.block(part.body, looped=inner)
        self.depth -= loops

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
            case ast.AugAssign():
                self._augmented(node, looped=looped)
            case ast.For(target=target) | ast.AsyncFor(target=target):
                self._mark(target, "loop_variable")
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    if item.optional_vars is not None:
                        self._mark(item.optional_vars, "other")

    def _augmented(self, node: ast.AugAssign, *, looped: bool) -> None:
        target = node.target
        if not isinstance(target, ast.Name):
            self._fill(target)
            if keys := keys_of(target):
                self.found.items[keys] = NOT_LITERAL
            return
        binding = self._get(target.id)
        if is_step(node):
            binding.counted = True
        elif is_sum(node) and self.depth > 1:
            # A sum that grows at the first level of a loop is a curve; deeper loops run over batches.
            binding.summed = True
        else:
            binding.reworked = True
            self._assign(target, ast.BinOp(target, node.op, node.value), looped=looped)

    def _captures(self, part: ast.AST) -> None:
        """Add the names of an ``except … as`` or of a ``case``."""
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
                binding.values.append(value)
                binding.literals.append(literal(value))
                binding.looped |= looped
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for part, item in zip(targets, items(value, targets), strict=True):
                    self._assign(part, item, looped=looped)
            case ast.Starred(value=inner):
                self._assign(inner, value, looped=looped)
            case _:
                self._fill(target)
                if keys := keys_of(target):
                    self.found.items[keys] = NOT_LITERAL if looped else literal(value)

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


def is_step(node: ast.AugAssign) -> bool:
    """Return whether *node* counts, ``n += 1``, or sets bits or keys, ``options |= more``.

    >>> [is_step(ast.parse(text).body[0]) for text in ("n += 1", "total += loss", "total /= 3")]
    [True, False, False]
    """
    if is_sum(node):
        return literal(node.value) is not NOT_LITERAL
    return isinstance(node.op, (ast.BitOr, ast.BitAnd, ast.BitXor, ast.LShift, ast.RShift))


def is_sum(node: ast.AugAssign) -> bool:
    """Return whether *node* adds or subtracts."""
    return isinstance(node.op, (ast.Add, ast.Sub))


def keys_of(node: ast.expr) -> tuple[str, ...]:
    """Return the name and keys of an item whose keys are string literals, or an empty tuple for any other node.

    >>> keys_of(ast.parse("config['model']['depth']", mode="eval").body), keys_of(ast.parse("x[0]", mode="eval").body)
    (('config', 'model', 'depth'), ())
    """
    keys: list[str] = []
    while isinstance(node, ast.Subscript):
        if not isinstance(node.slice, ast.Constant) or not isinstance(node.slice.value, str):
            return ()
        keys.append(node.slice.value)
        node = node.value
    return (node.id, *reversed(keys)) if keys and isinstance(node, ast.Name) else ()


def items(value: ast.expr, targets: list[ast.expr]) -> list[ast.expr]:
    """Return the value of each of *targets*: the items of a tuple display, else the whole value for each."""
    plain = not any(isinstance(part, ast.Starred) for part in targets)
    if plain and isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(targets):
        return value.elts
    # A call: its result is unpacked, so no part is a literal.
    return [ast.Call(ast.Name("tuple", ast.Load()), [value], [])] * len(targets)


_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
}  # fmt: skip
_LARGEST = 1000
"""The largest base and exponent of a power, and the largest operands of a shift, that are computed here."""
_LARGEST_RESULT = 2**64
"""The largest integer that is a result."""


def literal(node: ast.expr) -> object:
    """Return the scalar that *node* writes as a literal, including arithmetic on numbers (``2**6``), or NOT_LITERAL.

    >>> texts = ("-1.5", "1e-3 * 2", "f()")
    >>> [value is not NOT_LITERAL and value for value in (literal(ast.parse(t, mode="eval").body) for t in texts)]
    [-1.5, 0.002, False]
    """
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand) if (
            number := _number(operand)
        ) is not None:
            return -number if isinstance(sign, ast.USub) else number
        case ast.BinOp(left=left, op=op, right=right):
            return _worked_out(_number(left), _OPERATORS.get(type(op)), _number(right))
    return NOT_LITERAL


def _number(node: ast.expr) -> float | None:
    value = literal(node)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _worked_out(left: float | None, work: Callable[[float, float], float] | None, right: float | None) -> object:
    if left is None or work is None or right is None:
        return NOT_LITERAL
    if work in {operator.pow, operator.lshift} and max(abs(left), abs(right)) > _LARGEST:
        return NOT_LITERAL
    try:
        value = work(left, right)
    except (ArithmeticError, ValueError, TypeError):  # the user's line raises the same
        return NOT_LITERAL
    is_large = isinstance(value, int) and abs(value) > _LARGEST_RESULT
    return NOT_LITERAL if isinstance(value, complex) or is_large else value
