"""MLM010 and MLM011: a model is judged by rows that it was fitted on, and a choice by the scores of the test set."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility.dataflow.values import names_test_rows
from mlmagic.reproducibility.findings import found_at, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.reproducibility.dataflow.events import Choice, Events, Reuse
    from mlmagic.reproducibility.dataflow.values import Rows
    from mlmagic.reproducibility.findings import Finding

_PREDICTS = frozenset({"predict", "predict_proba", "predict_log_proba", "decision_function"})
_LONGEST = 80


def find(events: Events) -> Iterator[Finding]:
    """Yield the fits on rows that judge the model, then the choices by the only rows that are held out."""
    for reuse in events.reuses.values():
        yield _reuse(reuse)
    for choice in events.choices.values():
        rows = [one.held_out for one in choice.rows]
        if not all(one.side == "test" and names_test_rows(one.name) for one in rows):
            continue
        if any(not one.is_same_held_out(rows[0]) for one in rows) or _has_another(events, rows[0]):
            continue
        if not choice.is_stop or any(
            one.is_same_held_out(rows[0]) for one, by in events.judging if by not in _PREDICTS
        ):
            yield _choice(choice)


def _reuse(reuse: Reuse) -> Finding:
    fit = reuse.fit
    message = f"{reuse.model} is fitted on rows that judge it: {reuse.by} ({place(reuse.cell, reuse.line)})"
    called = ast.unparse(fit.node.func)
    fix = f"{called}(X_train, y_train)" if len(called) <= _LONGEST else "model.fit(X_train, y_train)"
    return found_at(fit.cell, fit.node.lineno, "MLM010", message, fix=fix, last_line=fit.node.end_lineno)


def _choice(choice: Choice) -> Finding:
    line = getattr(choice.node, "lineno", 1)
    last = getattr(choice.node, "end_lineno", line)
    if choice.is_stop:
        message = f"{choice.name} stops by the score of the test set, which then judges it"
        fix = "X_fit, X_val, y_fit, y_val = train_test_split(X_train, y_train, random_state=42); stop by X_val, y_val"
        return found_at(choice.cell, line, "MLM011", message, fix=fix, last_line=last)
    message = f"{choice.name} is chosen by the scores of the test set, and no other rows are held out to judge it"
    fix = "choose by cross_val_score(model, X_train, y_train).mean(); then score the chosen one on the test set, once"
    return found_at(choice.cell, line, "MLM011", message, fix=fix, last_line=last)


def _has_another(events: Events, chosen: Rows) -> bool:
    """Return whether other rows may judge the choice: they have judged something, or were held out for it."""
    judging = [rows for rows, _ in events.judging]
    kept = [rows for rows in events.held_out if rows.name and names_test_rows(rows.name)]
    return any(_is_another(one, chosen) for one in (*judging, *kept))


def _is_another(rows: Rows, chosen: Rows) -> bool:
    side = next((one.side for one in rows.line() if one.side), "")
    if rows.is_same_held_out(chosen) or side == "train" or chosen.is_within(rows):
        return False
    return rows.kind != "unknown" or bool(side)
