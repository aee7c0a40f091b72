"""What the interpretation reports: leaks of rows that judge a model, and models that are trained on prepared data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.reproducibility.dataflow.values import names_test_rows

if TYPE_CHECKING:
    import ast

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.dataflow.values import Data, Estimator, Fit, LastFit, Rows, Score

_PREDICTS = frozenset({"predict", "predict_proba", "predict_log_proba", "decision_function"})


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


@dataclass(frozen=True, eq=False)
class Reuse:
    """A model was judged (*by*, at ``cell`` and ``line``) by rows on which it had been fitted."""

    model: str
    fit: LastFit
    by: str
    cell: CodeCell
    line: int


@dataclass(frozen=True, eq=False)
class Choice:
    """Something was chosen by scores of ``rows``, as ``name``; ``is_stop`` if it is the round at which to stop."""

    rows: frozenset[Rows]
    node: ast.AST
    name: str
    cell: CodeCell
    is_stop: bool = False


@dataclass
class Events:
    """All that was reported, the first leak of each fit only.

    ``saved`` are the estimators that the code writes to a file, ``composed`` the steps of each pipeline. ``reuses`` and
    ``choices`` are by the place of their fit or choice. ``judging`` are the rows that judge anything, with how,
    ``held_out`` those that a split holds out.
    """

    leaks: dict[Fit, Leak] = field(default_factory=dict)
    trainings: list[Training] = field(default_factory=list)
    saved: set[Estimator] = field(default_factory=set)
    composed: list[set[Estimator]] = field(default_factory=list)
    reuses: dict[int, Reuse] = field(default_factory=dict)
    choices: dict[int, Choice] = field(default_factory=dict)
    judging: list[tuple[Rows, str]] = field(default_factory=list)
    held_out: list[Rows] = field(default_factory=list)

    def leak(self, fit: Fit, how: str, cell: CodeCell, line: int) -> None:
        """Report a leak."""
        self.leaks.setdefault(fit, Leak(fit, how, cell, line))

    def reused(self, rows: Rows, reuse: Reuse) -> None:
        """Report a model that *rows* judge, if they are among those that it was fitted on, and are called held out."""
        if _was_held_out(rows, reuse.fit.rows):
            self.reuses.setdefault(id(reuse.fit.node), reuse)

    def chosen(self, score: Score, name: str, cell: CodeCell, *, is_sure: bool) -> None:
        """Report a choice by scores."""
        if is_sure:
            self.choices.setdefault(id(score.node), Choice(score.rows, score.node, name, cell))

    def stopped(self, rows: Rows, node: ast.Call, name: str, cell: CodeCell) -> None:
        """Report a training that ends by the score of rows."""
        self.choices.setdefault(id(node), Choice(frozenset({rows}), node, name, cell, is_stop=True))

    def divided(
        self, data: Data, by: str, cell: CodeCell, line: int, *, is_target: bool = False, by_groups: bool = False
    ) -> None:
        """Judge data that a split or a cross-validation divides: what was learned from all of its rows leaks.

        Rows that are repeated stay together if they are divided *by_groups*.
        """
        for fit in data.learned:
            if fit.kind == "repetition" and by_groups:
                continue
            if fit.kind == "stateless" or (fit.kind == "statistic" and (is_target or _is_of_training(fit.rows))):
                continue
            drawn = fit.kind in {"repetition", "resampler"} and data.rows.has_some_of(fit.rows)
            if (drawn or data.rows.is_within(fit.rows)) and not _is_unknown(fit.rows):
                self.leak(fit, f"rows that {by} divides afterwards", cell, line)

    def judged(self, data: Data, model: Estimator | None, by: str, cell: CodeCell, line: int) -> None:
        """Judge data that a model is trained on or evaluated with (*by*)."""
        if by != "fit":
            self.judging.append((data.rows, by))
        for fit in data.learned:
            if fit.kind in {"stateless", "repetition"} or _is_unknown(fit.rows):
                continue
            trained = model.fitted_rows if model is not None else None
            if not _is_of_one_split(fit.rows) and by in {"fit", *_PREDICTS}:
                continue  # train and test from files: their predictions may be handed in, and judge nothing
            if data.rows.is_side_within(fit.rows):
                self.leak(fit, "all rows, those of the test set too", cell, line)
            elif by != "fit" and fit.rows is data.rows and fit.rows.side == "test" and _is_another(trained, fit.rows):
                self.leak(fit, "the rows of the test set again", cell, line)
            elif by != "fit" and trained is not None and _holds_both(fit.rows, trained, data.rows):
                self.leak(fit, "all rows, those that judge the model too", cell, line)


def _is_unknown(rows: Rows) -> bool:
    return any(one.kind == "unknown" for one in rows.line())


def _is_of_one_split(rows: Rows) -> bool:
    """Return whether rows that were put together come from the sides of a split, or were never put together."""
    parts = next((one.parts for one in rows.line() if one.parts), ())
    return not parts or any(one.kind == "side" for part in parts for one in part.line())


def _was_held_out(rows: Rows, trained: Rows) -> bool:
    """Return whether rows are among those that a model was trained on, and the code calls them another side."""
    for part in trained.parts or (trained,):
        found = rows is part and part.division is not None and names_test_rows(part.name)
        for one in rows.line():
            found |= one is not part and one.side == "test"
            found |= one is part and bool(trained.parts) and one.side == "test"
            if one is part and found:
                return True
    return False


def _is_of_training(rows: Rows) -> bool:
    return any(one.side == "train" for one in rows.line())


def _is_another(trained: Rows | None, rows: Rows) -> bool:
    return trained is not None and trained is not rows and trained.side != "test"


def _holds_both(rows: Rows, trained: Rows, judged: Rows) -> bool:
    """Return whether *rows* hold both, and the model is judged by other rows than it was trained on."""
    if judged.is_within(trained) or trained.is_within(judged):
        return False
    kinds = {"side", "part", "whole"} if rows.parts else {"side", "part"}
    is_apart = trained.kind in kinds and judged.kind in kinds
    return is_apart and trained.is_within(rows) and judged.is_within(rows)
