"""What the environment of a replay has otherwise than that of its original: packages, Python, platform, machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.store.artifact_reading import place_of
from mlmagic.store.foreign_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow.entities import Run

_ENVIRONMENT = "mlmagic/environment.json"
_LARGEST = 10_000_000
_MOST_PACKAGES = 5
_FACTS = (
    ("Python", "python", "version"),
    ("the platform", "platform", "name"),
    ("the processor", "machine", "cpu"),
)


@dataclass(frozen=True)
class EnvironmentChange:
    """A part of the environment that is another one: ``package`` if it is a package, else what it is in words."""

    what: str
    then: str
    now: str
    package: str = ""


def environment_changes(original: Run, replayed: Run) -> list[EnvironmentChange]:
    """Return what changed between two runs, imported packages first; nothing if either has no recorded environment."""
    before, now = _environment_of(original), _environment_of(replayed)
    return [] if before is None or now is None else [*_changes(before, now)]


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[EnvironmentChange]:
    imported, current = _texts(before.get("imported")), _texts(now.get("imported"))
    for name, version in imported.items():
        if name in current and current[name] != version:
            yield EnvironmentChange(f"the package {name}", version, current[name], package=name)
    for what, part, fact in _FACTS:
        old, new = (_texts(one.get(part)).get(fact) for one in (before, now))
        if old is not None and new is not None and old != new:
            yield EnvironmentChange(what, old, new)
    old_threads, new_threads = (_texts(one.get("threads")) for one in (before, now))
    for name, count in old_threads.items():
        if name in new_threads and new_threads[name] != count:
            yield EnvironmentChange(f"the number of threads of {name}", count, new_threads[name])


def in_spite_of(changes: Sequence[EnvironmentChange]) -> str:
    """Return in one sentence that a run came back although its environment changed; empty if it did not.

    Examples
    --------
    >>> in_spite_of([EnvironmentChange("the package numpy", "2.4.5", "2.4.6", package="numpy")])
    'the same numbers, although numpy is 2.4.6 now, 2.4.5 then'
    >>> in_spite_of([])
    ''
    """
    if not changes:
        return ""
    named, left_out = most_telling(changes)
    words = [f"{one.package or one.what} is {one.now} now, {one.then} then" for one in named]
    if left_out:
        words.append(f"{left_out} more package{'s' * (left_out != 1)} changed")
    return f"the same numbers, although {'; '.join(words)}"


def most_telling(changes: Sequence[EnvironmentChange]) -> tuple[list[EnvironmentChange], int]:
    """Return the first few packages and all other changes, and how many packages were left out."""
    packages = [one for one in changes if one.package]
    rest = [one for one in changes if not one.package]
    return [*packages[:_MOST_PACKAGES], *rest], max(len(packages) - _MOST_PACKAGES, 0)


def _environment_of(run: Run) -> dict[str, Any] | None:
    place = place_of(run.info.run_id, run.info.artifact_uri)
    if not any(file.path == _ENVIRONMENT for file in place.files("mlmagic")):
        return None
    return read_json(place.read(_ENVIRONMENT, _LARGEST).decode("utf-8", "replace"), dict)


def _texts(value: object) -> dict[str, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {str(key): str(item) for key, item in items if item is not None}
