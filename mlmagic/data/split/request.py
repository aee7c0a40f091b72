"""Validate the arguments of a split: the fractions, the one method, and contradictions between them."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any, Literal

from mlmagic.data.split.sides import Fractions
from mlmagic.errors import UsageProblem
from mlmagic.snapshot.randomness import seeding

Method = Literal["by", "stratify", "group", "time", "seed"]

_WAYS = (
    "by the id that each row keeps (by='user_id', %split --by user_id), by groups (group=), by time (time=), "
    "or drawn with a seed (seed=42, --seed 42, or %seed 42 for the whole session)"
)
_BOTH = {
    ("by", "stratify"): "a side that follows from the id alone cannot hold exact proportions of classes",
    ("by", "group"): "both keep rows together; give the coarser one alone",
    ("by", "time"): "an id says nothing about when a row was",
    ("stratify", "group"): "whole groups cannot make up exact proportions of classes",
    ("stratify", "time"): "rows in order of time cannot make up exact proportions of classes",
    ("group", "time"): "a group may have early and late rows, and its rows stay together",
}


@dataclass(frozen=True)
class Request:
    """A validated request: `method` and `wanted`, its argument, with the seed of the draw or the salt of the hash."""

    fractions: Fractions
    method: Method
    wanted: Any
    seed: int | None
    salt: str

    @property
    def sides(self) -> tuple[str, ...]:
        """The names of the sides, in order."""
        return ("train", "val", "test") if self.fractions.val else ("train", "test")


def check_request(
    rows: int, *, test: Any, val: Any, by: Any, stratify: Any, group: Any, time: Any, seed: Any, salt: Any
) -> Request:
    """Return the validated request; if a seed is needed and none is given, with the one of ``%seed``.

    Raises
    ------
    UsageProblem
        A fraction is none, nothing is left for train, nothing fixes the sides, or two wishes contradict.
    """
    fractions = Fractions(_fraction("test", test, rows), _fraction("val", val, rows) if _is_given(val) else 0.0)
    if fractions.test + fractions.val >= 1:
        both = f"test={fractions.test:g}" + (f" and val={fractions.val:g}" if fractions.val else "")
        raise UsageProblem(f"{both} leave nothing for train: together they must be less than 1.")
    if not isinstance(salt, str):
        raise UsageProblem(f"salt is text, got {salt!r}. Did you mean {str(salt)!r}?")
    ways: dict[Method, Any] = {"by": by, "stratify": stratify, "group": group, "time": time}
    given = [method for method, wanted in ways.items() if wanted is not None]
    if len(given) > 1:
        first, second = given[:2]
        raise UsageProblem(f"{first} and {second} contradict: {_BOTH[first, second]}.")
    method = given[0] if given else "seed"
    seed = _settled_seed(method, _seed(seed), salt)
    return Request(fractions, method, ways.get(method), seed, salt)


def _settled_seed(method: Method, seed: int | None, salt: str) -> int | None:
    """Return the seed that draws the sides, or None if they follow from a hash or from time."""
    if method == "by" and seed is not None:
        raise UsageProblem(
            "by and seed contradict: sides by id follow from the id alone. "
            "For other sides give a salt: salt='2' (--salt 2)"
        )
    if method == "time" and seed is not None:
        raise UsageProblem("time and seed contradict: sides by time follow from the time alone; leave the seed out.")
    if salt and method not in {"by", "group"}:
        raise UsageProblem(
            f"salt={salt!r} changes the hash of ids or groups, and this split has none; give by or group, "
            "or another seed."
        )
    if salt and seed is not None:
        raise UsageProblem("salt and seed contradict: a salt is for the hash of the groups, a seed for drawing them.")
    if method in {"by", "time"} or salt:
        return None
    state = seeding.current()
    settled = seed if seed is not None or state is None else state.value
    if settled is None and method == "stratify":
        raise UsageProblem("stratify draws rows, so it needs a seed: seed=42 (--seed 42), or %seed 42 for the session.")
    if settled is None and method == "seed":
        raise UsageProblem(f"no method was given that assigns rows. Split {_WAYS}.")
    return settled


def _is_given(val: Any) -> bool:
    return val is not None and not (isinstance(val, int | float) and not isinstance(val, bool) and val == 0)


def _fraction(name: str, value: Any, rows: int) -> float:
    valid = f"{name} is the part of the rows between 0 and 1, such as 0.2, got {value!r}."
    if isinstance(value, bool | str | bytes):
        raise UsageProblem(valid)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UsageProblem(valid) from None
    if number >= 1 and number < rows and number.is_integer():
        raise UsageProblem(f"{valid} For {int(number):,} of {rows:,} rows: {number / rows:.6g}")
    if math.isnan(number) or not 0 < number < 1:
        raise UsageProblem(valid)
    return number


def _seed(seed: Any) -> int | None:
    if seed is None:
        return None
    valid = f"a seed is a whole number from 0 to {seeding.MAX_SEED}, got {seed!r}."
    if isinstance(seed, bool):
        raise UsageProblem(valid)
    try:
        number = operator.index(seed)
    except TypeError:
        raise UsageProblem(valid) from None
    if not 0 <= number <= seeding.MAX_SEED:
        raise UsageProblem(valid)
    return number
