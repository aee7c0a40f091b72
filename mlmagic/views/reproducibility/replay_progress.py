"""The progress of a replay: one line that counts its cells, in a notebook or on a terminal; it goes at the end."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

from mlmagic.session.notebook_session import in_notebook
from mlmagic.views.rendering import duration, render

if TYPE_CHECKING:
    from types import TracebackType

_LEAST_S = 0.2


class ReplayProgress:
    """Shows what a replay does; call it with the step, the cells that have run, and how many there are."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._began = time.monotonic()
        self._shown_at = 0.0
        self._is_terminal = not in_notebook() and sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Begin; nothing is shown yet."""
        return self

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that *done* of *total* cells have run."""
        now = time.monotonic()
        if now - self._shown_at < _LEAST_S and done not in {0, total}:
            return
        self._shown_at = now
        text = f"{what}: {done} of {total} cells, {duration(now - self._began)}"
        if self._is_terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif in_notebook():
            self._show(
                {"text/plain": text, "text/html": render("replay_progress.html", text=text, part=_part(done, total))}
            )

    def _show(self, bundle: dict[str, str]) -> None:
        from IPython.display import DisplayHandle

        if self._handle is None:
            self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
            self._handle.display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        if self._is_terminal and self._shown_at:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        elif self._handle is not None:
            self._handle.update({"text/plain": "", "text/html": ""}, raw=True)


def _part(done: int, total: int) -> float:
    return round(100 * done / total, 1) if total else 100.0
