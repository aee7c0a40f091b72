"""Reads the code cells of a notebook file, or of a script in percent format."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.reproducibility.cells import lines_of, read_cell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlmagic.reproducibility.cells import CodeCell

_CELL = re.compile(r"#\s*%%(?P<title>(?:\s.*)?)$")
_NO_CODE = re.compile(r"\[(?:markdown|md|raw)\]")
_PYTHON = frozenset({"python", "python3", "python2", "ipython", "xpython", "sage"})


class NotANotebookError(UsageProblem):
    """A file is no notebook and no script, or cannot be read."""


def read_notebook(path: Path) -> list[CodeCell]:
    """Return the code cells of *path* (``.ipynb`` or ``.py``), numbered by their position among all cells.

    Raises
    ------
    NotANotebookError
        If it is neither, is missing, or is a notebook of another language than Python.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotANotebookError(f"there is no file {str(path)!r}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise NotANotebookError(f"{str(path)!r} cannot be read: {_reason(error)}") from None
    if path.suffix == ".py":
        return list(_of_script(text))
    if path.suffix != ".ipynb":
        raise NotANotebookError(f"{str(path)!r} is no notebook: mlmagic lint takes .ipynb and .py files")
    return list(_of_notebook(text, str(path)))


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return "it is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)


def _of_notebook(text: str, name: str) -> Iterator[CodeCell]:
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise NotANotebookError(f"{name!r} is no notebook: it is not JSON") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        older = isinstance(notebook, dict) and "worksheets" in notebook
        hint = "; it is of version 3: jupyter nbconvert --to notebook --inplace FILE" if older else ""
        raise NotANotebookError(f"{name!r} is no notebook: it has no list of cells{hint}")
    language = _language(notebook)
    if language is not None and language.casefold() not in _PYTHON:
        raise NotANotebookError(f"{name!r} is a notebook of {language}: only Python is checked")
    for number, cell in enumerate(cells, 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            count = cell.get("execution_count")
            yield read_cell(_source(cell), number, execution_count=count if type(count) is int else None)


def _language(notebook: dict[str, Any]) -> str | None:
    """Return the language that the notebook names, None if it names none."""
    metadata = notebook.get("metadata")
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        about = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(about, dict) and isinstance(about.get(name), str) and about[name]:
            return str(about[name])
    return None


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source")
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _of_script(text: str) -> Iterator[CodeCell]:
    """Yield the cells of a script; one without ``# %%`` is a single cell."""
    number, title, first, lines = 0, "", 1, []
    for at, line in enumerate([*lines_of(text), None], 1):
        head = _CELL.fullmatch(line.rstrip()) if line is not None else None
        if line is not None and head is None:
            lines.append(line)
            continue
        has_text = any(one.strip() for one in lines)
        if number or has_text:
            number = max(number, 1)
            if has_text and not _NO_CODE.search(title):
                yield read_cell("\n".join(lines), number, is_from_script=True, first_line=first)
        number, title, first, lines = number + 1, head["title"] if head else "", at + 1, []
