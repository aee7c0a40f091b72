"""The order of ``%runs``: newest first, or by a metric, a param or a column."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.store.query.direction import direction_of
from mlmagic.store.query.filters.matching import value_of
from mlmagic.store.query.filters.names import locate, needs_keys
from mlmagic.store.query.filters.tree import Condition, Value, name_of
from mlmagic.store.query.filters.values import number_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow.entities import Run

    from mlmagic.store.query.direction import Direction
    from mlmagic.store.query.filters.names import Entity, Keys

NEWEST_FIRST = "attributes.start_time DESC"
_TEXTS = {"run_id", "run_name", "status", "user_id", "artifact_uri"}
"""Attributes that the store orders as text, whatever they look like."""
_DIRECTION = re.compile(r"(?P<name>.*?)(?:\s+(?P<direction>asc|desc|ascending|descending))?", re.IGNORECASE)


@dataclass(frozen=True)
class SortSpec:
    """An order as the user wrote it; ``ascending`` is None without a direction. Without a name: the newest first."""

    name: str | None = None
    ascending: bool | None = None

    @property
    def needs_keys(self) -> bool:
        """Whether the names of metrics and params must be known to resolve it."""
        return self.name is not None and needs_keys(self._condition())

    def among(self, keys: Keys) -> Order:
        """Return the order with its name resolved among *keys*; without a direction, a metric's best value is first.

        Raises
        ------
        UsageProblem
            When no run has such a metric, param or column.
        """
        if self.name is None:
            return Order()
        located = locate(self._condition(), keys)
        if located.entity != "metric":
            return Order(located.entity, located.key, bool(self.ascending))
        implied = direction_of(located.key)
        if self.ascending is None:
            return Order("metric", located.key, implied == "min", implied)
        return Order("metric", located.key, self.ascending, implied or ("min" if self.ascending else "max"))

    def _condition(self) -> Condition:
        # The value is a number, so that a name that is both a metric and a param is refused.
        return Condition(name_of(self.name or ""), "=", (Value("0"),))


@dataclass(frozen=True)
class Order:
    """A resolved order of the runs of an experiment.

    ``goal`` is the direction in which a metric is better: by its name, else by the direction that the user asked for.
    """

    entity: Entity | None = None
    key: str = ""
    ascending: bool = False
    goal: Direction | None = None

    @property
    def by_store(self) -> bool:
        """Whether MLflow's store supports this order."""
        return self.entity in {None, "metric"} or (self.entity == "attribute" and self.key != "duration")

    @property
    def server(self) -> list[str]:
        """The order to request from the store; ties are broken by the newest first."""
        direction = "ASC" if self.ascending else "DESC"
        if self.entity is None or not self.by_store:
            return [NEWEST_FIRST]
        by_key = f"{self.entity}s.`{self.key}` {direction}"
        is_by_start = (self.entity, self.key) == ("attribute", "start_time")
        return [by_key] if is_by_start else [by_key, NEWEST_FIRST]

    def first(self, runs: Iterable[Run], n: int) -> list[Run]:
        """Return the first *n* of *runs*, which come in the order of ``server``.

        Params are text in the store. Numbers among them are ordered as numbers; words follow, and then runs without a
        value.
        """
        return list(itertools.islice(runs, n)) if self.by_store else self.sorted(runs)[:n]

    def sorted(self, runs: Iterable[Run], values: Mapping[str, float] | None = None) -> list[Run]:
        """Return *runs*, which come in any order, in the store's order: ties are broken by the newest first.

        *values*, by the ids of the runs, stand for those of the runs.
        """
        newest = sorted(runs, key=lambda run: (run.info.start_time is None, -(run.info.start_time or 0)))
        if self.entity is None:
            return newest
        is_text = self.entity == "attribute" and self.key in _TEXTS
        numbers: list[tuple[float, Run]] = []
        words: list[tuple[str, Run]] = []
        without: list[Run] = []
        for run in newest:
            value = value_of(run, self.entity, self.key) if values is None else values.get(run.info.run_id)
            number = None if value is None or is_text else number_or_none(str(value))
            if number is not None and not math.isnan(number):
                numbers.append((number, run))
            elif value is not None:
                words.append((str(value), run))
            else:
                without.append(run)
        numbers.sort(key=lambda pair: pair[0], reverse=not self.ascending)
        words.sort(key=lambda pair: pair[0], reverse=not self.ascending)
        return [*(run for _, run in numbers), *(run for _, run in words), *without]


def parse(text: str | None) -> SortSpec:
    """Parse the value of ``--sort``.

    >>> parse("loss asc")
    SortSpec(name='loss', ascending=True)
    >>> parse("accuracy")
    SortSpec(name='accuracy', ascending=None)
    """
    if text is None:
        return SortSpec()
    match = _DIRECTION.fullmatch(text.strip())
    name = match["name"].strip() if match else ""
    if not match or not name:
        raise UsageProblem(f"Nothing to sort by in {text!r}. For example: --sort accuracy, --sort loss asc")
    direction = match["direction"]
    return SortSpec(name, None if direction is None else direction.lower().startswith("asc"))
