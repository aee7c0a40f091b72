"""Whether test data is held out from a version: no fingerprint, row or split may say that the model has seen it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.hashing.smallest import shared_rows
from mlmagic.data.profile.mlflow_dataset import context_of
from mlmagic.data.profile.profile import profile
from mlmagic.data.split.registry import splits_of
from mlmagic.registry.facts import HELD_OUT
from mlmagic.registry.held_out.recorded_form import as_dataset, in_form_of, is_narrower
from mlmagic.store.values import as_text
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlmagic.data.fingerprint.fingerprint import Fingerprint
    from mlmagic.registry.facts import VersionFacts
    from mlmagic.registry.held_out.learned_data import LearnedData

_LEAST_SHARE, _FEWEST_SHARED = 0.05, 2
_OF_SPLIT = ("method", "test", "val", "seed", "salt")
_FLOAT32 = 1e-6
"""How far statistics of a column may differ after it was rounded to float32, relative to its largest value."""
_FEWEST_VALUES = 20


def why_seen(facts: VersionFacts, data: Any, targets: Any, name: str) -> str:
    """Return why the model of a version has seen the rows of *data*, or an empty text if nothing says so.

    The rows are compared in the form of each dataset that the model learned from: by the names of its columns, in its
    order and types. So a further column, another order or library, and numbers as text do not hide them. Rows that
    were rounded to float32, after a model was trained on float64, equal no row exactly; they are recognised only if
    they are all rows of the training data.

    Parameters
    ----------
    facts
        The version, with the data and the parameters of its run.
    data, targets, name
        The test data, its targets, and what the user calls the data.
    """
    version = facts.version.reference if facts.version.version is not None else "the new model"
    given = fingerprint(as_dataset(data))
    for known, other in facts.data:
        if other == given.digest and other not in facts.evaluated_on and context_of(known) not in HELD_OUT:
            return f"{version} was trained on {name}: its run records the same rows as {known!r}"
    for one in facts.learned:
        if seen := _why_learned(version, one, data, targets, name=name, given=given):
            return seen
    parts = splits_of(data)
    if parts and parts[0].side == "train":
        return f"{name} is the train side of a split: hold out other rows, such as the test side"
    if parts and "split.method" in facts.params:
        for key in _OF_SPLIT:
            own, recorded = parts[0].identity.get(key), facts.params.get(f"split.{key}")
            if own not in (None, "", 0, 0.0) and recorded is not None and as_text(own) != recorded:
                return (
                    f"{version} was trained on the rows of another split ({key} {recorded}) than {name} is from "
                    f"({key} {as_text(own)}), so it has seen some of them"
                )
    return ""


def _why_learned(version: str, known: LearnedData, data: Any, targets: Any, *, name: str, given: Fingerprint) -> str:
    """Return that the model learned from rows of *data*, which are among those of *known*."""
    for found in _fingerprints(known, data, targets, given):
        is_whole = found.digest == known.digest or (found.order_free and found.order_free == known.order_free)
        if is_whole and not found.row_hashes:
            return f"{version} was trained on {name}: its run records the same rows as {known.name!r}"
        shared = shared_rows(known.row_hashes, found.row_hashes)
        # More of them than repeated rows explain.
        is_clear = shared.shared >= _FEWEST_SHARED or (shared.shared and not shared.repeated)
        if is_clear and shared.share - shared.repeated >= _LEAST_SHARE:
            about = "all" if shared.share == 1 else f"about {shared.share:.0%}"
            return f"{version} was trained on {about} of the rows of {name}: they are in {known.name!r} of its run"
    if _is_rounded(known, data, targets):
        return f"{version} was trained on {name}: rounded to float32, its run's {known.name!r} has the same rows"
    return ""


def _fingerprints(known: LearnedData, data: Any, targets: Any, given: Fingerprint) -> Iterator[Fingerprint]:
    """Yield the fingerprints of *data* as it is, and in the form of *known*: without its index, then with it."""
    yield given
    formed = in_form_of(known, data, targets)
    if formed is None:
        return
    yield fingerprint(formed)
    index = getattr(data, "index", None)
    if known.has_index and hasattr(index, "equals") and hasattr(formed, "set_axis"):
        yield fingerprint(formed.set_axis(index))


@guarded(default=False)
def _is_rounded(known: LearnedData, data: Any, targets: Any) -> bool:
    """Return whether *data* has the rows of *known*, rounded to float32: as many, with the same range and mean."""
    formed = in_form_of(known, data, targets)
    if formed is None or not known.shape or len(formed) != known.shape[0] or "statistics_of" in known.profile:
        return False
    if not is_narrower(data):
        return False
    found = profile(formed, fingerprint(formed))
    pairs = list(zip(known.columns or [known.all_values], found.get("columns") or [found["values"]], strict=True))
    has_many = any(
        str(one.get("type")).startswith("float") and one.get("n_unique", len(formed)) >= _FEWEST_VALUES
        for one, _ in pairs
    )
    return has_many and all(_is_alike(one, other) for one, other in pairs)


def _is_alike(known: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Return whether two columns have the same type, range, mean and number of missing values."""
    if known.get("type") != found.get("type") or known.get("nulls") != found.get("nulls"):
        return False
    numbers = [(known.get(key), found.get(key)) for key in ("min", "max", "mean")]
    if not all(isinstance(one, int | float) and isinstance(other, int | float) for one, other in numbers):
        return known.get("n_unique") == found.get("n_unique")
    largest = max(abs(float(one)) for one, _ in numbers)  # type: ignore[arg-type]  # numbers, as just checked
    return all(math.isclose(one, other, rel_tol=0, abs_tol=_FLOAT32 * largest) for one, other in numbers)  # type: ignore[arg-type]
