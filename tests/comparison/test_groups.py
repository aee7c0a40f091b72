"""Groups of runs and their averages, against what pandas says of the same runs."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from light_runs import numbered_run, seeded_runs

from mlmagic.comparison.compared_runs import CONFIGURATION, Comparison
from mlmagic.comparison.groups import groups_of, mean_of
from mlmagic.store.query.families import SEEDS, is_repetition
from mlmagic.views.comparison import comparison_bundle, mean_text

VALUES = st.none() | st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])
CELLS = st.lists(st.tuples(st.sampled_from(["adam", "sgd", None]), st.sampled_from(["1", "2", None]), VALUES), min_size=1, max_size=14)  # fmt: skip


def comparison(cells, *, group, metric="loss"):
    runs = []
    for at, (opt, seed, value) in enumerate(cells):
        params = {key: text for key, text in (("opt", opt), ("seed", seed)) if text is not None}
        runs.append(numbered_run(at, None, params, {} if value is None else {metric: value}))
    return Comparison(runs, "t", group=group)


def frame_of(cells):
    return pd.DataFrame(cells, columns=["opt", "seed", "value"]).astype({"opt": object, "seed": object, "value": float})


@given(CELLS)
def test_runs_of_equal_values_are_a_group_as_in_pandas(cells):
    found = groups_of(comparison(cells, group="param:opt"))
    frame = frame_of(cells)
    expected = [tuple(rows) for rows in frame.groupby("opt", dropna=False).indices.values()] if any(
        opt for opt, _, _ in cells
    ) else [tuple(range(len(cells)))]  # fmt: skip
    assert sorted(group.rows for group in found) == sorted(expected)


@given(CELLS)
@example([("a", "1", 1e308), ("a", "2", 1.7e308)])
@example([("a", "1", 1.7e308), ("a", "2", -1.7e308)])
def test_the_mean_and_its_standard_error_are_those_of_pandas(cells):
    made = comparison(cells, group="param:opt")
    column = next((one for one in made.columns if one.id == "metric:loss"), None)
    if column is None:
        return
    frame = frame_of(cells)
    for group in groups_of(made):
        values = frame["value"].iloc[list(group.rows)]
        values = values[np.isfinite(values)]
        mean = mean_of(column, group.rows)
        if values.empty:
            assert mean is None
            continue
        assert mean.count == len(values)
        scale = max(1.0, values.abs().max())
        assert mean.mean == pytest.approx((values / scale).mean() * scale, rel=1e-9, abs=1e-9)
        error = (values / scale).sem() * scale
        assert mean.error == pytest.approx(error, rel=1e-6, abs=1e-6 * scale, nan_ok=True)
        assert mean_text(mean.mean, mean.error)


@pytest.mark.parametrize(
    ("group", "by"), [(CONFIGURATION, ["lr", "depth"]), ("param:depth", ["depth"])], ids=["seeds", "column"]
)
@pytest.mark.parametrize("metric", ["loss", "score"])
def test_the_averages_of_500_configurations_with_5_seeds_are_those_of_pandas(group, by, metric):
    runs = seeded_runs()
    made = Comparison(runs, "t", group=group)
    column = next(one for one in made.columns if one.id == f"metric:{metric}")
    frame = pd.DataFrame([{**run.data.params, **run.data.metrics} for run in runs])
    finite = frame.replace([math.inf, -math.inf], math.nan).groupby(by)[metric].agg(["count", "mean", "sem"])
    groups = groups_of(made)
    assert len(groups) == len(finite)
    for found in groups:
        key = tuple(frame.loc[found.rows[0], by])
        key = key if len(by) > 1 else key[0]
        mean = mean_of(column, found.rows)
        assert (mean.count if mean else 0) == finite["count"][key]
        if mean:
            assert mean.mean == pytest.approx(finite["mean"][key], rel=1e-9)
            assert mean.error == pytest.approx(finite["sem"][key], rel=1e-9, nan_ok=True)


@given(CELLS, st.sampled_from(["loss", "accuracy", "size"]))
def test_the_best_mean_is_first_and_groups_without_one_are_last(cells, metric):
    made = comparison(cells, group="param:opt", metric=metric)
    column = next((one for one in made.columns if one.id == f"metric:{metric}"), None)
    means = [mean_of(column, group.rows) if column else None for group in groups_of(made)]
    known = [one.mean for one in means if one is not None]
    assert known == sorted(known, reverse=metric != "loss")
    assert means[len(known) :] == [None] * (len(means) - len(known))


@given(CELLS)
def test_a_configuration_is_what_differs_in_nothing_but_the_seed(cells):
    made = comparison(cells, group=CONFIGURATION)
    for row, number in enumerate(made.configurations):
        opt = cells[row][0]
        assert (number == -1) == (opt is None)
        for other in range(row):
            assert (made.configurations[other] == number and number >= 0) == (
                opt is not None and cells[other][0] == opt
            )
    groups = groups_of(made)
    assert sorted(row for group in groups for row in group.rows) == list(range(len(cells)))
    assert all(len(group.rows) == 1 for group in groups if cells[group.rows[0]][0] is None)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "seed", "model.random_state"]), st.sampled_from("xyz"), max_size=4), min_size=1, max_size=12))  # fmt: skip
def test_configurations_are_numbered_in_the_order_of_their_first_run(params):
    runs = [numbered_run(at, None, given) for at, given in enumerate(params)]
    numbers = Comparison(runs, "t").configurations
    keys = [tuple(sorted((key, value) for key, value in given.items() if not is_repetition(key))) for given in params]
    seen: dict[object, int] = {}
    has_any = any(keys)
    for key, number in zip(keys, numbers, strict=True):
        assert number == (seen.setdefault(key, len(seen)) if key and has_any else -1)


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("param:opt", ["opt = sgd", "opt = adam", "opt = missing"]),
        ("param:depth", ["depth = 8", "depth = 4", "depth = missing"]),
        ("tag:team", ["team = red", "team = missing"]),
        ("run:status", ["status = FINISHED"]),
        ("metric:loss", ["loss = 0.1", "loss = 0.2", "loss = 0.3", "loss = missing"]),
        (CONFIGURATION, ["opt=sgd, depth=8", "opt=adam, depth=4", "plain"]),
    ],
)
def test_the_name_of_a_group_says_what_it_shares(group, names):
    runs = [
        numbered_run(0, "first", {"opt": "adam", "depth": "4", "seed": "1"}, {"loss": 0.3}, tags={"team": "red"}),
        numbered_run(1, "second", {"opt": "adam", "depth": "4", "seed": "2"}, {"loss": 0.2}, tags={"team": "red"}),
        numbered_run(2, "third", {"opt": "sgd", "depth": "8", "seed": "1"}, {"loss": 0.1}, tags={"team": "red"}),
        numbered_run(3, "plain", {}, {}),
    ]
    assert [group.name for group in groups_of(Comparison(runs, "t", group=group))] == names


def test_an_empty_text_is_a_value_and_not_missing():
    runs = [numbered_run(0, None, {"note": ""}), numbered_run(1, None, {"note": "x"}), numbered_run(2)]
    names = [group.name for group in groups_of(Comparison(runs, "t", group="param:note"))]
    assert names == ["note = ''", "note = x", "note = missing"]


def test_of_many_params_a_configuration_is_named_by_four_and_one_without_differences_by_its_run():
    many = [numbered_run(at, None, {f"p{key}": f"{at}" for key in range(9)}) for at in range(2)]
    assert groups_of(Comparison(many, "t", group=CONFIGURATION))[0].name == "p0=0, p1=0, p2=0, p3=0"
    same = [numbered_run(at, f"run {at}", {"lr": "1", "seed": f"{at}"}) for at in range(2)]
    assert [group.name for group in groups_of(Comparison(same, "t", group=CONFIGURATION))] == ["run 0"]
    nameless = [numbered_run(at, "", {"lr": "1", "seed": f"{at}"}) for at in range(2)]
    assert [group.name for group in groups_of(Comparison(nameless, "t", group=CONFIGURATION))] == ["one configuration"]


def test_words_have_no_mean():
    runs = [numbered_run(0, None, {"lr": "0.1"})]
    column = next(one for one in Comparison(runs, "t").columns if one.id == "param:lr")
    assert mean_of(column, [0]) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((seed, True) for seed in sorted(SEEDS)),
        ("Seed", True), ("model.random_state", True), ("model__random_state", False), ("seed_size", False),
        ("seeds", False), ("data.seed.value", False), ("", False), (".seed", True),
    ],
)  # fmt: skip
def test_which_params_are_seeds(name, expected):
    assert is_repetition(name) is expected


@pytest.mark.parametrize(
    ("mean", "error", "text"),
    [
        (0.93125, 0.0123, "0.931 ± 0.012"),
        (0.5, math.nan, "0.5"),
        (0.5, 0.0, "0.5 ± 0"),
        (123.4, 5.67, "123.4 ± 5.7"),
        (123456.0, 1234.0, "123456 ± 1234"),
        (1e-12, 1e-13, "1e-12 ± 1e-13"),
        (0.1, 1e-9, "0.1 ± 1e-09"),
        (-0.5, 0.25, "-0.50 ± 0.25"),
        (1e300, math.inf, "1e+300 ± inf"),
        (math.inf, math.nan, "inf"),
        (0.0, 0.099999, "0.000 ± 0.100"),
    ],
)
def test_a_mean_is_written_to_the_second_digit_of_its_error(mean, error, text):
    assert mean_text(mean, error) == text


def test_the_static_view_says_how_many_groups_of_how_many_runs():
    cells = [("adam", "1", 0.5), ("adam", "2", 0.25), ("sgd", "1", 0.1)]
    bundle = comparison_bundle(comparison(cells, group="param:opt"), [])
    assert "2 groups of 3 runs, best mean of loss first" in bundle["text/html"]
    assert "newest first" not in bundle["text/html"]
    table = bundle["text/html"].partition("<thead>")[2]
    assert ">status<" not in table
    assert ">duration<" not in table
    one = comparison_bundle(comparison(cells[:1], group="param:opt"), [])
    assert "1 group of 1 run, best mean of loss first" in one["text/html"]
    none = comparison_bundle(Comparison([numbered_run(0, None, {"opt": "a"})], "t", group="param:opt"), [])
    assert "1 group of 1 run<" in none["text/html"]


def ended(at, status, lr, loss):
    run = numbered_run(at, None, {"lr": lr, "seed": f"{at}"}, {"loss": loss})
    run.info.status = status
    return run


def test_failed_and_killed_runs_are_counted_in_the_name_and_not_in_the_mean():
    runs = [
        ended(0, "FINISHED", "1", 0.5),
        ended(1, "FAILED", "1", 0.001),
        ended(2, "KILLED", "1", 0.002),
        ended(3, "FINISHED", "2", 0.3),
        ended(4, "RUNNING", "2", 0.4),
        ended(5, "FAILED", "3", 0.0001),
    ]
    made = Comparison(runs, "t", group=CONFIGURATION, metric="loss")
    groups = groups_of(made)
    assert [group.name for group in groups] == ["lr=2", "lr=1 (1 failed, 1 killed)", "lr=3 (1 failed)"]
    means = [mean_of(made.main_metric, group.rows) for group in groups]
    assert [(one.mean, one.count) if one else None for one in means] == [(pytest.approx(0.35), 2), (0.5, 1), None]


def test_grouped_by_the_status_failed_runs_are_averaged():
    runs = [ended(0, "FINISHED", "1", 0.5), ended(1, "FAILED", "1", 0.2), ended(2, "FAILED", "1", 0.4)]
    made = Comparison(runs, "t", group="run:status", metric="loss")
    groups = groups_of(made)
    assert [group.name for group in groups] == ["status = FAILED", "status = FINISHED"]
    assert mean_of(made.main_metric, groups[0].rows).mean == pytest.approx(0.3)
