"""Fingerprint the datasets that a tracked cell reads, before its body runs, and those that it passes to calls."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.kinds import Selection, datasets_in
from mlmagic.data.profile.mlflow_dataset import context_of, record
from mlmagic.data.split.registry import splits_of
from mlmagic.recording import open_runs
from mlmagic.remembered import Remembered
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.data.fingerprint.fingerprint import Fingerprint
    from mlmagic.data.split.registry import SplitPart
    from mlmagic.journal.records import Dataset
    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.session.observation.sites import Argument

_MOST = 20
_LEAST_BUDGET_S = 0.01
MADE_HERE = "made here"
CHANGED_HERE = "changed here"


@dataclass
class _Taken:
    """A captured dataset: ``variable`` is the name it was read by, if any, ``sites`` are the calls that received it.

    ``given`` means that one did, or that it was made by the cell.
    """

    name: str
    item: Remembered
    fingerprint: Fingerprint
    dataset: Dataset
    shown: str
    splits: tuple[SplitPart, ...]
    variable: str | None = None
    given: bool = False
    sites: set[int] = field(default_factory=set)


@dataclass
class _Place:
    """A call argument in the cell's source, of which the first value is recorded.

    ``made_of`` maps the names in its expression (``X[:50]``) to their objects: while these are the same, so is the
    data.
    """

    name: str
    first: Remembered
    made_of: Mapping[str, Remembered]
    has_more: bool = False

    def gives(self, value: Any, names: Mapping[str, Any]) -> bool:
        """Return whether *value* is the same data as the first; *names* is the user's namespace."""
        if self.first.is_(value):
            return True
        # Lists and dicts are remembered by address only, so `value()` is GONE: another object may have it by now.
        return bool(self.made_of) and all(held.value() is names.get(name) for name, held in self.made_of.items())


