"""Names of what measures time or memory, which no replay gives again."""

from __future__ import annotations

import re

_OF_CLOCK = re.compile(
    r"(^|[_./ ])(time|seconds|secs|duration|elapsed|latency|throughput|memory|rss|ms|mb|fps)($|[_./ ])"
)


def measures_clock(name: str) -> bool:
    """Return whether a metric or a column of this name measures time or memory.

    >>> measures_clock("fit_seconds"), measures_clock("times_bought")
    (True, False)
    """
    return bool(_OF_CLOCK.search(name))
