"""Undo the last promotion of an alias."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.errors import PromotionRefusedError
from mlmagic.registry import registry_store
from mlmagic.registry.promotion import history
from mlmagic.registry.promotion.changing import Plan, Promotion, carry_out, left_behind, new_event, settle, version_text
from mlmagic.registry.versions import find_model, version_or_none
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from mlflow import MlflowClient


def rollback(name: str, alias: str, *, reason: str = "") -> Promotion:
    """Undo the last promotion of an alias that is not undone yet.

    Raises
    ------
    PromotionRefusedError
        If there is none, the alias was changed since by MLflow itself, or the version before it was deleted.
    """

    def work(client: MlflowClient) -> Promotion:
        notes = settle(client, name, alias)
        plan = plan_rollback(client, name, alias, reason=reason)
        return carry_out(client, replace(plan, notes=(*notes, *plan.notes)))

    return registry_store.ask(work)


def plan_rollback(client: MlflowClient, name: str, alias: str, *, reason: str = "") -> Plan:
    """Return the rollback, and the state of the registry that it was planned in."""
    model = find_model(client, name)
    state = history.state_of(history.events_of(model.tags), alias)
    current = model.aliases.get(alias)
    if not state.standing:
        known = sorted({event.alias for event in history.events_of(model.tags)} - {alias})
        others = f"{did_you_mean(alias, known)} There are records of {', '.join(known)}." if known else ""
        raise PromotionRefusedError(f"no promotion of {alias!r} of {name!r} is recorded that could be undone.{others}")
    last = state.standing[-1]
    if current != last.version:
        raise PromotionRefusedError(
            f"{alias!r} of {name!r} names {version_text(current)}, and the last recorded promotion was of version "
            f"{last.version}: it was changed in MLflow itself since. To choose: %promote {name} VERSION --to {alias}"
        )
    if last.before is not None and version_or_none(client, model, last.before) is None:
        raise PromotionRefusedError(
            f"version {last.before} of {name!r}, which had {alias!r} before, was deleted. To choose another: "
            f"%promote {name} VERSION --to {alias}"
        )
    event = replace(new_event(model, "rolled back", alias, last.before, reason=reason), undoes=last.id)
    return Plan(name, event, notes=left_behind(model, alias))
