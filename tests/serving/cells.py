"""Cells run in the shell of the test's own process, and what they show."""

from __future__ import annotations

from IPython.utils.capture import capture_output


def run(shell, cell):
    """Return what the cell displayed, and what it printed."""
    with capture_output() as captured:
        result = shell.run_cell(cell)
    assert result.success, captured.stdout
    return [output.data for output in captured.outputs], captured.stdout


def refusal(shell, cell):
    """Return the one line that a refused cell shows."""
    with capture_output() as captured:
        result = shell.run_cell(cell)
    assert not result.success
    (line,) = (captured.stdout + captured.stderr).strip().split("\n")
    return line
