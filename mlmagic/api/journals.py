"""Deliver the journals that wait, and list those that are foreign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.session.interrupts import whole_imports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.journal.foreign import ForeignJournal
    from mlmagic.recording.sync_report import SyncReport


@whole_imports()
def sync(*, anew: bool = False, foreign: Sequence[ForeignJournal] = ()) -> SyncReport:
    """Deliver the pending journals: runs recorded while the store was unreachable, and runs of kernels that died.

    A run that a dead kernel left open is ended as KILLED, with everything recorded so far. Journals of other live
    processes are not touched. Delivering twice changes nothing.

    Parameters
    ----------
    anew
        Create runs again, with everything in their journals, if they have pending records but were deleted from the
        store, or the store has a different database.
    foreign
        Journals to deliver instead of the user's own, from those that `foreign_journals` returns. They become runs of
        the current store with the tag ``mlmagic.foreign``.

    Returns
    -------
    The runs that were delivered, and those that were not, with the reasons.

    Raises
    ------
    UsageProblem
        If the setting ``offline`` is on.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.sync().problems  # doctest: +SKIP
    []
    """
    from mlmagic.tracking import recovery

    return recovery.sync_foreign(foreign) if foreign else recovery.sync(anew=anew)


@whole_imports()
def foreign_journals() -> list[ForeignJournal]:
    """Return the pending journals in this folder that this user did not record here.

    They came with a repository or an archive, belong to another user, or were written by an earlier version that did
    not sign journals. They are delivered only on request, by ``mlmagic.sync(foreign=...)``.

    Returns
    -------
    The contents of each journal, as far as it can be read: ``path``, ``name``, ``records``, ``files``, and the
    ``reason`` why it is foreign.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.foreign_journals()  # doctest: +SKIP
    []
    """
    from mlmagic.journal import foreign

    return foreign.foreign_journals()
