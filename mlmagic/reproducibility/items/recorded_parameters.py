"""Which models of a run have no ``random_state``, by their recorded parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.reproducibility.library_names import ENSEMBLES, RANDOM_ESTIMATORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KEY = "random_state"


def without_random_state(models: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each model or part of one that draws random numbers and has no ``random_state``.

    A model that a config or another module makes is named in no cell. *models* is ``mlmagic/models.json``, which anyone
    may have written: what does not fit is left out.

    >>> parameters = {"svc": "SVC", "svc__random_state": None, "rf": "RandomForestRegressor", "rf__random_state": None}
    >>> list(without_random_state({"model": {"class": "sklearn.pipeline.Pipeline", "parameters": parameters}}))
    ['model: RandomForestRegressor has random_state=None']
    """
    for name, about in models.items():
        parameters = about.get("parameters") if isinstance(about, dict) else None
        if not isinstance(parameters, dict):
            continue
        whole = str(about.get("class", "")).rpartition(".")[2]
        for key, value in parameters.items():
            before, _, last = str(key).rpartition("__")
            kind = str(parameters.get(before) if before else whole)
            is_unset = last == _KEY and value is None and kind in RANDOM_ESTIMATORS
            if is_unset and not _is_of_ensemble(before, parameters, whole):
                yield f"{str(name)[:60]}: {kind} has {_KEY}=None"


def _is_of_ensemble(part: str, parameters: Mapping[str, Any], whole: str) -> bool:
    """Return whether an ensemble sets the ``random_state`` of this part of it."""
    above, _, _ = part.rpartition("__")
    return bool(part) and str(parameters.get(above) if above else whole) in ENSEMBLES
