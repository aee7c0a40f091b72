"""Clones a torch module so that it can be run without side effects: the twin shares only the weights."""

from __future__ import annotations

import copy
from collections import OrderedDict, deque
from typing import Any

from mlmagic.models.saving.torch_pickle import is_hooks

_COPIED = {list, dict, set, deque, OrderedDict}


def twin_of(module: Any) -> Any:
    """Return a twin of *module* in evaluation mode and without hooks, which can run in its place.

    The twin shares the weights. Buffers are copied, because a forward pass may change them (the running averages of a
    normalisation), and so are plain lists and dicts, to which `forward` may append. The module itself is never
    changed, not even temporarily, because another thread may be using it.

    >>> import torch
    >>> layer = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout())
    >>> twin = twin_of(layer)
    >>> twin.training, layer.training, twin[0].weight is layer[0].weight
    (False, True, True)
    """
    return _twin(module, {})


def _twin(module: Any, made: dict[int, Any]) -> Any:
    if id(module) in made:
        return made[id(module)]
    twin = made[id(module)] = object.__new__(type(module))
    state = {name: copy.copy(value) if type(value) in _COPIED else value for name, value in vars(module).items()}
    state |= {name: type(value)() for name, value in state.items() if is_hooks(name, value)}
    state["training"] = False
    state["_buffers"] = {name: None if each is None else each.clone() for name, each in module._buffers.items()}
    vars(twin).update(state)
    twin._modules = {name: None if each is None else _twin(each, made) for name, each in module._modules.items()}
    return twin


def bare(module: Any) -> Any:
    """Switch *module* to evaluation mode in place, remove its hooks, and return it.

    For a module that was just read back, to compare it with a `twin_of` the original, which has no hooks either.
    """
    for each in module.modules():
        for name, value in list(vars(each).items()):
            if is_hooks(name, value):
                value.clear()
    return module.eval()
