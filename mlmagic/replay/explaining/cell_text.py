"""The text of a cell as lines of magics at its top, and a body that may be Python."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PYTHON_BELOW = re.compile(r"%%(?:track|sweep|time|timeit|capture|prun|mprun|memit)(?=\s|$)")

_MAGIC_CALL = re.compile(r"^([^\n#'\"]*?)get_ipython\(\)\.run_line_magic(\(.+\))$", re.MULTILINE)


@dataclass(frozen=True)
class CellText:
    """The lines of a cell that begin with ``%%``, without the line's end, and what stands below them."""

    headers: Sequence[str]
    body: str

    @classmethod
    def of(cls, source: str) -> CellText:
        r"""Return *source* in parts.

        >>> CellText.of("%%time\n%%track forest\nx = 1")
        CellText(headers=['%%time', '%%track forest'], body='x = 1')
        """
        lines = source.strip("\n").splitlines()
        count = 0
        while count < len(lines) and lines[count].startswith("%%"):
            count += 1
        return cls([line.rstrip() for line in lines[:count]], "\n".join(lines[count:]))

    @property
    def text(self) -> str:
        """The source of the cell."""
        return "\n".join([*self.headers, *([self.body] if self.body else [])])

    def tree(self) -> ast.Module | None:
        """Return the body's syntax tree, with its line magics as calls; None if it is not Python."""
        from IPython.core.inputtransformer2 import TransformerManager

        if not all(map(_PYTHON_BELOW.match, self.headers)):
            return None
        try:
            return ast.parse(TransformerManager().transform_cell(self.body))  # type: ignore[no-untyped-call]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def source_of(body: list[ast.stmt]) -> str:
    r"""Return the source of statements, with calls of line magics as they are typed.

    >>> print(source_of(CellText.of("x = 1\n%seed 42").tree().body))
    x = 1
    %seed 42
    """
    return _MAGIC_CALL.sub(_as_typed, ast.unparse(ast.Module(body, [])))


def _as_typed(match: re.Match[str]) -> str:
    try:
        name, line = ast.literal_eval(match[2])
    except (ValueError, SyntaxError):
        return match[0]
    return f"{match[1]}%{name} {line}".rstrip()
