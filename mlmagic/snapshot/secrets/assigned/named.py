"""The name of a secret in a text, and the judgement of the values next to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlmagic.snapshot.secrets.candidates import could_be_one_of_many, could_be_secret

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlmagic.snapshot.secrets.names import Verdict

Span = tuple[int, int]

LONGEST_LOOK_BACK = 64
"""The number of characters before a name that are examined."""


class Named(NamedTuple):
    """A name in a text: its verdict on one value and on ``many``, and the ``words`` that are known secrets."""

    text: str
    start: int
    end: int
    verdict: Verdict
    many: Verdict
    words: Collection[str]

    @property
    def name(self) -> str:
        """The name itself."""
        return self.text[self.start : self.end]

    @property
    def before(self) -> str:
        """The text before the name."""
        return self.text[max(0, self.start - LONGEST_LOOK_BACK) : self.start]

    def judge(self, value: str, verdict: Verdict | None = None) -> bool:
        """Return whether *value*, next to this name, is a secret."""
        return could_be_secret(value, verdict or self.verdict) or (self.verdict != "no" and value in self.words)

    def judge_compared(self, value: str) -> bool:
        """Return whether *value*, with which this name is compared, is a secret and not a word of code."""
        return could_be_one_of_many(value, self.verdict)
