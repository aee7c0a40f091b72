"""1,000,000 values of a stream: ``mlmagic.AnomalyDetector`` beside the detector of tutorials, which keeps a list.

The tutorials' detector appends each value to a list of the last 1,000 and computes center and scale of all of it with
NumPy, for each value. It sees the first 20,000 values only, and its time is scaled up; both must flag the same of them.
One in 1,000 values is far from the others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Comparison, Goal, interleaved

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_VALUES, _PART = 1_000_000, 20_000
_WINDOW, _FEWEST, _THRESHOLD = 1000, 100, 3.0
_ROUNDS = 3
_METHODS = ("zscore", "mad", "ewma")


def measure() -> list[Comparison]:
    """Compare from the array of values to the array of flags, for each method."""
    values = _stream()
    return [_measured(method, values) for method in _METHODS]


def _stream() -> NDArray[Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    values: NDArray[Any] = 20 + np.sin(np.arange(_VALUES) / 50_000) + rng.normal(size=_VALUES)
    values[rng.random(_VALUES) < 0.001] += 12
    return values


def _measured(method: str, values: NDArray[Any]) -> Comparison:
    found: dict[str, NDArray[Any]] = {}
    ours, other = interleaved(
        {
            f'AnomalyDetector(method="{method}")': lambda: _by_us(method, values, found),
            "a list of the last 1,000": lambda: _by_list(method, values[:_PART], found) * (_VALUES / _PART),
        },
        rounds=_ROUNDS,
    )
    differing = int((found["ours"][:_PART] != found["list"]).sum())
    if differing > (0 if method != "ewma" else _PART // 1000):  # the weights of a list end with it
        raise RuntimeError(f"{differing} flags of {method} differ: the comparison would not be fair")
    return Comparison(f"Anomalies in 1,000,000 values, {method}", ours, other, (Goal("ratio", 0.01),))


def _by_us(method: str, values: NDArray[Any], found: dict[str, NDArray[Any]]) -> float:
    import mlmagic

    detector = mlmagic.AnomalyDetector(_WINDOW, _FEWEST, _THRESHOLD, method)
    started = time.perf_counter()
    found["ours"] = detector.update(values)
    return time.perf_counter() - started


def _by_list(method: str, values: NDArray[Any], found: dict[str, NDArray[Any]]) -> float:
    import numpy as np

    usual = _usual()[method]
    window: list[float] = []
    flags = []
    started = time.perf_counter()
    for value in values.tolist():
        is_anomaly = False
        if len(window) >= _FEWEST:
            center, scale = usual(window)
            is_anomaly = abs(value - center) > _THRESHOLD * scale
        flags.append(is_anomaly)
        if not is_anomaly:
            window.append(value)
            if len(window) > _WINDOW:
                window.pop(0)
    took = time.perf_counter() - started
    found["list"] = np.array(flags)
    return took


def _usual() -> dict[str, Callable[[list[float]], tuple[Any, Any]]]:
    import numpy as np

    weights = (1 - 2 / (_WINDOW + 1)) ** np.arange(_WINDOW)[::-1]

    def median(window: list[float]) -> tuple[Any, Any]:
        center = np.median(window)
        return center, 1.482602218505602 * np.median(np.abs(np.array(window) - center))

    def weighted(window: list[float]) -> tuple[Any, Any]:
        known = weights[-len(window) :]
        center = np.average(window, weights=known)
        return center, np.sqrt(np.average((np.array(window) - center) ** 2, weights=known))

    return {"zscore": lambda window: (np.mean(window), np.std(window)), "mad": median, "ewma": weighted}