class DataCapture:
    """Fingerprints the datasets that a cell reads or passes to calls, and records them when the cell ends."""

    what = "the data"

    def __init__(self) -> None:
        self._taken: list[_Taken] = []
        self._places: dict[tuple[int, int | str], _Place] = {}
        self._left_s = settings.data_budget_s
        self._left_out = 0
        self._names: Mapping[str, Any] = {}

    def before(self, run: ActiveRun) -> None:
        """Fingerprint the data that the cell reads, within the time that the setting ``data_budget_s`` allows."""
        watch = run.origin.watch
        if watch is None or not run.options.data:
            return
        for name, value in watch.objects_read().items():
            if not name.startswith("_") and name not in run.options.exclude:
                for suffix, item in watch.skips.read(name, value, datasets_in, default=()):
                    if self._known(item) is None:
                        self._take(run, f"{name}{suffix}", item, variable=name)
        self._names = watch.namespace
        watch.calls.on_given = partial(self._given, run)
        run.on_data = partial(self._given_by_name, run)

    def _known(self, item: Any) -> _Taken | None:
        return next((taken for taken in reversed(self._taken) if taken.item.is_(item)), None)

    def _given(self, run: ActiveRun, argument: Argument, made: bool, value: Any) -> None:
        """Capture the data passed to a call, at call time; for an argument in a loop, only the first value."""
        place = self._places.get((id(argument.site), argument.place))
        if place is not None:
            place.has_more |= not place.gives(value, self._names)
            return
        text, names = argument.text, argument.names or ()
        if text.startswith("_") or not run.options.exclude.isdisjoint({text, *names}):
            return
        given = {text: value}
        if argument.place == "*":
            given = {f"{text}[{at}]": one for at, one in enumerate(value)} if type(value) in {list, tuple} else {}
        elif argument.place == "**":
            given = {f"{text}[{key!r}]": one for key, one in value.items()} if type(value) is dict else {}
        made_of = {name: Remembered(self._names[name]) for name in names if name in self._names}
        made_of = made_of if len(made_of) == len(names) and not argument.is_own else {}
        for name, one in given.items():
            for suffix, item in datasets_in(one):
                is_of_fold = any("fold" in part.identity for part in splits_of(item))
                if is_of_fold or (made and open_runs.on_this_thread() is not run):
                    continue  # a part of what is recorded, or made of one in a fold
                self._places.setdefault((id(argument.site), argument.place), _Place(text, Remembered(value), made_of))
                self._take(run, f"{name}{suffix}", item, made=made, given=True, sites=frozenset({id(argument.site)}))

    def _given_by_name(self, run: ActiveRun, name: str, item: Any, found: Fingerprint, use: str) -> None:
        """Capture data that a magic or function of mlmagic was given and has fingerprinted, and its use."""
        assert run.origin.watch is not None  # noqa: S101  # `before` has checked it
        if name.startswith("_") or name in run.options.exclude:
            return
        if len(self._taken) >= _MOST:
            self._left_out += 1
            return
        made = run.origin.watch.bound.is_bound(name)
        self._keep(run, name, item, found, made=made, given=True, use=use)

    def _take(
        self,
        run: ActiveRun,
        name: str,
        item: Any,
        *,
        variable: str | None = None,
        made: bool = False,
        given: bool = False,
        sites: frozenset[int] = frozenset(),
    ) -> None:
        assert run.origin.watch is not None  # noqa: S101  # the callers have checked it
        if len(self._taken) >= _MOST:
            self._left_out += 1
            return
        found = run.origin.watch.skips.read(name, item, partial(self._fingerprint, run, name), default=None)
        if found is not None:
            self._keep(run, name, item, found, variable=variable, made=made, given=given, sites=sites)

    def _keep(
        self,
        run: ActiveRun,
        name: str,
        item: Any,
        found: Fingerprint,
        *,
        variable: str | None = None,
        made: bool = False,
        given: bool = False,
        use: str = "",
        sites: frozenset[int] = frozenset(),
    ) -> None:
        assert run.origin.watch is not None  # noqa: S101  # the callers have checked it
        before = self._known(item)
        same = next((taken for taken in self._taken if given and taken.fingerprint.digest == found.digest), None)
        if before is not None and before.fingerprint.sampled != found.sampled:
            run.notices.info(f"{name}: not checked for changes by the cell, because hashing it exceeds data_budget_s")
            same = before
        if same is not None:
            same.given = True
            same.sites |= sites
            if use and same.dataset.context == "input":
                same.dataset = replace(same.dataset, context=use)
            return
        how = (CHANGED_HERE if before is not None else MADE_HERE) if given and (made or before is not None) else ""
        names = {taken.name for taken in self._taken}
        label = name if name not in names else f"{name} ({how or 'another'})"
        number = 2
        while label in names:
            label, number = f"{name} ({how or 'another'} {number})", number + 1
        kept = Remembered(item.source if isinstance(item, Selection) else item)
        if not use and (variable or name) in run.origin.watch.only_evaluated:
            use = "evaluation"
        dataset = record(label, item, found, made=how, use=use)
        taken = _Taken(label, kept, found, dataset, shown(name, found, how), tuple(splits_of(item)), variable, given)
        taken.sites |= sites
        self._taken.append(taken)

    def _fingerprint(self, run: ActiveRun, name: str, item: Any) -> Fingerprint:
        began = time.monotonic()
        taken = fingerprint(item, budget_s=max(self._left_s, _LEAST_BUDGET_S))
        self._left_s -= time.monotonic() - began
        if taken.sampled:
            run.notices.info(f"{name}: fingerprinted from a sample, because hashing all of it exceeds data_budget_s")
        for what in taken.unhashed:
            run.notices.info(f"{name}: not fingerprinted: {what}")
        return taken

    def after(self, run: ActiveRun) -> None:
        """Record the captured datasets."""
        unread = run.origin.watch.unread if run.origin.watch is not None else set()
        self._taken = [taken for taken in self._taken if taken.given or taken.variable not in unread]
        self._take_unseen(run)
        fitting = run.origin.watch.calls.fitted if run.origin.watch is not None else {}
        for taken in self._taken:
            has_taught = context_of(taken.name) == "input" and not taken.sites.isdisjoint(fitting)
            run.recorder.dataset(replace(taken.dataset, context="training") if has_taught else taken.dataset)
            run.datasets.append(taken.shown)
        if self._left_out:
            run.notices.info(
                f"the cell uses {len(self._taken) + self._left_out} datasets: the first {_MOST} are recorded"
            )
        for place in self._places.values():
            if place.has_more:
                run.notices.info(f"{place.name}: a loop gave other data there too; the first is recorded")
        self._record_splits(run)

    def _take_unseen(self, run: ActiveRun) -> None:
        """Capture data that a magic or function bound to names in the cell, in place of the names' earlier data."""
        watch = run.origin.watch
        if watch is None or not run.options.data:
            return
        for name in watch.bound.unseen():
            value = run.origin.namespace[name]
            items = watch.skips.read(name, value, datasets_in, default=())
            if name in run.options.exclude or not (
                name in watch.mentioned or any(splits_of(item) for _, item in items)
            ):
                continue
            self._taken = [taken for taken in self._taken if taken.given or not _is_of(taken.name, name)]
            for suffix, item in items:
                if self._known(item) is None:
                    self._take(run, f"{name}{suffix}", item, made=True, given=True)

    def _record_splits(self, run: ActiveRun) -> None:
        splits: dict[str, dict[str, Any]] = {}
        for taken in self._taken:
            for part in taken.splits:
                split = splits.setdefault(repr(sorted(part.identity.items())), {**part.identity, "parts": {}})
                split["parts"][part.name] = {"side": part.side, "rows": part.rows, "digest": taken.fingerprint.digest}
        if not splits:
            return
        found = list(splits.values())
        run.recorder.json("mlmagic/split.json", found if len(found) > 1 else found[0])
        for name in ("method", "columns", "test", "val", "seed", "salt"):
            value = found[0].get(name)
            key = f"split.{name}"
            is_missing = value in (None, "", []) or (name == "val" and not value)
            if not is_missing and key not in run.options.exclude | run.logged_params:
                run.recorder.param(key, value)


def shown(name: str, found: Fingerprint, how: str = "") -> str:
    """Return a dataset as the summary shows it: its name, its shape, and *how* the run came by it."""
    size = " by ".join(f"{length:,}" for length in found.shape)
    return f"{name} {size}{f' ({how})' if how else ''}"


def _is_of(dataset: str, name: str) -> bool:
    """Return whether *dataset* was named after the variable *name*."""
    return dataset == name or dataset.startswith((f"{name}[", f"{name}."))
