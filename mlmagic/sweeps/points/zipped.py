"""Zips axes instead of crossing them: ``--zip lr depth`` pairs the first values, the second values, and so on."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.snapshot.secrets.cuts import shown
from mlmagic.suggestions import did_you_mean
from mlmagic.sweeps.points.space import Choices, Zipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlmagic.sweeps.points.space import Axis, Dimension

_FEWEST = 2


def zips_of(given: object) -> list[tuple[str, ...]]:
    """Return the groups of names in *given*: one group or several. A string is one group, separated by commas.

    >>> zips_of(("lr", "depth")), zips_of("lr, depth"), zips_of(["lr,depth", ("a", "b")]), zips_of(())
    ([('lr', 'depth')], [('lr', 'depth')], [('lr', 'depth'), ('a', 'b')], [])
    """
    if isinstance(given, str):
        return [_names(given.split(","))]
    if not isinstance(given, list | tuple):
        raise UsageProblem(f"zip={shown(given, 80)}: it takes names that go together, ('lr', 'depth'), or several such")
    if given and all(isinstance(one, str) and "," not in one for one in given):
        return [_names(given)]
    return [group for one in given for group in zips_of(one)]


def dimensions_of(axes: Sequence[Axis], zips: Iterable[Sequence[str]]) -> list[Dimension]:
    """Return the dimensions of the grid: each axis, with a `Zipped` in place of the first axis of each group.

    Raises
    ------
    UsageProblem
        If a group has an unknown name, fewer than two, one of another group, or axes with unequal numbers of values.

    Examples
    --------
    >>> axes = [Choices("lr", (0.1, 0.01)), Choices("n", (1, 2, 3)), Choices("depth", (2, 4))]
    >>> [one.name for one in dimensions_of(axes, [("lr", "depth")])]
    ['lr,depth', 'n']
    """
    groups = [tuple(name.lstrip("+") for name in group) for group in zips]
    names = Counter(name for group in groups for name in group)
    twice = next((name for name, count in names.items() if count > 1), None)
    if twice is not None:
        raise UsageProblem(f"--zip names {twice!r} twice: it goes together with the axes of one group only")
    by_name = {axis.name: axis for axis in axes}
    zipped = {name: made for group in groups for made in [_zipped(group, by_name)] for name in group}
    dimensions = [zipped.get(axis.name, axis) for axis in axes]
    return list({dimension.name: dimension for dimension in dimensions}.values())


def _zipped(group: Sequence[str], axes: Mapping[str, Axis]) -> Zipped:
    option = f"--zip {' '.join(group)}"
    for name in group:
        if name not in axes:
            listed = f" There are: {', '.join(axes)}."
            raise UsageProblem(f"{option}: nothing is swept under the name {name!r}.{did_you_mean(name, axes)}{listed}")
    if len(group) < _FEWEST:
        raise UsageProblem(f"{option}: it takes two names or more, of what goes together: --zip lr depth")
    lists = []
    for name in group:
        axis = axes[name]
        if not isinstance(axis, Choices):
            raise UsageProblem(f"{option}: {name} is an interval, and what goes together are values: {name}=A,B")
        lists.append(axis.values)
    longest, shortest = max(lists, key=len), min(lists, key=len)
    if len(longest) != len(shortest):
        long, short = group[lists.index(longest)], group[lists.index(shortest)]
        raise UsageProblem(
            f"{option}: {long!r} has {_values(longest)} and {short!r} {_values(shortest)}: "
            "parameters that go together need equally many values"
        )
    return Zipped(",".join(group), tuple(dict(zip(group, values, strict=True)) for values in zip(*lists, strict=True)))


def _values(values: Sequence[object]) -> str:
    return "1 value" if len(values) == 1 else f"{len(values)} values"


def _names(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word.strip() for word in words if word.strip())
