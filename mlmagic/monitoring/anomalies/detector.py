"""The public class: flags values of a stream that are far from those before them."""

from __future__ import annotations

import math
import numbers
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, overload

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.monitoring.anomalies.baseline import Rule, score
from mlmagic.monitoring.anomalies.exponential_mean import ExponentialMean
from mlmagic.monitoring.anomalies.moving_mean import MovingMean
from mlmagic.monitoring.anomalies.moving_median import MovingMedian
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from mlmagic.monitoring.anomalies.baseline import Baseline

    Method = Literal["zscore", "mad", "ewma"]

_BASELINES: dict[str, type[MovingMean | MovingMedian | ExponentialMean]] = {
    "zscore": MovingMean, "mad": MovingMedian, "ewma": ExponentialMean,
}  # fmt: skip
_SCHEME = 1
_MIN_SAMPLES = 100


class AnomalyDetector:
    """Flags values of a stream of numbers that are unusually far from those before them.

    A value is an anomaly if it is more than *threshold* scales away from the center of the values before it. The first
    *min_samples* values only say what is usual. Anomalies do not count as usual, unless asked for: otherwise a few of
    them would hide the next ones. NaN is counted as missing, and is no anomaly; infinity always is one.

    Parameters
    ----------
    window
        How many of the last values say what is usual, at least 2; for ``"ewma"`` the span of the weights.
    min_samples
        How many values are taken as they are before one can be an anomaly, at least 2. By default 100, or the whole
        window if that is shorter.
    threshold
        How many scales away an anomaly is, above 0.
    method
        Center and scale: ``"zscore"`` takes mean and standard deviation, ``"mad"`` the median and the scaled median
        absolute deviation, which up to half of the window cannot mislead, and ``"ewma"`` exponentially weighted mean
        and standard deviation.
    include_anomalies
        Count anomalies as usual too, so that a new level of the stream becomes the usual one.
    min_scale
        The smallest scale, in the unit of the values. Without it any change is an anomaly after a constant window.

    Attributes
    ----------
    seen, anomalies, missing, infinite
        How many values there were, and how many of them were anomalies, NaN, or infinite (these are anomalies too).

    Examples
    --------
    >>> detector = AnomalyDetector(window=50, min_samples=10)
    >>> int(detector.update([20.0, 20.5, 19.5] * 10).sum())
    0
    >>> detector.update(27.0), detector.update(20.2), detector.anomalies
    (True, False, 1)
    """

    def __init__(
        self,
        window: int = 1000,
        min_samples: int | None = None,
        threshold: float = 3.0,
        method: Method = "zscore",
        *,
        include_anomalies: bool = False,
        min_scale: float = 0.0,
    ) -> None:
        _require_count("window", window)
        if min_samples is None:
            min_samples = min(_MIN_SAMPLES, window)
        _require_count("min_samples", min_samples)
        if method not in _BASELINES:
            valid = ", ".join(map(repr, _BASELINES))
            raise UsageProblem(f"method is {valid}, not {described(method)}.{did_you_mean(str(method), _BASELINES)}")
        if method != "ewma" and min_samples > window:
            raise UsageProblem(
                f"min_samples {min_samples:,} is more than the window of {window:,} can hold: take a longer window, or "
                "leave min_samples out"
            )
        _require_number("threshold", threshold, above=0)
        _require_number("min_scale", min_scale, least=0)
        if not isinstance(include_anomalies, bool):
            raise UsageProblem(f"include_anomalies is True or False, not {described(include_anomalies)}")
        self.window, self.min_samples, self.threshold, self.method = window, min_samples, float(threshold), method
        self.include_anomalies, self.min_scale = include_anomalies, float(min_scale)
        self.seen = self.anomalies = self.missing = self.infinite = 0
        self._baseline: Baseline = _BASELINES[method](window)

    def __repr__(self) -> str:
        return (
            f"<AnomalyDetector: {self.method}, {self.anomalies:,} anomalies in {self.seen:,} values, "
            f"{self.missing:,} missing>"
        )

    @overload
    def update(self, values: float) -> bool: ...

    @overload
    def update(self, values: ArrayLike) -> bool | NDArray[np.bool_]: ...

    def update(self, values: Any) -> Any:
        """Take the next value, or several in their order, and return whether each is an anomaly.

        Parameters
        ----------
        values
            A number, or n numbers (a list, an array, a Series). None stands for NaN.

        Returns
        -------
        A bool, or an array of n bools.

        Raises
        ------
        UsageProblem
            If it is something else. No value is taken then.
        """
        if isinstance(values, float) or values is None:
            return self._update(math.nan if values is None else float(values))
        array = _as_numbers(values)
        return self._update(float(array)) if array.ndim == 0 else self._update_all(array)

    @property
    def usual(self) -> tuple[float, float]:
        """The center and the scale of what is usual now."""
        return self._baseline.usual()

    def _update(self, value: float) -> bool:
        self.seen += 1
        if math.isnan(value):
            self.missing += 1
            return False
        if math.isinf(value):
            self.infinite += 1
            self.anomalies += 1
            return True
        baseline = self._baseline
        if baseline.count < self.min_samples:
            baseline.add(value)
            return False
        is_anomaly = abs(score(value, *baseline.usual(), self.min_scale)) > self.threshold
        self.anomalies += is_anomaly
        if not is_anomaly or self.include_anomalies:
            baseline.add(value)
        return is_anomaly

    def _update_all(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        import numpy as np

        missing, infinite = np.isnan(values), np.isinf(values)
        flags = infinite.copy()
        places = np.flatnonzero(~(missing | infinite))
        flags[places] = self._finite(values[places])
        self.seen += len(values)
        self.missing += int(missing.sum())
        self.infinite += int(infinite.sum())
        self.anomalies += int(flags.sum())
        return flags

    def _finite(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return the flags of finite values, the first of which may only say what is usual."""
        import numpy as np

        flags = np.zeros(len(values), bool)
        first = min(len(values), max(0, self.min_samples - self._baseline.count))
        if first:
            self._baseline.add_all(values[:first])
        rule = Rule(self.threshold, self.min_scale, self.include_anomalies)
        flags[first:] = self._baseline.take(values[first:], rule)
        return flags

    def reset(self) -> None:
        """Forget what is usual, and the counts."""
        self.seen = self.anomalies = self.missing = self.infinite = 0
        self._baseline = _BASELINES[self.method](self.window)

    def state_dict(self) -> dict[str, Any]:
        """Return the settings and the state, as values that JSON takes."""
        return {
            "scheme": _SCHEME, "window": self.window, "min_samples": self.min_samples, "threshold": self.threshold,
            "method": self.method, "include_anomalies": self.include_anomalies, "min_scale": self.min_scale,
            "seen": self.seen, "anomalies": self.anomalies, "missing": self.missing, "infinite": self.infinite,
            "usual": self._baseline.state(),
        }  # fmt: skip

    @classmethod
    def from_state_dict(cls, state: dict[str, Any]) -> AnomalyDetector:
        """Return a detector that goes on where the one with this state stopped.

        Raises
        ------
        UsageProblem
            If it is no state of a detector.

        Examples
        --------
        >>> detector = AnomalyDetector(min_samples=2)
        >>> _ = detector.update([1.0, 2.0])
        >>> AnomalyDetector.from_state_dict(detector.state_dict())
        <AnomalyDetector: zscore, 0 anomalies in 2 values, 0 missing>
        """
        if isinstance(state, dict) and state.get("scheme", _SCHEME) != _SCHEME:
            raise UsageProblem(f"the state has scheme {state['scheme']!r}: a newer mlmagic wrote it")
        try:
            made = cls(
                state["window"], state["min_samples"], state["threshold"], state["method"],
                include_anomalies=state["include_anomalies"], min_scale=state["min_scale"],
            )  # fmt: skip
            made.seen, made.anomalies = int(state["seen"]), int(state["anomalies"])
            made.missing, made.infinite = int(state["missing"]), int(state["infinite"])
            made._baseline.load(state["usual"])
        except KeyError as error:
            raise UsageProblem(f"this is no state of an AnomalyDetector: it has no {error}") from error
        except (TypeError, ValueError) as error:
            raise UsageProblem(f"this is no state of an AnomalyDetector: {error}") from error
        return made


def _require_count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:  # noqa: PLR2004
        raise UsageProblem(f"{name} is a whole number from 2 on, not {described(value)}")


def _require_number(name: str, value: object, *, above: float = -math.inf, least: float = -math.inf) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or value <= above or value < least:  # type: ignore[operator]  # it is a number
        wanted = f"above {above:g}" if above > -math.inf else f"from {least:g} on"
        raise UsageProblem(f"{name} is a number {wanted}, not {described(value)}")


def _as_numbers(values: Any) -> NDArray[np.float64]:
    import numpy as np

    try:
        found = np.asarray(values)
        if found.dtype == object:
            found = _without_missing(found)
        is_number = found.dtype.kind in "biuf" or (found.size == 0 and found.ndim == 1)
        array: NDArray[np.float64] | None = found.astype(np.float64) if is_number else None
    except (TypeError, ValueError, OverflowError):
        array = None
    if array is None:
        raise UsageProblem(f"a detector takes a number or a sequence of numbers, not {described(values)}")
    if array.ndim > 1:
        raise UsageProblem(f"a detector takes one stream of numbers, not an array of the shape {array.shape}")
    return array


def _without_missing(values: NDArray[Any]) -> NDArray[Any]:
    """Return objects that are numbers as floats, None and pandas' NA as NaN; raise if one of them is something else."""
    import numpy as np

    pandas = sys.modules.get("pandas")
    missing = {None, *([pandas.NA] if pandas else [])}
    is_wrong = any(not isinstance(one, numbers.Real | Decimal) for one in values.flat if one not in missing)
    if is_wrong:
        raise TypeError
    return np.array([math.nan if one in missing else float(one) for one in values.flat]).reshape(values.shape)
