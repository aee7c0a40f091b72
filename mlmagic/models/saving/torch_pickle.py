"""Pickles a torch module so that it loads anywhere: the notebook's code by value, the weights on the CPU."""

from __future__ import annotations

import functools
import pickle
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# The pickle module that the saved model names; MLflow's module of this name unpickles with Python's own pickle.
PICKLE_MODULE = "mlflow.pytorch.pickle_module"


def dump(module: Any, file: Path, *, hooks: bool = True) -> None:
    """Write *module* to *file* as `torch.save` does, in its current mode and without changing it.

    Functions and classes of the notebook are pickled by value. GPU tensors are written as CPU tensors, because MLflow
    passes no ``map_location``, and loading would fail on a machine without a GPU. If *hooks* is False, the hooks of the
    module and its submodules are left out.
    """
    import torch

    torch.save(module, file, pickle_module=_pickles_with(hooks=hooks))


def load(file: Path) -> Any:
    """Return the module that `dump` wrote to *file*, on the CPU."""
    import torch

    return torch.load(file, pickle_module=_pickles_with(hooks=True), weights_only=False)


@functools.cache
def _pickles_with(*, hooks: bool) -> Any:
    """Return a pickle module for `torch.save` and `torch.load`."""
    import cloudpickle

    class Pickler(cloudpickle.CloudPickler):  # type: ignore[misc]  # it has no types
        def reducer_override(self, obj: Any) -> Any:
            import torch

            if isinstance(obj, torch.Tensor) and is_elsewhere(obj):
                return on_cpu(obj).__reduce_ex__(2)
            if not hooks and (bald := without_hooks(obj)) is not None:
                return bald
            return super().reducer_override(obj)

    return SimpleNamespace(__name__=PICKLE_MODULE, Pickler=Pickler, Unpickler=pickle.Unpickler, load=pickle.load)


def is_elsewhere(tensor: Any) -> bool:
    """Return whether a tensor is on a device that another machine may not have."""
    return tensor.device.type not in {"cpu", "meta"}


def on_cpu(tensor: Any) -> Any:
    """Return a copy of *tensor* on the CPU; the copy of a parameter is a parameter."""
    import torch

    copied = tensor.detach().cpu()
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(copied, requires_grad=tensor.requires_grad)
    return copied.requires_grad_(tensor.requires_grad)


def without_hooks(module: Any) -> Any:
    """Return the reduce value of *module* without its hooks, or None if it is not a module or has no hooks."""
    import torch

    if not isinstance(module, torch.nn.Module) or not any(is_hooks(*item) for item in vars(module).items()):
        return None
    made, arguments, state, *rest = module.__reduce_ex__(2)
    if isinstance(state, dict):
        state = {name: type(value)() if is_hooks(name, value) else value for name, value in state.items()}
    return (made, arguments, state, *rest)


def is_hooks(name: str, value: Any) -> bool:
    """Return whether a module's attribute is a non-empty dict of hooks."""
    return name.startswith("_") and "_hooks" in name and isinstance(value, dict) and bool(value)


def has_hooks(module: Any) -> bool:
    """Return whether a hook is registered on *module* or a submodule."""
    return any(is_hooks(name, value) for each in module.modules() for name, value in vars(each).items())
