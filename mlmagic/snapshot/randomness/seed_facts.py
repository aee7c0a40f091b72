"""Report which sources of randomness of this process a seed fixes, without changing any."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from types import ModuleType

Fixed = Literal["fixed", "not fixed", "needs restart"]
_ORDER: dict[Fixed, int] = {"fixed": 0, "not fixed": 1, "needs restart": 2}

# NumPy draws 128 bits of system entropy for an unseeded generator, which fit into 96 bits once in 2**32 times.
_BITS_OF_A_SEED = 96
_MOST_NAMES = 20


@dataclass(frozen=True)
class SeedState:
    """The current seed.

    ``was_deterministic`` means that an earlier seed switched deterministic algorithms on. ``cublas_late`` means that
    CUDA was in use before ``CUBLAS_WORKSPACE_CONFIG`` was set.
    """

    value: int
    deterministic: bool = False
    was_deterministic: bool = False
    cublas_late: bool = False


@dataclass(frozen=True)
class SeedRow:
    """One source of randomness: whether the seed fixes it, why, and what to type next."""

    what: str
    state: Fixed
    why: str = ""
    command: str = ""


@dataclass(frozen=True)
class SeedReport:
    """Every detected source of randomness, the fixed ones first; ``value`` is None before any seed."""

    value: int | None
    rows: tuple[SeedRow, ...]


def seed_report(
    state: SeedState | None, seeded: AbstractSet[str], namespace: Mapping[str, object] | None = None
) -> SeedReport:
    """Report what *state* currently fixes.

    Parameters
    ----------
    state
        The seed that is set, or None.
    seeded
        The libraries that were seeded with it, by module name.
    namespace
        The user's variables, to find generators of their own.
    """
    rows = [
        *_global_generators(state, seeded),
        *_own_generators(state, namespace or {}),
        *_torch_rows(state),
        *_threads(),
        _hashes(state),
    ]
    rows.sort(key=lambda row: _ORDER[row.state])
    return SeedReport(state.value if state else None, tuple(rows))


def _global_generators(state: SeedState | None, seeded: AbstractSet[str]) -> Iterator[SeedRow]:
    yield SeedRow("Python's random", "fixed" if state else "not fixed")
    libraries = {
        "numpy": ("NumPy's np.random", "also scikit-learn, SciPy and pandas where random_state is None"),
        "torch": ("torch", "the CPU and every GPU"),
        "tensorflow": ("TensorFlow", "its global seed"),
        "keras": ("Keras", "layers and keras.random"),
    }
    for name, (what, covers) in libraries.items():
        if name not in sys.modules and not (state and _is_installed(name)):
            continue
        if state is None:
            yield SeedRow(what, "not fixed", covers)
        elif name not in sys.modules:
            yield SeedRow(what, "fixed", "will be seeded right after its import")
        elif name not in seeded:
            yield SeedRow(what, "not fixed", "could not be seeded", f"%seed {state.value}")
        elif name == "torch" and sys.modules["torch"].initial_seed() != state.value:
            since = f"torch was given another seed since, {sys.modules['torch'].initial_seed()}"
            yield SeedRow(what, "not fixed", since, f"%seed {state.value}")
        else:
            yield SeedRow(what, "fixed", covers)
    if state:
        yield SeedRow("mlmagic.rng()", "fixed", f"a NumPy Generator of seed {state.value}, for your own draws")
    if "jax" in sys.modules:
        key = f"key = jax.random.key({state.value if state else 42})"
        yield SeedRow("JAX", "not fixed", "it has no global seed: what you draw follows from your key", key)


def _torch_rows(state: SeedState | None) -> Iterator[SeedRow]:
    torch = sys.modules.get("torch")
    wanted = state is not None and state.deterministic
    if torch is None:
        if wanted and _is_installed("torch"):
            yield SeedRow("torch's algorithms", "fixed", "will be deterministic right after its import")
        return
    yield _algorithms(torch, state)
    if state and wanted and state.cublas_late:
        late = "CUDA was in use before CUBLAS_WORKSPACE_CONFIG was set: run this first in a new kernel"
        yield SeedRow("cuBLAS", "needs restart", late, f"%seed {state.value} --deterministic")
    yield SeedRow(
        "DataLoader, another num_workers",
        "not fixed",
        "the numbers depend on num_workers: keep it, and seed the loader",
        "DataLoader(..., worker_init_fn=mlmagic.worker_init, generator=mlmagic.torch_generator())",
    )


def _algorithms(torch: ModuleType, state: SeedState | None) -> SeedRow:
    strict = torch.are_deterministic_algorithms_enabled() and not torch.is_deterministic_algorithms_warn_only_enabled()
    if strict and torch.backends.cudnn.deterministic and not torch.backends.cudnn.benchmark:
        only = "deterministic ones only: an operation that has none raises an error"
        return SeedRow("torch's algorithms", "fixed", only)
    why = "some operations, mostly on a GPU, round differently each time"
    if state and state.was_deterministic and not state.deterministic:
        why = f"set back, since this seed is without --deterministic: {why}"
    return SeedRow("torch's algorithms", "not fixed", why, f"%seed {state.value if state else 42} --deterministic")


def _threads() -> Iterator[SeedRow]:
    count = _thread_count()
    if count == 1:
        yield SeedRow("Sums over several threads", "fixed", "there is one thread here")
        return
    yield SeedRow(
        "Sums over several threads",
        "not fixed",
        f"their last digits depend on the number of threads, {count} here, and may vary with n_jobs",
        f"OMP_NUM_THREADS={count} jupyter lab",
    )


def _thread_count() -> int:
    """Return the number of threads that the imported libraries use, or would use by default if none reports it."""
    counts = []
    if "torch" in sys.modules:
        counts.append(int(sys.modules["torch"].get_num_threads()))
    if "threadpoolctl" in sys.modules:
        pools = sys.modules["threadpoolctl"].threadpool_info()
        counts.extend(int(pool["num_threads"]) for pool in pools)
    if counts:
        return max(counts)
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _own_generators(state: SeedState | None, namespace: Mapping[str, object]) -> Iterator[SeedRow]:
    """Yield the generators among the user's variables that no seed is known to fix."""
    found = [
        row
        for name, value in list(namespace.items())
        if not name.startswith("_") and (row := _own_generator(name, value, state.value if state else 42))
    ]
    yield from found[:_MOST_NAMES]
    if len(found) > _MOST_NAMES:
        yield SeedRow(f"{len(found) - _MOST_NAMES} more generators", "not fixed", "unseeded like these")


