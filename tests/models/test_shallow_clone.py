"""A twin of a module runs in its place, and nothing of the module changes, whatever its `forward` does."""

from collections import OrderedDict, defaultdict, deque

import pytest
import torch
from torch import nn

from mlmagic.models.saving.shallow_clone import bare, twin_of


class Busy(nn.Module):
    """A module whose `forward` leaves traces wherever it can."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.norm = nn.BatchNorm1d(2)
        self.register_buffer("seen", torch.zeros(1))
        self.calls = 0
        self.losses = []
        self.history = {"loss": [], "by_layer": OrderedDict(a=[])}
        self.recent = deque([[1]], maxlen=2)
        self.pairs = ([1], "two")
        self.names = {"a"}
        self.counts = defaultdict(list)
        self.cache = torch.zeros(2)
        self.caches = {"k": torch.zeros(2)}
        self.alias = self.seen

    def forward(self, x):
        self.calls += 1
        self.losses.append(1)
        self.history["loss"].append(1)
        self.history["by_layer"]["a"].append(1)
        self.recent[0].append(2)
        self.recent.append([3])
        self.pairs[0].append(2)
        self.names.add("b")
        self.counts["x"].append(1)
        self.cache.add_(1)
        self.caches["k"].add_(1)
        self.seen += 1
        return self.norm(self.layer(x)) + self.alias


def state_of(module):
    """Return all that a module holds, as text and numbers."""
    kept = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    return repr(kept), {name: tensor.tolist() for name, tensor in module.state_dict().items()}


def test_nothing_of_the_module_changes():
    module = Busy().train()
    before = state_of(module)
    twin = twin_of(module)
    for _ in range(3):
        twin(torch.ones(4, 2))
    assert state_of(module) == before
    assert module.training
    assert module.norm.num_batches_tracked.item() == 0
    assert twin.calls == 3
    assert twin.recent.maxlen == 2
    assert twin.counts.default_factory is list


def test_the_twin_shares_the_weights_and_no_buffer():
    module = Busy()
    twin = twin_of(module)
    assert twin.layer.weight is module.layer.weight
    assert twin.seen is not module.seen
    assert twin.alias is twin.seen  # what is one tensor in the module is one in the twin
    assert type(twin) is Busy


def test_the_twin_predicts_what_the_module_does_in_evaluation_mode():
    module = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    module(torch.randn(8, 2))
    rows = torch.randn(3, 2)
    twin = twin_of(module)
    assert torch.equal(twin(rows), module.eval()(rows))


def test_a_part_that_stands_in_two_places_is_one_in_the_twin():
    shared = nn.Linear(2, 2)
    module = nn.Sequential(shared, nn.ReLU(), shared)
    twin = twin_of(module)
    assert twin[0] is twin[2]
    assert twin[0] is not shared


def test_hooks_run_in_neither():
    module, calls = nn.Linear(2, 2), []
    module.register_forward_hook(lambda *_: calls.append("forward"))
    module.register_forward_pre_hook(lambda *_: calls.append("before"))
    twin = twin_of(module)
    twin(torch.ones(1, 2))
    assert calls == []
    module(torch.ones(1, 2))
    assert calls == ["before", "forward"]
    calls.clear()
    assert bare(module) is module
    module(torch.ones(1, 2))
    assert (calls, module.training) == ([], False)


@pytest.mark.parametrize(
    ("value", "is_shared"),
    [
        pytest.param([1, 2], False, id="a list"),
        pytest.param({"a": [1]}, False, id="a dict"),
        pytest.param(object(), True, id="an object"),
        pytest.param("text", True, id="a text"),
        pytest.param((1, [2]), False, id="a tuple"),
        pytest.param(nn.Parameter(torch.zeros(1)), True, id="a weight"),
    ],
)
def test_what_is_shared(value, is_shared):
    module = nn.Linear(1, 1)
    vars(module)["extra"] = value
    found = vars(twin_of(module))["extra"]
    assert repr(found) == repr(value)
    assert (found is value) == is_shared


def test_of_a_long_container_the_items_are_shared():
    module = nn.Linear(1, 1)
    module.buffer = [torch.zeros(1) for _ in range(101)]
    twin = twin_of(module)
    assert twin.buffer is not module.buffer
    assert twin.buffer[0] is module.buffer[0]


def test_a_container_that_holds_itself_ends():
    module = nn.Linear(1, 1)
    module.endless = [1]
    module.endless.append(module.endless)
    twin = twin_of(module)
    assert twin.endless is not module.endless
    assert twin.endless[1] is twin.endless


def test_a_tensor_that_has_a_gradient_is_copied_without_its_history():
    module = nn.Linear(1, 1)
    module.hidden = module(torch.ones(1, 1))
    twin = twin_of(module)
    assert twin.hidden.requires_grad
    assert twin.hidden.grad_fn is None
    assert torch.equal(twin.hidden, module.hidden)
