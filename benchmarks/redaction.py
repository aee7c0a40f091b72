"""What it takes to redact: 50 MB of ordinary output, and hostile texts, of which the time grows as the text does."""

from __future__ import annotations

import random
import re
import time
import zlib
from re import _constants as codes
from re import _parser as parser
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Comparison, Goal, Sample, interleaved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ORDINARY_MB = 50
_HOSTILE_MB = 10
_ROUNDS = 3
# What took seconds for 100 KB once, and what looks at most of a text beside each secret's name.
_HOSTILE = ("AC" + "abcdefgh" * 4, "GR1348941", "password = ", "curl ", "-----BEGIN PRIVATE KEY-----", "://a:")


def measure() -> list[Comparison]:
    """Time the redaction of ordinary output, then that of hostile texts of two sizes."""
    from mlmagic.snapshot.secrets.redaction import redact

    text = ordinary(_ORDINARY_MB * 1_000_000)
    ours, other = interleaved(
        {
            "redact": lambda: _seconds(lambda: redact(text)),
            "zlib.compress, level 6": lambda: _seconds(lambda: zlib.compress(text.encode())),
        },
        rounds=_ROUNDS,
        warm_up=0,
    )
    found = [Comparison(f"{_ORDINARY_MB} MB of ordinary output", ours, other, (Goal("median", 5.0),))]
    found += [_linearity(f"hostile, {piece[:14]!r}", redact, piece) for piece in _HOSTILE]
    return [*found, _slowest_pattern()]


def ordinary(size: int) -> str:
    """Return about *size* characters of what cells print: logs, progress, tables, addresses and hashes."""
    noise = random.Random(1)
    lines: list[str] = []
    left = size
    while left > 0:
        step = len(lines)
        value = noise.random()
        lines += [
            f"2026-11-25 18:12:04,123 INFO trainer: epoch {step}/1000 loss={value:.6f} acc={1 - value:.4f} lr=3e-4\n",
            f"{step:8d}  {value:.6f}  {value * 2:.6f}  {value * 3:.6f}  {noise.getrandbits(128):032x}\n",
            f"saved /data/runs/{noise.getrandbits(64):016x}/part-{step:05d}.parquet (https://example.org/x?step={step})\n",
            "The tokenizer has max_tokens=512; the validation accuracy is the best so far, which the run keeps.\n",
            f"  {step % 100:3d}%|##########          | {step}/9000 [00:12<00:03, 38.21it/s, loss={value:.3f}]\n",
        ]
        left -= sum(map(len, lines[-5:]))
    return "".join(lines)[:size]


def _linearity(name: str, work: Callable[[str], Any], piece: str) -> Comparison:
    """Compare the whole hostile text with a quarter of it: linear is a ratio of 4."""
    whole = piece * (_HOSTILE_MB * 1_000_000 // len(piece))
    quarter = whole[: len(whole) // 4]
    return Comparison(
        name,
        Sample(f"{_HOSTILE_MB} MB", (_seconds(lambda: work(whole)),)),
        Sample("a quarter of it", (_seconds(lambda: work(quarter)),)),
        (Goal("ratio", 6.0),),
    )


def _slowest_pattern() -> Comparison:
    """Return how long the slowest pattern takes on a text that is built of its own beginnings."""
    from mlmagic.snapshot.secrets.rules.patterns import RULES

    tried = [(rule.pattern, piece) for rule in RULES for piece in _pieces(rule.pattern)]
    pattern, piece = max(tried, key=lambda pair: _time_of(*pair, 200_000))
    return _linearity(
        f"slowest of {len(RULES)} patterns on its own beginnings, {piece[:14]!r}",
        lambda text: list(pattern.finditer(text)),
        piece,
    )


def _time_of(pattern: re.Pattern[str], piece: str, size: int) -> float:
    text = piece * (size // len(piece))
    return _seconds(lambda: list(pattern.finditer(text)))


def _pieces(pattern: re.Pattern[str]) -> Iterator[str]:
    items = list(parser.parse(pattern.pattern, pattern.flags))
    for count in range(1, len(items) + 1):
        if piece := _sample(items[:count]):
            yield piece


def _sample(items: Any) -> str:
    """Return a text that parts of a pattern match, as far as their letters are fixed; of a class it takes an `a`."""
    return "".join(_letters(code, value) for code, value in items)


def _letters(code: Any, value: Any) -> str:
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.SUBPATTERN:
        return _sample(value[-1])
    if code is codes.BRANCH:
        return _sample(value[1][0])
    if code in {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}:
        return _sample(value[2]) * max(value[0], 1)
    return "a" if code in {codes.IN, codes.NOT_LITERAL, codes.ANY} else ""


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
