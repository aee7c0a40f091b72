"""Record a run: open one, and log to the active one."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described, require_mapping, require_text, require_text_or_none
from mlmagic.errors import UsageProblem
from mlmagic.recording import open_runs
from mlmagic.store.values import as_text
from mlmagic.tracking.block import TrackedBlock

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType


def track(
    name: str | None = None,
    *,
    experiment: str | None = None,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    parent: str | None = None,
    resume: str | None = None,
    system: bool = False,
    figures: bool = True,
    quiet: bool = False,
    config: Any = None,
) -> TrackedBlock:
    """Record a block of code as an MLflow run: ``with mlmagic.track("name") as run:``.

    Records the same run as ``%%track name``, for scripts and for a part of a cell.

    Parameters
    ----------
    name, experiment, tags, description, parent, system, figures, quiet
        The same as the options of ``%%track``.
    resume
        The same as ``--resume``: the id or name of a run to continue, or ``""`` for the last run.
    config
        A config, such as the one from ``@hydra.main``. Its values are recorded as parameters, and the config as a file.

    Returns
    -------
    A context manager. Within it, ``mlmagic.log`` and MLflow's own functions write to the run.

    Raises
    ------
    UsageProblem
        If an option is invalid, or the block is entered within a trial of a sweep.
    StoreError
        On entering the block, if the store refuses the run. A store that is away is no error: the run waits for it.

    Examples
    --------
    >>> import mlmagic
    >>> with mlmagic.track("example", quiet=True) as run:  # doctest: +SKIP
    ...     mlmagic.log(accuracy=0.9)
    """
    from mlmagic.recording.options import TrackOptions

    example = "mlmagic.track('forest', experiment='churn')"
    texts = {"name": name, "experiment": experiment, "description": description, "parent": parent, "resume": resume}
    require_text_or_none("mlmagic.track", example, **texts)
    if tags is not None and not isinstance(tags, Mapping):
        raise UsageProblem(f"mlmagic.track: tags is a mapping such as {{'team': 'search'}}, got {tags!r}.")
    options = TrackOptions(
        name=name,
        experiment=experiment,
        tags={str(key): as_text(value) for key, value in (tags or {}).items()},
        description=description,
        parent=parent,
        resume=resume,
        system=system,
        figures=figures,
        quiet=quiet,
        config=None if config is None else (_name_of(config, sys._getframe(1)), config),
    )
    return TrackedBlock(options, sys._getframe(1))


def _name_of(thing: object, frame: FrameType) -> str:
    """Return the caller's variable name of *thing*, or ``"config"``."""
    names = [*frame.f_locals.items(), *frame.f_globals.items()]
    return next((name for name, value in names if value is thing and not name.startswith("_")), "config")


def log(metrics: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any) -> None:
    """Record metrics of the active run, as keywords, or as a mapping for keys that are not Python names.

    Parameters
    ----------
    step
        The step of these values. Without it, each metric counts its own steps from 0.
    metrics, more
        Numbers: Python or NumPy scalars, or tensors of one element. Lists of numbers are recorded as curves, dicts of
        numbers under dotted keys. Any other value becomes a line in the summary, never an exception.

    Raises
    ------
    NoActiveRunError
        If no run is active.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.log(loss=0.3, step=4)
    Traceback (most recent call last):
    mlmagic.errors.NoActiveRunError: mlmagic.log was called where no run is active, ...
    """
    require_mapping("mlmagic.log", "mlmagic.log(loss=0.3) or mlmagic.log({'val/loss': 0.3})", metrics)
    recorder = open_runs.require_active("mlmagic.log").recorder
    for name, value in (more if metrics is None else {**metrics, **more}).items():
        recorder.metric(str(name), value, step)


def log_params(params: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """Record parameters of the active run, as a mapping (nested ones become dotted keys), keywords, or both.

    Raises
    ------
    NoActiveRunError
        If no run is active.

    Examples
    --------
    >>> import mlmagic
    >>> with mlmagic.track(quiet=True):  # doctest: +SKIP
    ...     mlmagic.log_params({"model": {"depth": 3}}, lr=0.1)
    """
    require_mapping("mlmagic.log_params", "mlmagic.log_params(lr=0.1) or mlmagic.log_params({'model.lr': 0.1})", params)
    recorder = open_runs.require_active("mlmagic.log_params").recorder
    for name, value in {**({} if params is None else params), **more}.items():
        recorder.param(str(name), value)


def tag(tags: Mapping[str, Any] | None = None, /, **more: Any) -> None:
    """Set tags of the active run, as keywords, or as a mapping for keys that are not Python names.

    Raises
    ------
    NoActiveRunError
        If no run is active.

    Examples
    --------
    >>> import mlmagic
    >>> with mlmagic.track(quiet=True):  # doctest: +SKIP
    ...     mlmagic.tag(team="search")
    """
    require_mapping("mlmagic.tag", "mlmagic.tag(team='risk') or mlmagic.tag({'data.version': '3'})", tags)
    recorder = open_runs.require_active("mlmagic.tag").recorder
    for name, value in {**({} if tags is None else tags), **more}.items():
        recorder.tag(str(name), value)


def log_figure(figure: Any, name: str | None = None, *, step: int | None = None) -> None:
    """Record the current state of a matplotlib, Plotly or Altair figure in the active run, under ``figures/``.

    Any other object becomes a line in the summary, never an exception.

    Parameters
    ----------
    name
        By default the figure's title.
    step
        The step of a figure that is recorded again and again under one name: ``%compare`` and, of matplotlib's figures,
        the MLflow UI show them with a slider. Those of matplotlib stand under ``images/`` then, as MLflow has them.

    Raises
    ------
    NoActiveRunError
        If no run is active.

    Examples
    --------
    >>> import mlmagic
    >>> import matplotlib.pyplot as plt
    >>> with mlmagic.track(quiet=True):  # doctest: +SKIP
    ...     figure, axes = plt.subplots()
    ...     mlmagic.log_figure(figure, "empty axes")
    ...     for epoch in range(3):
    ...         _ = axes.plot([0, epoch])
    ...         mlmagic.log_figure(figure, "weights", step=epoch)
    """
    from mlmagic.api.logged_files import record_figure

    require_text_or_none("mlmagic.log_figure", "mlmagic.log_figure(figure, 'learning curve')", name=name)
    record_figure(open_runs.require_active("mlmagic.log_figure"), figure, name, step)


def log_artifact(path: str | Path, folder: str = "") -> None:
    """Record a file or a folder as artifacts of the active run, under *folder*.

    The file is copied immediately. If *path* does not exist, that becomes a line in the summary, never an exception.
    Of a folder, the regular files are recorded, also those behind links, but not the journals of mlmagic.

    Raises
    ------
    NoActiveRunError
        If no run is active.
    UsageProblem
        If *folder* leads out of the run (``..``).

    Examples
    --------
    >>> import mlmagic
    >>> from pathlib import Path
    >>> with mlmagic.track(quiet=True):  # doctest: +SKIP
    ...     _ = Path("notes.txt").write_text("tried three seeds")
    ...     mlmagic.log_artifact("notes.txt", "notes")
    """
    from mlmagic.api.logged_files import record_copy

    if not isinstance(path, str | os.PathLike):
        raise UsageProblem(
            f"mlmagic.log_artifact: path is text or a Path, not {described(path)}. "
            "For example: mlmagic.log_artifact('report.html')"
        )
    require_text("mlmagic.log_artifact", "mlmagic.log_artifact('report.html', 'reports')", folder=folder)
    record_copy(open_runs.require_active("mlmagic.log_artifact"), path, folder)
