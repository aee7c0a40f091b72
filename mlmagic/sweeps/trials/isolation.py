"""Context managers around a trial that isolate random numbers, threads, output and figures, and restore them."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING, Any, cast

from mlmagic.snapshot.randomness import seeding
from mlmagic.snapshot.randomness.generators import saved_states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.session.output.capture import Capture


@contextlib.contextmanager
def random_states_kept() -> Iterator[None]:
    """Restore the state of every source of randomness, because a trial may run in the notebook's process."""
    resume = seeding.suspend()
    restore = saved_states()
    try:
        yield
    finally:
        seeding.forget()
        restore()
        resume()


@contextlib.contextmanager
def threads_limited(number: int) -> Iterator[None]:
    """Limit libraries to *number* threads; a different number changes the last digits of sums."""
    import threadpoolctl

    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch is not None else 0
    with threadpoolctl.threadpool_limits(limits=number):
        if torch is not None:
            torch.set_num_threads(number)
        try:
            yield
        finally:
            if torch is not None:
                torch.set_num_threads(before)


class _Writer(io.TextIOBase):
    """A stream that writes to a transcript."""

    def __init__(self, capture: Capture, name: str) -> None:
        self._capture, self._name = capture, name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._capture.transcript.write(self._name, text)
        return len(text)


@contextlib.contextmanager
def output_captured(capture: Capture) -> Iterator[None]:
    """Capture a trial's printed output, and suppress its displays, because a sweep may have hundreds of trials."""
    capture.start()  # first, so that it does not capture the streams below
    try:
        with (
            contextlib.redirect_stdout(cast("Any", _Writer(capture, "stdout"))),
            contextlib.redirect_stderr(cast("Any", _Writer(capture, "stderr"))),
            _displays_kept(),
        ):
            yield
    finally:
        capture.stop()


@contextlib.contextmanager
def _displays_kept() -> Iterator[None]:
    shells = sys.modules.get("IPython.core.interactiveshell")
    if shells is None or not shells.InteractiveShell.initialized():
        yield
        return
    from IPython.utils.capture import capture_output

    with capture_output(stdout=False, stderr=False, display=True):
        yield


@contextlib.contextmanager
def figures_closed(capture: Capture) -> Iterator[None]:
    """Close the figures that a trial left open. They are already recorded, and would be shown below the cell."""
    from mlmagic.adapters import matplotlib

    before = matplotlib.open_figures()
    try:
        yield
    finally:
        if capture.figures and (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
            for figure in matplotlib.open_figures():
                if not any(figure is one for one in before):
                    pyplot.close(figure)
