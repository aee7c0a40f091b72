"""Restore infinite values of metrics, which a store may replace."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def as_logged(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return *values* (float64), with infinities in place of the largest float.

    MLflow's SQL store writes the largest float for infinity, because not every database has infinities.

    >>> import numpy as np
    >>> as_logged(np.array([1.0, -1.7976931348623157e308])).tolist()
    [1.0, -inf]
    """
    import numpy as np

    return np.where(np.abs(values) >= np.finfo(np.float64).max, np.copysign(np.inf, values), values)


def number_as_logged(value: float) -> float:
    """Return *value*, or infinity in place of the largest float.

    >>> number_as_logged(0.5), number_as_logged(1.7976931348623157e308), number_as_logged(float("nan"))
    (0.5, inf, nan)
    """
    return math.copysign(math.inf, value) if abs(value) >= sys.float_info.max else value
