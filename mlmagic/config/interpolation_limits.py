"""Rejects configs whose interpolations stand for too much text, or would take minutes to resolve.

An interpolation may name a value that has interpolations itself, so that a few lines stand for billions of characters.
OmegaConf resolves each of them again, in about a millisecond. The sizes are therefore estimated before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_CHARACTERS = 10_000_000
_MOST_REFERENCES = 20_000
_MOST_COMPARED = 5_000_000
_LONGEST_NUMBER = 9
_OF_KEYS = ("oc.select", "oc.deprecated", "oc.dict.keys", "oc.dict.values")
"""The resolvers whose first argument is a key."""

Path = tuple[str, ...]


class _Cost(NamedTuple):
    """The characters and values that a value stands for, and the interpolations that it takes to resolve it."""

    characters: int = 0
    references: int = 0

    def plus(self, other: _Cost) -> _Cost:
        return _Cost(self.characters + other.characters, self.references + other.references)


def require_short(config: Any) -> None:
    """Reject a plain, unresolved config that would be too large with its interpolations resolved.

    If the name of a key has an interpolation itself (``${presets.${name}}``), the longest value that it may name is
    counted.

    Raises
    ------
    UsageProblem
        If the resolved config would have more than 10 million characters and values, or more than 20,000
        interpolations, counted as often as they are resolved.

    Examples
    --------
    >>> require_short({"a": "xx", **{f"a{at}": "${a}${a}" for at in range(9)}})
    """
    _Estimate(config).of((), config)


class _Estimate:
    def __init__(self, config: Any) -> None:
        self._config = config
        self._known: dict[Path, _Cost] = {}
        self._compared = 0

    def of(self, path: Path, value: Any) -> _Cost:
        """Return the cost of the *value* at *path*."""
        if path in self._known:
            return self._known[path]
        total = self._known[path] = _Cost(1)  # OmegaConf reports circular interpolations
        for key, inner in _children(value):
            total = total.plus(self.of((*path, key), inner))
        if isinstance(value, str):
            total = total.plus(_Cost(len(value)))
            for reference in _references(value):
                total = total.plus(self._of_reference(reference, path)).plus(_Cost(0, 1))
                self._require_few(total, path)
        self._require_few(total, path)
        self._known[path] = total
        return total

    def _of_reference(self, key: str, path: Path) -> _Cost:
        """Return the cost of the value that *key* names, as it stands in the value at *path*."""
        name = key.lstrip(".")
        above = path[: max(len(path) - (len(key) - len(name)), 0)] if key.startswith(".") else ()
        fixed, is_open, _ = name.partition("${")
        steps = [step for step in fixed.replace("[", ".").replace("]", "").split(".") if step]
        if is_open and not fixed.endswith((".", "[")):
            steps = steps[:-1]  # the rest of this step is not known
        place = (*above, *steps)
        value = self._at(place)
        if not is_open:
            return self.of(place, value)
        costs = [self.of((*place, child), inner) for child, inner in _children(value)]
        self._compared += len(costs)
        if self._compared > _MOST_COMPARED:
            raise UsageProblem("The config has too many interpolations within the names of others")
        return max(costs, default=_Cost())

    def _at(self, path: Path) -> Any:
        found = self._config
        for step in path:
            found = _child(found, step)
        return found

    @staticmethod
    def _require_few(cost: _Cost, path: Path) -> None:
        if cost.characters > _MOST_CHARACTERS:
            told = f"more than {_MOST_CHARACTERS:,} characters, by its interpolations"
        elif cost.references > _MOST_REFERENCES:
            told = f"more than {_MOST_REFERENCES:,} interpolations"
        else:
            return
        raise UsageProblem(f"{'.'.join(path) or 'The config'} stands for {told}")


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of a mapping or a list."""
    if isinstance(value, dict):
        yield from ((str(key), inner) for key, inner in value.items())
    elif isinstance(value, list):
        yield from ((str(at), inner) for at, inner in enumerate(value))


def _child(value: Any, step: str) -> Any:
    """Return the value of the key *step* in a mapping or a list, or None."""
    number = int(step) if step.isdecimal() and len(step) <= _LONGEST_NUMBER else None
    if isinstance(value, dict):
        return value.get(step, value.get(number))
    if isinstance(value, list) and number is not None and number < len(value):
        return value[number]
    return None


def _references(text: str) -> Iterator[str]:
    """Yield the key of each interpolation in *text*, also of those within others.

    >>> list(_references("${a}-${ .b[0].c } ${oc.select:d,1} ${oc.env:HOME} ${x.${y}}"))
    ['a', '.b[0].c', 'd', 'y', 'x.${y}']
    """
    open_at: list[tuple[int, bool]] = []
    at = 0
    while at < len(text):
        if text.startswith("${", at):
            open_at.append((at + 2, True))
            at += 1
        elif text[at] == "{":
            open_at.append((at + 1, False))
        elif text[at] == "}" and open_at:
            start, is_interpolation = open_at.pop()
            if is_interpolation and (key := _key(text[start:at])):
                yield key
        at += 1


def _key(inner: str) -> str:
    """Return the key that an interpolation names, or an empty text if it names none."""
    resolver, is_resolver, arguments = inner.partition(":")
    if not is_resolver or "${" in resolver:
        return inner.strip()
    if resolver.strip() not in _OF_KEYS:
        return ""
    return arguments.partition(",")[0].strip().strip("'\"")
