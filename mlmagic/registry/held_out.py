"""Whether test data is held out from a version: neither fingerprint nor split may say that the model has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.profile.mlflow_dataset import context_of
from mlmagic.data.split.registry import splits_of
from mlmagic.registry.facts import HELD_OUT
from mlmagic.store.values import as_text

if TYPE_CHECKING:
    from mlmagic.registry.facts import VersionFacts

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
