"""The exceptions of mlmagic; each message has the value, the nearest valid one and the next command.

``except mlmagic.MLMagicError`` catches all of them but `Interrupted`, which is a ``KeyboardInterrupt``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mlmagic.visible import visible

if TYPE_CHECKING:
    from pandas import DataFrame

    from mlmagic.verdicts import GateVerdict


class MLMagicError(Exception):
    """The base class of mlmagic's errors. A notebook shows them as one short block, without a traceback.

    The setting ``tracebacks`` sets ``full_tracebacks``.
    """

    full_tracebacks: ClassVar[bool] = False

    def __str__(self) -> str:
        """Return the message without control characters; names in it may come from an untrusted store."""
        return visible(super().__str__())

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows instead of a traceback (IPython's protocol)."""
        if self.full_tracebacks:
            import traceback

            return traceback.format_exception(self)
        return [f"{type(self).__name__}: {self}"]


class UsageProblem(  # noqa: N818  # not `UsageError`, which is IPython's own and is tested by identity
    MLMagicError, ValueError
):
    """A magic or a function was called with invalid arguments."""


class NoActiveRunError(MLMagicError, RuntimeError):
    """Something was logged while no run was active."""


class StoreError(MLMagicError, RuntimeError):
    """The MLflow store refused a request, or cannot be reached."""


class StoreAwayError(StoreError):
    """The MLflow store cannot be reached, or cannot accept a request now; recorded data waits in the journal.

    ``only_this`` says that other requests may succeed, ``too_large`` that smaller requests may succeed, ``is_gone``
    that the requested item is not in the store, ``is_from_elsewhere`` that something other than MLflow answered as if
    it had succeeded. ``wait_s`` is the delay that the server asked for.
    """

    def __init__(
        self,
        message: str,
        *,
        only_this: bool = False,
        too_large: bool = False,
        is_gone: bool = False,
        is_from_elsewhere: bool = False,
        wait_s: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.only_this = only_this
        self.too_large = too_large
        self.is_gone = is_gone
        self.is_from_elsewhere = is_from_elsewhere
        self.wait_s = wait_s

    def _render_traceback_(self) -> list[str]:
        """Return the line that IPython shows instead of a traceback, with what to do next (IPython's protocol)."""
        *above, last = super()._render_traceback_()
        return [*above, f"{last.rstrip('.')}. Try again when it answers; %mlmagic shows which store is used"]


class RunNotFoundError(MLMagicError, LookupError):
    """No run has this id or name."""


class ModelNotFoundError(MLMagicError, LookupError):
    """No registered model, version, alias or logged model is called like this."""


class ModelLoadError(MLMagicError, RuntimeError):
    """A model was found and cannot be loaded here, or was not loaded because the user declined."""


class PromotionRefusedError(MLMagicError, RuntimeError):
    """A promotion or a rollback was refused, and the alias was left as it was.

    ``verdict`` is what the gate said, None if another promotion came first.
    """

    def __init__(self, message: str, verdict: GateVerdict | None = None) -> None:
        super().__init__(message)
        self.verdict = verdict


class MissingPackageError(MLMagicError, ImportError):
    """An optional package is not installed."""


class SweepFailedError(MLMagicError, RuntimeError):
    """Every trial of a sweep failed; ``results`` is the frame of the trials."""

    def __init__(self, message: str, results: DataFrame) -> None:
        super().__init__(message)
        self.results = results


class Interrupted(KeyboardInterrupt):
    """The user interrupted a function of mlmagic. Shown in one line, because a traceback would show mlmagic's code."""

    def _render_traceback_(self) -> list[str]:
        """Return the line that IPython shows instead of a traceback (IPython's protocol)."""
        return [f"KeyboardInterrupt: {self}"]


class SweepInterrupted(Interrupted):
    """A sweep was interrupted; ``results`` is the frame of its recorded trials."""

    def __init__(self, message: str, results: DataFrame) -> None:
        super().__init__(message)
        self.results = results
