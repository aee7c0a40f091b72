"""Judge by its name whether a value is a secret, and how surely."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Verdict = Literal["no", "maybe", "weak", "yes"]

_MOST_CHARACTERS = 128  # a longer text is no name


def words_of(text: str) -> frozenset[str]:
    """Return the set of the words of *text*."""
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_ENDING = re.compile(
    r"(?:passwords?|passwd|passphrases?|passcode|secrets?|\wpwd|(?:api|secret|private)key|(?:auth|access|api|refresh)token)$"
)
_WEAK_ENDING = re.compile(
    r"(?:pwd?|credentials?|accesskey)$|^creds?$|^psk$|^(?:admin|app|db|ftp|my|root|smtp|sql|ssh|user)pass$"
)
_ABROAD_WITH_PASS = ("passwort", "mot de passe", "mot_de_passe")
_ABROAD_IN_ASCII = ("kennwort", "wachtwoord", "contrasena", "senha")
ABROAD = (
    *_ABROAD_WITH_PASS,
    *_ABROAD_IN_ASCII,
    *("contraseña", "пароль", "密码", "密碼", "口令", "パスワード", "비밀번호", "hasło", "lösenord", "jelszó"),
)
"""Words for a password in other languages, in lower case."""
_ABROAD = re.compile(rf"(?:.{{0,40}}[\W_])?(?:{'|'.join(ABROAD)})")
# After these words `key` is a credential; after any other it is a key for sorting, joins or lookups.
_KEY_OWNERS = words_of(
    "anthropic api cloudant cohere comet cos encryption gemini google groq hf huggingface iam ibm mailchimp minio "
    "mistral openai pinecone private s3 secret sendgrid signing softlayer ssh stripe twilio wandb"
)
_WEAK_KEY_OWNERS = words_of(
    "access account admin auth aws azure client deploy kaggle license master service shared storage subscription"
)
_PASS_OWNERS = words_of(
    "admin cloudant db email ftp http imap key ldap mail mongo mysql pg postgres proxy rabbitmq redis root smtp "
    "softlayer sql ssh sudo user"
)
# Passes of a network, a filter or a loop: `forward_pass` is no password.
_PASSES = words_of(
    "all backward band both by count data each every final first forward full high last low max min multi n num number "
    "one pre prev previous second single test_time third train two val warmup"
)
_PAT_OWNERS = words_of("azure devops ext gh github gitlab")
_TOKEN_OWNERS = words_of(
    "access api auth aws azure bearer bot cloudant comet csrf databricks deploy discord dvc gh github gitlab hf "
    "huggingface iam ibm jupyter kaggle mlflow neptune npm oauth oauth2 personal private pypi refresh registry "
    "secret security slack softlayer telegram wandb webhook"
)
_WEAK_TOKEN_OWNERS = words_of("app hub id service session tracking user x")
_OWNED = {"key": _KEY_OWNERS, "pass": _PASS_OWNERS, "pat": _PAT_OWNERS, "pw": _PASS_OWNERS, "pwd": _PASS_OWNERS}
# `password_value` is still a password; `password_model` is a model that is named after passwords.
_STILL_THE_SECRET = words_of(
    "again b64 base64 clear confirm confirmation current dev encoded hash new old plain plaintext prod production "
    "repeat salt staging text value"
)
_MANY = re.compile(r"(?<=[a-z])s(?:_by_\w+)?$|_(?:list|dict|map|mapping|table|set|tuple|array)$", re.IGNORECASE)
# The tokens of a language model: neither `max_tokens` nor `pad_token` is a secret.
_TEXT_TOKENS = words_of(
    "audio begin bos cls current decoder empty end eos eot first forced image input last lm mask max min "
    "n new next num number oov output pad padding per prefix prev previous sep special start stop suffix "
    "text unk unknown video vocab word"
)
# `password_file` and `secret_name` say where a secret is; they are not secrets.
_ABOUT_A_SECRET = words_of(
    "arn class col cols column columns count dir directory enabled endpoint env exists expiry expires "
    "expiration field fields file filename format header id ids idx index input label len length limit "
    "manager max min name names path paths pattern policy prompt provider regex required rotation size "
    "type uri url usage var variable version"
)


@lru_cache(maxsize=4096)
def secrecy(name: str) -> Verdict:
    """Return the verdict of *name*, of a variable, a keyword or a key, on its value.

    ``"yes"``: it is a secret. ``"weak"``: it is one, unless it reads as a word, an identifier or a path, since other
    values have such names, too. ``"maybe"``: it is one if it looks random, as for a bare ``token``, which may also be
    a piece of text.

    >>> [secrecy(name) for name in ("OPENAI_API_KEY", "db.password", "accessToken", "pwd", "secret_layer", "token")]
    ['yes', 'yes', 'yes', 'weak', 'weak', 'maybe']
    >>> [secrecy(name) for name in ("max_tokens", "pad_token", "tokenizer", "sort_key", "password_file")]
    ['no', 'no', 'no', 'no', 'no']
    """
    if len(name) > _MOST_CHARACTERS:
        return "no"
    if is_word_abroad(name):
        return "yes"
    words = [word.lower() for word in _WORD.findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if words[-3:] == ["client", "key", "data"]:  # of a kubeconfig
        words.pop()
    if not words or words[-1] in _ABOUT_A_SECRET:
        return "no"
    if len(words) > 1 and words[-1] in _STILL_THE_SECRET and _secrecy(words[:-1]) == "yes":
        return "yes"
    return _secrecy(words, all_capitals=name.isupper())


def is_word_abroad(name: str) -> bool:
    """Return whether *name* ends with a word for a password in another language.

    >>> is_word_abroad("Passwort"), is_word_abroad("my_contraseña"), is_word_abroad("password")
    (True, True, False)
    """
    return _ABROAD.fullmatch(name.lower()) is not None


def is_abroad_in(lower: str) -> bool:
    """Return whether *lower*, a text in lower case, contains a word for a password in another language."""
    likely = _ABROAD_IN_ASCII if lower.isascii() else ABROAD
    return any(word in lower for word in likely) or (
        "pass" in lower and any(word in lower for word in _ABROAD_WITH_PASS)
    )


def _secrecy(words: list[str], *, all_capitals: bool = False) -> Verdict:
    *owners, last = words
    owner = owners[-1] if owners else ""
    if last == "token" and not _TEXT_TOKENS.intersection(owners):
        is_sure = owner in _TOKEN_OWNERS or (owner and all_capitals)
        return "yes" if is_sure else "weak" if owner in _WEAK_TOKEN_OWNERS else "maybe"
    is_owned = owner in _OWNED.get(last, ()) or (last == "key" and "secret" in owners)
    if is_owned or _SECRET_ENDING.search(last) or words[-2:] == ["connection", "string"]:
        return "yes"
    if _WEAK_ENDING.search(last) or (last == "key" and owner in _WEAK_KEY_OWNERS):
        return "weak"
    if last == "pass" and not _PASSES.intersection(owners):
        return "yes" if owner and all_capitals else "maybe"
    return "weak" if any(map(_SECRET_ENDING.search, owners)) else "no"


@lru_cache(maxsize=4096)
def secrecy_of_many(name: str) -> Verdict:
    """Return the verdict of *name* on the values of a list or mapping: ``passwords``, ``api_keys``, ``password_list``.

    >>> [secrecy_of_many(name) for name in ("passwords", "api_keys", "password_list", "tokens", "keys", "password")]
    ['yes', 'yes', 'yes', 'no', 'no', 'no']
    """
    one = _MANY.sub("", name) if len(name) <= _MOST_CHARACTERS else name
    verdict = secrecy(one) if one != name else "no"
    return "no" if verdict == "maybe" else verdict
