"""Two fitted classifiers, and test data with a column that they were not fitted on."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from mlmagic.evaluation.outcomes.predicting import predict


class Cancer:
    """``X`` and ``y`` are the test data; ``logistic`` and ``tree`` are fitted on other rows."""

    def __init__(self):
        data = load_breast_cancer(as_frame=True)
        chosen = data.data.iloc[:, :6]
        rows = np.random.default_rng(0).permutation(len(chosen))
        train, test = rows[:427], rows[427:]
        self.X_train, self.y_train = chosen.iloc[train], data.target.iloc[train]
        self.X, self.y = chosen.iloc[test], data.target.iloc[test]
        self.logistic = LogisticRegression(max_iter=5000).fit(self.X_train, self.y_train)
        self.tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(self.X_train, self.y_train)


@pytest.fixture(scope="session")
def cancer():
    return Cancer()


class Answering:
    """A model that answers with what it was made with, whatever the data are."""

    def __init__(self, predicted, *, classes=None, probabilities=None, scores=None):
        self.predict = lambda data: predicted
        if classes is not None:
            self.classes_ = np.asarray(classes)
        if probabilities is not None:
            self.predict_proba = lambda data: probabilities
        if scores is not None:
            self.decision_function = lambda data: scores


@pytest.fixture
def answering():
    return Answering


@pytest.fixture
def outcome_of():
    """Return a function that returns the outcome of a model for these targets, and what was noted."""

    def made(model, true, *, data=None, task=None, positive=None, outputs=()):
        true, notes = np.asarray(true), []
        data = np.arange(len(true)).reshape(-1, 1) if data is None else data
        found = predict(
            model, data, true, name="model", data_name="X", outputs=outputs, task=task, positive=positive,
            note=notes.append,
        )  # fmt: skip
        return found, notes

    return made
