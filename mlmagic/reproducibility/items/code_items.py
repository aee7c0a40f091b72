"""The items that are graded from code: seeds, splits, preprocessing, and constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.reproducibility.checklist import item
from mlmagic.reproducibility.dataflow.interpreter import events_of
from mlmagic.reproducibility.findings import place
from mlmagic.reproducibility.items.recorded_parameters import without_random_state
from mlmagic.reproducibility.rules import configuration, judging, preprocessing, seeds, splits
from mlmagic.reproducibility.seeding import NUMPY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.reproducibility.checklist import ChecklistItem
    from mlmagic.reproducibility.code import Code
    from mlmagic.reproducibility.findings import Finding
    from mlmagic.reproducibility.run_facts import RunFacts
    from mlmagic.reproducibility.seeding import Seeding

_MOST = 5
_FITS = frozenset({"fit", "fit_transform", "fit_predict", "cross_val_score", "cross_validate"})


def seeds_item(code: Code, seeding: Seeding, facts: RunFacts) -> ChecklistItem:
    """Grade whether random numbers are seeded; a split without a seed is another item's."""
    found = list(seeds.find(code, seeding))
    if found:
        return _failed(1, found)
    is_seeded = NUMPY in seeding.since or seeding.from_outside or any(cell.is_sweep for cell in code.cells)
    if not is_seeded and (models := list(without_random_state(facts.parameters))):
        return item(1, "failed", *models[:_MOST], fix="%seed 42")
    shown = [f"{how} ({place(cell, line)})" for how, cell, line in seeding.how[:_MOST]]
    if shown:
        return item(1, "passed", *shown)
    drawing = [call for call in code.calls if seeds.draws(call)]
    if seeding.from_outside and drawing:
        return item(1, "passed", "the trial has a seed of its own")
    if drawing:
        listed = dict.fromkeys(f"{call.name} with a seed of its own" for call in drawing)
        return item(1, "passed", *list(listed)[:_MOST])
    return item(1, "not applicable", "no random numbers are drawn")


def splits_item(code: Code, seeding: Seeding, facts: RunFacts) -> ChecklistItem:
    """Grade whether the rows are divided in the same way the next time."""
    found = list(splits.find(code, seeding))
    if found:
        return _failed(2, found)
    calls = splits.splits_in(code)
    shown = [f"{splits.how(call)} ({place(call.cell, call.node.lineno)})" for call in calls[:_MOST]]
    recorded = _recorded_split(facts)
    if recorded:
        return item(2, "passed", recorded, *shown)
    return item(2, "passed", *shown) if shown else item(2, "not applicable", "no rows are divided")


def preprocessing_item(code: Code, facts: RunFacts) -> ChecklistItem:
    """Grade whether preprocessing is a part of the model, and has not seen the rows that judge it."""
    events = events_of(code)
    found = [*preprocessing.find(events), *judging.find(events)]
    if not facts.models:
        found = [one for one in found if one.code != "MLM006"]
    if found:
        return _failed(5, found)
    fits = any(call.name in _FITS or _is_fit(call.node.func) for call in code.calls)
    if not fits and not facts.models:
        return item(5, "not applicable", "no model is fitted")
    if events.trainings:
        return item(5, "passed", "fitted on training rows only; no model was recorded without it")
    return item(5, "passed", "nothing is fitted outside of the model")


def settings_item(code: Code) -> ChecklistItem:
    """Grade whether paths and repeated numbers are settings."""
    found = list(configuration.find(code))
    if found:
        return _failed(7, found)
    return item(7, "passed", "no absolute paths, no number in several cells")


def _is_fit(node: object) -> bool:
    return getattr(node, "attr", "") in _FITS


def _recorded_split(facts: RunFacts) -> str:
    """Return how the recorded split divides, empty if there is none or it is not understood."""
    split = facts.split[0] if isinstance(facts.split, list) and facts.split else facts.split
    if not isinstance(split, dict) or not isinstance(split.get("method"), str):
        return ""
    seed = split.get("seed")
    by = f", seed {seed}" if type(seed) is int else ""
    return f"recorded: by {split['method'][:40]}{by}"


def _failed(number: int, found: Sequence[Finding]) -> ChecklistItem:
    shown = [f"{_place(one)}: {one.message}" for one in found[:_MOST]]
    more = [f"and {len(found) - _MOST} more"] if len(found) > _MOST else []
    return item(number, "failed", *shown, *more, fix=found[0].fix)


def _place(finding: Finding) -> str:
    return f"cell {finding.cell}, line {finding.line}" if finding.cell is not None else f"line {finding.line}"
