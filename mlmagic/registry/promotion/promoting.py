"""Give an alias to a version if a gate passes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.registry import registry_store
from mlmagic.registry.facts import read_facts
from mlmagic.registry.promotion.changing import (
    Plan,
    Promotion,
    carry_out,
    left_behind,
    new_event,
    redacted,
    refused,
    settle,
)
from mlmagic.registry.versions import find_version, version_or_none

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from mlmagic.registry.gates import Gate
    from mlmagic.registry.names import Reference


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
    return registry_store.ask(partial(_promote, wanted))


def _promote(wanted: Wanted, client: MlflowClient) -> Promotion:
    notes = () if wanted.dry_run else settle(client, wanted.reference.name, wanted.alias)
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
        raise refused(client, plan, plan.verdict.sentence)
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
    event = new_event(model, "promoted", wanted.alias, version.version, reason=wanted.reason)
    if verdict is not None and wanted.gate is not None:
        event = replace(event, gate=redacted(wanted.gate.name), numbers=dict(verdict.numbers))
        event = replace(event, reason="; ".join(filter(None, [event.reason, redacted(verdict.sentence)])))
    return Plan(model.name, event, verdict, left_behind(model, wanted.alias))
