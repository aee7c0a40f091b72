"""The names of the columns in which served rows are recorded; a feature has its own name."""

from __future__ import annotations

ID, TIME, PREDICTION, ACTUAL = "mlmagic.id", "mlmagic.time", "mlmagic.prediction", "mlmagic.actual"
PROBABILITY = "mlmagic.probability."
"""Followed by the class."""
OWN = "mlmagic."


def features_in(names: list[str]) -> list[str]:
    """Return those of *names* that are features."""
    return [name for name in names if not name.startswith(OWN)]


def classes_in(names: list[str]) -> list[str]:
    """Return the classes whose probabilities are recorded."""
    return [name.removeprefix(PROBABILITY) for name in names if name.startswith(PROBABILITY)]
