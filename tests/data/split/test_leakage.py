"""Leakage that a split finds: equal rows, ids that come back, times that overlap."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mlmagic.data.ids.plain_values import UnhashableError
from mlmagic.data.split.equal_rows import hash_rows, sample_rows
from mlmagic.data.split.leakage import looks_like_id
from mlmagic.data.split.shared_rows import sample, shared_rows
from mlmagic.data.split.splitting import split


def found(made):
    return [(finding.level, finding.text) for finding in made.report.findings]


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"user_id": np.arange(400), "x": rng.normal(size=400), "note": [f"n{one}" for one in range(400)]}
    )


def in_both(made, columns):
    """Return how many test rows are in train too, by comparing each with each."""
    train = set(map(tuple, made.train[columns].itertuples(index=False)))
    return sum(tuple(row) in train for row in made.test[columns].itertuples(index=False))


class TestEqualRows:
    def test_there_are_none(self, frame):
        assert found(split(frame, by="user_id")) == []

    def test_they_are_counted_without_the_id(self, frame):
        twice = pd.concat([frame, frame[:100].assign(user_id=range(1000, 1100))])
        made = split(twice, by="user_id")
        count, rows = in_both(made, ["x", "note"]), len(made.test)
        assert count > 10
        said = f"{count} of {rows} test rows ({count / rows:.1%}) are in train too"
        assert found(made) == [("warning", f"Equal rows but for user_id: {said}.")]
        assert found(split(pl.from_pandas(twice), by="user_id")) == found(made)
        assert found(split(pa.Table.from_pandas(twice, preserve_index=False), by="user_id")) == found(made)

    def test_three_sides_are_told_in_one_line(self, frame):
        thrice = pd.concat([frame[["x", "note"]]] * 3)
        ((level, text),) = found(split(thrice, seed=1, val=0.3, test=0.3))
        assert level == "warning"
        assert text.startswith("Equal rows: ")
        assert text.count("val rows") == 1
        assert text.count("test rows") == 2

    @pytest.mark.parametrize(
        "hold",
        [
            lambda matrix: matrix,
            lambda matrix: matrix.astype("float32"),
            np.asfortranarray,
            lambda matrix: matrix.reshape(-1, 2, 2),
            lambda matrix: matrix.astype(object),
            torch.tensor,
            sp.csr_matrix,
            lambda matrix: torch.utils.data.TensorDataset(torch.tensor(matrix)),
        ],
    )
    def test_arrays_of_every_kind_are_looked_at(self, hold):
        matrix = np.random.default_rng(0).integers(0, 3, (300, 4)) / 2 + np.arange(300)[:, None] // 2
        matrix[1::2] = matrix[::2]
        made = split(hold(matrix), seed=1)
        train = {row // 2 for row in split(list(range(300)), seed=1).train}
        count = sum(row // 2 in train for row in split(list(range(300)), seed=1).test)
        assert [text for _, text in found(made)] == [
            f"Equal rows: {count} of 60 test rows ({count / 60:.1%}) are in train too."
        ]

    def test_equal_numbers_of_one_column_say_nothing(self, frame):
        frame["x"] = frame.x.round(1)
        assert found(split(frame.x, seed=1)) == []
        assert found(split(frame[["user_id", "x"]], by="user_id")) == []

    def test_rows_that_take_few_values_say_nothing(self):
        coarse = pd.DataFrame({"id": range(1000), "sex": ["f", "m"] * 500, "smokes": [0, 1, 1, 0] * 250})
        assert found(split(coarse, by="id")) == []

    def test_equal_texts_are_told(self):
        texts = [f"review {number // 2}" for number in range(200)]
        assert found(split(texts, seed=1))[0][1].startswith("Equal rows: ")

    def test_columns_that_cannot_be_compared_are_told(self, frame):
        frame["tags"] = [[1]] * len(frame)
        assert found(split(frame, by="user_id")) == [
            ("info", "Equal rows were not looked for: the values of 'tags' cannot be compared.")
        ]

    def test_missing_values_are_equal(self, frame):
        empty = frame.assign(x=frame.x.where(frame.user_id < 300), note=frame.note.where(frame.user_id < 300))
        made = split(empty, by="user_id")
        count = int(made.test.x.isna().sum())
        assert f"{count} of {len(made.test)} test rows" in str(found(made))


class TestIds:
    def test_ids_that_come_back_are_told(self, frame):
        frame["patient_id"] = frame.user_id // 4
        made = split(frame, seed=1)
        count = int(made.test.patient_id.isin(made.train.patient_id).sum())
        said = f"{count} of 80 test rows ({count / 80:.1%}) are in train too by their patient_id"
        way = "To keep each patient_id on one side: --group patient_id"
        assert found(made) == [("warning", f"patient_id spans sides: {said}. {way}")]
        assert found(split(frame, group="patient_id", seed=1)) == []

    def test_ids_that_come_back_later_are_what_a_split_by_time_is_for(self, frame):
        frame["patient_id"] = frame.user_id // 4
        assert found(split(frame, time="user_id")) == []

    @pytest.mark.parametrize("name", ["id", "ID", "user_id", "userId", "order.id", "UUID", "Patient", "groups"])
    def test_names_of_ids(self, name):
        assert looks_like_id(name)

    @pytest.mark.parametrize("name", ["valid", "paid", "humid", "idea", "identity", "user_age", "x", "", "0"])
    def test_names_of_other_things(self, name):
        assert not looks_like_id(name)


class TestTimes:
    def test_times_that_overlap_are_told(self, frame):
        frame["date"] = pd.date_range("2024", periods=400, tz="UTC")
        said = [("info", "train and test cover the same time by date. To test on what comes later: --time date")]
        for held in (frame, pl.from_pandas(frame), frame.assign(date=frame.date.dt.tz_localize(None))):
            assert found(split(held, seed=1)) == said
        assert found(split(frame, by="user_id")) == found(split(frame, time="date")) == []

    def test_missing_times_are_passed_over(self, frame):
        frame["date"] = pd.NaT
        assert found(split(frame, seed=1)) == []


@settings(deadline=None)
@given(
    arrays(np.uint64, st.integers(0, 300), elements=st.integers(0, 40) | st.integers(0, 2**64 - 1)),
    st.integers(2, 3),
    st.randoms(use_true_random=False),
)
def test_shared_rows_are_counted_as_by_comparing_each_with_each(hashes, count, random):
    sides = np.array([random.randrange(count) for _ in hashes], np.int8)
    names = ["train", "val", "test"][:count]
    expected = []
    for later in range(1, count):
        for earlier in range(later):
            rows = int(np.isin(hashes[sides == later], hashes[sides == earlier]).sum())
            if rows:
                expected.append((names[later], names[earlier], rows, int((sides == later).sum())))
    assert [(one.side, one.other, one.rows, one.of) for one in shared_rows(hashes, sides, names)] == expected


def test_shared_rows_of_many():
    """Enough rows for every table of slots to be crowded."""
    hashes = np.random.default_rng(0).integers(0, 2**63, 400_000).astype(np.uint64)
    hashes[:3_000] = hashes[-3_000:]
    sides = (np.arange(400_000) >= 200_000).astype(np.int8)
    (shared,) = shared_rows(hashes, sides, ["train", "test"])
    assert shared.rows == 3_000


@settings(deadline=None)
@given(
    arrays(
        st.sampled_from(["float64", "float32", "int8", "uint16", "bool"]),
        array_shapes(min_dims=2, max_dims=3, max_side=6),
    )
)
def test_rows_of_a_matrix_hash_alike_exactly_when_they_are_equal(matrix):
    rows = {tuple("nan" if value != value else value for value in row.reshape(-1).tolist()) for row in matrix}  # noqa: PLR0124
    assert len(rows) == len(set(hash_rows(matrix).tolist()))


def test_sparse_rows_hash_by_their_content():
    dense = np.array([[1, 0, 2], [2, 0, 1], [1, 0, 2], [0, 0, 0], [0, 1, 2]])
    written = sp.csr_matrix(dense)
    with_zero = sp.csr_matrix((np.array([0, 1, 2]), np.array([1, 0, 2]), np.array([0, 3])), (1, 3))
    hashes = hash_rows(written).tolist()
    assert hashes[0] == hashes[2] == hash_rows(with_zero)[0]
    assert len(set(hashes)) == 4


def test_a_dataset_that_reads_is_not_read():
    class Files(torch.utils.data.Dataset):
        def __len__(self):
            return 20

        def __getitem__(self, at):
            raise AssertionError(at)

    with pytest.raises(UnhashableError, match="reading each item"):
        hash_rows(Files())
    assert found(split(Files(), seed=1)) == [
        ("info", "Equal rows were not looked for: reading each item of a Dataset may take long.")
    ]


class TestSample:
    """Of more than four million rows a sample is looked at, in which equal rows are together."""

    ROWS = 4_200_000

    def test_the_share_found_in_the_sample_is_that_of_all(self):
        rng = np.random.default_rng(0)
        frame = pd.DataFrame({"user_id": np.arange(self.ROWS), "b": False, "x": rng.normal(size=self.ROWS)})
        frame.loc[: self.ROWS // 10 - 1, "x"] = frame.x.to_numpy()[-(self.ROWS // 10) :]
        made = split(frame, by="user_id", test=0.5)
        ((level, text),) = found(made)
        looked_at = len(sample_rows(frame, {"user_id"}))
        assert level == "warning"
        assert 1_000_000 < looked_at < 2_100_000
        assert text.endswith(f" are in train too, in a sample of {looked_at:,} of the 4,200,000 rows.")
        share = float(text.partition("(")[2].partition("%")[0]) / 100
        assert abs(share - made.test.x.isin(made.train.x).mean()) < 0.002

    def test_that_it_was_a_sample_is_told_when_nothing_is_found(self):
        numbers = np.arange(2 * self.ROWS).reshape(-1, 2)
        ((level, text),) = found(split(numbers, seed=1))
        assert level == "info"
        assert text.startswith("No equal rows, in a sample of ")

    def test_few_hashes_are_all_looked_at(self):
        assert sample(np.zeros(1000, np.uint64)) is None
        assert sample_rows(np.zeros((1000, 2))) is None
        chosen = sample(hash_rows(np.arange(2 * self.ROWS).reshape(-1, 2)))
        assert abs(len(chosen) / self.ROWS - 0.25) < 0.01
