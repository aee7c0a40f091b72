"""Alerts about a model in service: raised once, raised again after a cool-down, and resolved when they are over."""

from __future__ import annotations

import json
import logging
import typing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.judged import is_over
from mlmagic.monitoring.report import Alert, Topic
from mlmagic.monitoring.serving.columns import TIME
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pyarrow as pa

    from mlmagic.monitoring.judged import Subjects

LOGGER = "mlmagic.monitoring"
ORDER = ("critical", "warning", "info")
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.CRITICAL}
_TOPICS = typing.get_args(Topic)
_STATE = "state"
# Who sets up no logging is not shown each alert on standard error: the report has them.
logging.getLogger(LOGGER).addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Taken:
    """The alerts that are open after a check; which of them it has opened or raised again, and which are over."""

    alerts: tuple[Alert, ...]
    opened: tuple[Alert, ...]
    over: tuple[Alert, ...]


class AlertBook:
    """Which alerts of a model are open, and when each was raised last.

    Parameters
    ----------
    cooldown
        How long an alert that is still open, or open again, is not raised again, unless its level rises.
    callback
        Called with each `Alert` that is raised; what it raises is logged, and stops nothing.
    """

    def __init__(self, cooldown: timedelta, callback: Callable[[Alert], object] | None) -> None:
        self._cooldown, self._callback = cooldown, callback
        self._open: dict[str, Alert] = {}
        self._closed: dict[str, Alert] = {}

    def remember(self, opened: Iterable[Alert], closed: Iterable[Alert]) -> None:
        """Take over alerts that other processes raised: those that are open, and those that are over."""
        self._open |= {alert.key: alert for alert in opened}
        self._closed |= {alert.key: alert for alert in closed}

    def take(self, found: Sequence[Alert], judged: Subjects) -> Taken:
        """Raise those of *found* that are new, and return the alerts that are open now.

        An open alert that was not found again stays open unless *judged* says that it is over.
        """
        before = dict(self._open)
        taken = [self._take(alert) for alert in found]
        keys = {alert.key for alert in found}
        rest = [alert for key, alert in self._open.items() if key not in keys]
        over = tuple(alert for alert in rest if is_over(alert, judged.get((alert.topic, alert.subject))))
        for alert in over:
            self._closed[alert.key] = self._open.pop(alert.key)
        still = [replace(alert, is_new=False) for alert in rest if alert.key in self._open]
        opened = tuple(alert for key, alert in self._open.items() if before.get(key) is not alert)
        return Taken(by_severity([*taken, *still]), opened, over)

    def _take(self, alert: Alert) -> Alert:
        known = self._open.get(alert.key)
        before = known or self._closed.get(alert.key)
        is_new = (
            before is None
            or ORDER.index(alert.level) < ORDER.index(before.level)
            or alert.at - before.at >= self._cooldown
        )
        alert = replace(alert, since=alert.since if known is None else min(known.since, alert.since), is_new=is_new)
        if is_new:
            self._open[alert.key] = alert
            self._raise(alert)
        elif known is None and before is not None:
            self._open[alert.key] = replace(alert, at=before.at)  # the cool-down goes on
        return alert

    def _raise(self, alert: Alert) -> None:
        log = logging.getLogger(LOGGER)
        log.log(
            _LEVELS[alert.level], "%s %s: %s", alert.model, alert.version, alert.what, extra={"mlmagic": plain(alert)}
        )
        if self._callback is None:
            return
        try:
            self._callback(alert)
        except BaseException as error:  # noqa: BLE001  # the user's function may raise anything
            reraise_interrupt(error)
            log.error(  # noqa: TRY400  # its trace is the user's own affair
                "the callback for alerts raised %s", one_line(error)[:200]
            )


def by_severity(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Return alerts by their level, then by their topic, performance first, and then by their distance."""

    def place(alert: Alert) -> tuple[int, int, float, str]:
        distance = alert.evidence.get("distance")
        size = float(distance) if isinstance(distance, int | float) else 0.0
        return ORDER.index(alert.level), _TOPICS.index(alert.topic), -size, alert.key

    return tuple(sorted(alerts, key=place))


def plain(alert: Alert) -> dict[str, Any]:
    """Return an alert as values that JSON takes."""
    return {**asdict(alert), "since": alert.since.isoformat(), "at": alert.at.isoformat()}


def as_rows(opened: Sequence[Alert], over: Sequence[Alert], now: datetime) -> pa.RecordBatch:
    """Return alerts as rows to record: those that were raised or are open again, and those that are over."""
    import pyarrow as pa

    texts = [json.dumps(plain(one), default=str) for one in (*opened, *over)]
    states = ["raised"] * len(opened) + ["over"] * len(over)
    times = pa.array([now] * len(texts), pa.timestamp("us", "UTC"))
    return pa.record_batch(
        [times, pa.array(states, pa.string()), pa.array(texts, pa.string())], [TIME, _STATE, "alert"]
    )


def with_open(found: Sequence[Alert], opened: Sequence[Alert]) -> tuple[Alert, ...]:
    """Return what a report has found together with the alerts that checks have raised and that are open.

    What both say is one alert since the check, with the numbers of the report unless they are less severe.
    """
    known = {(one.topic, one.subject): one for one in opened}
    both = []
    for alert in found:
        before = known.get((alert.topic, alert.subject))
        if before is None:
            both.append(replace(alert, is_new=False, is_raised=False))
        elif ORDER.index(alert.level) <= ORDER.index(before.level):
            both.append(replace(before, level=alert.level, what=alert.what, evidence=alert.evidence))
    taken = {(one.topic, one.subject) for one in both}
    return by_severity([*both, *(one for one in opened if (one.topic, one.subject) not in taken)])


def recorded_alerts(table: pa.Table | None, at: datetime | None = None) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """Return the alerts that are open and those that are over by recorded rows, now or *at* a moment.

    What is no alert is left out.
    """
    found: dict[str, Alert] = {}
    closed: dict[str, Alert] = {}
    columns = () if table is None else [table.column(name).to_pylist() for name in (TIME, _STATE, "alert")]
    for moment, state, text in zip(*columns, strict=True):
        alert = _alert(text)
        if alert is None or (at is not None and moment > at):
            continue
        (closed if state == "over" else found)[alert.key] = alert
        (found if state == "over" else closed).pop(alert.key, None)
    return by_severity(found.values()), tuple(closed.values())


def _alert(text: str) -> Alert | None:
    try:
        values = json.loads(text)
        moments = {name: datetime.fromisoformat(values[name]).astimezone(UTC) for name in ("since", "at")}
        alert = Alert(**{**values, **moments, "is_new": False})
    except (KeyError, TypeError, ValueError):
        return None
    is_known = alert.level in ORDER and alert.topic in _TOPICS and isinstance(alert.evidence, dict)
    is_known = is_known and all(isinstance(one, str) for one in (alert.what, alert.subject, alert.model, alert.version))
    return alert if is_known else None
