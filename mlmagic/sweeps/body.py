"""Checks the body of a sweep's cell: plain Python that runs without a notebook."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.session.observation.reads import functions_of, names_read
from mlmagic.session.observation.scopes import names_of
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_FROM_A_NOTEBOOK = {"get_ipython", "display"}
_OF_MLFLOW = ("mlflow.log_", "mlflow.set_tag", "mlflow.start_run")


@dataclass(frozen=True)
class Body:
    """A body that can run in any process: its *source*, the notebook's *names* that it reads, the names it *binds*."""

    source: str
    names: tuple[str, ...]
    binds: frozenset[str]


def body_of(source: str, namespace: Mapping[str, Any], swept: Collection[str]) -> Body:
    """Return the body after checking that it is plain Python that reads the swept names.

    Raises
    ------
    UsageProblem
        If it is empty or not valid Python, contains a magic, a shell command or a top-level ``await``, binds a swept
        name, or does not read one.
    """
    tree = _parsed(source)
    _Plain().visit(tree)
    used = names_of(tree)
    for name in swept:
        if name in used.bound:
            raise UsageProblem(
                f"Line {_line_that_binds(name, tree)} of the body assigns {name!r}, which would overwrite the swept "
                "value: remove that line"
            )
    read = names_read(tree, namespace)
    looked_up = {*used.read, *used.read_later, *used.read_inside} | _looked_up(read, namespace)
    for name in swept:
        if name not in looked_up:
            near = did_you_mean(name, [one for one in looked_up if one not in namespace])
            raise UsageProblem(f"Nothing in the body reads {name!r}, so the trials would be equal.{near}")
    names = [name for name in read if name not in swept and name not in _FROM_A_NOTEBOOK]
    return Body(source, tuple(names), frozenset(used.bound))


def _line_that_binds(name: str, tree: ast.Module) -> int:
    statement = next(one for one in tree.body if name in names_of(ast.Module([one], [])).bound)
    lines = [
        node.lineno
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
    ]
    return min(lines, default=statement.lineno)


def _parsed(source: str) -> ast.Module:
    try:
        tree = ast.parse(source)
        compile(
            source, "<sweep>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        )  # `return` parses, but does not compile here
    except SyntaxError as error:
        # Checked only after a failure: a line in a string, or of a continued `%` operation, may begin with such a sign.
        for number, line in enumerate(source.splitlines(), 1):
            if (text := line.lstrip()).startswith(("!", "%")):
                begins = beginning(text, 40)
                raise UsageProblem(
                    f"Line {number} of the body is {begins!r}: a trial is plain Python, which runs where there is "
                    "no notebook. Put magics and shell commands into a cell before"
                ) from error
        raise UsageProblem(f"Line {error.lineno} of the body is no Python: {error.msg}") from error
    if not tree.body:
        raise UsageProblem("The body is empty, so there is nothing to run.")
    return tree


class _Plain(ast.NodeVisitor):
    """Rejects code that needs the notebook or its event loop; within an ``async def``, only calls of the notebook."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call):
                self._refuse_call(inner)

    def visit_Call(self, node: ast.Call) -> None:
        self._refuse_call(node)
        self.generic_visit(node)

    def _awaits(self, node: ast.Await | ast.AsyncFor | ast.AsyncWith) -> None:
        self._refuse_await(node.lineno)

    visit_Await = visit_AsyncFor = visit_AsyncWith = _awaits

    def visit_comprehension(self, node: ast.comprehension) -> None:
        if node.is_async:
            self._refuse_await(node.target.lineno)
        self.generic_visit(node)

    def _refuse_await(self, line: int) -> None:
        raise UsageProblem(
            f"Line {line} of the body awaits: a trial has no loop of its own. Write asyncio.run(…) around it"
        )

    def _refuse_call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func)
        if called in _FROM_A_NOTEBOOK:
            raise UsageProblem(
                f"Line {node.lineno} of the body calls {called}(), which does not work in a trial: use print()"
            )
        if called.startswith(_OF_MLFLOW):
            raise UsageProblem(
                f"Line {node.lineno} of the body calls {called}: a trial may run anywhere, and this session writes its "
                "run. Write mlmagic.log(…), mlmagic.log_params(…) or mlmagic.tag(…)"
            )


def _looked_up(read: Iterable[str], namespace: Mapping[str, Any]) -> set[str]:
    """Return all names that the notebook's functions that a body uses look up."""
    found: set[str] = set()
    for name in read:
        for function in functions_of(namespace[name], namespace):
            found |= set(function.__code__.co_names)
    return found
