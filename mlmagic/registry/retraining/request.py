"""What is asked of a retraining, checked before anything is loaded or trained."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.registry.better_than import BetterThan
from mlmagic.registry.names import require_alias, require_name

if TYPE_CHECKING:
    from collections.abc import Mapping

CHAMPION, CHALLENGER = "champion", "challenger"
EXAMPLE = "%%retrain churn --on X_recent y_recent --metric accuracy --min 0.85 --promote-to champion"


@dataclass(frozen=True, eq=False, kw_only=True)
class RetrainRequest:
    """When to retrain the model *name*, and how a new version is judged.

    Parameters
    ----------
    name
        The registered model.
    data, targets
        Recent data, n rows, with their targets, that neither the champion nor the new model has seen.
    names
        What the user calls these two.
    metric
        The metric's name and, unless it is a standard one, its function.
    least, most
        Retrain if the champion's metric is below *least*, or above *most*.
    drop
        Retrain if the champion's metric is worse by more than this than what was recorded when it was promoted.
    promote_to
        The alias that a better model gets; None to register it only.
    margin, confidence, correct
        Of the gate, as in `mlmagic.registry.better_than.BetterThan`.
    trust
        Load models without asking, whoever wrote them.
    model
        Which of the new run's models, if it has several.
    tags
        Of the new version.
    again
        Train even if the same code was trained for the same champion and data before.
    """

    name: str
    data: Any
    targets: Any
    names: tuple[str, str] = ("X", "y")
    metric: tuple[str, Any] = ("accuracy", "accuracy")
    least: float | None = None
    most: float | None = None
    drop: float | None = None
    promote_to: str | None = None
    margin: float = 0.0
    confidence: float = 0.95
    correct: bool = False
    trust: bool = False
    model: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    again: bool = False

    @property
    def alias(self) -> str:
        """The alias of the version that is looked at."""
        return self.promote_to or CHAMPION

    @property
    def gate(self) -> BetterThan:
        """The gate of the promotion: better than the version that has the alias, on the recent data."""
        return BetterThan(
            self.alias, self.data, self.targets, self.names, self.metric, self.margin, self.confidence,
            self.correct, self.trust, self.alias,
        )  # fmt: skip


def check(request: RetrainRequest) -> None:
    """Check the name, the alias and the limits.

    Raises
    ------
    UsageProblem
        If one is invalid, or two limits are given.
    """
    require_name(request.name, EXAMPLE)
    if request.promote_to is not None and require_alias(request.promote_to)[0] != request.promote_to:
        raise UsageProblem(f"--promote-to {request.promote_to}: write the alias: {request.promote_to.lower()}")
    if request.promote_to == CHALLENGER:
        raise UsageProblem(
            "--promote-to challenger: each new version becomes the challenger anyway; --promote-to names the alias of "
            "the version to replace, such as champion"
        )
    limits = {"--min": request.least, "--max": request.most, "--drop": request.drop}
    given = {option: value for option, value in limits.items() if value is not None}
    if len(given) > 1:
        raise UsageProblem(f"{' and '.join(given)}: one of them decides when to retrain; leave the other out")
    for option, value in {**given, "--margin": request.margin}.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise UsageProblem(f"{option} is a number, such as 0.85, not {described(value)}")
    if request.drop is not None and request.drop < 0:
        raise UsageProblem(f"--drop {request.drop:g}: by how much it may be worse, a number from 0 on, such as 0.05")
