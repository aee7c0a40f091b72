"""Observe what the user types into prompts: a secret typed there is redacted everywhere from then on.

In a kernel, `input` and `getpass.getpass` both go through `_input_request`, under whatever name they were imported.
In a terminal the two functions themselves are wrapped.
"""

from __future__ import annotations

import builtins
import functools
import getpass
import linecache
import sys
from typing import TYPE_CHECKING, Any

from mlmagic.shadowing import shadow
from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from IPython.core.interactiveshell import InteractiveShell

_MACHINERY = ("ipykernel", "IPython", "mlmagic", "getpass")


def watch(shell: InteractiveShell) -> Callable[[], None]:
    """Remember secrets that are typed into ``getpass.getpass()`` and ``input()``; return a function that undoes this.

    The user's call returns and raises as before. In a kernel both functions ask through one method of the kernel, which
    is shadowed, so that ``input`` and ``getpass.getpass`` stay the kernel's own, also under names that were imported
    earlier.
    """
    kernel = getattr(shell, "kernel", None)
    if callable(getattr(kernel, "_input_request", None)):
        return _hear(kernel, "_input_request", _after_request)
    back = [_hear(getpass, "getpass", _after_getpass), _hear(builtins, "input", _after_input)]

    def stop() -> None:
        for undo in back:
            undo()

    return stop


def _hear(owner: Any, name: str, heard: Callable[..., None]) -> Callable[[], None]:
    original = getattr(owner, name)

    @functools.wraps(original)
    def asked(*args: Any, **kwargs: Any) -> Any:
        answer = original(*args, **kwargs)
        try:
            if isinstance(answer, str):
                heard(answer, *args, **kwargs)
        except BaseException as error:  # noqa: BLE001  # any object may be a prompt: the user's call must continue
            reraise_interrupt(error)
        return answer

    return shadow(owner, name, asked)


def _after_request(answer: str, prompt: Any = "", *_: Any, password: bool = False, **__: Any) -> None:
    if password:
        _after_getpass(answer)
    else:
        _after_input(answer, prompt)


def _after_getpass(answer: str, *_: Any, **__: Any) -> None:
    from mlmagic.snapshot.secrets.known_values import remember  # `%load_ext` needs none of it

    remember(answer)


def _after_input(answer: str, prompt: Any = "", *_: Any) -> None:
    from mlmagic.snapshot.secrets.prompt_answers import is_secret_answer

    if is_secret_answer(answer, str(prompt), _line_of_the_user()):
        _after_getpass(answer)


def _line_of_the_user() -> str:
    """Return the line of code that asks: that of the first frame that belongs neither to the kernel nor to mlmagic."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] in _MACHINERY:
        frame = frame.f_back
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno) if frame is not None else ""
