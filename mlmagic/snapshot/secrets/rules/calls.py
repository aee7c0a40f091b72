"""Literals that are passed to functions which take nothing but a secret: ``SecretStr("…")``, ``Fernet(b"…")``."""

from __future__ import annotations

from mlmagic.snapshot.secrets.candidates import is_placeholder
from mlmagic.snapshot.secrets.rules.rule import Rule

_LITERAL = r"\s{0,20}[rbfuRBFU]{0,2}\\{0,8}[\"'])(?:(?!\\{0,8}[\"'])[^\n]){1,1000}+(?=\\{0,8}[\"'])"
_ARGUMENTS = r"(?:\s{0,20}[\w.=]{0,40}+(?:\\{0,8}[\"'][^\"'\n\\]{0,100}+\\{0,8}[\"'])?,){0,2}+(?:\s{0,8}\w{1,20}=)?"


def _call(function: str, *needles: str, arguments: str = _ARGUMENTS) -> Rule:
    """Return the rule for the last of the *arguments* of *function*."""
    return Rule(
        rf"((?<!def ){function}\({arguments}{_LITERAL}",
        needles,
        spaced=True,
        accepts=lambda found: not is_placeholder(found),
    )


# Searching a long text for a needle takes time: one stands for several functions.
CALLS = (
    _call("(?:set|check|make)_?password", "password("),
    _call("set_(?:api_key|(?:access|api|auth)_token|client_secret)", "set_a", "set_client_s", arguments=""),
    _call("Secret(?:Str|Bytes)", "Secret", arguments=""),
    _call("Fernet", "Fernet(", arguments=""),
    _call(r"hmac\.(?:new|digest)", "hmac.", arguments=""),
)
