"""What a gate says of a promotion: pass or not, the numbers that it looked at, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class GateVerdict:
    """The verdict of a gate on a promotion.

    ``passed`` decides. ``sentence`` tells why, with the numbers, for a person. ``numbers`` are the values that the gate
    looked at, by name; they are recorded with the promotion or the refusal.

    Examples
    --------
    >>> GateVerdict(passed=False, sentence="accuracy is 0.81, not > 0.85", numbers={"accuracy": 0.81}).passed
    False
    """

    passed: bool
    sentence: str
    numbers: Mapping[str, float | str] = field(default_factory=dict)
