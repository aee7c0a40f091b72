"""Which statements of a cell ran: a branch that was not taken reads nothing."""

from __future__ import annotations

import ast
import copy
import itertools
from typing import TYPE_CHECKING

from mlmagic.session.observation import sites
from mlmagic.session.observation.sites import RAN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_CATCHING = tuple(getattr(ast, name) for name in ("Try", "TryStar", "With", "AsyncWith") if hasattr(ast, name))
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_OPTIMIZED = 1  # CO_OPTIMIZED: the code of a function, whose names are not globals

Place = tuple[int, int | None]
"""A line, and a column in bytes, if Python keeps columns (not with ``-X no_debug_ranges``)."""


class Executed:
    """Marks the blocks of one cell: ``if``, loops, ``try`` and ``match``, but not the bodies of functions and classes.

    A mark is a call at the beginning of a block, and before each statement that the one before it may skip: after a
    branch with ``break`` or ``continue``, and within ``try`` and ``with``, which may catch an exception. After `end`,
    ``ran`` is the cell without the statements that did not run.
    """

    def __init__(self, tree: ast.Module, rewritten: ast.Module) -> None:
        """Mark *rewritten*, a copy of *tree*."""
        self.ran = tree
        self._marks: dict[int, int] = {}
        for statement, twin in zip(tree.body, rewritten.body, strict=True):
            self._mark_within(statement, twin, catches=False)

    def _mark_within(self, statement: ast.stmt, twin: ast.stmt, *, catches: bool) -> None:
        for (holder, name), (holder_of_twin, _) in zip(_blocks(statement), _blocks(twin), strict=True):
            block, copied = getattr(holder, name), getattr(holder_of_twin, name)
            may_catch = catches or (isinstance(holder, _CATCHING) and name == "body")
            marked: list[ast.stmt] = []
            for at, (inner, inner_twin) in enumerate(zip(block, copied, strict=True)):
                self._mark_within(inner, inner_twin, catches=may_catch)
                if at == 0 or may_catch or _may_jump(block[at - 1]):
                    number = self._marks[id(inner)] = sites.new_number()
                    call = ast.Call(ast.Name(RAN, ast.Load()), [ast.Constant(number)], [])
                    mark = ast.copy_location(ast.Expr(ast.copy_location(call, inner)), inner)
                    marked.append(ast.fix_missing_locations(mark))
                marked.append(inner_twin)
            setattr(holder_of_twin, name, marked)

    def end(self, failed_at: Place | None) -> bool:
        """Determine which statements ran, and return whether all did; ``ran`` is then the cell itself.

        Parameters
        ----------
        failed_at
            The place in the cell whose exception ended it, None if it ended well.
        """
        ran = sites.take_ran(self._marks.values())
        if len(ran) == len(self._marks) and failed_at is None:
            return True
        self.ran = ast.Module(list(self._that_ran(self.ran.body, ran, failed_at)), [])
        return False

    def _that_ran(self, block: list[ast.stmt], ran: set[int], failed_at: Place | None) -> Iterator[ast.stmt]:
        for statement in block:
            mark = self._marks.get(id(statement))
            if mark is not None and mark not in ran:
                return
            yield self._pruned(statement, ran, None if isinstance(statement, _LOOPS) else failed_at)
            if failed_at is not None and _covers(statement, failed_at):
                return

    def _pruned(self, statement: ast.stmt, ran: set[int], failed_at: Place | None) -> ast.stmt:
        if isinstance(statement, _SCOPES):
            return statement
        pruned = _copied(statement)
        for holder, name in _blocks(pruned):
            kept = list(self._that_ran(getattr(holder, name), ran, failed_at))
            may_be_empty = name == "orelse"
            if name == "body" and not kept:
                _bind_nothing(holder)
            setattr(holder, name, kept or ([] if may_be_empty else [ast.copy_location(ast.Pass(), statement)]))
        return pruned


def _blocks(statement: ast.stmt) -> Iterator[tuple[ast.AST, str]]:
    """Yield the blocks of a compound statement, each as the node that holds it and the name of the attribute."""
    if isinstance(statement, _SCOPES):
        return
    for holder in (statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        for name in ("body", "orelse", "finalbody"):
            if getattr(holder, name, None):
                yield holder, name


def _may_jump(statement: ast.stmt) -> bool:
    """Return whether *statement* may end the current turn of the loop around it, by ``break`` or ``continue``."""
    if isinstance(statement, (ast.Break, ast.Continue)):
        return True
    if isinstance(statement, _LOOPS):  # those in its body are its own
        return any(_may_jump(inner) for inner in statement.orelse)
    return any(_may_jump(inner) for holder, name in _blocks(statement) for inner in getattr(holder, name))


def _bind_nothing(holder: ast.AST) -> None:
    """Remove the names that *holder*, a copy, binds for its block: the loop had no turn, the handler or case never ran.

    A guard is tested after the pattern has bound its names, so a case with a guard keeps them.
    """
    if isinstance(holder, ast.For | ast.AsyncFor):
        holder.target = ast.copy_location(ast.Name("_", ast.Store()), holder.target)
    elif isinstance(holder, ast.ExceptHandler):
        holder.name = None
    elif isinstance(holder, ast.match_case) and holder.guard is None:
        holder.pattern = _Nameless().visit(copy.deepcopy(holder.pattern))


class _Nameless(ast.NodeTransformer):
    """Removes the names that a pattern captures."""

    def visit_MatchAs(self, node: ast.MatchAs) -> ast.pattern:
        node.name = None
        inner: ast.pattern = node if node.pattern is None else self.visit(node.pattern)
        return inner

    def visit_MatchStar(self, node: ast.MatchStar) -> ast.MatchStar:
        node.name = None
        return node

    def visit_MatchMapping(self, node: ast.MatchMapping) -> ast.MatchMapping:
        node.rest = None
        self.generic_visit(node)
        return node


def _copied(statement: ast.stmt) -> ast.stmt:
    """Return a copy whose blocks can be replaced; the expressions are shared."""
    copied = copy.copy(statement)
    for name in ("handlers", "cases"):
        if hasattr(copied, name):
            setattr(copied, name, [copy.copy(part) for part in getattr(copied, name)])
    return copied


def _covers(statement: ast.stmt, place: Place) -> bool:
    """Return whether *statement* stands at *place*; without a column, the first statement of the line does."""
    line, column = place
    if column is None:
        return statement.lineno <= line <= (statement.end_lineno or 0)
    start, end = (statement.lineno, statement.col_offset), (statement.end_lineno or 0, statement.end_col_offset or 0)
    return start <= (line, column) < end


def failed_place(trace: TracebackType | None, namespace: object) -> Place | None:
    """Return the place from which *trace* comes in the code of *namespace*, outside of its functions, or None."""
    while trace is not None:
        code = trace.tb_frame.f_code
        if trace.tb_frame.f_globals is namespace and not code.co_flags & _OPTIMIZED:
            _, _, column, _ = next(itertools.islice(code.co_positions(), trace.tb_lasti // 2, None), (None,) * 4)
            return trace.tb_lineno, column
        trace = trace.tb_next
    return None
