"""Give an alias to a version if a gate passes it, take that back, and record both."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import PromotionRefusedError
from mlmagic.registry import claims, history, interrupted
from mlmagic.registry.facts import read_facts
from mlmagic.registry.history import HistoryEvent
from mlmagic.registry.people import local_minute, now, user
from mlmagic.registry.versions import find_model, find_version, version_or_none
from mlmagic.snapshot.secrets import redaction
from mlmagic.store import connection, tracking_uri
from mlmagic.store.refusals import refused_by
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from mlmagic.registry.gates import Gate
    from mlmagic.registry.names import Reference
    from mlmagic.registry.versions import RegisteredModel
    from mlmagic.verdicts import GateVerdict


@dataclass(frozen=True)
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

    def __str__(self) -> str:
        """Return what was done in one line."""
        told = f": {self.verdict.sentence}" if self.verdict else ""
        if self.dry_run and self.verdict and not self.verdict.passed:
            return f"version {self.version} of {self.name!r} would be refused as {self.alias}{told}"
        if self.version == self.before:
            return f"{self.alias} of {self.name!r} is {_version(self.version)} already; nothing was changed"
        if self.dry_run:
            return (
                f"{self.alias} of {self.name!r} would be {_version(self.version)}; it is {_version(self.before)}{told}"
            )
        return f"{self.alias} of {self.name!r} is {_version(self.version)} now; it was {_version(self.before)}{told}"


def _version(number: int | None) -> str:
    return "no version" if number is None else f"version {number}"


@dataclass(frozen=True)
class Plan:
    """A change of an alias that has been checked against a state of the registry, and is not carried out yet.

    ``after`` is the last recorded change of the alias; ``event`` is what will be recorded.
    """

    name: str
    event: HistoryEvent
    verdict: GateVerdict | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What the user asked for: a promotion of a version, the newest if *reference* names none."""

    reference: Reference
    alias: str
    gate: Gate | None = None
    dry_run: bool = False
    reason: str = ""


def promote(wanted: Wanted) -> Promotion:
    """Plan a promotion, and carry it out unless it is only tried.

    Raises
    ------
    PromotionRefusedError
        If the gate does not pass the version, or another promotion came first. Both are recorded.
    """
    return connection.ask(partial(_promote, wanted))


def _promote(wanted: Wanted) -> Promotion:
    client = connection.connect()
    with refused_by(tracking_uri.current_uri()):
        notes = () if wanted.dry_run else _settle(client, wanted.reference.name, wanted.alias)
        plan = plan_promotion(client, wanted)
        plan = replace(plan, notes=(*notes, *plan.notes))
        if wanted.dry_run or plan.event.version == plan.event.before:
            event = plan.event
            return Promotion(
                plan.name,
                event.alias,
                event.version,
                event.before,
                dry_run=wanted.dry_run,
                verdict=plan.verdict,
                notes=plan.notes,
            )
        if plan.verdict is not None and not plan.verdict.passed:
            raise _refused(client, plan, plan.verdict.sentence)
        return carry_out(client, plan)


def plan_promotion(client: MlflowClient, wanted: Wanted) -> Plan:
    """Return the promotion, judged by its gate, and the state of the registry that it was judged in."""
    model, version = find_version(client, wanted.reference)
    before = model.aliases.get(wanted.alias)
    verdict = None
    if wanted.gate is not None and before != version.version:
        holder = version_or_none(client, model, before) if before is not None else None
        found = read_facts(client, [version, *([holder] if holder else [])])
        verdict = wanted.gate.judge(found[0], found[1] if holder else None)
    event = _event(model, "promoted", wanted.alias, version.version, reason=wanted.reason)
    if verdict is not None and wanted.gate is not None:
        event = replace(event, gate=_redacted(wanted.gate.name), numbers=dict(verdict.numbers))
        event = replace(event, reason="; ".join(filter(None, [event.reason, _redacted(verdict.sentence)])))
    return Plan(model.name, event, verdict, _left_behind(model, wanted.alias))


def rollback(name: str, alias: str, *, reason: str = "") -> Promotion:
    """Undo the last promotion of an alias that is not undone yet.

    Raises
    ------
    PromotionRefusedError
        If there is none, the alias was changed since by MLflow itself, or the version before it was deleted.
    """

    def work() -> Promotion:
        client = connection.connect()
        with refused_by(tracking_uri.current_uri()):
            notes = _settle(client, name, alias)
            plan = plan_rollback(client, name, alias, reason=reason)
            return carry_out(client, replace(plan, notes=(*notes, *plan.notes)))

    return connection.ask(work)


