"""``%%track``: record the cell as an MLflow run."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.magics.parsing import key_value, parse_line
from mlmagic.magics.variables import expand

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping

    from mlmagic.recording.options import TrackOptions

_more_tags: ContextVar[list[Mapping[str, str]] | None] = ContextVar("more_tags", default=None)
"""The tags that the next tracked cell gets beside those of its header; the first one takes them."""


@magics_class
class TrackMagics(Magics):
    """The magic ``%%track``, for its help; a header on a cell's first line never gets here (session/header.py)."""

    @magic_arguments()
    @argument("name", nargs="?", help="Name of the run; MLflow makes one up without.")
    @argument("-e", "--experiment", help="Experiment of the run; created when it is new.")
    @argument("-t", "--tag", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="Tags of the run.")
    @argument(
        "-p", "--params", nargs="+", action="extend", default=[], metavar="NAME",
        help="Variables to record as parameters, with the value they have when the cell ends.",
    )  # fmt: skip
    @argument(
        "-m", "--metrics", nargs="+", action="extend", default=[], metavar="NAME",
        help="Variables that the cell binds, to record as metrics: a number, a list of numbers (a curve), or a dict.",
    )  # fmt: skip
    @argument(
        "-x", "--exclude", nargs="+", action="extend", default=[], metavar="NAME",
        help="Names not to record by themselves: variables, or keys that the summary showed.",
    )  # fmt: skip
    @argument(
        "--no-auto", action="store_true", help="Record only what is asked for: no parameters, metrics, data, models."
    )
    @argument("--no-models", action="store_true", help="Do not record fitted models.")
    @argument("--no-data", action="store_true", help="Do not fingerprint the data that the cell reads.")
    @argument("--description", help="What this run is about, in a sentence; MLflow shows it on the run's page.")
    @argument("--parent", metavar="RUN", help="Id or name of the run that this one is nested under.")
    @argument(
        "--resume", "--continue", nargs="?", const="", metavar="RUN",
        help="Go on with the last run of this notebook, or with the run of this id or name; --continue is the same.",
    )  # fmt: skip
    @argument("--system", action="store_true", help="Sample CPU, memory and GPU while the cell runs.")
    @argument("--no-figures", action="store_true", help="Do not record figures.")
    @argument("--quiet", action="store_true", help="Leave one line under the cell.")
    @no_var_expand
    @line_cell_magic
    def track(self, line: str = "", cell: str | None = None) -> None:
        """Record this cell as an MLflow run.

        Put it on the first line of a cell; `%track` there does the same. The body runs as it would without, and
        the run holds its parameters, metrics, data, models, figures, output, source, environment and git state.

        Parameters are names bound to a literal, scalars of earlier cells that the cell reads, literal keywords of
        calls to the notebook's own functions, and what estimators and optimizers were given. Metrics are floats that
        the cell works out and binds, dicts of such, the last expression when it is a number, and what metric
        functions, scorers and `score` methods return. What the cell logs itself takes precedence.

        Examples::

            %%track
            %%track forest -x best_so_far
            %%track forest -p n_estimators depth -m accuracy --no-auto
            %%track "two words" -e churn -t team=risk stage=draft
            %%track --resume
        """
        if cell is None:
            raise UsageProblem(
                "%track stands on the first line of a cell: move it there. "
                "Within a cell, `with mlmagic.track('name'):` records a block."
            )
        header = f"%%track {line}".strip()
        shell = self.shell
        if shell is None:  # a magics object without a shell
            return
        result = shell.run_cell(f"{header}\n{cell}")
        if not result.success:
            raise AlreadyShownError("the tracked body failed, as shown above")


class AlreadyShownError(MLMagicError):
    """Ends a cell whose nested cell has already shown its traceback; this error shows nothing."""

    def _render_traceback_(self) -> list[str]:
        return []


@contextlib.contextmanager
def with_tags(tags: Mapping[str, str]) -> Iterator[None]:
    """Give the next tracked cell that begins within *tags*, which its header does not show."""
    token = _more_tags.set([tags])
    try:
        yield
    finally:
        _more_tags.reset(token)


def parse_header(header: str, namespace: Mapping[str, Any] | None = None) -> TrackOptions:
    """Parse the header of a cell into options.

    ``{name}`` and ``$name`` are expanded to variables of *namespace*, as in IPython's magics.

    Raises
    ------
    UsageProblem
        If the header cannot be parsed.
    """
    from mlmagic.recording.options import TrackOptions

    given = _more_tags.get()
    more = given.pop() if given else {}
    parsed = parse_line(TrackMagics.track.parser, "%%track", expand(header, namespace or {}))
    return TrackOptions(
        name=parsed.name,
        experiment=parsed.experiment,
        tags={**dict(key_value("%%track", word) for word in parsed.tag), **more},
        params=_names(parsed, "params"),
        metrics=_names(parsed, "metrics"),
        exclude=frozenset(name for word in parsed.exclude for name in str(word).split(",") if name),
        auto=not parsed.no_auto,
        models=not (parsed.no_models or parsed.no_auto),
        data=not (parsed.no_data or parsed.no_auto),
        description=parsed.description,
        parent=parsed.parent,
        resume=parsed.resume,
        system=parsed.system,
        figures=not parsed.no_figures,
        quiet=parsed.quiet,
    )


def _names(parsed: argparse.Namespace, option: str) -> tuple[str, ...]:
    """Return the variable names after an option, separated by spaces or commas."""
    words: Iterable[Any] = getattr(parsed, option)
    names = [name for word in words for name in str(word).split(",") if name]
    for name in names:
        if not name.isidentifier():
            raise UsageProblem(f"%%track --{option} takes names of variables, got {name!r}.")
    return tuple(dict.fromkeys(names))
