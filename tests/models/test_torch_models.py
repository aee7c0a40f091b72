"""Torch modules become logged models of the run, as they are, and nothing of them changes."""

from __future__ import annotations

import copy
import threading
import warnings
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
from torch import nn

from mlmagic.models.saving import torch_pickle
from mlmagic.models.saving.save import SavedModel, Skipped

ROWS = torch.randn(20, 4, generator=torch.Generator().manual_seed(0))


def net(*more: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), *more, nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))


def predicted(uri: str) -> np.ndarray:
    return mlflow.pyfunc.load_model(uri).predict(ROWS.numpy())


def expected(model: nn.Module) -> np.ndarray:
    with torch.no_grad():
        return copy.deepcopy(model).eval()(ROWS).numpy()


class Chatty(nn.Module):
    """A module with every bad habit: prints, remembers, draws, changes a buffer, turns gradients on."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 2)
        self.seen = []
        self.calls = 0
        self.register_buffer("total", torch.zeros(1))

    def forward(self, x):
        print(x.shape)
        warnings.warn("a page of warnings", stacklevel=1)
        self.seen.append(len(x))
        self.calls += 1
        self.total += x.sum()
        torch.set_grad_enabled(True)
        return self.inner(x) + 0 * torch.rand(1)


class Twice(nn.Module):
    """A module that returns more than a tensor."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 2)

    def forward(self, x):
        return self.inner(x), {"x": [x]}


class Forgets(nn.Module):
    """A module that is not the same after it was pickled."""

    def __init__(self):
        super().__init__()
        self.inner, self.scale = nn.Linear(4, 2), 2.0

    def forward(self, x):
        return self.inner(x) * self.scale

    def __setstate__(self, state):
        super().__setstate__(state | {"scale": 3.0})


@pytest.mark.parametrize("mode", ["train", "eval", "mixed"])
def test_the_mode_is_kept_exactly(log, mode):
    model = net().train(mode != "eval")
    if mode == "mixed":
        model[1].eval()
    result = log(model, ROWS)
    assert (result.format, result.notes, result.signature) == ("torch", (), True)
    file = Path(mlflow.artifacts.download_artifacts(result.uri)) / "data" / "model.pth"
    kept = torch_pickle.load(file)
    assert [each.training for each in kept.modules()] == [each.training for each in model.modules()]
    assert np.allclose(predicted(result.uri), expected(model))


def test_nothing_of_the_module_shows_or_changes(log, capfd):
    model = Chatty()
    model.inner.register_forward_hook(lambda *_: model.seen.append("hook"))
    before, state, filters = copy.deepcopy(model.state_dict()), torch.get_rng_state(), list(warnings.filters)
    with warnings.catch_warnings(record=True) as caught, torch.no_grad():
        warnings.simplefilter("always")
        result = log(model, ROWS)
        assert not torch.is_grad_enabled()
    assert isinstance(result, SavedModel)
    assert (result.notes, caught, capfd.readouterr()) == ((), [], ("", ""))
    assert (model.seen, model.calls, model.training) == ([], 0, True)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
    assert warnings.filters == filters


def test_hooks_are_kept_and_one_that_cannot_be_is_left_out(log):
    model = net()
    outputs = []
    model[0].register_forward_hook(lambda module, inputs, output: outputs.append(output) or output + 1)
    result = log(model, ROWS)
    assert result.notes == ()
    assert np.allclose(predicted(result.uri), expected(model))

    held, plain = threading.Lock(), expected(net())
    model = net()
    model[0].register_forward_hook(lambda *_: held.locked())
    result = log(model, ROWS)
    assert len(result.notes) == 1
    assert result.notes[0].startswith("kept without its hooks: its attribute \"_modules['0']._forward_hooks")
    assert np.allclose(predicted(result.uri), plain)
    assert len(model[0]._forward_hooks) == 1


def test_tied_weights_stay_tied(log):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    kept = mlflow.pytorch.load_model(log(model, ROWS).uri)
    assert kept[1].weight is kept[0].weight


