"""What journals of others hold, and where it would go: shown before the user is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.views.bundle import shorten
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.journal.foreign import ForeignJournal
    from mlmagic.journal.staged_files import StagedFile

_SHOWN_JOURNALS = 20
_SHOWN_FILES = 12
_LONGEST = 100


def foreign_journals(found: Sequence[ForeignJournal], store: str, credentials: Sequence[str]) -> str:
    """Return *found* as text, with the *store* that they would go to and the variables whose *credentials* it gets.

    >>> from pathlib import Path
    >>> from mlmagic.journal.foreign import ForeignJournal
    >>> one = ForeignJournal(Path("a.journal"), "it is not signed", "forest", "http://other", "box", "Default", 10)
    >>> print(foreign_journals([one], "sqlite:////project/mlflow.db", []))
    a.journal
      is foreign    it is not signed
      says it is    the run 'forest' with 10 records, of box, recorded for http://other
      would go to   sqlite:////project/mlflow.db, experiment 'Default', as a run tagged mlmagic.foreign
      credentials   none
      files         none
    """
    if not found:
        return "no journals of others are here"
    shown = [_one(journal, store, credentials) for journal in found[:_SHOWN_JOURNALS]]
    more = len(found) - _SHOWN_JOURNALS
    return "\n".join([*shown, *([f"and {more:,} more"] if more > 0 else [])])


def _one(journal: ForeignJournal, store: str, credentials: Sequence[str]) -> str:
    head = [clean(str(journal.path)), f"  is foreign    {clean(journal.reason)}"]
    if journal.problem is not None:
        return "\n".join([*head, f"  cannot be read: {clean(journal.problem)}"])
    origin = f", of {_text(journal.host)}" if journal.host else ""
    recorded_for = f", recorded for {_text(journal.store)}" if journal.store else ""
    experiment = f"experiment {_text(journal.experiment)!r}" if journal.experiment else "the default experiment"
    return "\n".join(
        [
            *head,
            f"  says it is    the run {_text(journal.name)!r} with {journal.records:,} records{origin}{recorded_for}",
            f"  would go to   {clean(store)}, {experiment}, as a run tagged mlmagic.foreign",
            f"  credentials   {', '.join(credentials) or 'none'}",
            *_files(journal.files),
        ]
    )


def _files(files: Sequence[StagedFile]) -> list[str]:
    if not files:
        return ["  files         none"]
    lines = [
        f"{_text(file.path)}, left out: {clean(file.problem)}"
        if file.problem
        else f"{_text(file.path)}, {_size(file.size)}"
        for file in files[:_SHOWN_FILES]
    ]
    more = len(files) - _SHOWN_FILES
    lines += [f"and {more:,} more"] if more > 0 else []
    return [f"  {'files' if number == 0 else '':<12}  {line}" for number, line in enumerate(lines)]


def _text(text: str) -> str:
    return clean(shorten(text, _LONGEST))


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"  # noqa: PLR2004  # from 0.1 MB on
