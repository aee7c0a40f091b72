"""The sessions between two recorded ones: the first, with some of the differences taken from the second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic.replay.explaining.explanation import Factor
from mlmagic.replay.explaining.lone_cells import parts_of, source_with, values_given
from mlmagic.replay.explaining.pairing import paired
from mlmagic.replay.explaining.seeds import with_other_seeds
from mlmagic.replay.explaining.source_merging import merged_source, source_differences
from mlmagic.replay.explaining.unused_cells import unused_cells
from mlmagic.replay.plan import modules_of
from mlmagic.session.record.cell_record import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mlmagic.replay.explaining.pairing import Pair
    from mlmagic.replay.explaining.source_difference import SourceDifference
    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.session.log import LoggedCell

NOT_SET = "not set"
FOLDER = "the working folder"
RANDOM_STATE = "the random state before the cell"


class LoneCell(NamedTuple):
    """A cell that only one of two sessions ran: whether that is the first, and the cell's number and source."""

    is_first: bool
    number: int | None
    source: str


class Between:
    """Two plans, what differs between them, and the plans between the two.

    Parameters
    ----------
    first, second
        The replays of the two runs; both are slices, or none is.
    draws
        Whether any of their cells draws random numbers: only then the states of the generators are a difference.
    files
        The difference of files that both read with another content; whoever replays a plan takes care of it.
    harmless
        Cells that only one of them ran, and that changed none of its results: they are no difference.
    """

    def __init__(
        self,
        first: ReplayPlan,
        second: ReplayPlan,
        *,
        draws: bool = True,
        harmless: Collection[LoneCell] = (),
        files: Collection[Factor] = (),
    ) -> None:
        self._first = first
        self._second = second
        self._cells = [_with_modules(plan) for plan in (first, second)]
        self._elsewhere = values_given(second.cells), values_given(first.cells)  # as the first and the second see it
        self._pairs = [pair for pair in paired(*self._cells) if None not in pair or _lone_of(pair) not in set(harmless)]
        self._draws = draws
        seeds: list[Factor] = []
        others: list[Factor] = []
        for pair in self._pairs:
            for one in self._of_pair(pair):
                (seeds if one.kind == "seed" else others).append(one)
        seed = self._seed(seeds)
        found = dict.fromkeys([*others, *self._modules(), *files, *self._settings()])
        self.factors: list[Factor] = [*found, *([seed] if seed is not None else [])]

    def lone_and_unused(self) -> list[LoneCell]:
        """Return the cells that only one of both ran, that bind no name which it uses, and whose files it does not."""
        unused = [set(unused_cells(cells, also_changing=True)) for cells in self._cells]
        return [
            _lone_of((first, second))
            for first, second in self._pairs
            if (second is None and _is_at(first, self._cells[0], unused[0]))
            or (first is None and _is_at(second, self._cells[1], unused[1]))
        ]

    def has_other_seeds(self) -> bool:
        """Return whether a cell of either gives a seed that can be another."""
        cells = [one for pair in self._pairs for one in pair if one is not None]
        return any(with_other_seeds(one.source, 1) != one.source for one in cells)

    def _seed(self, seeds: list[Factor]) -> Factor | None:
        """Return the seeds and the states of the generators as one difference: neither says anything by itself."""
        if seeds:
            names = list(dict.fromkeys(one.name.lstrip("%") for one in seeds))
            values = [
                list(dict.fromkeys(text)) for text in zip(*((one.before, one.after) for one in seeds), strict=True)
            ]
            return Factor("seed", ", ".join(names), ", ".join(values[0]), ", ".join(values[1]))
        return Factor("seed", RANDOM_STATE) if self._draws and self._states_differ() else None

    def _states_differ(self) -> bool:
        first, second = self._first.session, self._second.session
        return (
            (self._first.is_slice and _differ(first.states, second.states))
            or first.start.get("random") != second.start.get("random")
            or any(
                one.record.get("entropy") != other.record.get("entropy")
                for one, other in self._pairs
                if one is not None and other is not None
            )
        )

    def _modules(self) -> Iterator[Factor]:
        """Yield the modules that cells of both imported as another source."""
        first = [one for one, other in self._pairs if one is not None and other is not None]
        second = [other for one, other in self._pairs if one is not None and other is not None]
        digests = [_module_digests(cells) for cells in (first, second)]
        for name in [name for name in digests[0] if name in digests[1]]:
            before, after = (one[name] for one in digests)
            if before != after:
                yield Factor("module", name, before[:8], after[:8])

    def _settings(self) -> Iterator[Factor]:
        first, second = (_variables(plan) for plan in (self._first, self._second))
        for name in VARIABLES:
            if first.get(name) != second.get(name):
                yield Factor("setting", name, first.get(name, NOT_SET), second.get(name, NOT_SET))
        if self._first.folder != self._second.folder:
            yield Factor("setting", FOLDER, str(self._first.folder), str(self._second.folder))

    def plan(self, taken: Collection[Factor], *, seeds_by: int = 0) -> ReplayPlan:
        """Return the first run's plan with the differences *taken* from the second.

        Parameters
        ----------
        seeds_by
            Added to each number that is given as a seed. Unless it is 0, no recorded state is restored either.
        """
        chosen = set(taken)
        has_seed = any(one.kind == "seed" for one in taken)
        cells = [cell for pair in self._pairs if (cell := self._cell(pair, chosen, has_seed=has_seed)) is not None]
        source = self._second if has_seed else self._first
        states, random = dict(source.session.states), source.session.start.get("random", {})
        if seeds_by:
            states, random = {}, {}
            for cell in cells:
                cell.source = with_other_seeds(cell.source, seeds_by)
                cell.record.pop("entropy", None)
        variables = _variables(self._first) | {one.name: one.after for one in taken if one.kind == "setting"}
        start = {
            **self._first.session.start,
            "random": random,
            "variables": {name: text for name, text in variables.items() if text != NOT_SET and name != FOLDER},
        }
        folders = [Path(one.after) for one in taken if one.name == FOLDER]
        session = replace(self._first.session, cells=cells, start=start, states=states, inputs={})
        return replace(
            self._first, session=session, at=tuple(range(len(cells))), folder=(*folders, self._first.folder)[0]
        )

    def _cell(self, pair: Pair, chosen: Collection[Factor], *, has_seed: bool) -> LoggedCell | None:
        first, second = pair
        if first is None or second is None:
            return self._lone(pair, chosen, has_seed=has_seed)
        source = merged_source(
            first.source,
            second.source,
            lambda one: has_seed if one.kind == "seed" else _as_factor(one, first, second) in chosen,
        )
        record = dict(first.record)
        if has_seed:
            record["entropy"] = second.record.get("entropy")
        taken = {one.name for one in chosen if one.kind == "module"}
        record["modules"] = {
            **{name: fact for name, fact in modules_of(first).items() if name not in taken},
            **{name: fact for name, fact in modules_of(second).items() if name in taken},
        }
        status = first.status if source == first.source else second.status if source == second.source else "ok"
        times = [one.duration_s or 0.0 for one in pair if one is not None]
        return replace(first, source=source, record=record, status=status, duration_s=max(times))

    def _lone(self, pair: Pair, chosen: Collection[Factor], *, has_seed: bool) -> LoggedCell | None:
        first, second = pair
        lone = first or second
        assert lone is not None  # noqa: S101  # a pair has a cell
        source = source_with(
            lone.source,
            self._elsewhere[first is None],
            lambda one: has_seed if one.kind == "seed" else _as_factor(one, lone, lone) in chosen,
            is_first=second is None,
        )
        return None if source is None else replace(lone, source=source, record=dict(lone.record))

    def _of_pair(self, pair: Pair) -> list[Factor]:
        first, second = pair
        if first is not None and second is not None:
            return [_as_factor(one, first, second) for one in source_differences(first.source, second.source)]
        lone = first or second
        assert lone is not None  # noqa: S101  # a pair has a cell
        parts = parts_of(lone.source, self._elsewhere[first is None], is_first=second is None)
        return [_as_factor(one, lone, lone) for one in parts]


