"""Give an alias to a version as it was asked for while the store was away: unless the alias was changed since."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlmagic.errors import PromotionRefusedError
from mlmagic.registry.people import local_minute
from mlmagic.registry.promotion import history
from mlmagic.registry.promotion.changing import Plan, carry_out, new_event, refused, settle, version_text
from mlmagic.registry.versions import find_model, version_or_none

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from mlmagic.registry.promotion.history import HistoryEvent
    from mlmagic.registry.versions import RegisteredModel


@dataclass(frozen=True)
class AskedEarlier:
    """A promotion that *by* asked for at the time *at* (ISO 8601), and that is carried out now; *id* is its event's."""

    id: str
    name: str
    version: int
    alias: str
    by: str
    at: str


def promote(client: MlflowClient, asked: AskedEarlier, uri: str) -> list[str]:
    """Set the alias in the registry at *uri* and record it, or record that it is refused; return what was done.

    It is refused if the alias was changed after it was asked for: had the store been there, that change would have come
    later. Carrying it out again changes and records nothing.
    """
    notes = settle(client, asked.name, asked.alias, own=asked.id, uri=uri)
    model = find_model(client, asked.name)
    events = history.events_of(model.tags)
    if done := next((event for event in events if event.id == asked.id), None):
        return [_told(asked, done), *notes]
    if model.aliases.get(asked.alias) == asked.version:
        return [f"{asked.alias} of {asked.name!r} is {version_text(asked.version)} already", *notes]
    plan = Plan(asked.name, _event(model, asked), notes=notes)
    try:
        if overtaken := _overtaken(client, model, events, asked):
            raise refused(client, plan, overtaken)
        promotion = carry_out(client, plan, uri=uri)
    except PromotionRefusedError as refusal:
        return [f"{refusal} To do it: %promote {asked.name} {asked.version} --to {asked.alias}", *notes]
    return [str(promotion), *promotion.notes]


def _event(model: RegisteredModel, asked: AskedEarlier) -> HistoryEvent:
    reason = f"asked for at {local_minute(asked.at)}, while the store was away"
    event = new_event(model, "promoted", asked.alias, asked.version, reason=reason, id=asked.id)
    return replace(event, who=asked.by, asked=asked.at)


def _told(asked: AskedEarlier, done: HistoryEvent) -> str:
    if done.what == "refused":
        return f"{version_text(asked.version)} of {asked.name!r} was not made {asked.alias}: {done.reason}"
    was = "it had none" if done.before is None else f"it was {version_text(done.before)}"
    return f"{asked.alias} of {asked.name!r} became {version_text(asked.version)}; {was}"


def _overtaken(
    client: MlflowClient, model: RegisteredModel, events: list[HistoryEvent], asked: AskedEarlier
) -> str | None:
    """Return how the alias was changed after the promotion was asked for, or None."""
    since = f"after this was asked for, at {local_minute(asked.at)}"
    current, state = model.aliases.get(asked.alias), history.state_of(events, asked.alias)
    last = state.last
    if last is not None and _is_later(last.asked or last.when, asked.at):
        changed = f"{last.what} by {last.who} at {local_minute(last.when)}"
        return f"{asked.alias} became {version_text(last.version)} ({changed}) {since}"
    if current is None or current == state.version:
        return None
    # MLflow itself has set it, and does not tell when: not before the version was there.
    holder = version_or_none(client, model, current)
    created = holder.created_ms / 1000 if holder is not None else 0.0
    if holder is not None and created > _seconds(asked.at):
        return f"{asked.alias} names {version_text(current)} now, which was registered {since}"
    return None


def _is_later(moment: str, other: str) -> bool:
    return _seconds(moment) > _seconds(other)


def _seconds(moment: str) -> float:
    """Return an ISO 8601 time in seconds since 1970; 0 for another text, which anyone may have written."""
    try:
        return dt.datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
