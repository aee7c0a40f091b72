"""The seed of a trial depends on the sweep's seed, its point and its repetition, and on nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.snapshot.randomness import seeding
from mlmagic.sweeps.orchestrator import key_of
from mlmagic.sweeps.resuming import EarlierSweep
from mlmagic.sweeps.seeds import base_seed, trial_seed

SEEDS = st.integers(0, 2**32 - 1)
POINTS = st.dictionaries(st.text(min_size=1, max_size=3), st.one_of(st.integers(), st.text(max_size=3)), max_size=3)


@given(SEEDS, POINTS, st.integers(0, 9))
def test_a_seed_fits_every_library_and_is_the_same_each_time(base, point, repetition):
    seed = trial_seed(base, key_of(point), repetition)
    assert 0 <= seed < 2**32
    assert seed == trial_seed(base, key_of(dict(reversed(point.items()))), repetition)


def test_points_repetitions_and_sweeps_have_seeds_of_their_own():
    seeds = {
        trial_seed(base, key_of({"x": x}), repetition)
        for base in range(5)
        for x in range(20)
        for repetition in range(5)
    }
    assert len(seeds) == 500


def test_the_seed_is_what_it_was():
    """A change would give every sweep other numbers than those that are recorded."""
    assert trial_seed(7, key_of({"lr": 0.1, "depth": 3}), 0) == 429356231


@pytest.fixture
def unseeded():
    seeding.forget()
    yield
    seeding.forget()


@pytest.mark.usefixtures("unseeded")
def test_a_sweep_has_the_sessions_seed_else_that_of_the_earlier_sweep_else_a_new_one():
    earlier = EarlierSweep("run", 42)
    assert base_seed(earlier) == 42
    assert base_seed(None) != base_seed(None)
    assert 0 <= base_seed(EarlierSweep("run", None)) < 2**32
    seeding.seed(5)
    assert base_seed(earlier) == base_seed(None) == 5
