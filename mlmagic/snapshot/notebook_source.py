"""Strip outputs and other traces of execution from notebooks, so that only changes of the source remain."""

from __future__ import annotations

import json
import re
from typing import Any

_LEFT_BY_RUNNING = frozenset({"execution", "collapsed", "scrolled", "ExecuteTime"})
_INDENT = re.compile(r"\n( +)")


def stripped(text: str) -> str:
    r"""Return a notebook without outputs, execution counts, execution times and widget state.

    A notebook that has none of these is returned unchanged. Otherwise Jupyter's format is preserved: the order of the
    keys, the indentation and the final newline.

    Raises
    ------
    ValueError
        When *text* is no notebook.

    >>> print(stripped('{"cells": [{"cell_type": "code", "execution_count": 3, "outputs": [1], "source": ["x\\n"]}]}'))
    {"cells": [{"cell_type": "code", "execution_count": null, "outputs": [], "source": ["x\n"]}]}
    """
    try:
        notebook = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise ValueError("it has no list of cells")
    # Strip everything before testing, since `any` would stop at the first change.
    changed = [_strip(cell) for cell in cells]
    metadata = notebook.get("metadata")
    has_widgets = isinstance(metadata, dict) and metadata.pop("widgets", None) is not None
    if not has_widgets and not any(changed):
        return text
    indent = _INDENT.search(text)
    written = json.dumps(notebook, indent=len(indent[1]) if indent else None, ensure_ascii=False)
    if not _can_be_written(written):
        written = json.dumps(notebook, indent=len(indent[1]) if indent else None)
    return f"{written}\n" if text.endswith("\n") else written


def _strip(cell: dict[str, Any]) -> bool:
    """Remove the traces of execution from *cell*, and return whether there were any."""
    found = False
    if cell.get("cell_type") == "code":
        for key, empty in (("outputs", []), ("execution_count", None)):
            if cell.get(key, empty) != empty:
                cell[key], found = empty, True
    metadata = cell.get("metadata")
    if isinstance(metadata, dict):
        for key in _LEFT_BY_RUNNING & metadata.keys():
            del metadata[key]
            found = True
    return found


def _can_be_written(text: str) -> bool:
    """Return whether *text* contains no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
