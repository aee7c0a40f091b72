"""Run the cells of a plan in a fresh kernel, and return what they recorded there."""

from __future__ import annotations

import json
import pickle
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mlmagic.replay.plan import replayable, timeout_of
from mlmagic.replay.running.kernel import CellTimeoutError, KernelDiedError, ReplayKernel, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow.entities import Run

    from mlmagic.replay.plan import ReplayPlan
    from mlmagic.replay.results import RunResults
    from mlmagic.replay.running.scratch import Scratch
    from mlmagic.session.log import LoggedCell

_QUICK_S = 60.0
_CALL = "__import__('mlmagic.replay.running.in_kernel', fromlist=['x']).{}({})"


@dataclass(frozen=True)
class Failure:
    """A cell that did not end as it did originally. ``cell`` is as recorded."""

    cell: LoggedCell
    reply: Reply


@dataclass
class Replayed:
    """A replay that has ended: ``stopped`` says why it ended before the last cell, if it did.

    ``objects`` are those that were asked for, ``not_brought`` says why some could not be. ``kernel`` is the
    one that was left running, ``path`` is its ``sys.path`` at the end. ``past_copy`` are files that cells read by full
    paths, so not in the copy of the tree.
    """

    plan: ReplayPlan
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    stopped: str = ""
    records: list[dict[str, Any]] = field(default_factory=list)
    redirected: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    hash_seed: str = ""
    objects: dict[str, Any] = field(default_factory=dict)
    not_brought: dict[str, str] = field(default_factory=dict)
    kernel: ReplayKernel | None = None
    past_copy: set[str] = field(default_factory=set)
    run: Run | None = None
    results: RunResults | None = None

    def record_of(self, index: int) -> dict[str, Any] | None:
        """Return the replay's record of the cell at *index* of the plan, None if it did not run."""
        # Cells from before the extension was loaded are in the record of both.
        return self.records[index] if index < len(self.records) else None

    def may_have_written(self) -> bool:
        """Return whether its cells wrote files or started programs, or whether that is unknown."""
        facts = [one["record"] for one in self.records]
        return bool(self.stopped) or not facts or any(fact.get("written") or fact.get("started") for fact in facts)

    def differing_inputs(self) -> list[str]:
        """Return what the run's cell reads that has another digest than recorded; ``*`` if it did not run."""
        now = self.record_of(len(self.plan.at) - 1)
        if now is None:
            return ["*"]
        inputs: Mapping[str, Any] = now["inputs"]
        return [name for name, digest in self.plan.session.inputs.items() if digest and inputs.get(name) != digest]


def replay(
    plan: ReplayPlan,
    scratch: Scratch,
    *,
    timeout_s: float | None = None,
    hash_seed: str | None = None,
    python: str | None = None,
    names: Sequence[str] = (),
    keep: bool = False,
    progress: Callable[[int, LoggedCell], None] | None = None,
) -> Replayed:
    """Run the cells of *plan*; never raises for what they do.

    Parameters
    ----------
    hash_seed
        The value of ``PYTHONHASHSEED`` where the original's hash seed is unknown.
    names
        The objects to bring back, in ``Replayed.objects``.
    keep
        Leave the kernel running.
    progress
        Called before each cell with its index in the plan.
    """
    began = time.monotonic()
    environment = scratch.environment(plan.session.start)
    done = Replayed(plan, hash_seed=environment.get("PYTHONHASHSEED", ""))
    if "PYTHONHASHSEED" not in environment and hash_seed is not None:
        environment["PYTHONHASHSEED"] = done.hash_seed = hash_seed
    described = scratch.folder / "plan.json"
    start = plan.session.start.get("random")
    told: dict[str, Any] = {
        "random": start if isinstance(start, dict) else {},
        "modules": plan.restored_modules(),
    }
    if plan.tree is not None:
        environment = plan.tree.variables(environment)
        told["tree"] = [str(plan.tree.root), str(plan.tree.base)]
    described.write_text(json.dumps(told))
    kernel = ReplayKernel(plan.working_folder, scratch.folder, environment, **({"python": python} if python else {}))
    cell: LoggedCell | None = None
    try:
        with kernel:
            kernel.run(_CALL.format("begin", repr(str(described))), timeout_s=_QUICK_S, silent=True)
            for index, cell in enumerate(plan.cells):
                if progress is not None:
                    progress(index, cell)
                kernel.run(_before(plan, index, cell), timeout_s=_QUICK_S, silent=True)
                reply = kernel.run(replayable(cell.source), timeout_s=timeout_of(cell, timeout_s))
                if (reply.status == "ok") != (cell.status in {"ok", "unknown", "running"}):
                    done.failures.append(_failure(plan, cell, reply, done))
            report = scratch.folder / "report.json"
            kernel.run(_CALL.format("report", repr(str(report))), timeout_s=_QUICK_S, silent=True)
            found = json.loads(report.read_text("utf-8"))
            done.records, done.redirected, done.path = found["cells"], found["redirected"], found["path"]
            if plan.tree is not None:
                read = (path for one in done.records for path in one["record"].get("read", ()))
                done.past_copy |= plan.tree.read_past_it(read)
                done.records = plan.tree.as_recorded(done.records)
            if names:
                _bring(kernel, scratch, names, done)
            if keep:
                kernel.is_kept, done.kernel = True, kernel
    except (CellTimeoutError, KernelDiedError) as error:
        where = f"cell [{cell.number}]: " if cell is not None else ""
        done.stopped = f"{where}{error}"
    except (OSError, ValueError, KeyError) as error:
        done.stopped = f"the replay's kernel did not report: {error}"
    done.seconds = time.monotonic() - began
    return done


def _failure(plan: ReplayPlan, cell: LoggedCell, reply: Reply, done: Replayed) -> Failure:
    """Return that *cell* ended with *reply*, in which the paths are those of the original tree."""
    if plan.tree is not None:
        done.past_copy |= plan.tree.read_past_it(path for path in plan.tree.facts if repr(path) in reply.message)
        reply = replace(reply, message=plan.tree.as_recorded(reply.message))
    return Failure(cell, reply)


def _bring(kernel: ReplayKernel, scratch: Scratch, names: Sequence[str], done: Replayed) -> None:
    """Bring objects of the replay's kernel, which the user asked for and agreed to run, into this process."""
    path = scratch.folder / "objects.pkl"
    kernel.run(_CALL.format("export", f"{list(names)!r}, {str(path)!r}"), timeout_s=_QUICK_S * 10, silent=True)
    found, problems = pickle.loads(path.read_bytes())  # noqa: S301  # the user's own code has written it just now
    for name, content in found.items():
        try:
            done.objects[name] = pickle.loads(content)  # noqa: S301  # as above
        except Exception as error:  # noqa: BLE001  # the classes' own code may raise anything
            problems[name] = f"it cannot be read here: {type(error).__name__}: {error}"
    done.not_brought = problems


def _before(plan: ReplayPlan, index: int, cell: LoggedCell) -> str:
    entropy = cell.record.get("entropy")
    given = [one for one in entropy if isinstance(one, str)] if isinstance(entropy, list) else []
    is_last = index == len(plan.at) - 1
    states = dict(plan.session.states) if is_last and plan.is_slice else {}
    number = None if plan.is_slice else cell.number
    reloaded = plan.reloaded_before(index)
    return _CALL.format("before", f"{number!r}, {given!r}, {states!r}, {reloaded!r}")
