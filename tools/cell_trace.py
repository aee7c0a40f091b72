"""Print what of mlmagic one tracked cell of four lines enters: ``python tools/cell_trace.py``.

The counts are of the user's thread, for the fourth such cell of a session: files of the package, functions, and calls.
"""

from __future__ import annotations

import collections
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

CELL = "%%track --quiet\nlr = 0.1\nn = 3\nloss = sum(lr / (step + 1) for step in range(n))\nprint(loss)"


def main() -> None:
    """Run the cell four times in a session of its own and print the counts of the last time."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
        counts = traced()
        os.chdir("/")
    for file, number in sorted(per_file(counts).items(), key=lambda pair: -pair[1]):
        print(f"{number:6,}  {file}")
    print(f"{len(per_file(counts))} files, {len(counts)} functions, {sum(counts.values()):,} calls")


def traced() -> collections.Counter[tuple[str, str]]:
    """Return how often each function of the package was called, by its file and name."""
    from IPython.core.interactiveshell import InteractiveShell

    import mlmagic

    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "mlmagic")
    for _ in range(3):  # the environment settles: the first ones import what they need
        shell.run_cell(CELL)
    home = str(Path(mlmagic.__file__).parent) + os.sep
    counts: collections.Counter[tuple[str, str]] = collections.Counter()

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(home):
            counts[code.co_filename.removeprefix(home), code.co_qualname] += 1

    sys.setprofile(note)
    try:
        shell.run_cell(CELL)
    finally:
        sys.setprofile(None)
    shell.run_line_magic("unload_ext", "mlmagic")
    return counts


def per_file(counts: collections.Counter[tuple[str, str]]) -> dict[str, int]:
    """Return the calls into each file."""
    files: collections.Counter[str] = collections.Counter()
    for (file, _), number in counts.items():
        files[file] += number
    return dict(files)


if __name__ == "__main__":
    main()
