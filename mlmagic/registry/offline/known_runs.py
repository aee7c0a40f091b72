"""The runs whose models can be named without the store: what waits in journals, and what this process delivered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.errors import ModelNotFoundError, RunNotFoundError, UsageProblem
from mlmagic.journal import folder
from mlmagic.journal.records import Model
from mlmagic.journal.survey import survey
from mlmagic.recording import open_runs
from mlmagic.session.interrupts import deferred
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import tracking_uri
from mlmagic.store.delivery import delivered_runs, left_runs
from mlmagic.store.delivery.worker import delivery_worker, delivery_workers
from mlmagic.store.query.logged_models import choose_by_name
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.journal.records import Began, Ended
    from mlmagic.store.delivery.delivery import Delivery

_PREFIX = re.compile(r"[0-9a-f]{4,}")
_SHOWN_ID = 8


@dataclass(frozen=True)
class KnownRun:
    """A run that this process knows of.

    ``began`` is its first record, ``ended`` its last if it is known, ``run_id`` MLflow's id or an empty text.
    ``delivered`` are its models that are in the store, ``deliveries`` those of its journals that are not closed, the
    oldest first.
    """

    began: Began
    run_id: str
    ended: Ended | None = None
    delivered: tuple[Model, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether some of it is not in the store."""
        return bool(self.deliveries)

    @property
    def waiting_models(self) -> list[Model]:
        """Its models that are not in the store."""
        return [one for each in self.deliveries for one in _models_in(each) if not each.has_stored(one)]

    @property
    def models(self) -> list[Model]:
        """All its models that are known here, the newest last."""
        return [*self.delivered, *(model for delivery in self.deliveries for model in _models_in(delivery))]

    def model(self, name: str | None, registered: str) -> Model:
        """Return the model of this name, or the only one; *registered* is the name that it is to be registered under.

        Raises
        ------
        ModelNotFoundError
            If there is none of this name.
        UsageProblem
            If there are several, and *name* is None.
        """
        title = f"the run {self.began.name!r} ({(self.run_id or self.began.uid)[:_SHOWN_ID]})"
        models = {model.name: model for model in self.models}  # the newest of each name
        if not models:
            raise ModelNotFoundError(
                f"{title} has no model that is known while the store is away. A tracked cell records the models that "
                "it fits, unless it has --no-models"
            )
        by_name = [models[one] for one in sorted(models)]
        return choose_by_name(by_name, name, title, how=f"%register {registered} --model NAME")

    def delivery_with(self, model_uid: str) -> Delivery | None:
        """Return the delivery whose journal names the model, None if it is closed."""
        named = (one for one in self.deliveries if any(model.uid == model_uid for model in _models_in(one)))
        return next(named, None)


def known_run(reference: str | None, *, on_disk: bool) -> KnownRun:
    """Return the run with this id or name, or whose id begins like this, by default the last one of this session.

    Of several with the name the newest is meant. *on_disk* also looks at the journals that dead processes left, and
    adopts those of the run: this process delivers them from then on.

    Raises
    ------
    RunNotFoundError
        If none is known, or several ids begin like this.
    UsageProblem
        If another process delivers it.
    """
    here = _known_here()
    if reference is None:
        last = open_runs.last_id()
        if last is None:
            raise RunNotFoundError("no run has ended in this session, so name the one whose model is meant: --run RUN")
        return _meant(last, here)
    try:
        return _meant(reference.strip(), here)
    except RunNotFoundError:
        if not on_disk:
            raise
    _adopt(reference.strip(), here)
    return _meant(reference.strip(), _known_here())


def _known_here() -> list[KnownRun]:
    """Return the runs of the current store that this process knows, those last that began last."""
    store = _store()
    still_open = {run.uid for run in open_runs.open_here()}
    found = {
        one.began.uid: KnownRun(one.began, one.run_id, one.ended, one.models)
        for one in delivered_runs.delivered()
        if one.began.store == store
    }
    for delivery in (one for ships in delivery_workers() for one in ships.deliveries()):
        began = delivery.began
        if began.store != store or began.uid in still_open or delivery.is_closed:
            continue
        known = found.get(began.uid) or KnownRun(began, "")
        found[began.uid] = KnownRun(
            known.began,
            delivery.run_id or known.run_id,
            delivery.ended or known.ended,
            known.delivered,
            (*known.deliveries, delivery),
        )
    return sorted(found.values(), key=lambda run: run.began.started)


def _store() -> str:
    """Return the current store as first records name it."""
    return redaction.redact(tracking_uri.current_uri())[0]


def _models_in(delivery: Delivery) -> tuple[Model, ...]:
    """Return the models that the journal of *delivery* names; none if it was put away at this moment."""
    journal = delivery.journal
    try:
        records = [line.record for line in journal.read()]
    except OSError:
        return ()
    return tuple(one for one in records if isinstance(one, Model) and journal.is_own(one))


def _meant(reference: str, runs: Sequence[KnownRun]) -> KnownRun:
    by_id = [run for run in runs if reference in {run.run_id, run.began.uid}]
    by_name = [run for run in runs if run.began.name == reference]
    if exact := by_id or by_name:
        return exact[-1]
    is_prefix = _PREFIX.fullmatch(reference.lower())
    begun = [run for run in runs if is_prefix and any(one.startswith(reference.lower()) for one in _ids(run))]
    if len(begun) > 1:
        shown = ", ".join(f"{run.run_id or run.began.uid} ({run.began.name})" for run in begun)
        raise RunNotFoundError(f"Several runs begin with {reference!r}: {shown}. Give more of the id.")
    if not begun:
        near = did_you_mean(reference, {run.began.name for run in runs})
        raise RunNotFoundError(f"no run {reference!r} is known here.{near}")
    return begun[0]


def _ids(run: KnownRun) -> Iterable[str]:
    return filter(None, (run.run_id, run.began.uid))


def _adopt(reference: str, here: Sequence[KnownRun]) -> None:
    """Take over the journals of the run that is meant, if a dead process left them."""
    surveys = [survey(place) for place in folder.places()]
    known = {run.began.uid for run in here}
    store = _store()
    left = left_runs.by_run(
        one for found in surveys for one in found.left if not one.is_closed and one.began.store == store
    )
    as_known = [KnownRun(run.began, run.began.run_id) for run in left if run.began.uid not in known]
    began = _meant(reference, sorted([*here, *as_known], key=lambda run: run.began.started)).began
    run = next(one for one in left if one.began.uid == began.uid)
    with deferred():  # nobody could deliver a journal that is adopted but has no worker
        adopted, problem = left_runs.adopt(run)
        if not adopted:
            raise UsageProblem(
                problem or f"another process delivers the run {began.name!r} now: try again in a moment."
            )
        delivery_worker(str(run.uri)).add(*adopted)
