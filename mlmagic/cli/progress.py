"""Shows the progress of a notebook on the terminal: one line per cell, with its duration."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

from mlmagic.views.rendering import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

TICK_S = 0.1
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def without_colours(text: str) -> str:
    r"""Return *text* without the terminal's colour codes.

    >>> without_colours("\x1b[31mNameError\x1b[0m: x")
    'NameError: x'
    """
    return COLOUR.sub("", text)


class CommandProgress:
    """Follows the execution of a notebook's code cells; its methods are hooks for nbclient.

    On a terminal, the running cell's seconds are updated in place. Otherwise, one line is printed after each cell.
    """

    def __init__(self, cells: Sequence[str]) -> None:
        self.total = len(cells)
        self.at = 0
        self._labels = [first_line(source) for source in cells]
        self._live = sys.stdout.isatty()
        self._began = 0.0
        self._ticker: asyncio.Task[None] | None = None

    async def started(self, **_: Any) -> None:
        """Show that the next cell runs."""
        self.at += 1
        self._began = time.monotonic()
        if self._live:
            self._ticker = asyncio.create_task(self._tick())

    async def ended(self, **_: Any) -> None:
        """Show the duration of the cell, also if it failed."""
        self._stop()
        sys.stdout.write(f"\r{self._line()}\n" if self._live else f"{self._line()}\n")
        sys.stdout.flush()

    def close(self) -> None:
        """Move the cursor to a new line after an interrupt."""
        if self._ticker is not None:
            self._stop()
            sys.stdout.write("\n")

    def _stop(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    async def _tick(self) -> None:
        while True:
            sys.stdout.write(f"\r{self._line()}")
            sys.stdout.flush()
            await asyncio.sleep(TICK_S)

    def _line(self) -> str:
        width = max(20, min(shutil.get_terminal_size().columns, 100) - 20)
        label = self._labels[self.at - 1]
        number = f"{self.at:>{len(str(self.total))}}/{self.total}"
        return f"  {number}  {fit(label, width)} {time.monotonic() - self._began:6.1f} s"


def first_line(source: str) -> str:
    r"""Return the first non-blank line of a cell, or ``"(empty)"``.

    >>> first_line("\n  x = 1\ny = 2")
    'x = 1'
    """
    return next((line.strip() for line in source.splitlines() if line.strip()), "(empty)")
