"""One trial, in whatever process: its code runs in a namespace of its own; what it did comes back as plain data."""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import os
import random
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from mlmagic.adapters import autologging
from mlmagic.runs import active, automatic, collecting
from mlmagic.runs.notices import Notices
from mlmagic.runs.recorder import Recorder
from mlmagic.runs.values import flat
from mlmagic.scalars import as_number
from mlmagic.session import sites
from mlmagic.session.capture import Capture
from mlmagic.session.watching import CellWatch
from mlmagic.snapshot import randomness
from mlmagic.sweeps.own_random import import_first, own_random
from mlmagic.sweeps.pruning import Reporter, TrialPrunedError
from mlmagic.user_objects import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mlmagic.journal.records import Record
    from mlmagic.runs.active import ActiveRun
    from mlmagic.session.figures import FailedFigure, Figure
    from mlmagic.sweeps.payload import Payload
    from mlmagic.sweeps.pruning import Pruning

Status = Literal["FINISHED", "FAILED", "KILLED"]
_FILE = "<sweep>"
_RESULT = "result"
_one_at_a_time = threading.Lock()
"""A worker of Dask's may have several threads, but a process has one standard output and one state of randomness."""


@dataclass(frozen=True)
class Job:
    """What the trials of a sweep share: their code and how it is run.

    ``source`` is a body, which is run in the payload's namespace; None: the payload is a function, called with the
    values of the point. ``threads`` is how many threads libraries may use, ``metric`` the one that was asked for.
    """

    payload: Payload
    source: str | None
    threads: int = 1
    figures: bool = True
    output_limit: int = 1_000_000
    metric: str | None = None


@dataclass(frozen=True)
class Task:
    """One trial: its *number*, the names that are set for it (*values*), its seed, and the config by its name.

    *pruning* is where it reports to, None where none is ended before its time.
    """

    number: int
    values: Mapping[str, Any]
    seed: int
    config: tuple[str, Mapping[str, Any]] | None = None
    pruning: Pruning | None = None


@dataclass
class Outcome:
    """What a trial did: *records* and *files* for its run, the last value of each metric, and how it ended."""

    number: int
    status: Status
    started: int
    duration_s: float
    metrics: dict[str, float] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    figures: list[Figure | FailedFigure] = field(default_factory=list)
    output: str = ""
    error: str | None = None
    pruned: str = ""
    traceback: str = ""
    notices: list[str] = field(default_factory=list)


class Memory:
    """A sink that keeps records and files, to be sent to the process that writes the run."""

    def __init__(self, reporter: Reporter | None = None) -> None:
        self.records: list[Record] = []
        self.files: dict[str, bytes] = {}
        self.reporter = reporter

    def append(self, record: Record) -> None:
        """Take one record."""
        self.records.append(record)

    def append_metric(self, key: str, value: float, timestamp: int, step: int, *, yields: bool) -> None:
        """Take one value of a metric."""
        from mlmagic.journal.records import Metric

        self.records.append(Metric(key, value, timestamp, step, yields))
        if self.reporter is not None and key == self.reporter.metric:
            self.reporter.report(value, step)

    def keep_file(self, path: str, content: bytes, *, after: str | None = None, before: str = "") -> None:  # noqa: ARG002  # a trial has no earlier cells
        """Take an artifact."""
        self.files[path] = content

    def keep_copy(self, folder: str, source: Path) -> None:
        """Take a file of the user's, or all of a folder."""
        files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
        for path in files:
            name = path.relative_to(source.parent).as_posix()
            self.files[f"{folder}/{name}" if folder else name] = path.read_bytes()


@dataclass
class _TrialRun:
    """What ``mlmagic.log`` and its like find as the active run of a trial."""

    recorder: Recorder
    notices: Notices
    capture: Capture
    figure_names: set[str] = field(default_factory=set)
    pid: int = field(default_factory=os.getpid)


