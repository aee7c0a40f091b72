"""Record what a cell prints, while the streams show it as usual."""

from __future__ import annotations

import re
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from mlmagic.shadowing import shadow
from mlmagic.snapshot.secrets.cuts import MARGIN, beginning, ending

if TYPE_CHECKING:
    from collections.abc import Callable

# Colours and cursor moves; titles and links, which end with a bell or with ESC \.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_LONGEST_UNFINISHED = 65_536


class Transcript:
    r"""Printed text with ``\r`` progress collapsed; past *limit* characters only its beginning and end are kept.

    >>> transcript = Transcript(limit=1000)
    >>> transcript.write("out", "10%\r50%\r100%\ndone\n")
    >>> transcript.text()
    '100%\ndone\n'
    """

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        # A secret may span the cut: more is kept on both sides than is shown.
        self._kept = self._half + MARGIN
        self._head: list[str] = []
        self._head_size = 0
        # Whole pieces, which together hold at least the last half; they are cut to size when read.
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self._gone = 0
        self._unfinished: dict[str, str] = {}
        self._lock = threading.Lock()

    def write(self, stream: str, text: str) -> None:
        """Add text that was printed on *stream*."""
        with self._lock:
            text = self._unfinished.pop(stream, "") + text
            complete, newline, rest = text.rpartition("\n")
            if newline:
                self._keep(_collapse(complete) + "\n")
            if len(rest) > _LONGEST_UNFINISHED:
                rest = _last_drawn(rest) + ("\r" if rest.endswith("\r") else "")
                if len(rest) > _LONGEST_UNFINISHED:
                    self._keep(rest.rstrip("\r"))
                    rest = ""
            if rest:
                self._unfinished[stream] = rest

    def value(self, text: str) -> None:
        r"""Add a value that was shown, on separate lines below what was printed before it.

        >>> transcript = Transcript(limit=1000)
        >>> transcript.write("out", "50%"); transcript.value("Out[1]: 3"); transcript.write("out", "after")
        >>> transcript.text()
        '50%\nOut[1]: 3\nafter'
        """
        with self._lock:
            for unfinished in self._unfinished.values():
                self._keep(_last_drawn(unfinished) + "\n")
            self._unfinished.clear()
            self._keep(text + "\n")

    def _keep(self, text: str) -> None:
        room = self._kept - self._head_size
        if room > 0:
            self._head.append(text[:room])
            self._head_size += min(len(text), room)
            text = text[room:]
        if not text:
            return
        self._tail.append(text)
        self._tail_size += len(text)
        while self._tail_size - len(self._tail[0]) >= self._kept:
            gone = len(self._tail.popleft())
            self._tail_size -= gone
            self._gone += gone
            if not self._tail:
                return

    def _parts(self) -> tuple[str, int, str]:
        """Return the beginning, the number of characters left out after it, and the end, with a margin at the cuts."""
        with self._lock:
            unfinished = [_last_drawn(text) for text in self._unfinished.values()]
            rest = "".join([*self._tail, *unfinished])
            head = "".join(self._head)
        size = len(head) + self._gone + len(rest)
        if self._gone == 0:  # all of it is there
            head = rest = f"{head}{rest}"
        return head, max(size - 2 * self._half, 0), rest

    @property
    def dropped(self) -> int:
        """Number of characters left out between beginning and end."""
        return self._parts()[1]

    def text(self) -> str:
        """Return what was printed, without terminal colours."""
        head, dropped, tail = self._parts()
        if not dropped:
            return _CONTROL.sub("", head)
        first = beginning(_CONTROL.sub("", head), self._half)
        return f"{first}\n[… {dropped:,} characters left out …]\n{ending(_CONTROL.sub('', tail), self._half)}"


def _collapse(text: str) -> str:
    if "\r" not in text:
        return text
    return "\n".join(_last_drawn(line) for line in text.split("\n"))


def _last_drawn(line: str) -> str:
    """Return what a terminal shows of *line* after its carriage returns."""
    return next((part for part in reversed(line.split("\r")) if part), "")


class StreamTee:
    """While listening, passes *on_write* what is written to ``sys.stdout`` and ``sys.stderr``.

    The streams are not replaced, because loggers and progress bars keep references to them: only their ``write`` is
    shadowed, on the instance.
    """

    def __init__(self, on_write: Callable[[str, str], None]) -> None:
        self._on_write = on_write
        self._shadowed: list[tuple[Any, Callable[[], None]]] = []

    def start(self) -> None:
        """Start listening to the current streams."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is None or any(stream is other for other, *_ in self._shadowed):
                continue
            if not hasattr(stream, "__dict__"):  # its write cannot be shadowed: its output is shown, not recorded
                continue
            undo = shadow(stream, "write", _tee(stream.write, name, self._on_write))
            self._shadowed.append((stream, undo))

    def stop(self) -> None:
        """Restore the streams."""
        for _, undo in self._shadowed:
            undo()
        self._shadowed.clear()


def _tee(write: Callable[[str], Any], name: str, on_write: Callable[[str, str], None]) -> Callable[[str], Any]:
    def tee(text: str) -> Any:
        result = write(text)
        if isinstance(text, str):
            on_write(name, text)
        return result

    return tee
