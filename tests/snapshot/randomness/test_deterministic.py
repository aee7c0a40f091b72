"""The switches of deterministic algorithms, and what of them is set back."""

import itertools
import os
import sys
from types import SimpleNamespace

import pytest

from mlmagic.snapshot.randomness.deterministic import CublasWorkspace, make_torch_deterministic

VARIABLE = "CUBLAS_WORKSPACE_CONFIG"


class Torch:
    """The switches of torch."""

    def __init__(self, *, strict, warn_only, deterministic, benchmark):
        self.switches = (strict, warn_only)
        self.backends = SimpleNamespace(cudnn=SimpleNamespace(deterministic=deterministic, benchmark=benchmark))

    def are_deterministic_algorithms_enabled(self):
        return self.switches[0]

    def is_deterministic_algorithms_warn_only_enabled(self):
        return self.switches[1]

    def use_deterministic_algorithms(self, mode, *, warn_only=False):
        self.switches = (mode, warn_only)

    @property
    def state(self):
        return (*self.switches, self.backends.cudnn.deterministic, self.backends.cudnn.benchmark)


NAMES = ("strict", "warn_only", "deterministic", "benchmark")
STATES = [state for state in itertools.product([True, False], repeat=4) if state[0] or not state[1]]


@pytest.mark.parametrize("state", STATES)
def test_all_switches_are_set_and_set_back(state):
    torch = Torch(**dict(zip(NAMES, state, strict=True)))
    set_back = make_torch_deterministic(torch)
    assert torch.state == (True, False, True, False)
    set_back()
    assert torch.state == state


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda torch: torch.use_deterministic_algorithms(mode=False), (False, False, True, False)),
        (lambda torch: setattr(torch.backends.cudnn, "deterministic", False), (True, True, False, False)),
        (lambda torch: setattr(torch.backends.cudnn, "benchmark", True), (True, True, True, True)),
    ],
)
def test_what_the_user_has_switched_since_stays(change, state):
    torch = Torch(strict=True, warn_only=True, deterministic=True, benchmark=False)
    set_back = make_torch_deterministic(torch)
    change(torch)
    set_back()
    assert torch.state == state


@pytest.fixture
def without(monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delenv(VARIABLE)
    monkeypatch.delitem(sys.modules, "torch", raising=False)


@pytest.mark.parametrize("before", [None, "", ":0:0", "odd"])
def test_the_variable_is_set_and_set_back(without, before):
    if before is not None:
        os.environ[VARIABLE] = before
    workspace = CublasWorkspace()
    workspace.fix()
    assert os.environ[VARIABLE] == ":4096:8"
    assert not workspace.is_late
    workspace.set_back()
    assert os.environ.get(VARIABLE) == before
    os.environ[VARIABLE] = ":4096:8"
    workspace.set_back()
    assert os.environ[VARIABLE] == ":4096:8"


@pytest.mark.parametrize("before", [":4096:8", ":16:8"])
def test_a_deterministic_value_of_the_users_stays(without, before):
    os.environ[VARIABLE] = before
    workspace = CublasWorkspace()
    workspace.fix()
    workspace.set_back()
    assert os.environ[VARIABLE] == before


def test_a_value_that_the_user_has_set_since_stays(without):
    workspace = CublasWorkspace()
    workspace.fix()
    os.environ[VARIABLE] = ":16:8"
    workspace.set_back()
    assert os.environ[VARIABLE] == ":16:8"


@pytest.mark.parametrize("started", [True, False])
def test_it_is_late_where_cuda_runs_already(without, monkeypatch, started):
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=SimpleNamespace(is_initialized=lambda: started)))
    workspace = CublasWorkspace()
    workspace.fix()
    assert workspace.is_late is started
    workspace.set_back()
