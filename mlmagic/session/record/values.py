"""Short digests of the values of variables: what tells that a replayed cell has left the same as the original.

Only numbers, and arrays, tensors and frames of numbers up to a size, have one. Texts have none, because a digest of a
short secret gives the secret away.
"""

from __future__ import annotations

import struct
import sys
import time
from typing import TYPE_CHECKING, Any

from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LARGEST = 4 << 20
_MOST_ITEMS = 2_000
_DEEPEST = 6


class _NoDigestError(Exception):
    """The value has no digest."""


def digests_of(values: Mapping[str, Any], budget_s: float) -> dict[str, str]:
    """Return the digest of each value that has one, as many as *budget_s* seconds allow; never raises.

    >>> import numpy as np
    >>> found = digests_of({"a": np.zeros(3), "b": np.zeros(3), "c": [1, 2.0], "text": "x"}, 1.0)
    >>> found["a"] == found["b"], sorted(found)
    (True, ['a', 'b', 'c'])
    """
    end = time.perf_counter() + budget_s
    found = {}
    for name, value in values.items():
        digest = digest_of(value)
        if digest is not None:
            found[name] = digest
        if time.perf_counter() > end:
            break
    return found


def digest_of(value: Any) -> str | None:
    """Return the digest of *value* in hexadecimal digits, None if it has none."""
    import xxhash

    try:
        return xxhash.xxh3_64_hexdigest(b"".join(_parts(value, 0)))
    except _NoDigestError:
        return None
    except BaseException as error:  # noqa: BLE001  # the user's objects may raise anything
        reraise_interrupt(error)
        return None


def _parts(value: Any, depth: int) -> Iterable[bytes]:
    kind = type(value)
    if value is None or kind is bool:
        yield repr(value).encode()
    elif kind is int:
        yield f"i{value:x};".encode()
    elif kind is float:
        yield b"f" + struct.pack("<d", value)
    elif kind is complex:
        yield b"c" + struct.pack("<dd", value.real, value.imag)
    elif kind in {list, tuple} and depth < _DEEPEST and len(value) <= _MOST_ITEMS:
        yield f"{kind.__name__}{len(value)}".encode()
        for item in value:
            yield from _parts(item, depth + 1)
    elif kind is dict and depth < _DEEPEST and len(value) <= _MOST_ITEMS:
        yield f"dict{len(value)}".encode()
        for key, item in value.items():
            if type(key) is not str:
                yield from _parts(key, depth + 1)
            else:
                yield b"k" + key.encode("utf-8", "surrogatepass")
            yield from _parts(item, depth + 1)
    else:
        yield from _of_library(value)


def _of_library(value: Any) -> Iterable[bytes]:
    kind = type(value)
    library = kind.__module__.partition(".")[0]
    numpy = sys.modules.get("numpy")
    if library == "numpy" and numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        yield from _of_array(value)
    elif library == "torch" and kind.__name__ in {"Tensor", "Parameter"} and value.device.type == "cpu":
        yield from _of_array(value.detach().numpy())
    elif library == "pandas" and kind.__name__ in {"DataFrame", "Series"}:
        columns = [value] if kind.__name__ == "Series" else [value.iloc[:, at] for at in range(value.shape[1])]
        if sum(column.size for column in columns) * 8 > _LARGEST:
            raise _NoDigestError
        yield repr([str(name) for name in getattr(value, "columns", ())]).encode()
        for column in columns:
            yield from _of_array(column.to_numpy())
    else:
        raise _NoDigestError


def _of_array(array: Any) -> Iterable[bytes]:
    if array.dtype.kind not in "biufcmM" or array.nbytes > _LARGEST:
        raise _NoDigestError
    yield f"{array.dtype.str}{array.shape}".encode()
    yield array.tobytes()
