"""What is said of two models by their predictions: the state, in how many rows they differ, and how far."""

import numpy as np
import pytest

from mlmagic.replay.predictions.differences import judge
from mlmagic.replay.predictions.predictions import Predictions


def _made(*, rows=5, **outputs):
    return Predictions(rows, {name: np.asarray(values) for name, values in outputs.items()})


NUMBERS = [1.0, 2.0, 3.0, 4.0, 5.0]
LABELS = ["a", "b", "a", "b", "a"]
DATES = np.asarray(["2020-01-01", "NaT", "2020-01-03", "2020-01-04", "2020-01-05"], "datetime64[D]")
CHANCES = [[0.5, 0.5]] * 5


@pytest.mark.parametrize(
    ("original", "replayed", "state", "note"),
    [
        (_made(predict=NUMBERS), _made(predict=NUMBERS), "identical", "predicts the same on 5 stored rows"),
        (_made(rows=1, predict=[1.0]), _made(rows=1, predict=[1.0]), "identical", "predicts the same on 1 stored row"),
        (
            _made(predict=NUMBERS), _made(predict=[1.0, 2.02, 3.0, 4.01, 5.005]),
            "different", "3 of 5 stored predictions differ, by up to 0.02",
        ),
        (
            _made(predict=NUMBERS), _made(predict=[1.0, 2.0, 3.0, 4.0, 5.0 + 4e-15]),
            "equivalent", "predicts the same on 5 stored rows, within rounding of sums in another order",
        ),
        (_made(predict=LABELS), _made(predict=["a", "b", "a", "b", "b"]), "different", "1 of 5 stored predictions differ"),
        (
            _made(predict=LABELS, predict_proba=CHANCES), _made(predict=LABELS, predict_proba=[*CHANCES[:4], [0.25, 0.75]]),
            "different", "the probabilities of 1 of 5 stored rows differ, by up to 0.25",
        ),
        (
            _made(predict=LABELS, predict_proba=CHANCES),
            _made(predict=["b", *LABELS[1:]], predict_proba=[[0.25, 0.75], *CHANCES[:4]]),
            "different", "1 of 5 stored predictions differ, and the probabilities differ, by up to 0.25",
        ),
        (
            _made(predict=[0, 1, 0, 1, 0], decision_function=NUMBERS),
            _made(predict=[0, 1, 0, 1, 0], decision_function=[9.0, *NUMBERS[1:]]),
            "different", "the scores of 1 of 5 stored rows differ, by up to 8",
        ),
        (  # a label is the same or not, however large its number
            _made(predict=[10**12 + at for at in range(5)]), _made(predict=[10**12] * 5),
            "different", "4 of 5 stored predictions differ",
        ),
        (  # 64 bits of an integer are more than a float has
            _made(predict=[2**60] * 5), _made(predict=[*[2**60] * 4, 2**60 + 1]),
            "different", "1 of 5 stored predictions differ",
        ),
        (
            _made(predict=np.asarray(NUMBERS, "float32")), _made(predict=NUMBERS),
            "identical", "predicts the same on 5 stored rows",
        ),
        (_made(predict=NUMBERS), _made(predict=LABELS), "different", "predict returns float64, str32 in the replay"),
        (
            _made(predict=NUMBERS), _made(predict=[[1.0]] * 5),
            "different", "predict returns the shape (5,), (5, 1) in the replay",
        ),
        (
            _made(predict=LABELS, predict_proba=CHANCES), _made(predict=LABELS),
            "different", "it returns predict, predict_proba, in the replay predict",
        ),
        (
            _made(predict=[1.0, np.nan, 3.0, 4.0, 5.0]), _made(predict=[1.0, np.nan, 3.0, 4.0, 5.0]),
            "identical", "predicts the same on 5 stored rows",
        ),
        (_made(predict=[1.0, 2.0]), _made(predict=[1.0, 2.5]), "different", "its predictions on 5 stored rows differ, by up to 0.5"),
        (_made(predict=[1j] * 5), _made(predict=[1j] * 4 + [2j]), "different", "1 of 5 stored predictions differ, by up to 1"),
        (
            _made(predict=NUMBERS), _made(predict=[np.nan, *NUMBERS[1:]]),
            "different", "1 of 5 stored predictions differ, where a value is missing or infinite in one of them",
        ),
        (_made(predict=DATES), _made(predict=DATES), "identical", "predicts the same on 5 stored rows"),
        (_made(predict=DATES), _made(predict=DATES[::-1]), "different", "4 of 5 stored predictions differ"),
        (
            _made(predict=DATES), _made(predict=LABELS),
            "different", "predict returns datetime64[D], str32 in the replay",
        ),
        (
            Predictions(raised="ValueError: no"), _made(predict=NUMBERS),
            "not compared", "it fails on the rows that are stored with it: ValueError: no",
        ),
        (
            _made(predict=NUMBERS), Predictions(raised="ValueError: no"),
            "different", "the replay's model fails on the stored rows: ValueError: no",
        ),
        (Predictions(problem="no rows are stored with it"), None, "not compared", None),
        (Predictions(problem="no rows"), Predictions(problem="else"), "not compared", "no rows"),
        (_made(predict=NUMBERS), Predictions(problem="it died"), "not compared", "of the replay's model: it died"),
        (None, None, "not compared", "its file differs, and its predictions were not compared"),
    ],
)  # fmt: skip
def test_two_models(original, replayed, state, note):
    found = judge(original, replayed)
    assert found.state == state
    assert note is None or found.note == note


def test_the_noise_of_two_replays_counts_as_for_metrics():
    original, replayed = _made(predict=NUMBERS), _made(predict=[one + 1e-6 for one in NUMBERS])
    again = _made(predict=[one + 2e-6 for one in NUMBERS])
    assert judge(original, replayed).state == "different"
    found = judge(original, replayed, again)
    assert (found.state, found.note) == (
        "equivalent", "predicts the same on 5 stored rows, within noise: two replays differ by 1e-06 too",
    )  # fmt: skip
    assert judge(original, _made(predict=[9.0] * 5), _made(predict=[7.0] * 5)).state == "different"
    assert judge(original, replayed, Predictions(problem="it died")).state == "different"


def test_a_model_that_predicts_otherwise_each_time_is_not_compared():
    original, replayed = (
        Predictions(5, {"predict": np.asarray(NUMBERS) + more}, is_steady=False) for more in (0.0, 0.5)
    )
    assert judge(original, replayed).note == "it predicts otherwise each time it is asked"
    assert judge(original, original).state == "identical"
