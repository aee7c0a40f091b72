"""``mlmagic.drift`` on data that drifted in one known way, and on data that did not."""

import random

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

import mlmagic
from mlmagic.errors import UsageProblem


def table(seed, rows=1000, *, correlation=0.8):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return pd.DataFrame({
        "x": x,
        "y": correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=rows),
        "amount": rng.lognormal(3, 1, rows),
        "region": rng.choice(["north", "south", "east"], rows, p=[0.5, 0.3, 0.2]),
        "visits": rng.integers(0, 6, rows),
        "is_new": rng.random(rows) < 0.3,
        "at": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 8000, rows), unit="h"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def reference():
    return table(1)


@pytest.fixture
def current():
    return table(2)


def columns_only(reference, current, **options):
    return mlmagic.drift(reference, current, multivariate=False, **options)


def test_equal_data_does_not_drift(reference, current):
    report = mlmagic.drift(reference, current)
    assert (report.drifted, report.is_drifted, bool(report.schema)) == ([], False, False)
    assert set(report.columns) == set(reference)
    assert report.multivariate.p > 0.01
    assert (report.reference, report.current, report.rows) == ("reference", "current", (1000, 1000))


def swap(frame):
    return frame["region"].where(frame.index % 4 != 0, "east")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("x", lambda frame: frame["x"] + 0.3),
        ("x", lambda frame: frame["x"] * 1.6),
        ("amount", lambda frame: frame["amount"].where(frame["amount"] < 50, frame["amount"] * 20)),
        ("region", swap),
        ("visits", lambda frame: frame["visits"].where(frame["visits"] > 0, 5)),
        ("is_new", lambda frame: frame["is_new"] | (frame.index % 4 == 0)),
        ("at", lambda frame: frame["at"] + pd.Timedelta(days=60)),
        ("amount", lambda frame: frame["amount"].where(frame.index % 8 != 0)),
        ("region", lambda frame: frame["region"].where(frame.index % 8 != 0)),
    ],
    ids=["mean", "scale", "tail", "category", "whole numbers", "bool", "dates", "missing numbers", "missing text"],
)
def test_the_column_that_changed_is_found_and_no_other(reference, current, name, change):
    current[name] = change(current)
    report = columns_only(reference, current)
    assert report.drifted == [name]
    assert next(iter(report.columns)) == name


def test_a_gone_correlation_is_found_by_all_columns_together_only(reference):
    report = mlmagic.drift(reference, table(3, correlation=0.0))
    assert report.drifted == []
    assert report.is_drifted
    assert report.multivariate.drifted
    assert report.multivariate.auc > 0.65
    assert {name for name, _ in report.multivariate.columns[:2]} == {"x", "y"}
    assert not mlmagic.drift(reference, table(3, correlation=0.0), multivariate=False).is_drifted


def test_a_significant_difference_below_the_smallest_effect_is_no_drift():
    rng = np.random.default_rng(0)
    first, second = ({"x": rng.normal(mean, 1, 200_000)} for mean in (0, 0.03))
    report = columns_only(pd.DataFrame(first), pd.DataFrame(second))
    assert report.columns["x"].p < 1e-9
    assert report.columns["x"].distance < 0.02
    assert not report.is_drifted
    assert columns_only(pd.DataFrame(first), pd.DataFrame(second), min_effect=0.005).drifted == ["x"]


def test_false_alarms_are_rare():
    rng = np.random.default_rng(11)
    rounds, alarms, uncorrected = 30, 0, 0
    for _ in range(rounds):
        first, second = (pd.DataFrame(rng.normal(size=(200, 20))) for _ in range(2))
        report = columns_only(first, second)
        alarms += report.is_drifted
        uncorrected += min(one.p for one in report.columns.values()) < 0.05
    assert alarms <= 0.05 * rounds + 3 * np.sqrt(0.05 * 0.95 * rounds)
    assert uncorrected > rounds / 3


def test_the_corrections_are_as_strict_as_they_say(reference, current):
    current["x"] += 0.11
    p = {
        how: columns_only(reference, current, correction=how).columns["x"].p_corrected
        for how in ("none", "bh", "bonferroni")
    }
    assert p["none"] < p["bh"] <= p["bonferroni"] == pytest.approx(p["none"] * 7)


def test_the_same_from_every_library(reference, current):
    current["x"] += 0.5
    plain = columns_only(reference, current)
    for convert in (pl.from_pandas, lambda frame: pl.from_pandas(frame).to_arrow()):
        found = columns_only(convert(reference), convert(current))
        assert found.drifted == plain.drifted == ["x"]
        for name, one in found.columns.items():
            assert one.p == pytest.approx(plain.columns[name].p, abs=1e-12)
    array = columns_only(reference[["x", "y"]].to_numpy(), current[["x", "y"]].to_numpy())
    assert array.drifted == ["0"]


