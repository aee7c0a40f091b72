"""Cells as plain Python, for reading: IPython-only syntax becomes a comment."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NEWLINE = re.compile(r"\r\n|\r|\n")
_BLANK = re.compile(r"[ \t\f]*")
_PYTHON_BELOW = re.compile(r"%%?(?:track|time|timeit|capture|prun|mprun|memit)(?=\s|$)")
_ASSIGNED_MAGIC = re.compile(r"[^=!<>'\"()]+=\s*[%!](?!=)")


def as_python(source: str) -> str:
    r"""Comment out the IPython-only syntax in *source*, a cell as typed, or all of it if the rest is not Python.

    >>> as_python("!ls\nx = 1")
    '# !ls\nx = 1'
    >>> as_python("%%bash\necho hi")
    '# %%bash\n# echo hi'
    >>> as_python("if x:\n    %time f()")
    'if x:\n    pass  # %time f()'
    """
    if _compiles(source):
        return source
    lines = _NEWLINE.split(source)
    below = next(
        (i for i, line in enumerate(lines) if not (_BLANK.fullmatch(line) or _PYTHON_BELOW.match(line))), len(lines)
    )
    head = [_comment(line) for line in lines[:below]]
    body = lines[below:]
    if not body or body[0].startswith("%%"):
        return "\n".join([*head, *map(_comment, body)])
    try:
        clean = _without_magics(body)
    except SyntaxError:  # from the tokenizer: an inconsistent indentation
        clean = body
    return "\n".join([*head, *(clean if _compiles("\n".join(clean)) else map(_comment, body))])


def _compiles(source: str) -> bool:
    from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<cell>", "exec", PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    return True


def _without_magics(lines: list[str]) -> list[str]:
    clean = list(lines)
    for first, last in _logical_lines(lines):
        text = lines[first].strip()
        if text.startswith(("%", "!", "?")) or lines[last].rstrip().endswith("?") or _ASSIGNED_MAGIC.match(text):
            clean[first : last + 1] = map(_comment, lines[first : last + 1])
            indent = lines[first][: -len(lines[first].lstrip())]
            if indent:  # a block must not lose its only statement
                clean[first] = f"{indent}pass  # {text}"
    return clean


def _logical_lines(lines: list[str]) -> Iterable[tuple[int, int]]:
    """Yield the first and last line of each statement, so that a ``% b`` within brackets does not count as a magic."""
    from IPython.core.inputtransformer2 import make_tokens_by_line

    for tokens in make_tokens_by_line([f"{line}\n" for line in lines]):
        rows = [row - 1 for token in tokens if token.string.strip() for row in (token.start[0], token.end[0])]
        if rows and rows[-1] < len(lines):
            yield min(rows), max(rows)


def _comment(line: str) -> str:
    return line if _BLANK.fullmatch(line) else f"# {line}"
