"""Writes a scikit-learn estimator with skops, or with cloudpickle and a note if skops is unsuitable.

MLflow's own ``save_model`` takes longer, and does not read back what it wrote.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import pickle
import shutil
import sys
from typing import TYPE_CHECKING, Any

from mlmagic.models.saving import transformer_loader
from mlmagic.models.saving.guard import preserve_state
from mlmagic.models.saving.input_example import rows_for_estimator
from mlmagic.models.saving.limits import weigh
from mlmagic.models.saving.pickle_check import PickleSurvey, kept_by_value
from mlmagic.models.saving.saved import ENVIRONMENT, CannotLogError, Saved, first_line, new_folder, write_environment
from mlmagic.models.saving.verify import prove
from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

# skops writes each part separately, at 0.45 ms and 3 kB each. A forest of 100 trees takes 0.3 s and 5 times the size of
# its pickle; a vocabulary of 10,000 words takes 0.7 s and 22 times the size. The limits allow about 0.1 s.
_MOST_PARTS = 300
_LARGEST_STREAM = 50_000

_ARRAY_LIBRARIES = ("torch", "cupy", "dask")
_FLAVOUR = "sklearn"
_SHIPPED_LOADER = "mlmagic_transformer_loader"


def predicts_by(model: Any) -> str | None:
    """Return the name of the estimator's prediction method: ``predict``, else ``transform`` or ``score_samples``.

    >>> from sklearn.decomposition import PCA
    >>> predicts_by(PCA())
    'transform'
    """
    return next((name for name in ("predict", "transform", "score_samples") if hasattr(model, name)), None)


def save(model: Any, folder: Path, *, requirements: list[str], candidates: tuple[Any, ...], limit: float) -> Saved:
    """Write the fitted estimator *model* to *folder*.

    Raises
    ------
    CannotLogError
        If the model is larger than *limit* bytes, cannot be pickled, or has no prediction method.
    """
    method = predicts_by(model)
    if method is None:
        raise CannotLogError(f"{type(model).__name__} has neither predict nor transform: it makes nothing of new data")
    found = weigh(model, limit)
    with kept_by_value(found.local_modules):
        saved, kept = _write(model, folder, found)
    _add_flavours(saved, method)
    _prove(model, kept, method, candidates, saved)
    write_environment(saved.folder, requirements, ["scikit-learn", saved.format, *sorted(found.packages)])
    return saved


def _write(model: Any, folder: Path, found: PickleSurvey) -> tuple[Saved, Any]:
    """Write the model; return its description and the model read back from its file."""
    meta, folder = new_folder(folder)
    reason = _why_not_skops(found)
    if reason is None:
        try:
            kept = _dump_skops(model, meta, folder / "model.skops")
        except BaseException as error:  # noqa: BLE001  # skops may raise anything for an unknown type
            reraise_interrupt(error)
            (folder / "model.skops").unlink(missing_ok=True)
            reason = f"skops cannot keep it: {type(error).__name__}: {first_line(error)}"
        else:
            return Saved(meta, folder, "skops"), kept
    kept = _dump_pickle(model, meta, folder / "model.pkl")
    return Saved(meta, folder, "cloudpickle", [f"cloudpickle, since {reason}"]), kept


def _why_not_skops(found: PickleSurvey) -> str | None:
    if found.by_value:
        names = ", ".join(list(found.by_value)[:3])
        return f"{names} would not be found where the model is loaded, and skops keeps no code"
    if found.parts > _MOST_PARTS or found.stream > _LARGEST_STREAM:
        size = (
            f"{found.parts:,} parts" if found.parts > _MOST_PARTS else f"{found.stream / 1e3:,.0f} kB of small values"
        )
        return f"skops would be several times as large and slow for {size}"
    if importlib.util.find_spec("skops") is None:
        return "skops is not installed: pip install skops"
    return None


def _dump_skops(model: Any, meta: Any, file: Path) -> Any:
    skops_io = imported_skops()
    data = skops_io.dumps(model)
    # The data was just written by this process, so all its types can be trusted.
    trusted = skops_io.get_untrusted_types(data=data)
    kept = skops_io.loads(data, trusted=trusted)
    file.write_bytes(data)
    _add_sklearn(meta, file.name, "skops", trusted)
    return kept


def imported_skops() -> ModuleType:
    """Import `skops.io` without the array libraries that it would import, and return it.

    skops walks through all of scikit-learn, whose adapters then import each installed array library. torch alone takes
    2 s and 200 MB.
    """
    importlib.import_module("sklearn.base")  # SciPy's statistics cannot be imported while torch is refused
    absent = [name for name in _ARRAY_LIBRARIES if name not in sys.modules]
    sys.modules |= dict.fromkeys(absent)  # type: ignore[arg-type]  # None makes Python refuse the import
    try:
        return importlib.import_module("skops.io")
    finally:
        for name in absent:
            if sys.modules.get(name, absent) is None:
                del sys.modules[name]


def _dump_pickle(model: Any, meta: Any, file: Path) -> Any:
    import cloudpickle

    with file.open("wb") as out:
        # As MLflow does: an older Python could not read the newest protocol.
        cloudpickle.dump(model, out, protocol=pickle.DEFAULT_PROTOCOL)
    _add_sklearn(meta, file.name, "cloudpickle", None)
    with file.open("rb") as written:
        return pickle.load(written)  # noqa: S301  # written one line above


def _add_sklearn(meta: Any, file_name: str, how: str, trusted: list[str] | None) -> None:
    import sklearn

    meta.add_flavor(
        _FLAVOUR,
        pickled_model=file_name,
        sklearn_version=sklearn.__version__,
        serialization_format=how,
        code=None,
        skops_trusted_types=trusted,
    )


def _add_flavours(saved: Saved, method: str) -> None:
    from mlflow import pyfunc

    model_file = saved.meta.flavors[_FLAVOUR]["pickled_model"]
    if method == "predict":
        pyfunc.add_to_model(
            saved.meta, loader_module="mlflow.sklearn", model_path=model_file, predict_fn=method, **ENVIRONMENT
        )
        return
    (saved.folder / "code").mkdir()
    shutil.copyfile(transformer_loader.__file__, saved.folder / "code" / f"{_SHIPPED_LOADER}.py")
    pyfunc.add_to_model(saved.meta, loader_module=_SHIPPED_LOADER, code="code", predict_fn=method, **ENVIRONMENT)


def _prove(model: Any, kept: Any, method: str, candidates: tuple[Any, ...], saved: Saved) -> None:
    """Compare the model with the *kept* one on the first rows that the model accepts."""
    for rows in rows_for_estimator(model, candidates):
        with preserve_state() as rewind:
            try:
                expected = _run(_stand_in(model), method, rows)
            except BaseException as error:  # noqa: BLE001  # the model does not accept these rows
                reraise_interrupt(error)
                continue
            rewind()
            prove(saved, rows, expected, getattr(kept, method))
        return


def _stand_in(model: Any) -> Any:
    """Return a shallow clone of *model* to predict with, because a user's `predict` may set attributes.

    `copy` is not used: it goes through the pickling protocol, whose errors this comparison is meant to detect.
    """
    try:
        twin = object.__new__(type(model))
        vars(twin).update(vars(model))
    except TypeError:  # a class of an extension module
        return model
    return twin


def _run(model: Any, method: str, rows: Any) -> Any:
    predict: Callable[[Any], Any] = getattr(model, method)
    made = predict(copy.copy(rows))
    # A vectorizer treats a table as a list of its column names.
    count = len(rows) if isinstance(rows, list) else rows.shape[0]
    if hasattr(made, "shape") and made.shape[0] != count:
        raise ValueError(f"{count} rows became {made.shape[0]}")
    return made
