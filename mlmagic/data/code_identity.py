"""Hashes code and everything it reads: by these keys a sweep is resumed, and a retraining is not repeated."""

from __future__ import annotations

import contextlib
import inspect
import json
import re
import types
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.kinds import datasets_in
from mlmagic.session.observation.reads import functions_of, names_used
from mlmagic.user_objects import guarded
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


def key_of(*parts: Any) -> str:
    """Return a hash of these values that is the same in every process.

    >>> key_of("code", {"lr": 0.1}, 7) == key_of("code", {"lr": 0.1}, 7) != key_of("code", {"lr": 0.10001}, 7)
    True
    """
    import xxhash

    try:
        text = json.dumps(parts, sort_keys=True, default=_identified)
    except (TypeError, ValueError):  # keys of a dict that are no texts
        text = str(content_of(parts))
    return str(xxhash.xxh3_128_hexdigest(text.encode()))


def identity_of_cell(source: str, names: Iterable[str], namespace: Mapping[str, Any]) -> str:
    """Return a hash of a cell's *source* and all that it reads: functions, values, data and objects of *namespace*.

    *names* are those that it reads, as `mlmagic.session.observation.reads.names_read` returns them.
    """
    return _identity(source, names, [], namespace)


def identity_of_function(function: Callable[..., Any]) -> str:
    """Return a hash of a function's code and all that it holds, and reads of its globals."""
    namespace = globals_of(function)
    return _identity(_name_of(function), names_used(function, namespace), [function], namespace)


def _identity(source: str, names: Iterable[str], used: list[Any], namespace: Mapping[str, Any]) -> str:
    read = {name: namespace[name] for name in names}
    functions = {one for value in (*used, *read.values()) for one in functions_of(value, namespace)}
    parts = sorted(([_written(one.__code__), *map(content_of, _held_by(one))] for one in functions), key=repr)
    return key_of(source, list(map(content_of, used)), [(name, content_of(read[name])) for name in sorted(read)], parts)


@guarded(default=None)
def content_of(value: Any) -> Any:
    """Return what identifies a value: JSON of plain values, fingerprints of data, or a hash of an object's pickle.

    None for modules, functions and classes, whose code is hashed elsewhere, and for objects that cannot be pickled.

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

    return str(joblib.hash(value))  # also of sets, whose order differs between processes


def _name_of(function: Callable[..., Any]) -> str:
    """Return the qualified name of a callable, or of its type, which identifies it if it has no Python code."""
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


def function_of(callable_: Any) -> Any:
    """Return the innermost function of a partial or a decorated function."""
    while hasattr(callable_, "func"):
        callable_ = callable_.func
    return inspect.unwrap(callable_)


def globals_of(callable_: Any) -> dict[str, Any]:
    """Return the globals of a callable: of a partial's function, or of an object's ``__call__``."""
    function = function_of(callable_)
    own = getattr(function, "__globals__", None) or getattr(function.__call__, "__globals__", None)
    return own if own is not None else {}


def _held_by(function: types.FunctionType) -> Iterator[Any]:
    """Yield the values of a function's closure and its defaults."""
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
    # `x in {…}` compiles to a frozenset, whose order differs between processes.
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def _identified(value: Any) -> Any:
    """Return what identifies a value that JSON has not: no address, which is another one in each process."""
    if isinstance(value, types.FunctionType):
        return [_name_of(value), _written(value.__code__), *map(content_of, _held_by(value))]
    if isinstance(value, types.BuiltinFunctionType | type):
        return _name_of(value)
    found = content_of(value)
    return _ADDRESS.sub("", repr(value)) if found is None else found
