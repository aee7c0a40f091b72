"""The header of a tracked cell: marked in the text, carried through the parser, handled before the body runs.

The text transformer is pure: it turns the header into a string statement on the same line, so that the body is
exactly the user's cell, with its line numbers, top-level ``await`` and ``from __future__`` imports. The
syntax-tree transformer removes that statement and opens the run, which may reject the cell.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from IPython.core.error import InputRejected
from IPython.core.inputtransformer2 import classic_prompt, ipython_prompt, leading_indent

from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.user_objects import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

_HEADER = re.compile(r"%%?track(?=\s|$)")
_MARK = "%%track"
_INTERRUPTED = "Interrupted while the run was being opened; the cell did not run."
OPENING_INTERRUPTED = f"KeyboardInterrupt: {_INTERRUPTED}"


def mark_header(lines: list[str]) -> list[str]:
    r"""Turn a ``%%track`` or ``%track`` header into a string statement; return other cells unchanged.

    If the body starts with a cell magic, the header stays a cell magic in front of it.

    >>> mark_header(["%%track baseline -t a=b\n", "x = 1\n"])
    ["'%%track baseline -t a=b'\n", 'x = 1\n']
    >>> mark_header(["%track\n", "\n", "%%time\n", "x = 1\n"])
    ['%%track\n', '%%time\n', 'x = 1\n']
    >>> mark_header(["x = 1\n"])
    ['x = 1\n']
    """
    at = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if at is None or not (found := _HEADER.match(lines[at])):
        return lines
    header = f"{_MARK} {lines[at][found.end() :].strip()}".strip()
    body = lines[at + 1 :]
    blank = next((i for i, line in enumerate(body) if line.strip()), len(body))
    code = body[blank:]
    for clean in (leading_indent, classic_prompt, ipython_prompt):
        code = clean(code) if code else code
    if code and code[0].startswith("%%"):
        return [f"{header}\n", *code]
    return [*lines[:at], f"{header!r}\n", *body[:blank], *code]


# With this attribute, a terminal asks for more lines until a blank one, as for every cell magic.
mark_header.has_side_effects = True  # type: ignore[attr-defined]


def has_header(source: str) -> bool:
    """Return whether *source*, a cell as typed, starts with a tracking header.

    >>> has_header("%%track a"), has_header("%%tracker"), has_header("")
    (True, False, False)
    """
    for line in source.splitlines():
        if line.strip() and not line.startswith("#"):
            return bool(_HEADER.match(line.lstrip()))
    return False


def holds_comments(source: str) -> bool:
    r"""Return whether *source*, a cell without code, has comments besides its header.

    >>> holds_comments("%%track\n# later"), holds_comments("%%track\n\n")
    (True, False)
    """
    return any(line.strip() and not _HEADER.match(line.lstrip()) for line in source.splitlines())


class CellRejectedError(InputRejected):
    """Signals to IPython that the cell must not run; it is shown as one short block."""

    def __init__(self, problem: BaseException) -> None:
        super().__init__(text_of(problem))
        self.problem = problem

    def _render_traceback_(self) -> list[str]:
        if isinstance(self.problem, MLMagicError):
            return self.problem._render_traceback_()
        return [f"{type(self.problem).__name__}: {text_of(self.problem)}"]


class HeaderTransformer:
    """Removes the header's mark from a cell's syntax tree, and calls *on_header* before the cell is compiled.

    IPython drops a transformer that raises anything but ``InputRejected``, and a raw ``KeyboardInterrupt`` here
    hangs an async cell: so every exception of *on_header* rejects the cell instead.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        on_header: Callable[[str, ast.Module], ast.Module],
        on_body: Callable[[ast.Module], ast.Module],
    ) -> None:
        self._shell = shell
        self._on_header = on_header
        self._on_body = on_body

    def visit(self, node: ast.AST) -> ast.AST:
        """Return what *on_header* makes of *node* without the mark, or what *on_body* makes of a tree without one."""
        if not isinstance(node, ast.Module) or not node.body:
            return node
        header = _string_mark(node.body[0])
        call = _cell_magic(node.body[0])
        if header is None and call is None:
            return self._on_body(node)
        tree: ast.Module
        try:
            if call is not None:
                header, body = call
                tree = ast.parse(self._shell.transform_cell(body))
                _refuse_second_header(tree)
            else:
                tree = ast.Module(node.body[1:], node.type_ignores)
            return self._on_header(str(header), tree)
        except KeyboardInterrupt:
            raise CellRejectedError(KeyboardInterrupt(_INTERRUPTED)) from None
        except BaseException as error:
            raise CellRejectedError(error) from error


def _refuse_second_header(tree: ast.Module) -> None:
    if tree.body and _string_mark(tree.body[0]) is not None:
        raise UsageProblem("%%track: a cell takes one header, there are two.")


def _string_mark(node: ast.stmt) -> str | None:
    """Return the header if *node* is the string statement that ``mark_header`` writes, else None."""
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))) if text.startswith(_MARK) and _HEADER.match(text):
            return text[len(_MARK) :].strip()
    return None


def _cell_magic(node: ast.stmt) -> tuple[str, str] | None:
    """Return header and body if *node* is ``%%track`` in front of another cell magic, else None."""
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(attr="run_cell_magic"),
                args=[ast.Constant("track"), ast.Constant(str(header)), ast.Constant(str(body))],
            )
        ) if body.startswith("%%"):
            return header.strip(), body
    return None
