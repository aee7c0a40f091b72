"""The public function: evaluate a fitted model on test data, with an interval for each metric."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import autologging
from mlmagic.adapters.optional import require
from mlmagic.arguments import described
from mlmagic.data.split.split_columns import NamedColumn
from mlmagic.errors import UsageProblem
from mlmagic.evaluation import figures as drawing
from mlmagic.evaluation import on_request, recording
from mlmagic.evaluation.evaluation import EvaluatedSlice, Evaluation, Note
from mlmagic.evaluation.measures.asked import named
from mlmagic.evaluation.outcomes.predicting import predict, require_model
from mlmagic.evaluation.outcomes.test_data import for_model, rows_of, targets_of, values_for_rows
from mlmagic.evaluation.scoring import Wanted, compare, score, score_slices
from mlmagic.recording import open_runs
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.outcome import Outcome, Task
    from mlmagic.evaluation.scoring import Scores
    from mlmagic.journal.records import Dataset
    from mlmagic.store.query.run import Run

_FEW_ROWS = 30
_FEWEST_RESAMPLES = 100
_BUDGET_S = 2.0


@dataclass(frozen=True)
class Names:
    """What the user calls the model, the data, the targets and the other model."""

    model: str
    data: str
    targets: str
    against: str = ""


@dataclass
class _Notes:
    """The notes, each once."""

    found: dict[str, Note] = field(default_factory=dict)

    def info(self, text: str) -> None:
        self.found.setdefault(text, Note(text))

    def warn(self, text: str) -> None:
        self.found[text] = Note(text, "warning")


def evaluate(
    model: Any,
    X: Any,  # noqa: N803  # scikit-learn's name
    y: Any,
    *,
    metrics: Any = None,
    by: Any = None,
    against: Any = None,
    groups: Any = None,
    run: str | Run | None = None,
    confidence: float = 0.95,
    figures: bool = True,
    importance: bool = False,
    learning_curve: tuple[Any, Any] | None = None,
    task: Task | None = None,
    positive: Any = None,
    resamples: int | None = None,
    name: str | None = None,
    against_name: str | None = None,
) -> Evaluation:
    """Evaluate a fitted model on test data: the metrics of its task, each with an interval, and the figures.

    In a tracked cell, or within ``with mlmagic.track():``, the evaluation is recorded on the run. The model predicts
    once. Intervals come from the bootstrap (BCa), which draws rows within each class, or whole groups, by a fixed seed.

    Parameters
    ----------
    model
        An object with ``predict`` (scikit-learn, XGBoost, LightGBM, CatBoost, Keras, MLflow's pyfunc), or a function
        that takes the data and returns classes, probabilities, or numbers.
    X, y
        n rows of test data (pandas, polars, NumPy or lists), and n targets, or n rows of targets for several outputs.
        Columns are matched by name with those that the model was fitted on.
    metrics
        Metrics beside the standard ones: a name, a scikit-learn scorer, or a function ``cost(y_true, y_pred)``, which
        may take ``y_proba`` as well; several of these in a list; or a mapping of names to these. The first one is what
        a comparison is about.
    by
        A column of X, or n values: the metrics of each of its values too.
    against
        Another model: how the two differ on the same rows.
    groups
        A column of X, or n values, where rows of one group depend on each other (a patient's, a user's).
    run
        A run that has ended, or its name or id, to record on.
    confidence
        The confidence of the intervals, between 0.5 and 1.
    figures
        Whether to draw the figures of the task.
    importance
        Whether to compute the permutation importance of the columns.
    learning_curve
        The training data, ``(X_train, y_train)``, to draw the learning curve of a clone of the model.
    task
        ``"binary"``, ``"multiclass"``, ``"multilabel"`` or ``"regression"``, where it is not recognised.
    positive
        The positive one of two classes, the second in sorted order by default.
    resamples
        How often rows are drawn: 1,000 times by default, 500 times for more than 20,000 rows.
    name, against_name
        The names of the models, those of the variables by default.

    Returns
    -------
    The evaluation, with ``metrics``, ``intervals``, ``slices``, ``difference`` and ``to_dataframe()``.

    Raises
    ------
    UsageProblem
        The model is not fitted, columns or targets are missing, lengths differ, or a metric's name is unknown.
    RunNotFoundError
        There is no such *run*.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=500).fit(X[::2], y[::2])
    >>> found = evaluate(model, X[1::2], y[1::2], figures=False)
    >>> f"{found.metrics['accuracy']:.3f}", found.intervals["accuracy"].method
    ('0.960', 'BCa')
    """
    caller = sys._getframe(1)
    names = Names(
        name or _name_in(caller, model, _kind(model)),
        _name_in(caller, X, "X"),
        _name_in(caller, y, "y"),
        "" if against is None else against_name or _name_in(caller, against, _kind(against)),
    )
    return evaluate_named(
        names, model, X, y, metrics=metrics, by=_with_name(caller, by, "by"), against=against,
        groups=_with_name(caller, groups, "groups"), run=run, confidence=confidence, figures=figures,
        importance=importance, learning_curve=learning_curve, task=task, positive=positive, resamples=resamples,
    )  # fmt: skip


def _with_name(frame: FrameType, values: Any, otherwise: str) -> Any:
    """Return values with the name that the caller has for them; the name of a column as it is."""
    return (
        values if values is None or isinstance(values, str) else NamedColumn(_name_in(frame, values, otherwise), values)
    )


def _name_in(frame: FrameType, thing: Any, otherwise: str) -> str:
    names = [*frame.f_locals.items(), *frame.f_globals.items()]
    return next((name for name, value in names if value is thing and not name.startswith("_")), otherwise)


def _kind(model: Any) -> str:
    return str(getattr(model, "__name__", type(model).__name__)).replace("<lambda>", "model")


def evaluate_named(
    names: Names,
    model: Any,
    data: Any,
    targets: Any,
    *,
    metrics: Any,
    by: Any,
    against: Any,
    groups: Any,
    run: str | Run | None,
    confidence: float,
    figures: bool,
    importance: bool,
    learning_curve: tuple[Any, Any] | None,
    task: Task | None,
    positive: Any,
    resamples: int | None,
) -> Evaluation:
    """Evaluate as `evaluate` does, with the *names* that the user has for the arguments."""
    require("scipy", "mlmagic.evaluate")
    _check(confidence, resamples, learning_curve)
    asked = named(metrics)
    require_model(model, names.model)
    if against is not None:
        require_model(against, names.against)
    rows = rows_of(data, names.data)
    true, outputs = targets_of(targets, rows, names.targets, names.data)
    notes = _Notes()
    group_of_row = None if groups is None else _groups(groups, data, rows, names)
    divided = None if by is None else values_for_rows("by", by, data, rows, names.data)
    wanted = Wanted(asked, confidence, group_of_row, resamples)
    with autologging.switched_off():
        data_of_model = for_model(model, data, names.data, notes.info)
        outcome = predict(
            model, data_of_model, true, name=names.model, data_name=names.data, outputs=outputs, task=task,
            positive=positive, note=notes.info,
        )  # fmt: skip
        scores = score(outcome, wanted, model=names.model)
        _note_left_out(scores, notes)
        _note_few(outcome, scores, notes)
        primary = next((one for one in asked if one in scores.values), next(iter(scores.values)))
        slices: tuple[EvaluatedSlice, ...] = ()
        if divided is not None:
            slices = score_slices(*divided, outcome, wanted, model=names.model, note=notes.info)
        difference = None
        if against is not None:
            other = predict(
                against, for_model(against, data, names.data, notes.info), true, name=names.against,
                data_name=names.data, outputs=outputs, task=task or outcome.task, positive=positive, note=notes.info,
            )  # fmt: skip
            others = score(other, wanted, model=names.against)
            difference = compare((names.model, outcome, scores), (names.against, other, others), wanted, primary)
        pictures = drawing.draw(outcome, notes.warn) if figures else {}
        found = {}
        if importance:
            found = on_request.importance(model, data_of_model, true, outcome, notes.warn)
            if figures and found:
                pictures |= _picture("permutation_importance", drawing.draw_importance(found, _scored(outcome)), notes)
        if learning_curve is not None:
            curve = on_request.learning_curve(model, *learning_curve, outcome, notes.warn)
            pictures |= {} if curve is None else _picture("learning_curve", curve, notes)
    fingerprints, dataset = _identify(names, data, targets, notes)
    evaluation = Evaluation(
        model=names.model,
        data=names.data,
        task=outcome.task,
        rows=rows,
        confidence=confidence,
        how=_how(wanted, outcome),
        metrics=scores.values,
        intervals=scores.intervals,
        directions={name: scores.measures[name].direction for name in scores.values},
        classes=tuple(str(one) for one in outcome.classes),
        positive=None if outcome.positive is None else str(outcome.classes[outcome.positive]),
        slices=slices,
        difference=difference,
        importance=found,
        figures=pictures,
        fingerprint=fingerprints,
        notes=tuple(notes.found.values()),
    )
    return _recorded(evaluation, run, dataset)


def _check(confidence: float, resamples: int | None, learning_curve: Any) -> None:
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0.5 <= confidence < 1:  # noqa: PLR2004
        raise UsageProblem(f"confidence is a number from 0.5 to below 1, such as 0.95, not {described(confidence)}")
    if resamples is not None and (not isinstance(resamples, int) or resamples < _FEWEST_RESAMPLES):
        raise UsageProblem(f"resamples is a whole number from {_FEWEST_RESAMPLES} on, not {described(resamples)}")
    if learning_curve is not None and (not isinstance(learning_curve, tuple | list) or len(learning_curve) != 2):  # noqa: PLR2004
        raise UsageProblem("learning_curve takes the training data: learning_curve=(X_train, y_train)")


def _groups(groups: Any, data: Any, rows: int, names: Names) -> NDArray[Any]:
    import numpy as np
    import pandas as pd

    label, values = values_for_rows("groups", groups, data, rows, names.data)
    if missing := int(np.asarray(pd.isna(values)).sum()):
        raise UsageProblem(f"groups: {label} is missing in {missing:,} of {rows:,} rows: give each row a group")
    codes: NDArray[Any] = np.unique(values.astype(str), return_inverse=True)[1].reshape(-1)
    if codes.max() == 0:
        raise UsageProblem(f"groups: all rows have the same {label}: no interval can be told from one group")
    return codes


def _note_left_out(scores: Scores, notes: _Notes) -> None:
    reasons: dict[str, list[str]] = {}
    for name, why in scores.left_out.items():
        reasons.setdefault(why, []).append(name)
    for why, left_out in reasons.items():
        notes.warn(f"{', '.join(left_out)} {'was' if len(left_out) == 1 else 'were'} left out: {why}")


def _note_few(outcome: Outcome, scores: Scores, notes: _Notes) -> None:
    if len(outcome) >= _FEW_ROWS:
        return
    interval = next(iter(scores.intervals.values()))
    name = next(iter(scores.intervals))
    known = f"; {name} may lie from {interval.low:.2f} to {interval.high:.2f}" if interval.is_known else ""
    notes.warn(
        f"{len(outcome)} row{'s' * (len(outcome) > 1)} only: a gross error shows, a difference between models does not"
        f"{known}. Bootstrap intervals of so few rows are too narrow"
    )


def _scored(outcome: Outcome) -> str:
    return "r2" if outcome.task == "regression" else "accuracy"


def _picture(name: str, function: Any, notes: _Notes) -> dict[str, bytes]:
    picture = drawing.render(function, name, notes.warn)
    return {} if picture is None else {name: picture}


def _how(wanted: Wanted, outcome: Outcome) -> str:
    plan = wanted.plan(outcome)
    if wanted.groups is not None:
        units = f"{len(plan.strata[0]):,} groups"
    else:
        units = "rows within each class" if len(plan.strata) > 1 else "rows"
    return f"{plan.resamples:,} resamples of {units}"


def _identify(names: Names, data: Any, targets: Any, notes: _Notes) -> tuple[Mapping[str, Any], Dataset | None]:
    """Return the digests of the test data, and the data as MLflow records it, None for lists of rows that differ."""
    from mlmagic.data.fingerprint.fingerprint import fingerprint
    from mlmagic.data.kinds import class_of
    from mlmagic.data.profile.mlflow_dataset import record

    found: dict[str, Any] = {}
    dataset = None
    for name, values in ((names.data, data), (names.targets, targets)):
        try:
            known = values if class_of(values) is not None else _as_array(values)
            one = fingerprint(known, budget_s=_BUDGET_S)
            found[name] = {"digest": one.digest, "shape": list(one.shape), "kind": one.kind, "sampled": one.sampled}
            if values is data:
                dataset = record(name, known, one)
        except BaseException as error:  # noqa: BLE001  # an evaluation is worth as much without it
            reraise_interrupt(error)
            notes.warn(f"{name} has no fingerprint: {one_line(error)[:200]}")
    return found, dataset


def _as_array(values: Any) -> Any:
    import numpy as np

    return np.asarray(values.to_pandas() if hasattr(values, "to_pandas") else values)


def _recorded(evaluation: Evaluation, run: str | Run | None, dataset: Dataset | None) -> Evaluation:
    if run is not None:
        reference = run if isinstance(run, str) else getattr(run, "id", None)
        if not isinstance(reference, str):
            raise UsageProblem(f"run is a run, or its name or id, not {described(run)}")
        active = open_runs.on_this_thread()
        if active is not None and reference in {active.run_id, active.uid, active.name}:
            return recording.record_on_open_run(evaluation, active, dataset)
        return recording.record_on_stored_run(evaluation, reference, dataset)
    context = open_runs.active()
    return evaluation if context is None else recording.record_on_open_run(evaluation, context, dataset)
