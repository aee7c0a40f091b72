"""The registrations that wait in the journals of this process, for lines that would otherwise mislead."""

from __future__ import annotations

from mlmagic.store.delivery.worker import delivery_workers


def pending_names() -> list[str]:
    """Return the name of each registration that this process has not delivered yet."""
    deliveries = [delivery for worker in delivery_workers() for delivery in worker.deliveries()]
    return [asked.name for delivery in deliveries for asked in delivery.registrations]


def pending_hint(name: str) -> str:
    """Return a sentence that says that a registration of the model *name* waits, or an empty text."""
    if name not in pending_names():
        return ""
    return f" A registration of {name!r} waits in the journal: %mlmagic sync delivers it"
