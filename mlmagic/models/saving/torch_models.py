"""Writes a torch module in MLflow's `pickle` format, in its current training mode, and reads it back at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.models.saving.agreement import ACROSS_DEVICES, EXACT, as_array
from mlmagic.models.saving.guard import preserve_state
from mlmagic.models.saving.input_example import rows_for_module
from mlmagic.models.saving.limits import weigh
from mlmagic.models.saving.pickle_check import kept_by_value
from mlmagic.models.saving.saved import ENVIRONMENT, CannotLogError, Saved, first_line, new_folder, write_environment
from mlmagic.models.saving.shallow_clone import bare, twin_of
from mlmagic.models.saving.torch_pickle import PICKLE_MODULE, dump, has_hooks, is_elsewhere, load, without_hooks
from mlmagic.models.saving.verify import compare, prove
from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from pathlib import Path

_DATA = "data"


def save(model: Any, folder: Path, *, requirements: list[str], candidates: tuple[Any, ...], limit: float) -> Saved:
    """Write the torch module *model* to *folder* without changing it, neither its mode nor a buffer.

    Raises
    ------
    CannotLogError
        If its weights take more than *limit* bytes, or it cannot be pickled.
    """
    notes: list[str] = []
    model = _unwrapped(model, notes)
    _check_size(model, limit)
    meta, folder = new_folder(folder)
    saved = Saved(meta, folder, "torch", notes)
    file = folder / _DATA / "model.pth"
    file.parent.mkdir()
    (file.parent / "pickle_module_info.txt").write_text(PICKLE_MODULE, encoding="utf-8")
    packages = _write(model, file, limit, saved)
    _add_flavours(saved)
    kept = _read_back(model, file, saved)
    if kept is not None:
        _prove(model, kept, candidates, saved)
    write_environment(folder, requirements, ["torch", "cloudpickle", "numpy", *sorted(packages)])
    return saved


def _unwrapped(model: Any, notes: list[str]) -> Any:
    """Return the module inside the wrappers of `torch.compile` and of parallel training."""
    parallel = sys.modules["torch.nn"].parallel
    while True:
        inner = getattr(model, "_orig_mod", None)
        if isinstance(model, parallel.DataParallel | parallel.DistributedDataParallel):
            inner = model.module
        if inner is None:
            return model
        notes.append(f"kept without the {type(model).__name__} around it")
        model = inner


def _check_size(model: Any, limit: float) -> None:
    if any(weight.is_meta for weight in model.parameters()):
        raise CannotLogError("its weights are on torch's device 'meta': there are no numbers in them")
    storages = {}
    for weight in [*model.parameters(), *model.buffers()]:
        if not type(weight).__name__.startswith("Uninitialized"):
            storages[weight.untyped_storage()._cdata] = weight.untyped_storage().nbytes()
    size = sum(storages.values())
    if size > limit:
        raise CannotLogError(f"its weights take {size / 1e6:,.0f} MB, the limit is {limit / 1e6:g} MB")


def _write(model: Any, file: Path, limit: float, saved: Saved) -> set[str]:
    """Write the module to *file*, and return the packages that it needs."""
    import torch

    if isinstance(model, torch.jit.ScriptModule):
        torch.jit.save(model, file)
        return set()
    try:
        return _dump(model, file, limit, hooks=True)
    except CannotLogError as reason:
        # A hook may refer to anything: a file, a lock, all activations of the training.
        if not has_hooks(model):
            raise
        packages = _dump(model, file, limit, hooks=False)
        saved.notes.append(f"kept without its hooks: {reason}")
        return packages


def _dump(model: Any, file: Path, limit: float, *, hooks: bool) -> set[str]:
    found = weigh(model, limit, None if hooks else without_hooks)
    try:
        with kept_by_value(found.local_modules):
            dump(model, file, hooks=hooks)
    except BaseException as error:
        reraise_interrupt(error)
        raise CannotLogError(f"it cannot be pickled: {first_line(error)}") from error
    return found.packages


def _read_back(model: Any, file: Path, saved: Saved) -> Any:
    import torch

    if isinstance(model, torch.jit.ScriptModule):
        return None
    with preserve_state():
        try:
            kept = load(file)
        except BaseException as error:
            reraise_interrupt(error)
            raise CannotLogError(f"it does not load again: {type(error).__name__}: {first_line(error)}") from error
    if [each.training for each in kept.modules()] != [each.training for each in model.modules()]:
        saved.notes.append("the training mode of the saved model differs")
    return kept


def _add_flavours(saved: Saved) -> None:
    import torch
    from mlflow import pyfunc

    saved.meta.add_flavor("pytorch", model_data=_DATA, pytorch_version=str(torch.__version__), code=None)
    pyfunc.add_to_model(
        saved.meta,
        loader_module="mlflow.pytorch",
        data=_DATA,
        pickle_module_name=PICKLE_MODULE,
        model_config={"device": None},
        **ENVIRONMENT,
    )


def _prove(model: Any, kept: Any, candidates: tuple[Any, ...], saved: Saved) -> None:
    """Compare the model with the *kept* one on the first rows that the model accepts."""
    import torch

    weight = next(model.parameters())
    twin, kept = twin_of(model), bare(kept)
    tolerance = ACROSS_DEVICES if is_elsewhere(weight) else EXACT
    for rows in rows_for_module(candidates, _numpy_float(weight)):
        with preserve_state() as rewind, torch.no_grad():
            try:
                expected = twin(torch.from_numpy(rows).to(weight.device))
                made = as_array(expected) if isinstance(expected, torch.Tensor) else None
            except BaseException as error:  # noqa: BLE001  # the model does not accept these rows
                reraise_interrupt(error)
                continue
            rewind()
            if made is not None:
                prove(saved, rows, made, lambda data: as_array(kept(torch.from_numpy(data))), tolerance=tolerance)
                return
            saved.notes.append(
                f"it returns a {type(expected).__name__}, and mlflow.pyfunc takes a single tensor: "
                "load it by mlflow.pytorch.load_model"
            )
            compare(saved, rows, expected, lambda data: kept(torch.from_numpy(data)), tolerance=tolerance)
        return


def _numpy_float(weight: Any) -> Any:
    """Return the NumPy dtype of a module's floats, or None if NumPy has no such dtype."""
    import numpy as np

    name = str(weight.dtype).removeprefix("torch.")
    return np.dtype(name) if name in {"float16", "float32", "float64"} else None
