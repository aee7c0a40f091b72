"""Runs one trial in any process, isolated from everything else, and returns its outcome as plain data."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.adapters import autologging
from mlmagic.journal import folder as journals
from mlmagic.journal.staged_files import LeftOut, files_in, name_of, place_of
from mlmagic.recording import open_runs
from mlmagic.recording.notices import Notices
from mlmagic.recording.recorder import Recorder
from mlmagic.recording.run_context import RunContext
from mlmagic.recording.tracebacks import traceback_text
from mlmagic.session.output.capture import Capture
from mlmagic.sweeps.trials.best_value import best_value, extremes_in
from mlmagic.sweeps.trials.isolated_random import own_random
from mlmagic.sweeps.trials.isolation import figures_closed, output_captured, random_states_kept
from mlmagic.sweeps.trials.pruning import Reporter, TrialPrunedError
from mlmagic.sweeps.trials.trial_code import TrialCode
from mlmagic.sweeps.trials.trial_models import are_wanted, sent
from mlmagic.user_objects import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.journal.records import Record
    from mlmagic.session.output.figures import FailedFigure, Figure
    from mlmagic.store.query.histories.extremes import Extremes
    from mlmagic.sweeps.trials.task import Job, Task
    from mlmagic.sweeps.trials.trial_models import SentModel

Status = Literal["FINISHED", "FAILED", "KILLED"]
_FILE = "<sweep>"
_RESULT = "result"
_one_at_a_time = threading.Lock()
"""A Dask worker may have several threads, but a process has only one standard output and one random state."""


@dataclass
class Outcome:
    """The outcome of a trial: the contents of its run, its *models*, its status, and its metrics.

    ``metrics`` has the last value of each, ``extremes`` those of the metrics with steps.
    """

    number: int
    status: Status
    started: int
    duration_s: float
    metrics: dict[str, float] = field(default_factory=dict)
    extremes: dict[str, Extremes] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    figures: list[Figure | FailedFigure] = field(default_factory=list)
    models: list[SentModel] = field(default_factory=list)
    output: str = ""
    error: str | None = None
    pruned: str = ""
    traceback: str = ""
    notices: list[str] = field(default_factory=list)


class Memory:
    """A sink that collects records and files in memory, to be sent to the process that writes the run."""

    def __init__(self, reporter: Reporter | None = None) -> None:
        self.records: list[Record] = []
        self.files: dict[str, bytes] = {}
        self.left_out = LeftOut()
        self.reporter = reporter

    def append(self, record: Record) -> None:
        """Store a record."""
        self.records.append(record)

    def append_metric(self, key: str, value: float, timestamp: int, step: int, *, yields: bool) -> None:
        """Store a value of a metric, and report it for pruning."""
        from mlmagic.journal.records import Metric

        self.records.append(Metric(key, value, timestamp, step, yields))
        if self.reporter is not None and key == self.reporter.metric:
            self.reporter.report(value, step)

    def keep_file(self, path: str, content: bytes, *, after: str | None = None, before: str = "") -> None:  # noqa: ARG002  # a trial has no earlier cells
        """Store an artifact."""
        self.files[path] = content

    def keep_part(self, digest: str, packed: bytes) -> None:
        """Store a part of a text that runs share."""
        self.files[f"mlmagic/parts/{digest}.gz"] = packed

    def keep_copy(self, folder: str, source: Path) -> None:
        """Store a user's file, or all files of a folder."""
        place = place_of(folder, source)
        for path in files_in(source, self.left_out, place=place, without=[journals.place()]):
            name = name_of(path, source, place)
            try:
                self.files[name] = path.read_bytes()
            except OSError as error:
                self.left_out.add(name, error.strerror or "it cannot be read")


def run_trial(job: Job, task: Task) -> Outcome:
    """Run one trial; an exception in its code becomes part of the outcome.

    Raises
    ------
    KeyboardInterrupt
        If the trial is interrupted.
    """
    notices = Notices()
    sink = Memory(Reporter(task.pruning, notices) if task.pruning is not None else None)
    recorder = Recorder(sink, notices)
    capture = Capture(output_limit=job.output_limit, figures=job.figures)
    outcome = Outcome(task.number, "FINISHED", time.time_ns() // 1_000_000, 0.0)
    context = RunContext(recorder=recorder, notices=notices, capture=capture)
    code = TrialCode(job, task, recorder, sink.reporter)
    with (
        _one_at_a_time,
        random_states_kept(),
        autologging.switched_off(),
        own_random(),
        output_captured(capture),
        figures_closed(capture),
        contextlib.ExitStack() as settings,
    ):
        open_runs.enter(context)
        began = time.perf_counter()
        try:
            code.run(settings)
        except KeyboardInterrupt:
            raise
        except TrialPrunedError as pruned:
            outcome.status, outcome.pruned = "KILLED", str(pruned)
        except BaseException as error:  # noqa: BLE001  # the user's code may raise anything, also SystemExit
            outcome.status, outcome.error = "FAILED", one_line(error)
            outcome.traceback = traceback_text(error)
        finally:
            outcome.duration_s = time.perf_counter() - began
            open_runs.leave(context)
        recorder.finish()
        if capture.figures:
            capture.figures.collect_open()
            outcome.figures = capture.figures.finish()
        outcome.metrics = {name: line.value for name, line in recorder.metrics.items()}
        outcome.extremes = extremes_in(sink.records)
        is_good = outcome.status == "FINISHED" and bool(code.models)
        if is_good and are_wanted(job.models, job.metric, task.bar, _judged(outcome, task)):
            outcome.models = sent(code.models, code.examples, job.model_limit_mb)
    outcome.records, outcome.files, outcome.params = sink.records, sink.files, code.params
    outcome.output = capture.transcript.text()
    outcome.notices += [*code.notices, *(notice.text for notice in notices.all()), *sink.left_out.lines()]
    return outcome


def _judged(outcome: Outcome, task: Task) -> dict[str, float]:
    """Return the metrics of a trial; that by which it is judged with its best value."""
    if task.bar is None:
        return outcome.metrics
    best, _ = best_value(task.bar.metric, outcome.metrics, outcome.extremes, task.bar.goal)
    return outcome.metrics if best is None else {**outcome.metrics, task.bar.metric: best}
