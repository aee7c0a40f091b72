"""The entropy that unseeded NumPy generators draw from the operating system, such as ``np.random.default_rng()``.

It is observed where NumPy draws it, ``numpy.random.bit_generator.randbits``, which is private: where that is missing,
nothing is observed, and the user's code runs as before.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlmagic.adapters.import_hooks import when_imported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

_MODULE = "numpy.random.bit_generator"
_MOST = 1_000


class Entropy:
    """Notes the entropy that NumPy draws, and gives recorded entropy back instead of new one."""

    def __init__(self) -> None:
        self._drawn: list[int] = []
        self._given: list[int] = []

    def watch(self) -> Callable[[], None]:
        """Begin to note what NumPy draws, from its import on; return a function that ends this."""
        undo: list[Callable[[], None]] = []

        def begin(module: ModuleType) -> None:
            original = getattr(module, "randbits", None)
            if not callable(original):
                return

            def randbits(k: int) -> int:
                if not hasattr(sys.modules.get("numpy.random"), "default_rng"):
                    return int(original(k))  # NumPy seeds its global generator, whose state is recorded itself
                value = int(self._given.pop(0) if self._given else original(k))
                if len(self._drawn) < _MOST:
                    self._drawn.append(value)
                return value

            module.randbits = randbits  # type: ignore[attr-defined]

            def restore() -> None:
                if vars(module).get("randbits") is randbits:
                    module.randbits = original  # type: ignore[attr-defined]

            undo.append(restore)

        undo.append(when_imported(_MODULE, begin))

        def stop() -> None:
            while undo:
                undo.pop()()

        return stop

    def give(self, values: Iterable[str]) -> None:
        """Let the next draws return these values, in hexadecimal digits, instead of new entropy."""
        self._given = [int(value, 16) for value in values]

    def so_far(self) -> list[str]:
        """Return what was drawn since the last call of `take`, in hexadecimal digits."""
        return [f"{value:x}" for value in self._drawn]

    def take(self) -> list[str]:
        """Return what was drawn since the last call, in hexadecimal digits."""
        drawn, self._drawn = self._drawn, []
        return [f"{value:x}" for value in drawn]


def is_observable() -> bool:
    """Return whether NumPy, if it is imported, draws its entropy where it can be observed."""
    module = sys.modules.get(_MODULE)
    return module is None or callable(getattr(module, "randbits", None))
