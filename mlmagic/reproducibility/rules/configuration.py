"""MLM007 and MLM008: absolute paths, and a number that several cells repeat."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from mlmagic.reproducibility.findings import found_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.code import Code
    from mlmagic.reproducibility.findings import Finding

_ABSOLUTE = re.compile(
    r"(?:file://)?(?:/(?:home|Users|root|mnt|media|data|scratch|srv|Volumes|content/drive|workspace)/[^\s:*?\"'<>|]+"
    r"|[A-Za-z]:[\\/](?![\\/])[^\s*?\"'<>|]+)"
)
_GOES_TO_A_PATH = frozenset({"cd", "run", "load", "writefile", "store"})
_LEAST_CELLS = 3
_USUAL = frozenset({0, 1, -1, 2, 3, 4, 10, 100, 1000, 0.5})
_OF_SHOWING = frozenset({
    "figsize", "alpha", "s", "lw", "ms", "linewidth", "markersize", "fontsize", "size", "dpi", "bins", "width",
    "height",
    "rotation", "pad", "ncols", "nrows", "ncol", "cols", "rows", "axis", "n", "decimals", "ndigits", "precision",
    "step",
    "epoch", "n_jobs", "jobs", "verbose", "num_workers", "timeout", "zorder", "vmin", "vmax", "top", "bottom", "left",
    "right", "hspace", "wspace", "labelsize", "max_rows", "maxsplit", "indent", "sep", "digits", "x", "y", "ddof", "p",
    "level", "order", "port", "aspect", "periods", "display",
})  # fmt: skip
"""Keywords of plots, tables and machines, whose values no result depends on."""


def find(code: Code) -> Iterator[Finding]:
    """Yield absolute paths, and numbers that at least three cells pass by the same keyword."""
    for cell in code.cells:
        yield from _paths(cell)
    yield from _repeated(code)


def _paths(cell: CodeCell) -> Iterator[Finding]:
    left_out = {*_docstrings(cell.tree), *_defaults_of_environment(cell.tree)}
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            text = node.value
            if _ABSOLUTE.fullmatch(text):
                yield _absolute(cell, node.lineno, text)
    for magic in cell.magics:
        word = magic.rest.split(" ", 1)[0].strip("'\"")
        if magic.name in _GOES_TO_A_PATH and _ABSOLUTE.fullmatch(word):
            yield _absolute(cell, magic.line, word)


def _absolute(cell: CodeCell, line: int, path: str) -> Finding:
    shown = path if len(path) <= 80 else f"{path[:79]}…"  # noqa: PLR2004  # as long as fits into a line
    last = re.split(r"[\\/]", path.rstrip("\\/"))[-1]
    fix = f'DATA = Path(os.environ.get("DATA", "data")); DATA / "{last}"'
    return found_at(cell, line, "MLM007", f"the absolute path {shown!r} is on this machine only", fix=fix)


def _docstrings(tree: ast.Module) -> Iterator[int]:
    """Yield the ids of texts that stand alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


def _defaults_of_environment(tree: ast.Module) -> Iterator[int]:
    """Yield the ids of the defaults in ``os.environ.get("DATA", "/data/x")``: these are configuration."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            if called.endswith(("environ.get", "getenv", "environ.setdefault")):
                yield from (id(one) for one in node.args)


def _repeated(code: Code) -> Iterator[Finding]:
    seen: dict[tuple[str, float], dict[int, tuple[CodeCell, int]]] = {}
    for call in code.calls:
        for keyword in call.node.keywords:
            value = _number(keyword.value)
            if keyword.arg is None or keyword.arg in _OF_SHOWING or value is None or value in _USUAL:
                continue
            places = seen.setdefault((keyword.arg, value), {})
            places.setdefault(id(call.cell), (call.cell, keyword.value.lineno))
    for (name, value), places in seen.items():
        if len(places) >= _LEAST_CELLS:
            first, line = next(iter(places.values()))
            cells = ", ".join(str(cell.number) for cell, _ in places.values() if cell.number is not None)
            where = f"cells {cells}" if cells else f"{len(places)} cells"
            constant = name.upper()
            message = f"{name}={value!r} is written in {where}"
            yield found_at(first, line, "MLM008", message, fix=f"{constant} = {value!r}; {name}={constant}")


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        return node.value  # type: ignore[return-value]  # the line above has checked it
    return None
