"""Literals that are passed to functions which take nothing but a secret: ``SecretStr("…")``, ``Fernet(b"…")``."""

from __future__ import annotations

from mlmagic.snapshot.secrets.candidates import is_placeholder
from mlmagic.snapshot.secrets.rules.rule import Rule

_LITERAL = r"\s{0,20}[rbfuRBFU]{0,2}\\{0,8}[\"'])(?:(?!\\{0,8}[\"'])[^\n]){1,1000}+(?=\\{0,8}[\"'])"
_ARGUMENTS = r"(?:\s{0,20}[\w.=]{0,40}+(?:\\{0,8}[\"'][^\"'\n\\]{0,100}+\\{0,8}[\"'])?,){0,2}+(?:\s{0,8}\w{1,20}=)?"


def _call(function: str, needle: str, arguments: str = _ARGUMENTS) -> Rule:
    """Return the rule for the last of the *arguments* of *function*."""
    return Rule(
        rf"((?<!def ){function}\({arguments}{_LITERAL}",
        (needle,),
        spaced=True,
        accepts=lambda found: not is_placeholder(found),
    )


CALLS = (
    *(_call(name, f"{name}(") for name in ("set_password", "setpassword", "check_password", "authenticate_password")),
    *(_call(name, f"{name}(", "") for name in ("SecretStr", "SecretBytes", "AESGCM", "ChaCha20Poly1305")),
    _call("(?<![A-Za-z])(?:Multi)?Fernet", "Fernet(", ""),
    _call(r"(?<![A-Za-z])hmac\.(?:new|digest)", "hmac.", ""),
    _call(r"(?<![A-Za-z])make_password", "make_password(", ""),
    _call(r"(?<![A-Za-z])bcrypt\.(?:hashpw|checkpw)", "bcrypt.", ""),
)
