"""The result as a Markdown table, and as a JSON file with what it was measured on."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.measure import Comparison, Goal, Sample

_HERE = Path(__file__).parent
_PACKAGES = ("mlmagic", "mlflow", "ipython", "ipykernel", "matplotlib", "sqlalchemy")
_IF_INSTALLED = ("evidently", "skore")
_HEAD = ("", "mlmagic", "beside", "ratio", "difference", "goal", "met")


def table(comparisons: Iterable[Comparison]) -> str:
    """Return medians, with the quartiles around them, ratios and goals as a Markdown table."""
    rows = [_row(comparison) for comparison in comparisons]
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    lines = [_line(_HEAD, widths), _line(["-" * width for width in widths], widths)]
    return "\n".join([*lines, *(_line(row, widths) for row in rows)])


def _row(comparison: Comparison) -> tuple[str, ...]:
    goals = comparison.goals
    return (
        comparison.name,
        _sample(comparison.ours),
        _sample(comparison.other),
        f"{comparison.ratio:.2f}",
        duration(comparison.difference),
        ", ".join(map(_goal, goals)) or "-",
        ", ".join("yes" if comparison.meets(goal) else "**no**" for goal in goals) or "-",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def _sample(sample: Sample) -> str:
    low, high = sample.quartiles
    return f"`{sample.what}` {duration(sample.median)} ({duration(low)} to {duration(high)}, n={len(sample.seconds)})"


def _goal(goal: Goal) -> str:
    limit = f"{goal.at_most:g}" if goal.of == "ratio" else duration(goal.at_most)
    return f"{goal.of} ≤ {limit}"


def duration(seconds: float) -> str:
    """Return *seconds* in the unit that suits them."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def save(measured: Mapping[str, Sequence[Comparison]]) -> Path:
    """Write everything that was measured to a new file in ``benchmarks/results/`` and return its path."""
    now = datetime.now(UTC)
    content = {
        "measured": now.isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": _machine(),
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in _PACKAGES}
        | {name: importlib.metadata.version(name) for name in _IF_INSTALLED if importlib.util.find_spec(name)},
        "comparisons": [_plain(module, one) for module, several in measured.items() for one in several],
    }
    path = _HERE / "results" / f"{now:%Y%m%d-%H%M%S}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path


def _plain(module: str, comparison: Comparison) -> dict[str, Any]:
    def side(sample: Sample) -> dict[str, Any]:
        return {
            "what": sample.what,
            "median_s": sample.median,
            "quartiles_s": sample.quartiles,
            "seconds": sample.seconds,
        }

    return {
        "module": module,
        "name": comparison.name,
        "mlmagic": side(comparison.ours),
        "beside": side(comparison.other),
        "ratio": comparison.ratio,
        "difference_s": comparison.difference,
        "goals": [{"of": goal.of, "at_most": goal.at_most, "met": comparison.meets(goal)} for goal in comparison.goals],
    }


def _machine() -> dict[str, Any]:
    import psutil

    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_average": [round(load, 2) for load in psutil.getloadavg()],
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str | None:
    """Return the commit that was measured; ``-dirty`` when files were changed since, None without Git."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=_HERE, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