def test_dates_with_zones_are_compared_as_instants(reference):
    there = reference.assign(at=reference["at"].dt.tz_localize("UTC"))
    here = reference.assign(at=reference["at"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"))
    assert columns_only(there, here).columns["at"].distance == 0


def test_schema(reference, current):
    current = current.drop(columns="y").assign(
        new=1, amount=current["amount"].astype(str), region=current["region"].replace("east", "west")
    )
    report = columns_only(reference, current)
    assert (report.schema.missing, report.schema.new) == (("y",), ("new",))
    (retyped,) = report.schema.retyped
    assert retyped.name == "amount"
    assert "numbers stored as text" in retyped.note
    assert "amount" in report.not_compared
    region = report.columns["region"]
    assert (region.new_levels, region.drifted) == (("west",), True)
    assert region.new_share == pytest.approx((current["region"] == "west").mean())
    assert report.is_drifted


def test_beyond_the_range_and_infinite(reference, current):
    current.loc[:99, "x"] = np.inf
    found = columns_only(reference, current).columns["x"]
    assert found.infinite == (0, 100)
    assert found.outside >= 0.1
    assert found.drifted


def test_target_and_predictions_come_first(reference, current):
    y = (reference["x"] > 0).astype(int)
    model = LogisticRegression().fit(reference[["x", "y"]], y)
    current["x"] += 0.8
    current["amount"] *= 3
    report = columns_only(reference, current, model=model, target=(y, (current["x"] > 0).astype(int)))
    assert list(report.columns)[:3] == ["target", "prediction", "x"]
    assert [one.role for one in report.columns.values()][:3] == ["target", "prediction", "column"]
    assert report.columns["x"].importance == 1
    assert report.columns["amount"].importance == 0
    assert {"target", "prediction", "x", "amount"} == set(report.drifted)
    named = columns_only(reference, current, target="visits")
    assert next(iter(named.columns)) == "visits"


def test_a_regression_and_a_forest_of_three_classes(reference, current):
    current["x"] += 0.8
    for model in (
        LinearRegression().fit(reference[["x"]], reference["y"]),
        RandomForestClassifier(10, random_state=0).fit(reference[["x"]], pd.cut(reference["x"], 3, labels=list("abc"))),
        lambda frame: frame["x"] * 2,
    ):
        assert "prediction" in columns_only(reference, current, model=model).drifted


def test_a_model_that_fails_on_drifted_data_costs_only_its_predictions(reference, current):
    model = LogisticRegression().fit(reference[["x"]], reference["is_new"])
    report = columns_only(reference, current.drop(columns="x"), model=model)
    assert "prediction" not in report.columns
    assert any("the predictions were not compared" in note.text for note in report.notes)


def test_groups(reference, current):
    south = current["region"] == "south"
    current.loc[south, "x"] += 1.5
    current.loc[current.index[:4], "region"] = "west"
    report = columns_only(reference, current, by="region")
    drifted = {group.value: group.drifted for group in report.groups}
    assert drifted["south"] == ["x"]
    assert drifted["north"] == drifted["east"] == []
    assert next(one for one in report.groups if one.value == "west").note == "fewer than 30 rows"
    frame = report.to_dataframe()
    assert set(frame["group"]) == {"", "region=north", "region=south", "region=east"}


def test_the_users_random_numbers_stay_as_they_are(reference, current):
    model = LogisticRegression().fit(reference[["x"]], reference["is_new"])
    np.random.seed(7)
    random.seed(7)
    expected = (np.random.random(), random.random())
    np.random.seed(7)
    random.seed(7)
    first = mlmagic.drift(reference, current, model=model)
    assert (np.random.random(), random.random()) == expected
    again = mlmagic.drift(reference, current).multivariate
    assert (again.auc, again.p) == (first.multivariate.auc, first.multivariate.p)


FRAME = pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": ["x", "y", "x"]})


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((FRAME[:0], FRAME), {}, "has no rows"),
        ((FRAME, FRAME[:0]), {}, "current has no rows"),
        ((FRAME, FRAME[[]]), {}, "current has no columns: there is nothing to compare"),
        ((pd.DataFrame([[1, 2]], columns=["a", "a"]), FRAME), {}, "several columns named 'a'"),
        ((FRAME, FRAME), {"columns": ["c"]}, r"columns: FRAME has no column 'c'\. It has a, b"),
        ((FRAME, FRAME), {"columns": "a"}, "columns is a list of names"),
        ((FRAME, FRAME), {"by": "bb"}, "Did you mean 'b'"),
        ((FRAME, FRAME), {"by": "a"}, None),
        ((FRAME, FRAME), {"target": "z"}, "target: FRAME has no column 'z'"),
        ((FRAME, FRAME), {"target": [1]}, "target is the name of a column, or the targets of both sides"),
        ((FRAME, FRAME), {"target": ([1, 2, 3], [1])}, "target: 1 targets for the 3 rows of FRAME"),
        ((FRAME, FRAME), {"target": ([1, 2, 3], [[1], [2], [3]])}, "the second target cannot be compared"),
        ((FRAME, FRAME), {"alpha": 5}, "alpha is a number between 0 and 1"),
        ((FRAME, FRAME), {"min_effect": -1}, "min_effect is a distance from 0 to 1"),
        ((FRAME, FRAME), {"correction": "BH"}, r"correction is bh, bonferroni, none, not 'BH' \(str\)\. Did you mean"),
        ((FRAME, FRAME), {"model": 5}, "model is a fitted model"),
        ((FRAME, 5), {}, r"current is 5 \(int\): drift compares tables"),
        ((FRAME, np.zeros((2, 2, 2))), {}, "drift compares tables"),
        ((pl.LazyFrame({"a": [1]}), FRAME), {}, r"\.collect\(\)"),
        ((FRAME, "gone.csv"), {}, "there is no file gone.csv"),
    ],
)
def test_bad_input_is_one_line(arguments, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if message is None:
        message = "by: 'a' has numbers or dates of more than 20 different values"
    with pytest.raises(UsageProblem, match=message) as raised:
        mlmagic.drift(*arguments, **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([1.0, 2.0, 3.0], [2.0]),
        ([5.0] * 40, [5.0] * 40),
        ([np.nan] * 40, [1.0] * 40),
        ([1.0] * 40, [None] * 40),
        ([None] * 40, [None] * 40),
        ([np.inf] * 40, [-np.inf] * 40),
        ([True, False] * 20, [0, 1] * 20),
        ([1, 2] * 20, [1.0, np.nan] * 20),
        (["a", 1] * 20, ["a", 2] * 20),
        ([[1]] * 40, [[1]] * 40),
        ([{"a": 1}] * 40, ["a"] * 40),
        ([1j] * 40, [1j] * 40),
        ([2**63, 1] * 20, [2**63, 1] * 20),
        ([1e308, -1e308] * 20, [1e308, 0.0] * 20),
        (["\x1b[31m"] * 40, ["<script>"] * 40),
        (pd.to_datetime(["2020-01-01"] * 40), pd.to_datetime(["2020-01-01"] * 40)),
        (pd.array([1, None] * 20, dtype="Int64"), pd.array([1, 2] * 20, dtype="Int64")),
        (pd.Categorical(["a", None] * 20), ["a", "b"] * 20),
        (pd.to_timedelta([1, 2] * 20, unit="h"), pd.to_timedelta([1, 3] * 20, unit="h")),
    ],
)
def test_odd_columns_are_compared_or_named(first, second):
    ones = np.arange(len(first), dtype=float), np.arange(len(second), dtype=float)
    report = mlmagic.drift(
        pd.DataFrame({"odd": pd.Series(first), "plain": ones[0]}),
        pd.DataFrame({"odd": pd.Series(second), "plain": ones[1]}),
    )
    assert "plain" in report.columns
    assert ("odd" in report.columns) != ("odd" in report.not_compared)
    assert "odd" in str(report.to_dataframe()) + str(report.not_compared)


