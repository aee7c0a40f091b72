"""The rules of the linter by their codes, and what a rule finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.reproducibility.cells import CodeCell

RULES = {
    "MLM000": "a cell cannot be read",
    "MLM001": "random numbers without a seed",
    "MLM002": "a generator without a seed",
    "MLM003": "an estimator without random_state",
    "MLM004": "a split without a seed",
    "MLM005": "preprocessing has seen the rows that judge the model",
    "MLM006": "preprocessing outside of the recorded model",
    "MLM007": "an absolute path",
    "MLM008": "a number repeated in several cells",
    "MLM009": "cells executed out of order",
    "MLM010": "a model is judged by rows that it was fitted on",
    "MLM011": "a choice by the scores of the test set",
}
"""The codes of the rules, which ``# noqa: MLM005`` names, and their titles; ``docs/lint.md`` explains each."""


@dataclass(frozen=True)
class Finding:
    """A mistake in a cell of a notebook.

    ``cell`` is the cell's position in the notebook, its execution number in a run, or None. ``line`` and ``last_line``
    count from 1 within the cell; ``file_line`` is the line within a script, None in a notebook. ``fix`` is a line of
    code that would mend it.
    """

    code: str
    message: str
    cell: int | None
    line: int
    last_line: int
    fix: str = ""
    file_line: int | None = None

    @property
    def title(self) -> str:
        """The rule in a few words."""
        return RULES[self.code]


def found_at(
    cell: CodeCell, line: int, code: str, message: str, *, last_line: int | None = None, fix: str = ""
) -> Finding:
    """Return a finding in *cell*."""
    in_file = cell.first_line + line - 1 if cell.first_line is not None else None
    return Finding(code, message, cell.number, line, last_line or line, fix, in_file)


def place(cell: CodeCell, line: int) -> str:
    """Return a place for a person to find: ``cell 3, line 2``."""
    return f"line {line}" if cell.number is None else f"cell {cell.number}, line {line}"
