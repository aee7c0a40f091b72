"""Switch deterministic algorithms on, and restore the previous settings."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_CUBLAS_DETERMINISTIC = (":4096:8", ":16:8")


def make_torch_deterministic(torch: ModuleType) -> Callable[[], None]:
    """Make torch use deterministic algorithms only.

    Returns
    -------
    A function that sets each switch back, but those that the user has changed since.
    """
    cudnn = torch.backends.cudnn
    strict = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    deterministic, benchmark = cudnn.deterministic, cudnn.benchmark
    torch.use_deterministic_algorithms(mode=True)
    cudnn.deterministic, cudnn.benchmark = True, False

    def set_back() -> None:
        if torch.are_deterministic_algorithms_enabled():
            torch.use_deterministic_algorithms(mode=strict, warn_only=warn_only)
        if cudnn.deterministic:
            cudnn.deterministic = deterministic
        if not cudnn.benchmark:
            cudnn.benchmark = benchmark

    return set_back


class CublasWorkspace:
    """The variable that cuBLAS reads once, when CUDA starts: ``CUBLAS_WORKSPACE_CONFIG``.

    It stays set if a later seed is not deterministic, since cuBLAS would not read it again. ``is_late``
    means that CUDA had started before it was set.
    """

    def __init__(self) -> None:
        self.is_late = False
        self._is_ours = False
        self._before: str | None = None

    def fix(self) -> None:
        """Set the variable, unless it already has a deterministic value."""
        before = os.environ.get(_CUBLAS)
        if before in _CUBLAS_DETERMINISTIC:
            return
        torch = sys.modules.get("torch")
        self.is_late = torch is not None and bool(torch.cuda.is_initialized())
        self._is_ours, self._before = True, before
        os.environ[_CUBLAS] = _CUBLAS_DETERMINISTIC[0]

    def set_back(self) -> None:
        """Restore the variable's previous value, unless the user has changed it since."""
        if not self._is_ours or os.environ.get(_CUBLAS) != _CUBLAS_DETERMINISTIC[0]:
            return
        if self._before is None:
            del os.environ[_CUBLAS]
        else:
            os.environ[_CUBLAS] = self._before
        self._is_ours = False
