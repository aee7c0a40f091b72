"""Parses references to runs: strings, and objects that have a run id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator


class Reference(NamedTuple):
    """A *text* that names a run or something else; *is_id* if it is certainly the id of a run."""

    text: str
    is_id: bool


def references_in(given: Any) -> Iterator[Reference]:
    """Yield the references in *given*: a string, a run, a frame of runs or one of its rows, or an iterable of these.

    A run is an `mlmagic.Run` or an MLflow run.

    Raises
    ------
    UsageProblem
        If a value does not refer to a run.

    Examples
    --------
    >>> list(references_in(["baseline", "forest"]))
    [Reference(text='baseline', is_id=False), Reference(text='forest', is_id=False)]
    """
    if isinstance(given, str):
        yield Reference(given, is_id=False)
        return
    # A frame of runs or one of its rows, an MLflow run, an `mlmagic.Run`.
    for owner, name in ((given, "run_id"), (getattr(given, "info", None), "run_id"), (given, "id")):
        found = getattr(owner, name, None)
        if isinstance(found, str):
            yield Reference(found, is_id=True)
            return
        if found is not None and hasattr(given, "columns"):
            yield from (Reference(str(one), is_id=True) for one in found)
            return
    if not isinstance(given, Iterable) or isinstance(given, bytes | Mapping) or hasattr(given, "columns"):
        raise UsageProblem(
            "A run is named by its name or id, such as 'baseline' or '3f2a91c0', by a Run or rows of mlmagic.runs(), "
            f"not by {described(given)}. The last runs: %runs"
        )
    for one in given:
        yield from references_in(one)
