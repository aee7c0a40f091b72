"""Notices shown under a cell, each once."""

from __future__ import annotations

import threading
from typing import Literal

from mlmagic.recording.summary import Notice
from mlmagic.session_state import of_session
from mlmagic.snapshot.secrets.redaction import redact

_standing: dict[str, tuple[str, ...]] = of_session({})
"""The lasting notices of each topic at the last run of this session that showed its notes."""


class Notices:
    """Collects lines; the same line again is counted, not repeated.

    >>> notices = Notices()
    >>> notices.warn("metric 'loss' is nan"); notices.warn("metric 'loss' is nan")
    >>> [notice.text for notice in notices.all()]
    ["metric 'loss' is nan (2 times)"]
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, Literal["info", "warning"]], int] = {}
        self._lock = threading.Lock()

    def info(self, text: str) -> None:
        """Add a notice that is good to know."""
        self._add(text, "info")

    def warn(self, text: str) -> None:
        """Add a warning that something was not done as asked."""
        self._add(text, "warning")

    def standing(self, topic: str, *texts: str, shown: bool = True) -> None:
        """Add lasting notices about *topic*: only those that did not apply at the previous run.

        If not *shown* (a run that shows no notes), nothing is added, and the next run shows the new notices.

        >>> runs = [Notices(), Notices(), Notices()]
        >>> for notices, texts in zip(runs, (["no seed"], ["no seed"], ["no seed", "no commit"])):
        ...     notices.standing("example", *texts)
        >>> [[notice.text for notice in notices.all()] for notices in runs]
        [['no seed'], [], ['no commit']]
        """
        before = _standing.get(topic, ())
        for text in texts:
            if shown and text not in before:
                self.info(text)
        _standing[topic] = texts if shown else tuple(text for text in texts if text in before)

    def _add(self, text: str, level: Literal["info", "warning"]) -> None:
        text = redact(text)[0]  # it may quote what was recorded, and is saved with the notebook
        with self._lock:
            self._counts[text, level] = self._counts.get((text, level), 0) + 1

    def all(self) -> tuple[Notice, ...]:
        """Return the warnings, then the other notices, each in the order of arrival."""
        with self._lock:
            items = sorted(self._counts.items(), key=lambda item: item[0][1] != "warning")
        return tuple(Notice(f"{text} ({n} times)" if n > 1 else text, level) for (text, level), n in items)
