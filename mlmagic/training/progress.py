"""``for epoch in mlmagic.progress(range(50))``: a progress bar, the step of logged metrics, and a live curve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from numbers import Integral
from typing import TYPE_CHECKING, TypeVar

from mlmagic.arguments import brief
from mlmagic.errors import NoActiveRunError, UsageProblem
from mlmagic.recording import open_runs
from mlmagic.training.shown import ShownLoop
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from mlmagic.recording.run_context import RunContext

T = TypeVar("T")


def progress(
    iterable: Iterable[T], *, total: int | None = None, description: str = "", curve: bool = True
) -> Progress[T]:
    """Loop over *iterable* with a progress bar; metrics logged in the body get the loop's step.

    ``mlmagic.log(loss=…)`` without ``step=`` uses the item as the step if *iterable* is a range, else the iteration
    number from 0. If a metric already has these steps (from the previous fold, the batches of the last epoch, an
    earlier cell of the run), its steps continue after them. The bar shows the latest metrics. In a tracked cell of a
    notebook, small curves of up to four metrics are shown below the bar and updated twice a second. The loop itself
    runs as it would without ``progress``.

    Parameters
    ----------
    iterable
        The iterable to loop over; its length may be unknown. Loops may be nested.
    total
        The number of items, if *iterable* has no length.
    description
        The text in front of the bar.
    curve
        False leaves the curves out.

    Returns
    -------
    An iterable over the items of *iterable*. Each loop over it has its own bar.

    Raises
    ------
    UsageProblem
        If *iterable* is not iterable, or *total* is not a number of items.

    Examples
    --------
    >>> for epoch in progress(range(1, 4), description="epochs"):
    ...     print(epoch)
    1
    2
    3
    """
    if not isinstance(iterable, Iterable) and not hasattr(type(iterable), "__getitem__"):
        hint = f" Did you mean range({iterable!r})?" if isinstance(iterable, int) else ""
        raise UsageProblem(f"mlmagic.progress takes something to loop over, got {brief(iterable)}.{hint}")
    if total is not None and (not isinstance(total, Integral) or isinstance(total, bool) or total < 0):
        raise UsageProblem(f"mlmagic.progress: total is a whole number from 0, got {brief(total)}.")
    return Progress(iterable, None if total is None else int(total), description, curve=curve)


class Progress(Iterable[T]):
    """The iterable that ``mlmagic.progress`` returns."""

    def __init__(self, iterable: Iterable[T], total: int | None, description: str, *, curve: bool) -> None:
        self._iterable = iterable
        self._total = total
        self._description = description
        self._curve = curve

    def __iter__(self) -> Iterator[T]:
        # A generator, because leaving the loop by break, an exception or an interrupt drops it, which closes it. It
        # calls `next` for each item, because `yield from` would also close the user's own generator.
        items = iter(self._iterable)
        steps = self._iterable if isinstance(self._iterable, range) else None
        total = _length(self._iterable) if self._total is None else self._total
        with ShownLoop(_active_run(), total, str(self._description), curve=self._curve) as loop:
            count = 0
            while True:
                try:
                    item = next(items)
                except StopIteration:
                    return
                loop.at(count if steps is None else steps[count])
                yield item
                count += 1
                loop.advance()


@guarded(default=None)
def _length(iterable: object) -> int | None:
    return len(iterable)  # type: ignore[arg-type]  # raises without a length, such as a DataLoader over a stream


def _active_run() -> RunContext | None:
    try:
        return open_runs.require_active("mlmagic.progress")
    except NoActiveRunError:
        return None
