"""Surveys a model's pickle without storing it: its size, its parts, and the modules of its code."""

from __future__ import annotations

import contextlib
import functools
import site
import sys
import sysconfig
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    import pickle
    from collections.abc import Callable, Iterator, Sequence

    from cloudpickle import CloudPickler

_DEEPEST = 8


class TooLargeError(Exception):
    """The model is larger than the limit; pickling stopped at that point."""


@dataclass
class PickleSurvey:
    """The result of surveying a model.

    ``size`` is in bytes, ``stream`` the part of it outside of arrays' buffers. ``parts`` counts the objects that are
    not plain values. ``by_value`` names the functions and classes that are pickled by value: those of the notebook and
    of ``local_modules``. ``packages`` are the installed packages that the model needs.
    """

    size: int = 0
    stream: int = 0
    parts: int = 0
    by_value: dict[str, None] = field(default_factory=dict)
    local_modules: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)


def survey(model: Any, *, limit: float, reduce: Callable[[Any], Any] | None = None) -> PickleSurvey:
    """Survey what pickling *model* would write.

    *reduce* is called for each object; it returns the object's reduce value, or None for the default.

    Arrays are counted, not copied, and the survey stops at *limit* bytes, so a model of 5 GB costs no more than one of
    5 MB.

    Raises
    ------
    TooLargeError
        If the model is larger than *limit*.
    Exception
        Whatever *model* or a part of it raises when it is pickled.

    Examples
    --------
    >>> survey({"weights": bytearray(1000)}, limit=1e6).size > 1000
    True
    """
    found = PickleSurvey()
    _surveyor()(found, limit, reduce).dump(model)
    return found


@functools.cache
def _surveyor() -> type[CloudPickler]:
    import cloudpickle

    class Surveyor(cloudpickle.CloudPickler):  # type: ignore[misc]  # it has no types
        """A pickler that counts bytes and writes nothing. Out-of-band buffers (protocol 5) are not copied."""

        def __init__(self, found: PickleSurvey, limit: float, reduce: Callable[[Any], Any] | None) -> None:
            self._found, self._limit, self._reduce = found, limit, reduce
            self._storages: set[int] = set()
            super().__init__(self, protocol=5, buffer_callback=self._take_buffer)

        def write(self, data: Any) -> int:
            length = len(data) if isinstance(data, bytes) else memoryview(data).nbytes
            self._found.stream += length
            self._add(length)
            return length

        def _take_buffer(self, buffer: pickle.PickleBuffer) -> None:
            self._add(buffer.raw().nbytes)

        def _add(self, length: int) -> None:
            self._found.size += length
            if self._found.size > self._limit:
                raise TooLargeError

        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, type | types.FunctionType):
                self._look_at_code(obj)
                return super().reducer_override(obj)
            self._found.parts += 1
            if isinstance(obj, types.ModuleType):
                self._take_package(obj.__name__)
            if self._reduce is not None and (reduced := self._reduce(obj)) is not None:
                return reduced
            torch = sys.modules.get("torch")
            if torch is not None and isinstance(obj, torch.Tensor):
                self._take_tensor(obj)
                return int, ()
            return super().reducer_override(obj)

        def _take_tensor(self, tensor: Any) -> None:
            # A view is pickled with its whole storage, several views with one. A lazy module's weight has none yet.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                storage = tensor.untyped_storage()
                if storage._cdata not in self._storages:
                    self._storages.add(storage._cdata)
                    self._add(storage.nbytes())

        def _look_at_code(self, code: Any) -> None:
            module = getattr(code, "__module__", None) or ""
            name = getattr(code, "__qualname__", "")
            local = is_local(module)
            if local or module == "__main__" or "<" in name:
                # `train.<locals>.Net.forward` is listed as its class, `Net`.
                self._found.by_value[name.rpartition("<locals>.")[2].partition(".")[0]] = None
            if local:
                self._found.local_modules.add(module)
            else:
                self._take_package(module)

        def _take_package(self, module_name: str) -> None:
            package = module_name.partition(".")[0]
            if package not in {"", "__main__"} and package not in sys.stdlib_module_names:
                self._found.packages.add(package)

    return Surveyor


def is_local(module_name: str) -> bool:
    """Return whether a module is in one of the user's folders, where another process may not be able to import it.

    >>> is_local("json"), is_local("no.such.module")
    (False, False)
    """
    module = sys.modules.get(module_name)
    file = getattr(module, "__file__", None)
    if module_name == "__main__" or not isinstance(file, str) or not file.endswith(".py"):
        return False
    path = Path(file)
    if {"site-packages", "dist-packages"} & set(path.parts):
        return False
    return not any(path.is_relative_to(folder) for folder in _installed())


@functools.cache
def _installed() -> tuple[Path, ...]:
    known = sysconfig.get_paths()
    folders = [known[name] for name in ("stdlib", "platstdlib", "purelib", "platlib") if name in known]
    return tuple(Path(folder) for folder in [*folders, site.getusersitepackages()])


@contextlib.contextmanager
def kept_by_value(module_names: set[str]) -> Iterator[None]:
    """Let cloudpickle pickle the code of these modules by value, as it does for the notebook's code."""
    import cloudpickle

    known = set(cloudpickle.list_registry_pickle_by_value())
    modules = [sys.modules[name] for name in sorted(module_names - known) if name in sys.modules]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)


def culprit(model: Any) -> str:
    """Return which part of *model* cannot be pickled, such as ``its attribute 'lock' (lock)``, or an empty string."""
    path, value = "", model
    seen = {id(model)}
    for _ in range(_DEEPEST):
        for name, part in _parts(value):
            if id(part) not in seen and not _pickles(part):
                seen.add(id(part))
                path, value = f"{path}{name}", part
                break
        else:
            break
    return f"its attribute {path.lstrip('.')!r} ({type(value).__name__})" if path else ""


@guarded(default=())  # an object whose attributes cannot be listed
def _parts(value: Any) -> Sequence[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"[{key!r}]", part) for key, part in list(value.items())]
    if isinstance(value, list | tuple):
        return [(f"[{number}]", part) for number, part in enumerate(value)]
    if isinstance(value, types.FunctionType):
        return list(_held_by(value))
    return [(f".{name}", part) for name, part in list(getattr(value, "__dict__", {}).items())]


def _held_by(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        with contextlib.suppress(ValueError):  # not bound yet
            yield f".{name}", cell.cell_contents


@guarded(default=False)
def _pickles(part: Any) -> bool:
    survey(part, limit=float("inf"))
    return True
