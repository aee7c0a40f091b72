"""The command line: ``mlmagic demo``, ``lab``, ``ui``, ``sync``, ``patch``, ``checklist``, ``lint`` and others."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic._version import __version__
from mlmagic.cli.checklist import add_arguments as add_checklist_arguments
from mlmagic.cli.drift import add_arguments as add_drift_arguments
from mlmagic.cli.lint import add_arguments as add_lint_arguments
from mlmagic.cli.monitor import add_arguments as add_monitor_arguments
from mlmagic.cli.reproduce import add_arguments as add_reproduce_arguments
from mlmagic.errors import MLMagicError, StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
"""The exit status that shells give a command ended by Ctrl-C."""
_LAST_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 for success, 1 for failure, 2 for wrong usage.

    Parameters
    ----------
    arguments
        The words after ``mlmagic``, by default those of the process.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "sync" and (options.yes or options.anew) and options.yes != options.foreign:
        parser.error("sync takes --anew, or --foreign and with it --yes")
    try:
        _require_working_folder()
        return _run(options)
    except BrokenPipeError:  # the reader, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MLMagicError as error:
        more = ". Try again when it answers; mlmagic doctor looks at it" if isinstance(error, StoreAwayError) else ""
        print(f"mlmagic {options.command}: {error}{more}", file=sys.stderr)
        return 1
    except OSError as error:
        what = f": {str(error.filename)!r}" if error.filename is not None else ""
        print(f"mlmagic {options.command}: {error.strerror or error}{what}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nmlmagic {options.command}: stopped", file=sys.stderr)
        return INTERRUPTED


def _require_working_folder() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:
        raise MLMagicError("the working folder was deleted: go to another one with cd") from None


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a whole number from 1 to {_LAST_PORT}")
    return number


def _run(options: argparse.Namespace) -> int:
    """Call the function of the chosen command; only its module is imported."""
    if options.command == "doctor":
        from mlmagic.cli.doctor import doctor

        return doctor()
    if options.command == "sync":
        from mlmagic.cli.sync import sync

        return sync(options.folder, anew=options.anew, foreign=options.foreign, yes=options.yes)
    if options.command == "patch":
        from mlmagic.cli.patch import patch

        return patch(options.run, apply=options.apply)
    if options.command in {"reproduce", "retrain", "drift", "monitor", "checklist", "lint"}:
        return _run_for_scheduler(options)
    if options.command == "demo":
        from mlmagic.cli.demo import demo

        return demo(options.folder)

    from mlmagic.cli import serve

    if options.command == "lab":
        command = serve.lab_command(options.folder, ui_port=options.ui_port, extra=options.jupyter)
    else:
        command = serve.ui_command(options.folder, port=options.port)
    return serve.become(command)


def _run_for_scheduler(options: argparse.Namespace) -> int:
    """Call a command whose exit status says more than success and failure."""
    if options.command == "reproduce":
        from mlmagic.cli.reproduce import reproduce

        return reproduce(options)
    if options.command == "drift":
        from mlmagic.cli.drift import drift

        return drift(options)
    if options.command == "monitor":
        from mlmagic.cli.monitor import monitor

        return monitor(options)
    if options.command == "checklist":
        from mlmagic.cli.checklist import checklist

        return checklist(options)
    if options.command == "lint":
        from mlmagic.cli.lint import lint

        return lint(options)
    from mlmagic.cli.retrain import retrain

    return retrain(options.script, options.arguments, as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlmagic", description="Notebook cells as recorded, comparable, repeatable MLflow runs."
    )
    parser.add_argument("--version", action="version", version=f"mlmagic {__version__}")
    commands = parser.add_subparsers(
        dest="command",
        required=True,
        metavar="demo | lab | ui | sync | patch | reproduce | retrain | drift | monitor | checklist | lint | doctor",
    )

    demo = commands.add_parser("demo", help="execute the quickstart notebook and show its runs as a table")
    lab = commands.add_parser("lab", help="open JupyterLab on a copy of the example notebooks")
    ui = commands.add_parser("ui", help="serve the runs of the example notebooks in the MLflow UI")
    sync = commands.add_parser("sync", help="deliver the runs that wait in the journals of a folder")
    sync.add_argument("--folder", type=Path, default=Path(), help="the working folder of the notebook (default: here)")
    sync.add_argument("--anew", action="store_true", help="create runs again that were deleted from the store")
    sync.add_argument("--foreign", action="store_true", help="show journals of others, and ask whether to deliver them")
    sync.add_argument("--yes", action="store_true", help="with --foreign: do not ask")
    patch = commands.add_parser("patch", help="print what was not committed when a run was recorded")
    patch.add_argument("run", metavar="RUN", help="id, beginning of an id, or name of the run")
    patch.add_argument("--apply", action="store_true", help="apply it to the work tree here, at the run's commit")
    add_reproduce_arguments(
        commands.add_parser(
            "reproduce", help="run a recorded run again; 0: the same numbers, 1: other ones, 2: it cannot run"
        )
    )
    again = commands.add_parser(
        "retrain", help="run a script that calls mlmagic.retrain; 0: good, 3: a new version was refused, 1: it failed"
    )
    again.add_argument("--json", action="store_true", help="print a line of JSON for each model; the rest to stderr")
    again.add_argument("script", type=Path, help="the Python script")
    of_script = again.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of the script")
    of_script.required = False  # argparse takes the rest of the line for required, and says so if the script is missing
    add_drift_arguments(
        commands.add_parser("drift", help="compare two CSV or Parquet files; 0: no drift, 3: drift, 1: it failed")
    )
    add_monitor_arguments(
        commands.add_parser("monitor", help="how a model has done; 0: no alert, 3: alerts, 4: not judged, 1: it failed")
    )
    add_checklist_arguments(
        commands.add_parser("checklist", help="how reproducible a run is; 0: all items are passed, 1: not all")
    )
    add_lint_arguments(
        commands.add_parser(
            "lint",
            help="what keeps notebooks from giving the same results; 1: found some, 2: a file is no notebook",
        )
    )
    commands.add_parser("doctor", help="check Python, packages, store, disk and git; say what to do")

    for command in (demo, lab, ui):
        command.add_argument(
            "--folder",
            type=Path,
            default=Path("demo"),
            help="where notebooks and store are kept (default: %(default)s)",
        )
    ui.add_argument("--port", type=_port, default=5000, help="port of the MLflow UI (default: %(default)s)")
    lab.add_argument(
        "--ui-port",
        type=_port,
        default=5000,
        help="port of `mlmagic ui`, for the links under tracked cells (default: %(default)s)",
    )
    lab.add_argument("jupyter", nargs="*", help="options for JupyterLab itself, after --")
    return parser
