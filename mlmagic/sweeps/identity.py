"""What tells one sweep's code, and what it reads, from another's: by this ``--resume`` knows a sweep and its trials."""

from __future__ import annotations

import contextlib
import inspect
import json
import types
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.kinds import datasets_in
from mlmagic.session.observation.reads import functions_of, names_used
from mlmagic.sweeps.body import Body
from mlmagic.user_objects import guarded
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def key_of(*parts: Any) -> str:
    """Return what tells these values from others: the same in every process.

    >>> key_of("code", {"lr": 0.1}, 7) == key_of("code", {"lr": 0.1}, 7) != key_of("code", {"lr": 0.10001}, 7)
    True
    """
    import xxhash

    return str(xxhash.xxh3_128_hexdigest(json.dumps(parts, sort_keys=True, default=repr).encode()))


def identity_of(code: Body | Callable[..., Any], namespace: Mapping[str, Any]) -> str:
    """Return what tells the code of a sweep with all that it reads: the notebook's functions, values, data and objects.

    *namespace* is what a body reads from; a function has its own.
    """
    if isinstance(code, Body):
        source, names, used = code.source, code.names, []
    else:
        source, namespace = _name_of(code), globals_of(code)
        names, used = tuple(names_used(code, namespace)), [code]
    read = {name: namespace[name] for name in names}
    functions = {one for value in (*used, *read.values()) for one in functions_of(value, namespace)}
    parts = sorted(([_written(one.__code__), *map(content_of, _held_by(one))] for one in functions), key=repr)
    return key_of(source, list(map(content_of, used)), [(name, content_of(read[name])) for name in sorted(read)], parts)


@guarded(default=None)
def content_of(value: Any) -> Any:
    """Return what tells a value: plain values themselves, data by their fingerprints, other objects by their pickles.

    Modules, functions and classes are told by their code, not here; None for them and for what cannot be pickled.

    >>> content_of({"scale": 2.0}), content_of(print)
    ('{"scale": 2.0}', None)
    """
    if isinstance(value, types.ModuleType | types.FunctionType | types.BuiltinFunctionType | type):
        return None
    data = datasets_in(value)
    if data:
        return [fingerprint(item, budget_s=settings.data_budget_s).digest for _, item in data]
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return _pickle_of(value)


def _pickle_of(value: Any) -> str | None:
    import joblib

    return str(joblib.hash(value))  # of sets too, whose order differs from process to process


def _name_of(function: Callable[..., Any]) -> str:
    """Return what tells a callable that has no code in Python."""
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


def function_of(callable_: Any) -> Any:
    """Return what a partial or a decorated function calls in the end."""
    while hasattr(callable_, "func"):
        callable_ = callable_.func
    return inspect.unwrap(callable_)


def globals_of(callable_: Any) -> dict[str, Any]:
    """Return the namespace that a callable reads from: of a partial that of its function, of an object its class's."""
    function = function_of(callable_)
    own = getattr(function, "__globals__", None) or getattr(function.__call__, "__globals__", None)
    return own if own is not None else {}


def _held_by(function: types.FunctionType) -> Iterator[Any]:
    """Yield the values that a function holds: of its closure, and its defaults."""
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # not bound yet
            yield cell.cell_contents
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()


def _written(code: types.CodeType) -> str:
    constants = [_constant(one) for one in code.co_consts]
    return f"{code.co_code.hex()} {constants} {code.co_names}"


def _constant(value: Any) -> str:
    if isinstance(value, types.CodeType):
        return _written(value)
    # What is looked for in a set is a frozenset, whose order differs from process to process.
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
