"""Records the figures and files that the user's code hands over; what cannot be recorded becomes a notice."""

from __future__ import annotations

import io
import re
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.scalars import as_number
from mlmagic.store.keys import slug, unused
from mlmagic.user_objects import quoted, reraise_interrupt

if TYPE_CHECKING:
    from mlmagic.recording.run_context import RunContext
    from mlmagic.session.output.figures import Figure

_LARGEST_STEP = 10**18
_SEPARATORS = re.compile(r"[+%#~]")
"""What has a meaning in the names that MLflow gives to pictures with a step."""
_SMALL = 256


def record_figure(run: RunContext, figure: Any, name: str | None, step: Any = None) -> None:
    """Record the current state of *figure* under ``figures/``, by default under its title.

    A picture with a *step* goes to ``images/``, under the name that ``mlflow.log_image(picture, key=name, step=step)``
    gives it: the MLflow UI and the comparison show such pictures with a slider.
    """
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
    if (at := _whole(step, run)) is not None:
        _record_at_step(run, picture, title, at)
        return
    run.recorder.data(f"figures/{unused(title, run.figure_names)}.{picture.extension}", picture.content)


def _whole(step: Any, run: RunContext) -> int | None:
    """Return *step* as a Python integer; None, with a notice, if it is no step."""
    if step is None:
        return None
    number = as_number(step)
    if number is None or not abs(number) < _LARGEST_STEP or number != int(number):
        run.notices.warn(
            f"mlmagic.log_figure: step is a whole number, not {described(step)}: the figure was recorded without it"
        )
        return None
    return int(number)


def _record_at_step(run: RunContext, picture: Figure, title: str, step: int) -> None:
    """Record a figure as one of a series."""
    key = _SEPARATORS.sub("_", title)
    name = f"{key}+step+{step}+timestamp+{time.time_ns() // 1_000_000}+{uuid.uuid4()}"
    if picture.extension != "png":
        run.recorder.data(f"figures/{name}.{picture.extension}", picture.content)
        return
    run.recorder.data(f"images/{name}.png", picture.content)
    if small := _small(picture.content):
        run.recorder.data(f"images/{name}+compressed.webp", small)
    run.recorder.tag("mlflow.loggedImages", "True")


def _small(png: bytes) -> bytes | None:
    """Return a picture as the MLflow UI shows it in its charts; None without Pillow, which comes with matplotlib."""
    try:
        from PIL import Image
    except ImportError:
        return None
    with Image.open(io.BytesIO(png)) as image:
        image.thumbnail((_SMALL, _SMALL))
        written = io.BytesIO()
        image.save(written, "webp")
    return written.getvalue()


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
