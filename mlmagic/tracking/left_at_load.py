"""Deliver the runs that a dead kernel left in journals, on ``%load_ext mlmagic``."""

from __future__ import annotations

from dataclasses import replace

from mlmagic.errors import MLMagicError
from mlmagic.journal import folder
from mlmagic.store import tracking_uri
from mlmagic.user_objects import one_line
from mlmagic.user_settings import settings
from mlmagic.visible import clean


def deliver_left_runs() -> None:
    """Deliver and report what a dead kernel left for the current store; MLflow is imported only if there is any."""
    try:
        _deliver()
    except Exception as error:  # noqa: BLE001  # the content of a folder must not prevent loading mlmagic
        print(f"mlmagic: journals could not be looked at: {clean(one_line(error))}")  # noqa: T201


def _deliver() -> None:
    if settings.offline or not any(folder.may_hold_journals(place) for place in folder.places()):
        return
    from mlmagic.journal.survey import MOST_UNASKED, survey
    from mlmagic.views.sync_report import foreign_line, sync_report

    found = [survey(place, most=MOST_UNASKED) for place in folder.places()]
    foreign, unread = [one for part in found for one in part.foreign], sum(part.unread for part in found)
    if foreign or unread:
        print(foreign_line(foreign, unread))  # noqa: T201
    if not any(not left.is_closed for part in found for left in part.left):
        return
    from mlmagic.tracking import recovery

    try:
        report = recovery.sync(only=tracking_uri.current_uri(), patience_s=settings.store_timeout_s)
    except MLMagicError as error:  # above all a store that is away
        print(f"mlmagic: runs of a kernel that died wait in the journal: {error}")  # noqa: T201
        return
    print(sync_report(replace(report, foreign=[])))  # noqa: T201  # said above
