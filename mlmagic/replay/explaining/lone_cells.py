"""The parts of a cell that only one of two sessions ran: each value that it gives, and the rest of its code."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from mlmagic.replay.explaining.cell_text import CellText, source_of
from mlmagic.replay.explaining.source_difference import NOT_GIVEN, SourceDifference, first_line, is_plain, names_a_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlmagic.session.log import LoggedCell


class _Given(NamedTuple):
    """A statement that gives *name* a plain value."""

    name: str
    value: str


def values_given(cells: Iterable[LoggedCell]) -> dict[str, str]:
    r"""Return what each name was given last by *cells* at their first level, as text, and the line of ``%seed``.

    Examples
    --------
    >>> from mlmagic.session.log import LoggedCell
    >>> values_given([LoggedCell(1, "lr = 0.1\nx = f()"), LoggedCell(2, "lr = 0.2\n%seed 3")])
    {'lr': '0.2', 'x': 'f()', '%seed': '3'}
    """
    found: dict[str, str] = {}
    for cell in cells:
        tree = CellText.of(cell.source).tree()
        for statement in tree.body if tree is not None else ():
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found[name] = ast.unparse(value)
                case _ if (given := _given(statement)) is not None:
                    found[given.name] = given.value
    return found


def parts_of(source: str, elsewhere: Mapping[str, str], *, is_first: bool) -> list[SourceDifference]:
    r"""Return the differences that a cell makes which only one session ran.

    Parameters
    ----------
    elsewhere
        The values that names have in the other session.
    is_first
        Whether the first session ran it.

    Examples
    --------
    >>> found = parts_of("lr = 0.5\nprint(lr)\nplot(lr)", {"lr": "0.1"}, is_first=False)
    >>> [(one.name, one.before, one.after) for one in found]
    [('lr', '0.1', '0.5'), ('print(lr) …', '', 'print(lr) …')]
    """
    found: list[SourceDifference] = []
    rest: list[ast.stmt] = []
    tree = _tree(source)
    for statement in tree.body if tree is not None else ():
        given = _given(statement)
        if given is None:
            rest.append(statement)
        elif (one := _difference(given, elsewhere, is_first=is_first)).before != one.after and one not in found:
            found.append(one)
    if tree is None or rest:
        line = first_line(source if tree is None else source_of(rest))
        found.append(SourceDifference("code", line, *((line, "") if is_first else ("", line))))
    return found


def source_with(
    source: str, elsewhere: Mapping[str, str], taken: Callable[[SourceDifference], bool], *, is_first: bool
) -> str | None:
    """Return the source of such a cell with the parts that stand in it when some are *taken* from the second session.

    None is returned if none of its parts does.
    """
    stands = {one: taken(one) != is_first for one in parts_of(source, elsewhere, is_first=is_first)}
    if all(stands.values()) or not any(stands.values()):
        return source if any(stands.values()) or not stands else None
    tree = _tree(source)
    assert tree is not None  # noqa: S101  # a cell of several parts is Python
    code = next((one for one in stands if one.kind == "code" and NOT_GIVEN not in (one.before, one.after)), None)
    kept = []
    for statement in tree.body:
        given = _given(statement)
        part = code if given is None else _difference(given, elsewhere, is_first=is_first)
        if part is None or stands.get(part, True):
            kept.append(statement)
    return source_of(kept)


def _tree(source: str) -> ast.Module | None:
    cell = CellText.of(source)
    return None if cell.headers else cell.tree()


def _difference(given: _Given, elsewhere: Mapping[str, str], *, is_first: bool) -> SourceDifference:
    other = elsewhere.get(given.name, NOT_GIVEN)
    kind = "seed" if names_a_seed(given.name.lstrip("%")) else "parameter"
    before, after = (given.value, other) if is_first else (other, given.value)
    return SourceDifference(kind, given.name, before, after)  # type: ignore[arg-type]


def _given(statement: ast.stmt) -> _Given | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_plain(value):
            return _Given(name, ast.unparse(value))
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="run_line_magic"), args=[
            ast.Constant(value="seed"), ast.Constant(value=str() as line)])):  # fmt: skip
            return _Given("%seed", line)
    return None
