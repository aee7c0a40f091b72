"""``mlmagic.cross_validate``: scikit-learn's cross-validation, whose folds are runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.cross_validation.fitting import call
from mlmagic.cross_validation.fold_loop import next_loop, record_plan, recorded
from mlmagic.cross_validation.summary import record_summary
from mlmagic.data.split.fold_arguments import require_jobs, require_known_targets, require_model, require_scoring
from mlmagic.data.split.fold_plan import plan_folds
from mlmagic.models.capture import name_of, record_parameters
from mlmagic.models.cross_validations import record_folds
from mlmagic.recording import open_runs
from mlmagic.recording.active_run import ActiveRun
from mlmagic.scalars import mean_and_std

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from mlmagic.recording.run_context import RunContext


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """The scores of a cross-validation.

    Attributes
    ----------
    scores
        For each metric its value in each fold.
    train_rows, val_rows
        The number of rows that each fold trained on, and that it held out.
    fit_s
        The seconds that each fold took to fit.
    """

    scores: Mapping[str, Sequence[float]]
    train_rows: Sequence[int]
    val_rows: Sequence[int]
    fit_s: Sequence[float]

    @property
    def mean(self) -> dict[str, float]:
        """The mean over the folds of each metric."""
        return {name: mean_and_std(values)[0] for name, values in self.scores.items()}

    @property
    def std(self) -> dict[str, float]:
        """The standard deviation over the folds of each metric."""
        return {name: mean_and_std(values)[1] for name, values in self.scores.items()}

    def to_dataframe(self) -> pd.DataFrame:
        """Return a table with a row for each fold."""
        import pandas as pd

        sizes = {"train_rows": self.train_rows, "val_rows": self.val_rows, "fit_s": self.fit_s}
        return pd.DataFrame({**self.scores, **sizes}).rename_axis("fold")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {self.mean[name]:.4g} ± {self.std[name]:.2g}" for name in self.scores)
        return f"<CrossValidation of {len(self.fit_s)} folds: {shown}>"


def cross_validate(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    cv: Any = 5,
    scoring: str | Sequence[str] | Mapping[str, Any] | Callable[..., Any] | None = None,
    groups: Any = None,
    jobs: int | None = None,
) -> CrossValidation:
    """Cross-validate *model* with scikit-learn; in a tracked cell or block, each fold is a run of its own.

    It records what a loop over `mlmagic.folds` does: the folds as runs below the active one, and ``cv_mean_<metric>``,
    ``cv_std_<metric>``, the settings of the splitter, the parameters of *model* and a picture there.

    Parameters
    ----------
    model
        An estimator of scikit-learn, or one like it. It stays as it is: clones are fitted.
    X, y
        The rows, n of each.
    cv
        A number of folds, a splitter, or pairs of positions, as for `mlmagic.folds`.
    scoring
        The name of a scorer, several, a mapping of names to scorers, or a function; by default the model's own score.
    groups
        The name of a column of X with groups of which none is divided, or its values.
    jobs
        The number of processes; -1 for one per processor.

    Returns
    -------
    The scores of each fold, with their means.

    Raises
    ------
    UsageProblem
        *cv* cannot divide these rows, *scoring* names what there is not, y is missing, or no fold could be fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> cross_validate(DecisionTreeClassifier(random_state=0), X, y, scoring="accuracy").mean
    {'accuracy': 0.96...}
    """
    what = "mlmagic.cross_validate"
    selection = require("sklearn.model_selection", what, pip="scikit-learn")
    from sklearn.base import is_classifier

    require_model(model, X, y, what)
    require_known_targets(y, what)
    require_jobs(jobs, what)
    asked = require_scoring(scoring, what)
    plan = plan_folds(cv, X, y, groups, classifier=bool(is_classifier(model)), what=what)
    pairs = [(fold.train, fold.val) for fold in plan.folds]
    found = call(selection.cross_validate, model, X, y, cv=pairs, scoring=asked, n_jobs=jobs, what=what)
    name = scoring if isinstance(scoring, str) else "score"
    scores = {
        name if key == "test_score" else key.removeprefix("test_"): [float(one) for one in values]
        for key, values in found.items()
        if key.startswith("test_")
    }
    train_rows, val_rows = ([fold.sizes[side] for fold in plan.folds] for side in (0, 1))
    result = CrossValidation(scores, train_rows, val_rows, [float(one) for one in found["fit_time"]])
    context = open_runs.around_folds()
    if context is not None:
        with recorded(context, "the cross-validation"):
            record_plan(context, plan, X, y)
            _record(context, model, result)
    return result


def _record(context: RunContext, model: Any, result: CrossValidation) -> None:
    folds = [dict(zip(result.scores, values, strict=True)) for values in zip(*result.scores.values(), strict=True)]
    kind = type(model).__name__
    context.recorder.param("folds.model", kind)
    if isinstance(context, ActiveRun):
        sizes = list(zip(result.train_rows, result.val_rows, strict=True))
        record_folds(context, result.scores, seconds=result.fit_s, sizes=sizes, before=next_loop(context))
        record_parameters(context, name_of(model, context.origin.namespace) or kind, {}, model)
    record_summary(context, folds)
