"""Observe what the user types into prompts: a secret typed there is redacted everywhere from then on.

In a kernel, `input` and `getpass.getpass` both go through `_input_request`, under whatever name they were imported.
In a terminal the two functions themselves are wrapped.
"""

from __future__ import annotations

import builtins
import functools
import getpass
import linecache
import re
import sys
from typing import TYPE_CHECKING, Any

from mlmagic.shadowing import shadow
from mlmagic.snapshot.secrets.candidates import is_path, looks_random
from mlmagic.snapshot.secrets.known_values import REDACTED, remember
from mlmagic.snapshot.secrets.names import secrecy
from mlmagic.snapshot.secrets.redaction import redact
from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from IPython.core.interactiveshell import InteractiveShell

_LONGEST_PROMPT = 500
_WORDS = re.compile(r"\w+")
_ASSIGNED = re.compile(r"([A-Za-z_][\w.]*)[\"'\]]*\s*(?::[^=]+)?[=:]\s*(?:[\w.]+\()*$")
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
        remember(answer)
    else:
        _after_input(answer, prompt)


def _after_getpass(answer: str, *_: Any, **__: Any) -> None:
    remember(answer)


def _after_input(answer: str, prompt: Any = "", *_: Any) -> None:
    if is_secret_answer(answer, str(prompt)[:_LONGEST_PROMPT], _line_of_the_user()):
        remember(answer)


def is_secret_answer(answer: str, prompt: str, line: str = "") -> bool:
    """Return whether *answer* to *prompt*, asked for in *line* of the code, is a secret.

    It is if the prompt, or the name that gets the answer, says so, or if the answer itself is the token of a service.

    >>> is_secret_answer("hunter2", "Your API key: "), is_secret_answer("hunter2", "", "password = input()")
    (True, True)
    >>> is_secret_answer("512", "max tokens? "), is_secret_answer("y", "Delete the key? [y/n] ")
    (False, False)
    """
    answer = answer.strip()
    if redact(answer)[0] == REDACTED:
        return True
    verdicts = {_secrecy_of(prompt), _secrecy_of_name(line)}
    if is_path(answer) or verdicts == {"no"}:
        return False
    return not verdicts.isdisjoint({"yes", "weak"}) or looks_random(answer)


def _secrecy_of(prompt: str) -> str:
    """Return the verdict on *prompt*: at each word, it and up to three words before it are judged like a name."""
    words = _WORDS.findall(prompt)
    verdicts = {secrecy("_".join(words[max(0, end - 4) : end])) for end in range(1, len(words) + 1)}
    return next((verdict for verdict in ("yes", "weak", "maybe") if verdict in verdicts), "no")


def _secrecy_of_name(line: str) -> str:
    before = line.partition("input(")[0] if "input(" in line else ""
    found = _ASSIGNED.search(before[-_LONGEST_PROMPT:])
    return secrecy(found[1]) if found else "no"


def _line_of_the_user() -> str:
    """Return the line of code that asks: that of the first frame that belongs neither to the kernel nor to mlmagic."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] in _MACHINERY:
        frame = frame.f_back
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno) if frame is not None else ""
