"""Which figures suit an outcome, and that one that cannot be drawn costs only itself."""

import numpy as np
import pytest

from mlmagic.evaluation import figures
from mlmagic.evaluation.figures import draw, draw_importance, render

PNG = b"\x89PNG"
CLASSES = ["confusion_matrix", "roc", "precision_recall"]


def names_drawn(outcome, monkeypatch=None):
    """Return the names of the figures that are drawn, and what is noted."""
    notes = []
    found = draw(outcome, notes.append)
    assert all(picture.startswith(PNG) for picture in found.values())
    return list(found), notes


@pytest.fixture
def of_classes(outcome_of, answering):
    def made(count, *, kind=None, true=None, rows=120):
        rng = np.random.default_rng(0)
        codes = np.arange(rows) % count
        answers = {} if kind is None else {kind: rng.dirichlet([1] * count, rows)}
        model = answering(codes, classes=np.arange(count), **answers)
        return outcome_of(model, codes if true is None else true)[0]

    return made


@pytest.mark.parametrize(
    ("count", "kind", "names"),
    [
        pytest.param(2, "probabilities", [*CLASSES, "calibration"], id="two classes with probabilities"),
        pytest.param(3, "probabilities", [*CLASSES, "calibration"], id="three classes with probabilities"),
        pytest.param(3, "scores", CLASSES, id="scores are not calibrated"),
        pytest.param(2, None, ["confusion_matrix"], id="labels only"),
        pytest.param(31, "scores", ["roc", "precision_recall"], id="too many classes for a matrix"),
    ],
)
def test_figures_of_classes(of_classes, count, kind, names):
    assert names_drawn(of_classes(count, kind=kind)) == (names, [])


def test_one_class_has_no_curves(of_classes):
    assert names_drawn(of_classes(2, kind="probabilities", true=np.zeros(120, dtype=int))) == (["confusion_matrix"], [])


@pytest.mark.parametrize("kind", ["scores", "probabilities"])
def test_labels_that_the_model_has_not_seen_are_drawn_without_a_word(of_classes, kind):
    true = np.arange(120) % 4  # the model knows three
    assert names_drawn(of_classes(3, kind=kind, true=true)) == (CLASSES, [])


def test_two_classes_taken_as_several_are_drawn(outcome_of, answering):
    labels = np.arange(60) % 2
    model = answering(labels, classes=[0, 1], scores=labels + np.linspace(0, 0.5, 60))
    assert names_drawn(outcome_of(model, labels, task="multiclass")[0]) == (CLASSES, [])


def test_the_curves_are_of_the_largest_classes(of_classes, monkeypatch):
    true = np.repeat(np.arange(14), np.r_[np.full(7, 5), np.full(7, 10)])
    outcome = of_classes(14, kind="probabilities", true=true, rows=len(true))
    drawn = [name for name, _, _ in figures._curves(outcome, [str(one) for one in outcome.classes])]
    assert len(drawn) == 10
    assert set(map(str, range(7, 14))) <= set(drawn)
    assert drawn == sorted(drawn, key=int)


def test_the_positive_class_has_one_curve(of_classes):
    outcome = of_classes(2, kind="probabilities")
    [(name, true, scores)] = figures._curves(outcome, ["no", "yes"])
    assert name == "yes"
    assert true.tolist() == (outcome.codes == 1).tolist()
    assert scores.tolist() == outcome.probabilities[:, 1].tolist()


@pytest.mark.parametrize(
    ("outputs", "names"),
    [
        ((), ["actual_and_predicted", "residuals"]),
        (("price", "a/b"), ["actual_and_predicted_price", "residuals_price", "actual_and_predicted_a_b", "residuals_a_b"]),
        (("//", "b", "c", "d", "e"), [f"{kind}_{name}" for name in "0bcd" for kind in ("actual_and_predicted", "residuals")]),
    ],
)  # fmt: skip
def test_figures_of_numbers(outcome_of, outputs, names):
    true = np.random.default_rng(0).normal(size=(20, len(outputs))) if outputs else np.linspace(0.1, 1, 20)
    outcome, _ = outcome_of(lambda data: true + 0.1, true, outputs=outputs)
    assert names_drawn(outcome) == (names, [])


def test_several_labels_of_a_row_have_no_figures(outcome_of):
    labels = np.eye(4, dtype=int)
    assert names_drawn(outcome_of(lambda data: labels, labels)[0]) == ([], [])


def test_a_figure_that_cannot_be_drawn_is_noted():
    def broken(axes):
        raise ValueError("no ink\nleft")

    notes = []
    assert render(broken, "roc", notes.append) is None
    assert notes == ["the figure roc could not be drawn: ValueError: no ink"]


def test_importance_shows_the_most_important_columns_on_top():
    from matplotlib.figure import Figure

    importance = {f"column {at:02}": (1 / (at + 1), 0.01) for at in range(25)}
    axes = Figure().subplots()
    draw_importance(importance, "accuracy")(axes)
    labels = [one.get_text() for one in axes.get_yticklabels()]
    assert (len(labels), labels[-1], labels[0]) == (20, "column 00", "column 19")
    assert axes.get_xlabel() == "Loss in accuracy"
    assert render(draw_importance(importance, "accuracy"), "importance", pytest.fail).startswith(PNG)
