"""The seed of a sweep, and those of its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.snapshot.randomness import seeding as randomness

if TYPE_CHECKING:
    from mlmagic.sweeps.resuming import EarlierSweep


def base_seed(earlier: EarlierSweep | None) -> int:
    """Return the session's seed, else that of the *earlier* sweep, else one drawn at random."""
    state = randomness.current()
    if state is not None:
        return state.value
    if earlier is not None and earlier.seed is not None:
        return earlier.seed
    import numpy as np

    return int(np.random.SeedSequence().generate_state(1)[0])


def trial_seed(base: int, place: str, repetition: int) -> int:
    """Derive a trial's seed from the sweep's seed, the key of its point, and its repetition only."""
    import numpy as np

    words = [int(place[at : at + 8], 16) for at in range(0, 32, 8)]
    return int(np.random.SeedSequence(base, spawn_key=(*words, repetition)).generate_state(1)[0])
