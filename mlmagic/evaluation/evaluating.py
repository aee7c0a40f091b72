"""The public function: evaluate a fitted model on test data, with an interval for each metric."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import autologging
from mlmagic.adapters.optional import require
from mlmagic.arguments import described
from mlmagic.data.split.split_columns import NamedColumn
from mlmagic.errors import UsageProblem
from mlmagic.evaluation import figures as drawing
from mlmagic.evaluation import on_request, recording
from mlmagic.evaluation.evaluation import EvaluatedSlice, Evaluation
from mlmagic.evaluation.evaluation_notes import EvaluationNotes, note_few, note_left_out
from mlmagic.evaluation.logged_model import Subject
from mlmagic.evaluation.measures.asked import named
from mlmagic.evaluation.outcomes.identity import identify
from mlmagic.evaluation.outcomes.predicting import predict
from mlmagic.evaluation.outcomes.test_data import for_model, rows_of, targets_of, values_for_rows, warnings_of
from mlmagic.evaluation.recording import Computed
from mlmagic.evaluation.request import Names, Request, check_request, group_codes, is_stratified
from mlmagic.evaluation.scoring import Wanted, compare, score, score_slices
from mlmagic.recording import open_runs

if TYPE_CHECKING:
    from types import FrameType

    from numpy.typing import NDArray

    from mlmagic.evaluation.outcomes.outcome import Outcome, Task
    from mlmagic.store.query.run import Run


def evaluate(
    model: Any,
    X: Any,  # scikit-learn's name
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
    stratify: bool | None = None,
    resamples: int | None = None,
    name: str | None = None,
    against_name: str | None = None,
) -> Evaluation:
    """Evaluate a fitted model on test data: the metrics of its task, each with an interval, and the figures.

    In a tracked cell, or within ``with mlmagic.track():``, the evaluation is recorded on the run. The model predicts
    once. Intervals come from the bootstrap (BCa), which draws rows, or whole groups, by a fixed seed.

    Parameters
    ----------
    model
        An object with ``predict`` (scikit-learn, XGBoost, LightGBM, CatBoost, Keras, MLflow's pyfunc), or a function
        that takes the data and returns classes, probabilities, or numbers.
    X, y
        n rows of test data (pandas, polars, NumPy or lists), and n targets, or n rows of targets for several outputs.
        Columns are matched by name with those that the model was fitted on.
    metrics
        Metrics beside the standard ones: a name, a scikit-learn scorer, or a function ``cost_loss(y_true, y_pred)``,
        which may take ``y_proba`` as well, and whose name tells whether less is better; several of these in a list; or
        a mapping of names to these. The first one is what a comparison is about.
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
    stratify
        Whether rows are drawn within each class, which is right where the test set has fixed numbers of rows of each
        class. By default they are if the data comes from ``%split --stratify``, or a class has fewer than 10 rows.
    resamples
        How often rows are drawn: 1,000 times by default, 500 for more than 20,000 rows, 200 for more than 200,000.
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
    request = Request(
        names, model, X, y, metrics=metrics, by=_with_name(caller, by, "by"), against=against,
        groups=_with_name(caller, groups, "groups"), run=run, confidence=confidence, figures=figures,
        importance=importance, learning_curve=learning_curve, task=task, positive=positive, stratify=stratify,
        resamples=resamples,
    )  # fmt: skip
    return evaluate_request(request)


def _with_name(frame: FrameType, values: Any, otherwise: str) -> Any:
    """Return values with the name that the caller has for them; the name of a column as it is."""
    if values is None or isinstance(values, str):
        return values
    return NamedColumn(_name_in(frame, values, otherwise), values)


def _name_in(frame: FrameType, thing: Any, otherwise: str) -> str:
    names = [*frame.f_locals.items(), *frame.f_globals.items()]
    return next((name for name, value in names if value is thing and not name.startswith("_")), otherwise)


def _kind(model: Any) -> str:
    return str(getattr(model, "__name__", type(model).__name__)).replace("<lambda>", "model")


def evaluate_request(request: Request) -> Evaluation:
    """Evaluate as `evaluate` does, and record it.

    Raises
    ------
    UsageProblem
        As `evaluate` does.
    """
    return _recorded(compute(request), request.run)


def compute(request: Request) -> Computed:
    """Return the evaluation, recorded nowhere, with what is needed to record it.

    Raises
    ------
    UsageProblem
        As `evaluate` does.
    """
    require("scipy", "mlmagic.evaluate")
    check_request(request)
    names = request.names
    rows = rows_of(request.data, names.data)
    true, outputs = targets_of(request.targets, rows, names.targets, names.data)
    notes = EvaluationNotes()
    for warning in warnings_of(request.data, request.targets, names.data, names.targets):
        notes.warn(warning)
    wanted = Wanted(
        named(request.metrics),
        request.confidence,
        group_codes(request, rows),
        request.resamples,
        is_stratified(request),
    )
    with autologging.switched_off():
        evaluation, subject = _evaluated(request, _Target(true, outputs), wanted, notes)
    fingerprints, datasets = identify(names.data, request.data, names.targets, request.targets, notes.warn)
    evaluation = replace(evaluation, fingerprint=fingerprints, notes=tuple(notes.found.values()))
    return Computed(evaluation, subject, datasets)


@dataclass(frozen=True, eq=False)
class _Target:
    """The targets, and the names of several outputs."""

    true: NDArray[Any]
    outputs: tuple[str, ...]


def _evaluated(request: Request, target: _Target, wanted: Wanted, notes: EvaluationNotes) -> tuple[Evaluation, Subject]:
    names, rows = request.names, len(target.true)
    divided = None
    if request.by is not None:
        divided = values_for_rows("by", request.by, request.data, rows, names.data)
    outcome = _predicted(request, request.model, names.model, target, notes, task=request.task)
    if request.positive is not None and outcome.positive is None:
        told = f"there are {len(outcome.classes)} classes" if len(outcome.classes) else f"this is {outcome.task}"
        raise UsageProblem(f"positive: {told}, and only of two classes one is the positive one")
    scores = score(outcome, wanted, model=names.model)
    note_left_out(scores, notes)
    note_few(outcome, scores, notes)
    slices: tuple[EvaluatedSlice, ...] = ()
    if divided is not None:
        slices = score_slices(*divided, outcome, wanted, model=names.model, note=notes.info)
    difference = None
    if request.against is not None:
        other = _predicted(request, request.against, names.against, target, notes, task=request.task or outcome.task)
        others = score(other, wanted, model=names.against)
        difference = compare((names.model, outcome, scores), (names.against, other, others), wanted)
    pictures = drawing.draw(outcome, notes.warn) if request.figures else {}
    found = on_request.importance(request, target.true, outcome, notes.warn) if request.importance else {}
    if found and request.figures:
        bars = drawing.draw_importance(found, on_request.scored(outcome))
        pictures |= _picture("permutation_importance", bars, notes)
    if request.learning_curve is not None:
        curve = on_request.learning_curve(request.model, *request.learning_curve, outcome, notes.warn)
        pictures |= {} if curve is None else _picture("learning_curve", curve, notes)
    evaluation = Evaluation(
        model=names.model,
        data=names.data,
        task=outcome.task,
        rows=rows,
        confidence=request.confidence,
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
    )

    def ask(model: Any) -> Outcome:
        return _predicted(request, model, "it", target, EvaluationNotes(), task=outcome.task)

    return evaluation, Subject(request.model, outcome, ask)


def _predicted(
    request: Request, model: Any, name: str, target: _Target, notes: EvaluationNotes, *, task: Task | None
) -> Outcome:
    data = for_model(model, request.data, request.names.data, notes.info)
    return predict(
        model, data, target.true, name=name, data_name=request.names.data, outputs=target.outputs, task=task,
        positive=request.positive, note=notes.info,
    )  # fmt: skip


def _picture(name: str, function: Any, notes: EvaluationNotes) -> dict[str, bytes]:
    picture = drawing.render(function, name, notes.warn)
    return {} if picture is None else {name: picture}


def _how(wanted: Wanted, outcome: Outcome) -> str:
    plan = wanted.plan(outcome)
    if wanted.groups is not None:
        units = f"{len(plan.strata[0]):,} groups"
    else:
        units = "rows within each class" if len(plan.strata) > 1 else "rows"
    return f"{plan.resamples:,} resamples of {units}"


def _recorded(computed: Computed, run: str | Run | None) -> Evaluation:
    if run is not None:
        reference = run if isinstance(run, str) else getattr(run, "id", None)
        if not isinstance(reference, str):
            raise UsageProblem(f"run is a run, or its name or id, not {described(run)}")
        active = open_runs.on_this_thread()
        if active is not None and reference in {active.run_id, active.uid, active.name}:
            return recording.record_on_open_run(computed, active)
        return recording.record_on_stored_run(computed, reference)
    context = open_runs.active()
    return computed.evaluation if context is None else recording.record_on_open_run(computed, context)
