"""The rules of the linter on notebooks as people write them."""

from __future__ import annotations

import pytest
from leak_snippets import LEAKS
from snippets import CLEAN, WITH_LEAKAGE, WITH_OTHER_DEFECTS, cells_of

from mlmagic.reproducibility.cells import read_cell
from mlmagic.reproducibility.findings import RULES
from mlmagic.reproducibility.linting import findings_in


def found(snippet):
    return findings_in([read_cell(source, number) for number, source in enumerate(cells_of(snippet), 1)])


@pytest.mark.parametrize("name", WITH_LEAKAGE)
def test_preprocessing_that_has_seen_the_test_rows_is_found(name):
    codes = [one.code for one in found(WITH_LEAKAGE[name])]
    assert "MLM005" in codes
    assert set(codes) <= {"MLM005"}


@pytest.mark.parametrize("name", WITH_OTHER_DEFECTS)
def test_a_defect_is_found_and_nothing_else(name):
    assert {one.code for one in found(WITH_OTHER_DEFECTS[name])} == {name.partition(" ")[0]}


@pytest.mark.parametrize("name", CLEAN)
def test_nothing_is_found_in_a_clean_notebook(name):
    assert [f"{one.code} {one.message}" for one in found(CLEAN[name])] == []


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("a scaler fitted on all rows after the split", "model = make_pipeline(MinMaxScaler(), LogisticRegression()).fit(X_train, y_train)"),
        ("a scaler fitted again on the test rows", "X_test = scaler.transform(X_test)"),
        ("rows drawn anew before the split", "imblearn.pipeline.make_pipeline(SMOTE(random_state=0), model).fit(X_train, y_train)"),
        ("missing values filled with the mean of all rows", "split first; then X_train.fillna(X_train.median()) and X_test.fillna(X_train.median())"),
        ("statistics of the whole frame", "split first; then use X_train.mean() and X_train.std() for X_train and X_test"),
    ],
)  # fmt: skip
def test_the_fix_names_the_steps_of_the_notebook(name, fix):
    assert found(WITH_LEAKAGE[name])[0].fix == fix


def test_every_rule_has_a_defect_that_shows_it():
    shown = {"MLM005", *(name.partition(" ")[0] for name in (*WITH_OTHER_DEFECTS, *LEAKS))}
    assert shown == set(RULES) - {"MLM009"}  # for which a notebook must have been executed
