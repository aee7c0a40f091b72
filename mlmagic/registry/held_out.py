"""Whether test data is held out from a version: no fingerprint, row or split may say that the model has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.hashing.smallest import shared_rows
from mlmagic.data.profile.mlflow_dataset import context_of
from mlmagic.data.split.registry import splits_of
from mlmagic.registry.facts import HELD_OUT
from mlmagic.store.values import as_text

if TYPE_CHECKING:
    from mlmagic.registry.facts import VersionFacts

_LEAST_SHARE, _FEWEST_SHARED = 0.05, 2
_OF_SPLIT = ("method", "test", "val", "seed", "salt")


def why_seen(facts: VersionFacts, data: Any, name: str, digest: str) -> str:
    """Return why the model of a version has seen the rows of *data*, or an empty text if nothing says so.

    Parameters
    ----------
    facts
        The version, with the data and the parameters of its run.
    data, name, digest
        The test data, what the user calls it, and its fingerprint.
    """
    version = facts.version.reference
    for known, other in facts.data:
        if other == digest and other not in facts.evaluated_on and context_of(known) not in HELD_OUT:
            return f"{version} was trained on {name}: its run records the same rows as {known!r}"
    if seen := _rows_seen(facts, data, name):
        return seen
    parts = splits_of(data)
    if parts and parts[0].side == "train":
        return f"{name} is the train side of a split: hold out other rows, such as the test side"
    if parts and "split.method" in facts.params:
        for key in _OF_SPLIT:
            given, recorded = parts[0].identity.get(key), facts.params.get(f"split.{key}")
            if given not in (None, "", 0, 0.0) and recorded is not None and as_text(given) != recorded:
                return (
                    f"{version} was trained on the rows of another split ({key} {recorded}) than {name} is from "
                    f"({key} {as_text(given)}), so it has seen some of them"
                )
    return ""


def _rows_seen(facts: VersionFacts, data: Any, name: str) -> str:
    """Return that the model learned from rows of *data*, if more of them are in its data than repeated rows explain."""
    rows = fingerprint(data).row_hashes
    for known, hashes in facts.learned_rows:
        found = shared_rows(hashes, rows)
        is_clear = found.shared >= _FEWEST_SHARED or (found.shared and not found.repeated)
        if is_clear and found.share - found.repeated >= _LEAST_SHARE:
            about = "all" if found.share == 1 else f"about {found.share:.0%}"
            version = facts.version.reference
            return f"{version} was trained on {about} of the rows of {name}: they are in {known!r} of its run"
    return ""
