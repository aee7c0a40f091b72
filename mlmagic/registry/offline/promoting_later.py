"""What a promotion does about a store that is away, and about registrations that wait: it is refused in one line."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mlmagic.errors import StoreAwayError, UsageProblem
from mlmagic.store import connection
from mlmagic.store.delivery.worker import delivery_workers
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.store.delivery.delivery import Delivery


def require_none_waits(name: str) -> None:
    """Require that the newest version of the model *name* is in the store, after waiting for it as long as a cell may.

    Raises
    ------
    UsageProblem
        If a registration of the model waits: an older version would be taken for the newest.
    """
    reasons = [reason for worker in delivery_workers() for one in worker.deliveries() if (reason := _reason(one, name))]
    if reasons:
        raise UsageProblem(
            f"a registration of {name!r} waits in the journal ({reasons[0]}), so that its newest version is not in the "
            f"store yet: %mlmagic sync delivers it. To promote another, name it: %promote {name} VERSION, one of those "
            f"that %models {name} lists"
        )


def _reason(delivery: Delivery, name: str) -> str:
    """Return why a registration of the model in this journal is not delivered, or an empty text."""

    def waits() -> bool:
        return any(asked.name == name for asked in delivery.registrations)

    if not waits():
        return ""
    if settings.offline:
        return "MLMagic.offline is True"
    worker = next(one for one in delivery_workers() if one.uri == delivery.uri)
    if worker.wait(lambda: not waits(), connection.wait_budget()):
        return ""
    return delivery.held or worker.away or connection.obstacle(delivery.uri)


@contextlib.contextmanager
def not_recorded_for_later() -> Iterator[None]:
    """Say, if the store is away, that what was asked for is not recorded as a registration would be."""
    try:
        yield
    except StoreAwayError as away:
        if away.only_this:
            raise
        raise StoreAwayError(
            f"{away}. A promotion is judged in the store and not recorded for later: repeat it when the store answers",
            wait_s=away.wait_s,
        ) from away
