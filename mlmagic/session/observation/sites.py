"""The places of a cell whose values are observed while it runs: what they call, their arguments, their results.

`keep`, `note` and `given` are called in the rewritten cell and return the value that they get; RAN is called in blocks.
"""

from __future__ import annotations

import builtins
import contextlib
import itertools
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NOTE, KEEP, GIVEN = "__mlmagic_note__", "__mlmagic_keep__", "__mlmagic_given__"
RAN = "__mlmagic_ran__"
"""The name of a function that notes the number of a block that runs: `set.add`, because loops may call it often."""

Kind = Literal[
    "function",
    "method",
    "fit",
    "predict",
    "load",
    "train",
    "log",
    "end",
    "assignment",
    "literal",
    "item",
    "key",
    "turn",
]


@dataclass
class Site:
    """A place in the cell whose results are observed.

    ``bound`` is the name that the whole result is bound to, ``parts`` the names that its items are bound to, ``within``
    the names that an enclosing expression is bound to (for an item, the name of the whole), and ``truth`` the variable
    with the true labels. ``names`` are those that an assignment binds; ``literals`` says which of these get a scalar
    literal. ``loops`` counts the loops around the place, and ``in_turn`` means that each turn of that loop is marked.
    ``statement`` counts the statements before it. ``passing`` means that only the call holds the receiver, and
    ``per_class`` that the call asks for a value per class. ``item`` is the assignment that a key belongs to.
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
    in_turn: bool = False
    statement: int = 0
    passing: bool = False
    per_class: bool = False
    item: Site | None = None
    looks: int = 0
    is_muted: bool = False
    numbers: list[int] = field(default_factory=list, repr=False)
    _unmeasured: Callable[[], Any] = field(default=lambda: None, repr=False)
    _callee: Callable[[], Any] = field(default=lambda: None, repr=False)

    @property
    def binds(self) -> tuple[str, ...]:
        """The names that an assignment at this place binds, or the dict whose item it sets; empty for another place."""
        if self.kind == "key":
            return (f"{self.name}[]",)
        return tuple(name for name in self.names if name is not None) if self.kind == "assignment" else ()

    @property
    def callee(self) -> Any:
        """The function or receiver of the call at this place, None if it is gone."""
        return self._callee()

    def called(self, callee: Any) -> None:
        """Note what is called. An object that only the call holds is kept alive until the call has returned."""
        try:
            self._callee = (lambda: callee) if self.passing else weakref.ref(callee)
        except TypeError:  # it takes no weak reference
            self._callee = lambda: callee

    def mutes(self, callee: Any) -> bool:
        """Return whether *callee* is the function that was found to measure nothing, and skip this call if so."""
        self.is_muted = callee is not None and self._unmeasured() is callee
        return self.is_muted

    def mute(self, callee: Any) -> None:
        """Skip the calls of *callee* from here on: it measures nothing."""
        with contextlib.suppress(TypeError):  # it takes no weak reference
            self._unmeasured = weakref.ref(callee)

    def release(self) -> None:
        """Drop the reference to what was called."""
        self._callee = lambda: None


@dataclass(frozen=True)
class Argument:
    """An observed argument of a call: its source text and its place.

    ``names`` are those that it reads, the one that it begins with first; None if it is the result of a call. ``place``
    is a position, a keyword, or the stars before several. ``is_own`` means that a name is a comprehension's.
    """

    site: Site
    text: str
    names: tuple[str, ...] | None
    place: int | str
    is_own: bool = False


class Sees(Protocol):
    """Observes the values of a cell's sites."""

    def calls(self, site: Site, callee: Any) -> None:
        """Note what is called at a site, before its arguments are evaluated."""

    def returned(self, site: Site, value: Any) -> None:
        """Note what a call returned, or what an assignment binds."""

    def given(self, argument: Argument, value: Any) -> None:
        """Note an argument of a call."""


_sites: Final[dict[int, tuple[Site, Sees]]] = {}
_arguments: Final[dict[int, tuple[Argument, Sees]]] = {}
_ran: Final[set[int]] = set()
_numbers: Final = itertools.count()
"""The numbers in rewritten cells identify entries here. Cells may nest, and run on several threads."""


def new_number() -> int:
    """Return a unique number."""
    return next(_numbers)


def take_ran(numbers: Iterable[int]) -> set[int]:
    """Return which of the blocks with these *numbers* have run, and reset them."""
    found = _ran.intersection(numbers)
    _ran.difference_update(found)
    return found


def add_site(site: Site, sees: Sees) -> int:
    """Register a new site and return its number."""
    number = next(_numbers)
    _sites[number] = (site, sees)
    site.numbers.append(number)
    return number


def add_argument(argument: Argument, sees: Sees) -> int:
    """Register a new argument of a call and return its number."""
    number = next(_numbers)
    _arguments[number] = (argument, sees)
    argument.site.numbers.append(number)
    return number


def forget(number: int) -> None:
    """Stop observing this place."""
    _sites.pop(number, None)
    _arguments.pop(number, None)


def keep(number: int, value: Any) -> Any:
    """Return *value*, which is called at a site, and pass it to the site's observer."""
    known = _sites.get(number)
    if known is not None:
        site, sees = known
        sees.calls(site, value)
    return value


def note(number: int, value: Any) -> Any:
    """Return *value*, and pass it to the site's observer."""
    known = _sites.get(number)
    if known is not None:
        site, sees = known
        sees.returned(site, value)
    return value


def given(number: int, value: Any) -> Any:
    """Return *value*, and pass it to the argument's observer."""
    known = _arguments.get(number)
    if known is not None:
        argument, sees = known
        sees.given(argument, value)
    return value


def install() -> Callable[[], None]:
    """Make these functions available to cells, if they are not yet; return a function that removes them."""
    if hasattr(builtins, NOTE):
        return lambda: None
    functions = {NOTE: note, KEEP: keep, GIVEN: given, RAN: _ran.add}
    for name, function in functions.items():
        setattr(builtins, name, function)

    def remove() -> None:
        for name in functions:
            delattr(builtins, name)

    return remove
