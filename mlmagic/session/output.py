"""What a cell prints: a transcript kept while the streams go on showing it as they would."""

from __future__ import annotations

import re
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07")
_LONGEST_UNFINISHED = 65_536


class Transcript:
    r"""Printed text with ``\r`` progress collapsed; past *limit* characters only its beginning and end are kept.

    >>> transcript = Transcript(limit=1000)
    >>> transcript.write("out", "10%\r50%\r100%\ndone\n")
    >>> transcript.text()
    '100%\ndone\n'
    """

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._head: list[str] = []
        self._head_size = 0
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self._dropped = 0
        self._unfinished: dict[str, str] = {}
        self._lock = threading.Lock()

    def write(self, stream: str, text: str) -> None:
        """Take what was printed on *stream*."""
        with self._lock:
            text = self._unfinished.pop(stream, "") + text
            complete, newline, rest = text.rpartition("\n")
            if newline:
                self._keep(_collapse(complete) + "\n")
            if len(rest) > _LONGEST_UNFINISHED:
                rest = _last_drawn(rest)
                if len(rest) > _LONGEST_UNFINISHED:
                    self._keep(rest)
                    rest = ""
            if rest:
                self._unfinished[stream] = rest

    def _keep(self, text: str) -> None:
        room = self._half - self._head_size
        if room > 0 and not self._tail:
            self._head.append(text[:room])
            self._head_size += min(len(text), room)
            text = text[room:]
        if not text:
            return
        if len(text) > self._half:
            self._dropped += len(text) - self._half
            text = text[-self._half :]
        self._tail.append(text)
        self._tail_size += len(text)
        while self._tail_size > self._half:
            gone = self._tail.popleft()
            over = self._tail_size - self._half
            if len(gone) > over:
                self._tail.appendleft(gone[over:])
            self._tail_size -= min(len(gone), over)
            self._dropped += min(len(gone), over)

    @property
    def dropped(self) -> int:
        """Number of characters left out between beginning and end."""
        return self._dropped

    def text(self) -> str:
        """Return what was printed, without terminal colours."""
        with self._lock:
            middle = [f"\n[… {self._dropped:,} characters left out …]\n"] if self._dropped else []
            unfinished = [_last_drawn(text) for text in self._unfinished.values()]
            text = "".join([*self._head, *middle, *self._tail, *unfinished])
        return _CONTROL.sub("", text)


def _collapse(text: str) -> str:
    if "\r" not in text:
        return text
    return "\n".join(_last_drawn(line) for line in text.split("\n"))


def _last_drawn(line: str) -> str:
    """Return what a terminal would be left with after carriage returns."""
    return next((part for part in reversed(line.split("\r")) if part), "")


class StreamTee:
    """Shows *on_write* what is written to ``sys.stdout`` and ``sys.stderr``, without replacing the streams.

    The stream objects keep their identity (loggers and progress bars hold on to them): only their ``write`` is
    shadowed, on the instance, while somebody listens.
    """

    def __init__(self, on_write: Callable[[str, str], None]) -> None:
        self._on_write = on_write
        self._shadowed: list[tuple[Any, Callable[..., Any]]] = []

    def start(self) -> None:
        """Begin to listen to the streams that are there now."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is None or any(stream is other for other, _ in self._shadowed):
                continue
            write = _tee(stream.write, name, self._on_write)
            try:
                stream.write = write
            except AttributeError:  # a stream of slots cannot be listened to: its output is shown, not recorded
                continue
            self._shadowed.append((stream, write))

    def stop(self) -> None:
        """Leave the streams as they were."""
        for stream, write in self._shadowed:
            if stream.__dict__.get("write") is write:
                del stream.write
        self._shadowed.clear()


def _tee(write: Callable[[str], Any], name: str, on_write: Callable[[str, str], None]) -> Callable[[str], Any]:
    def shadow(text: str) -> Any:
        result = write(text)
        if isinstance(text, str):
            on_write(name, text)
        return result

    return shadow
