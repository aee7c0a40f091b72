"""Write a registration into the journal of its run, where it waits until the run and its model are in the store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.journal import fsync_thread
from mlmagic.journal.records import Ended, Registration
from mlmagic.registry import registry_store
from mlmagic.registry.offline import delivering
from mlmagic.registry.registering import own_tags, redacted_or_none
from mlmagic.registry.versions import RegisteredVersion
from mlmagic.session.interrupts import deferred
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import tracking_uri
from mlmagic.store.delivery import additions, registrations
from mlmagic.store.delivery.worker import delivery_worker

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel

    from mlmagic.registry.offline.known_runs import KnownRun
    from mlmagic.registry.registering import RegistrationRequest
    from mlmagic.store.delivery.delivery import Delivery

_LATER = "%mlmagic shows what waits, and %mlmagic sync delivers it"


def record(
    wanted: RegistrationRequest,
    run: KnownRun,
    reason: str,
    *,
    model: LoggedModel | None = None,
    made: RegisteredVersion | None = None,
) -> RegisteredVersion:
    """Record *wanted* in the journal of *run*, and return the version that it will be.

    *reason* says why it cannot be carried out now. *model* is the model if the store has told which one is meant, and
    *made* the version if it is created already, and only its alias waits.

    Raises
    ------
    ModelNotFoundError, UsageProblem
        If the run has no such model, or several, and *wanted* names none.
    """
    if model is not None:
        asked = _registration(wanted, model=str(model.name), model_id=str(model.model_id))
    else:
        own = run.model(wanted.model, wanted.name)
        asked = _registration(wanted, model=own.name, model_uid=own.uid)
    waiting = RegisteredVersion(
        wanted.name,
        made.version if made else None,
        run_id=run.run_id or run.began.uid,
        description=asked.description or "",
        tags=asked.tags,
        pending=True,
    )
    if not asked.again and any(_adds_nothing(asked, other) for one in run.deliveries for other in one.registrations):
        note = f"it is recorded in the journal already, and waits ({reason}); --again records it once more. {_LATER}"
        return replace(waiting, note=note)
    registrations.deliver_with(delivering.deliver)
    with deferred():
        delivery = run.delivery_with(asked.model_uid) or next(reversed(run.deliveries), None)
        version = made.version if made is not None else None
        where = None
        if delivery is None or not delivery.register(asked, version=version):
            delivery, where = _in_a_journal_of_its_own(run)
            delivery.register(asked, version=version)
            delivery_worker(delivery.uri).add(delivery)
    journal = delivery.journal
    trouble = journal.trouble if journal.is_on_disk else where
    kept = f", in memory only, until the kernel ends ({trouble})" if trouble else ""
    what = "it is registered" if made is None else f"it becomes {wanted.alias!r}"
    note = f"recorded in the journal{kept}: {what} as soon as the store takes it ({reason}). {_LATER}"
    return replace(waiting, note=note)


def _registration(wanted: RegistrationRequest, *, model: str, model_uid: str = "", model_id: str = "") -> Registration:
    registry, store = registry_store.uri(), tracking_uri.current_uri()
    return Registration(
        id=wanted.id,
        name=wanted.name,
        model=model,
        model_uid=model_uid,
        model_id=model_id,
        registry="" if registry == store else redaction.redact(registry)[0],
        alias=wanted.alias or "",
        tags=own_tags(wanted.tags),
        description=redacted_or_none(wanted.description),
        again=wanted.again,
        by=wanted.by,
        at=wanted.at,
    )


def _adds_nothing(asked: Registration, other: Registration) -> bool:
    """Return whether *other*, which waits already, does all that *asked* would."""
    return (
        (asked.name, asked.model_uid, asked.model_id, asked.registry)
        == (other.name, other.model_uid, other.model_id, other.registry)
        and asked.alias in {"", other.alias}
        and asked.tags.items() <= other.tags.items()
        and asked.description in {None, other.description}
    )


def _in_a_journal_of_its_own(run: KnownRun) -> tuple[Delivery, str | None]:
    """Return a journal for a run whose journals are closed, and a line about where it is if that is unusual."""
    delivery, where = additions.begin(
        tracking_uri.current_uri(),
        uid=run.began.uid,
        run_id=run.run_id,
        name=run.began.name,
        experiment=run.began.experiment,
        experiment_id=run.began.experiment_id,
    )
    journal = delivery.journal
    journal.append(
        run.ended or Ended("FINISHED", delivery.began.started)
    )  # the run has its status; this is for a new one
    fsync_thread.watch(journal)
    return delivery, where
