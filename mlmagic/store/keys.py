"""Names that MLflow and every file system accept."""

from __future__ import annotations

import hashlib
import posixpath
import re
import threading
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.known_values import REDACTED

if TYPE_CHECKING:
    from collections.abc import Container

LONGEST_KEY = 250
LONGEST_TAG = 8000
"""The longest key, and the longest value of a tag, that MLflow keeps."""
_LONGEST_SLUG_BYTES = 120
_LONGEST_BEFORE_DIGEST = 240
_SHOWN_KEY, _SHOWN_ENDING = 80, 20
_DIGEST = 6  # hex digits: of 1,000 names in a run, two share a digest with 3% probability; the rest must be equal too
_NOT_IN_KEY = re.compile(r"[^\w\-./: ]+")
_CLIMBS = re.compile(r"^\.{2,}")  # MLflow refuses ``..a`` as it does ``../a``
_NOT_IN_SLUG = re.compile(r"[^\w\-.]+")
# How characters that MLflow rejects are spelled out; any other becomes an underscore. A digest follows.
_SPELLED = {
    "<=": "_le_", ">=": "_ge_", "==": "_eq_", "!=": "_ne_", "->": "_to_", "<": "_lt_", ">": "_gt_", "=": "_eq_",
    "@": "_at_", "%": "_percent_", "+": "_plus_", "*": "_times_", "&": "_and_", "|": "_or_", "~": "_not_", "#": "_no_",
    "^": "_pow_", "$": "_dollar_", "±": "_pm_", "(": "_", ")": "_", "[": ":", "]": ":", "{": "-", "}": "-", ",": "_",
}  # fmt: skip
_SIGN = re.compile("|".join(map(re.escape, sorted(_SPELLED, key=len, reverse=True))))


def valid_key(name: str) -> str:
    """Return *name* if MLflow accepts it as the key of a parameter, metric or tag, else a valid key derived from it.

    MLflow accepts letters, digits, ``_ - . / :`` and spaces, and paths in normal form. In other names, special
    characters are spelled out and six digits of the name's hash are appended. No other name gets the same key, in any
    run and in any order.

    >>> valid_key("ok/loss"), valid_key("μ"), valid_key("precision_at_5")
    ('ok/loss', 'μ', 'precision_at_5')
    >>> valid_key("precision@5"), valid_key("p<0.05"), valid_key("loss/")
    ('precision_at_5_2f4fd8', 'p_lt_0.05_b02182', 'loss_86d08f')
    """
    if is_valid(name):
        return name
    spelled = _SIGN.sub(lambda sign: _SPELLED[sign[0]], name)
    parts = [part.strip() for part in _NOT_IN_KEY.sub("_", spelled).split("/")]
    joined = "/".join(part for part in parts if part.strip(". "))
    return _with_digest(_CLIMBS.sub(".", joined), name)


def is_valid(name: str) -> bool:
    """Return whether MLflow accepts *name* as a key."""
    path = posixpath.normpath(name)
    is_own_path = path == name and path != "." and not path.startswith(("..", "/"))
    return 0 < len(name) <= LONGEST_KEY and not _NOT_IN_KEY.search(name) and is_own_path


def key_among(name: str, known: Container[str]) -> str:
    """Return which of the *known* keys *name* means: itself, or the key derived from it.

    >>> key_among("precision@5", {"precision_at_5_2f4fd8"}), key_among("loss", {"accuracy"})
    ('precision_at_5_2f4fd8', 'loss')
    """
    return key if name not in known and (key := valid_key(name)) in known else name


def _with_digest(shown: str, name: str) -> str:
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGEST]
    return f"{shown[:_LONGEST_BEFORE_DIGEST].rstrip('. /_') or 'unnamed'}_{digest}"


def changed_key(kind: str, shown: str, key: str) -> str:
    """Return a line about a name, *shown* without secrets, that is stored under another *key*.

    >>> changed_key("metric", "p<0.05", valid_key("p<0.05"))
    "MLflow does not take the metric key 'p<0.05': it is kept as 'p_lt_0.05_b02182'"
    """
    if len(shown) > LONGEST_KEY:
        size = f"{len(shown)} characters is cut to {len(key)}"
        return f"the {kind} key {shown[:_SHOWN_KEY]!r} of {size}: it ends with {key[-_SHOWN_ENDING:]!r}"
    if REDACTED in shown:
        return f"a secret was redacted in the {kind} key {shown!r}: it is kept as {key!r}"
    return f"MLflow does not take the {kind} key {shown!r}: it is kept as {key!r}"


class KeyRegistry:
    """The keys of one run: made by `valid_key`, except that names that contain a secret are numbered.

    >>> keys = KeyRegistry()
    >>> keys.key("ghp_1", "<redacted>"), keys.key("ghp_2", "<redacted>"), keys.key("redacted")
    ('redacted_3a2d1a', 'redacted_3a2d1a_2', 'redacted')
    """

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._lock = threading.Lock()

    def known(self, name: str) -> str | None:
        """Return the key of *name* if it has one, else None."""
        return self._keys.get(name)

    def key(self, name: str, shown: str | None = None) -> str:
        """Return the key of *name*; *shown* is the redacted name if a part of it is a secret.

        No digest is made of a secret: it would confirm a correct guess.
        """
        with self._lock:
            if name in self._keys:
                return self._keys[name]
            key = valid_key(name) if shown is None or shown == name else self._unused(shown)
            self._keys[name] = key
            return key

    def _unused(self, shown: str) -> str:
        number, base = 1, _with_digest(_NOT_IN_KEY.sub("_", shown).strip("_. /"), shown)
        while (key := base if number == 1 else f"{base}_{number}") in self._keys.values():
            number += 1
        return key


def slug(name: str) -> str:
    """Return *name* as a part of a file name: no separators, no leading dot, well under 200 bytes.

    >>> slug("ROC curve: model/A"), slug("  ")
    ('ROC_curve_model_A', '')
    """
    text = _NOT_IN_SLUG.sub("_", name).strip("._")
    return text.encode()[:_LONGEST_SLUG_BYTES].decode(errors="ignore").strip("._")


def unused(name: str, taken: set[str]) -> str:
    """Return *name*, with a number appended if it is taken, and add the result to *taken*.

    >>> taken = {"roc"}
    >>> unused("roc", taken), unused("roc", taken)
    ('roc_2', 'roc_3')
    """
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate)
    return candidate
