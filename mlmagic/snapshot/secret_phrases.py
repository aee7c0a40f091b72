"""Secrets that stand in a phrase: keys of several lines, passwords in addresses, headers and commands."""

from __future__ import annotations

import base64
import re

from mlmagic.snapshot.secret_names import is_placeholder, looks_random
from mlmagic.snapshot.secret_rules import Rule
from mlmagic.snapshot.secret_words import is_common_word

_QUOTE = r"\\{0,4}[\"']"
_ADDRESS = r"[^\s/?#\"'`<>\\]"
_FILLED_IN_LATER = r"(?!\{[^{}]{0,99}\}@|\$\w{1,99}@|\$\{\w{1,99}\}@|%\(?\w{0,99}\)?s@|\*{1,99}@)"
_ARGUMENT = r"(?![$<{\"'-])[^\s|;&\"'`]{1,200}+"
_WORD = r"[ \t]+(?!-)[^\s|;&]{1,200}+"  # of a command
_OPTIONS = r"(?:[ \t]+(?!-p|--password)[^\s|;&]{1,200}+){0,16}+"
_LOGGED_IN = r"\b(?:docker|podman|nerdctl|buildah|skopeo|helm|oras|oc|argocd|az|cf)(?:[ \t]registry)?[ \t]login"
_MACHINE = r"(?:machine[ \t]+(?:localhost|[\w-]{0,64}+[.:]\S{1,200}+)|\bdefault)"


def _is_credential(found: str) -> bool:
    return not is_placeholder(found) and not is_common_word(found)


def _is_a_login(found: str) -> bool:
    """Return whether *found* is a user and a password in base64, as Docker's config holds them."""
    try:
        return b":" in base64.b64decode(found, validate=True)
    except ValueError:
        return False


def _is_no_commit(found: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{40}", found) is None


PHRASES = (
    Rule(
        (
            # In a patch each line has a sign before it, also a minus.
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:[^-]|-(?!----))*+-{5,6}END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"|(?:[\s\\nr\"',+-]{0,80}+[A-Za-z0-9+/=]{40,}+)*+)"
        ),
        ("-----BEGIN ",),
        spaced=True,
    ),
    # The same in PuTTY's form.
    Rule(
        r"(Private-Lines: \d{1,4})(?:[\s\\nr\"',+-]{1,80}+[A-Za-z0-9+/=]{20,}+)++",
        ("Private-Lines: ",),
        spaced=True,
    ),
    Rule(r"(:_auth(?:Token)?\s{0,4}=\s{0,4})(?!\$\{)[^\s\"'\\<]{8,}+", (":_auth",), spaced=True),
    Rule(
        r"(uthorization\W{1,6}(?:[Bb]asic|[Tt]oken|[Aa]pi[Kk]ey|[Bb]earer) )[\w.~+/:-]{4,}+=*+",
        ("uthorization",),
        spaced=True,
        accepts=_is_credential,
    ),
    Rule(r"([Bb]earer )[\w.~+/-]{15,}+=*+", ("earer ",), spaced=True, accepts=looks_random),
    Rule(
        (
            r"((?:aws|AWS)[^\n\"']{0,24}(?:key|KEY|token|TOKEN|secret)[^\n\"']{0,20}[\"'])"
            r"[A-Za-z0-9/+]{40}(?=\\{0,4}[\"'])"
        ),
        ("aws", "AWS"),
        spaced=True,
        accepts=_is_no_commit,
    ),
    Rule(
        rf"({_QUOTE}auth{_QUOTE}\s{{0,4}}:\s{{0,4}}{_QUOTE})[A-Za-z0-9+/]{{8,}}+={{0,2}}+",
        ("auth",),
        spaced=True,
        accepts=_is_a_login,
    ),
    # A user and a password: `.netrc`, commands, `requests.get(url, auth=("ana", "…"))`.
    Rule(
        rf"({_MACHINE}\s{{1,9}}login\s{{1,9}}\S{{1,99}}+\s{{1,9}}password\s{{1,9}})(?![$<{{])\S{{1,300}}+",
        ("machine", "default"),
        spaced=True,
    ),
    Rule(
        (
            r"(\bcurl(?:[ \t]+(?:\\\n[ \t]*)?(?!-u|--user|\\\n)[^\s|;&]{1,300}+){0,24}+[ \t]+(?:\\\n[ \t]*)?"
            r"(?:-u|--user)[ =]?\\{0,4}[\"']?[^\s:\"'$\\]{1,64}:)(?![$<{])[^\s\"'\\]{3,}+"
        ),
        ("curl ",),
        spaced=True,
    ),
    Rule(
        rf"(\b(?:mysql\w{{0,12}}|mariadb[\w-]{{0,12}}){_OPTIONS}[ \t]+-p){_ARGUMENT}",
        ("mysql", "mariadb"),
        spaced=True,
    ),
    Rule(
        rf"({_LOGGED_IN}{_OPTIONS}[ \t]+(?:-p|--password)(?:[ \t]+|=)){_ARGUMENT}",
        ("login",),
        spaced=True,
    ),
    Rule(rf"(\bsshpass[ \t]+-p[ \t]{{0,4}}){_ARGUMENT}", ("sshpass",), spaced=True),
    Rule(
        rf"(\bredis-cli(?:{_WORD}|[ \t]+-[hpun]\b){{0,12}}+[ \t]+-a[ \t]+){_ARGUMENT}",
        ("redis-cli",),
        spaced=True,
    ),
    Rule(
        (
            rf"((?:\bauth\s{{0,4}}=\s{{0,4}}\(|BasicAuth\()\s{{0,8}}{_QUOTE}[^\"'\n\\]{{0,80}}{_QUOTE}\s{{0,4}},\s{{0,8}}{_QUOTE})"
            r"(?![$<{])[^\"'\n\\]{3,}+"
        ),
        ("auth=", "auth =", "BasicAuth("),
        spaced=True,
    ),
)

ADDRESSES = (
    # All before the @ goes: in `https://TOKEN:x-oauth-basic@host` the user is the secret. `image:tag@sha256:…` is none.
    Rule(rf"(://)(?:(?!:){_ADDRESS})*+:{_FILLED_IN_LATER}{_ADDRESS}*(?=@(?!sha\d))", ("://",), spaced=True),
    # A password that holds what would end the host; a number and a slash are a port and a path.
    Rule(
        (
            rf"(://)(?:(?![:@]){_ADDRESS}){{0,64}}+:(?!\d{{0,5}}[/?#]){_FILLED_IN_LATER}"
            r"(?:(?!://)[^\s\"'`<>\\]){1,200}?(?=@(?!sha\d)[\w.-]{1,200}+(?:[:/?#,;)\s\"'`]|\Z))"
        ),
        ("://",),
        spaced=True,
    ),
    Rule(rf"(https?://){_FILLED_IN_LATER}(?:(?!:){_ADDRESS})+(?=@(?!sha\d))", ("http://", "https://"), spaced=True),
)
