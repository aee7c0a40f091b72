"""Tab completion on a magic's line: its options, the runs, experiments and variables that they take, and filters."""

from mlmagic.magics.completion.matching import complete, hook

__all__ = ["complete", "hook"]
