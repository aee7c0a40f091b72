"""``mlmagic retrain``: run a script that retrains models, and tell a scheduler what came of it."""

from __future__ import annotations

import contextlib
import json
import runpy
import sys
import traceback
from typing import TYPE_CHECKING

from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.registry.retraining.result import collected
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FAILED = 1


def retrain(script: Path, arguments: Sequence[str], *, as_json: bool) -> int:
    """Run *script* as ``python SCRIPT ARGUMENTS`` would, and return the highest exit code of its retrainings.

    A line for each is printed, or JSON. The script's own output goes to stderr if JSON is asked for.

    Returns
    -------
    0 if each champion is good enough, or was replaced or registered as asked; 3 if a gate refused a new version; 1 if
    the script failed.

    Raises
    ------
    UsageProblem
        If there is no such script, or it retrained nothing.
    """
    if script.suffix == ".ipynb":
        raise UsageProblem(f"{script} is a notebook: execute it, or put its cells into a script with mlmagic.retrain")
    if not script.is_file():
        raise UsageProblem(f"there is no script {clean(str(script))}")
    words, path, stdout = sys.argv, list(sys.path), sys.stdout
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.resolve().parent))
    if as_json:
        sys.stdout = sys.stderr
    try:
        with collected() as results:
            code = _run(script)
    finally:
        sys.argv, sys.path[:], sys.stdout = words, path, stdout
    for result in results:
        print(json.dumps(result.to_dict()) if as_json else clean(str(result)), flush=True)
        if not as_json:
            for note in result.notes:
                print(f"  - {clean(note)}", flush=True)
    if code:
        if as_json:
            print(json.dumps({"verdict": "failed", "exit_code": code}), flush=True)
        return code
    if not results:
        raise UsageProblem(f"{script} retrained nothing: it calls mlmagic.retrain(…) for each model")
    return max(result.exit_code for result in results)


def _between() -> set[str]:
    """Return the files whose frames lie between the script and the function that it gives to `mlmagic.retrain`."""
    from mlmagic.api import retraining

    return {contextlib.__file__, retraining.__file__}


def _run(script: Path) -> int:
    """Return 0, or what the script failed with; its own traceback is shown, without our frames."""
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        print(stop.code, file=sys.stderr)
        return FAILED
    except MLMagicError as error:
        print(f"mlmagic retrain: {clean(str(error))}", file=sys.stderr)
        return FAILED
    except Exception as error:  # noqa: BLE001  # the user's: shown as Python shows it
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != str(script):
            trace = trace.tb_next
        shown = traceback.TracebackException(type(error), error, trace or error.__traceback__)
        shown.stack = traceback.StackSummary.from_list([one for one in shown.stack if one.filename not in _between()])
        print("".join(shown.format()), end="", file=sys.stderr)
        return FAILED
    return 0
