"""Secrets within a phrase: keys of several lines, passwords in URLs and headers, hashes of passwords."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote

from mlmagic.snapshot.secrets.candidates import is_placeholder, is_plain, looks_random, stands_out
from mlmagic.snapshot.secrets.encodings import holds_a_key
from mlmagic.snapshot.secrets.rules.rule import Rule
from mlmagic.snapshot.secrets.words import is_common_word

_BETWEEN = r"[\s\\nr\"',+-]{0,80}+"
_QUOTE = r"\\{0,4}[\"']"
_ADDRESS = r"[^\s/?#\"'`<>\\]"
_FILLED_IN_LATER = r"(?!\{[^{}]{0,99}\}@|\$\w{1,99}@|\$\{\w{1,99}\}@|%\(?\w{0,99}\)?s@|\*{1,99}@)"
_MACHINE = r"(?:machine[ \t]+(?:localhost|[\w-]{0,64}+[.:]\S{1,200}+)|\bdefault)"
_LOGIN_OF_NETRC = r"\s{1,9}login\s{1,9}\S{1,99}+(?:\s{1,9}account\s{1,9}\S{1,99}+)?\s{1,9}password\s{1,9}"


def _is_credential(found: str) -> bool:
    return not is_placeholder(found) and not is_common_word(found)


def _is_a_login(found: str) -> bool:
    """Return whether *found* is a user and a password in base64, as in Docker's configuration."""
    try:
        return b":" in base64.b64decode(found, validate=True)
    except ValueError:
        return False


def _password_of_login(found: str) -> str:
    """Return the password of *found*, a user and a password in base64, or *found* itself if it is something else."""
    try:
        text = base64.b64decode(found, validate=True).decode()
    except ValueError:
        return found
    return _behind_the_user(text) if ":" in text else found


def _has_salt(found: str) -> bool:
    """Return whether *found* has the parts of a password hash: the algorithm, a salt, and the hash itself."""
    return len(found.split("$", 3)) > 3  # noqa: PLR2004


def _behind_the_user(login: str) -> str:
    return unquote(login.partition(":")[2]) or login


def _is_no_commit(found: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{40}", found) is None


PHRASES = (
    Rule(
        (
            # In a patch each line begins with a sign, which may be a minus.
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:[^-]|-(?!----))*+-{5,6}END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            rf"|(?:{_BETWEEN}(?:Proc-Type|DEK-Info|Version|Comment|Hash): [^\n\\]{{1,100}}+){{0,4}}+"
            rf"(?:{_BETWEEN}[A-Za-z0-9+/=]{{40,}}+)*+(?:{_BETWEEN}(?=[A-Za-z+/=]{{0,40}}\d)[A-Za-z0-9+/=]{{8,}}+)?+)"
        ),
        ("-----BEGIN ",),
        spaced=True,
        accepts=holds_a_key,
    ),
    # The same in PuTTY's format.
    Rule(
        r"(Private-Lines: \d{1,4})(?:[\s\\nr\"',+-]{1,80}+[A-Za-z0-9+/=]{20,}+)++",
        ("Private-Lines: ",),
        spaced=True,
    ),
    Rule(r"(:_auth(?:Token)?\s{0,4}=\s{0,4})(?!\$\{)[^\s\"'\\<]{8,}+", ("auth",), spaced=True),
    Rule(
        r"(uthorization(?! \w)\W{1,6}(?:[Bb]asic|[Tt]oken|[Aa]pi[Kk]ey|[Bb]earer) )[\w.~+/:-]{4,}+=*+",
        ("uthorization",),
        spaced=True,
        accepts=_is_credential,
        value=_password_of_login,
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
        value=_password_of_login,
    ),
    # A user and a password: `.netrc`, `requests.get(url, auth=("ana", "…"))`.
    Rule(
        rf"({_MACHINE}{_LOGIN_OF_NETRC})(?![$<{{])\S{{1,300}}+",
        ("machine", "default"),
        spaced=True,
    ),
    # A host without a dot may be a word of a sentence: "machine learning login page password policy".
    Rule(
        rf"(\bmachine[ \t]+[\w-]{{1,64}}+{_LOGIN_OF_NETRC})(?![$<{{])\S{{1,300}}+",
        ("machine",),
        spaced=True,
        accepts=lambda found: not found.isalpha(),
    ),
    Rule(
        (
            rf"((?:(?:auth|creds|login)(?:{_QUOTE})?\s{{0,4}}[=:]\s{{0,4}}\(|BasicAuth\()\s{{0,8}}{_QUOTE}[^\"'\n\\]{{0,80}}{_QUOTE}\s{{0,4}},\s{{0,8}}{_QUOTE})"
            r"(?![$<{])[^\"'\n\\]{3,}+"
        ),
        ("auth", "creds", "login", "BasicAuth("),
        spaced=True,
    ),
)

