"""Carry out a planned change of an alias: claimed, checked against the state it was planned in, and recorded."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlmagic.errors import PromotionRefusedError
from mlmagic.registry import registry_store
from mlmagic.registry.people import local_minute, now, user
from mlmagic.registry.promotion import claims, history, interrupted
from mlmagic.registry.promotion.history import HistoryEvent
from mlmagic.registry.versions import find_model
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import connection
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from mlmagic.registry.versions import RegisteredModel
    from mlmagic.verdicts import GateVerdict


@dataclass(frozen=True, repr=False)
class Promotion:
    """What a promotion or a rollback did, or would do.

    ``version`` has the alias afterwards, ``before`` had it before; None stands for no version. ``changed`` says whether
    the alias was changed, ``dry_run`` that nothing was to be changed, ``verdict`` what the gate said.

    Examples
    --------
    >>> print(Promotion("churn", "champion", 3, 2, changed=True))
    champion of 'churn' is version 3 now; it was version 2
    """

    name: str
    alias: str
    version: int | None
    before: int | None
    changed: bool = False
    dry_run: bool = False
    verdict: GateVerdict | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return what was done, as a notebook shows a result."""
        return f"<Promotion: {self}>"

    def __str__(self) -> str:
        """Return what was done in one line."""
        told = f": {self.verdict.sentence}" if self.verdict else ""
        if self.dry_run and self.verdict and not self.verdict.passed:
            return f"version {self.version} of {self.name!r} would be refused as {self.alias}{told}"
        after, before = version_text(self.version), version_text(self.before)
        if self.version == self.before:
            return f"{self.alias} of {self.name!r} is {after} already; nothing was changed"
        if self.dry_run:
            now = f"it is {before}" if self.before is not None else "it has none"
            return f"{self.alias} of {self.name!r} would be {after}; {now}{told}"
        was = f"it was {before}" if self.before is not None else "it had none"
        return f"{self.alias} of {self.name!r} is {after} now; {was}{told}"


def version_text(number: int | None) -> str:
    """Return a version in a sentence.

    >>> version_text(3), version_text(None)
    ('version 3', 'no version')
    """
    return "no version" if number is None else f"version {number}"


@dataclass(frozen=True)
class Plan:
    """A change of an alias that has been checked against a state of the registry, and is not carried out yet.

    ``event`` is what will be recorded; its ``before`` and ``after`` say in which state the alias was. ``regardless``
    says that the change is right in every state, so that nothing of another process can overtake it.
    """

    name: str
    event: HistoryEvent
    verdict: GateVerdict | None = None
    notes: tuple[str, ...] = ()
    regardless: bool = False


def settle(client: MlflowClient, name: str, alias: str, *, own: str = "", uri: str | None = None) -> tuple[str, ...]:
    """Complete the record of a change whose process has ended on this machine; return a line that says so.

    *own* is the id of the event that the caller carries out, perhaps for the second time; *uri* is that of the
    registry, by default the current one.
    """
    found = [one for one in claims.claims_in(find_model(client, name).tags) if one.event.alias == alias]
    if not found:
        return ()
    lines = []
    with connection.exclusive(uri or registry_store.uri(), "registry") as is_locked:
        model = find_model(client, name)
        for claim in claims.claims_in(model.tags):
            if claim.event.alias == alias and claim.is_over(is_locked=is_locked, own=own):
                lines.append(interrupted.complete(client, model, claim))
                claims.release(client, name, claim.event)
    return tuple(lines)


def carry_out(client: MlflowClient, plan: Plan, *, uri: str | None = None) -> Promotion:
    """Change the alias and record it, if it is still as it was when the change was planned.

    If another process has made the same change meanwhile, nothing is changed or recorded. *uri* is that of the
    registry, by default the current one.

    Raises
    ------
    PromotionRefusedError
        If another process changed it since, unless the plan is right regardless. That is recorded as a refusal.
    """
    while (done := _carried_out(client, plan, uri or registry_store.uri())) is None:
        model, event = find_model(client, plan.name), plan.event
        again = new_event(model, event.what, event.alias, event.version, reason=event.reason, id=event.id)
        plan = replace(plan, event=again)
    return done


