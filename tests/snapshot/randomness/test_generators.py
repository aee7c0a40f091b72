"""The user's random numbers stay as they are while mlmagic does its own work."""

import random
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mlmagic.snapshot.randomness.generators import saved_states, untouched

DRAWS = {
    "random": random.random,
    "random, Gauss": lambda: random.gauss(0, 1),
    "numpy": lambda: float(np.random.random()),
    "numpy, Gauss": lambda: float(np.random.standard_normal()),
    "torch": lambda: float(torch.rand(1)),
}


def draws():
    return {name: draw() for name, draw in DRAWS.items()}


@pytest.fixture(autouse=True)
def _seeded():
    restore = saved_states()
    random.seed(5)
    np.random.seed(5)
    torch.manual_seed(5)
    draws()  # the second number of a pair that Gauss's method drew is kept for the next call
    yield
    restore()


def test_the_states_come_back_as_often_as_they_are_restored():
    restore = saved_states()
    first = draws()
    assert draws() != first
    for _ in range(2):
        restore()
        assert draws() == first


def test_torch_is_left_alone_where_it_is_not_asked_for():
    restore = saved_states(torch=False)
    first = draws()
    restore()
    again = draws()
    assert {name: value == first[name] for name, value in again.items()} == {name: name != "torch" for name in DRAWS}


@pytest.mark.parametrize("error", [None, ValueError("odd"), KeyboardInterrupt()])
def test_what_is_drawn_within_does_not_count(error):
    restore = saved_states()
    expected = {name: value for name, value in draws().items() if name != "torch"}
    restore()
    try:
        with untouched():
            draws()
            random.seed(1)
            np.random.seed(1)
            if error:
                raise error
    except (ValueError, KeyboardInterrupt) as raised:
        assert raised is error  # noqa: PT017
    assert {name: value for name, value in draws().items() if name != "torch"} == expected


def test_within_the_numbers_of_random_are_new_ones_each_time():
    drawn = []
    for _ in range(3):
        random.seed(5)
        with untouched():
            drawn.append(random.random())
    assert len(set(drawn)) == 3


def test_libraries_that_are_not_imported_are_not_asked(monkeypatch):
    monkeypatch.delitem(sys.modules, "numpy.random")
    monkeypatch.delitem(sys.modules, "torch")
    restore = saved_states()
    first = random.random()
    restore()
    assert random.random() == first


@pytest.mark.parametrize("uses_cuda", [True, False])
def test_the_states_of_gpus_are_kept_where_the_process_uses_them(monkeypatch, uses_cuda):
    states = {"cpu": "cpu 1", "gpus": ["gpu 1"]}

    def asked_gpus():
        if not uses_cuda:
            pytest.fail("asking would start CUDA")
        return states["gpus"]

    cuda = SimpleNamespace(
        is_initialized=lambda: uses_cuda,
        get_rng_state_all=asked_gpus,
        set_rng_state_all=lambda value: states.update(gpus=value),
    )
    fake = SimpleNamespace(
        get_rng_state=lambda: states["cpu"], set_rng_state=lambda value: states.update(cpu=value), cuda=cuda
    )
    monkeypatch.setitem(sys.modules, "torch", fake)
    restore = saved_states()
    states.update(cpu="cpu 2", gpus=["gpu 2"])
    restore()
    assert states == {"cpu": "cpu 1", "gpus": ["gpu 1" if uses_cuda else "gpu 2"]}
