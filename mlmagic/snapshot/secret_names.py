"""Which names say that their value is a secret, and which values cannot be one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from mlmagic.snapshot.secret_words import is_name, looks_generated

Verdict = Literal["no", "maybe", "yes"]

_MOST_CHARACTERS = 128  # a longer text is no name
_LEAST_CHARACTERS = 6
_RANDOM_LEAST_CHARACTERS = 8
_RANDOM_LEAST_LETTERS = 16


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_ENDING = re.compile(
    r"(?:passwords?|passwd|passphrase|passcode|pwd|secrets?|credentials?"
    r"|(?:api|access|secret|private)key|(?:auth|access|api|refresh)token)$"
)
# After these words `key` opens something; after any other it sorts, joins or looks something up.
_KEY_OWNERS = _words(
    "access account admin anthropic api auth aws azure client cloudant cohere comet cos deploy encryption gemini "
    "google groq hf huggingface iam ibm kaggle license mailchimp master minio mistral openai pinecone private s3 "
    "secret sendgrid service shared signing softlayer ssh storage stripe subscription twilio wandb"
)
_PASS_OWNERS = _words(
    "admin cloudant db email ftp http imap key ldap mail mongo mysql pg postgres proxy rabbitmq redis root smtp "
    "softlayer sql ssh sudo user"
)
_PAT_OWNERS = _words("azure devops ext gh github gitlab")
_TOKEN_OWNERS = _words(
    "access api app auth aws azure bearer bot cloudant comet csrf databricks deploy discord dvc gh github gitlab hf "
    "hub huggingface iam ibm id jupyter kaggle mlflow neptune npm oauth oauth2 personal private pypi refresh registry "
    "secret security service session slack softlayer telegram tracking user wandb webhook x"
)
_OWNED = {"key": _KEY_OWNERS, "pass": _PASS_OWNERS, "pat": _PAT_OWNERS}
# The tokens of a language model. `max_tokens` is no secret, neither is `pad_token`.
_TEXT_TOKENS = _words(
    "audio begin bos cls current decoder empty end eos eot first forced image input last lm mask max min "
    "n new next num number oov output pad padding per prefix prev previous sep special start stop suffix "
    "text unk unknown video vocab word"
)
# `password_file` and `secret_name` say where a secret lies; they are not one.
_ABOUT_A_SECRET = _words(
    "arn class col cols column columns count dir directory enabled endpoint env exists expiry expires "
    "expiration field fields file filename format header id ids idx index input label len length limit "
    "manager max min name names path paths pattern policy prompt provider regex required rotation size "
    "type uri url usage var variable version"
)
_TRIVIAL_WORDS = _words(
    "anonymous api_key changeme default disabled enabled keyring missing not_set optional password "
    "postgres prompt required secret string undefined"
)
_PLACEHOLDER = re.compile(
    r"(?:<redacted>[\s+-]*)+|<[\w .-]*>"
    r"|(?-i:\$[A-Z][A-Z0-9_]*)|\$\{[^{}]*\}|\{\{?[^{}]*\}?\}|%\(\w+\)s|%s|([*.x#_-])\1*"
    r"|true|false|none|null|yes|no|on|off",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"(?:~|\.{1,2})[/\\][^\n]+|[/\\][^\n]*(?:[/\\]|\.\w{1,8}$)[^\n]*|[A-Za-z]:[/\\][^\n]*|file:/[^\n]*|/[a-z_.]{1,20}"
)
_VERSION = re.compile(r"v?\d{1,4}(?:\.\d{1,4}){1,3}(?:[.-]?(?:a|b|rc|dev|post)\d{1,8})*(?:\+[\w.]{1,40})?")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{32,}={0,2}")


@lru_cache(maxsize=4096)
def secrecy(name: str) -> Verdict:
    """Tell whether *name*, of a variable, a keyword or a key, says that its value is a secret.

    ``"maybe"`` is a bare ``token``: the value decides, since texts are made of tokens too.

    >>> [secrecy(name) for name in ("OPENAI_API_KEY", "db.password", "accessToken", "token")]
    ['yes', 'yes', 'yes', 'maybe']
    >>> [secrecy(name) for name in ("max_tokens", "pad_token", "tokenizer", "sort_key", "password_file")]
    ['no', 'no', 'no', 'no', 'no']
    """
    if len(name) > _MOST_CHARACTERS:
        return "no"
    words = [word.lower() for word in _WORD.findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if words[-3:] == ["client", "key", "data"]:  # of a kubeconfig
        words.pop()
    if not words or words[-1] in _ABOUT_A_SECRET:
        return "no"
    *owners, last = words
    is_told = any(_SECRET_ENDING.search(word) for word in words) or words[-2:] == ["connection", "string"]
    if is_told or last == "pw":
        return "yes"
    owner = owners[-1] if owners else ""
    if last in _OWNED:
        is_owned = owner in _OWNED[last] or "secret" in owners
        return "yes" if is_owned else "maybe" if words == ["pass"] else "no"
    if last != "token" or _TEXT_TOKENS.intersection(owners):
        return "no"
    return "yes" if owner in _TOKEN_OWNERS or (owner and name.isupper()) else "maybe"


def is_placeholder(value: str) -> bool:
    """Tell whether *value* stands for a secret without being one: ``""``, ``"<your key>"``, ``"${TOKEN}"``, ``"***"``.

    >>> [is_placeholder(value) for value in ("", "<redacted>", "{api_key}", "None", "hunter2")]
    [True, True, True, True, False]
    """
    return not value.strip() or _PLACEHOLDER.fullmatch(value.strip()) is not None


def is_trivial(value: str) -> bool:
    """Tell whether *value* is too short or too common to be looked for in every text: ``true``, a path, a word.

    >>> [is_trivial(value) for value in ("on", "default", "/run/secrets/token", "hunter2")]
    [True, True, True, False]
    """
    value = value.strip()
    return len(value) < _LEAST_CHARACTERS or value.lower() in _TRIVIAL_WORDS or is_placeholder(value) or is_path(value)


def is_path(value: str) -> bool:
    """Tell whether *value* is a path of a file; a secret in base64 may begin with a slash, too.

    >>> is_path("/run/secrets/token"), is_path("/wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY1")
    (True, False)
    """
    return _PATH.fullmatch(value) is not None and _BASE64.fullmatch(value) is None


def is_version(value: str) -> bool:
    """Tell whether *value* is a version or a decimal, as packages have that are called after secrets.

    >>> is_version("1.5.0"), is_version("2.13.0+cpu"), is_version("1234")
    (True, True, False)
    """
    return _VERSION.fullmatch(value.strip()) is not None


def looks_random(value: str) -> bool:
    """Return whether *value* looks like a password or a token rather than a name, a word or a sentence.

    >>> [looks_random(value) for value in ("hunter2x", "s3cr3t-value", "the", "resnet50-v2", "two words 12")]
    [True, True, False, False, False]
    """
    if len(value) < _RANDOM_LEAST_CHARACTERS or any(c.isspace() for c in value) or is_trivial(value):
        return False
    if any(c.isdigit() for c in value):
        return not is_name(value)
    return len(value) >= _RANDOM_LEAST_LETTERS and looks_generated(value)


def could_be_secret(value: str, verdict: Verdict) -> bool:
    """Return whether *value*, which stands beside a name of this *verdict*, may be a secret.

    Of a sure name all is one that is no placeholder, path or version. Of a bare ``token`` it must look random.

    >>> could_be_secret("hunter", "yes"), could_be_secret("hunter", "maybe"), could_be_secret("mean", "maybe")
    (True, False, False)
    """
    if is_placeholder(value) or is_path(value) or is_version(value):
        return False
    return verdict == "yes" or (verdict == "maybe" and looks_random(value))
