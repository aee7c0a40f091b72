"""The numbers of one place of a cell: the first ones and the last, and one for each turn of a loop."""

from __future__ import annotations

import gc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.remembered import Remembered
from mlmagic.session.observation.observed_values import MOST_VALUES, Fitted, Measurement, Series
from mlmagic.session.observation.sites import Site


class Model:
    pass


@pytest.mark.parametrize("count", [0, 1, MOST_VALUES - 1, MOST_VALUES, MOST_VALUES + 1, MOST_VALUES + 7])
def test_of_very_many_values_the_first_ones_and_the_last_are_kept(count):
    measurement, series = Measurement(Site("function", "f"), "f"), Series()
    for number in range(count):
        measurement.add({"": number})
        series.add(number, looped=True)
    expected = [*range(count)] if count <= MOST_VALUES else [*range(MOST_VALUES - 1), count - 1]
    assert [value[""] for value in measurement.values] == series.values == expected
    assert measurement.is_cut == series.is_cut == (count > MOST_VALUES)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9))))
def test_outside_of_loops_the_last_value_counts(added):
    series = Series()
    for looped, value in added:
        series.add(value, looped=looped)
    looped_at = next((at for at, (looped, _) in enumerate(added) if looped), len(added))
    plain = [value for _, value in added[:looped_at]][-1:]
    assert series.values == plain + [value for _, value in added[looped_at:]]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9))))
def test_in_a_loop_whose_turns_are_counted_the_last_value_of_a_turn_counts(added):
    added = sorted(added, key=lambda one: one[0])
    series = Series()
    for turn, value in added:
        series.add(value, looped=True, turn=turn)
    assert series.values == list(dict(added).values())


def test_a_turn_that_is_not_counted_lies_between_two_others():
    series = Series()
    for value, turn in ((1, 1), (2, None), (3, 1), (4, 1)):
        series.add(value, looped=True, turn=turn)
    assert series.values == [1, 2, 4]


def test_in_a_long_loop_the_last_value_of_the_last_turn_counts():
    series = Series()
    for turn in range(MOST_VALUES + 3):
        series.add(-1, looped=True, turn=turn)
        series.add(turn, looped=True, turn=turn)
    assert series.values == [*range(MOST_VALUES - 1), MOST_VALUES + 2]
    assert series.is_cut


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_fitted_model_is_kept_only_if_nothing_else_names_it(is_kept):
    model = Model()
    alive = weakref.ref(model)
    fitted = Fitted(Site("fit", "fit"), model if is_kept else None, Remembered(model), {})
    assert fitted.model is model
    del model
    gc.collect()
    assert (alive() is not None) == is_kept
    assert fitted.model is alive()
