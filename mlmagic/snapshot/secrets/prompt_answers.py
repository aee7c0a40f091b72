"""Judge whether what was typed into a prompt is a secret."""

from __future__ import annotations

import re

from mlmagic.snapshot.secrets.candidates import is_path, looks_random
from mlmagic.snapshot.secrets.known_values import REDACTED
from mlmagic.snapshot.secrets.names import secrecy
from mlmagic.snapshot.secrets.redaction import redact

_LONGEST_PROMPT = 500
_WORDS = re.compile(r"\w+")
_ASSIGNED = re.compile(r"([A-Za-z_][\w.]*)[\"'\]]*\s*(?::[^=]+)?[=:]\s*(?:[\w.]+\()*$")


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
    verdicts = {_secrecy_of(prompt[:_LONGEST_PROMPT]), _secrecy_of_name(line)}
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