def plan_rollback(client: MlflowClient, name: str, alias: str, *, reason: str = "") -> Plan:
    """Return the rollback, and the state of the registry that it was planned in."""
    model = find_model(client, name)
    state = history.state_of(history.events_of(model.tags), alias)
    current = model.aliases.get(alias)
    if not state.standing:
        known = sorted({event.alias for event in history.events_of(model.tags)} - {alias})
        others = f" There are records of {', '.join(known)}: --to {known[0]}" if known else ""
        raise PromotionRefusedError(f"no promotion of {alias!r} of {name!r} is recorded that could be undone.{others}")
    last = state.standing[-1]
    if current != last.version:
        raise PromotionRefusedError(
            f"{alias!r} of {name!r} names {_version(current)}, and the last recorded promotion was of version "
            f"{last.version}: it was changed in MLflow itself since. To choose: %promote {name} VERSION --to {alias}"
        )
    if last.before is not None and version_or_none(client, model, last.before) is None:
        raise PromotionRefusedError(
            f"version {last.before} of {name!r}, which had {alias!r} before, was deleted. To choose another: "
            f"%promote {name} VERSION --to {alias}"
        )
    event = replace(_event(model, "rolled back", alias, last.before, reason=reason), undoes=last.id)
    return Plan(name, event, notes=_left_behind(model, alias))


def _settle(client: MlflowClient, name: str, alias: str) -> tuple[str, ...]:
    """Complete the record of a change whose process has ended on this machine; return a line that says so."""
    found = [one for one in claims.claims_in(find_model(client, name).tags) if one.event.alias == alias]
    if not any(claim.is_abandoned for claim in found):
        return ()
    lines = []
    with connection.exclusive(tracking_uri.current_uri(), "registry"):
        model = find_model(client, name)
        for claim in claims.claims_in(model.tags):
            if claim.event.alias == alias and claim.is_abandoned:
                lines.append(interrupted.complete(client, model, claim))
                claims.release(client, name, claim.event)
    return tuple(lines)


def carry_out(client: MlflowClient, plan: Plan) -> Promotion:
    """Change the alias and record it, if it is still as it was when the change was planned.

    Raises
    ------
    PromotionRefusedError
        If another process changed it since. That is recorded as a refusal.
    """
    event, name = plan.event, plan.name
    with connection.exclusive(tracking_uri.current_uri(), "registry") as is_locked:
        abandoned = claims.take(client, name, event, is_locked=is_locked)
        model = find_model(client, name)
        notes = plan.notes
        if abandoned is not None:
            notes = (*notes, interrupted.complete(client, model, abandoned))
            model = find_model(client, name)
        events = history.events_of(model.tags)
        if overtaken := _overtaken(plan, model, abandoned):
            claims.release(client, name, event)
            raise _refused(client, plan, overtaken)
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
        f"{event.alias} of {plan.name!r} became {_version(current)}{by} after this was checked against "
        f"{_version(event.before)}. Check again, and repeat it"
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
        f"two changes of {event.alias} of {model.name!r} crossed: yours to {_version(event.version)}, and that of "
        f"{others[0].who} to {_version(others[0].version)}. It is {_version(current)} now; both are recorded. "
        "Repeat yours if it is to stand"
    )


def _refused(client: MlflowClient, plan: Plan, why: str) -> PromotionRefusedError:
    """Record that a promotion was refused, and return the error that says why."""
    model = find_model(client, plan.name)
    event = plan.event
    subject = f"version {event.version}" if event.version else "the rollback"
    refusal = replace(
        event,
        id=uuid.uuid4().hex,
        number=history.next_number(history.events_of(model.tags)),
        what="refused",
        reason=_redacted(why),
    )
    history.write(client, model, refusal, [event.version])
    text = f"{subject} of {plan.name!r} was not made {event.alias}: {why}."
    if event.what == "rolled back":
        text = f"{event.alias} of {plan.name!r} was not rolled back: {why}."
    return PromotionRefusedError(text, plan.verdict)


def _event(model: RegisteredModel, what: history.What, alias: str, version: int | None, *, reason: str) -> HistoryEvent:
    events = history.events_of(model.tags)
    return HistoryEvent(
        number=history.next_number(events),
        id=uuid.uuid4().hex,
        what=what,
        alias=alias,
        version=version,
        before=model.aliases.get(alias),
        who=user(),
        when=now(),
        reason=_redacted(reason),
        after=_last_id(events, alias),
    )


def _last_id(events: list[HistoryEvent], alias: str) -> str:
    last = history.state_of(events, alias).last
    return last.id if last else ""


def _left_behind(model: RegisteredModel, alias: str) -> tuple[str, ...]:
    """Return a line for each change of this alias that another process began and did not complete."""
    lines = interrupted.notes_on(model)
    return tuple(line for line in lines if f"{alias!r} of {model.name!r}" in line)


def _redacted(text: str) -> str:
    return redaction.redact(text)[0]
