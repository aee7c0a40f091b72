"""The live curve of a loop, shown below its bar in a notebook and updated while the loop runs."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.training.series import GrowingSeries
from mlmagic.user_objects import one_line, reraise_interrupt
from mlmagic.views.loops.live_curve import MOST_SERIES, live_curve

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.recording.notices import Notices

EVERY_S = 0.5


class LiveCurve:
    """One display that is updated in place, at most twice a second. After an error, it warns once and stops updating.

    The loop's thread calls its methods; any thread may call ``hear``.
    """

    def __init__(self, notices: Notices, clock: Callable[[], float] = time.monotonic) -> None:
        self._notices = notices
        self._clock = clock
        self._series: dict[tuple[str, bool], GrowingSeries] = {}
        self._lock = threading.Lock()
        self._id = f"mlmagic-{uuid.uuid4().hex[:12]}"
        self._shown_at: float | None = None
        self._behind = False
        self._broken = False

    def hear(self, name: str, value: float, step: int, *, inner: bool) -> None:
        """Add a value of a metric."""
        with self._lock:
            series = self._series.get((name, inner))
            if series is None:
                series = self._series[name, inner] = GrowingSeries(name, inner=inner)
            series.add(step, value)
            self._behind = True

    def refresh(self, mark: int | None = None, *, last: bool = False) -> None:
        """Redraw if there are new values and an update is due, or it is the *last* one; *mark* is the best step."""
        if not self._behind or self._broken:
            return
        now = self._clock()
        if not last and self._shown_at is not None and now - self._shown_at < EVERY_S:
            return
        try:
            self._show(mark)
        except BaseException as error:  # noqa: BLE001  # a failing picture must not end the loop
            reraise_interrupt(error)
            self._broken = True
            self._notices.warn(f"the live curve could not be drawn: {beginning(one_line(error), 200)}")
        self._shown_at = self._clock()

    def _show(self, mark: int | None) -> None:
        from IPython.display import display

        with self._lock:
            # The loop's own metrics come before those of inner loops.
            growing = sorted(self._series.values(), key=lambda series: series.inner)
            drawn = [series.drawn() for series in growing]
            self._behind = False
        display(
            live_curve(drawn, mark=mark),
            raw=True,
            display_id=self._id,
            update=self._shown_at is not None,
            metadata={"mlmagic": {"curve": [series.name for series in drawn[:MOST_SERIES]]}},
        )
