"""Asks the user a yes-or-no question in a notebook or a terminal."""

from __future__ import annotations

import contextlib
import sys

from mlmagic.errors import UsageProblem


def confirmed(question: str, otherwise: str) -> bool:
    """Return whether the user answers *question* with yes; *otherwise* says what to do where nobody can be asked.

    A script whose input is a pipe or a file is asked on stderr: its output may be data.

    Raises
    ------
    UsageProblem
        If nobody can be asked.
    """
    kernels = sys.modules.get("ipykernel.kernelapp")
    is_kernel = kernels is not None and kernels.IPKernelApp.initialized()
    is_piped = not is_kernel and not (sys.stdin is not None and sys.stdin.isatty())
    try:
        with contextlib.redirect_stdout(sys.stderr) if is_piped else contextlib.nullcontext():
            return input(question).strip().lower() in {"y", "yes"}
    except (EOFError, OSError, RuntimeError) as error:  # ipykernel's own is a RuntimeError
        raise UsageProblem(f"nobody can be asked here: {otherwise}") from error
