"""What the interpretation reports: leaks of rows that judge a model, and models that are trained on prepared data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.dataflow.values import Data, Estimator, Fit, Rows


@dataclass(frozen=True, eq=False)
class Leak:
    """Something was learned from rows that judge a model; ``how`` says what makes it a leak, at ``cell``, ``line``."""

    fit: Fit
    how: str
    cell: CodeCell
    line: int


@dataclass(frozen=True, eq=False)
class Training:
    """A model was fitted on data that ``fits`` have prepared."""

    model: Estimator
    fits: tuple[Fit, ...]
    cell: CodeCell
    node: ast.Call


@dataclass
class Events:
    """All that was reported, the first leak of each fit only.

    ``saved`` are the estimators that the code writes to a file, ``composed`` the steps of each pipeline.
    """

    leaks: dict[Fit, Leak] = field(default_factory=dict)
    trainings: list[Training] = field(default_factory=list)
    saved: set[Estimator] = field(default_factory=set)
    composed: list[set[Estimator]] = field(default_factory=list)

    def leak(self, fit: Fit, how: str, cell: CodeCell, line: int) -> None:
        """Report a leak."""
        self.leaks.setdefault(fit, Leak(fit, how, cell, line))

    def divided(self, data: Data, by: str, cell: CodeCell, line: int, *, is_target: bool = False) -> None:
        """Judge data that a split or a cross-validation divides: what was learned from all of its rows leaks."""
        for fit in data.fits:
            if fit.kind == "stateless" or (fit.kind == "statistic" and (is_target or _is_of_training(fit.rows))):
                continue
            if data.rows.is_within(fit.rows) and not _is_unknown(fit.rows):
                self.leak(fit, f"rows that {by} divides afterwards", cell, line)

    def judged(self, data: Data, model: Estimator | None, by: str, cell: CodeCell, line: int) -> None:
        """Judge data that a model is trained on or evaluated with (*by*)."""
        for fit in data.fits:
            if fit.kind == "stateless" or _is_unknown(fit.rows):
                continue
            trained = model.fitted_rows if model is not None else None
            if data.rows.is_side_within(fit.rows):
                self.leak(fit, "all rows, those of the test set too", cell, line)
            elif by != "fit" and fit.rows is data.rows and fit.rows.side == "test" and _is_another(trained, fit.rows):
                self.leak(fit, "the rows of the test set again", cell, line)
            elif by != "fit" and trained is not None and _holds_both(fit.rows, trained, data.rows):
                self.leak(fit, "all rows, those that judge the model too", cell, line)


def _is_unknown(rows: Rows) -> bool:
    return any(one.kind == "unknown" for one in rows.line())


def _is_of_training(rows: Rows) -> bool:
    return any(one.side == "train" for one in rows.line())


def _is_another(trained: Rows | None, rows: Rows) -> bool:
    return trained is not None and trained is not rows and trained.side != "test"


def _holds_both(rows: Rows, trained: Rows, judged: Rows) -> bool:
    """Return whether *rows* hold both, and the model is judged by other rows than it was trained on."""
    if judged.is_within(trained) or trained.is_within(judged):
        return False
    is_apart = trained.kind in {"side", "part"} and judged.kind in {"side", "part"}
    return is_apart and trained.is_within(rows) and judged.is_within(rows)
