"""The view of an evaluation: escaped, complete, and honest where nothing is known."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from mlmagic import evaluate
from mlmagic.views.evaluation_report import evaluation_report_bundle

_ODD = "<script>alert(1)</script>"


def _bundle(**options):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=200)})
    y = np.where(X.x + rng.normal(size=200) > 0, _ODD, "no")
    model = LogisticRegression().fit(X[:100], y[:100])
    return evaluation_report_bundle(
        evaluate(model, X[100:], y[100:], **{"figures": False, "resamples": 100, "name": _ODD, **options})
    )


def test_names_and_labels_are_text_never_markup():
    site = np.array([_ODD, "b"] * 50)
    html = _bundle(by=site, against=lambda X: np.full(len(X), "no"), against_name=_ODD, figures=True)["text/html"]
    assert _ODD not in html
    assert "&lt;script&gt;" in html


def test_each_metric_has_its_interval_and_the_footer_says_how():
    plain = _bundle()["text/plain"]
    lines = plain.splitlines()
    assert lines[0].endswith("on 100 rows of X (two classes)")
    assert lines[1].split()[0] == "accuracy"
    assert " to " in lines[1]
    assert lines[-1].startswith("95 % intervals from 100 resamples of rows · positive class: no")


def test_what_is_not_known_is_said():
    X, y = [[0.0], [1.0]] * 20, ["a", "b"] * 20
    bundle = evaluation_report_bundle(evaluate(LogisticRegression().fit(X, y), X, y, figures=False, resamples=100))
    assert "f1" in bundle["text/plain"]
    assert "not known" in bundle["text/plain"]
    assert "all resamples have the same value" in bundle["text/html"]


def test_many_metrics_are_folded():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 3)), rng.normal(size=(80, 5))
    html = evaluation_report_bundle(evaluate(lambda data: y * 0.9, X, y, figures=False, resamples=100))["text/html"]
    assert "12 more metrics" in html
