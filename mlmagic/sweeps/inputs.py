"""Finds the notebook's values that a sweep's code reads, and records its data once, on the sweep's run."""

from __future__ import annotations

import ast
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.data.capture import DataCapture
from mlmagic.data.code_identity import function_of, globals_of
from mlmagic.session.observation.cell_observer import CellObserver
from mlmagic.session.observation.reads import names_used
from mlmagic.sweeps.body import Body
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.recording.active_run import ActiveRun


def values_read(code: Body | Callable[..., Any], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body reads from *namespace*, or what a function reads from its globals, closure and keywords.

    >>> from functools import partial
    >>> values_read(partial(lambda x, limit: x * limit, limit=3), {})
    {'limit': 3}
    """
    if isinstance(code, Body):
        return {name: namespace[name] for name in code.names}
    own = globals_of(code)
    values = {name: own[name] for name in names_used(code, own)}
    function = function_of(code)
    free = getattr(getattr(function, "__code__", None), "co_freevars", ())
    for name, cell in zip(free, getattr(function, "__closure__", None) or (), strict=False):
        with contextlib.suppress(ValueError):  # not bound yet
            values[name] = cell.cell_contents
    return values | getattr(code, "keywords", {})


def record_data(run: ActiveRun, values: Mapping[str, Any]) -> None:
    """Record the data among *values*, and their split, as for a tracked cell that reads them."""
    watch = CellObserver(values)
    try:
        watch.begin(ast.parse("\n".join(values)))
        reading = replace(run, origin=replace(run.origin, watch=watch, namespace=values))
        data = DataCapture()
        data.before(reading)
        data.after(reading)
    except BaseException as error:  # noqa: BLE001  # a fault of mlmagic must not stop the sweep
        reraise_interrupt(error)
        run.notices.warn(f"the data could not be recorded: {one_line(error)}")
    finally:
        watch.end()
    for line in watch.skips.lines():
        run.notices.warn(line)
