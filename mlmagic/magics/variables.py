"""Python values in the line of a magic: ``{expression}`` and ``$name``, as IPython expands them.

IPython leaves the whole line as it is if one expression fails. Here only that expression is left as it is, because a
brace may be a part of a value.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from IPython.utils.text import DollarFormatter

from mlmagic.errors import UsageProblem
from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

_FIELD = re.compile(
    r"""\{\{(?P<escaped>[^{}]*)\}\}     # {{x}} is {x}
      | \{(?P<expression>[^{}]+)\}
      | \$(?P<name>\$?[A-Za-z_]\w*(?:\.\w+)*)(?=(?:[^']*'[^']*')*[^']*$)   # not within single quotes; $$x is $x""",
    re.VERBOSE,
)


def namespace_of(shell: InteractiveShell | None, local: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the variables that a line sees: the notebook's, and those of the function that runs the magic."""
    return {**(shell.user_ns if shell else {}), **(local or {})}


def expand(line: str, namespace: Mapping[str, Any], text_of: Callable[[Any], str] = format) -> str:
    """Return *line* with the values of its ``{expression}`` and ``$name``, written by *text_of*.

    >>> expand("lr > {th / 2} and depth in {depths} and note ~ {x}", {"th": 0.5, "depths": [4, "a b"]}, in_filter)
    "lr > 0.25 and depth in (4, 'a b') and note ~ {x}"
    >>> expand("$$th {{th}} $th '$th' {th!r} {id", {"th": 1})
    "$th {th} 1 '$th' 1 {id"
    """
    if not any(mark in line for mark in "{$"):
        return line
    formatter = _Formatter(text_of)

    def replaced(found: re.Match[str]) -> str:
        name = found["expression"] or found["name"] or ""
        if name.isidentifier() and name not in namespace:  # `id` is a builtin
            return found.group()
        try:
            return str(formatter.vformat(found.group(), [], dict(namespace)))
        except BaseException as error:  # noqa: BLE001  # as in IPython, what cannot be evaluated stays text
            reraise_interrupt(error)
            return found.group()

    return _FIELD.sub(replaced, line)


def in_filter(value: Any) -> str:
    """Return a value as a filter takes it: a list in parentheses, a run by its id, anything else as its text.

    >>> in_filter(["adam", 0.1]), in_filter("adam w"), in_filter({8})
    ("('adam', 0.1)", 'adam w', '(8)')
    """
    from mlmagic.store.query.filters.tree import Value
    from mlmagic.store.query.run import Run

    if isinstance(value, Run):
        return value.id
    if not isinstance(value, Collection) or isinstance(value, str | bytes | Mapping):
        return format(value)
    try:
        members = list(value)
    except TypeError:  # an array or a tensor of no dimension
        return format(value)
    return f"({', '.join(str(Value(str(one), quoted=isinstance(one, str))) for one in members)})"


def as_runs(value: Any) -> str:
    """Return a value as words that name runs: a run, a frame of runs, a list of names; anything else as its text.

    >>> as_runs(["first", "second run"]), as_runs("first second"), as_runs(3)
    ("first 'second run'", 'first second', '3')
    """
    from mlmagic.comparison.diffs.references import references_in

    try:
        return value if isinstance(value, str) else shlex.join(one.text for one in references_in(value))
    except UsageProblem:
        return format(value)


class _Formatter(DollarFormatter):
    def __init__(self, text_of: Callable[[Any], str]) -> None:
        self._text_of = text_of

    def format_field(self, value: Any, format_spec: str) -> Any:  # noqa: ARG002  # IPython's formatter has no formats
        return self._text_of(value)
