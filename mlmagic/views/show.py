"""Shows a summary below the cell, or on a script's standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.session.notebook_session import in_shell
from mlmagic.user_settings import settings
from mlmagic.views import run_summary

if TYPE_CHECKING:
    from mlmagic.recording.summary import RunSummary


def show_summary(summary: RunSummary, *, quiet: bool) -> None:
    """Show the summary of a run that has just ended."""
    bundle = run_summary.summary(summary, quiet=quiet or settings.quiet)
    if not in_shell():
        print(bundle["text/plain"], file=sys.stderr)  # noqa: T201  # standard output belongs to the script
        return
    from IPython.display import display

    display(bundle, raw=True, metadata=metadata_of(summary))


def metadata_of(summary: RunSummary) -> dict[str, Any]:
    """Return the output metadata that identifies the run, also in the saved notebook."""
    return {"mlmagic": {"run_id": summary.run_id}}
