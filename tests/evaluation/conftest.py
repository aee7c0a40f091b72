"""Two fitted classifiers, and test data with a column that they were not fitted on."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier


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
