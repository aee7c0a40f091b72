"""What a model predicted for the rows of the test data, beside the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

Task = Literal["binary", "multiclass", "multilabel", "regression"]
TASKS: tuple[Task, ...] = ("binary", "multiclass", "multilabel", "regression")


@dataclass(frozen=True, eq=False)
class Outcome:
    """The truth and the predictions; for several outputs or labels, both have a column for each.

    Attributes
    ----------
    classes
        All labels, sorted; empty for regression and for several labels of a row.
    codes, predicted_codes
        The positions of *true* and *predicted* in ``classes``.
    positive
        The position of the positive one of two classes.
    probabilities
        A column for each class, or for each of several labels; None if the model has none.
    scores
        What ranks the rows: probabilities, or the decision function; of two classes a single column.
    unseen
        The labels of the truth that the model does not know.
    outputs
        The names of several outputs or labels.
    """

    task: Task
    true: NDArray[Any]
    predicted: NDArray[Any]
    classes: NDArray[Any]
    codes: NDArray[Any]
    predicted_codes: NDArray[Any]
    positive: int | None
    probabilities: NDArray[Any] | None
    scores: NDArray[Any] | None
    unseen: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.true)

    @property
    def is_right(self) -> Any:
        """Whether each row is predicted exactly; None for regression."""
        if self.task == "regression":
            return None
        right: Any = self.true == self.predicted if self.task == "multilabel" else self.codes == self.predicted_codes
        return right.all(axis=1) if right.ndim > 1 else right

    def take(self, rows: NDArray[Any]) -> Outcome:
        """Return the outcome of some of the rows."""
        return replace(
            self,
            true=self.true[rows],
            predicted=self.predicted[rows],
            codes=self.codes[rows],
            predicted_codes=self.predicted_codes[rows],
            probabilities=None if self.probabilities is None else self.probabilities[rows],
            scores=None if self.scores is None else self.scores[rows],
        )
