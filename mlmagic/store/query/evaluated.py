"""On which models a run's metrics were measured: the tag that evaluations leave on their run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.store.foreign_json import read_json
from mlmagic.store.keys import valid_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

EVALUATED = "mlmagic.evaluated"
_ENDS = ("", "_low", "_high")


@dataclass
class EvaluatedModel:
    """A model that was evaluated in a run.

    Attributes
    ----------
    prefix
        What stands before the names of its metrics.
    metrics
        Their names without the prefix.
    logged
        The run's logged model that it is: its name, an empty text if it is none of them, None if that is not known.
    """

    prefix: str = ""
    metrics: list[str] = field(default_factory=list)
    logged: str | None = None

    def measured(self, names: Collection[str]) -> set[str]:
        """Return those of a run's metrics that were measured on this model, with their ends, slices and differences."""
        own = {valid_key(f"{self.prefix}{name}{end}") for name in self.metrics for end in _ENDS}
        parts = (f"{self.prefix}slices/", f"{self.prefix}minus_")
        return {name for name in names if name in own or name.startswith(parts)}


def as_tag(models: Mapping[str, EvaluatedModel]) -> str:
    """Return the value of the tag; *models* are by the names that the evaluations gave them."""
    return json.dumps({name: asdict(one) for name, one in models.items()}, ensure_ascii=False)


def models_in(tags: Mapping[str, str]) -> dict[str, EvaluatedModel]:
    """Return what the tags of a run say of evaluated models; the store is not trusted.

    >>> models_in({EVALUATED: '{"rf": {"prefix": "rf.", "metrics": ["f1"], "logged": ""}, "odd": 3}'})
    {'rf': EvaluatedModel(prefix='rf.', metrics=['f1'], logged='')}
    >>> models_in({EVALUATED: '{"of an older release": "rf."}'})
    {'of an older release': EvaluatedModel(prefix='rf.', metrics=[], logged=None)}
    """
    found = read_json(tags.get(EVALUATED, ""), dict) or {}
    models = {str(name): _model_in(value) for name, value in found.items()}
    return {name: one for name, one in models.items() if one is not None}


def _model_in(value: Any) -> EvaluatedModel | None:
    if isinstance(value, str):  # as runs of the first releases have it
        return EvaluatedModel(value)
    if not isinstance(value, dict) or not isinstance(value.get("metrics"), list):
        return None
    logged = value.get("logged")
    return EvaluatedModel(
        str(value.get("prefix", "")), [str(one) for one in value["metrics"]], None if logged is None else str(logged)
    )


def metrics_of_others(models: Mapping[str, EvaluatedModel], logged: str, names: Collection[str]) -> set[str]:
    """Return those of a run's metrics that were measured on another model than the logged one of this name.

    >>> both = {"rf": EvaluatedModel("", ["f1"], "rf"), "svm": EvaluatedModel("svm.", ["f1"], "")}
    >>> metrics_of_others(both, "rf", ["f1", "f1_low", "svm.f1", "loss"])
    {'svm.f1'}
    """
    others = [one for one in models.values() if one.logged not in {None, logged}]
    own = [one for one in models.values() if one.logged == logged]
    measured: set[str] = set().union(*(one.measured(names) for one in others))
    return measured.difference(*(one.measured(names) for one in own))
