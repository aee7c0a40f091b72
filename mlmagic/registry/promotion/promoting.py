"""Give an alias to a version if a gate passes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.registry import registry_store
from mlmagic.registry.facts import read_facts, with_learned
from mlmagic.registry.gates import ChecksNames
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
from mlmagic.registry.versions import find_version, require_capitals, version_or_none
from mlmagic.scalars import as_number
from mlmagic.verdicts import GateVerdict

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from mlmagic.registry.facts import VersionFacts
    from mlmagic.registry.gates import Gate
    from mlmagic.registry.names import Reference


@dataclass(frozen=True)
class Wanted:
    """What the user asked for: a promotion of a version, the newest if *reference* names none.

    ``id`` is that of the event that records it, which gets a new one without. ``regardless`` gives the alias whichever
    version another process gives it to meanwhile; a gate, which judges against the holder, does not go with it.
    """

    reference: Reference
    alias: str
    gate: Gate | None = None
    dry_run: bool = False
    reason: str = ""
    id: str = ""
    regardless: bool = False


@dataclass(frozen=True)
class Situation:
    """A promotion that is planned and not judged yet: what is known of the version, and of the one with the alias."""

    plan: Plan
    candidate: VersionFacts | None = None
    holder: VersionFacts | None = None


def promote(wanted: Wanted) -> Promotion:
    """Plan a promotion, judge it, and carry it out unless it is only tried.

    The gate runs on the caller's thread and may take long; only the requests to the store are limited in time.

    Raises
    ------
    PromotionRefusedError
        If the gate does not pass the version, or another promotion came first. Both are recorded.
    """
    situation = registry_store.ask(partial(look, wanted, complete=not wanted.dry_run))
    plan = judged(wanted, situation)
    event, verdict = plan.event, plan.verdict
    if wanted.dry_run or event.version == event.before:
        return Promotion(
            plan.name,
            event.alias,
            event.version,
            event.before,
            dry_run=wanted.dry_run,
            verdict=verdict,
            notes=plan.notes,
        )
    if verdict is not None and not verdict.passed:
        raise registry_store.ask(lambda client: refused(client, plan, verdict.sentence))
    return registry_store.ask(lambda client: carry_out(client, plan))


def look(wanted: Wanted, client: MlflowClient, *, complete: bool = False) -> Situation:
    """Return the promotion in the state that the registry has; *complete* what a killed process left first."""
    notes = settle(client, wanted.reference.name, wanted.alias) if complete else ()
    model, version = find_version(client, wanted.reference)
    require_capitals(model, wanted.alias)
    before = model.aliases.get(wanted.alias)
    event = new_event(model, "promoted", wanted.alias, version.version, reason=wanted.reason, id=wanted.id)
    notes = (*notes, *left_behind(model, wanted.alias))
    plan = Plan(model.name, event, notes=notes, regardless=wanted.regardless)
    if wanted.gate is None:
        return Situation(plan)
    if before == version.version:  # nothing is judged, but a mistake in the gate is told
        return Situation(plan, read_facts(client, [version])[0])
    holder = version_or_none(client, model, before) if before is not None else None
    found = [with_learned(client, one) for one in read_facts(client, [version, *([holder] if holder else [])])]
    return Situation(plan, found[0], found[1] if holder else None)


def judged(wanted: Wanted, situation: Situation) -> Plan:
    """Return the plan with the verdict of the gate, and with its numbers in the event.

    Raises
    ------
    UsageProblem
        If the gate cannot judge the version.
    """
    plan, gate = situation.plan, wanted.gate
    if gate is None or situation.candidate is None:
        return plan
    if plan.event.version == plan.event.before:
        if isinstance(gate, ChecksNames):
            gate.check(situation.candidate)
        return plan
    verdict = gate.judge(situation.candidate, situation.holder)
    if not isinstance(verdict, GateVerdict):
        raise UsageProblem(f"the gate {gate.name!r} returned {described(verdict)}, not a mlmagic.types.GateVerdict.")
    if not isinstance(verdict.sentence, str) or not verdict.sentence:
        says = "passes" if verdict.passed else "does not pass"
        verdict = replace(verdict, sentence=f"the gate {str(gate.name)!r} {says} it")
    told = "; ".join(filter(None, [plan.event.reason, redacted(verdict.sentence)]))
    numbers = {str(name): _recordable(value) for name, value in verdict.numbers.items()}
    event = replace(plan.event, gate=redacted(str(gate.name)), numbers=numbers, reason=told)
    return replace(plan, event=event, verdict=verdict)


def _recordable(value: object) -> float | str:
    """Return a value of a user's gate as JSON has it: NumPy's numbers and tensors as floats, others as text."""
    if isinstance(value, str) or type(value) in {int, float}:
        return value  # type: ignore[return-value]  # as just checked
    number = as_number(value)
    return str(value) if number is None else number
