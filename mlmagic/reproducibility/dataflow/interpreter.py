"""Interprets the statements of cells in their order: each branch and each loop once, functions where they are called.

Nothing is executed. Values are what `values` describes; whatever is not understood is None, which no rule reports.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.reproducibility.dataflow import early_stopping, estimators, scores
from mlmagic.reproducibility.dataflow.calls import Calls
from mlmagic.reproducibility.dataflow.events import Events
from mlmagic.reproducibility.dataflow.names import item_of, side_by_name
from mlmagic.reproducibility.dataflow.scope import dotted, joined
from mlmagic.reproducibility.dataflow.subscripts import column_names, part_of
from mlmagic.reproducibility.dataflow.target_columns import target_columns, text_constants
from mlmagic.reproducibility.dataflow.values import (
    Columns,
    Data,
    Estimator,
    FoldData,
    Function,
    Grouped,
    Index,
    RowAccess,
    Rows,
    Score,
    Several,
    Statistic,
    side_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.code import Code
    from mlmagic.reproducibility.dataflow.values import Value

_MOST_STEPS = 400_000
_DEEPEST_CALL = 4
_SHAPES = frozenset({"shape", "size", "dtypes", "dtype", "ndim", "empty"})


def events_of(code: Code) -> Events:
    """Interpret the code, and return what happened in it."""
    interpreter = Interpreter(code)
    for cell in code.cells:
        interpreter.run(cell)
    interpreter.run_uncalled()
    return interpreter.events


class Interpreter:
    """Interprets cells one after the other; ``names`` are the values of names, of attributes by their dotted name."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.events = Events()
        self.names: dict[str, Value] = {}
        self.constants = text_constants(code)
        self.targets = target_columns(code, self.constants)
        self.parts: dict[tuple[int, str], Rows] = {}
        self._calls = Calls(self)
        self.loops = 0
        self.loop_targets: set[str] = set()
        self.is_uncalled = False
        self.branches: tuple[tuple[int, int], ...] = ()
        self.stoppers = early_stopping.stopper_names(cell.tree for cell in code.cells)
        self._steps = 0
        self._functions: list[Function] = []
        self._called: set[int] = set()
        self._stack: list[ast.AST] = []
        self._returned: list[Value] = []
        self.cell: CodeCell = code.cells[0] if code.cells else None  # type: ignore[assignment]  # set before any use

    def run(self, cell: CodeCell) -> None:
        """Interpret one cell."""
        self.cell = cell
        self._block(cell.tree.body)

    def run_uncalled(self) -> None:
        """Interpret the functions that no cell has called, with arguments of which nothing is known."""
        for function in self._functions:
            if id(function.node) not in self._called and not isinstance(function.node, ast.ClassDef):
                self.is_uncalled, self.branches = True, ((id(function.node), 0),)
                self.call(function, [], {})
        self.is_uncalled, self.branches = False, ()

    def _block(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            if self._steps > _MOST_STEPS:
                return
            try:
                self._statement(statement)
            except RecursionError:  # an expression of thousands of terms
                continue

    def _statement(self, node: ast.stmt) -> None:  # noqa: PLR0912  # a branch for each kind of statement
        match node:
            case ast.Assign(targets=targets, value=value):
                found = self.value(value)
                for target in targets:
                    self.bind(target, found)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.bind(target, self.value(value))
            case ast.AugAssign(target=target, op=op, value=value):
                as_read = ast.parse(ast.unparse(target), mode="eval").body
                self.bind(target, self.value(ast.copy_location(ast.BinOp(as_read, op, value), node)))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._define(node)
            case ast.For(target=target, iter=iterated) | ast.AsyncFor(target=target, iter=iterated):
                looped = self.value(iterated)
                if isinstance(looped, Several):
                    estimators.forget(Several(looped.items[1:]))
                self.bind(target, item_of(looped, iterated))
                self.loop_targets.update(one.id for one in ast.walk(target) if isinstance(one, ast.Name))
                self._loop([*node.body, *node.orelse])
            case ast.Return(value=value):
                self._returned.append(self.value(value) if value is not None else None)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    self.value(item.context_expr)
                self._block(node.body)
            case ast.Try() | ast.TryStar():
                self._block(node.body)
                handled = [statement for handler in node.handlers for statement in handler.body]
                self._branch(node, [(1, handled)])
                self._block([*node.orelse, *node.finalbody])
            case ast.While(test=test):
                self.value(test)
                self._loop([*node.body, *node.orelse])
            case ast.If(test=test):
                self.value(test)
                scores.compared(self, node)
                self._branch(node, [(0, node.body), (1, node.orelse)])
            case ast.Delete(targets=targets):
                for target in targets:
                    self._drop(target)
                    self.names.pop(dotted(target), None)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.value(child)

    def _loop(self, body: Sequence[ast.stmt]) -> None:
        self.loops += 1
        self._block(body)
        self.loops -= 1

    def _branch(self, node: ast.stmt, arms: Sequence[tuple[int, Sequence[ast.stmt]]]) -> None:
        """Interpret the arms of a branch one after the other."""
        outer = self.branches
        for arm, body in arms:
            self.branches = (*outer, (id(node), arm))
            self._block(body)
        self.branches = outer

    def is_sure(self, branch: tuple[tuple[int, int], ...]) -> bool:
        """Return whether what was done within these branches has been done wherever this place is reached."""
        is_here = branch == self.branches[: len(branch)]
        return is_here and (not self.is_uncalled or branch[:1] == self.branches[:1])

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        function = Function(node, self.cell)
        if isinstance(node, ast.ClassDef):
            is_transformer = any(self.code.path(base).endswith("TransformerMixin") for base in node.bases)
            self.names[node.name] = function if is_transformer else None
            return
        self.names[node.name] = function
        self._functions.append(function)

    def call(self, function: Function, given: Sequence[Value], named: dict[str, Value]) -> Value:
        """Interpret a function of the notebook with these arguments, and return its value."""
        node = function.node
        if isinstance(node, ast.ClassDef) or node in self._stack or len(self._stack) >= _DEEPEST_CALL:
            estimators.forget(Several((*given, *named.values())))
            return None
        self._called.add(id(node))
        parameters = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        local = dict(zip(parameters, given, strict=False)) | named
        outer_names, outer_cell, outer_returned = self.names, self.cell, self._returned
        self.names = {**outer_names, **dict.fromkeys(parameters), **local}
        self.cell, self._returned = function.cell, []
        self._stack.append(node)
        try:
            self._block(node.body)
            return next((value for value in reversed(self._returned) if value is not None), None)
        finally:
            self._stack.pop()
            self.names, self.cell, self._returned = outer_names, outer_cell, outer_returned

    def bind(self, target: ast.expr, value: Value) -> None:
        """Bind a target of an assignment."""
        match target:
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                items = value.items if isinstance(value, Several) else ()
                for at, inner in enumerate(targets):
                    whole = value if isinstance(value, Data | Score) else None
                    self.bind(inner, items[at] if at < len(items) else whole)
            case ast.Starred(value=inner):
                self.bind(inner, None)
            case ast.Subscript():
                self._store_into(target, value)
            case ast.Attribute(value=base) if isinstance(changed := self.value(base), Estimator):
                estimators.forget(changed)  # such as `model.coef_ = …`
            case _ if name := dotted(target):
                self.names[name] = found = (
                    scores.bound(self, name, value) if isinstance(value, Score) else side_by_name(value, name)
                )
                if isinstance(found, Data) and found.rows.side and not found.rows.name:
                    found.rows.name = name

    def _drop(self, target: ast.expr) -> None:
        """Forget a column: ``del df["a"]``."""
        if isinstance(target, ast.Subscript) and isinstance(data := self.names.get(dotted(target.value)), Data):
            self.names[dotted(target.value)] = data.without(column_names(self, target.slice) or frozenset())

    def _store_into(self, target: ast.Subscript, value: Value) -> None:
        """Bind a column or some rows of data: it has been shaped by what shaped the value."""
        base = target.value
        of_rows = isinstance(base, ast.Attribute) and base.attr in {"loc", "iloc", "at", "iat"}
        while isinstance(base, ast.Attribute) and base.attr in {"loc", "iloc", "at", "iat"}:
            base = base.value
        name = dotted(base)
        data = self.as_data(base) if not isinstance(value, Score) else None
        if isinstance(value, Score) and name:
            scores.added(self, name, value)
            return
        estimators.forget(value)
        if not name or not isinstance(data, Data):
            return
        columns = None if of_rows else column_names(self, target.slice)
        if columns is not None and len(columns) == 1:
            learned = value.learned if isinstance(value, Data) else frozenset()
            self.names[name] = data.with_column(next(iter(columns)), learned)
        elif isinstance(value, Data):
            self.names[name] = data.with_fits(*value.learned)

    def as_data(self, node: ast.expr) -> Data | None:
        """Return an expression's data. A name of which nothing is known stands for rows of its own from then on."""
        value = self.value(node)
        if value is None and (name := dotted(node)):
            side = side_of(name)
            value = self.names[name] = Data(Rows("whole", None, side, name=name if side else ""))
        elif value is None and isinstance(node, ast.Subscript) and self.as_data(node.value) is not None:
            value = self.value(node)
        if isinstance(value, Several):
            return joined(value.items)
        return value if isinstance(value, Data) else None

    def value(self, node: ast.expr | None) -> Value:  # noqa: PLR0911, PLR0912  # a branch for each kind of expression
        """Return what an expression stands for."""
        self._steps += 1
        if node is None or self._steps > _MOST_STEPS:
            return None
        match node:
            case ast.Name(id=name):
                return self.names.get(name)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._calls.value(node)
            case ast.Subscript():
                return part_of(self, node)
            case ast.BinOp(left=left, right=right):
                return self._combined(node, self.value(left), self.value(right))
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                texts = [one.value for one in elements if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                if elements and len(texts) == len(elements):
                    return Columns(frozenset(texts))
                return Several(tuple(map(self.value, elements)))
            case ast.Dict(values=values):
                held = tuple(map(self.value, values))
                estimators.forget(Several(held))
                return scores.of_record(self, values, held)
            case ast.Starred(value=inner) | ast.Await(value=inner) | ast.UnaryOp(operand=inner):
                return self.value(inner)
            case ast.NamedExpr(target=target, value=inner):
                self.bind(target, found := self.value(inner))
                return found
            case ast.IfExp(body=body, orelse=other):
                chosen, otherwise = self.value(body), self.value(other)
                return chosen if chosen is not None else otherwise
            case ast.ListComp(elt=element, generators=loops) | ast.GeneratorExp(elt=element, generators=loops):
                return self._comprehension(element, loops)
            case ast.Lambda() | ast.Constant():
                return None
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
        return None

    def _attribute(self, node: ast.Attribute) -> Value:  # noqa: PLR0911  # a kind of value each
        name = dotted(node)
        if name in self.names:
            return self.names[name]
        base = self.value(node.value)
        if isinstance(base, Statistic | Score):
            return base
        if isinstance(base, Estimator) and node.attr == "best_estimator_":
            return replace(base, kind="model")
        if isinstance(base, FoldData):
            side = side_of(node.attr)
            return base.data.of(Rows("side", base.data.rows, side)) if base.data and side else None
        if isinstance(base, Grouped):
            return Grouped(base.data, base.by_group, node.attr)
        if not isinstance(base, Data) or node.attr in _SHAPES:
            return None
        if node.attr in {"loc", "iloc", "at", "iat"}:
            return RowAccess(base)
        if node.attr == "columns":
            return Columns()
        if node.attr == "index":
            return Index()
        return base if node.attr in {"values", "T", "str", "dt", "array", "data"} else base.only(frozenset({node.attr}))

    def _comprehension(self, element: ast.expr, loops: Sequence[ast.comprehension]) -> Value:
        iterated = None
        for loop in loops:
            iterated = self.value(loop.iter)
            self.bind(loop.target, None if isinstance(iterated, Columns) else item_of(iterated, loop.iter))
        found = self.value(element)
        return iterated if isinstance(iterated, Columns) else found if isinstance(found, Data | Score) else None

    def _combined(  # noqa: PLR0911  # a kind of value each
        self, node: ast.BinOp, left: Value, right: Value
    ) -> Value:
        """Return the value of an operation: data that a statistic of all its rows has changed has learned from them."""
        if isinstance(left, Columns) and isinstance(right, Columns) and isinstance(node.op, ast.Add):
            return Columns(left.names | right.names if left.names is not None and right.names is not None else None)
        if isinstance(left, Columns) or isinstance(right, Columns):
            return Columns()
        if isinstance(left, Score) or isinstance(right, Score):
            return scores.combined(node, left, right)
        if isinstance(left, Statistic) and isinstance(right, Statistic):
            return replace(left, name=f"{left.name} and {right.name}")
        if isinstance(left, Statistic) and right is None:
            return left
        if isinstance(left, None | Statistic) and isinstance(right, Statistic):
            return right
        data = left if isinstance(left, Data) else right if isinstance(right, Data) else None
        other = right if data is left else left
        if isinstance(data, Data) and isinstance(other, Statistic):
            return self._calls.shaped(data, other, node)
        return joined([left, right]) if isinstance(data, Data) else None
