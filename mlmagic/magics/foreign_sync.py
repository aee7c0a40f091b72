"""``sync --foreign`` of the magic and of the command line: list foreign journals, ask, and deliver them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic import api
from mlmagic.confirming import confirmed
from mlmagic.session.interrupts import whole_imports
from mlmagic.visible import clean

if TYPE_CHECKING:
    from mlmagic.recording.sync_report import SyncReport


@whole_imports()
def sync_foreign(*, yes: bool = False) -> SyncReport | None:
    """Show foreign journals and their target store, ask, and deliver them; return None if nothing was delivered.

    Parameters
    ----------
    yes
        Do not ask.

    Raises
    ------
    UsageProblem
        If the user cannot be asked.
    """
    from mlmagic.store import addresses, tracking_uri
    from mlmagic.views.foreign_journals import foreign_journals

    found = api.foreign_journals()
    credentials = [] if tracking_uri.is_local(tracking_uri.current_uri()) else addresses.credentials()
    print(foreign_journals(found, tracking_uri.shown_uri(), credentials))  # noqa: T201
    usable = [journal for journal in found if journal.problem is None]
    count = len({journal.uid or str(journal.path) for journal in usable})
    runs = "1 run" if count == 1 else f"{count:,} runs"
    if not usable or not (
        yes
        or confirmed(
            f"Deliver {runs} to {clean(tracking_uri.shown_uri())}? [y/N] ", "add --yes once you have read the list"
        )
    ):
        return None
    return api.sync(foreign=usable)
