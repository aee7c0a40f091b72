"""The space of a sweep: axes in Hydra's sweep grammar, and the points of their grid."""

from __future__ import annotations

import fnmatch
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.config.overrides import quoted
from mlmagic.config.problems import unreadable
from mlmagic.errors import UsageProblem
from mlmagic.snapshot.secrets.cuts import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST_VALUES = 1_000_000
EXAMPLE = "For example: lr=0.1,0.01 depth=range(1,10) optimizer=choice(adam,sgd)"
Point = dict[str, Any]
"""A value for each axis, by its name."""


@dataclass(frozen=True)
class Choices:
    """An axis of single values, in order. *prefix* is Hydra's: ``+`` adds a key that the config does not have."""

    name: str
    values: tuple[Any, ...]
    prefix: str = ""

    def part(self, value: Any) -> Point:
        """Return a value as a part of a point."""
        return {self.name: value}


@dataclass(frozen=True)
class Interval:
    """An axis of all numbers from *low* to *high*: integers if *is_int*, uniform in the logarithm if *is_log*."""

    name: str
    low: float
    high: float
    is_int: bool = False
    is_log: bool = False
    prefix: str = ""

    def part(self, value: Any) -> Point:
        """Return a value as a part of a point."""
        return {self.name: value}


@dataclass(frozen=True)
class Zipped:
    """Several axes as one dimension. Each of *values* is a part of a point, with a value for each axis."""

    name: str
    values: tuple[Point, ...]

    def part(self, value: Point) -> Point:
        """Return *value* unchanged: it is already a part of a point."""
        return value


Axis = Choices | Interval
Dimension = Axis | Zipped
"""A dimension of the grid."""


def axes_of(words: Sequence[str], groups: Mapping[str, Sequence[str]] | None = None) -> list[Axis]:
    """Parse *words* in Hydra's grammar into axes.

    *groups* are the config groups of the swept config, with their options for ``glob(*)``; None if variables are swept.

    Raises
    ------
    UsageProblem
        If a word cannot be parsed, an axis has no value, or two axes have the same name.

    Examples
    --------
    >>> axes_of(["lr=0.1,0.01", "depth=range(1,4)"])
    [Choices(name='lr', values=(0.1, 0.01), prefix=''), Choices(name='depth', values=(1, 2, 3), prefix='')]
    >>> axes_of(["lr=tag(log,interval(1e-4,1e-1))"])
    [Interval(name='lr', low=0.0001, high=0.1, is_int=False, is_log=True, prefix='')]
    """
    require("hydra", "%%sweep", pip="hydra-core")
    axes = [_axis(word, groups or {}) for word in words]
    if groups is None:
        for axis, word in zip(axes, words, strict=True):
            _require_values(axis, word)
    _require_distinct(axes)
    return axes


def axes_from(space: Mapping[str, Any]) -> list[Axis]:
    """Return the axes of a mapping. Iterables give their items as values; strings are parsed in Hydra's grammar.

    >>> axes_from({"lr": [0.1, 0.01], "depth": "range(1,3)", "name": "adam"})[1:]
    [Choices(name='depth', values=(1, 2), prefix=''), Choices(name='name', values=('adam',), prefix='')]
    """
    if not isinstance(space, Mapping):
        raise UsageProblem(f"A space is a mapping from names to values, {{'lr': [0.1, 0.01]}}, not {shown(space, 80)}")
    axes: list[Axis] = []
    for name, given in space.items():
        if isinstance(given, str):
            axes += axes_of([f"{name}={given}"])
            continue
        is_many = hasattr(given, "__iter__") and not isinstance(given, Mapping | bytes)
        is_scalar = getattr(given, "ndim", None) == 0  # a tensor of one number has `__iter__`, which raises
        values = tuple(_plain(value) for value in given) if is_many and not is_scalar else (_plain(given),)
        axes.append(_filled(Choices(str(name), values), f"{name}={given!r}"))
    _require_distinct(axes)
    return axes


def count(dimensions: Iterable[Dimension]) -> float:
    """Return the number of points of the grid; infinite with an interval."""
    sizes = [0 if isinstance(one, Interval) else len(one.values) for one in dimensions]
    return math.prod(sizes) if all(sizes) else math.inf


def grid(dimensions: Sequence[Dimension]) -> Iterator[Point]:
    """Yield all points of the grid; the last dimension varies fastest.

    Raises
    ------
    UsageProblem
        If a dimension is an interval, which has no grid.
    """
    parts: list[list[Point]] = []
    for one in dimensions:
        if isinstance(one, Interval):
            raise UsageProblem(
                f"{one.name}=interval({one.low:g},{one.high:g}) has no grid: --search random or tpe, with "
                f"--trials N; or values, {one.name}={one.low:g},{one.high:g}"
            )
        parts.append([one.part(value) for value in one.values])
    for chosen in itertools.product(*parts):
        yield joined(chosen)


