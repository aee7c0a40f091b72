"""Put something in place of an attribute, and take it back unless somebody has replaced it since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MISSING = object()


def shadow(owner: Any, name: str, replacement: Any) -> Callable[[], None]:
    """Set the attribute *name* of an object, class or module to *replacement*; return a function that undoes this.

    Undoing leaves the attribute alone if it is another one by then.

    >>> class Stream:
    ...     def write(self, text): return len(text)
    >>> stream = Stream()
    >>> undo = shadow(stream, "write", lambda text: 0)
    >>> stream.write("abc"), undo(), stream.write("abc")
    (0, None, 3)
    """
    before = vars(owner).get(name, _MISSING)

    def undo() -> None:
        if vars(owner).get(name) is not replacement:
            return
        if before is _MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, before)

    setattr(owner, name, replacement)
    return undo
