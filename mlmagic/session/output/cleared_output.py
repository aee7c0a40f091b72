"""Observe calls of ``clear_output``: what a cell has shown before such a call is no longer on the screen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.shadowing import shadow

if TYPE_CHECKING:
    from collections.abc import Callable


class ClearedOutput:
    """While listening, calls *on_clear* when the cell clears its output, with whether that waits for more output.

    The publisher's ``clear_output`` is shadowed on the instance.
    """

    def __init__(self, on_clear: Callable[[bool], None]) -> None:
        self._on_clear = on_clear
        self._undo: Callable[[], None] | None = None

    def start(self) -> None:
        """Start listening."""
        publisher = _publisher()
        if publisher is None:
            return
        original = publisher.clear_output

        def clear_output(wait: bool = False) -> Any:  # IPython's own signature
            result = original(wait)
            self._on_clear(bool(wait))
            return result

        self._undo = shadow(publisher, "clear_output", clear_output)

    def stop(self) -> None:
        """Stop listening."""
        if self._undo is not None:
            self._undo()
            self._undo = None


def _publisher() -> Any:
    shell = sys.modules.get("IPython.core.interactiveshell")
    if shell is None or not shell.InteractiveShell.initialized():
        return None
    return getattr(shell.InteractiveShell.instance(), "display_pub", None)
