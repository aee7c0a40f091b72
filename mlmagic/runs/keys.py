"""Names that MLflow and every file system accept."""

from __future__ import annotations

import re

LONGEST_KEY = 250
_LONGEST_SLUG_BYTES = 120
_NOT_IN_KEY = re.compile(r"[^\w\-./: ]+")
_CLIMBS = re.compile(r"^\.{2,}")  # MLflow refuses ``..a`` as it does ``../a``
_NOT_IN_SLUG = re.compile(r"[^\w\-.]+")


def valid_key(key: str) -> str:
    """Return *key*, or the nearest key that MLflow accepts for a parameter, metric or tag.

    MLflow takes letters, digits and ``_ - . / :`` and space, and paths that are their own normal form.

    >>> valid_key("f1 (macro)"), valid_key("a//b/"), valid_key("ok/loss"), valid_key("μ")
    ('f1 _macro_', 'a/b', 'ok/loss', 'μ')
    >>> valid_key("../x."), valid_key("")
    ('x', 'unnamed')
    """
    parts = [part.strip() for part in _NOT_IN_KEY.sub("_", key).split("/")]
    parts = [part for part in parts if part.strip(". ")]
    joined = _CLIMBS.sub(".", "/".join(parts))
    return joined.rstrip(".")[:LONGEST_KEY].rstrip(". /") or "unnamed"


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
