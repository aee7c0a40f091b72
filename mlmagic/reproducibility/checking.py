"""`mlmagic.checklist`: grade a run by its record, and write the score as its tag."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import require_text_or_none
from mlmagic.comparison.diffs.references import references_in
from mlmagic.errors import NoActiveRunError, StoreError, UsageProblem
from mlmagic.recording import open_runs
from mlmagic.reproducibility.checklist import Checklist, item
from mlmagic.reproducibility.code import code_of
from mlmagic.reproducibility.items import code_items, record_items
from mlmagic.reproducibility.run_facts import facts_of
from mlmagic.reproducibility.seeding import seeding_of
from mlmagic.store import connection, refusals, tracking_uri
from mlmagic.store.query import queries

if TYPE_CHECKING:
    from mlflow.entities import Run

    from mlmagic.reproducibility.checklist import ChecklistItem
    from mlmagic.reproducibility.run_facts import RunFacts

TAG = "mlmagic.checklist"


def checklist(run: Any = None, *, experiment: str | None = None) -> Checklist:
    """Grade how reproducible a run is by what is recorded of it, and write the score as its tag ``mlmagic.checklist``.

    Parameters
    ----------
    run
        The run's name, id, beginning of its id, an `mlmagic.Run`, or a row of ``mlmagic.runs``; by default the last one
        of this session.
    experiment
        The name or id of the experiment in which to look the run up.

    Returns
    -------
    Checklist
        ``score`` such as ``"7/8"``, and eight ``items``: seeds, splits, data, packages, preprocessing, version control,
        settings and the order of cells, each with ``state``, ``evidence`` and ``fix``. A notebook shows it as a table.

    Raises
    ------
    NoActiveRunError
        If no run is named, and none has ended in this session.
    UsageProblem
        If several runs are named, or the experiment does not exist.
    RunNotFoundError, StoreError
        If the run does not exist or was deleted, or the store cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> found = mlmagic.checklist("forest")  # doctest: +SKIP
    >>> [one.state for one in found.items if one.title == "Package versions recorded"]  # doctest: +SKIP
    ['passed']
    """
    example = "mlmagic.checklist('forest', experiment='churn')"
    require_text_or_none("mlmagic.checklist", example, experiment=experiment)
    stored = _stored(run, experiment)
    facts = facts_of(stored)
    found = Checklist(facts.name, facts.run_id, graded(facts), note=_note(facts))
    try:
        connection.ask(partial(_tag, facts.run_id, found.score))
    except StoreError as error:
        return Checklist(found.run, found.run_id, found.items, found.note, f"the score is not the run's tag: {error}")
    return found


def graded(facts: RunFacts) -> tuple[ChecklistItem, ...]:
    """Return the eight items, graded from the facts of a run."""
    record = (
        record_items.data_item(facts),
        record_items.packages_item(facts),
        record_items.version_control_item(facts),
        record_items.order_item(facts),
    )
    return tuple(sorted((*record, *_of_code(facts)), key=lambda one: one.number))


def _of_code(facts: RunFacts) -> tuple[ChecklistItem, ...]:
    if facts.cells is None:
        why = "no code is recorded"
        return tuple(item(number, "not recorded", why, fix="%load_ext mlmagic") for number in (1, 2, 5, 7))
    code = code_of(facts.cells)
    is_seeded = facts.is_child and not {"seed", "trial.seed"}.isdisjoint(facts.params)
    seeding = seeding_of(code, from_outside=is_seeded)
    return (
        code_items.seeds_item(code, seeding, facts),
        code_items.splits_item(code, seeding, facts),
        code_items.preprocessing_item(code, facts),
        code_items.settings_item(code),
    )


def _stored(run: Any, experiment: str | None) -> Run:
    if run is None:
        last = open_runs.last_id()
        if last is None:
            raise NoActiveRunError("No run has ended in this session yet: %checklist RUN names one, %runs lists them")
        stored = queries.get_run(last)  # which says of a run that waits in a journal how it is delivered
        return stored if stored.info.lifecycle_stage == "active" else queries.find_run(last)
    references = list(references_in(run))
    if len(references) != 1:
        raise UsageProblem(f"The checklist is of one run, not of {len(references)}: %checklist RUN")
    return queries.find_run(references[0].text, experiment=experiment)


def _note(facts: RunFacts) -> str:
    """Return what a reader should know of the run as a whole."""
    if facts.status in {"FAILED", "KILLED", "RUNNING"}:
        end = {"FAILED": "the run failed", "KILLED": "the run was interrupted", "RUNNING": "the run has not ended"}
        return f"{end[facts.status]}: graded by what was recorded until then"
    if not facts.is_of_mlmagic:
        return "not recorded by mlmagic: what MLflow alone does not record is named"
    return ""


def _tag(run_id: str, score: str) -> None:
    client = connection.connect()
    with refusals.refused_by(tracking_uri.current_uri()):
        client.set_tag(run_id, TAG, score)
