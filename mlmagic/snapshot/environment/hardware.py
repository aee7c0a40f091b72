"""The machine: processor, memory, GPUs, and the numbers of threads that libraries use."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

_GPU_TIMEOUT_S = 5.0
_GPU_COLUMNS = "name,memory.total,driver_version,uuid"


@cache
def machine() -> dict[str, Any]:
    """Return processor, cores and memory (bytes), cached for the process."""
    import psutil

    return {
        "cpu": _cpu_model(),
        "cores_physical": psutil.cpu_count(logical=False),
        "cores_logical": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def usable_cores() -> int | None:
    """Return how many cores this process may use, which a container or a batch system can limit."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def gpus() -> list[dict[str, Any]]:
    """Return name, memory (bytes) and driver of each GPU, without importing a library or creating a CUDA context.

    `nvidia-smi` runs once in a process. If it lists no GPU, torch is queried, provided that it has initialised CUDA.
    """
    return [dict(gpu) for gpu in _nvidia_smi()] or _torch_gpus()


def threads() -> dict[str, int]:
    """Return the number of threads of each imported library that reports it."""
    found = {}
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_num_threads"):
        found["torch"] = int(torch.get_num_threads())
        found["torch interop"] = int(torch.get_num_interop_threads())
    for pool in _pools():
        found[f"{pool['prefix']} ({pool['internal_api']})"] = int(pool["num_threads"])
    return dict(sorted(found.items()))


def _cpu_model() -> str:
    try:
        if sys.platform == "darwin":
            command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(command, capture_output=True, text=True, timeout=1, check=True).stdout.strip()
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8", "replace"), re.MULTILINE)
    except (OSError, subprocess.SubprocessError):
        found = None
    # Not platform.processor(), which on Linux starts a process and returns less.
    return found[1].strip() if found else os.environ.get("PROCESSOR_IDENTIFIER") or platform.machine()


@cache
def _nvidia_smi() -> tuple[dict[str, Any], ...]:
    command = ["nvidia-smi", f"--query-gpu={_GPU_COLUMNS}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_GPU_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = [[cell.strip() for cell in line.split(",")] for line in answer.stdout.splitlines()]
    return tuple(
        {
            "name": name,
            "memory_bytes": int(memory) * 2**20 if memory.isdigit() else None,
            "driver": driver,
            "uuid": uuid,
        }
        for name, memory, driver, uuid in (row for row in rows if len(row) == len(_GPU_COLUMNS.split(",")))
    )


def _torch_gpus() -> list[dict[str, Any]]:
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is None or not cuda.is_initialized():
        return []
    found = [cuda.get_device_properties(index) for index in range(cuda.device_count())]
    return [{"name": gpu.name, "memory_bytes": gpu.total_memory} for gpu in found]


_controller: tuple[int, Any] = (0, None)
"""The number of modules that were imported when it was made, and the controller: it follows the process."""


def _pools() -> list[dict[str, Any]]:
    """Return the thread pools of BLAS and OpenMP; libraries are searched again only if modules were imported."""
    global _controller  # noqa: PLW0603 - a cache
    threadpoolctl = sys.modules.get("threadpoolctl")
    if threadpoolctl is None or not hasattr(threadpoolctl, "ThreadpoolController"):
        return []
    if _controller[0] != len(sys.modules):
        _controller = (len(sys.modules), threadpoolctl.ThreadpoolController())
    pools: list[dict[str, Any]] = _controller[1].info()
    return pools