def _lone_of(pair: Pair) -> LoneCell:
    first, second = pair
    lone = first or second
    assert lone is not None  # noqa: S101  # a pair has a cell
    return LoneCell(second is None, lone.number, lone.source)


def _is_at(cell: LoggedCell | None, cells: list[LoggedCell], at: Collection[int]) -> bool:
    return any(cells[one] is cell for one in at)


def _differ(first: Mapping[str, str], second: Mapping[str, str]) -> bool:
    """Return whether the states of a library's generator differ that both have imported."""
    return any(first[library] != second[library] for library in first.keys() & second.keys())


def _as_factor(one: SourceDifference, first: LoggedCell, second: LoggedCell) -> Factor:
    cell = second if one.after else first
    number = cell.number if one.kind == "code" else None  # the same value may be given in several cells
    return Factor(one.kind, one.name, one.before, one.after, number)


def _with_modules(plan: ReplayPlan) -> list[LoggedCell]:
    """Return the cells of *plan*; each has the modules too that cells read before it which the plan leaves out."""
    found, waiting = [], dict[str, dict[str, str]]()
    for at, cell in enumerate(plan.session.cells):
        if at in set(plan.at):
            found.append(replace(cell, record={**cell.record, "modules": {**waiting, **modules_of(cell)}}))
            waiting = {}
        else:
            waiting |= modules_of(cell)
    return found


def _module_digests(cells: Iterable[LoggedCell]) -> dict[str, str]:
    """Return the digest of the source that each module was last imported as."""
    return {name: fact["sha256"] for cell in cells for name, fact in modules_of(cell).items()}


def _variables(plan: ReplayPlan) -> dict[str, str]:
    found: Any = plan.session.start.get("variables")
    return {name: str(text) for name, text in found.items()} if isinstance(found, dict) else {}
