"""The traceback of the user's code as text, without the frames of IPython and mlmagic around it."""

from __future__ import annotations

import traceback
from typing import Any


def traceback_text(error: BaseException) -> str:
    """Format *error* from the user's first frame on, without the frames of IPython and mlmagic around it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and _is_machinery(trace.tb_frame.f_globals):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def _is_machinery(frame_globals: dict[str, Any]) -> bool:
    return str(frame_globals.get("__name__", "")).partition(".")[0] in {"IPython", "ipykernel", "mlmagic"}
