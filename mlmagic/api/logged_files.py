"""Records the figures and files that the user's code hands over; what cannot be recorded becomes a notice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.store.keys import slug, unused
from mlmagic.user_objects import quoted, reraise_interrupt

if TYPE_CHECKING:
    from mlmagic.recording.run_context import RunContext


def record_figure(run: RunContext, figure: Any, name: str | None) -> None:
    """Record the current state of *figure* under ``figures/``, by default under its title."""
    from mlmagic.session.output.figures import render

    try:
        picture = render(figure)
    except BaseException as error:  # noqa: BLE001  # a failing picture must not end the user's cell
        reraise_interrupt(error)
        run.notices.warn(
            "mlmagic.log_figure takes a matplotlib, Plotly or Altair figure that can be drawn: "
            f"{quoted(error)}. A file is recorded with mlmagic.log_artifact(path)"
        )
        return
    if run.capture.figures:
        run.capture.figures.leave_out(figure)
    title = slug(run.recorder.name(name or picture.title, "names of figures")) or "figure"
    run.recorder.data(f"figures/{unused(title, run.figure_names)}.{picture.extension}", picture.content)


def record_copy(run: RunContext, path: str | Path, folder: str) -> None:
    """Record a copy of a file or a folder under *folder*, a path within the run."""
    found = Path(path).absolute()
    if not str(path) or not found.exists():
        run.notices.warn(f"mlmagic.log_artifact: there is no file or folder {str(path)!r}")
        return
    run.recorder.copy(_within_the_run(folder), found)


def _within_the_run(folder: str) -> str:
    """Return *folder* as MLflow names folders of a run.

    >>> _within_the_run("/data//./raw/"), _within_the_run("")
    ('data/raw', '')
    """
    steps = [step for step in folder.replace("\\", "/").split("/") if step not in {"", "."}]
    if ".." in steps:
        raise UsageProblem(
            f"mlmagic.log_artifact: {folder!r} leads out of the run: name a folder within it, such as 'data/raw'"
        )
    return "/".join(steps)
