"""The places of a cell whose values are seen while it runs: what they call, what they are given, what comes out.

`keep`, `note` and `given` stand in the rewritten cell and return what they are given; RAN stands before blocks.
"""

from __future__ import annotations

import builtins
import itertools
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NOTE, KEEP, GIVEN = "__mlmagic_note__", "__mlmagic_keep__", "__mlmagic_given__"
RAN = "__mlmagic_ran__"
"""The name of a function that notes the number of a block that runs: `set.add`, since a loop may call it very often."""

Kind = Literal[
    "function", "method", "fit", "predict", "load", "train", "log", "end", "assignment", "literal", "item", "key"
]


@dataclass
class Site:
    """A place in the cell whose results are seen.

    ``bound`` is the name that the whole result is bound to, ``parts`` those that its items are bound to, ``within`` the
    names that an expression around it is bound to (the name of the whole, for an item), and ``truth`` the variable that
    holds the true labels. ``names`` are those
    that an assignment binds, ``literals`` says which of these to a scalar that is written down. ``loops`` counts the
    loops around the place, ``statement`` the statements before it. ``passing`` means that nothing but the call holds
    the receiver, and ``per_class`` that the call asks for a value for each class. ``item`` is the assignment that a key
    belongs to.
    """

    kind: Kind
    name: str
    bound: str | None = None
    parts: tuple[str | None, ...] = ()
    within: frozenset[str] = frozenset()
    truth: str | None = None
    names: tuple[str | None, ...] = ()
    literals: tuple[bool, ...] = ()
    loops: int = 0
    statement: int = 0
    passing: bool = False
    per_class: bool = False
    item: Site | None = None
    _callee: Callable[[], Any] = field(default=lambda: None, repr=False)

    @property
    def callee(self) -> Any:
        """The function or receiver of the call that runs there, None if it is gone."""
        return self._callee()

    def called(self, callee: Any) -> None:
        """Note what is called. Only what the call alone holds is kept alive, until the call has returned."""
        try:
            self._callee = (lambda: callee) if self.passing else weakref.ref(callee)
        except TypeError:  # it takes no weak reference
            self._callee = lambda: callee

    def release(self) -> None:
        """Forget what was called."""
        self._callee = lambda: None


@dataclass(frozen=True)
class Argument:
    """An argument of a call that is seen: how the cell writes it, and its place.

    ``names`` are those that it reads, the one that it begins with first; None where it is worked out by a call.
    ``place`` is a position, a keyword, or the stars before several. ``is_own`` means that a name is a comprehension's.
    """

    site: Site
    text: str
    names: tuple[str, ...] | None
    place: int | str
    is_own: bool = False


class Sees(Protocol):
    """What sees the values of a cell's sites."""

    def calls(self, site: Site, callee: Any) -> None:
        """Take what is called at a site, before its arguments are worked out."""

    def returned(self, site: Site, value: Any) -> None:
        """Take what a call returned, or what an assignment binds."""

    def given(self, argument: Argument, value: Any) -> None:
        """Take what a call is given."""


_sites: Final[dict[int, tuple[Site, Sees]]] = {}
_arguments: Final[dict[int, tuple[Argument, Sees]]] = {}
_ran: Final[set[int]] = set()
_numbers: Final = itertools.count()
"""What the numbers in rewritten cells stand for. Cells run one within the other, and on several threads."""


def new_number() -> int:
    """Return a number that nothing else has."""
    return next(_numbers)


def take_ran(numbers: Iterable[int]) -> set[int]:
    """Return which of the blocks with these *numbers* have run, and forget that."""
    found = _ran.intersection(numbers)
    _ran.difference_update(found)
    return found


def add_site(site: Site, sees: Sees) -> int:
    """Return the number of a new place."""
    number = next(_numbers)
    _sites[number] = (site, sees)
    return number


def add_argument(argument: Argument, sees: Sees) -> int:
    """Return the number of a new argument of a call."""
    number = next(_numbers)
    _arguments[number] = (argument, sees)
    return number


def forget(number: int) -> None:
    """See nothing at this place any more."""
    _sites.pop(number, None)
    _arguments.pop(number, None)


def keep(number: int, value: Any) -> Any:
    """Return *value*; it is what is called at a site."""
    known = _sites.get(number)
    if known is not None:
        site, sees = known
        sees.calls(site, value)
    return value


def note(number: int, value: Any) -> Any:
    """Return *value*; hand it to what sees the site."""
    known = _sites.get(number)
    if known is not None:
        site, sees = known
        sees.returned(site, value)
    return value


def given(number: int, value: Any) -> Any:
    """Return *value*; hand it to what sees the argument."""
    known = _arguments.get(number)
    if known is not None:
        argument, sees = known
        sees.given(argument, value)
    return value


def install() -> Callable[[], None]:
    """Let cells find these functions, if they do not yet; returns the way back."""
    if hasattr(builtins, NOTE):
        return lambda: None
    functions = {NOTE: note, KEEP: keep, GIVEN: given, RAN: _ran.add}
    for name, function in functions.items():
        setattr(builtins, name, function)

    def remove() -> None:
        for name in functions:
            delattr(builtins, name)

    return remove
