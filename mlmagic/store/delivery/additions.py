"""Add to a run that has ended: its addition is a journal of its own, and the run keeps its status, start and end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlmagic.journal import folder, owner
from mlmagic.journal.records import KEEPS_STATUS, Began
from mlmagic.snapshot.secrets import redaction
from mlmagic.store.delivery.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Mapping


def begin(
    uri: str,
    *,
    uid: str,
    run_id: str,
    name: str,
    experiment: str,
    experiment_id: str = "",
    tags: Mapping[str, str] | None = None,
) -> tuple[Delivery, str | None]:
    """Begin an addition to the run with the own id *uid*, which is created with *tags* if the store does not have it.

    Returns
    -------
    The delivery, which no worker has yet, and a line about where its journal is if that is unusual.
    """
    journal, where = folder.new()
    began = Began(
        uid=uid,
        resumed=True,
        run_id=run_id,
        name=redaction.redact(name)[0],
        store=redaction.redact(uri)[0],
        experiment=redaction.redact(experiment)[0],
        experiment_id=experiment_id,
        parent="",
        started=time.time_ns() // 1_000_000,
        tags={KEEPS_STATUS: "true", **(tags or {})},
        owner=owner.this_process(locks=journal.is_locked),
    )
    journal.append(began)
    journal.append(began)  # twice, in case one is damaged
    return Delivery(journal, uri, began), where
