"""What a retraining decided and did."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.evaluation.evaluation import Evaluation
    from mlmagic.registry.promotion.changing import Promotion

RetrainVerdict = Literal["kept", "promoted", "registered", "refused"]
EXIT_CODES: dict[RetrainVerdict, int] = {"kept": 0, "promoted": 0, "registered": 0, "refused": 3}
_collected: ContextVar[list[Retraining] | None] = ContextVar("collected", default=None)
"""The results of the script that ``mlmagic retrain`` runs."""
assert set(EXIT_CODES) == set(get_args(RetrainVerdict))  # noqa: S101  # each verdict has one


@dataclass(frozen=True, eq=False, repr=False)
class Retraining:
    """What `mlmagic.retrain` and ``%%retrain`` decided and did.

    Attributes
    ----------
    name, alias
        The registered model, and the alias of the version that was looked at.
    verdict
        ``"kept"``: the champion is good enough, or was trained by the same code on the same data, and nothing was
        trained. ``"promoted"``: the new version has the alias.
        ``"registered"``: there is a new version, and no promotion was asked for. ``"refused"``: the gate refused the
        new version, so the champion stays although it is worse than wanted.
    reason
        Why it was trained, or why not, in a sentence with the numbers.
    champion
        The number of the version that had the alias, None if there was none.
    version, run_id
        The new version and the run that trained it, None if nothing was trained.
    metric
        The name of what decides.
    before, after
        The evaluations of the champion and of the new version on the recent data; *after* is None too if the new
        version was trained on these rows.
    promotion
        What was changed, None if nothing was.
    decision
        What was done at the end, in a sentence.
    notes
        What else to know.
    """

    name: str
    alias: str
    verdict: RetrainVerdict
    reason: str
    metric: str
    champion: int | None = None
    version: int | None = None
    run_id: str | None = None
    before: Evaluation | None = None
    after: Evaluation | None = None
    promotion: Promotion | None = None
    decision: str = ""
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """What ``mlmagic retrain`` returns to a scheduler: 0, or 3 if the gate refused the new version."""
        return EXIT_CODES[self.verdict]

    def __str__(self) -> str:
        """Return the verdict and why, in one line."""
        return f"{self.name!r} {self.verdict}: {self.reason}" + (f"; {self.decision}" if self.decision else "")

    def __repr__(self) -> str:
        return f"<Retraining: {self}>"

    def to_dict(self) -> dict[str, Any]:
        """Return what a scheduler may read, as values that JSON takes."""
        return {
            "name": self.name,
            "alias": self.alias,
            "verdict": self.verdict,
            "reason": self.reason,
            "decision": self.decision,
            "champion": self.champion,
            "version": self.version,
            "run_id": self.run_id,
            "metric": self.metric,
            "before": _numbers(self.before, self.metric),
            "after": _numbers(self.after, self.metric),
            "notes": list(self.notes),
        }


@contextlib.contextmanager
def collected() -> Iterator[list[Retraining]]:
    """Collect the results of the retrainings within."""
    found: list[Retraining] = []
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)


def noted(result: Retraining) -> Retraining:
    """Add *result* to those that are collected, if they are, and return it."""
    found = _collected.get()
    if found is not None:
        found.append(result)
    return result


def _numbers(evaluation: Evaluation | None, metric: str) -> dict[str, float | None] | None:
    if evaluation is None:
        return None
    interval = evaluation.intervals[metric]
    ends = (interval.low, interval.high) if interval.is_known else (None, None)
    return {"value": evaluation.metrics[metric], "low": ends[0], "high": ends[1], "rows": float(evaluation.rows)}
