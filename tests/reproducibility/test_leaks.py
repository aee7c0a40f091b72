"""The rules for leaks on what newcomers write, and on what looks alike."""

from __future__ import annotations

import pytest
from leak_snippets import LEAKS, NO_LEAKS, with_data

from mlmagic.reproducibility.cells import read_cell
from mlmagic.reproducibility.linting import findings_in

_RULES = {"MLM005", "MLM010", "MLM011"}


def leaks_in(snippet):
    return [one for one in findings_in([read_cell(with_data(snippet), 1)]) if one.code in _RULES]


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_found_once(name):
    assert [one.code for one in leaks_in(LEAKS[name])] == [name.partition(" ")[0]]


@pytest.mark.parametrize("name", NO_LEAKS)
def test_what_looks_alike_is_no_leak(name):
    assert [f"{one.code} {one.message}" for one in leaks_in(NO_LEAKS[name])] == []


@pytest.mark.parametrize(
    ("name", "message", "fix"),
    [
        ("MLM010 a model fitted on all rows after the split", "LogisticRegression is fitted on rows that judge it: accuracy_score (cell 1, line 13)", "model.fit(X_train, y_train)"),
        ("MLM010 a search over all rows", "GridSearchCV is fitted on rows that judge it: score (cell 1, line 12)", "GridSearchCV(SVC(), {'C': [0.1, 1]}, cv=5).fit(X_train, y_train)"),
        ("MLM005 the mean of the target by group, mapped", "the mean of a group is taken over rows that train_test_split divides afterwards (cell 1, line 13)", "split first; then make_pipeline(TargetEncoder(), model).fit(X_train, y_train)"),
        ("MLM005 an imputer of np.r_", "SimpleImputer is fitted on all rows, those that judge the model too (cell 1, line 14)", "model = make_pipeline(SimpleImputer(), SVC()).fit(X_train, y_train)"),
        ("MLM005 rows drawn with replacement before the split", "resample repeats rows that train_test_split divides afterwards (cell 1, line 13)", "split first; then only the training rows: resample(X_train, y_train, n_samples=5000, random_state=0)"),
        ("MLM005 a sample with replacement before the split", "sample(replace=True) repeats rows that train_test_split divides afterwards (cell 1, line 11)", "split first; then only the training rows: train.sample(frac=2, replace=True, random_state=0)"),
        ("MLM005 a function that scales all rows", "scale is fitted on rows that cross_val_score divides afterwards (cell 1, line 13)", "model = make_pipeline(StandardScaler(), model).fit(X_train, y_train)"),
        ("MLM011 the best model of a loop", "best_score is chosen by the scores of the test set, and no other rows are held out to judge it", "choose by cross_val_score(model, X_train, y_train).mean(); then score the chosen one on the test set, once"),
        ("MLM011 XGBoost stops by the test set", "XGBClassifier stops by the score of the test set, which then judges it", "X_fit, X_val, y_fit, y_val = train_test_split(X_train, y_train, random_state=42); stop by X_val, y_val"),
    ],
)  # fmt: skip
def test_a_leak_says_what_judges_and_what_mends_it(name, message, fix):
    found = leaks_in(LEAKS[name])[0]
    assert (found.message, found.fix) == (message, fix)
