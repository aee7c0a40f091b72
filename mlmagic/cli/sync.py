"""``mlmagic sync``: deliver the runs that wait in the journals of a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmagic import api
from mlmagic.errors import MLMagicError
from mlmagic.magics.status import sync_foreign
from mlmagic.views.sync_report import sync_report

if TYPE_CHECKING:
    from pathlib import Path


def sync(folder: Path, *, anew: bool = False, foreign: bool = False, yes: bool = False) -> int:
    """Deliver the journals below *folder*, print a report, and return the exit status: 1 if a run waits or fails.

    *anew* creates runs again that were deleted from the store. *foreign* shows foreign journals, and delivers them
    after a confirmation, which *yes* skips.
    """
    if not folder.is_dir():
        raise MLMagicError(f"there is no folder {str(folder)!r}")
    os.chdir(folder)
    report = sync_foreign(yes=yes) if foreign else api.sync(anew=anew)
    if report is None:
        print("nothing was delivered")
        return 0
    print(sync_report(report))
    return 1 if report.waiting or report.problems or report.unregistered else 0
