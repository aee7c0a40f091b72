"""Names that MLflow and every file system accept."""

from __future__ import annotations

import hashlib
import re
import threading

LONGEST_KEY = 250
_LONGEST_SLUG_BYTES = 120
_LONGEST_BEFORE_DIGEST = 240
_DIGEST = 6  # hex digits: of 1,000 names of a run two share one with a chance of 3%, and only if all else is equal
_NOT_IN_KEY = re.compile(r"[^\w\-./: ]+")
_CLIMBS = re.compile(r"^\.{2,}")  # MLflow refuses ``..a`` as it does ``../a``
_NOT_IN_SLUG = re.compile(r"[^\w\-.]+")
# How a sign that MLflow does not take is read out; any other becomes an underscore and a digest.
_SPELLED = {
    "<=": "_le_", ">=": "_ge_", "==": "_eq_", "!=": "_ne_", "->": "_to_", "<": "_lt_", ">": "_gt_", "=": "_eq_",
    "@": "_at_", "%": "_percent_", "+": "_plus_", "*": "_times_", "&": "_and_", "|": "_or_", "~": "_not_", "#": "_no_",
    "^": "_pow_", "$": "_dollar_", "±": "_pm_", "(": "_", ")": "_", "[": ":", "]": ":", "{": "-", "}": "-", ",": "_",
}  # fmt: skip
_SIGN = re.compile("|".join(map(re.escape, sorted(_SPELLED, key=len, reverse=True))))


def valid_key(key: str) -> str:
    """Return *key*, or the nearest key that MLflow accepts for a parameter, metric or tag.

    MLflow takes letters, digits and ``_ - . / :`` and space, and paths that are their own normal form. A sign that it
    does not take is read out. Where a part of the name is lost (another sign, a slash at the end, what is over 250
    characters), six digits tell it from names that lose another part. The same name always becomes the same key.

    >>> valid_key("p<0.05"), valid_key("precision@5"), valid_key("ok/loss"), valid_key("μ")
    ('p_lt_0.05', 'precision_at_5', 'ok/loss', 'μ')
    >>> valid_key("f1 (macro)"), valid_key("f1 [macro]"), valid_key("loss/")
    ('f1 _macro_', 'f1 :macro:', 'loss_86d08f')
    """
    spelled = _SIGN.sub(lambda sign: _SPELLED[sign[0]], key)
    parts = [part.strip() for part in _NOT_IN_KEY.sub("_", spelled).split("/")]
    parts = [part for part in parts if part.strip(". ")]
    joined = _CLIMBS.sub(".", "/".join(parts)).rstrip(".")
    if joined and joined == spelled and len(joined) <= LONGEST_KEY:
        return joined
    return _with_digest(joined, key)


def _with_digest(shown: str, name: str) -> str:
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGEST]
    return f"{shown[:_LONGEST_BEFORE_DIGEST].rstrip('. /') or 'unnamed'}_{digest}"


class Keys:
    """The keys of one run: the same name always has the same, and two names never share one.

    >>> keys = Keys()
    >>> keys.key("p_lt_0.05"), keys.key("p<0.05") != "p_lt_0.05", keys.key("p<0.05") == keys.key("p<0.05")
    ('p_lt_0.05', True, True)
    >>> keys.key("ghp_1", "<redacted>"), keys.key("ghp_2", "<redacted>")
    ('redacted', 'redacted_2')
    """

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()

    def known(self, name: str) -> str | None:
        """Return the key of *name* if it has one."""
        return self._keys.get(name)

    def key(self, name: str, shown: str | None = None) -> str:
        """Return the key of *name*; *shown* is what may be seen of it, where a part of it is a secret.

        Of a secret no digest is made: it would tell whoever guesses it that the guess is right.
        """
        with self._lock:
            if name in self._keys:
                return self._keys[name]
            if shown is None or shown == name:
                key = valid_key(name)
                if self._names.get(key, name) != name:
                    key = _with_digest(key, name)
            else:
                key = self._unused(_NOT_IN_KEY.sub("_", shown).strip("_. /")[:_LONGEST_BEFORE_DIGEST])
            self._keys[name] = key
            self._names[key] = name
            return key

    def _unused(self, shown: str) -> str:
        number, base = 1, valid_key(shown or "unnamed")
        while (key := base if number == 1 else f"{base}_{number}") in self._names:
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
    """Return *name*, or with the first number that makes it unused, and add it to *taken*.

    >>> taken = {"roc"}
    >>> unused("roc", taken), unused("roc", taken)
    ('roc_2', 'roc_3')
    """
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate)
    return candidate
