"""Why a replay has no results to compare: what the first cell was missing that failed in it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.replay.plan import has_redactions, redacted_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.replay.running.replaying import Failure, Replayed
    from mlmagic.session.log import LoggedCell


def without_secret(cell: LoggedCell) -> str:
    """Return that a secret in the source of *cell* is missing, in words."""
    return f"the secret {redacted_name(cell)} of cell [{cell.number}] is not recorded".replace("  ", " ")


def how_to_run_again(tags: Mapping[str, str]) -> list[str]:
    """Return how to run by hand what recorded no session, such as a script, by the tags of the run.

    Examples
    --------
    >>> how_to_run_again({"mlflow.source.name": "train.py", "mlflow.source.git.commit": "3f2a91c0" * 5})
    ['the script train.py recorded it: git worktree add ../again 3f2a91c0, and run it there']
    >>> how_to_run_again({})
    []
    """
    script, commit = tags.get("mlflow.source.name", ""), tags.get("mlflow.source.git.commit", "")
    if not script.endswith(".py"):
        return []
    if not commit:
        return [f"the script {script} recorded it, outside of a Git repository"]
    patch = ", mlmagic patch RUN --apply in it" if tags.get("mlmagic.git.dirty") == "true" else ""
    return [f"the script {script} recorded it: git worktree add ../again {commit[:8]}{patch}, and run it there"]


def why_no_run(done: Replayed) -> str:
    """Return why the replay made no run, in words."""
    return unrunnable(done) or "the cell made no run in the replay"


def unrunnable(done: Replayed) -> str:
    """Return what the first cell that failed in the replay alone was missing, in words; empty if none failed."""
    failed = next((one for one in done.failures if one.reply.status != "ok"), None)
    return "" if failed is None else _missing(failed, has_redactions(done.plan.cells))


def _missing(failed: Failure, redacted: Sequence[LoggedCell]) -> str:
    number, error, message = failed.cell.number, failed.reply.error, failed.reply.message.strip().partition("\n")[0]
    where = f"cell [{number}]"
    if error in {"ModuleNotFoundError", "ImportError"}:
        return f"{where} needs a package that is not installed: {message}"
    if error == "FileNotFoundError":
        return f"{where} needs a file that is not there: {message}"
    if error == "StdinNotImplementedError":
        return f"{where} asks for input, and the answer is not recorded"
    if redacted:
        return f"{where} failed, {without_secret(redacted[0])}: {error}"
    return f"{where} raised what it did not raise originally: {error}: {message}"
