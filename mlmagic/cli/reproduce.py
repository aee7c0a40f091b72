"""``mlmagic reproduce``: run a recorded run again; the exit status is the verdict."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


_CANNOT = 2


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``mlmagic reproduce``."""
    parser.add_argument("run", metavar="RUN", help="name, id or beginning of an id of the run")
    parser.add_argument("--full", action="store_true", help="run all cells of the session")
    parser.add_argument("--env", action="store_true", help="install the recorded versions first, for this replay only")
    parser.add_argument("--yes", action="store_true", help="run programs, writes and others' code without asking")
    parser.add_argument("--timeout", type=float, metavar="S", help="seconds that each cell may take")
    parser.add_argument("--experiment", metavar="NAME", help="the experiment to look in")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def reproduce(options: Namespace) -> int:
    """Reproduce a run, print the report, and return 0 if the numbers came back, 1 if not, 2 if it cannot run.

    It cannot run either if there is no such run, or nobody can be asked.
    """
    from mlmagic.api.replay import reproduction_of
    from mlmagic.cli.patch import require_store
    from mlmagic.errors import MLMagicError, UsageProblem
    from mlmagic.replay.request import ReproduceRequest
    from mlmagic.views.reproducibility.replay_progress import ReplayProgress
    from mlmagic.views.reproducibility.reproduction_report import reproduction_bundle

    if options.timeout is not None and not options.timeout > 0:
        raise UsageProblem(f"--timeout {options.timeout}: give seconds above 0, such as --timeout 600")
    request = ReproduceRequest(
        options.run,
        full=options.full,
        env=options.env,
        yes=options.yes,
        timeout_s=options.timeout,
        experiment=options.experiment,
    )
    try:
        require_store()
        with ReplayProgress() as progress:
            found = reproduction_of(request, progress)
    except MLMagicError as error:  # 1 would say that the numbers differ
        print(f"mlmagic reproduce: {error}", file=sys.stderr)
        return _CANNOT
    if options.json:
        plain = {name: value for name, value in asdict(found).items() if name not in {"figures", "objects"}}
        print(json.dumps(plain | {"exit_code": found.exit_code}))
    else:
        print(reproduction_bundle(found)["text/plain"])
    return found.exit_code
