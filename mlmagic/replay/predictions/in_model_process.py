"""What runs in the process that asks models: load each, let it predict the stored rows, write what it returned."""

from __future__ import annotations

import copy
import gc
import importlib
import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import MLMagicError
from mlmagic.models.saving.sklearn_models import imported_skops
from mlmagic.replay.predictions.closeness import beyond_rounding
from mlmagic.replay.predictions.predictions import Predictions, as_arrays, write
from mlmagic.store.model_files import loading
from mlmagic.store.model_files.loading import ModelFiles
from mlmagic.user_objects import one_line, reraise_interrupt, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

_METHODS = ("predict", "transform", "score_samples")
_MORE_METHODS = ("predict_proba", "decision_function")
_LONGEST_TEXT = 200


def main(job: Path) -> None:
    """Answer the questions of the JSON file *job*, in their order."""
    asked = json.loads(job.read_text("utf-8"))
    signal.alarm(int(asked["longest_s"]))  # ends this process even if the one that started it is gone
    _restore_modules(asked["modules"])
    importlib.import_module("mlflow.models")  # as in a kernel, before the working folder comes first on the path
    sys.path[:] = asked["path"] or ["", *sys.path]
    for one in asked["questions"]:
        write(answer(Path(one["folder"]), Path(one["rows"])), Path(asked["answers"]), one["name"])
        gc.collect()


def _restore_modules(modules: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
    """Let the user's edited modules be imported from their recorded sources, and MLflow reach no other store."""
    from mlmagic.replay.running import in_kernel

    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(json.dumps({"random": {}, "modules": modules}), "utf-8")
        in_kernel.begin(str(plan))


def answer(folder: Path, rows_of: Path) -> Predictions:
    """Return what the model in *folder* predicts on the rows that are stored with the model in *rows_of*.

    The files are trusted: loading them runs their code. The answer names what the model raises.
    """
    try:
        rows = _stored_rows(rows_of)
    except BaseException as error:  # noqa: BLE001  # MLflow parses a file that anybody may have damaged
        reraise_interrupt(error)
        return Predictions(problem=f"the rows that are stored with it cannot be read: {_text(error)}")
    try:
        methods = _methods(folder)
    except BaseException as error:  # noqa: BLE001  # the model's own code runs
        reraise_interrupt(error)
        lead = "" if isinstance(error, MLMagicError) else "it cannot be loaded: "
        return Predictions(problem=f"{lead}{_text(error)}")
    if not methods:
        return Predictions(problem="it has no predict, and no transform")
    return _asked(methods, rows)


def _asked(methods: Mapping[str, Callable[[Any], Any]], rows: Any) -> Predictions:
    try:
        outputs, again = (_outputs(methods, rows) for _ in range(2))
    except MemoryError as error:
        return Predictions(problem=f"this machine has too little memory for it: {_text(error)}")
    except BaseException as error:  # noqa: BLE001  # the model's own code runs
        reraise_interrupt(error)
        return Predictions(raised=_text(error))
    if not sum(values.size for values in outputs.values()):
        return Predictions(problem="it predicts nothing on the rows that are stored with it")
    return Predictions(_count(rows), outputs, is_steady=_is_steady(outputs, again))


def _text(error: BaseException) -> str:
    if isinstance(error, MLMagicError):
        return text_of(error).partition(". ")[0][:_LONGEST_TEXT]
    return one_line(error)[:_LONGEST_TEXT]


def _stored_rows(folder: Path) -> Any:
    from mlflow.models import Model

    rows = Model.load(str(folder)).load_input_example(str(folder))
    if rows is None or not _count(rows):
        raise ValueError("there are none")
    return rows


def _count(rows: Any) -> int:
    if isinstance(rows, dict):  # a list or an array for each column
        rows = next(iter(rows.values()), ())
    if getattr(rows, "shape", None):
        return int(rows.shape[0])
    return len(rows) if isinstance(rows, list | tuple) else 1


def _methods(folder: Path) -> dict[str, Callable[[Any], Any]]:
    """Load the model, and return what it is asked for: its prediction, and its probabilities if it has them."""
    flavours = loading.flavours_in(folder, "it")
    if "pytorch" in flavours:
        return _of_module(loading.load_from(folder, ModelFiles("it", str(folder))))
    if "sklearn" in flavours:
        if flavours["sklearn"].get("serialization_format") == "skops":
            imported_skops()  # else MLflow imports it, and torch with it
        return _of_estimator(loading.load_from(folder, ModelFiles("it", str(folder))))
    from mlflow import pyfunc

    model = pyfunc.load_model(str(folder))
    return {"predict": model.predict, **_more(_raw(model))}


def _of_module(module: Any) -> dict[str, Callable[[Any], Any]]:
    import torch

    module.eval()
    weight = next(module.parameters(), None)
    if type(module).forward is torch.nn.Module.forward:
        return {}

    def predict(rows: Any) -> Any:
        values = torch.as_tensor(rows.to_numpy() if hasattr(rows, "to_numpy") else rows)
        if weight is not None:
            is_float = values.is_floating_point() and weight.is_floating_point()
            values = values.to(weight.device, weight.dtype if is_float else None)
        with torch.no_grad():
            return module(values)

    return {"predict": predict}


def _of_estimator(model: Any) -> dict[str, Callable[[Any], Any]]:
    name = next((name for name in _METHODS if callable(getattr(model, name, None))), None)
    return {} if name is None else {name: getattr(model, name), **_more(model)}


def _raw(model: Any) -> Any:
    return model.get_raw_model() if hasattr(model, "get_raw_model") else None


def _more(model: Any) -> dict[str, Callable[[Any], Any]]:
    """Return the method that shows more of the model than its labels, which may be equal where the models differ."""
    name = next((name for name in _MORE_METHODS if callable(getattr(model, name, None))), None)
    return {} if name is None else {name: getattr(model, name)}


def _outputs(methods: Mapping[str, Callable[[Any], Any]], rows: Any) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    for name, method in methods.items():
        _seed()
        try:
            found |= as_arrays(method(copy.copy(rows)), name)
        except BaseException as error:
            reraise_interrupt(error)
            if name not in _MORE_METHODS:
                raise
    return found


def _seed() -> None:
    """Set the global generators to fixed states, since a model may draw numbers where it predicts."""
    import numpy as np

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  # the generator that models draw from
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(0)


def _is_steady(outputs: Mapping[str, NDArray[Any]], again: Mapping[str, NDArray[Any]]) -> bool:
    """Return whether two answers are the same but for rounding."""
    return list(outputs) == list(again) and all(map(_is_same, outputs.values(), again.values()))


def _is_same(values: NDArray[Any], other: NDArray[Any]) -> bool:
    if values.shape != other.shape or values.dtype != other.dtype:
        return False
    return not (beyond_rounding(values, other) if values.dtype.kind == "f" else values != other).any()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    os._exit(0)  # a thread that a model left running holds nothing up