def run_trial(job: Job, task: Task) -> Outcome:
    """Run one trial; an exception of its code is part of the outcome.

    Raises
    ------
    KeyboardInterrupt
        When it is interrupted.
    """
    notices = Notices()
    sink = Memory(Reporter(task.pruning, notices) if task.pruning is not None else None)
    recorder = Recorder(sink, notices)
    capture = Capture(output_limit=job.output_limit, figures=job.figures)
    outcome = Outcome(task.number, "FINISHED", time.time_ns() // 1_000_000, 0.0)
    run = cast("ActiveRun", _TrialRun(recorder, notices, capture))
    with (
        _one_at_a_time,
        _apart(),
        autologging.switched_off(),
        own_random(),
        _threads(job.threads),
        _written_to(capture),
        _figures_closed(capture),
    ):
        active.enter(run)
        began = time.perf_counter()
        try:
            _run(job, task, recorder, outcome, sink.reporter)
        except KeyboardInterrupt:
            raise
        except TrialPrunedError as pruned:
            outcome.status, outcome.pruned = "KILLED", str(pruned)
        except BaseException as error:  # noqa: BLE001  # whatever the user's code raises, SystemExit too
            outcome.status, outcome.error = "FAILED", one_line(error)
            outcome.traceback = collecting.traceback_text(error)
        finally:
            outcome.duration_s = time.perf_counter() - began
            active.leave(run)
        recorder.finish()
        if capture.figures:
            capture.figures.collect_open()
            outcome.figures = capture.figures.finish()
    outcome.metrics = {name: line.value for name, line in recorder.metrics.items()}
    outcome.records, outcome.files = sink.records, sink.files
    outcome.output = capture.transcript.text()
    outcome.notices += [notice.text for notice in notices.all()]
    return outcome


def _run(job: Job, task: Task, recorder: Recorder, outcome: Outcome, reporter: Reporter | None) -> None:
    namespace = job.payload.load()
    tree = ast.parse(job.source or "")
    import_first(tree)
    randomness.seed(task.seed)
    if job.source is None:
        _take_result(namespace["function"](**task.values), recorder, job.metric or _RESULT)
        return
    namespace.update(task.values)
    if task.config is not None:
        from omegaconf import OmegaConf

        name, plain = task.config
        namespace[name] = OmegaConf.create(dict(plain), flags={"struct": True})
    namespace["__name__"] = "__main__"
    watch = CellWatch(namespace)
    remove = sites.install()
    failed, value = True, None
    try:
        watched = watch.begin(tree)
        value = _executed(watched, namespace, job.source)
        failed = False
    finally:
        watch.end()
        remove()
        if reporter is not None:
            reporter.is_open = False  # what is found when the code has ended ends nothing
        found = automatic.find(watch, namespace, result=value, known_metrics=set())
        outcome.notices += watch.skips.lines()
        outcome.params = {name: one for name, one in found.params.items() if name not in task.values}
        known = set(recorder.metrics)
        for name, curve in found.metrics.items():
            if name in known or name in task.values:
                continue
            for step, number in zip(found.steps.get(name, range(len(curve))), curve, strict=True):
                recorder.metric(name, number, step)
        # What was asked for by name may be any number, also a count.
        if job.metric in namespace and job.metric not in {*recorder.metrics, *outcome.params}:
            asked = as_number(namespace[job.metric])
            if asked is not None and not failed:
                recorder.metric(job.metric, asked)


def _executed(tree: ast.Module, namespace: dict[str, Any], source: str) -> Any:
    """Execute a body; return the value of its last expression."""
    linecache.cache[_FILE] = (len(source), None, source.splitlines(keepends=True), _FILE)
    last = tree.body[-1]
    ends_in_value = isinstance(last, ast.Expr)
    first = ast.Module(tree.body[:-1] if ends_in_value else tree.body, [])
    exec(compile(first, _FILE, "exec"), namespace)  # noqa: S102  # it is the user's code
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), _FILE, "eval"), namespace)  # noqa: S307  # as above


def _take_result(result: Any, recorder: Recorder, name: str) -> None:
    """Take what a function returned as metrics: a mapping of numbers, or one number, which is called *name*."""
    if result is None:
        return
    if hasattr(result, "items"):
        for key, value in flat(dict(result)):
            recorder.metric(str(key), value)
        return
    if (number := as_number(result)) is not None:
        recorder.metric(name, number)


@contextlib.contextmanager
def _apart() -> Iterator[None]:
    """Give every source of randomness its state back afterwards: a trial in the notebook's process leaves no trace."""
    resume = randomness.suspend()
    python_state, restore = random.getstate(), [_numpy_state(), *_torch_states()]
    try:
        yield
    finally:
        randomness.forget()
        random.setstate(python_state)
        for one in restore:
            one()
        resume()


def _numpy_state() -> Callable[[], None]:
    numpy = sys.modules.get("numpy.random")
    if numpy is None:
        return lambda: None
    state = numpy.get_state()
    return lambda: numpy.set_state(state)


def _torch_states() -> list[Callable[[], None]]:
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    state = torch.get_rng_state()
    restore: list[Callable[[], None]] = [lambda: torch.set_rng_state(state)]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        on_devices = torch.cuda.get_rng_state_all()
        restore.append(lambda: torch.cuda.set_rng_state_all(on_devices))
    return restore


@contextlib.contextmanager
def _threads(number: int) -> Iterator[None]:
    """Let libraries use so many threads: with another number of them sums differ in their last digits."""
    import threadpoolctl

    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch is not None else 0
    with threadpoolctl.threadpool_limits(limits=number):
        if torch is not None:
            torch.set_num_threads(number)
        try:
            yield
        finally:
            if torch is not None:
                torch.set_num_threads(before)


class _Writer(io.TextIOBase):
    """A stream whose text goes to a transcript."""

    def __init__(self, capture: Capture, name: str) -> None:
        self._capture, self._name = capture, name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._capture.transcript.write(self._name, text)
        return len(text)


@contextlib.contextmanager
def _written_to(capture: Capture) -> Iterator[None]:
    """Have what is printed and displayed kept, not shown: of a hundred trials nobody reads it as it comes."""
    capture.start()  # before, so that it does not listen to the streams below
    try:
        with (
            contextlib.redirect_stdout(cast("Any", _Writer(capture, "stdout"))),
            contextlib.redirect_stderr(cast("Any", _Writer(capture, "stderr"))),
            _displays_kept(),
        ):
            yield
    finally:
        capture.stop()


@contextlib.contextmanager
def _displays_kept() -> Iterator[None]:
    shells = sys.modules.get("IPython.core.interactiveshell")
    if shells is None or not shells.InteractiveShell.initialized():
        yield
        return
    from IPython.utils.capture import capture_output

    with capture_output(stdout=False, stderr=False, display=True):
        yield


@contextlib.contextmanager
def _figures_closed(capture: Capture) -> Iterator[None]:
    """Close the figures that a trial left open: they are taken, and would be shown under the cell."""
    from mlmagic.adapters import matplotlib

    before = matplotlib.open_figures()
    try:
        yield
    finally:
        if capture.figures and (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
            for figure in matplotlib.open_figures():
                if not any(figure is one for one in before):
                    pyplot.close(figure)
