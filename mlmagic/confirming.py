"""Asks the user a yes-or-no question in a notebook or a terminal."""

from __future__ import annotations

from mlmagic.errors import UsageProblem


def confirmed(question: str, otherwise: str) -> bool:
    """Return whether the user answers *question* with yes; *otherwise* says what to do where nobody can be asked.

    Raises
    ------
    UsageProblem
        If nobody can be asked.
    """
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except (EOFError, OSError, RuntimeError) as error:  # ipykernel's own is a RuntimeError
        raise UsageProblem(f"nobody can be asked here: {otherwise}") from error