def test_what_is_on_another_device_is_written_as_on_the_cpu(tmp_path, monkeypatch):
    """There is no GPU here: the weights of the second layer are taken to be on one."""
    model = net()
    model[4].weight = nn.Parameter(model[4].weight.detach(), requires_grad=False)
    there = {id(model[4].weight), id(model[1].running_mean)}
    copied = []
    monkeypatch.setattr(torch_pickle, "is_elsewhere", lambda tensor: id(tensor) in there)
    monkeypatch.setattr(
        torch_pickle, "on_cpu", lambda tensor, real=torch_pickle.on_cpu: copied.append(id(tensor)) or real(tensor)
    )
    torch_pickle.dump(model, tmp_path / "model.pth")
    monkeypatch.undo()
    kept = torch_pickle.load(tmp_path / "model.pth")
    assert set(copied) == there
    assert isinstance(kept[4].weight, nn.Parameter)
    assert [each.requires_grad for each in kept.parameters()] == [each.requires_grad for each in model.parameters()]
    assert all(
        torch.equal(one, other)
        for one, other in zip(kept.state_dict().values(), model.state_dict().values(), strict=True)
    )


def test_a_model_of_5_gb_costs_nothing(log):
    huge = nn.Module()
    huge.weight = nn.Parameter(torch.empty(1_250_000_000))
    assert log(huge, ROWS) == Skipped("model", "its weights take 5,000 MB, the limit is 200 MB")
    hidden = nn.Linear(4, 2)
    hidden.cache = [torch.empty(1_250_000_000)]
    assert log(hidden, ROWS) == Skipped("model", "it is larger than the limit of 200 MB")
    tied = nn.Sequential(*[nn.Linear(400, 400)] * 20)
    assert isinstance(log(tied, ROWS, size_limit_mb=1), SavedModel)


def test_a_module_that_cannot_be_pickled_is_skipped_and_the_part_named(log):
    model = net()
    model[0].source = (row for row in "ab")
    assert log(model, ROWS).reason.startswith("its attribute \"_modules['0'].source\" (generator) cannot be pickled")


def test_what_torch_refuses_is_told_in_one_line(log):
    reason = log(nn.utils.parametrizations.weight_norm(nn.Linear(4, 2))).reason
    assert reason.startswith("it cannot be pickled: Serialization of parametrized modules is only supported through")
    assert "\n" not in reason


def test_weights_that_are_not_there_are_told(log):
    with torch.device("meta"):
        model = nn.Linear(4, 2)
    assert log(model, ROWS).reason == "its weights are on torch's device 'meta': there are no numbers in them"


def test_more_than_a_tensor_is_kept_and_told(log):
    result = log(Twice(), ROWS)
    assert result.notes == (
        "it returns a tuple, and mlflow.pyfunc takes a single tensor: load it by mlflow.pytorch.load_model",
    )
    assert len(mlflow.pytorch.load_model(result.uri)(ROWS)) == 2


def test_a_prediction_that_differs_after_reloading_is_told(log):
    assert (
        log(Forgets(), ROWS)
        .notes[0]
        .startswith("the saved model predicts otherwise on the rows that it was tested on, by up to ")
    )


def test_what_is_around_a_module_is_taken_off(log):
    inner = net()
    result = log(nn.DataParallel(inner), ROWS)
    assert result.notes == ("kept without the DataParallel around it",)
    assert np.allclose(predicted(result.uri), expected(inner))
    compiled = torch.compile(inner, backend="eager")
    assert log(compiled, ROWS).notes == ("kept without the OptimizedModule around it",)


@pytest.mark.parametrize(
    "data",
    [ROWS, ROWS.double(), ROWS.numpy(), ROWS.numpy().astype("float64"), (torch.zeros(20, dtype=torch.int64), ROWS)],
    ids=["tensor", "double", "array", "float64", "second"],
)
def test_the_first_data_that_fits_is_the_example(log, data):
    result = log(net(), data)
    example = mlflow.pyfunc.load_model(result.uri).input_example
    assert result.signature
    assert np.allclose(example, ROWS[:5].numpy())


def test_data_that_does_not_fit_is_no_example(log):
    result = log(net(), (torch.zeros(20, 3), "text", torch.arange(20)))
    assert (result.signature, result.notes) == (False, ())


def test_an_embedding_takes_whole_numbers(log):
    model = nn.Sequential(nn.Embedding(10, 3), nn.Flatten(), nn.Linear(6, 1))
    tokens = torch.randint(10, (8, 2))
    result = log(model, tokens)
    assert result.signature
    assert np.allclose(mlflow.pyfunc.load_model(result.uri).predict(tokens.numpy()), model(tokens).detach().numpy())
