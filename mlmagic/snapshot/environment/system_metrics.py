"""Sample CPU, memory and GPU while a run is open, under the names that MLflow's own monitor uses."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class SystemSampler:
    """Calls *on_sample* with (values, sample number) at the start, every *interval_s* seconds, and at the end."""

    def __init__(self, on_sample: Callable[[Mapping[str, float], int], None], interval_s: float) -> None:
        self._on_sample = on_sample
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._monitors = _monitors()
        self._count = 0
        self._thread = threading.Thread(target=self._run, name="mlmagic-system", daemon=True)

    def start(self) -> None:
        """Start sampling in a separate thread."""
        self._thread.start()

    def stop(self) -> None:
        """Take a last sample and stop."""
        self._stop.set()
        self._thread.join(timeout=2 * self._interval_s + 1)

    def _run(self) -> None:
        while not self._stop.wait(self._interval_s if self._count else 0):
            self._sample()
        self._sample()

    def _sample(self) -> None:
        values: dict[str, float] = {}
        for monitor in self._monitors:
            monitor.collect_metrics()
            values.update({f"system/{name}": value for name, value in monitor.aggregate_metrics().items()})
            monitor.clear_metrics()
        self._on_sample(values, self._count)
        self._count += 1


def _monitors() -> list[Any]:
    import psutil
    from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
    from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor

    psutil.cpu_percent()  # the first call of a process only sets the baseline and returns 0
    monitors: list[Any] = [CPUMonitor()]
    try:
        monitors.append(GPUMonitor())
    except (ImportError, RuntimeError):  # no nvidia-ml-py, or no GPU: there is nothing to sample
        return monitors
    return monitors