def joined(parts: Iterable[Point]) -> Point:
    """Join *parts* to a point."""
    return {name: value for part in parts for name, value in part.items()}


def _axis(word: str, groups: Mapping[str, Sequence[str]]) -> Axis:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import Glob, IntervalSweep, RangeSweep, Sweep
    from hydra.errors import HydraException

    try:
        [override] = OverridesParser.create().parse_overrides([quoted(word)])
    except (HydraException, ValueError) as error:
        raise UsageProblem(f"{word!r} {unreadable(error, word)} {EXAMPLE}") from error
    if override.is_delete():
        raise UsageProblem(f"{word!r} removes a key, which has no values to go over. {EXAMPLE}")
    name = override.get_key_element().lstrip("+")
    prefix = "++" if override.is_force_add() else "+" if override.is_add() else ""
    value = override._value
    if isinstance(value, IntervalSweep):
        return _interval(name, value, prefix, word)
    if isinstance(value, Glob):
        options = groups.get(name)
        if options is None:
            raise UsageProblem(f"{word!r}: glob takes the options of a config group, and {name!r} is none. {EXAMPLE}")
        values: tuple[Any, ...] = tuple(
            option
            for option in options
            if any(fnmatch.fnmatchcase(option, one) for one in value.include)
            and not any(fnmatch.fnmatchcase(option, one) for one in value.exclude)
        )
        return _filled(Choices(name, values, prefix), f"{word} (there are: {', '.join(options)})")
    if getattr(value, "shuffle", False):
        raise UsageProblem(f"{word!r}: the order of a grid does not matter; --search random draws its points.")
    if isinstance(value, RangeSweep):
        _require_countable(value, word)
    if override.is_discrete_sweep():
        given = tuple(override.sweep_iterator())
        if any(isinstance(one, Sweep) for one in given):
            raise UsageProblem(f"{word!r} puts a function among values: write all values, {name}=A,B. {EXAMPLE}")
        return _filled(Choices(name, tuple(_plain(one) for one in given), prefix), word)
    return Choices(name, (_plain(value),), prefix)


def _require_distinct(axes: Iterable[Axis]) -> None:
    seen: set[str] = set()
    for axis in axes:
        if axis.name in seen:
            raise UsageProblem(f"{axis.name!r} is given twice: put all its values into one, {axis.name}=A,B")
        seen.add(axis.name)


def _require_countable(value: Any, word: str) -> None:
    """Reject a range that never ends, or whose values would fill the memory."""
    ends = [float(one) for one in (value.start, value.stop, value.step)]
    if not all(map(math.isfinite, ends)) or ends[2] == 0:
        raise UsageProblem(f"{word!r} never ends: range(START,STOP,STEP) takes finite numbers, and a step other than 0")
    size = (ends[1] - ends[0]) / ends[2]
    if size > _MOST_VALUES:
        low, high = sorted(ends[:2])
        kind = "interval({:g},{:g})" if value.step != round(value.step) else "int(interval({:g},{:g}))"
        raise UsageProblem(f"{word!r} has {math.ceil(size):,} values: {kind.format(low, high)} draws from all of them")


def _require_values(axis: Axis, word: str) -> None:
    """Reject a reference to a config (``${…}``) if no config is swept: a trial would get it as a string."""
    for value in axis.values if isinstance(axis, Choices) else ():
        if isinstance(value, str) and value.startswith("${") and value.endswith("}"):
            raise UsageProblem(
                f"{word!r}: {value} is the key of a config, so it needs --config CFG. Variables of the notebook are "
                f"not read on this line: write their values, {axis.name}=A,B"
            )


def _interval(name: str, value: Any, prefix: str, word: str) -> Interval:
    low, high, is_log = value.start, value.end, "log" in value.tags
    is_int = isinstance(low, int) and isinstance(high, int)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UsageProblem(f"{word!r} has no numbers in it: the lower end comes first, interval(0,1)")
    if is_log and low <= 0:
        raise UsageProblem(f"{word!r}: a logarithm needs an interval above 0")
    return Interval(name, low, high, is_int, is_log, prefix)


def _filled(axis: Choices, written: str) -> Choices:
    if not axis.values:
        raise UsageProblem(f"{written} has no values, so there would be no trials. {EXAMPLE}")
    return axis


def _plain(value: Any) -> Any:
    """Convert a value of Hydra's parser or of NumPy to plain Python."""
    from hydra.core.override_parser.types import QuotedString

    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(one) for key, one in value.items()}
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value
