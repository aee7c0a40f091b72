"""Python values as bytes that are equal exactly when the values are: in any process, under any release of a library."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import io
import os
import pathlib
import pickle
import struct
import types
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from mlmagic.data.fingerprint.readers.instants import exact_nanoseconds, is_calendar
from mlmagic.data.fingerprint.readers.missing import is_missing
from mlmagic.data.kinds import class_of
from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Encode = Callable[[Any], bytes]

MISSING = b"N"

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  # the naive one
_MICROSECOND = dt.timedelta(microseconds=1)
_NAN = struct.pack("<d", float("nan"))


class Encoder:
    """Turn values into bytes, and remember the types of those that could not be.

    Values of different types are apart (``1``, ``1.0`` and ``True``; a list and a tuple), while a NumPy scalar is
    what its number is and a dict or set has no order. ``None``, NaN, NaT and NA are one missing mark. What cannot be
    encoded gets bytes that no other value ever has: it never looks equal, not even to itself.

    >>> encode = Encoder()
    >>> encode({"a": [1, None], "b": "x"}) == encode({"b": "x", "a": [1, float("nan")]})
    True
    >>> encode(1) == encode(True)
    False
    >>> encode(print) == encode(print), encode.unhashed
    (False, {'builtin_function_or_method': 2})
    """

    digest_of_dataset: ClassVar[Callable[[Any], bytes] | None] = None
    """Of a dataset within a value: set by `mlmagic.data.fingerprint.fingerprint`, which is built on this module."""

    def __init__(self) -> None:
        self.unhashed: dict[str, int] = {}

    def __call__(self, value: Any) -> bytes:
        """Return the bytes of *value*; it never raises."""
        try:
            return self._encode(value)
        except BaseException as error:  # noqa: BLE001  # whatever a foreign value raises; a list that holds itself
            reraise_interrupt(error)
            name = type(value).__name__
            self.unhashed[name] = self.unhashed.get(name, 0) + 1
            return b"?" + os.urandom(16)

    def _encode(self, value: Any) -> bytes:
        kind = type(value)
        if (plain := _PLAIN.get(kind)) is not None:
            return plain(value)
        if (name := _inner_name(kind)) is not None:
            return self._inside(name, value)
        if is_missing(value):
            return MISSING
        if isinstance(value, enum.Enum):
            return b"E" + _joined([kind.__qualname__.encode(), self._encode(value.value)])
        return self._foreign(value, kind)

    def _inside(self, name: str, value: Any) -> bytes:
        """Return the bytes of a container: those of its items, sorted where their order says nothing."""
        if name == "dict":
            items = sorted(_joined([self._encode(key), self._encode(item)]) for key, item in value.items())
            return b"{" + _joined(items)
        items = [self._encode(item) for item in value]
        tag = {"list": b"[", "tuple": b"(", "set": b"<"}[name]
        return tag + _joined(sorted(items) if name == "set" else items)

    def _foreign(self, value: Any, kind: type) -> bytes:
        """Return the bytes of a value that NumPy, pandas or another library made, or the user's own class."""
        library = kind.__module__.partition(".")[0]
        if library == "pandas" and kind.__name__ in _PANDAS:
            return _PANDAS[kind.__name__](value, self._encode)
        if library == "numpy" and hasattr(value, "dtype") and not value.shape:
            return self._numpy_scalar(value)
        if class_of(value) is not None:
            return b"A" + self._dataset(value)
        if isinstance(value, pathlib.PurePath):
            return b"p" + value.as_posix().encode("utf-8", "surrogatepass")
        return b"O" + _pickled(value)

    def _numpy_scalar(self, value: Any) -> bytes:
        import numpy as np

        if isinstance(value, np.datetime64 | np.timedelta64):
            if is_calendar(value.dtype):
                return b"M%d" % int(value.astype("timedelta64[M]"))
            return f"{'t' if isinstance(value, np.datetime64) else 'u'}{exact_nanoseconds(value)}".encode()
        python = value.item()
        if isinstance(python, np.generic):  # a long double stays one
            raise TypeError(type(python).__name__)
        return self._encode(python)

    def _dataset(self, value: Any) -> bytes:
        digest = type(self).digest_of_dataset
        if digest is None:
            raise TypeError(type(value).__name__)
        return digest(value)