@pytest.mark.parametrize("sides", [(True, True), (True, False), (False, True)])
def test_a_column_without_values_costs_only_its_comparison(reference, current, sides):
    first, second = (
        one.assign(x=np.nan) if gone else one for one, gone in zip((reference, current), sides, strict=True)
    )
    report = mlmagic.drift(first, second)
    assert report.multivariate is not None
    assert report.drifted == ([] if all(sides) else ["x"])
    assert "all" in report.columns["x"].note
    nothing = mlmagic.drift(first[["x"]], first[["x"]])
    if sides[0]:
        assert nothing.multivariate is None
        assert any("their values are missing" in note.text for note in nothing.notes)


def test_tables_without_a_common_column_say_so(reference):
    report = mlmagic.drift(reference[["x"]], reference[["y"]])
    assert (report.schema.missing, report.schema.new) == (("x",), ("y",))
    assert any("share no column" in note.text for note in report.notes)


def test_few_rows_say_what_they_can_tell():
    report = mlmagic.drift(FRAME, FRAME)
    assert report.drifted == []
    assert any("3 rows of FRAME: no test can find drift" in note.text.replace("and ", "") for note in report.notes)
    several = pd.concat([FRAME] * 8, ignore_index=True)
    report = mlmagic.drift(several, several)
    assert any("only a gross change shows" in note.text for note in report.notes)
    assert any("50 rows on each side" in note.text for note in report.notes)
