"""Clones a torch module so that it can be run without side effects: the twin shares only the weights."""

from __future__ import annotations

import copy
from collections import OrderedDict, defaultdict, deque
from typing import Any

from mlmagic.models.saving.torch_pickle import is_hooks

_COPIED = {list, dict, set, deque, OrderedDict, defaultdict}
_DEEPEST = 3
_MOST_ITEMS = 100
"""Of larger containers the items are shared: a replay buffer may hold a million."""


def twin_of(module: Any) -> Any:
    """Return a twin of *module* in evaluation mode and without hooks, which can run in its place.

    The twin shares the weights. Buffers and other tensors are copied, because a forward pass may change them (the
    running averages of a normalisation, a cache), and so are plain lists and dicts, with those that they hold, to which
    `forward` may append. The module itself is never changed, not even temporarily, because another thread may be using
    it. Objects of other classes are shared.

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
    hooks = {name: type(value)() for name, value in vars(module).items() if is_hooks(name, value)}
    state = {name: hooks.get(name) if name in hooks else _copied(value, made) for name, value in vars(module).items()}
    state["training"] = False
    state["_buffers"] = {name: _copied(each, made) for name, each in module._buffers.items()}
    vars(twin).update(state)
    twin._modules = {name: None if each is None else _twin(each, made) for name, each in module._modules.items()}
    return twin


def _copied(value: Any, made: dict[int, Any], deepest: int = _DEEPEST) -> Any:
    """Return a copy of a tensor, or of a plain container with the tensors and containers in it; others unchanged."""
    import torch

    if id(value) in made:
        return made[id(value)]
    if isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter):
        made[id(value)] = value.detach().clone().requires_grad_(value.requires_grad)
        return made[id(value)]
    if type(value) is tuple:
        return tuple(_copied(each, made, deepest - 1) for each in value) if _has_copied_items(value, deepest) else value
    if type(value) not in _COPIED:
        return value
    twin = made[id(value)] = copy.copy(value)
    if _has_copied_items(value, deepest) and not isinstance(value, set):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            twin[key] = _copied(each, made, deepest - 1)
    return twin


def _has_copied_items(value: Any, deepest: int) -> bool:
    return deepest > 0 and len(value) <= _MOST_ITEMS


def bare(module: Any) -> Any:
    """Switch *module* to evaluation mode in place, remove its hooks, and return it.

    For a module that was just read back, to compare it with a `twin_of` the original, which has no hooks either.
    """
    for each in module.modules():
        for name, value in list(vars(each).items()):
            if is_hooks(name, value):
                value.clear()
    return module.eval()
