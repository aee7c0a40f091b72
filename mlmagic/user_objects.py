"""Reading the user's objects. Their own code runs then, and may raise anything: ``SystemExit`` and Rust panics too.

What an object raises costs that object and nothing else; only the user's Ctrl-C goes on.
"""

from __future__ import annotations

import functools
from opcode import opmap
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mlmagic.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D")

_RAISE = opmap["RAISE_VARARGS"]
_SHARED = (type(None), bool, int, float, complex, str, bytes, tuple, frozenset)
"""Types of which one object may stand for several of the user's."""


def is_interrupt(error: BaseException) -> bool:
    """Return whether *error* is the user's Ctrl-C: a ``KeyboardInterrupt`` that no ``raise`` statement made.

    Python raises it between two instructions of whatever code runs, an object's own ``raise`` is an instruction.

    >>> try:
    ...     raise KeyboardInterrupt
    ... except KeyboardInterrupt as error:
    ...     is_interrupt(error)
    False
    """
    if not issubclass(type(error), KeyboardInterrupt):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is None or trace.tb_frame.f_code.co_code[trace.tb_lasti] != _RAISE


def reraise_interrupt(error: BaseException) -> None:
    """Raise *error* again if it is the user's Ctrl-C. Stands first in each handler of what an object raised."""
    if is_interrupt(error):
        raise error


def one_line(error: BaseException) -> str:
    r"""Return type and first line of *error*, whose own text may raise as well.

    >>> one_line(ValueError("odd\nsecond")), one_line(KeyError())
    ('ValueError: odd', 'KeyError')
    """
    text = text_of(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def guarded(default: D) -> Callable[[Callable[P, T]], Callable[P, T | D]]:
    """Have a function that reads an object return *default* where the object raises.

    >>> length = guarded(default=-1)(len)
    >>> length([1, 2]), length(3)
    (2, -1)
    """

    def guard(reader: Callable[P, T]) -> Callable[P, T | D]:
        @functools.wraps(reader)
        def read(*args: P.args, **kwargs: P.kwargs) -> T | D:
            try:
                return reader(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001  # whatever a foreign object raises
                reraise_interrupt(error)
                return default

        return read

    return guard


@guarded(default="")
def text_of(thing: object) -> str:
    """Return the text of an object, empty where it cannot show itself.

    >>> text_of(3), text_of(type("Mute", (), {"__str__": lambda self: None})())
    ('3', '')
    """
    return str(thing)


class Skips:
    """The objects of one run that could not be read, each with the reason, in the order in which they came.

    >>> skips = Skips()
    >>> skips.read("n", object(), len, default=0)
    0
    >>> skips.lines()
    ["n was left out: reading it raised TypeError: object of type 'object' has no len()"]
    """

    def __init__(self) -> None:
        self._objects: dict[int, Remembered] = {}
        self._lines: dict[str, str] = {}

    def read(self, name: str, value: Any, reader: Callable[[Any], T], *, default: D) -> T | D:
        """Return what *reader* makes of *value*, which the user calls *name*; *default* if it raises.

        An object that has raised once is not read again.
        """
        known = self._objects.get(id(value))
        if known is not None and known.is_(value):
            return default
        try:
            return reader(value)
        except BaseException as error:  # noqa: BLE001  # whatever a foreign object raises
            reraise_interrupt(error)
            if not any(type(value) is kind for kind in _SHARED):
                self._objects[id(value)] = Remembered(value)
            self._lines.setdefault(name, f"{name} was left out: reading it raised {one_line(error)[:200]}")
            return default

    def lines(self) -> list[str]:
        """Return a line for each object."""
        return list(self._lines.values())
