"""The environment of a run: Python, platform, machine, threads, and the imported and installed packages."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any

from mlmagic.snapshot.environment import hardware
from mlmagic.snapshot.environment.distributions import Distribution, installed
from mlmagic.snapshot.environment.imported import imported

if TYPE_CHECKING:
    from collections.abc import Mapping

# Only variables that affect results or speed, since an environment is full of secrets.
_VARIABLES = frozenset(
    {
        "CONDA_DEFAULT_ENV",
        "CUBLAS_WORKSPACE_CONFIG",
        "CUDA_DEVICE_ORDER",
        "CUDA_LAUNCH_BLOCKING",
        "CUDA_VISIBLE_DEVICES",
        "GOTO_NUM_THREADS",
        "HIP_VISIBLE_DEVICES",
        "JAX_DEFAULT_MATMUL_PRECISION",
        "JAX_ENABLE_X64",
        "JAX_PLATFORMS",
        "KERAS_BACKEND",
        "LANG",
        "LC_ALL",
        "NVIDIA_TF32_OVERRIDE",
        "NVIDIA_VISIBLE_DEVICES",
        "PYTHONHASHSEED",
        "PYTHONOPTIMIZE",
        "PYTHONPATH",
        "PYTHONUTF8",
        "PYTORCH_ALLOC_CONF",
        "PYTORCH_CUDA_ALLOC_CONF",
        "ROCR_VISIBLE_DEVICES",
        "TF_CUDNN_DETERMINISTIC",
        "TF_DETERMINISTIC_OPS",
        "TF_ENABLE_ONEDNN_OPTS",
        "TF_XLA_FLAGS",
        "TOKENIZERS_PARALLELISM",
        "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
        "TZ",
        "VECLIB_MAXIMUM_THREADS",
        "XLA_FLAGS",
    }
)
_VARIABLE_PREFIXES = ("BLIS_", "KMP_", "MKL_", "NUMBA_", "NUMEXPR_", "OMP_", "OPENBLAS_")


@dataclass(frozen=True)
class Environment:
    """The environment of a run.

    ``imported`` maps the distributions with an imported module to their loaded version, ``installed`` all installed
    distributions to their state on disk. Memory is in bytes.
    """

    python: Mapping[str, str]
    platform: Mapping[str, str]
    machine: Mapping[str, Any]
    gpus: tuple[Mapping[str, Any], ...]
    threads: Mapping[str, int]
    variables: Mapping[str, str]
    imported: Mapping[str, str]
    installed: Mapping[str, Distribution]

    def to_dict(self) -> dict[str, Any]:
        """Return the environment as plain data, for `mlmagic/environment.json`."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {
            "gpus": list(self.gpus),
            "installed": {name: found.version for name, found in self.installed.items()},
        }

    def requirements(self) -> str:
        """Return all installed distributions, pinned and sorted, as the text of a `requirements.txt`."""
        head = f"# Python {self.python['version']} ({self.python['implementation']}), {self.platform['name']}"
        lines = (found.requirement for _, found in sorted(self.installed.items()))
        return "\n".join([head, *lines, ""])


def capture() -> Environment:
    """Return the current environment of this process.

    Constant facts are cached, and only changed folders of `sys.path` are searched for packages again. No package is
    imported to find its version.

    >>> capture().python["version"] == platform.python_version()
    True
    """
    found = installed()
    return Environment(
        python=_python(),
        platform=_platform(),
        machine={**hardware.machine(), "cores_usable": hardware.usable_cores()},
        gpus=tuple(hardware.gpus()),
        threads=hardware.threads(),
        variables=_variables(),
        imported=imported(found),
        installed=found,
    )


@cache
def _python() -> dict[str, str]:
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "compiler": platform.python_compiler(),
        "hash_randomization": str(bool(sys.flags.hash_randomization)).lower(),
    }


@cache
def _platform() -> dict[str, str]:
    return {
        "name": platform.platform(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
    }


def _variables() -> dict[str, str]:
    names = sorted(name for name in os.environ if name in _VARIABLES or name.startswith(_VARIABLE_PREFIXES))
    return {name: os.environ[name] for name in names}
