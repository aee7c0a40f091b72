"""``mlmagic checklist RUN``: how reproducible a run is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``mlmagic checklist``."""
    parser.add_argument("run", metavar="RUN", help="id, beginning of an id, or name of the run")
    parser.add_argument("--json", action="store_true", help="print the checklist as JSON")


def checklist(options: Namespace) -> int:
    """Print the checklist of a run and write its tag; return 0 if all items are passed, else 1.

    Raises
    ------
    RunNotFoundError, StoreError
        If there is no such run, or the store cannot be read.
    """
    from mlmagic.cli.patch import require_store
    from mlmagic.reproducibility.checking import checklist as checklist_of
    from mlmagic.views.reproducibility.checklist import checklist_bundle

    require_store()
    found = checklist_of(options.run)
    as_json = {
        "run": found.run,
        "run_id": found.run_id,
        "score": found.score,
        "items": [asdict(one) for one in found.items],
    }
    print(json.dumps(as_json) if options.json else checklist_bundle(found)["text/plain"])
    return 0 if found.passed == len(found.items) else 1
