"""`mlmagic.lint`: what would keep a notebook from giving the same results again."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.reproducibility.code import code_of
from mlmagic.reproducibility.dataflow.interpreter import events_of
from mlmagic.reproducibility.notebook_cells import read_notebook
from mlmagic.reproducibility.rules import (
    configuration,
    execution_order,
    judging,
    preprocessing,
    readable,
    seeds,
    splits,
)
from mlmagic.reproducibility.seeding import seeding_of
from mlmagic.reproducibility.suppression import without_silenced
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlmagic.reproducibility.cells import CodeCell
    from mlmagic.reproducibility.findings import Finding


@dataclass(frozen=True)
class LintReport:
    """The findings in one notebook, in the order of its cells; iterable, and empty if there is nothing to mend."""

    path: str
    findings: tuple[Finding, ...]
    cells: int = 0

    def __iter__(self) -> Iterator[Finding]:
        """Iterate over the findings."""
        return iter(self.findings)

    def __len__(self) -> int:
        """Return the number of findings."""
        return len(self.findings)

    def __str__(self) -> str:
        """Return a line for each finding, as ``mlmagic lint`` prints it."""
        lines = [f"{clean(self.path)}:{line_of(one)}" for one in self.findings]
        return "\n".join(lines) if lines else f"{clean(self.path)}: nothing found in {self.cells} cells"

    def __repr__(self) -> str:
        """Return the lines of the findings: a notebook shows them."""
        return str(self)


def line_of(finding: Finding) -> str:
    """Return a finding without its file: ``cell 3:line 2: MLM003 …``."""
    return f"cell {finding.cell}:line {finding.line}: {finding.code} {clean(finding.message)}"


def lint(notebook: str | PathLike[str]) -> LintReport:
    r"""Find what would keep a notebook from giving the same results again, without running it.

    Parameters
    ----------
    notebook
        A notebook (``.ipynb``) or a script in percent format (``.py``).

    Returns
    -------
    LintReport
        The findings, each with ``code``, ``message``, ``cell``, ``line`` and ``fix``. ``docs/lint.md`` explains the
        rules; ``# noqa: MLM005`` on a line silences one.

    Raises
    ------
    UsageProblem
        If the file is missing, is no notebook, or is one of another language than Python.

    Examples
    --------
    >>> import mlmagic
    >>> from pathlib import Path
    >>> Path("train.py").write_text("import random\nprint(random.random())\n")  # doctest: +SKIP
    37
    >>> mlmagic.lint("train.py")  # doctest: +SKIP
    train.py:cell 1:line 2: MLM001 random.random: Python's random is not seeded before
    """
    if not isinstance(notebook, str | PathLike):
        raise UsageProblem(
            f"mlmagic.lint: notebook is a path, not {described(notebook)}. For example: mlmagic.lint('train.ipynb')"
        )
    path = fspath(notebook)
    cells = read_notebook(Path(path))
    return LintReport(path, tuple(findings_in(cells)), len(cells))


def findings_in(cells: Sequence[CodeCell]) -> list[Finding]:
    """Return what the rules find in these cells, in their order, without what comments silence."""
    code = code_of(cells)
    seeding = seeding_of(code)
    events = events_of(code)
    found = [
        *readable.find(cells),
        *seeds.find(code, seeding),
        *splits.find(code, seeding),
        *preprocessing.find(events),
        *judging.find(events),
        *configuration.find(code),
        *execution_order.find(cells),
    ]
    found.sort(key=lambda one: (one.cell or 0, one.line, one.code))
    return without_silenced(found, cells)
