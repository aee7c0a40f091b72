"""Why a replay differs from its original: the record of both, compared in the order of the evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.comparison.diffs.data_diff import data_rows
from mlmagic.replay.evidence.environment_changes import environment_changes, most_telling
from mlmagic.replay.plan import current_fact, needed
from mlmagic.replay.predictions.differences import judge
from mlmagic.replay.reproduction import Cause
from mlmagic.replay.results import datasets_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow.entities import Run

    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.replay.results import RunResults
    from mlmagic.replay.running.replaying import Replayed
    from mlmagic.session.log import LoggedCell

_MOST_NAMED = 5


def first_different(replayed: Replayed, again: Replayed | None = None) -> tuple[int | None, list[str]]:
    """Return the number of the first cell that left something else behind than originally, and what that was.

    What differs between *replayed* and *again*, a second replay, does not count.
    """
    for index, cell in enumerate(replayed.plan.cells):
        now = replayed.record_of(index)
        if now is None:
            continue
        other = again.record_of(index) if again is not None else None
        before, after = cell.record.get("bound"), now["record"].get("bound")
        names = [
            name
            for name, digest in (before.items() if isinstance(before, dict) else ())
            if digest is not None and isinstance(after, dict) and after.get(name) not in (None, digest)
            and (other is None or other["record"].get("bound", {}).get(name) == after.get(name))
        ]  # fmt: skip
        if names:
            return cell.number, names
        if cell.status == "ok" and now["status"] == "error":
            return cell.number, []
    return None, []


def causes_of(original: Run, replayed: Replayed) -> list[Cause]:
    """Return what the records of both say may explain that *replayed* differs, the strongest evidence first."""
    plan = replayed.plan
    found = [*missing_files(replayed), *_changed_files(replayed)]
    found += [] if found else _new_files(replayed)  # weaker: a cell need not have read a file that it names
    found += _data(original, replayed.run)
    found += [
        Cause(f"the module {name!r}", "its file has been edited since, and the imported source is not in the record")
        for name in plan.changed_modules()
    ]
    if replayed.run is not None:
        changes, _ = most_telling(environment_changes(original, replayed.run))
        found += [Cause(one.what, f"{one.then} then, {one.now} now") for one in changes]
    return found


def missing_files(replayed: Replayed) -> list[Cause]:
    """Return the files that are not there any more: what else differs says nothing of a replay that could not run."""
    return [
        _cause(replayed, path, "is not there any more", cell)
        for _, cell, path, _ in _read(replayed)
        if _fact_now(replayed, path) is None
    ]


def _changed_files(replayed: Replayed) -> Iterator[Cause]:
    """Yield the files that had another content in the replay; without its record, that have one now."""
    for index, cell, path, fact in _read(replayed):
        now = replayed.record_of(index)
        there = _fact_now(replayed, path)
        current = now["record"].get("read", {}).get(path, fact) if now is not None else there
        if there is not None and current != fact:
            yield _cause(replayed, path, "has another content than the run read", cell)


def _fact_now(replayed: Replayed, path: str) -> list[Any] | None:
    """Return the SHA-256 and the size of the file that the replay had at *path*, None if there was none."""
    tree = replayed.plan.tree
    if tree is not None and path in tree.facts and path not in replayed.past_copy:
        return tree.facts[path]
    return current_fact(Path(path)) if Path(path).exists() else None


def _cause(replayed: Replayed, path: str, words: str, cell: LoggedCell) -> Cause:
    """Return that the file at *path* is not as it was read, and why a copy of the run's commit did not help."""
    plan = replayed.plan
    why = plan.not_in_git.get(path, "")
    if plan.tree is not None and path in replayed.past_copy:
        why = f"a full path leads to the file of today, past the copy of {plan.tree.commit}"
    return Cause(f"the file {short_path(path, plan.folder)}", f"{words}{f'; {why}' if why else ''}", cell.number)


def _new_files(replayed: Replayed) -> Iterator[Cause]:
    """Yield the files that a cell read in the replay and had not read before: caches that were written since."""
    for index in sorted(needed(replayed.plan)):
        cell, now = replayed.plan.cells[index], replayed.record_of(index)
        if now is None:
            continue
        read, written = (cell.record.get(name) or () for name in ("read", "written"))
        for path in now["record"].get("read") or ():
            if path not in read:
                words = f"the cell reads it now, which it {'wrote' if path in written else 'did not read'} then"
                yield Cause(f"the file {short_path(path, replayed.plan.folder)}", words, cell.number)


def _read(replayed: Replayed) -> Iterator[tuple[int, LoggedCell, str, object]]:
    """Yield the files that the cells which the run needs had read: index in the plan, cell, path, hash and size."""
    for index in sorted(needed(replayed.plan)):
        cell = replayed.plan.cells[index]
        files = cell.record.get("read")
        yield from ((index, cell, path, fact) for path, fact in (files.items() if isinstance(files, dict) else ()))


def varies(replayed: Replayed, again: Replayed) -> bool:
    """Return whether two replays differ in a metric, or in what a model of theirs predicts."""
    if again.run is None:
        return False
    return _metrics(replayed.run) != _metrics(again.run) or _predict_otherwise(replayed.results, again.results)


def _predict_otherwise(replayed: RunResults | None, again: RunResults | None) -> bool:
    if replayed is None or again is None:
        return False
    pairs = [(found, again.predictions.get(name)) for name, found in replayed.predictions.items()]
    return any(judge(*pair).state == "different" for pair in pairs)


UNSEEDED = Cause("something random", "two replays differ too, so a cell draws what no recorded seed fixes")
HASH_SEED = Cause(
    "the hash of texts (as in the order of sets)",
    "replays with another PYTHONHASHSEED differ, and that of the original was random: start Jupyter with "
    "PYTHONHASHSEED=0, or sort the sets and hash by hashlib",
)


def changed_since(plan: ReplayPlan) -> str:
    """Return that a replay ran in a copy of the run's commit, as which files have changed; empty if it did not."""
    tree = plan.tree
    if tree is None:
        return ""
    names = [short_path(path, plan.folder) for path in tree.restored]
    more = len(names) - _MOST_NAMED
    shown = ", ".join(names[:_MOST_NAMED]) + (f" and {more} more files" if more > 0 else "")
    are_gone = not any(Path(path).exists() for path in tree.restored)
    verb = ("is", "are")[len(names) > 1] if are_gone else ("has", "have")[len(names) > 1]
    lead = f"{shown} {verb} {'gone' if are_gone else 'changed since'}" if names else f"{plan.folder} is gone"
    return f"{lead}: run in a copy of {tree.commit}{' and its patch' if tree.has_patch else ''}"


def short_path(path: str, folder: Path) -> str:
    """Return *path* relative to *folder* if it lies below it."""
    try:
        return str(Path(path).relative_to(folder))
    except ValueError:
        return path


def _data(original: Run, replayed: Run | None) -> Iterator[Cause]:
    if replayed is None:
        return
    rows = data_rows([datasets_of(original), datasets_of(replayed)])
    for row in rows:
        change = row.changes[-1]
        if not row.differs:
            continue
        if change.verdict == "order":
            evidence = "only the order of its rows changed"
        elif change.columns:
            evidence = "; ".join(f"column {one.name!r}: {one.what} {one.detail}".strip() for one in change.columns[:3])
        else:
            evidence = "; ".join(change.told) or "its content changed"
        yield Cause(f"the data {row.name!r}", evidence)


def _metrics(run: Run | None) -> Mapping[str, float]:
    return run.data.metrics if run is not None else {}
