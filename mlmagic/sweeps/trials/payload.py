"""Pickles what a sweep's code needs, so that each trial in any process gets its own copy.

cloudpickle pickles what the code reads as the globals of one function, so that the notebook's functions share one
namespace, and so do their copies. cloudpickle reuses classes that the process already has, whose methods would read the
globals of an earlier trial; `_new_classes` makes cloudpickle create them anew.
"""

from __future__ import annotations

import contextlib
import inspect
import threading
import types
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.snapshot.secrets.cuts import beginning, shown
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_LONGEST_REASON = 200
_lock = threading.Lock()


@dataclass(frozen=True)
class Payload:
    """Pickled names and values. ``shared`` are the values that cannot be pickled; trials in this process share them."""

    content: bytes
    shared: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> dict[str, Any]:
        """Return a new namespace with these names, which is also the globals of the copied notebook functions."""
        import cloudpickle

        with _new_classes():
            carrier: types.FunctionType = cloudpickle.loads(self.content)
        namespace = carrier.__globals__
        namespace.update(self.shared)
        return namespace


@contextlib.contextmanager
def _new_classes() -> Iterator[None]:
    """Make cloudpickle create the notebook's classes anew.

    By default it reuses the process's class, whose methods read the globals of the notebook or of an earlier trial.
    """
    import cloudpickle.cloudpickle as pickling

    with _lock:
        before = pickling._DYNAMIC_CLASS_TRACKER_BY_ID
        pickling._DYNAMIC_CLASS_TRACKER_BY_ID = weakref.WeakValueDictionary()
        try:
            yield
        finally:
            pickling._DYNAMIC_CLASS_TRACKER_BY_ID = before


def pack(names: Iterable[str], namespace: Mapping[str, Any], *, for_processes: bool) -> Payload:
    """Return the *names* of *namespace* as a payload.

    Functions and classes of the notebook are pickled with what they read. If trials run in this process, they share the
    values that cannot be pickled.

    Raises
    ------
    UsageProblem
        If a value for other processes (*for_processes*) cannot be pickled.
    """
    import cloudpickle

    wanted = list(names)
    try:
        return Payload(cloudpickle.dumps(_carrier(wanted, namespace)))
    except BaseException as error:
        reraise_interrupt(error)
        reasons = {name: reason for name in wanted if (reason := _why_not(name, namespace)) is not None}
        if not reasons:
            raise UsageProblem(f"what the body reads cannot be sent to another process: {_line(error)}") from error
        if for_processes:
            name, reason = next(iter(reasons.items()))
            raise UsageProblem(
                f"{name!r} ({type(namespace[name]).__name__}) cannot be sent to another process: {reason}. Make it in "
                "the body, or leave --jobs and --on out: one after another, trials share it"
            ) from error
    kept = [name for name in wanted if name not in reasons]
    return Payload(cloudpickle.dumps(_carrier(kept, namespace)), {name: namespace[name] for name in reasons})


def pack_function(function: Callable[..., Any], *, for_processes: bool) -> Payload:
    """Return *function*, with what it reads, as a payload with the single name ``function``."""
    return pack(["function"], {"function": function}, for_processes=for_processes)


def require_takes(function: Any, names: Iterable[str]) -> None:
    """Check that *function* can be called with these keywords.

    Raises
    ------
    UsageProblem
        If it cannot.
    """
    if not callable(function):
        raise UsageProblem(f"A sweep calls a function, and {shown(function, 80)} is none.")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a function not written in Python may have no signature
        return
    try:
        signature.bind(**dict.fromkeys(names))
    except TypeError as error:
        takes = ", ".join(signature.parameters) or "nothing"
        name = getattr(function, "__name__", "the function")
        raise UsageProblem(f"{name} cannot be called with {', '.join(names)}: {error}. It takes {takes}.") from None


def _carrier(names: Iterable[str], namespace: Mapping[str, Any]) -> types.FunctionType:
    """Return a function that reads these names as its globals, with which cloudpickle pickles it.

    The function shares its globals with the notebook's functions, and the copies share theirs.
    """
    body = "".join(f"    {name}\n" for name in names) or "    pass\n"
    made: dict[str, Any] = {}
    exec(f"def carrier():\n{body}", made)  # noqa: S102  # names of variables only
    own = namespace if isinstance(namespace, dict) else dict(namespace)
    carrier = types.FunctionType(made["carrier"].__code__, own, "carrier")
    carrier.__module__ = "__main__"  # pickled by value, as the notebook's code is
    return carrier


def _why_not(name: str, namespace: Mapping[str, Any]) -> str | None:
    import cloudpickle

    try:
        cloudpickle.dumps(_carrier([name], namespace))
    except BaseException as error:  # noqa: BLE001  # each type raises its own error
        reraise_interrupt(error)
        return _line(error)
    return None


def _line(error: BaseException) -> str:
    return beginning(one_line(error), _LONGEST_REASON)
