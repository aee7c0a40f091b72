"""Encode Python values as bytes that are equal if and only if the values are, in any process and library release."""

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

from mlmagic.data.columns.missing import is_missing
from mlmagic.data.fingerprint.readers.instants import exact_nanoseconds, is_calendar
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
    """Encode values as bytes, and count the types of those that cannot be encoded.

    Values of different types differ (``1``, ``1.0`` and ``True``; a list and a tuple), but a NumPy scalar equals its
    Python value. The order of dicts and sets is ignored. ``None``, NaN, NaT and NA are one missing value. A value that
    cannot be encoded gets random bytes, so that it equals no value, not even itself.

    >>> encode = Encoder()
    >>> encode({"a": [1, None], "b": "x"}) == encode({"b": "x", "a": [1, float("nan")]})
    True
    >>> encode(1) == encode(True)
    False
    >>> encode(print) == encode(print), encode.unhashed
    (False, {'builtin_function_or_method': 2})
    """

    digest_of_dataset: ClassVar[Callable[[Any], bytes] | None] = None
    """Digest a dataset within a value; set by `mlmagic.data.fingerprint.fingerprint`, which imports this module."""

    def __init__(self) -> None:
        self.unhashed: dict[str, int] = {}

    def __call__(self, value: Any) -> bytes:
        """Return the bytes of *value*; raise nothing but the user's Ctrl-C."""
        try:
            return self._encode(value)
        except BaseException as error:  # noqa: BLE001  # values may raise anything; self-containing lists recurse
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
        """Return the bytes of a container: those of its items, sorted for dicts and sets."""
        if name == "dict":
            items = sorted(_joined([self._encode(key), self._encode(item)]) for key, item in value.items())
            return b"{" + _joined(items)
        items = [self._encode(item) for item in value]
        tag = {"list": b"[", "tuple": b"(", "set": b"<"}[name]
        return tag + _joined(sorted(items) if name == "set" else items)

    def _foreign(self, value: Any, kind: type) -> bytes:
        """Return the bytes of a value of NumPy, pandas, another library, or a class of the user."""
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
        if isinstance(python, np.generic):  # `item` leaves a long double as it is
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
    """Concatenate the parts, each prefixed with its length, so that different lists of parts give different bytes."""
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
    """Encode a naive (``t``) or aware (``T``) datetime in nanoseconds since 1970; its time zone is not encoded."""
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
    """Pickle an object by its content; refuse functions of the notebook, which pickle stores by name only."""

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
