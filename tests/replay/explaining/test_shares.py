"""What each difference is worth, from what the combinations gave."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.replay.explaining.shares import combine, count_of_replays, noise_of_seeds, shapley


def combined(count, value, fails=lambda _: False):
    """Combine *count* differences whose metric is ``value(taken)``; count the replays."""
    replays = []

    def replay(taken):
        replays.append(taken)
        return None if fails(taken) else {"score": value(taken)}

    return combine(count, replay), replays


numbers = st.floats(-1e6, 1e6)


@given(
    st.integers(0, 4).flatmap(
        lambda count: st.tuples(st.just(count), st.lists(numbers, min_size=2**count, max_size=2**count))
    )
)
def test_up_to_four_shares_add_up_to_the_whole(drawn):
    count, values = drawn
    every = [frozenset(one) for size in range(count + 1) for one in itertools.combinations(range(count), size)]
    known = dict(zip(every, values, strict=True))
    found, replays = combined(count, known.__getitem__)
    shares, together = found.shares("score")
    assert len(replays) == len(set(replays)) == count_of_replays(count)
    whole = known[frozenset(range(count))] - known[frozenset()]
    assert together == 0.0
    assert math.fsum(shares) == pytest.approx(whole, abs=1e-6 * max(1, *map(abs, values)))


@given(st.lists(numbers, min_size=1, max_size=4), st.randoms())
def test_what_does_not_depend_on_the_others_has_its_own_worth(worth, chance):
    found, _ = combined(len(worth), lambda taken: math.fsum(worth[one] for one in taken))
    shares, _ = found.shares("score")
    assert shares == pytest.approx(worth, abs=1e-6 * max(1, *map(abs, worth)))


def test_an_interaction_is_divided_equally():
    found, _ = combined(2, lambda taken: 12.0 if len(taken) == 2 else 1.0)
    assert found.shares("score") == ([5.5, 5.5], 0.0)


def test_more_than_four_are_taken_one_at_a_time_and_what_they_do_together_is_left():
    found, replays = combined(6, lambda taken: len(taken) + 10.0 * ({0, 1} <= taken))
    shares, together = found.shares("score")
    assert len(replays) == count_of_replays(6) == 14
    assert shares == [6.0, 6.0, 1.0, 1.0, 1.0, 1.0]
    assert together == 0.0
    found, _ = combined(5, lambda taken: float(len(taken) == 5 or (len(taken) == 4 and 0 not in taken)))
    shares, together = found.shares("score")
    assert math.fsum(shares) + together == 1.0


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_a_difference_that_needs_another_one_is_joined_with_it(count):
    found, _ = combined(
        count, lambda taken: float(len(taken)), fails=lambda taken: (0 in taken) != (count - 1 in taken)
    )
    assert frozenset({0, count - 1}) in found.blocks
    assert len(found.blocks) == count - 1
    shares, _ = found.shares("score")
    assert sorted(shares) == [*[1.0] * (count - 2), 2.0]


def test_a_difference_that_needs_another_one_and_not_the_other_way_round():
    found, _ = combined(3, lambda taken: float(len(taken)), fails=lambda taken: 0 in taken and 1 not in taken)
    assert found.blocks == [frozenset({2}), frozenset({0, 1})]


def test_without_a_value_in_each_combination_there_are_no_shares():
    found = combine(1, lambda taken: {"score": 1.0} if taken else {"score": math.nan})
    assert found.shares("score") is None
    assert found.shares("other") is None


def test_all_fail_but_the_ends():
    found, _ = combined(3, lambda taken: float(len(taken)), fails=lambda taken: len(taken) in {1, 2})
    assert found.blocks == [frozenset({0, 1, 2})]
    assert found.shares("score") == ([3.0], 0.0)


def test_no_difference():
    found, replays = combined(0, lambda _: 1.0)
    assert (found.shares("score"), len(replays)) == (([], 0.0), 1)


def test_nine_of_ten_pairs_of_seeds_are_within_the_noise():
    import random

    chance = random.Random(3)
    within = 0
    for _ in range(400):
        groups = [[chance.gauss(centre, 0.1) for _ in range(4)] for centre in (0.0, 5.0)]
        within += abs(chance.gauss(0, 0.1) - chance.gauss(0, 0.1)) <= noise_of_seeds(groups)
    assert within / 400 == pytest.approx(0.95, abs=0.03)


def test_noise_of_what_cannot_be_measured():
    assert noise_of_seeds([[1.0], [2.0]]) is None
    assert noise_of_seeds([[1.0, math.nan], [2.0, 2.0]]) == 0.0
    assert shapley({frozenset(): 2.0}, 0) == []
