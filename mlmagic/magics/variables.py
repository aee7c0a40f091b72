"""Python values in the line of a magic: ``{expression}`` and ``$name``, as IPython expands them.

IPython leaves the whole line as it is if one expression fails. Here only that expression is left as it is, because a
brace may be a part of a value.
"""

from __future__ import annotations

import keyword
import re
import shlex
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from IPython.utils.text import DollarFormatter

from mlmagic.errors import UsageProblem
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import guarded, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from IPython.core.interactiveshell import InteractiveShell

_MOST_LISTED = 8
_OF_IPYTHON = frozenset(["In", "Out", "exit", "quit", "open", "get_ipython"])
_FIRST_NAME = re.compile(r"[^\W\d]\w*")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
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


def escape(text: str) -> str:
    """Return *text* so that `expand` leaves it as it is.

    >>> expand(escape("{a} $a {{b}} 5 $"), {"a": 1, "b": 2})
    '{a} $a {{b}} 5 $'
    """
    return _FIELD.sub(lambda found: f"${found.group()}" if found["name"] else f"{{{found.group()}}}", text)


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


def value_of(
    magic: str,
    word: str,
    *,
    names: Mapping[str, Any],
    evaluated: Callable[[str], Any],
    kind: tuple[str, Callable[[Any], bool]] | None = None,
) -> Any:
    """Return the value of *word*: a variable, an attribute of a variable, or an expression.

    *kind* is what is meant, such as ``fitted models``, and whether a value is one: only such variables are offered.

    Raises
    ------
    UsageProblem
        If there is no such variable (the nearest one is named), or *evaluated* raises for the expression.
    """
    if word in names:
        return names[word]
    first = word.partition(".")[0]
    if _DOTTED.fullmatch(word) and first not in names and not keyword.iskeyword(word):
        public = [name for name in names if not name.startswith("_") and name not in _OF_IPYTHON]
        known = public if kind is None else [name for name in public if guarded(default=False)(kind[1])(names[name])]
        near = did_you_mean(first, known)
        listed = "" if near or kind is None else _listed(kind[0], known)
        raise UsageProblem(f"{magic}: there is no variable {first!r}.{near}{listed}")
    try:
        return evaluated(word)
    except Exception as error:
        raise UsageProblem(f"{magic}: {word!r} has no value: {type(error).__name__}: {error}") from error


def _listed(kind: str, names: Sequence[str]) -> str:
    if not names:
        return f" There are no {kind} here."
    return f" The {kind} here: {', '.join(names[:_MOST_LISTED])}{', …' if len(names) > _MOST_LISTED else '.'}"


def unresolved(line: str, namespace: Mapping[str, Any]) -> str:
    """Return what is wrong with the first ``{expression}`` or ``$name`` in *line* that has no value; else empty.

    >>> unresolved("accuracy > {limit}", {"limits": 1})
    "{limit} has no value: there is no variable 'limit'. Did you mean 'limits'?"
    >>> unresolved("accuracy > {limit} and {{x}}", {"limit": 1})
    ''
    """
    for found in _FIELD.finditer(line):
        name = found["expression"] or found["name"]
        if name is None or expand(found.group(), namespace) != found.group():
            continue
        first = re.match(r"\$?([^\W\d]\w*)", name)
        if first is None or first[1] in namespace:
            why = "write it without a format, as {round(x, 3)}" if ":" in name else "it cannot be worked out"
            return f"{found.group()} has no value: {why}"
        known = [one for one in namespace if not one.startswith("_")]
        return f"{found.group()} has no value: there is no variable {first[1]!r}.{did_you_mean(first[1], known)}"
    return ""


def metric_of(text: str, names: Mapping[str, Any], value: Callable[[str], Any]) -> tuple[str, Any]:
    """Return name and metric of ``NAME=FUNC``, ``FUNC``, or the name of a metric.

    Raises
    ------
    UsageProblem
        If there is no such metric and no such function.
    """
    from mlmagic.evaluation.measures.standard import all_names

    name, equals, what = text.partition("=")
    name = name.strip(" \"'")
    what = what.strip() if equals else name
    if not name or not what:
        raise UsageProblem(f"--metric {text}: write NAME=FUNC, such as cost_loss=business_cost, or a metric's name")
    variable = _FIRST_NAME.match(what)
    known = variable is not None and variable[0] in names
    if not known and what not in all_names():
        own = [one for one, thing in names.items() if one[0] != "_" and (callable(thing) or isinstance(thing, dict))]
        valid = [*all_names(), *(one for one in own if one not in _OF_IPYTHON)]
        near = did_you_mean(what if variable is None else variable[0], valid)
        raise UsageProblem(f"--metric {text}: there is no metric and no function {what!r}.{near}")
    found = value(what) if known else what
    return name, found if callable(found) or isinstance(found, str) else what


def number_of(option: str, text: str, kind: type[int | float] = float, *, example: str = "") -> float:
    """Return the number that *text* is; *example* is one that is valid.

    Raises
    ------
    UsageProblem
        If it is none.
    """
    try:
        return kind(text)
    except ValueError:
        example = example or ("0.95" if kind is float else "2000")
        raise UsageProblem(f"--{option} {text}: give a number, such as {example}") from None
