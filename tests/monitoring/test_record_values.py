"""What a table of served rows says about the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mlmagic.monitoring.records.concatenating import together
from mlmagic.monitoring.records.label_values import as_predicted
from mlmagic.monitoring.records.values import answers_of, features_of
from mlmagic.monitoring.serving.columns import PREDICTION, PROBABILITY
from mlmagic.monitoring.serving.rows import column_of


@pytest.mark.parametrize(
    ("predictions", "texts", "classes"),
    [
        ([0, 0], ["0", "1"], (0, 1)),
        ([2.0, 2.0], ["1", "2"], (1.0, 2.0)),
        ([True, True], ["False", "True"], (False, True)),
        (["a", "a"], ["a", "b"], ("a", "b")),
    ],
)
def test_a_class_that_is_never_predicted_is_of_the_kind_of_the_others(predictions, texts, classes):
    columns = {f"{PROBABILITY}{one}": [0.5, 0.5] for one in texts}
    found = answers_of(pa.table({PREDICTION: predictions, **columns}))
    assert found.classes == classes
    assert [type(one) for one in found.classes] == [type(one) for one in classes]


@pytest.mark.parametrize(
    ("labels", "predictions", "found"),
    [
        ([True, 1, 1.0, "1", "1.0", "True", np.float64(1)], [1, 0], 1),
        ([True, 1, "1"], [1.0, 0.5], 1.0),
        ([True, 1, 1.0, "1", "true"], [True, False], True),
        ([1, 1.0, "1"], ["1", "2"], "1"),
        ([True, "True"], ["True", "False"], "True"),
    ],
)
def test_labels_of_any_type_are_as_the_predictions(labels, predictions, found):
    values, is_usable, note = as_predicted(labels, np.array(predictions))
    assert values.tolist() == [found] * len(labels)
    assert (is_usable.all(), note) == (True, "")


@pytest.mark.parametrize(
    ("labels", "predictions", "note"),
    [
        ([1, "oops", "oops"], [1, 0], "2 labels are left out, since the predictions are numbers: 'oops'"),
        ([True, 7], [True, False], "1 label is left out, since the predictions are true or false: 7"),
        ([0.5, "nan"], [0.5], "1 label is left out, since the predictions are numbers: 'nan'"),
    ],
)
def test_a_label_that_no_prediction_can_equal_is_left_out_and_named(labels, predictions, note):
    found, is_usable, text = as_predicted([None, *labels], np.array(predictions))
    assert (is_usable.tolist()[:2], text) == ([False, True], note)
    assert len(found) == len(labels) + 1


@pytest.mark.parametrize(
    ("parts", "values"),
    [
        ([[1, 2], [True], [0.5, None]], [1, 2, 1, 0.5, None]),
        ([[1.5, None], ["41"]], [1.5, None, "41"]),
        ([[1.5, "x", None], [2], [None]], [1.5, "x", None, 2, None]),
        ([["a"], [3], [False]], ["a", 3, False]),
    ],
)
def test_numbers_stay_numbers_beside_texts(parts, values):
    tables = []
    for one in parts:
        field, array = column_of("age", one)
        tables.append(pa.table([array], schema=pa.schema([field])))
    found = features_of(together(tables))
    frame = found if isinstance(found, pd.DataFrame) else found.to_pandas()
    given = [None if pd.isna(one) else one for one in frame["age"].tolist()]
    assert given == values
    assert [isinstance(one, str) for one in given] == [isinstance(one, str) for one in values]


def test_predictions_of_two_kinds_are_texts_and_labels_equal_them():
    parts = [[1, 0], ["yes"]]
    tables = [pa.table([array], schema=pa.schema([field])) for field, array in map(prediction, parts)]
    found = together(tables)
    labels = column_of("mlmagic.actual", [1, "0", "yes"])
    answers = answers_of(found.append_column(*labels))
    assert answers.predictions.tolist() == answers.labels.tolist() == ["1", "0", "yes"]


def prediction(values):
    return column_of(PREDICTION, values)


def test_a_column_that_a_part_lacks_is_missing_there():
    found = together([pa.table({"a": [1], "b": ["x"]}), pa.table({"a": ["y"]})])
    assert features_of(found)["b"].isna().tolist() == [False, True]