def _inner_name(kind: type) -> str | None:
    if issubclass(kind, dict | types.MappingProxyType):
        return "dict"
    if issubclass(kind, list):
        return "list"
    if issubclass(kind, tuple):
        return "tuple"
    return "set" if issubclass(kind, set | frozenset) else None


def _joined(parts: Iterable[bytes]) -> bytes:
    """Return the parts one after the other, each after its length: no two lists of parts look the same."""
    return b"".join(struct.pack("<q", len(part)) + part for part in parts)


def _float(value: float) -> bytes:
    return MISSING if value != value else b"f" + struct.pack("<d", value + 0.0)  # noqa: PLR0124  # -0.0 becomes 0.0


def _complex(value: complex) -> bytes:
    parts = (value.real, value.imag)
    return b"c" + b"".join(_NAN if part != part else struct.pack("<d", part + 0.0) for part in parts)  # noqa: PLR0124


def _decimal(value: decimal.Decimal) -> bytes:
    if value.is_nan():
        return MISSING
    if value.is_infinite():
        return b"d" + str(value).encode()
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    shorter = text.rstrip("0")
    power = int(exponent) + len(text) - len(shorter)  # Decimal("1.0") is Decimal("1")
    return f"d{'-' if sign else ''}{shorter}e{power}".encode() if shorter else b"d0"


def _datetime(value: dt.datetime) -> bytes:
    return _instant(value, 0)


def _instant(value: dt.datetime, nanoseconds: int) -> bytes:
    """Return a naive time (``t``) or an instant (``T``) in nanoseconds since 1970; which zone it is in says nothing."""
    offset = value.utcoffset()
    if offset is None:
        return b"t%d" % _nanoseconds(value - _EPOCH, nanoseconds)
    return b"T%d" % _nanoseconds(value.replace(tzinfo=None) - offset - _EPOCH, nanoseconds)


def _nanoseconds(span: dt.timedelta, beyond: int) -> int:
    return span // _MICROSECOND * 1000 + beyond


def _time(value: dt.time) -> bytes:
    return b"m" + value.isoformat("microseconds").encode()


def _timestamp(value: Any, _: Encode) -> bytes:
    return _instant(value.to_pydatetime(warn=False), value.nanosecond)


def _timedelta(value: Any, _: Encode) -> bytes:
    return b"u%d" % _nanoseconds(dt.timedelta(value.days, value.seconds, value.microseconds), value.nanoseconds)


def _interval(value: Any, encode: Encode) -> bytes:
    return b"I" + _joined([value.closed.encode(), encode(value.left), encode(value.right)])


def _period(value: Any, encode: Encode) -> bytes:
    return b"P" + _joined([value.freqstr.encode(), encode(value.start_time)])


_PANDAS = {"Timestamp": _timestamp, "Timedelta": _timedelta, "Interval": _interval, "Period": _period}


def _pickled(value: Any) -> bytes:
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType | types.MethodType | types.ModuleType):
        raise TypeError("what is pickled by its name alone may have changed under it")
    written = io.BytesIO()
    _Pickler(written, protocol=4).dump(value)
    return written.getvalue()


class _Pickler(pickle.Pickler):
    """Pickle an object by its content; refuse functions of the notebook, of which only the name is written."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, types.FunctionType) and obj.__module__ == "__main__":
            raise pickle.PicklingError("a function of the notebook is pickled by its name alone")
        return NotImplemented


_PLAIN: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _none: MISSING,
    bool: lambda value: b"b1" if value else b"b0",
    int: lambda value: b"i%d" % value,
    float: _float,
    complex: _complex,
    str: lambda value: b"s" + value.encode("utf-8", "surrogatepass"),
    bytes: lambda value: b"y" + value,
    bytearray: lambda value: b"y" + bytes(value),
    decimal.Decimal: _decimal,
    fractions.Fraction: lambda value: f"q{value.numerator}/{value.denominator}".encode(),
    dt.datetime: _datetime,
    dt.date: lambda value: b"D%d" % value.toordinal(),
    dt.time: _time,
    dt.timedelta: lambda value: b"u%d" % _nanoseconds(value, 0),
    uuid.UUID: lambda value: b"U" + value.bytes,
    range: lambda value: b"r" + repr(value).encode(),
}
