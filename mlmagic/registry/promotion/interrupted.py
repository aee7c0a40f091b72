"""What a process that was killed between two steps left behind, and completing its record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.registry.promotion import claims, history
from mlmagic.registry.registering import REQUESTED_ALIAS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow import MlflowClient

    from mlmagic.registry.promotion.claims import Claim
    from mlmagic.registry.promotion.history import HistoryEvent
    from mlmagic.registry.versions import RegisteredModel, RegisteredVersion


def notes_on(model: RegisteredModel, versions: Sequence[RegisteredVersion] = ()) -> list[str]:
    """Return a line for each change of *model* that was begun and not completed, and for each gap in its history."""
    events = history.events_of(model.tags)
    return [
        *(_told(model, claim, events) for claim in claims.claims_in(model.tags)),
        *_aliases_not_set(model, versions, events),
        *_set_elsewhere(model, events),
        *history.breaks_in(events),
    ]


def complete(client: MlflowClient, model: RegisteredModel, claim: Claim) -> str:
    """Record the change of a claim whose process has ended if the alias was changed, and return what was found."""
    events = history.events_of(model.tags)
    told = _told(model, claim, events, is_over=True)
    if _was_set(model, claim) and not _is_recorded(claim, events):
        event = claim.event
        done = replace(event, reason=f"{event.reason}; recorded later, as its process had ended".lstrip("; "))
        history.write(client, model, done, [event.version, event.before])
        told += " Its record is complete now."
    return told


def _told(model: RegisteredModel, claim: Claim, events: Sequence[HistoryEvent], *, is_over: bool = False) -> str:
    event = claim.event
    version = f"version {event.version}" if event.version else "no version"
    what = f"the change of {event.alias!r} of {model.name!r} to {version}, begun by {event.who} at {event.when},"
    if not is_over and not claim.is_abandoned:
        return f"{what} has not ended yet; it may be running in another process."
    if not _was_set(model, claim):
        now = model.aliases.get(event.alias)
        still = f"still names version {now}" if now else "still names no version"
        repeat = f" To do it: %promote {model.name} {event.version} --to {event.alias}" if event.version else ""
        return f"{what} was interrupted before the alias was set: {event.alias!r} {still}.{repeat}"
    if _is_recorded(claim, events):
        return f"{what} was interrupted at its very end: it is done and recorded."
    return f"{what} was interrupted after the alias was set: it is done, and not recorded yet. %promote records it."


def _was_set(model: RegisteredModel, claim: Claim) -> bool:
    return model.aliases.get(claim.event.alias) == claim.event.version


def _is_recorded(claim: Claim, events: Sequence[HistoryEvent]) -> bool:
    return any(event.id == claim.event.id for event in events)


def _aliases_not_set(
    model: RegisteredModel, versions: Sequence[RegisteredVersion], events: Sequence[HistoryEvent]
) -> Iterator[str]:
    """Yield a line for each version that was registered with an alias which was never set, nor refused."""
    claimed = {(claim.event.alias, claim.event.version) for claim in claims.claims_in(model.tags)}
    known = {(event.alias, event.version) for event in events} | claimed
    for version in versions:
        alias = version.tags.get(REQUESTED_ALIAS)
        if alias and (alias, version.version) not in known and alias not in version.aliases:
            yield (
                f"version {version.version} of {model.name!r} was registered to become {alias!r}, and the process "
                f"ended before the alias was set. To do it: %promote {model.name} {version.version} --to {alias}"
            )


def _set_elsewhere(model: RegisteredModel, events: Sequence[HistoryEvent]) -> Iterator[str]:
    """Yield a line for each alias that was changed without a record, by MLflow itself."""
    begun = {claim.event.alias for claim in claims.claims_in(model.tags)}
    for alias in sorted({event.alias for event in events} - begun):
        state = history.state_of(events, alias)
        now = model.aliases.get(alias)
        if state.last is not None and state.version != now:
            recorded = f"version {state.version}" if state.version else "no version"
            names = f"names version {now}," if now else "names no version,"
            yield f"{alias!r} of {model.name!r} {names} the last record says {recorded}: MLflow itself changed it"