def _carried_out(client: MlflowClient, plan: Plan, uri: str) -> Promotion | None:
    """Return what was done, or None if another process overtook a plan that is right regardless."""
    event, name = plan.event, plan.name
    with connection.exclusive(uri, "registry") as is_locked:
        abandoned = claims.take(client, name, event, is_locked=is_locked)
        model = find_model(client, name)
        notes = plan.notes
        if abandoned is not None:
            notes = (*notes, interrupted.complete(client, model, abandoned))
            model = find_model(client, name)
        events = history.events_of(model.tags)
        if _is_done(plan, model, events):
            claims.release(client, name, event)
            return Promotion(name, event.alias, event.version, event.version, verdict=plan.verdict, notes=notes)
        if overtaken := _overtaken(plan, model, abandoned):
            claims.release(client, name, event)
            if plan.regardless:
                return None
            raise refused(client, plan, overtaken)
        event = replace(event, number=history.next_number(events))
        if abandoned is not None:
            event = replace(event, after=_last_id(events, event.alias))
        _set(client, name, event.alias, event.version)
        history.write(client, name, event, [event.version, event.before])
        crossed = _crossed(find_model(client, name), event)
        claims.release(client, name, event)
    if crossed:
        raise PromotionRefusedError(crossed)
    return Promotion(name, event.alias, event.version, event.before, changed=True, verdict=plan.verdict, notes=notes)


def _set(client: MlflowClient, name: str, alias: str, version: int | None) -> None:
    if version is None:
        client.delete_registered_model_alias(name, alias)
    else:
        client.set_registered_model_alias(name, alias, str(version))
    answered()


def _is_done(plan: Plan, model: RegisteredModel, events: list[HistoryEvent]) -> bool:
    """Return whether another process has made the same change since the plan was made."""
    event = plan.event
    if event.version == event.before or model.aliases.get(event.alias) != event.version:
        return False
    last = history.state_of(events, event.alias).last
    return event.what == "promoted" or (last is not None and last.undoes == event.undoes)


def _overtaken(plan: Plan, model: RegisteredModel, abandoned: claims.Claim | None) -> str:
    """Return what changed since the plan was made, or an empty text."""
    event = plan.event
    current = model.aliases.get(event.alias)
    last = history.state_of(history.events_of(model.tags), event.alias).last
    recorded = last.id if last else ""
    is_same = recorded == event.after or (abandoned is not None and recorded == abandoned.event.id)
    if current == event.before and is_same:
        return ""
    by = ""
    if last is not None and last.id != event.after:
        by = f" ({last.what} by {last.who} at {local_minute(last.when)})"
    return (
        f"{event.alias} of {plan.name!r} became {version_text(current)}{by} after this was checked against "
        f"{version_text(event.before)}. Check again, and repeat it"
    )


def _crossed(model: RegisteredModel, event: HistoryEvent) -> str:
    """Return what happened if another change was recorded at the same moment, or an empty text."""
    others = [
        other
        for other in history.events_of(model.tags)
        if other.what in history.CHANGES
        and other.alias == event.alias
        and other.after == event.after
        and other.id != event.id
    ]
    if not others:
        return ""
    current = model.aliases.get(event.alias)
    return (
        f"two changes of {event.alias} of {model.name!r} crossed: yours to {version_text(event.version)}, and that of "
        f"{others[0].who} to {version_text(others[0].version)}. It is {version_text(current)} now; both are recorded. "
        "Repeat yours if it is to stand"
    )


def refused(client: MlflowClient, plan: Plan, why: str) -> PromotionRefusedError:
    """Record that a promotion was refused, and return the error that says why."""
    model = find_model(client, plan.name)
    event = plan.event
    subject = f"version {event.version}" if event.version else "the rollback"
    refusal = replace(
        event,
        number=history.next_number(history.events_of(model.tags)),
        what="refused",
        reason=redacted(why),
    )
    history.write(client, model, refusal, [event.version])
    text = f"{subject} of {plan.name!r} was not made {event.alias}: {why}."
    if event.what == "rolled back":
        text = f"{event.alias} of {plan.name!r} was not rolled back: {why}."
    return PromotionRefusedError(text, plan.verdict)


def new_event(
    model: RegisteredModel,
    what: history.What,
    alias: str,
    version: int | None,
    *,
    reason: str,
    id: str = "",  # noqa: A002
) -> HistoryEvent:
    """Return the event of a change that begins now, in the state that *model* has, with a new *id* if it has none."""
    events = history.events_of(model.tags)
    return HistoryEvent(
        number=history.next_number(events),
        id=id or uuid.uuid4().hex,
        what=what,
        alias=alias,
        version=version,
        before=model.aliases.get(alias),
        who=user(),
        when=now(),
        reason=redacted(reason),
        after=_last_id(events, alias),
    )


def _last_id(events: list[HistoryEvent], alias: str) -> str:
    last = history.state_of(events, alias).last
    return last.id if last else ""


def left_behind(model: RegisteredModel, alias: str) -> tuple[str, ...]:
    """Return a line for each change of this alias that another process began and did not complete."""
    lines = interrupted.notes_on(model)
    return tuple(line for line in lines if f"{alias!r} of {model.name!r}" in line)


def redacted(text: str) -> str:
    """Return *text* without secrets."""
    return redaction.redact(text)[0]
