"""Pauses between attempts, on a clock of the test's own."""

import pytest

from mlmagic.store.delivery import pausing
from mlmagic.store.delivery.pausing import Pause


class Clock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(pausing, "time", made)
    return made


def length(pause, clock):
    """Return how many seconds a pause that began lasts."""
    began = clock.now
    while not pause.is_over:
        clock.now += 0.25
    return clock.now - began


def test_pauses_grow_to_half_a_minute_and_begin_anew_after_a_success(clock):
    pause = Pause()
    assert pause.is_over
    found = []
    for _ in range(9):
        pause.attempt()
        pause.begin()
        assert not pause.is_over
        found.append(length(pause, clock))
    assert found == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    pause.begin()
    pause.end()
    assert pause.is_over
    pause.attempt()
    pause.begin()
    assert length(pause, clock) == 0.5


@pytest.mark.parametrize(("least", "seconds"), [(0.0, 0.5), (5.0, 5.0), (30.0, 30.0), (3600.0, 30.0)])
def test_a_server_may_ask_for_a_longer_pause_of_half_a_minute_at_most(clock, least, seconds):
    pause = Pause()
    pause.attempt()
    pause.begin(least)
    assert length(pause, clock) == seconds


@pytest.mark.parametrize(
    ("share", "took", "seconds"), [(0.1, 2.0, 18.0), (0.1, 0.0, 0.5), (0.5, 10.0, 10.0), (1.0, 90.0, 0.5)]
)
def test_long_attempts_take_a_share_of_the_time(clock, share, took, seconds):
    pause = Pause(share)
    pause.attempt()
    clock.now += took
    pause.begin()
    assert length(pause, clock) == seconds
