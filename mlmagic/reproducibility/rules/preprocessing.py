"""MLM005 and MLM006: preprocessing that has seen the test rows, and preprocessing that is no part of the model."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility.findings import found_at, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.reproducibility.dataflow.events import Events, Leak, Training
    from mlmagic.reproducibility.dataflow.values import Fit
    from mlmagic.reproducibility.findings import Finding

_FITTED = {"resampler": "draws new rows from", "repetition": "repeats", "statistic": "is taken over"}
_LONGEST = 60


def find(events: Events) -> Iterator[Finding]:
    """Yield what leaks the rows of the test set, then models that are recorded without their preprocessing."""
    seen: set[int] = set()
    for leak in events.leaks.values():
        if id(leak.fit.node) not in seen:  # the features and the targets of one call are one finding
            seen.add(id(leak.fit.node))
            yield _leak(leak, events)
    for training in events.trainings:
        if id(training.node) not in seen and _is_kept_apart(training, events):
            seen.add(id(training.node))
            yield _outside(training)


def _leak(leak: Leak, events: Events) -> Finding:
    fit = leak.fit
    verb = _FITTED.get(fit.kind, "is fitted on")
    where = "" if (leak.cell is fit.cell and leak.line == fit.line) else f" ({place(leak.cell, leak.line)})"
    message = f"{fit.what} {verb} {leak.how}{where}"
    return found_at(fit.cell, fit.line, "MLM005", message, fix=_mend(leak, events), last_line=fit.last_line)


def _mend(leak: Leak, events: Events) -> str:
    fit = leak.fit
    if fit.kind == "repetition":
        return f"split first; then only the training rows: {_of_training_rows(fit)}"
    if fit.kind == "statistic":
        return f"split first; then {_with_training_statistics(fit)}"
    if "test set again" in leak.how:
        return f"X_test = {_variable(leak)}.transform(X_test)"
    step = fit.made_by or f"{fit.what}()"
    model = next((training.model.made for training in events.trainings if fit in training.fits), "model")
    if fit.kind == "resampler":
        return f"imblearn.pipeline.make_pipeline({step}, {model}).fit(X_train, y_train)"
    return f"model = make_pipeline({step}, {model}).fit(X_train, y_train)"


def _with_training_statistics(fit: Fit) -> str:
    """Return what uses statistics of the training rows in place of those of all."""
    if fit.what.endswith("of a group"):
        return "make_pipeline(TargetEncoder(), model).fit(X_train, y_train)"
    if isinstance(fit.node, ast.Call) and getattr(fit.node.func, "attr", "") == "fillna":
        filling = f"fillna(X_train.{fit.what.split()[1]}())"
        return f"X_train.{filling} and X_test.{filling}"
    return "use X_train.mean() and X_train.std() for X_train and X_test"


def _of_training_rows(fit: Fit) -> str:
    """Return the call that repeats rows, with the training rows in their place."""
    call = fit.node
    if not isinstance(call, ast.Call):
        return "X_train, y_train"
    if isinstance(call.func, ast.Attribute) and call.func.attr == "sample":
        return f"train.sample({', '.join(ast.unparse(one) for one in (*call.args, *call.keywords))})"
    given = [f"{one.id}_train" if isinstance(one, ast.Name) else ast.unparse(one) for one in call.args]
    return f"{ast.unparse(call.func)}({', '.join([*given, *map(ast.unparse, call.keywords)])})"


def _variable(leak: Leak) -> str:
    """Return the name on which ``fit`` was called."""
    called = leak.fit.node.func if isinstance(leak.fit.node, ast.Call) else None
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return called.value.id
    return "transformer"


def _is_kept_apart(training: Training, events: Events) -> bool:
    """Return whether the model is recorded or saved, and not all of its preprocessing with it."""
    before = {fit.owner for fit in training.fits if fit.owner is not None}
    if any(fit in events.leaks for fit in training.fits):
        return False  # which says more
    if any({training.model, *before} <= steps for steps in events.composed):
        return False
    return training.cell.records_models or (training.model in events.saved and not before <= events.saved)


def _outside(training: Training) -> Finding:
    fits = sorted(training.fits, key=lambda fit: fit.line)
    prepared = " and ".join(f"{fit.what} ({place(fit.cell, fit.line)})" for fit in fits)
    steps = ", ".join([*(fit.made_by for fit in fits), training.model.made])
    verb = "is" if len(fits) == 1 else "are"
    message = f"{training.model.what} is trained on what {prepared} made, which {verb} no part of the recorded model"
    node = training.node
    fix = f"model = make_pipeline({steps}).fit(X_train, y_train)"
    return found_at(training.cell, node.lineno, "MLM006", message, fix=fix, last_line=node.end_lineno)
