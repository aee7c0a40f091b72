"""The runs that dead processes left in journals: find the store of each, and adopt each run as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.journal import folder
from mlmagic.journal.file import Journal
from mlmagic.journal.lines import NewerFormatError
from mlmagic.snapshot.secrets import redaction
from mlmagic.snapshot.secrets.known_values import REDACTED
from mlmagic.store import tracking_uri
from mlmagic.store.delivery.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.journal.records import Began
    from mlmagic.journal.survey import Left


@dataclass(frozen=True)
class LeftRun:
    """The journals of one run, the oldest first; each cell that continued the run has its own journal.

    ``uri`` is the address of the run's store, or None if that store cannot be used now.
    """

    uri: str | None
    journals: tuple[Left, ...]

    @property
    def began(self) -> Began:
        """The first record of the first journal."""
        return self.journals[0].began


def by_run(left: Iterable[Left]) -> list[LeftRun]:
    """Group the journals *left*, which are sorted by time, by run."""
    runs: dict[str, list[Left]] = {}
    for journal in left:
        runs.setdefault(journal.began.uid, []).append(journal)
    return [LeftRun(_uri_of(journals[0].began), tuple(journals)) for journals in runs.values()]


def first(runs: list[LeftRun], most: int) -> tuple[list[LeftRun], list[LeftRun]]:
    """Split *runs* after about *most* journals, but not before the end of the first run."""
    count = 0
    for number, run in enumerate(runs, 1):
        count += len(run.journals)
        if count >= most:
            return runs[:number], runs[number:]
    return runs, []


def adopt(run: LeftRun) -> tuple[list[Delivery], str | None]:
    """Return deliveries for all journals of *run*, or none, and the problem that prevented reading them.

    The process that locks the first journal owns the run. If each journal were adopted by itself, two processes that
    start at the same time could both create the run.
    """
    journals: list[Journal] = []
    problem = None
    try:
        with folder.open_place(run.journals[0].path.parent) as opened:
            journals.extend(Journal.adopt(left.path, opened) for left in run.journals)
        return [delivery for journal in journals if (delivery := _delivery_of(journal, str(run.uri)))], None
    except (BlockingIOError, FileNotFoundError):  # another process has it, or has put it away
        pass
    except NewerFormatError:
        problem = f"{run.journals[0].path} was written by a newer mlmagic: update mlmagic to deliver it"
    except OSError as error:
        problem = f"{run.journals[0].path} cannot be read: {error.strerror or error}"
    for journal in journals:
        journal.close()
    return [], problem


def _delivery_of(journal: Journal, uri: str) -> Delivery | None:
    began = journal.beginning()
    if began is None or not journal.is_own(began):  # it has changed since the survey
        journal.close()
    elif journal.ends_closed():  # it is delivered, but its process died before putting it away
        folder.put_away(journal, keep_files=True)
    else:
        return Delivery.of_dead_process(journal, uri, began)
    return None


def _uri_of(began: Began) -> str | None:
    """Return the address of the store that *began* was recorded for, or None if that store cannot be used now.

    A server receives records and credentials only while it is the configured one.
    """
    current = tracking_uri.current_uri()
    if redaction.redact(current)[0] == began.store:
        return current
    return began.store if tracking_uri.is_local(began.store) and REDACTED not in began.store else None


def not_this_store(began: Began) -> str:
    """Return what to do about a run whose store cannot be used now."""
    missing = ", whose password is not kept" if REDACTED in began.store else ""
    return (
        f"the run {began.name!r} belongs to the store {began.store}{missing}: "
        "set MLFLOW_TRACKING_URI to it, and %mlmagic sync again"
    )
