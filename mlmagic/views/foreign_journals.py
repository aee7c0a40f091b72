"""Describes foreign journals and their target store, before the user is asked to deliver them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlmagic.store.query.light_runs import as_moment
from mlmagic.views.rendering import shorten
from mlmagic.views.sync_report import shown_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.journal.foreign import ForeignJournal
    from mlmagic.journal.staged_files import StagedFile

_SHOWN_JOURNALS = 20
_SHOWN_FILES = 12
_SHOWN_NAMES = 5
_LONGEST, _LONGEST_LINE = 100, 1000
_LONGEST_NAME = 30


def foreign_journals(found: Sequence[ForeignJournal], store: str, credentials: Sequence[str]) -> str:
    """Describe *found* as text, with the *store* to which they would go and the variables of its *credentials*.

    >>> from pathlib import Path
    >>> from mlmagic.journal.foreign import ForeignJournal
    >>> one = ForeignJournal(
    ...     Path("a.journal"), "it is not signed", "forest", "http://other", "box", "Default", 10, user="ana",
    ...     started=1_750_000_000_000, status="FINISHED", params=("lr", "depth"), metrics=("loss",), values=8,
    ... )  # fmt: skip
    >>> print(foreign_journals([one], "sqlite:////project/mlflow.db", []))  # doctest: +ELLIPSIS
    a.journal
      is foreign    it is not signed
      says it is    the run 'forest', FINISHED, begun 2025-06-1... by ana on box, recorded for http://other
      holds         2 params (lr, depth), 1 metric of 8 values (loss), no tags, no datasets, no models, no files
      would go to   sqlite:////project/mlflow.db, experiment 'Default', as a run tagged mlmagic.foreign
      credentials   none
    """
    if not found:
        return "no journals of others are here"
    shown = [_one(journal, store, credentials) for journal in found[:_SHOWN_JOURNALS]]
    more = len(found) - _SHOWN_JOURNALS
    return "\n".join([*shown, *([f"and {more:,} more"] if more > 0 else [])])


def _one(journal: ForeignJournal, store: str, credentials: Sequence[str]) -> str:
    head = [shown_path(journal.path), f"  is foreign    {shorten(journal.reason, _LONGEST_LINE)}"]
    if journal.problem is not None:
        return "\n".join([*head, f"  cannot be read: {shorten(journal.problem, _LONGEST_LINE)}"])
    who = f" by {_text(journal.user)}" if journal.user else ""
    where = f" on {_text(journal.host)}" if journal.host else ""
    about = [
        f"the run {_text(journal.name)!r}",
        _text(journal.status) or "not ended",
        f"begun{_moment(journal)}{who}{where}",
    ]
    about += [f"recorded for {_text(journal.store)}"] if journal.store else []
    experiment = f"experiment {_text(journal.experiment)!r}" if journal.experiment else "the default experiment"
    return "\n".join(
        [
            *head,
            f"  says it is    {', '.join(about)}",
            f"  holds         {_holds(journal)}",
            f"  would go to   {shorten(store, _LONGEST_LINE)}, {experiment}, as a run tagged mlmagic.foreign",
            f"  credentials   {', '.join(credentials) or 'none'}",
            *([f"  left out      {_registrations(journal)}"] if journal.registrations else []),
            *_files(journal.files),
        ]
    )


def _registrations(journal: ForeignJournal) -> str:
    count = len(journal.registrations)
    return f"{_count(count, 'registration')} of models{_names(journal.registrations)}: %register does that"


def _moment(journal: ForeignJournal) -> str:
    moment = as_moment(journal.started)
    return f" {datetime.fromtimestamp(moment / 1000, UTC).astimezone():%Y-%m-%d %H:%M}" if moment else ""


def _holds(journal: ForeignJournal) -> str:
    values = f" of {_count(journal.values, 'value')}" if journal.metrics else ""
    size = f", {_size(sum(file.size for file in journal.files))}" if journal.files else ""
    return ", ".join(
        [
            f"{_count(len(journal.params), 'param')}{_names(journal.params)}",
            f"{_count(len(journal.metrics), 'metric')}{values}{_names(journal.metrics)}",
            f"{_count(len(journal.tags), 'tag')}{_names(journal.tags)}",
            _count(journal.datasets, "dataset"),
            _count(journal.models, "model"),
            f"{_count(len(journal.files), 'file')}{size}",
        ]
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}" if number else f"no {what}s"


def _names(names: Sequence[str]) -> str:
    more = ", …" if len(names) > _SHOWN_NAMES else ""
    return f" ({', '.join(shorten(name, _LONGEST_NAME) for name in names[:_SHOWN_NAMES])}{more})" if names else ""


def _files(files: Sequence[StagedFile]) -> list[str]:
    lines = [
        f"{_text(file.path)}, left out: {shorten(file.problem, _LONGEST_LINE)}"
        if file.problem
        else f"{_text(file.path)}, {_size(file.size)}"
        for file in files[:_SHOWN_FILES]
    ]
    more = len(files) - _SHOWN_FILES
    lines += [f"and {more:,} more"] if more > 0 else []
    return [f"  {'files' if number == 0 else '':<12}  {line}" for number, line in enumerate(lines)]


def _text(text: str) -> str:
    return shorten(text, _LONGEST)


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"  # noqa: PLR2004  # from 0.1 MB on
