"""Reads the user's objects safely. Their code may raise anything, including ``SystemExit`` and Rust panics.

An exception raised by an object only skips that object; the user's Ctrl-C is re-raised.
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
"""Types whose objects may be shared by several of the user's names, such as interned values."""


def is_interrupt(error: BaseException) -> bool:
    """Return whether *error* is the user's Ctrl-C: a ``KeyboardInterrupt`` that no ``raise`` statement raised.

    Python raises the user's interrupt between any two instructions; an object's own ``raise`` is an instruction.

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
    """Raise *error* again if it is the user's Ctrl-C. Each handler for errors of user objects calls this first."""
    if is_interrupt(error):
        raise error


def one_line(error: BaseException) -> str:
    r"""Return the type and the first line of *error*, whose ``__str__`` may raise too.

    >>> one_line(ValueError("odd\nsecond")), one_line(KeyError())
    ('ValueError: odd', 'KeyError')
    """
    text = text_of(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def quoted(error: BaseException) -> str:
    """Return `one_line` without a full stop at its end, for the middle of a sentence.

    >>> quoted(ValueError("Input X contains NaN."))
    'ValueError: Input X contains NaN'
    """
    return one_line(error).rstrip(". ")


def guarded(default: D) -> Callable[[Callable[P, T]], Callable[P, T | D]]:
    """Decorate a function that reads an object to return *default* if the object raises.

    >>> length = guarded(default=-1)(len)
    >>> length([1, 2]), length(3)
    (2, -1)
    """

    def guard(reader: Callable[P, T]) -> Callable[P, T | D]:
        @functools.wraps(reader)
        def read(*args: P.args, **kwargs: P.kwargs) -> T | D:
            try:
                return reader(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001  # a user's object may raise anything
                reraise_interrupt(error)
                return default

        return read

    return guard


@guarded(default="")
def text_of(thing: object) -> str:
    """Return ``str(thing)``, or an empty string if that raises.

    >>> text_of(3), text_of(type("Mute", (), {"__str__": lambda self: None})())
    ('3', '')
    """
    return str(thing)


class Skips:
    """The objects of one run that could not be read, with the reasons, in order.

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
        """Return *reader* of *value*, which is the user's *name*, or *default* if it raises.

        An object that has raised is not read again.
        """
        known = self._objects.get(id(value))
        if known is not None and known.is_(value):
            return default
        try:
            return reader(value)
        except BaseException as error:  # noqa: BLE001  # a user's object may raise anything
            reraise_interrupt(error)
            if not any(type(value) is kind for kind in _SHARED):
                self._objects[id(value)] = Remembered(value)
            self._lines.setdefault(name, f"{name} was left out: reading it raised {one_line(error)[:200]}")
            return default

    def lines(self) -> list[str]:
        """Return one line for each name that could not be read."""
        return list(self._lines.values())
