"""The replays of one explanation: each in a scratch folder of its own, with the files that one of both runs read."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mlmagic.replay.causes import short_path
from mlmagic.replay.explaining.explanation import Factor
from mlmagic.replay.plan import current_fact
from mlmagic.replay.running.replaying import replay
from mlmagic.replay.running.scratch import scratch
from mlmagic.replay.tree.recorded_tree import RecordedTree
from mlmagic.store import connection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.replay.running.replaying import Replayed

_HASH_SEED = "0"
_SHOWN = 8


class Replays:
    """Runs plans between those of two runs; use it as a context manager, which deletes its copies of files.

    Parameters
    ----------
    plans
        The replays of the two runs.
    progress
        Called with what is being done, how many cells have run, and how many there are.
    """

    def __init__(
        self,
        plans: Sequence[ReplayPlan],
        *,
        timeout_s: float | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self._plans = plans
        self._timeout_s = timeout_s
        self._progress = progress
        self._copies = contextlib.ExitStack()
        self._trees: list[RecordedTree] = []
        self.count = 0
        self.about = 0

    def __enter__(self) -> Self:
        """Copy the commit and patch of a run whose files have changed since."""
        try:
            for plan in self._plans:
                tree = RecordedTree(plan, lambda what: self._show(what, 0, 1))
                self._trees.append(self._copies.enter_context(tree))
        except BaseException:
            self._copies.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete the copies."""
        self._copies.close()

    def files_between(self) -> tuple[list[Factor], list[str]]:
        """Return the files that the runs read with different contents: as a difference, and those that are gone.

        The files are one difference, since they come from the commits of the two runs.
        """
        placed = [tree.placed(plan) for tree, plan in zip(self._trees, self._plans, strict=True)]
        there: dict[str, tuple[str, str]] = {}
        gone = []
        for path, (before, after) in read_differently(self._plans).items():
            name = short_path(path, self._plans[0].folder)
            lacking = [plan for plan, fact in zip(placed, (before, after), strict=True) if _fact_of(plan, path) != fact]
            if lacking:
                why = lacking[0].not_in_git.get(path, "")
                gone.append(f"the file {name}: each run read another content{f'; {why}' if why else ''}")
            else:
                there[name] = (_shown(before), _shown(after))
        for path in {path for plan in placed if plan.tree is not None for path in plan.tree.restored}:
            facts = [_fact_of(plan, path) for plan in placed]
            if path not in read_differently(self._plans) and facts[0] != facts[1]:  # only one of the runs read it
                there[short_path(path, self._plans[0].folder)] = (_shown(facts[0]), _shown(facts[1]))
        if not there:
            return [], gone
        return [Factor("data", ", ".join(there), *next(iter(there.values())))], gone

    def run(self, plan: ReplayPlan, *, files_of_second: bool = False, hash_seed: str = _HASH_SEED) -> Replayed:
        """Run *plan*, with the files that the first or the second run read; ``run`` of the result is its run."""
        self.count += 1
        what = f"replay {self.count} of about {max(self.about, self.count)}"

        def told(index: int, _: object) -> None:
            self._show(what, index, len(plan.at))

        tree = self._trees[files_of_second]
        with scratch() as place:
            done = replay(tree.placed(plan), place, timeout_s=self._timeout_s, hash_seed=hash_seed, progress=told)
            tree.ended(done)
            record = None if done.stopped else done.record_of(len(plan.at) - 1)
            runs = record["runs"] if record is not None else []
            if plan.session.position < len(runs):
                done.run = connection.connect(place.store).get_run(runs[plan.session.position])
        self._show(what, len(plan.at), len(plan.at))
        return done

    def _show(self, what: str, index: int, count: int) -> None:
        if self._progress is not None:
            self._progress(what, index, count)


def _shown(fact: object) -> str:
    return str(fact[0])[:_SHOWN] if isinstance(fact, list) and fact else ""


def read_differently(plans: Sequence[ReplayPlan]) -> dict[str, tuple[list[object], list[object]]]:
    """Return by path the files that both runs read with another content, with the SHA-256 and size that each read."""
    first, second = map(_read, plans)
    return {path: (fact, second[path]) for path, fact in first.items() if path in second and second[path] != fact}


def _read(plan: ReplayPlan) -> dict[str, list[object]]:
    files: dict[str, list[object]] = {}
    for cell in plan.cells:
        facts = cell.record.get("read")
        known = facts.items() if isinstance(facts, dict) else ()
        files |= {path: fact for path, fact in known if isinstance(fact, list)}
    return files


def _fact_of(plan: ReplayPlan, path: str) -> object:
    """Return the SHA-256 and size of the file that a replay of *plan* has at *path*."""
    if plan.tree is not None and path in plan.tree.facts:
        return plan.tree.facts[path]
    return current_fact(Path(path))
