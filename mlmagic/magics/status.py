"""``%mlmagic``: where runs go, the settings, and ``%mlmagic sync``; `sync_foreign` serves the command line too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_magic, magics_class

from mlmagic import api
from mlmagic._version import __version__
from mlmagic.confirming import confirmed
from mlmagic.errors import UsageProblem
from mlmagic.journal import folder
from mlmagic.session.interrupts import in_one_line, whole_imports
from mlmagic.store import experiments, tracking_uri
from mlmagic.suggestions import did_you_mean
from mlmagic.user_settings import settings
from mlmagic.visible import clean

if TYPE_CHECKING:
    from mlmagic.recording.sync_report import SyncReport

OPTIONS = ("--anew", "--foreign", "--yes")


@magics_class
class StatusMagics(Magics):
    """The magic ``%mlmagic``."""

    @line_magic
    @in_one_line("%mlmagic")
    def mlmagic(self, line: str) -> None:
        """Show the version, the store, the experiment, and the settings that `%config MLMagic` changes.

        `%mlmagic sync` delivers what waits in journals: runs that were recorded while the store was away, and those
        of kernels that died. `%mlmagic sync --anew` creates runs again that were deleted from the store meanwhile.

        `%mlmagic sync --foreign` shows journals that you did not record here (they came with a repository, or are
        another user's), where they would go and with which files, and asks whether to deliver them; `--yes` does not
        ask.
        """
        match line.split():
            case []:
                self._show()
            case ["sync"] | ["sync", "--anew"]:
                self._report(api.sync(anew="--anew" in line.split()))
            case ["sync", "--foreign"] | ["sync", "--foreign", "--yes"] | ["sync", "--yes", "--foreign"]:
                self._report(sync_foreign(yes="--yes" in line.split()))
            case ["sync", *options]:
                wrong = next((word for word in options if word not in OPTIONS), options[-1])
                raise UsageProblem(
                    "%mlmagic sync takes --anew, or --foreign and with it --yes, "
                    f"got {wrong!r}.{did_you_mean(wrong, OPTIONS)}"
                )
            case [word, *_]:
                raise UsageProblem(
                    f"%mlmagic takes nothing, or sync, got {word!r}.{did_you_mean(word, ['sync'])} "
                    "%config MLMagic shows the settings."
                )

    @staticmethod
    def _report(report: SyncReport | None) -> None:
        from mlmagic.views.sync_report import sync_report

        print("nothing was delivered" if report is None else sync_report(report))  # noqa: T201

    @staticmethod
    def _show() -> None:
        from mlmagic.registry.pending import pending_names
        from mlmagic.tracking import recovery
        from mlmagic.views.sync_report import foreign_line, registrations

        waiting, foreign = recovery.waiting()
        print(f"mlmagic {__version__}")  # noqa: T201
        print(f"  store       {clean(tracking_uri.shown_uri())}")  # noqa: T201
        print(f"  experiment  {clean(experiments.shown_name())}")  # noqa: T201
        print(f"  journal     {folder.place()}, {waiting} run{'' if waiting == 1 else 's'} not delivered yet")  # noqa: T201
        if names := pending_names():
            waits = "waits" if len(names) == 1 else "wait"
            print(f"              {clean(registrations(names))} {waits}: %mlmagic sync delivers what the store takes")  # noqa: T201
        if foreign:
            print(f"              {foreign_line(foreign)}")  # noqa: T201
        for name in sorted(settings.trait_names(config=True)):
            print(f"  {name:<18}{getattr(settings, name)!r}")  # noqa: T201


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