def _own_generator(name: str, value: object, seed: int) -> SeedRow | None:
    kind = type(value)  # not isinstance, which would run code of the user's proxies
    what = f"{name}, a {kind.__name__}"
    if issubclass(kind, random.Random):
        why = "Python does not tell whether it was seeded"
        if issubclass(kind, random.SystemRandom):
            why = "it draws from the system and takes no seed"
        return SeedRow(what, "not fixed", why, f"{name} = random.Random({seed})")
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    why = "unseeded: its entropy looks drawn from the system"
    if issubclass(kind, numpy.random.Generator) and _is_unseeded(value.bit_generator):  # type: ignore[attr-defined]
        return SeedRow(what, "not fixed", why, f"{name} = mlmagic.rng()")
    if issubclass(kind, numpy.random.BitGenerator) and _is_unseeded(value):
        return SeedRow(what, "not fixed", why, f"{name} = np.random.{kind.__name__}({seed})")
    if issubclass(kind, numpy.random.RandomState) and _is_unseeded(value._bit_generator):  # type: ignore[attr-defined]
        return SeedRow(what, "not fixed", why, f"{name} = np.random.RandomState({seed})")
    return None


def _is_unseeded(bit_generator: object) -> bool:
    """Return whether NumPy drew the entropy from the system; default_rng(7) stores 7, RandomState(7) none."""
    entropy = getattr(getattr(bit_generator, "seed_seq", None), "entropy", None)
    return isinstance(entropy, int) and entropy.bit_length() > _BITS_OF_A_SEED


def _hashes(state: SeedState | None) -> SeedRow:
    what = "Hashes of text, the order of sets"
    given = os.environ.get("PYTHONHASHSEED", "random")
    if not sys.flags.hash_randomization:
        return SeedRow(what, "fixed", "PYTHONHASHSEED=0")
    if given != "random" and _hash_in_a_new_python() == hash(what):
        return SeedRow(what, "fixed", f"PYTHONHASHSEED={given}")
    why = "drawn anew by each start of Python"
    if given != "random":
        why = f"PYTHONHASHSEED={given} was set after Python had started"
    return SeedRow(what, "needs restart", why, f"PYTHONHASHSEED={state.value if state else 42} jupyter lab")


def _hash_in_a_new_python() -> int | None:
    """Return the hash of the text in `_hashes` in a new Python process with the current environment."""
    code = "print(hash('Hashes of text, the order of sets'))"
    try:
        done = subprocess.run(
            [sys.executable, "-S", "-c", code], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return int(done.stdout)


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
