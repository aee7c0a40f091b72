"""Histories of trainings as curves, with stand-ins that Keras's and Lightning's classes are known by.

The libraries themselves are in tests/test_histories.py.
"""

from __future__ import annotations

import csv
from types import SimpleNamespace

import pytest

from mlmagic.session.observation.library_histories import Histories
from mlmagic.session.observation.sites import Site

History = type("History", (), {"__module__": "keras.src.callbacks.history"})
Trainer = type(
    "Trainer", (), {"__module__": "lightning.pytorch.trainer.trainer", "loggers": (), "callback_metrics": {}}
)


def history(**curves):
    made = History()
    made.history = curves
    return made


def trainer(tmp_path, rows=(), unsaved=(), **last):
    """A trainer with a CSV logger that has written *rows*, and holds *unsaved* ones."""
    file = tmp_path / "metrics.csv"
    if rows:
        with file.open("w", newline="") as out:
            writer = csv.DictWriter(out, sorted({key for row in rows for key in row}))
            writer.writeheader()
            writer.writerows(rows)
    made = Trainer()
    made.loggers = [SimpleNamespace(_experiment=SimpleNamespace(metrics_file_path=str(file), metrics=list(unsaved)))]
    made.callback_metrics = last
    return made


def curves(histories):
    return [(h.name, {key: (curve.steps, curve.values) for key, curve in h.curves.items()}) for h in histories]


def fit(callee=None, bound=None):
    site = Site("fit", "fit", bound=bound)
    site.called(callee)
    return site


def test_what_fit_returns_is_a_curve_of_each_metric_once():
    seen, site, found = Histories(), fit(bound="history"), history(loss=[0.9, 0.5], val_loss=[1.0, 0.8])
    seen.fitted(site, found)
    assert curves(seen.end({"history": found})) == [
        ("history", {"loss": ([0, 1], [0.9, 0.5]), "val_loss": ([0, 1], [1.0, 0.8])})
    ]


def test_trainings_of_one_place_go_on_and_those_of_another_are_apart():
    seen, loop = Histories(), fit()
    seen.fitted(loop, history(loss=[0.9, 0.5]))
    seen.fitted(loop, history(loss=[0.4]))
    seen.fitted(fit(bound="second"), history(loss=[0.7]))
    assert curves(seen.end({})) == [
        (None, {"loss": ([0, 1, 2], [0.9, 0.5, 0.4])}),
        ("second", {"loss": ([0], [0.7])}),
    ]


def test_a_history_that_a_helper_returned_is_taken_and_one_of_an_earlier_cell_is_not():
    seen, old = Histories(), history(loss=[0.1])
    seen.begin({"old": old, "text": "text"})
    names = {"again": old, "trained": history(loss=[0.2]), "n": 3, "own": SimpleNamespace(history={"loss": [1.0]})}
    assert curves(seen.end(names)) == [("trained", {"loss": ([0], [0.2])})]


def test_a_trainer_has_the_steps_of_its_csv_logger_also_of_rows_that_are_not_written_yet(tmp_path):
    rows = [{"step": 4, "epoch": 0, "loss": 0.9}, {"step": 9, "epoch": 0, "val_loss": 0.8}]
    trained = trainer(tmp_path, rows, [{"step": 14, "epoch": 1, "loss": 0.5}], loss=0.5, val_loss=0.8)
    seen = Histories()
    seen.fitted(fit(trained), None)
    assert curves(seen.end({"trained": trained})) == [(None, {"loss": ([4, 14], [0.9, 0.5]), "val_loss": ([9], [0.8])})]


def test_of_a_trainer_of_an_earlier_cell_only_what_is_new_is_taken(tmp_path):
    trained, seen = trainer(tmp_path, [{"step": 4, "loss": 0.9}]), Histories()
    seen.begin({"trained": trained})
    trained.loggers[0]._experiment.metrics.append({"step": 5, "test_loss": 0.7})
    assert curves(seen.end({"trained": trained})) == [("trained", {"test_loss": ([5], [0.7])})]
    assert curves(Histories().end({})) == []


def test_without_a_logger_that_can_be_read_the_last_values_count():
    made = Trainer()
    made.callback_metrics = {"loss": 0.5, "loss_step": 0.6, "loss_epoch": 0.5, "text": "no"}
    seen = Histories()
    seen.fitted(fit(made), None)
    assert curves(seen.end({})) == [(None, {"loss_step": ([0], [0.6]), "loss_epoch": ([0], [0.5])})]


@pytest.mark.parametrize(
    "line", [{"step": "4"}, {"loss": "0.5"}, {"step": "4", "loss": "0.5x"}, {"step": "", "loss": "1"}]
)
def test_half_a_row_of_a_killed_training_is_passed_over(tmp_path, line):
    seen = Histories()
    seen.fitted(fit(trainer(tmp_path, [line])), None)
    assert curves(seen.end({})) == []


def test_an_estimator_of_boosting_has_a_curve_of_each_set_and_metric_of_this_cells_fits_only():
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMRegressor(n_estimators=3, verbose=-1)
    rows, y = [[i / 40, i % 3] for i in range(40)], [float(i) for i in range(40)]
    seen, site = Histories(), fit(callee=model)
    seen.begin({"model": model})
    model.fit(rows, y, eval_set=[(rows, y)])
    seen.fitted(site, model)
    ((_, found),) = curves(seen.end({"model": model}))
    assert {key: steps for key, (steps, _) in found.items()} == {"training.l2": [0, 1, 2]}
    later = Histories()
    later.begin({"model": model})
    assert later.end({"model": model}) == []
