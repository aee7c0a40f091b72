"""Pickling a torch module so that it loads anywhere: code of the notebook with it, weights on the CPU."""

from __future__ import annotations

import functools
import pickle
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# The name under which `mlflow.pytorch` finds what to unpickle with; it is Python's own pickle, given a name.
PICKLE_MODULE = "mlflow.pytorch.pickle_module"


def dump(module: Any, file: Path, *, hooks: bool = True) -> None:
    """Write *module* to *file* as `torch.save` does, in the mode that it is in, and without changing it.

    Functions and classes of the notebook are kept by value. What lies on a GPU is written as on the CPU, since MLflow
    loads without a map and a machine without a GPU would refuse. Without *hooks* the functions that were registered
    on the module and its submodules are left out.
    """
    import torch

    torch.save(module, file, pickle_module=_pickles_with(hooks=hooks))


def load(file: Path) -> Any:
    """Return the module that `dump` wrote to *file*, on the CPU."""
    import torch

    return torch.load(file, pickle_module=_pickles_with(hooks=True), weights_only=False)


@functools.cache
def _pickles_with(*, hooks: bool) -> Any:
    """Return what `torch.save` and `torch.load` take as a pickle module."""
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
    """Return whether a tensor lies on a device that another machine may not have."""
    return tensor.device.type not in {"cpu", "meta"}


def on_cpu(tensor: Any) -> Any:
    """Return a copy of *tensor* on the CPU, of the same type: a parameter stays one."""
    import torch

    copied = tensor.detach().cpu()
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(copied, requires_grad=tensor.requires_grad)
    return copied.requires_grad_(tensor.requires_grad)


def without_hooks(module: Any) -> Any:
    """Return how to pickle *module* as if no hook was registered on it; None for what is no module or has no hook."""
    import torch

    if not isinstance(module, torch.nn.Module) or not any(is_hooks(*item) for item in vars(module).items()):
        return None
    made, arguments, state, *rest = module.__reduce_ex__(2)
    if isinstance(state, dict):
        state = {name: type(value)() if is_hooks(name, value) else value for name, value in state.items()}
    return (made, arguments, state, *rest)


def is_hooks(name: str, value: Any) -> bool:
    """Return whether an attribute of a module is one of torch's dictionaries of hooks, and not empty."""
    return name.startswith("_") and "_hooks" in name and isinstance(value, dict) and bool(value)


def has_hooks(module: Any) -> bool:
    """Return whether a hook is registered on *module* or a submodule."""
    return any(is_hooks(name, value) for each in module.modules() for name, value in vars(each).items())
