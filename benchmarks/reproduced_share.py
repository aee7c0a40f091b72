"""``python -m benchmarks reproduced_share [NOTEBOOK …]``: track every cell of notebooks, and reproduce each run.

Cells that begin with a magic of their own stay as they are; runs that they make count too, those of trials and folds do
not. Without a notebook named, it takes those of this repository: the first five examples, and two long sessions.
What is not IDENTICAL or EQUIVALENT is listed with its cause.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.project import project

_GOAL = 0.95
_APART = frozenset({"different", "missing"})
_EXAMPLES = Path(__file__).parents[1] / "notebooks"
_LONG = Path(__file__).parent / "notebooks"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks reproduced_share", description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, help="notebooks, by default those of this repository")
    ours = [*sorted(_EXAMPLES.glob("0[1-5]*.ipynb")), *sorted(_LONG.glob("*.ipynb"))]
    notebooks = parser.parse_args().notebooks or ours
    counts: Counter[str] = Counter()
    for notebook in [one.resolve() for one in notebooks]:
        with project() as folder:
            verdicts = _verdicts(notebook, folder)
        counts.update(verdicts.values())
        print(f"{notebook.name}: {dict(Counter(verdicts.values()))}", flush=True)
    good = counts["IDENTICAL"] + counts["EQUIVALENT"]
    total = sum(counts.values())
    print(f"{good} of {total} runs came back: {good / max(total, 1):.0%} (goal {_GOAL:.0%})")


def _verdicts(notebook: Path, folder: Path) -> dict[str, str]:
    import mlmagic
    from mlmagic.replay.running.kernel import ReplayKernel

    content = json.loads(notebook.read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]
    scratch = Path(tempfile.mkdtemp(prefix="mlmagic-share-"))
    try:
        with ReplayKernel(folder, scratch, os.environ) as kernel:
            for at, source in enumerate(cells):
                is_plain = not source.lstrip().startswith(("%", "!")) and "%load_ext" not in source
                reply = kernel.run(f"%%track cell-{at} --quiet\n{source}" if is_plain else source, timeout_s=600)
                if reply.status != "ok":
                    print(f"  {notebook.name} cell {at} failed: {reply.error}: {reply.message[:200]}", file=sys.stderr)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    runs = mlmagic.runs()
    own = runs[runs["status"].str.lower() == "finished"].iloc[::-1]
    found = {}
    for run_id, name in zip(own["run_id"], own["name"], strict=True):
        done = mlmagic.reproduce(run_id, yes=True)
        found[run_id] = str(done.verdict)
        if done.exit_code:
            why = done.reason or "; ".join(f"{one.what}: {one.evidence}" for one in done.causes[:2])
            differs = ", ".join(
                f"{one.kind} {one.name}" for one in done.results if one.state in {"different", "missing"}
            )
            print(f"  {notebook.name} {name}: {done.verdict}: {why} [{differs[:200]}]", file=sys.stderr, flush=True)
    return found
