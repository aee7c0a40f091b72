"""The standard metrics of each task, and why one of them is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mlmagic.evaluation.measures import classification, multilabel, regression

if TYPE_CHECKING:
    from mlmagic.evaluation.measures.measure import Measure
    from mlmagic.evaluation.outcomes.outcome import Outcome

_NOT_BY_DEFAULT = frozenset(
    ["mse", "mape", "f1_micro", "precision_micro", "recall_micro", "precision_weighted", "recall_weighted"]
)
_OUT_OF_ONE = 1e-3
_NO_SCORES = "the model has neither predict_proba nor decision_function"
_NOT_FINITE = "some scores of the model are NaN or infinite"
_OF_CLASSES = (
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc", "precision_macro", "recall_macro", "f1_macro",
    "f1_weighted", "roc_auc", "average_precision", "roc_auc_ovr", "log_loss", "brier",
)  # fmt: skip
_OF_LABELS = ("f1_micro", "hamming_loss", "roc_auc_macro")
_OF_NUMBERS = ("r2", "rmse", "mae", "median_absolute_error", "mse", "mape")
_OF_RANKING = ("roc_auc", "average_precision")


class Measures:
    """The metrics that an outcome allows, by name; ``left_out`` has the reason for each of the others."""

    def __init__(self, outcome: Outcome) -> None:
        self.of: dict[str, Measure] = {}
        self.left_out: dict[str, str] = {}
        self._is_multilabel = outcome.task == "multilabel"
        match outcome.task:
            case "regression":
                self._add_numbers(outcome)
            case "multilabel":
                self._add_labels(outcome)
            case _:
                self._add_classes(outcome)

    def standard(self) -> dict[str, Measure]:
        """Return the metrics that are computed without being asked for."""
        if self._is_multilabel:
            return dict(self.of)
        return {name: one for name, one in self.of.items() if name.partition(".")[0] not in _NOT_BY_DEFAULT}

    def _add(self, *measures: Measure) -> None:
        self.of.update({one.name: one for one in measures})

    def _leave_out(self, why: str, *names: str) -> None:
        self.left_out.update(dict.fromkeys(names, why))

    def _add_numbers(self, outcome: Outcome) -> None:
        if outcome.true.ndim > 1:
            self._add(*regression.of_outputs(outcome.true, outcome.predicted, outcome.outputs))
        else:
            self._add(*regression.of_numbers(outcome.true, outcome.predicted))
        if len(outcome) == 1 or (outcome.true == outcome.true[:1]).all():
            for name in [name for name in self.of if name.partition(".")[0] == "r2"]:
                del self.of[name]
                self._leave_out("all targets are equal", name)

    def _add_labels(self, outcome: Outcome) -> None:
        import numpy as np

        self._add(*multilabel.of_labels(outcome.true, outcome.predicted))
        means = outcome.true.mean(axis=0)
        if outcome.scores is None:
            self._leave_out(_NO_SCORES, "roc_auc_macro")
        elif not ((means > 0) & (means < 1)).all():
            self._leave_out("a label has one value only in these rows", "roc_auc_macro")
        elif not np.isfinite(outcome.scores).all():
            self._leave_out(_NOT_FINITE, "roc_auc_macro")
        else:
            self._add(multilabel.of_label_scores(outcome.true, outcome.scores))

    def _add_classes(self, outcome: Outcome) -> None:
        import numpy as np

        count = len(outcome.classes)
        self._add(*classification.of_classes(outcome.codes, outcome.predicted_codes, count, outcome.positive))
        present = np.bincount(outcome.codes, minlength=count) > 0
        only = f"all {len(outcome):,} rows have the class {str(outcome.classes[present.argmax()])!r}"
        ranking = _OF_RANKING if outcome.positive is not None else ("roc_auc_ovr",)
        if present.sum() == 1:
            self._leave_out(only, *ranking)
            self._leave_out_undefined(outcome, only)
        elif outcome.scores is None:
            self._leave_out(_NO_SCORES, *ranking)
        elif outcome.unseen:
            self._leave_out("the model has no score for labels that it has not seen", *ranking)
        elif not np.isfinite(outcome.scores).all():
            self._leave_out(_NOT_FINITE, *ranking)
        elif outcome.positive is not None:
            self._add(*classification.of_ranking(outcome.codes == outcome.positive, outcome.scores))
        elif not present.all():
            absent = ", ".join(str(one) for one in outcome.classes[~present][:5])
            self._leave_out(f"these rows have no {absent}", *ranking)
        else:
            self._add(classification.of_each_class(outcome.codes, outcome.scores, "roc_auc_ovr"))
        self._add_probabilities(outcome)

    def _leave_out_undefined(self, outcome: Outcome, only: str) -> None:
        """Leave out what rows of one class do not define: scikit-learn has 0 there, which reads as a bad model."""
        undefined = ["mcc"]
        if outcome.positive is None:
            undefined += ["precision_macro", "recall_macro", "f1_macro"]
        elif not (outcome.codes == outcome.positive).any():
            undefined += ["recall", "f1"]
        if outcome.positive is not None and not (outcome.predicted_codes == outcome.positive).any():
            undefined.append("precision")
        for name in undefined:
            self.of.pop(name, None)
        self._leave_out(only, *undefined)

    def _add_probabilities(self, outcome: Outcome) -> None:
        import numpy as np

        names = ("log_loss", "brier") if outcome.positive is not None else ("log_loss",)
        probabilities = outcome.probabilities
        if probabilities is None:
            self._leave_out("the model has no predict_proba", *names)
        elif outcome.unseen:
            self._leave_out("the model has no probability for labels that it has not seen", *names)
        elif not np.isfinite(probabilities).all() or abs(probabilities.sum(axis=1) - 1).max() > _OUT_OF_ONE:
            self._leave_out("the model's probabilities do not add up to 1 in each row", *names)
        else:
            self._add(*classification.of_probabilities(outcome.codes, probabilities, outcome.positive))


SCORERS: dict[str, tuple[str, bool]] = {
    "matthews_corrcoef": ("mcc", False),
    "neg_log_loss": ("log_loss", True),
    "neg_brier_score": ("brier", True),
    "neg_root_mean_squared_error": ("rmse", True),
    "neg_mean_squared_error": ("mse", True),
    "neg_mean_absolute_error": ("mae", True),
    "neg_median_absolute_error": ("median_absolute_error", True),
    "neg_mean_absolute_percentage_error": ("mape", True),
}
"""scikit-learn's names of scorers for the metrics here, and whether the sign is the opposite one."""
_SCORERS_OF_NUMBERS = frozenset(
    ["max_error", "explained_variance", "mean_squared_log_error", "root_mean_squared_log_error"]
)
_FAMILIES_OF_CLASSES = frozenset(["accuracy", "precision", "recall", "f1", "roc", "jaccard", "top"])


def kind_of(name: str) -> Literal["classes", "numbers"] | None:
    """Return of what a metric is, or None if it is of both, or of another library's.

    >>> kind_of("f1"), kind_of("neg_mean_squared_error"), kind_of("max_error"), kind_of("explained")
    ('classes', 'numbers', 'numbers', None)
    """
    own = SCORERS.get(name, (name, False))[0]
    if own in _OF_NUMBERS or own.removeprefix("neg_") in _SCORERS_OF_NUMBERS:
        return "numbers"
    return "classes" if own in {*_OF_CLASSES, *_OF_LABELS} or own.partition("_")[0] in _FAMILIES_OF_CLASSES else None


def all_names() -> list[str]:
    """Return the names of all metrics that can be asked for."""
    from sklearn.metrics import get_scorer_names

    own = [*_OF_CLASSES, *_OF_LABELS, *_OF_NUMBERS]
    scorers: list[Any] = get_scorer_names()
    return list(dict.fromkeys([*own, *scorers]))
