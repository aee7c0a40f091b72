"""The states of the global generators of Python, NumPy and torch as bytes: to compare, to store and to restore them."""

from __future__ import annotations

import base64
import hashlib
import random
import struct
import sys
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = 625
_NUMPY = "MT19937"
SEEDED_BY_IMPORT = {"numpy": "numpy.random", "torch": "torch"}
"""The libraries whose generator the operating system's entropy seeds, with the module whose import does so."""


def states() -> dict[str, bytes]:
    """Return the state of each global generator, by library; only libraries that are imported count.

    >>> random.seed(1)
    >>> before = states()["random"]
    >>> _ = random.random()
    >>> states()["random"] == before
    False
    """
    version, words, gauss = random.getstate()
    found = {"random": struct.pack(f"<I{_WORDS}I?d", version, *words, gauss is not None, gauss or 0.0)}
    numpy: Any = sys.modules.get("numpy.random")
    if hasattr(numpy, "get_state"):  # not while it is being imported
        state: Mapping[str, Any] = numpy.get_state(legacy=False)
        if state["bit_generator"] == _NUMPY:
            inner = state["state"]
            found["numpy"] = inner["key"].astype("<u4").tobytes() + struct.pack(
                "<I?d", int(inner["pos"]), bool(state["has_gauss"]), float(state["gauss"])
            )
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "get_rng_state"):
        found["torch"] = torch.get_rng_state().numpy().tobytes()
    return found


def digests(of: Mapping[str, bytes] | None = None) -> dict[str, str]:
    """Return a short digest of each state, of the current ones by default."""
    return {library: _digest(state) for library, state in (states() if of is None else of).items()}


def _digest(state: bytes) -> str:
    return hashlib.blake2b(state, digest_size=6).hexdigest()


def packed(of: Mapping[str, bytes]) -> dict[str, str]:
    """Return states as text that JSON can hold; `restore` takes it."""
    return {library: base64.b85encode(zlib.compress(state)).decode() for library, state in of.items()}


def restore(stored: Mapping[str, str]) -> None:
    """Set the generators to states that `packed` returned; those of libraries that are not imported are left out.

    Raises
    ------
    ValueError
        If the text is damaged.

    >>> random.seed(1)
    >>> kept = packed(states())
    >>> first = random.random()
    >>> restore(kept)
    >>> random.random() == first
    True
    """
    for library, text in stored.items():
        if SEEDED_BY_IMPORT.get(library, library) in sys.modules or library == "random":
            _put(library, _unpacked(text))


def _unpacked(text: str) -> bytes:
    try:
        unpacking = zlib.decompressobj()
        return unpacking.decompress(base64.b85decode(text), 1 << 20)
    except (ValueError, zlib.error) as error:
        raise ValueError(f"the state of a random generator in the record is damaged: {error}") from error


def _put(library: str, state: bytes) -> None:
    try:
        if library == "random":
            version, *words, has_gauss, gauss = struct.unpack(f"<I{_WORDS}I?d", state)
            random.setstate((version, tuple(words), gauss if has_gauss else None))
        elif library == "numpy":
            import numpy as np

            key = np.frombuffer(state[: 4 * (_WORDS - 1)], dtype="<u4")
            at, has_gauss, gauss = struct.unpack("<I?d", state[4 * (_WORDS - 1) :])
            generator: Any = sys.modules["numpy.random"]  # no attribute of numpy yet right after its import
            generator.set_state((_NUMPY, key, at, int(has_gauss), gauss))
        elif library == "torch":
            import torch

            torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))
    except (struct.error, TypeError, RuntimeError) as error:
        raise ValueError(f"the state of {library}'s generator in the record is damaged: {error}") from error
