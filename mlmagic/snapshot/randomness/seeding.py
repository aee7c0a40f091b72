"""One seed for every source of randomness of the process, and generators that continue from it."""

from __future__ import annotations

import operator
import random
import reprlib
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.adapters.import_hooks import when_imported
from mlmagic.adapters.optional import require
from mlmagic.errors import UsageProblem
from mlmagic.snapshot.randomness.deterministic import CublasWorkspace, make_torch_deterministic
from mlmagic.snapshot.randomness.generators import saved_states
from mlmagic.snapshot.randomness.seed_facts import SeedReport, SeedRow, SeedState, seed_report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    import numpy as np
    import torch

__all__ = [
    "SeedReport",
    "SeedRow",
    "SeedState",
    "current",
    "forget",
    "report",
    "rng",
    "seed",
    "suspend",
    "torch_generator",
    "worker_init",
]

MAX_SEED = 2**32 - 1
_MOST_BITS_SHOWN = 64


@dataclass
class _Session:
    state: SeedState | None = None
    generator: np.random.Generator | None = None
    seeded: set[str] = field(default_factory=set)
    waiting: list[Callable[[], None]] = field(default_factory=list)
    switched: list[Callable[[], None]] = field(default_factory=list)
    cublas: CublasWorkspace = field(default_factory=CublasWorkspace)


_session = _Session()


def seed(value: int, *, deterministic: bool = False, namespace: Mapping[str, object] | None = None) -> SeedReport:
    """Seed Python's random, NumPy, torch, TensorFlow and Keras, and report what that does not fix.

    A library that is not imported yet is seeded right after its import. A call without *deterministic* restores
    torch's switches to their values before an earlier call with it.

    Parameters
    ----------
    value
        A whole number from 0 to 4294967295, the range that NumPy takes.
    deterministic
        Let torch and TensorFlow use deterministic algorithms only; an operation that has none then raises.
    namespace
        Variables among which to look for generators that were not seeded.

    Returns
    -------
    A report of what is fixed and what is not, which a notebook displays; ``report.value`` is the seed.

    Raises
    ------
    UsageProblem
        *value* is not such a number.

    Examples
    --------
    >>> import random
    >>> seed(42).value
    42
    >>> first = random.random()
    >>> _ = seed(42)
    >>> random.random() == first
    True
    >>> forget()
    """
    value = _checked(value)
    was_deterministic = _session.state is not None and (
        _session.state.deterministic or _session.state.was_deterministic
    )
    _release()
    _session.generator = None
    _session.seeded.clear()
    if deterministic:
        _session.cublas.fix()
    _session.state = SeedState(value, deterministic, was_deterministic, _session.cublas.is_late)
    random.seed(value)
    _seed_when_imported(_session.state)
    return report(namespace)


def report(namespace: Mapping[str, object] | None = None) -> SeedReport:
    """Report what is fixed, what is not and what needs a restart, without changing anything."""
    return seed_report(_session.state, _session.seeded, namespace)


def current() -> SeedState | None:
    """Return the current seed, or None."""
    return _session.state


def rng() -> np.random.Generator:
    """Return the session's NumPy Generator, which is the same object until the next call of `seed`.

    It draws the numbers of ``np.random.default_rng(seed)``. In a DataLoader worker that `worker_init` set up, it is
    the worker's own generator.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    UsageProblem
        No seed is set.

    Examples
    --------
    >>> _ = seed(42)
    >>> rng().integers(100, size=3)
    array([ 8, 77, 65])
    >>> rng() is rng()
    True
    >>> forget()
    """
    if _session.generator is None:
        value = _required("rng()")
        import numpy as np

        _session.generator = np.random.default_rng(value)
    return _session.generator


def torch_generator() -> torch.Generator:
    """Return a new torch.Generator with the session's seed, for ``DataLoader(generator=...)``.

    Returns
    -------
    torch.Generator

    Raises
    ------
    UsageProblem
        No seed is set.
    MissingPackageError
        PyTorch is not installed.

    Examples
    --------
    >>> _ = seed(42)
    >>> torch_generator().initial_seed()
    42
    >>> forget()
    """
    value = _required("torch_generator()")
    made: torch.Generator = require("torch", "torch_generator()").Generator().manual_seed(value)
    return made


