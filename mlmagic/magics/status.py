"""``%mlmagic``: where runs go, and the settings."""

from __future__ import annotations

from IPython.core.magic import Magics, line_magic, magics_class

from mlmagic._version import __version__
from mlmagic.errors import UsageProblem
from mlmagic.runs import experiments, store
from mlmagic.settings import settings


@magics_class
class StatusMagics(Magics):
    """The magic ``%mlmagic``."""

    @line_magic
    def mlmagic(self, line: str) -> None:
        """Show the version, the store, the experiment, and the settings that `%config MLMagic` changes."""
        if line.strip():
            raise UsageProblem(
                f"%mlmagic takes no arguments, got {line.strip()!r}. %config MLMagic shows the settings."
            )
        print(f"mlmagic {__version__}")  # noqa: T201
        print(f"  store       {store.shown_uri()}")  # noqa: T201
        print(f"  experiment  {experiments.shown_name()}")  # noqa: T201
        for name in sorted(settings.trait_names(config=True)):
            print(f"  {name:<18}{getattr(settings, name)!r}")  # noqa: T201
