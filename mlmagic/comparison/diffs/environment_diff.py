"""Compares the environments of runs: Python, machine, threads and packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.comparison.diffs.run_record import ENVIRONMENT, REQUIREMENTS
from mlmagic.comparison.diffs.value_diff import ValueRow, value_rows
from mlmagic.store.foreign_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlmagic.comparison.diffs.run_record import RunRecord

_GIGABYTE = 1e9
_MOST_BYTES = 1e18


@dataclass(frozen=True)
class EnvironmentDiff:
    """Facts about the environment of each run, and the packages whose versions differ, imported ones separately.

    *missing* are the positions of the runs without a recorded environment, which do not count as different.
    """

    facts: tuple[ValueRow, ...]
    imported: tuple[ValueRow, ...]
    installed: tuple[ValueRow, ...]
    equal_packages: int
    missing: tuple[int, ...]


def environment_diff(records: Sequence[RunRecord]) -> EnvironmentDiff:
    """Compare the files ``mlmagic/environment.json`` and ``requirements.txt`` of the runs."""
    found = [_read(record) for record in records]
    packages = [None if one is None else _packages(one, record) for one, record in zip(found, records, strict=True)]
    names = {name for one in found if one is not None for name in table_in(one, "imported")}
    rows = sorted(value_rows(packages), key=lambda row: row.name.casefold())
    differing = [row for row in rows if row.differs]
    return EnvironmentDiff(
        facts=value_rows([None if one is None else dict(facts_of(one)) for one in found]),
        imported=tuple(row for row in differing if row.name in names),
        installed=tuple(row for row in differing if row.name not in names),
        equal_packages=len(rows) - len(differing),
        missing=tuple(at for at, one in enumerate(found) if one is None),
    )


def _read(record: RunRecord) -> dict[str, Any] | None:
    return read_json(record.files.text(ENVIRONMENT), dict)  # another program may have written a file of this name


def table_in(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the object of this name, or an empty one; another program may have written the file."""
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def facts_of(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the facts of ``mlmagic/environment.json`` by name: Python, machine, GPUs, threads and variables."""
    python, platform, machine = table_in(found, "python"), table_in(found, "platform"), table_in(found, "machine")
    named = {
        "Python": python.get("version"),
        "implementation": python.get("implementation"),
        "compiler": python.get("compiler"),
        "hash randomization": python.get("hash_randomization"),
        "platform": platform.get("name"),
        "CPU": machine.get("cpu"),
        "cores": machine.get("cores_logical"),
        "usable cores": machine.get("cores_usable"),
        "memory": _gigabytes(machine.get("memory_bytes")),
    }
    yield from ((name, str(value)) for name, value in named.items() if value is not None)
    gpus = found.get("gpus")
    for number, gpu in enumerate(gpus if isinstance(gpus, list) else [], 1):
        if isinstance(gpu, dict):
            about = (gpu.get("name"), _gigabytes(gpu.get("memory_bytes")), gpu.get("driver"))
            yield f"GPU {number}", ", ".join(str(fact) for fact in about if fact)
    yield from ((f"threads of {name}", str(count)) for name, count in table_in(found, "threads").items())
    yield from ((f"${name}", str(value)) for name, value in table_in(found, "variables").items())


def _gigabytes(size: object) -> str | None:
    return f"{size / _GIGABYTE:.1f} GB" if isinstance(size, int | float) and abs(size) < _MOST_BYTES else None


def _packages(found: Mapping[str, Any], record: RunRecord) -> dict[str, str | None]:
    """Return the version of each package, with the URL if it comes from version control."""
    addresses = {}
    for line in (record.files.text(REQUIREMENTS) or "").splitlines():
        name, at, address = line.partition(" @ ")
        if at:
            addresses[name] = address
    versions = {**table_in(found, "installed"), **table_in(found, "imported")}
    return {
        name: f"{version} from {addresses[name]}" if name in addresses else str(version)
        for name, version in versions.items()
    }