_HASH = r"[\w./+=,$-]{20,400}+"
HASHES = (
    # Password hashes, as `crypt`, OpenLDAP, Apache, Django and Werkzeug write them.
    Rule(rf"\$(?:apr1|[1567y]|2[abxy]?|gy)\${_HASH}", ("$",), accepts=_has_salt),
    Rule(rf"\$argon2(?:id|i|d)\${_HASH}", ("$argon2",)),
    Rule(r"\{SS?HA(?:256|384|512)?\}[A-Za-z0-9+/]{20,200}+={0,2}", ("HA}", "HA256}", "HA384}", "HA512}")),
    Rule(r"pbkdf2_sha\d{1,3}\$\d{1,9}\$[\w./+-]{1,100}\$[A-Za-z0-9+/]{20,200}+={0,2}", ("pbkdf2_sha",)),
    Rule(
        r"(?:pbkdf2:sha\d{1,3}:\d{1,9}|scrypt:\d{1,9}:\d{1,4}:\d{1,4})\$\w{1,100}\$[0-9a-f]{32,200}+",
        ("pbkdf2:", "scrypt:"),
    ),
)
_LINE_OF_PGPASS = r":[\w.*-]{1,64}:[\w.@+-]{1,64}:)[^\s\"':]{1,200}+(?=\s|\Z|[\"'])"
FILES = (  # `.pgpass`: host, port, database, user, password
    Rule(
        rf"(:(?<=[\w*]:)(?:5432|6432|\*){_LINE_OF_PGPASS}",
        ("432:", ":*:"),
        spaced=True,
        accepts=_is_credential,
    ),
    Rule(rf"(:(?<=[\w*]:)\d{{4,5}}{_LINE_OF_PGPASS}", (":",), spaced=True, accepts=stands_out),
)

ADDRESSES = (
    # Redact all before the @: in `https://TOKEN:x-oauth-basic@host` the user is the secret. Keep `image:tag@sha256:…`.
    Rule(
        rf"(://)(?:(?!:){_ADDRESS})*+:{_FILLED_IN_LATER}{_ADDRESS}*(?=@(?!sha\d))",
        ("@",),
        spaced=True,
        value=_behind_the_user,
    ),
    # A password with a character that would end the host; a number and a slash are a port and a path.
    Rule(
        (
            rf"(://)(?:(?![:@]){_ADDRESS}){{0,64}}+:(?!\d{{0,5}}[/?#]){_FILLED_IN_LATER}"
            r"(?:(?!://)[^\s\"'`<>\\]){1,200}?(?=@(?!sha\d)[\w.-]{1,200}+(?:[:/?#,;)\s\"'`]|\Z))"
        ),
        ("@",),
        spaced=True,
        value=_behind_the_user,
    ),
    Rule(
        rf"(https?://){_FILLED_IN_LATER}(?:(?!:){_ADDRESS})+(?=@(?!sha\d))",
        ("@",),
        spaced=True,
        accepts=lambda found: not is_plain(found),  # `https://ana@github.com` names a user only
    ),
)
