"""`split`: what stays on its side, what adds up, and what each way of dividing promises."""

import itertools
import math
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlmagic.data.ids.columns import plain
from mlmagic.data.ids.id_hash import hash_ids, hash_values
from mlmagic.data.split.registry import splits_of
from mlmagic.data.split.sides import Fractions, salt_keys, sides_by_hash, sides_drawn
from mlmagic.data.split.splitting import Split, split
from mlmagic.data.split.strata import apportion
from mlmagic.snapshot.randomness import seeding

FRACTION = st.floats(0.01, 0.98)


@pytest.fixture(autouse=True)
def _no_seed():
    yield
    seeding.forget()


@pytest.fixture
def people():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "user_id": np.arange(1000),
            "patient": rng.integers(0, 60, 1000),
            "x": rng.normal(size=1000),
            "kind": rng.choice(["a", "b", "c"], 1000, p=[0.7, 0.25, 0.05]),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, 1000), unit="D"),
        }
    )


def side_of(made: Split, column="user_id") -> dict:
    """Return the side of each id."""
    return {one: side for side, part in made.parts.items() for one in list(part[column])}


class TestById:
    def test_the_sides_of_ids_never_change(self):
        """These ids are on these sides for ever: see `SCHEME`."""
        made = split(pd.DataFrame({"id": range(30)}), by="id", test=0.3, val=0.2)
        assert made.test.id.tolist() == [2, 4, 5, 8, 10, 13, 18, 19, 25, 29]
        assert made.val.id.tolist() == [9, 11, 17, 28]
        made = split(pd.DataFrame({"id": list("abcdefghijklmnopqrstuvwxyz")}), by="id", salt="2")
        assert "".join(made.test.id) == "aovyz"

    @settings(deadline=None)
    @given(st.lists(st.integers(0, 10_000), min_size=60, max_size=200, unique=True), st.randoms(use_true_random=False))
    def test_a_row_stays_on_its_side(self, ids, random):
        """However the rows are ordered, chosen, added, typed and held."""
        before = side_of(split(pd.DataFrame({"user_id": ids}), by="user_id", test=0.4, val=0.3))
        shuffled = random.sample(ids, len(ids))
        more = shuffled + list(range(20_000, 20_100))
        some = shuffled[:50]
        others = [
            pd.DataFrame({"user_id": shuffled}),
            pd.DataFrame({"user_id": more}, dtype="int32"),
            pd.DataFrame({"user_id": more}, dtype="Int64"),
            pd.DataFrame({"user_id": more}, dtype="float64"),
            pd.DataFrame({"user_id": more}, dtype="category"),
            pl.DataFrame({"user_id": more}),
            pa.table({"user_id": more}).append_column("x", pa.nulls(len(more))),
        ]
        for other in others:
            made = split(other, by="user_id", test=0.4, val=0.3)
            after = {getattr(one, "as_py", lambda one=one: one)(): side for one, side in side_of(made).items()}
            assert {one: after[one] for one in before} == before
        array = split(np.array(more, "uint16"), by=np.array(more), test=0.4, val=0.3)
        assert {one: before[one] for one in array.test.tolist() if one in before} == {
            one: side for one, side in before.items() if side == "test"
        }
        subset = split(pd.DataFrame({"user_id": some + more}), by="user_id", test=0.4, val=0.3)
        assert {one: side for one, side in side_of(subset).items() if one in before} == before

    def test_the_rows_of_an_id_stay_together(self):
        frame = pd.DataFrame({"user_id": np.repeat(np.arange(100), 7), "x": range(700)})
        made = split(frame, by="user_id")
        assert not set(made.train.user_id) & set(made.test.user_id)

    @settings(deadline=None)
    @given(FRACTION, FRACTION, st.lists(st.text(), min_size=1))
    def test_a_larger_test_holds_the_smaller_one_and_val_leaves_test_alone(self, first, second, ids):
        hashes = hash_ids(ids)
        small, large = sorted([first, second])
        in_small = sides_by_hash(hashes, Fractions(small)) == 2
        in_large = sides_by_hash(hashes, Fractions(large)) == 2
        with_val = sides_by_hash(hashes, Fractions(small, (1 - small) / 2)) == 2
        assert not (in_small & ~in_large).any()
        assert (in_small == with_val).all()

    def test_fractions_are_those_asked_over_ten_thousand_salts(self):
        """For 10,000 salts the numbers of rows vary as draws do, and their mean is within five standard errors."""
        ids, fractions = np.arange(500), Fractions(0.2, 0.1)
        counts = np.array(
            [
                np.bincount(sides_by_hash(hash_ids(ids, salt=str(salt)), fractions), minlength=3)
                for salt in range(10_000)
            ]
        )
        for number, part in enumerate((0.7, 0.1, 0.2)):
            spread = math.sqrt(500 * part * (1 - part))
            assert abs(counts[:, number].mean() - 500 * part) < 5 * spread / 100
            assert abs(counts[:, number].std() / spread - 1) < 0.04
            assert abs(counts[:, number] - 500 * part).max() < 6 * spread

    def test_each_id_is_on_each_side_as_often_over_ten_thousand_salts(self):
        ids, fractions = plain(["a", "user_1", "user_2", ""]), Fractions(0.25)
        tests = sum(sides_by_hash(hash_values(ids, salt_keys(str(salt))), fractions) == 2 for salt in range(10_000))
        assert (abs(tests - 2500) < 5 * math.sqrt(10_000 * 0.25 * 0.75)).all()

    @pytest.mark.parametrize("part", [1e-6, 0.123457, 0.5, 1 - 1e-6])
    def test_fractions_hold_to_a_millionth(self, part):
        """Evenly spaced hashes are divided as asked, to the row."""
        hashes = np.arange(4_000_000, dtype=np.uint64) * np.uint64(2**64 // 4_000_000)
        assert abs((sides_by_hash(hashes, Fractions(part)) == 2).mean() - part) < 1e-6

    def test_salts_divide_independently(self):
        ids = np.arange(100_000)
        first, second = (sides_by_hash(hash_ids(ids, salt=salt), Fractions(0.5)) == 2 for salt in ("", "2"))
        assert abs((first & second).mean() - 0.25) < 0.01

    def test_several_columns_are_an_id_together(self, people):
        people["part"] = people.user_id % 10
        made = split(people, by=["patient", "part"])
        sides = [set(zip(part.patient, part.part, strict=True)) for part in made]
        assert not sides[0] & sides[1]
        assert set(made.train.patient) & set(made.test.patient)

    def test_an_index_level_can_be_the_id(self, people):
        made = split(people.set_index("user_id"), by="user_id")
        assert made.test.index.tolist() == split(people, by="user_id").test.user_id.tolist()

    def test_the_session_seed_does_not_count(self, people):
        before = side_of(split(people, by="user_id"))
        seeding.seed(3)
        assert side_of(split(people, by="user_id")) == before


class TestSeed:
    def test_the_rows_of_a_seed_never_change(self):
        made = split(list(range(20)), seed=42, test=0.3, val=0.2)
        assert made.test == [5, 8, 14, 15, 18, 19]
        assert made.val == [2, 7, 9, 12]

    @settings(deadline=None)
    @given(st.integers(2, 400), FRACTION, st.floats(0, 0.9), st.integers(0, 2**32 - 1))
    def test_sizes_are_exact_and_the_parts_are_the_whole(self, rows, test, val, seed):
        fractions = Fractions(test, val)
        wanted = fractions.counts(rows)
        assume(sum(wanted) < rows and test + val < 1 and wanted[1])
        counts = np.bincount(sides_drawn(rows, fractions, seed), minlength=3).tolist()
        assert counts == [rows - sum(wanted), *wanted]

    def test_each_row_is_drawn_as_often(self):
        drawn = sum(sides_drawn(50, Fractions(0.2), seed) == 2 for seed in range(5_000))
        assert (abs(drawn - 1_000) < 5 * math.sqrt(5_000 * 0.2 * 0.8)).all()

    def test_the_seed_of_the_session_counts_and_another_one_goes_before_it(self, people):
        seeding.seed(7)
        assert split(people).identity["seed"] == 7
        assert side_of(split(people)) == side_of(split(people, seed=7))
        assert split(people, seed=8).identity["seed"] == 8
        assert side_of(split(people, seed=8)) != side_of(split(people))

    def test_drawing_leaves_the_session_generators_alone(self, people):
        seeding.seed(7)
        state = np.random.get_state()[1].tolist()
        split(people)
        assert np.random.get_state()[1].tolist() == state


class TestStratify:
    @settings(deadline=None)
    @given(
        st.lists(st.integers(3, 60), min_size=1, max_size=6),
        st.floats(0.05, 0.6),
        st.sampled_from([0.0, 0.1, 0.3]),
        st.integers(0, 99),
    )
    def test_each_class_has_its_part_on_each_side(self, sizes, test, val, seed):
        classes = np.repeat(np.arange(len(sizes)), sizes)
        wanted = Fractions(test, val).counts(len(classes))
        assume(wanted[1] and (wanted[0] or not val) and sum(wanted) < len(classes))
        made = split(classes, stratify=classes, test=test, val=val, seed=seed)
        for number, size in enumerate(sizes):
            on = {side: int((part == number).sum()) for side, part in made.parts.items()}
            assert min(on.values()) >= 1
            assert sum(on.values()) == size
            assert on["test"] <= max(math.ceil(size * test - 1e-9), 1)
            assert abs(on["test"] - size * test) < 1 or on["train"] == 1 or on["test"] == 1
            assert abs(on.get("val", 0) - size * val) < 1 or on["train"] == 1

    def test_proportions_are_exact_where_rows_allow(self, people):
        people["kind"] = ["a"] * 600 + ["b"] * 300 + ["c"] * 100
        made = split(people, stratify="kind", val=0.1, seed=1)
        for part, share in zip(made, (0.7, 0.1, 0.2), strict=True):
            assert part.kind.value_counts().to_dict() == {
                "a": round(600 * share), "b": round(300 * share), "c": round(100 * share),
            }  # fmt: skip

    def test_the_whole_is_as_large_as_without_classes(self, people):
        assert split(people, stratify="kind", seed=1).sizes == {"train": 800, "test": 200}

    @settings(deadline=None)
    @given(st.lists(st.floats(0, 50), min_size=1, max_size=20))
    def test_quotas_are_rounded_up_or_down_to_their_sum(self, quotas):
        total = int(sum(quotas) + 0.5)
        rounded = apportion(np.array(quotas), total)
        assert all(abs(one - quota) < 1 + 1e-6 for one, quota in zip(rounded, quotas, strict=True))
        assert rounded.sum() == total or (rounded.sum() > total and min(quotas) < 1)

    def test_labels_of_any_kind_are_classes(self):
        for labels in (
            ["x", "y"] * 20,
            [True, False] * 20,
            [1.5, 2.5] * 20,
            torch.tensor([0, 1] * 20),
            pl.Series([0, 1] * 20),
        ):
            made = split(list(range(40)), stratify=labels, seed=1)
            assert sorted(one % 2 for one in made.test) == [0] * 4 + [1] * 4


class TestGroup:
    @settings(deadline=None)
    @given(st.lists(st.integers(1, 30), min_size=3, max_size=40), st.floats(0.1, 0.5), st.integers(0, 99))
    def test_no_group_spans_sides_and_none_is_lost(self, sizes, test, seed):
        groups = np.repeat(np.arange(len(sizes)), sizes)
        wanted = Fractions(test, 0.2).counts(len(groups))
        assume(min(wanted) and sum(wanted) < len(groups))
        made = split(groups, group=groups, test=test, val=0.2, seed=seed)
        parts = [set(part.tolist()) for part in made]
        assert sum(len(part) for part in parts) == len(sizes)
        assert all(parts)

    def test_sides_come_near_what_was_asked(self, people):
        for seed in range(50):
            assert abs(split(people, group="patient", seed=seed).sizes["test"] - 200) <= 8  # half a group

    def test_groups_stay_where_they_are_when_rows_are_reordered(self, people):
        before = side_of(split(people, group="patient", seed=3))
        assert side_of(split(people.sample(frac=1, random_state=1), group="patient", seed=3)) == before

    def test_without_a_seed_the_hash_of_the_group_decides(self, people):
        by_id, by_group = split(people, by="patient"), split(people, group="patient")
        assert side_of(by_id) == side_of(by_group)
        assert by_group.identity["seed"] is None
        assert side_of(split(people, group="patient", salt="2")) != side_of(by_group)

    @pytest.mark.parametrize("seed", [0, None])
    def test_a_group_larger_than_its_side_is_told(self, seed):
        groups = ["big"] * 60 + [f"small {number}" for number in range(40)]
        made = split(list(range(100)), group=groups, seed=seed)
        (warning, *_) = [finding.text for finding in made.report.findings if finding.level == "warning"]
        side = next(side for side, part in made.parts.items() if 0 in part)
        assert warning == (
            f"Group 'big' of the given values has 60 rows, more than the 20 that test should have; it is in {side}."
        )

    def test_two_large_groups_can_still_be_divided(self):
        made = split(list(range(10)), group=[1] * 5 + [2] * 5, seed=1, test=0.1)
        assert sorted(made.sizes.values()) == [5, 5]


class TestTime:
    @settings(deadline=None)
    @given(st.lists(st.integers(0, 40), min_size=4, max_size=200), st.floats(0.1, 0.5), st.sampled_from([0.0, 0.2]))
    def test_sides_follow_each_other_and_a_moment_stands_on_one(self, times, test, val):
        rows = len(times)
        wanted = Fractions(test, val).counts(rows)
        assume(len(set(times)) >= (3 if val else 2) and wanted[1] and (wanted[0] or not val) and sum(wanted) < rows)
        made = split(times, time=np.array(times), test=test, val=val)
        parts = list(made)
        assert all(parts)
        assert sorted(times) == [one for part in parts for one in sorted(part)]
        assert all(max(early) < min(late) for early, late in itertools.pairwise(parts))

    def test_the_cut_is_the_nearest_to_what_was_asked(self):
        made = split(list(range(10)), time=[1, 1, 1, 1, 1, 1, 1, 2, 2, 2], test=0.2)
        assert made.sizes == {"train": 7, "test": 3}
        made = split(list(range(10)), time=[1, 1, 2, 2, 2, 2, 2, 2, 2, 2], test=0.2)
        assert made.sizes == {"train": 2, "test": 8}

    def test_dates_of_every_kind_are_times(self, people):
        before = side_of(split(people, time="day", val=0.1))
        zoned = people.assign(day=people.day.dt.tz_localize("Asia/Tokyo"))
        objects = people.assign(day=people.day.dt.date)
        for frame in (zoned, objects, pl.from_pandas(people), pa.Table.from_pandas(people)):
            made = split(frame, time="day", val=0.1)
            after = {getattr(one, "as_py", lambda one=one: one)(): side for one, side in side_of(made).items()}
            assert after == before

    def test_it_says_when_the_sides_begin(self, people):
        made = split(people, time="day", val=0.1)
        assert made.report.how == (
            f"in order of day: val from {made.val.day.min():%Y-%m-%d}, test from {made.test.day.min():%Y-%m-%d}"
        )


class TestParts:
    def test_parts_are_unpacked_in_the_order_of_scikit_learn(self, people):
        y = people.pop("kind")
        x_train, x_test, y_train, y_test = split(people, y, seed=1)
        assert x_train.index.equals(y_train.index)
        assert x_test.index.equals(y_test.index)
        assert list(split(people, y, seed=1, val=0.1).parts) == [
            "X_train", "X_val", "X_test", "y_train", "y_val", "y_test",
        ]  # fmt: skip
        assert list(split(people, y, y, seed=1).parts)[-2:] == ["data_3_train", "data_3_test"]

    def test_parts_are_had_by_name(self, people):
        made = split(people, by="user_id")
        assert made["train"] is made.train is next(iter(made))
        assert len(made) == 2
        with pytest.raises(AttributeError, match=r"has no part 'tests'. Did you mean 'test'"):
            made.tests  # noqa: B018
        with pytest.raises(KeyError, match="It has train, test"):
            made["val"]
        assert (
            repr(made) == f"<Split by the hash of user_id; train: {len(made.train)} rows, test: {len(made.test)} rows>"
        )

    def test_order_index_and_types_are_kept(self, people):
        frame = people.set_index(pd.Index([f"row {number}" for number in range(1000)])).astype({"kind": "category"})
        made = split(frame, seed=1)
        assert (made.train.dtypes == frame.dtypes).all()
        pd.testing.assert_frame_equal(made.train, frame.loc[made.train.index])
        assert made.test.index.tolist() == [row for row in frame.index if row in set(made.test.index)]

    def test_a_part_can_be_written_to_without_a_warning_and_leaves_the_data_alone(self, people):
        before = people.copy()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            train, _ = split(people, by="user_id")
            train["x"] = 0.0
            train.loc[train.index[0], "kind"] = "z"
        pd.testing.assert_frame_equal(people, before)

    @pytest.mark.parametrize(
        "make",
        [
            lambda rows: pd.DataFrame({"a": rows}),
            lambda rows: pd.Series(rows, name="a"),
            pd.Index,
            lambda rows: pl.DataFrame({"a": rows}),
            lambda rows: pl.Series("a", rows),
            lambda rows: pa.table({"a": rows}),
            np.array,
            lambda rows: np.array(rows).reshape(-1, 1, 1) * np.ones((1, 2, 3)),
            lambda rows: np.array([(row, "x") for row in rows], [("a", "i8"), ("b", "U3")]),
            np.ma.MaskedArray,
            lambda rows: sp.csr_matrix(np.array(rows)[:, None]),
            lambda rows: sp.csc_array(np.array(rows)[:, None]),
            torch.tensor,
            list,
            tuple,
        ],
    )
    def test_the_same_kind_comes_out(self, make):
        whole = make(list(range(1, 51)))
        made = split(whole, seed=5)
        assert all(type(part) is type(whole) for part in made)
        expected = split(list(range(1, 51)), seed=5)
        for part, rows in zip(made, expected, strict=True):
            again = make(rows)
            if isinstance(whole, list | tuple):
                assert part == again
            elif sp.issparse(whole):
                assert (part != again).nnz == 0
            elif isinstance(whole, pl.DataFrame | pl.Series | pa.Table):
                assert part.equals(again)
            else:
                assert np.array_equal(np.asarray(part), np.asarray(again))

    def test_a_torch_dataset_becomes_subsets(self):
        data = torch.utils.data.TensorDataset(torch.arange(50), torch.arange(50) % 2)
        made = split(data, seed=5)
        assert [int(x) for x, _ in made.test] == split(list(range(50)), seed=5).test

    @settings(max_examples=30, deadline=None)
    @given(
        st.integers(5, 300), st.floats(0.2, 0.4), st.sampled_from([0.0, 0.25]), st.sampled_from(["by", "group", "seed"])
    )
    def test_parts_are_disjoint_and_complete(self, rows, test, val, way):
        frame = pd.DataFrame({"user_id": np.arange(rows * 3) // 3, "row": np.arange(rows * 3)})
        options = {"seed": 1} if way == "seed" else {way: "user_id"}
        try:
            made = split(frame, test=test, val=val, **options)
        except ValueError as error:
            assert "would be empty" in str(error)  # noqa: PT017 - few ids may all fall on one side
            return
        rows_of = [row for part in made for row in part.row]
        assert sorted(rows_of) == frame.row.tolist()
        assert sum(made.sizes.values()) == len(frame)


class TestIdentity:
    def test_the_identity_gives_the_same_split_again(self, people):
        made = split(people, group="patient", val=0.1, seed=3)
        assert made.identity == {
            "scheme": 1,
            "method": "group",
            "columns": ["patient"],
            "test": 0.2,
            "val": 0.1,
            "seed": 3,
            "salt": "",
            "sizes": dict(made.sizes),
        }

    def test_a_part_knows_its_split_and_what_it_was_a_part_of(self, people):
        first = split(people, by="user_id")
        second = split(first.train, first.train.kind, seed=2)
        (part,) = splits_of(first.test)
        assert (part.name, part.side, part.rows) == ("test", "test", len(first.test))
        assert part.identity is first.identity
        inner, outer = splits_of(second["X_test"])
        assert (inner.name, inner.side, inner.identity["method"]) == ("X_test", "test", "seed")
        assert (outer.name, outer.identity["method"]) == ("train", "by")
        assert splits_of(people) == splits_of(first.test.copy()) == ()

    def test_what_cannot_be_remembered_is_not(self):
        assert splits_of(split(list(range(10)), seed=1).test) == ()

    def test_a_part_that_is_gone_is_forgotten(self, people):
        from mlmagic.data.split.registry import _parts

        made = split(people.to_numpy(), seed=1)
        numbers = {id(part) for part in made}
        assert numbers <= set(_parts)
        del made
        assert not numbers & set(_parts)
