from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.kinds import class_of, datasets_in, kind_of

DATASETS = {
    "pandas.DataFrame": pd.DataFrame({"a": [1]}),
    "pandas.Series": pd.Series([1, 2]),
    "polars.DataFrame": pl.DataFrame({"a": [1]}),
    "polars.Series": pl.Series([1, 2]),
    "numpy.ndarray": np.zeros((1, 2)),
    "scipy.sparse": sparse.csr_matrix((1, 1)),
}
NONE = [
    5, "text", b"bytes", [1, 2], (1, 2), {"a": 1}, None, range(5), (x for x in "ab"), print, object(), pd, np.float64(1), np.array(1), np.array([1]),
    np.zeros((0, 5)), pd.Series([1]), pl.Series([1]), pl.LazyFrame({"a": [1]}), pd.Index([1, 2]), pd.Timestamp("2020"), np.dtype("f8"), pd.DataFrame, np.ndarray,
]  # fmt: skip


@pytest.mark.parametrize("kind", DATASETS)
def test_a_dataset_is_known_by_its_kind(kind):
    assert kind_of(DATASETS[kind]) == kind
    [(suffix, found)] = datasets_in(DATASETS[kind])
    assert (suffix, found is DATASETS[kind]) == ("", True)


@pytest.mark.parametrize("value", NONE, ids=lambda value: type(value).__name__)
def test_anything_else_is_none(value):
    assert kind_of(value) is None
    assert datasets_in(value) == []


def test_subclasses_are_datasets_too():
    class Frame(pd.DataFrame):
        pass

    assert kind_of(Frame({"a": [1]})) == "pandas.DataFrame"
    assert kind_of(np.ma.array([1, 2])) == kind_of(np.rec.array([(1,), (2,)])) == "numpy.ndarray"


def test_a_frame_is_a_dataset_without_rows_too():
    assert kind_of(pd.DataFrame()) == "pandas.DataFrame"
    assert kind_of(pl.DataFrame()) == "polars.DataFrame"


def test_a_single_value_has_a_class_though_it_is_no_dataset():
    assert class_of(np.array(1)) == "numpy.ndarray"


def test_looking_imports_nothing():
    code = """
import sys
from mlmagic.data import kinds
kinds.datasets_in({"a": 1}); kinds.kind_of([1.0])
print(sorted({"numpy", "pandas", "polars", "torch", "scipy", "pyarrow", "mlflow", "xxhash"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_fingerprint_of_a_frame_within_a_column():
    inner = pd.DataFrame({"a": [1, 2]})
    outer = pd.DataFrame({"f": [inner, inner]})
    assert fingerprint(outer).digest == fingerprint(outer.copy()).digest
    assert fingerprint(outer).unhashed == ()