def worker_init(worker_id: int) -> None:  # noqa: ARG001 - DataLoader's signature; torch's own seed contains it
    """Seed random, NumPy and `rng` in a DataLoader worker, for ``DataLoader(worker_init_fn=...)``.

    Each worker draws different numbers, which are the same in each run with the same ``num_workers``.

    Examples
    --------
    >>> import mlmagic
    >>> from torch.utils.data import DataLoader
    >>> loader = DataLoader(range(4), num_workers=2, worker_init_fn=mlmagic.worker_init)
    """
    import numpy as np
    import torch

    drawn = torch.initial_seed()
    random.seed(drawn)
    np.random.seed(drawn % (MAX_SEED + 1))  # noqa: NPY002 - the global generator is what is to be fixed
    _session.generator = np.random.default_rng(drawn)


def forget() -> None:
    """Forget the seed: cancel pending import hooks, and restore torch's switches and the variable of cuBLAS."""
    _release()
    _session.cublas.set_back()
    vars(_session).update(vars(_Session()))


def suspend() -> Callable[[], None]:
    """Forget the seed, and return a function that resumes it without reseeding, unless another seed was set since.

    Examples
    --------
    >>> _ = seed(42)
    >>> drawn = rng().integers(100)
    >>> resume = suspend()
    >>> current() is None
    True
    >>> resume()
    >>> current().value, rng().integers(100, size=2)
    (42, array([77, 65]))
    >>> forget()
    """
    kept = _Session(_session.state, _session.generator, set(_session.seeded))
    forget()

    def resume() -> None:
        if kept.state is None or _session.state is not None:
            return
        _session.state, _session.generator, _session.seeded = kept.state, kept.generator, kept.seeded
        if kept.state.deterministic:
            _session.cublas.fix()
            if "torch" in kept.seeded:
                _session.switched.append(make_torch_deterministic(sys.modules["torch"]))
        _seed_when_imported(kept.state)

    return resume


def _seed_when_imported(state: SeedState) -> None:
    """Seed the imported libraries, and others right after their import, except those that were seeded before."""
    actions = {"numpy": _seed_numpy, "torch": _seed_torch, "tensorflow": _seed_tensorflow, "keras": _seed_keras}
    for name, action in actions.items():
        if name not in _session.seeded:
            _session.waiting.append(when_imported(name, partial(action, state)))


def _checked(value: object) -> int:
    valid = f"a seed is a whole number from 0 to {MAX_SEED}"
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        meant = _meant(value)
        hint = f" Did you mean {meant}?" if meant is not None else ""
        raise UsageProblem(f"{valid}, got {reprlib.repr(value)}.{hint}") from None
    if isinstance(value, bool):
        raise UsageProblem(f"{valid}, got {value}.")
    if not 0 <= number <= MAX_SEED:
        long = number.bit_length() > _MOST_BITS_SHOWN
        got = f"an integer of {number.bit_length()} bits" if long else number
        raise UsageProblem(f"{valid}, got {got}.")
    return number


def _meant(value: object) -> int | None:
    """Return the seed that text or a float such as ``"42"`` or ``42.0`` stands for."""
    if not isinstance(value, str | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if number.is_integer() and 0 <= number <= MAX_SEED else None


def _required(what: str) -> int:
    if _session.state is None:
        raise UsageProblem(f"{what} needs a seed, and none is set: run %seed 42, or mlmagic.seed(42), first.")
    return _session.state.value


def _release() -> None:
    """Cancel pending import hooks, and restore the switches that the previous seed changed."""
    while _session.waiting:
        _session.waiting.pop()()
    while _session.switched:
        _session.switched.pop()()


def _seed_numpy(state: SeedState, numpy: ModuleType) -> None:
    numpy.random.seed(state.value)
    _session.seeded.add("numpy")


def _seed_torch(state: SeedState, torch: ModuleType) -> None:
    torch.manual_seed(state.value)  # every device; before CUDA is in use, torch defers its seed
    if state.deterministic:
        _session.switched.append(make_torch_deterministic(torch))
    _session.seeded.add("torch")


def _seed_tensorflow(state: SeedState, tensorflow: ModuleType) -> None:
    tensorflow.random.set_seed(state.value)
    if state.deterministic:
        tensorflow.config.experimental.enable_op_determinism()
    _session.seeded.add("tensorflow")


def _seed_keras(state: SeedState, keras: ModuleType) -> None:
    """Seed Keras, and restore the states of random and NumPy, which the function of Keras seeds too."""
    restore = saved_states(torch=False)
    keras.utils.set_random_seed(state.value)
    restore()
    _session.seeded.add("keras")
