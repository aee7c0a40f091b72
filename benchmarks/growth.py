"""What a long session costs: 600 tracked cells of 1 KB of different code each, how large and how slow they become."""

from __future__ import annotations

import random
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.measure import Comparison, Goal, Sample
from benchmarks.project import Notebook, create_store, project

if TYPE_CHECKING:
    from pathlib import Path

_CELLS = 600
_BYTES = 1_000
_COMPARED = 20
_MOST_MB = 25
_WORDS = """
    alpha batch blend depth embed epoch frame gate grad kernel layer loss margin norm offset phase rate scale score
    split stride token trend weight width window
""".split()  # noqa: SIM905  # thirty lines otherwise


def measure() -> list[Comparison]:
    """Compare the last cells of a session with its first, and print what all of them left in the artifact folders.

    It takes minutes, in which the machine may become busy: so the time of the processor is compared as well.
    """
    with project(uncommitted=True) as folder:
        create_store()
        notebook = Notebook()
        notebook.run("import mlflow\n%load_ext mlmagic")
        notebook.run("%%track warm\npass")
        chance = random.Random(0)
        seconds, processor = [], []
        for _ in range(_CELLS):
            before = time.process_time()
            seconds.append(notebook.run(f"%%track\n{_cell(chance)}"))
            processor.append(time.process_time() - before)
        megabytes = _size(folder) / 1e6
        _require_whole_log()
    print(f"growth: {megabytes:.1f} MB of artifacts after {_CELLS} cells (at most {_MOST_MB})", file=sys.stderr)
    return [
        _last_beside_first(f"{_CELLS} tracked cells of 1 KB, {megabytes:.1f} MB of artifacts", seconds),
        _last_beside_first("The same, in time of the processor", processor),
    ]


def _last_beside_first(name: str, seconds: list[float]) -> Comparison:
    first, last = tuple(seconds[:_COMPARED]), tuple(seconds[-_COMPARED:])
    samples = Sample(f"the last {_COMPARED}", last), Sample(f"the first {_COMPARED}", first)
    return Comparison(name, *samples, (Goal("ratio", 1.2),))


def _cell(chance: random.Random) -> str:
    """Return a cell of code that no other cell is like: a function of assignments, with numbers of its own."""

    def name() -> str:
        return f"{chance.choice(_WORDS)}_{chance.choice(_WORDS)}_{chance.randrange(1000)}"

    lines = [f"def {name()}(x, {chance.choice(_WORDS)}={chance.random():.6f}):"]
    while sum(map(len, lines)) < _BYTES - len(lines):
        lines.append(f"    {name()} = {chance.choice(_WORDS)}(x, {chance.random():.5f}, '{name()}')")
    return "\n".join(lines)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in (folder / "mlruns").rglob("*") if file.is_file())


def _require_whole_log() -> None:
    """Refuse to praise what cannot be read back."""
    import mlmagic

    cells = mlmagic.last_run.session.cells
    if len(cells) < _CELLS or any(len(cell.source) < _BYTES - 100 for cell in cells[-_CELLS:]):
        raise RuntimeError("the log of the session is not whole")
