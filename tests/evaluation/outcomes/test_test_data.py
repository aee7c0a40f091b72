"""The test data: its rows and columns, what the model gets of them, and the targets as an array."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LinearRegression

from mlmagic.errors import UsageProblem
from mlmagic.evaluation.outcomes.test_data import (
    column_names,
    for_model,
    missing_columns,
    rows_of,
    targets_of,
    text_columns,
    values_for_rows,
    warnings_of,
)

FRAME = pd.DataFrame({"b": [1.0, 2.0], "a": [3.0, 4.0]})


class Fitted:
    def __init__(self, *names, count=None):
        if names:
            self.feature_names_in_ = np.array(names)
        if count is not None:
            self.n_features_in_ = count


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (FRAME, 2),
        (pl.from_pandas(FRAME), 2),
        (pa.Table.from_pandas(FRAME), 2),
        (FRAME.to_numpy(), 2),
        (csr_array(np.eye(3)), 3),
        ([[1, 2], [3, 4], [5, 6]], 3),
        ((1, 2), 2),
        (pd.Series([1]), 1),
    ],
)
def test_rows_are_counted_in_any_library(data, rows):
    assert rows_of(data, "X") == rows


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("rows.csv", r"X is the text 'rows\.csv' \(str\): give the data itself"),
        (b"rows", "X is of type bytes"),
        ({"a": [1]}, "X is of type dict"),
        ({1, 2}, "X is of type set"),
        (3, "X is of type int"),
        (None, "X is of type NoneType"),
        (np.array(3.0), "X is of type ndarray"),
        (FRAME[:0], "X has no rows: there is nothing to evaluate on"),
        ([], "X has no rows"),
        (np.empty((0, 3)), "X has no rows"),
    ],
)
def test_what_has_no_rows_is_told(data, message):
    with pytest.raises(UsageProblem, match=message):
        rows_of(data, "X")


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (FRAME, ["b", "a"]),
        (pl.from_pandas(FRAME), ["b", "a"]),
        (pa.Table.from_pandas(FRAME), ["b", "a"]),
        (pd.DataFrame([[1, 2]]), [0, 1]),
        (FRAME.to_numpy(), None),
        ([[1, 2]], None),
    ],
)
def test_columns_have_names_in_tables(data, names):
    assert column_names(data) == names


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_a_model_gets_its_columns_in_its_order(library):
    frame = pd.DataFrame({"id": [7, 8], "a": [3.0, 4.0], "b": [1.0, 2.0]})
    data = {"pandas": frame, "polars": pl.from_pandas(frame), "arrow": pa.Table.from_pandas(frame)}[library]
    notes = []
    given = for_model(Fitted("b", "a"), data, "X", notes.append)
    assert column_names(given) == ["b", "a"]
    assert np.asarray(given).tolist() == [[1.0, 3.0], [2.0, 4.0]] or given.to_pydict() == {
        "b": [1.0, 2.0],
        "a": [3.0, 4.0],
    }
    assert notes == [
        "X: not given to the model, which was not fitted on it: id",
        "X: its columns were put into the order of training, by name",
    ]


@pytest.mark.parametrize(
    ("model", "data", "notes"),
    [
        pytest.param(Fitted("b", "a"), FRAME, [], id="as fitted"),
        pytest.param(Fitted(), FRAME, [], id="nothing is known of the model"),
        pytest.param(Fitted(count=2), FRAME.to_numpy(), [], id="as many"),
        pytest.param(Fitted(count=2), [[1, 2], [3, 4]], [], id="as many in lists"),
        pytest.param(Fitted(count=2), [1, 2], [], id="the width of a list of numbers is not known"),
        pytest.param(Fitted("b", "a", count=2), FRAME.to_numpy(), ["X has no column names: its columns are taken in the order of training"], id="an array for a table"),
    ],
)  # fmt: skip
def test_data_that_fit_are_given_as_they_are(model, data, notes):
    told = []
    assert for_model(model, data, "X", told.append) is data
    assert told == notes


def test_columns_that_are_numbers_are_matched_too():
    model = LinearRegression()
    model.feature_names_in_ = np.array(["0", "1"])
    given = for_model(model, pd.DataFrame([[1, 2, 3]], columns=[1, 2, 0]), "X", lambda _: None)
    assert given.columns.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        pytest.param(Fitted("b", "aa"), FRAME, r"X has no column 'aa', which the model was fitted on\. Did you mean 'a'\? It has b, a\.", id="a name"),
        pytest.param(Fitted(*"bcdefghijkl"), FRAME, r"no column 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', …, which", id="many names"),
        pytest.param(Fitted(count=3), FRAME.to_numpy(), "X has 2 columns, and the model was fitted on 3", id="an array"),
        pytest.param(Fitted(count=3), [[1, 2], [3, 4]], "X has 2 columns, and the model was fitted on 3", id="lists"),
    ],
)  # fmt: skip
def test_columns_that_are_missing_are_told(model, data, message):
    with pytest.raises(UsageProblem, match=message):
        for_model(model, data, "X", lambda _: None)


def test_of_many_columns_that_are_not_given_some_are_named():
    wide = pd.DataFrame(np.zeros((2, 12)), columns=[f"c{at}" for at in range(12)]).assign(a=1)
    notes = []
    for_model(Fitted("a"), wide, "X", notes.append)
    assert notes == ["X: not given to the model, which was not fitted on it: c0, c1, c2, c3, c4, c5, c6, c7 and 4 more"]


@pytest.mark.parametrize(
    ("targets", "array", "outputs"),
    [
        pytest.param([1, 2], [1, 2], (), id="a list"),
        pytest.param(pd.Series(["a", "b"]), ["a", "b"], (), id="text"),
        pytest.param(pl.Series([1.5, 2.5]), [1.5, 2.5], (), id="polars"),
        pytest.param(pd.DataFrame({"y": [1, 2]}), [1, 2], (), id="a single column"),
        pytest.param(np.array([[1], [2]]), [1, 2], (), id="a column of an array"),
        pytest.param(
            pd.DataFrame({"u": [1, 2], "v": [3, 4]}), [[1, 3], [2, 4]], ("u", "v"), id="two outputs with names"
        ),
        pytest.param(np.array([[1, 3], [2, 4]]), [[1, 3], [2, 4]], ("0", "1"), id="two outputs without"),
        pytest.param(csr_array(np.eye(2)), [[1.0, 0.0], [0.0, 1.0]], ("0", "1"), id="a sparse matrix of labels"),
        pytest.param(pd.Series(["a", "b"], dtype="category"), ["a", "b"], (), id="categories"),
        pytest.param(pd.Series([1, 0], dtype="Int64"), [1, 0], (), id="nullable numbers"),
    ],
)
def test_targets_are_an_array_with_the_names_of_outputs(targets, array, outputs):
    found, names = targets_of(targets, 2, "y", "X")
    assert (found.tolist(), names) == (array, outputs)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([1], r"y has 1 values, and X has 2 rows: give one for each row"),
        (
            [1.0, None],
            r"y is missing \(NaN\) in 1 of 2 rows: .* known = pd\.notna\(y\), then X\[known\] and y\[known\]",
        ),
        ([[1.0, np.nan], [np.nan, np.nan]], r"y is missing \(NaN\) in 2 of 2 rows"),
        (
            pd.Series(["a", 1.5], dtype=object),
            r"y mixes text and other values: give labels of one type, y\.astype\(str\)",
        ),
        ([[1], [1, 2]], r"y has rows of different lengths: give one value for each row"),
        (np.zeros((2, 2, 2)), r"y has 3 dimensions: give a column, or a column for each output"),
    ],
)
def test_targets_that_cannot_be_judged_by(targets, message):
    with pytest.raises(UsageProblem, match=message):
        targets_of(targets, 2, "y", "X")


@pytest.mark.parametrize(
    ("wanted", "label", "values"),
    [
        ("a", "a", [3.0, 4.0]),
        ([5, 6], "by", [5, 6]),
        (pd.Series(["x", "y"], index=[9, 8]), "by", ["x", "y"]),
        (pl.Series(["x", "y"]), "by", ["x", "y"]),
    ],
)
def test_values_for_rows_are_a_column_or_given(wanted, label, values):
    found = values_for_rows("by", wanted, FRAME, 2, "X")
    assert (found[0], found[1].tolist()) == (label, values)


@pytest.mark.parametrize(
    ("wanted", "data", "message"),
    [
        ("aa", FRAME, r"by: X has no column 'aa'\. Did you mean 'a'\? It has b, a\."),
        ("a", FRAME.to_numpy(), r"by: X has no column 'a'\. It has no named columns: give the values\."),
        ([1, 2, 3], FRAME, "by: by has 3 values, and X has 2 rows"),
        ([[1, 2], [3, 4]], FRAME, "by: by has 2 values, and X has 2 rows"),
        ([[1], [3, 4]], FRAME, "by: by has rows of different lengths"),
        ("b", FRAME.rename(columns={"a": "b"}), "by: b has "),
    ],
)
def test_values_that_are_not_one_for_each_row(wanted, data, message):
    with pytest.raises(UsageProblem, match=message):
        values_for_rows("by", wanted, data, 2, "X")


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (pd.DataFrame({"n": [1], "s": ["a"], "o": [{}], "c": pd.Categorical(["a"])}), ["s", "o"]),
        (pl.DataFrame({"n": [1], "s": ["a"]}), ["s"]),
        (np.array([["a"]]), []),
        ([["a"]], []),
    ],
)
def test_columns_of_text_are_named(data, names):
    assert list(text_columns(data)) == names


@pytest.mark.parametrize(
    ("targets", "is_told"),
    [
        (pd.Series([0, 1], index=[0, 1]), False),
        (pd.Series([0, 1], index=[1, 0]), True),
        (np.array([0, 1]), False),
        ([0, 1], False),
    ],
)
def test_rows_that_are_matched_by_position_though_their_indexes_differ_are_told(targets, is_told):
    told = warnings_of(FRAME, targets, "X", "y")
    assert told == (["X and y have different indexes: their rows were matched by position"] if is_told else [])


def test_only_columns_of_text_that_is_no_number_are_named():
    table = pd.DataFrame({"a": ["1", "2.5", None], "b": ["1", "abc", "3"], "c": [1, 2, 3]}, dtype=object)
    assert text_columns(table) == ["b"]
    assert text_columns(pl.DataFrame({"a": ["1", "2"], "b": ["1", "x"]})) == ["b"]


def test_columns_with_missing_values_are_named():
    table = pd.DataFrame({"a": [1.0, None], "b": [1.0, 2.0]})
    assert missing_columns(table) == ["a"]
    assert missing_columns(pl.DataFrame({"a": [1.0, 2.0], "b": [None, 2.0]})) == ["b"]
    assert missing_columns(np.array([[1.0, np.nan]])) == ["1"]
