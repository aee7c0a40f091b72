"""A sweep names the same best point as ``%runs``: by the best value over steps, in finished trials."""

import pytest

import mlmagic

CURVES = {1: [0.9, 0.1, 0.8], 2: [0.6, 0.5, 0.4], 3: [0.9, 0.7, 0.6]}
BODY = "for loss in curves[x]:\n    mlmagic.log(loss=loss)\nif x == 3: mlmagic.log(loss=0.01); raise ValueError('no')"


@pytest.fixture
def tuned(sweep):
    return sweep(BODY, "x=1,2,3", namespace=f"curves = {CURVES}", metric="loss")


def test_the_best_point_is_that_of_the_table_of_runs(tuned):
    assert tuned.best == {"x": 1}
    assert tuned.points()["loss.mean"].tolist() == [0.1, 0.4]
    assert mlmagic.Run(tuned.run_id).metrics["best.loss"] == 0.1
    [sweep] = mlmagic.runs(sort="loss").to_dict("records")
    assert sweep["loss (best)"] == 0.1  # not 0.01, which the failed trial has logged
    nested = mlmagic.runs("status = finished", sort="loss", nested=True)
    assert nested["x"].tolist()[:2] == [1, 2]


def test_a_resumed_sweep_knows_the_best_values_of_its_earlier_trials(store_uri):
    def train(x):
        for loss in CURVES[x]:
            mlmagic.log(loss=loss)

    first = mlmagic.sweep(train, {"x": [1, 2]}, metric="loss", quiet=True)
    again = mlmagic.sweep(train, {"x": [1, 2, 3]}, metric="loss", quiet=True, resume=True)
    assert first.best == again.best == {"x": 1}
    assert again["loss (best)"].tolist() == [0.1, 0.4, 0.6]
    assert again["loss (best step)"].tolist() == [1, 2, 2]
