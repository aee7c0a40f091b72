"""The results of a sweep: points by their mean over seeds, the best first, and frames of trials and points."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.store.query.histories.extremes import Extremes
from mlmagic.sweeps.results import Results, Trial
from mlmagic.sweeps.views.sweep_frame import SweepFrame


def trial(number, point, metrics, *, place=None, status="FINISHED", error=None, pruned=False):
    place = number if place is None else place
    return Trial(number, place, point, 100 + number, status, metrics, 0.5, f"uid-{number}", error, pruned)


def results(*trials, metric="loss", goal="min"):
    return Results("tuned", "run", trials, metric, goal)


VALUES = st.one_of(st.sampled_from([0.0, 0.5, 1.0, math.nan, math.inf, -math.inf]), st.floats(-1e6, 1e6))
TRIALS = st.lists(st.tuples(st.integers(0, 3), VALUES, st.sampled_from(["FINISHED", "FINISHED", "FAILED", "KILLED"])), max_size=12)  # fmt: skip


@given(TRIALS, st.sampled_from(["min", "max"]))
def test_points_are_summarised_as_pandas_does(rows, goal):
    found = results(*(trial(number, {"x": place}, {"loss": value}, place=place, status=status) for number, (place, value, status) in enumerate(rows)), goal=goal)  # fmt: skip
    frame = pd.DataFrame(rows, columns=["place", "value", "status"])
    judged = frame[(frame.status == "FINISHED") & frame["value"].map(math.isfinite)]
    wanted = judged.groupby("place")["value"].agg(["mean", "sem", "count"])
    summaries = found.summaries()
    assert {one.point_number: one.count for one in summaries} == wanted["count"].to_dict()
    for one in summaries:
        assert one.mean == pytest.approx(wanted["mean"][one.point_number], abs=1e-9)
        assert one.error == pytest.approx(wanted["sem"][one.point_number], abs=1e-6, nan_ok=True)
    means = [one.mean for one in summaries]
    assert means == sorted(means, reverse=goal == "max")
    assert found.best == (dict(summaries[0].point) if summaries else None)


@pytest.mark.parametrize("goal", ["min", "max"])
def test_of_equal_points_the_earliest_is_the_best(goal):
    found = results(*(trial(at, {"x": at}, {"loss": 1.0}) for at in (2, 0, 1)), goal=goal)
    assert [one.point_number for one in found.summaries()] == [2, 0, 1]  # as the trials stand, which is by their number


def test_without_a_direction_there_is_no_best_point():
    found = results(trial(0, {"x": 1}, {"oddness": 1.0}), metric="oddness", goal=None)
    assert found.best is None
    assert found.points().empty
    assert results(trial(0, {"x": 1}, {"loss": 1.0}), metric=None, goal=None).best is None


@pytest.mark.parametrize(
    ("one", "value"),
    [
        (trial(0, {}, {"loss": 0.5}), 0.5),
        (trial(0, {}, {"loss": 0}), 0),
        (trial(0, {}, {"loss": math.nan}), None),
        (trial(0, {}, {"loss": -math.inf}), None),
        (trial(0, {}, {"accuracy": 0.5}), None),
        (trial(0, {}, {"loss": 0.5}, status="FAILED"), None),
        (trial(0, {}, {"loss": 0.5}, status="KILLED", pruned=True), None),
    ],
)
def test_the_value_of_a_trial_is_finite_and_of_a_trial_that_finished(one, value):
    assert results(one).value(one) == value


def test_a_row_for_each_trial():
    frame = results(
        trial(0, {"lr": 0.1}, {"loss": 0.5, "accuracy": 0.9}),
        trial(1, {"lr": 0.2, "depth": [1, 2]}, {"loss": 0.4}, status="FAILED", error="ValueError: no"),
    ).to_dataframe()
    assert list(frame) == ["trial", "status", "duration", "seed", "lr", "depth", "loss", "accuracy", "error"]
    assert frame["status"].tolist() == ["FINISHED", "FAILED"]
    assert frame["seed"].tolist() == [100, 101]
    assert frame["depth"].tolist() == [None, [1, 2]]
    assert frame["accuracy"][0] == 0.9
    assert math.isnan(frame["accuracy"][1])
    assert frame["error"][1] == "ValueError: no"


def test_without_errors_there_is_no_column_of_them():
    assert "error" not in results(trial(0, {"lr": 0.1}, {"loss": 0.5})).to_dataframe()
    assert list(results().to_dataframe()) == ["trial", "status", "duration", "seed"]


@pytest.mark.parametrize(
    ("point", "metrics", "columns"),
    [
        ({"seed": 1}, {}, ["trial", "status", "duration", "trial.seed", "seed"]),
        ({"trial": 1, "status": 2}, {}, ["trial.trial", "trial.status", "duration", "seed", "trial", "status"]),
        ({"loss": 1}, {"loss": 0.5}, ["trial", "status", "duration", "seed", "loss", "metrics.loss"]),
        ({"x": 1}, {"duration": 0.5}, ["trial", "status", "duration", "seed", "x", "metrics.duration"]),
        ({"x": 1}, {"error": 0.5}, ["trial", "status", "duration", "seed", "x", "error"]),
    ],
)
def test_no_column_replaces_another(point, metrics, columns):
    frame = results(trial(0, point, metrics)).to_dataframe()
    assert list(frame) == columns
    failed = results(trial(0, point, metrics, status="FAILED", error="no")).to_dataframe()
    assert list(failed) == [*columns, "trial.error" if "error" in columns else "error"]
    for name, value in point.items():
        assert frame[name].tolist() == [value]


def test_points_have_their_mean_error_and_count():
    frame = results(
        trial(0, {"x": 1}, {"loss": 1.0}, place=0),
        trial(1, {"x": 1}, {"loss": 3.0}, place=0),
        trial(2, {"y": 2}, {"loss": 1.5}, place=1),
        trial(3, {"y": 3}, {"loss": math.nan}, place=2),
    ).points()
    assert sorted(frame) == ["loss.count", "loss.error", "loss.mean", "x", "y"]
    assert frame["loss.mean"].tolist() == [1.5, 2.0]
    assert frame["loss.count"].tolist() == [1, 2]
    assert frame["loss.error"][1] == pytest.approx(1.0)
    assert math.isnan(frame["loss.error"][0])


FOUND = results(trial(0, {"x": 1}, {"loss": 0.5}), trial(1, {"x": 2}, {"loss": 0.25}))


def test_the_frame_of_a_sweep_knows_its_best_point_and_what_is_made_of_it_is_plain():
    frame = SweepFrame.of(FOUND, b"png", lambda point: f"config of {point}")
    assert (frame.best, frame.metric, frame.best_config) == ({"x": 2}, "loss", "config of {'x': 2}")
    frame.best["x"] = 9
    assert frame.best == {"x": 2}  # a copy
    assert frame.points["loss.mean"].tolist() == [0.25, 0.5]
    assert type(frame[frame["loss"] < 1]) is pd.DataFrame
    assert type(frame.copy()) is pd.DataFrame
    html = frame._repr_html_()
    assert "data:image/png;base64,cG5n" in html
    assert "0.25" in html


def test_a_frame_without_results_has_no_best_point():
    empty = SweepFrame.of(results(), None, lambda point: point)
    assert (empty.best, empty.best_config, len(empty)) == (None, None, 0)
    assert SweepFrame.of(FOUND, None, None).best_config is None


def test_a_frame_is_pickled_as_a_plain_one():
    import copy
    import pickle

    frame = SweepFrame.of(FOUND, b"png", None)
    loaded = pickle.loads(pickle.dumps(frame))
    assert type(loaded) is pd.DataFrame
    pd.testing.assert_frame_equal(loaded, pd.DataFrame(frame))
    assert type(copy.deepcopy(frame)) is pd.DataFrame


def test_signs_that_move_the_cursor_are_shown_as_signs():
    frame = SweepFrame.of(results(trial(0, {"x": "a\x1b[2Jb"}, {"loss": 0.5})), None, None)
    assert "\x1b" not in repr(frame)


def test_a_metric_with_steps_counts_with_its_best_value():
    early = Trial(0, 0, {"x": 1}, 7, "FINISHED", {"loss": 0.9}, 0.5, "uid-0", extremes={"loss": Extremes(0.1, 0.9, 3, 9)})  # fmt: skip
    late = trial(1, {"x": 2}, {"loss": 0.5})
    found = results(early, late)
    assert found.best == {"x": 1}
    assert found.points()["loss.mean"].tolist() == [0.1, 0.5]
    frame = found.to_dataframe()
    assert list(frame)[-3:] == ["loss (best)", "loss (best step)", "loss"]
    assert frame["loss (best)"].tolist() == [0.1, 0.5]
    assert frame["loss (best step)"].tolist() == [3, pd.NA]
    assert frame["loss"].tolist() == [0.9, 0.5]
    assert "<bdi>loss (best)</bdi> ↓" in SweepFrame.of(found, None, None)._repr_html_()
    assert "(best)" not in SweepFrame.of(results(late), None, None)._repr_html_()
