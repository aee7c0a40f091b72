"""What `split` refuses: each in one error that names the value and the way out."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from mlmagic.data.split.splitting import split
from mlmagic.errors import UsageProblem
from mlmagic.snapshot.randomness import seeding

ROWS = 200


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "user_id": np.arange(ROWS),
            "price": np.linspace(0, 1, ROWS),
            "kind": ["a", "b"] * (ROWS // 2),
            "text_date": ["01/02/2024"] * ROWS,
            "date": pd.date_range("2024", periods=ROWS),
        }
    )


def test_without_anything_that_fixes_the_sides_it_says_which_ways_there_are(frame):
    with pytest.raises(UsageProblem, match="no method was given that assigns rows") as caught:
        split(frame)
    for way in ("by='user_id'", "%split --by user_id", "group=", "time=", "seed=42", "--seed 42", "%seed 42"):
        assert way in str(caught.value)


@pytest.mark.parametrize(
    ("fractions", "said"),
    [
        ({"test": 0.7, "val": 0.3}, "test=0.7 and val=0.3 leave nothing for train: together they must be less than 1"),
        ({"test": 0.9, "val": 0.9}, "leave nothing for train"),
        ({"test": -0.1}, "test is the part of the rows between 0 and 1, such as 0.2, got -0.1"),
        ({"val": -0.1}, "val is the part of the rows between 0 and 1, such as 0.2, got -0.1"),
        ({"test": 0}, "test is the part of the rows between 0 and 1, such as 0.2, got 0"),
        ({"test": 1.0}, r"got 1.0. For 1 of 200 rows: 0.005"),
        ({"test": 50}, r"got 50. For 50 of 200 rows: 0.25"),
        ({"test": 500}, "got 500.$"),
        ({"test": math.nan}, "got nan"),
        ({"val": math.nan}, "val is the part of the rows between 0 and 1, such as 0.2, got nan"),
        ({"test": math.inf}, "got inf"),
        ({"test": True}, "got True"),
        ({"val": False}, "got False"),
        ({"test": "0.2"}, "got '0.2'"),
        ({"test": None}, "got None"),
        ({"test": [0.2]}, r"got \[0.2\]"),
        (
            {"test": 0.001},
            "test would be empty: of 200 rows, the sizes asked for round to 200 for train, 0 for test. Ask for other sizes",
        ),
        (
            {"val": 0.001},
            "val would be empty: of 200 rows, the sizes asked for round to 160 for train, 0 for val, 40 for test",
        ),
        ({"test": 0.999}, "train would be empty: of 200 rows"),
    ],
)
def test_fractions_that_are_none(frame, fractions, said):
    with pytest.raises(UsageProblem, match=said):
        split(frame, seed=1, **fractions)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"by": "user_id", "stratify": "kind"}, "by and stratify contradict: a side that follows from the id alone"),
        ({"by": "user_id", "group": "kind"}, "by and group contradict"),
        ({"by": "user_id", "time": "date"}, "by and time contradict"),
        ({"stratify": "kind", "group": "user_id"}, "stratify and group contradict: whole groups cannot"),
        ({"stratify": "kind", "time": "date"}, "stratify and time contradict"),
        ({"group": "kind", "time": "date"}, "group and time contradict"),
        ({"by": "user_id", "seed": 1}, r"by and seed contradict.*give a salt: salt='2' \(--salt 2\)"),
        ({"time": "date", "seed": 1}, "time and seed contradict"),
        ({"seed": 1, "salt": "x"}, "salt='x' changes the hash of ids or groups, and this split has none"),
        ({"time": "date", "salt": "x"}, "this split has none"),
        ({"group": "user_id", "seed": 1, "salt": "x"}, "salt and seed contradict"),
        ({"stratify": "kind"}, r"stratify draws rows, so it needs a seed: seed=42 \(--seed 42\), or %seed 42"),
        ({"by": "user_id", "salt": 3}, "salt is text, got 3. Did you mean '3'"),
    ],
)
def test_wishes_that_contradict(frame, options, said):
    with pytest.raises(UsageProblem, match=said):
        split(frame, **options)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "42", True])
def test_a_seed_that_is_none(frame, seed):
    with pytest.raises(UsageProblem, match="a seed is a whole number from 0 to 4294967295, got "):
        split(frame, seed=seed)


@pytest.mark.parametrize("option", ["by", "group", "time"])
def test_a_missing_column_names_the_nearest(frame, option):
    with pytest.raises(
        UsageProblem, match=rf"{option}: df has no column 'usr_id'. Did you mean 'user_id'\? It has user"
    ):
        split(frame, names=["df"], **{option: "usr_id"})


def test_missing_columns_of_other_kinds(frame):
    with pytest.raises(UsageProblem, match=r"X or y has no column 'z'. It has user_id"):
        split(frame, frame.kind, by="z")
    with pytest.raises(UsageProblem, match="so there is no 'id'; give the values themselves"):
        split([1, 2, 3], by="id")
    with pytest.raises(UsageProblem, match=r"has no column '7'. It has 0, 1"):
        split(np.zeros((5, 2)), by="7")
    with pytest.raises(UsageProblem, match="Did you mean 'user_id'"):
        split(frame, by=["usr_id", "kind"])
    with pytest.raises(UsageProblem, match="stratify takes one column, got kind and price"):
        split(frame, stratify=["kind", "price"], seed=1)
    wide = pd.DataFrame(np.zeros((5, 30)), columns=[f"c{number}" for number in range(30)])
    with pytest.raises(UsageProblem, match=r"It has c0, .*c11, …"):
        split(wide, by="zzz")
    with pytest.raises(UsageProblem, match="2 columns are named 'kind'"):
        split(pd.concat([frame, frame[["kind"]]], axis=1), group="kind")


@pytest.mark.parametrize(
    ("option", "column", "said"),
    [
        (
            "by",
            "user_id",
            r"'user_id' is missing in 3 of 200 rows.*drop these rows \(df.dropna\(subset=\['user_id'\]\)\), or",
        ),
        ("group", "user_id", "'user_id' is missing in 3 of 200 rows.*make each a group of its own"),
        ("stratify", "kind", "'kind' is missing in 3 of 200 rows.*make 'missing' a class"),
        ("time", "date", "'date' is missing in 3 of 200 rows.*give it a time"),
    ],
)
def test_missing_values(frame, option, column, said):
    frame.loc[:2, column] = None
    with pytest.raises(UsageProblem, match=said):
        split(frame, **{option: column}, seed=1 if option in {"stratify", "group"} else None)
    polars = said.replace(r"df.dropna\(subset=\['user_id'\]\)", r"df.drop_nulls\('user_id'\)")
    with pytest.raises(UsageProblem, match=polars):
        split(pl.from_pandas(frame), **{option: column}, seed=1 if option in {"stratify", "group"} else None)


def test_a_class_too_small(frame):
    frame.loc[0, "kind"] = "rare"
    with pytest.raises(
        UsageProblem, match=r"1 class of 'kind' too small to stand on 2 sides: 'rare' has 1. Drop or merge"
    ):
        split(frame, stratify="kind", seed=1)
    frame.loc[1, "kind"] = "rare"
    assert split(frame, stratify="kind", seed=1).train.kind.tolist().count("rare") == 1
    with pytest.raises(UsageProblem, match="to stand on 3 sides: 'rare' has 2"):
        split(frame, stratify="kind", seed=1, val=0.1)


def test_classes_of_a_quantity(frame):
    with pytest.raises(
        UsageProblem, match=r"200 classes of 'price' too small.*…\. .*ranges of it \(pd.qcut\(df\['price'\], 5\)\)"
    ):
        split(frame, stratify="price", seed=1)
    assert split(frame, stratify=pd.qcut(frame.price, 5), seed=1).sizes == {"train": 160, "test": 40}


def test_times_that_are_none(frame):
    with pytest.raises(
        UsageProblem, match=r"'text_date' holds text, which sorts by letters.*pd.to_datetime\(df\['text_date'\]\)"
    ):
        split(frame, time="text_date")
    with pytest.raises(UsageProblem, match="'kind' holds values that are no times"):
        split(frame.astype({"kind": "category"}), time="kind")
    with pytest.raises(UsageProblem, match="1 different moment cannot be divided into 2 sides"):
        split(frame, time=np.zeros(ROWS))
    with pytest.raises(UsageProblem, match="2 different moments cannot be divided into 3 sides"):
        split(frame, time=np.arange(ROWS) > 9, val=0.1)


def test_groups_that_are_too_few(frame):
    with pytest.raises(UsageProblem, match="group: 2 different values of 'kind' cannot be divided into 3 sides"):
        split(frame, group="kind", val=0.1, seed=1)
    with pytest.raises(UsageProblem, match="1 different value of 'text_date'"):
        split(frame, group="text_date", seed=1)


def test_an_empty_side_by_hash(frame):
    with pytest.raises(
        UsageProblem, match=r"would be empty: none of the 1 different values of 'text_date' falls there.*--salt 2"
    ):
        split(frame, by="text_date")
    with pytest.raises(UsageProblem, match="val would be empty: none of the 200 different values"):
        split(frame, by="user_id", val=1e-6)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((), r"split needs data: mlmagic.split\(df, by='user_id'\), or %split df"),
        ((pd.DataFrame({"a": []}),), "the data has no rows"),
        (([],), "the data has no rows"),
        (([1, 2, 3], [1, 2]), "must have one number of rows: X has 3, y has 2"),
        (([1], [1], [1, 2]), "data_1 has 1, data_2 has 1, data_3 has 2"),
        (
            (pl.LazyFrame({"a": [1]}),),
            r"of type LazyFrame of polars, which is lazy: collect it first, split the data.collect\(\)",
        ),
        (
            (sp.coo_matrix((3, 3)),),
            r"of type coo_matrix of scipy, of which no rows can be taken: split the data.tocsr\(\)",
        ),
        (({"a": [1]},), "of type dict, which has no rows to take; split takes pandas, polars"),
        (("text",), "of type str, which"),
        ((b"text",), "of type bytes, which"),
        ((7,), "of type int, which"),
        ((None,), "of type NoneType, which"),
        ((np.float64(7),), "of type float64 of numpy, which"),
        ((np.array(7),), "of type ndarray of numpy, which"),
        (((x for x in "ab"),), "of type generator, which"),
        (([1],), "test would be empty: of 1 row, the sizes asked for round to 1 for train, 0 for test"),
    ],
)
def test_what_cannot_be_split(data, said):
    with pytest.raises(UsageProblem, match=said):
        split(*data, seed=1)


def test_values_that_do_not_fit_the_rows(frame):
    with pytest.raises(UsageProblem, match="by: the given values has 3 values, and the data has 200 rows"):
        split(frame, by=np.arange(3))
    with pytest.raises(UsageProblem, match="by: 'the given values' cannot divide rows: values of type list"):
        split(frame, by=[[1]] * ROWS)
    with pytest.raises(UsageProblem, match=r"an array of shape \(200, 1\)"):
        split(frame, by=np.zeros((ROWS, 1)))


def test_a_part_is_not_divided_again_by_the_same_hashes(frame):
    train, test = split(frame, by="user_id")
    with pytest.raises(
        UsageProblem, match=r"train is part of a split by the hash of user_id already.*--salt 2.*ask for val"
    ):
        split(train, by="user_id")
    with pytest.raises(UsageProblem, match="test is part of a split by the hash of user_id already"):
        split(test, test.kind, group="user_id")
    inner = split(train, by="user_id", salt="2")
    with pytest.raises(UsageProblem, match="train is part of a split"):
        split(inner.train, by="user_id")
    assert abs(inner.report.sides[1].share - 0.2) < 0.1


def test_refusing_changes_no_seed(frame):
    with pytest.raises(UsageProblem, match="would be empty"):
        split(frame, seed=1, test=0.001)
    assert seeding.current() is None
