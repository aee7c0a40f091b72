"""Shows a summary below the cell, or on a script's standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlmagic.session.notebook_session import in_shell
from mlmagic.user_settings import settings
from mlmagic.views import run_summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.recording.summary import RunSummary


def show_summary(summary: RunSummary, *, quiet: bool, output: str | None = None) -> None:
    """Show the summary of a run that has just ended; *output* is the id of the display, to update it later."""
    bundle = run_summary.summary(summary, quiet=quiet or settings.quiet)
    if not in_shell():
        print(bundle["text/plain"], file=sys.stderr)  # noqa: T201  # standard output belongs to the script
        return
    from IPython.display import display

    display(bundle, raw=True, metadata=metadata_of(summary), display_id=output)


def show_growing(summaries: Sequence[RunSummary], output: str) -> None:
    """Show several runs as one table in place of what the display with the id *output* showed."""
    from IPython.display import display

    from mlmagic.views.tables.growing_table import growing_table

    metadata = metadata_of(summaries[-1])
    display(growing_table(summaries), raw=True, metadata=metadata, display_id=output, update=True)


def metadata_of(summary: RunSummary) -> dict[str, Any]:
    """Return the output metadata that identifies the run, also in the saved notebook."""
    return {"mlmagic": {"run_id": summary.run_id}}
