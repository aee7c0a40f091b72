"""Engines run trials in this process, in worker processes on this machine, or on a Dask cluster."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from concurrent.futures import BrokenExecutor, Future
from numbers import Integral
from typing import TYPE_CHECKING, Any, Protocol

from mlmagic.adapters.optional import require
from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from mlmagic.sweeps.trials.task import Job, Task
    from mlmagic.sweeps.trials.trial import Outcome

ENGINES = ("local", "dask")
_PATIENCE_S = 10
_LOOK_UP_EVERY_S = 1.0
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


class Engine(Protocol):
    """Runs up to ``jobs`` trials at the same time.

    ``is_remote`` says whether trials run in other processes, ``breaks_as_a_whole`` whether all running trials are lost
    if one worker dies.
    """

    jobs: int
    is_remote: bool
    breaks_as_a_whole: bool

    def submit(self, job: Job, task: Task) -> Future[Outcome]:
        """Start a trial; its future raises if the trial's process dies."""

    def renew(self) -> None:
        """Recover after a worker died."""

    def stop(self) -> None:
        """End all running trials at once, and leave no process behind."""

    def close(self) -> None:
        """Release the engine's resources."""


class InProcess:
    """Runs one trial after the other in this process."""

    jobs = 1
    is_remote = False
    breaks_as_a_whole = False

    def submit(self, job: Job, task: Task) -> Future[Outcome]:
        """Run a trial to completion."""
        from mlmagic.sweeps.trials.trial import run_trial

        future: Future[Outcome] = Future()
        future.set_result(run_trial(job, task))
        return future

    def renew(self) -> None:
        """Do nothing: there is no worker."""

    def stop(self) -> None:
        """Do nothing: nothing runs."""

    def close(self) -> None:
        """Do nothing: there are no resources."""


class Local:
    """Runs trials in worker processes on this machine (loky)."""

    is_remote = True
    breaks_as_a_whole = True

    def __init__(self, jobs: int, threads: int) -> None:
        require("loky", "--jobs")
        self.jobs = jobs
        self._threads = threads
        self._executor: Any = None

    def submit(self, job: Job, task: Task) -> Future[Outcome]:
        """Start a trial in a worker."""
        from mlmagic.sweeps.trials.trial import run_trial

        future: Future[Outcome]
        try:
            future = self._running().submit(run_trial, job, task)
        except BrokenExecutor as error:  # a worker has just died, and the loop has not seen it yet
            future = Future()
            future.set_exception(error)
        return future

    def _running(self) -> Any:
        if self._executor is None:
            from loky import ProcessPoolExecutor

            # The libraries read these variables when they are loaded.
            limits = {**dict.fromkeys(_THREADS, str(self._threads)), "MPLBACKEND": "agg"}
            self._executor = ProcessPoolExecutor(self.jobs, env=limits, initializer=_begin_worker)
        return self._executor

    def renew(self) -> None:
        """Shut the broken pool down; the next trial starts a new one."""
        self.stop()

    def stop(self) -> None:
        """Kill the workers."""
        executor, self._executor = self._executor, None
        if executor is not None:
            with contextlib.suppress(Exception):  # a broken pool may raise
                executor.shutdown(wait=True, kill_workers=True)

    def close(self) -> None:
        """Shut the workers down."""
        self.stop()


def _begin_worker() -> None:
    """Ignore interrupts, which Jupyter sends to the whole process group, and end this process if its parent dies."""
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), name="mlmagic-parent", daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process after its parent has died: a killed kernel cannot notify its workers."""
    while os.getppid() == parent:
        time.sleep(_LOOK_UP_EVERY_S)
    os._exit(1)


class Dask:
    """Runs trials on a Dask cluster: an existing one at an address, or a local one started for the sweep."""

    is_remote = True
    breaks_as_a_whole = False

    def __init__(self, jobs: int | None, address: str | None, threads: int) -> None:
        distributed = require("distributed", "--on dask")
        self._client: Any = None
        self._cluster: Any = None
        self._jobs: dict[int, Any] = {}
        if address is None:
            limits = {**dict.fromkeys(_THREADS, str(threads)), "MPLBACKEND": "agg"}
            import dask

            # By default, a trial that kills its worker would be tried on three more.
            with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
                self._cluster = distributed.LocalCluster(
                    n_workers=jobs or os.cpu_count() or 1,
                    threads_per_worker=1,
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                    env=limits,
                )
        try:
            self._client = distributed.Client(self._cluster or address, timeout=_PATIENCE_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            self.close()
            raise UsageProblem(
                f"No Dask scheduler answers at {address!r}: {str(error).strip() or type(error).__name__}. --address "
                "tcp://HOST:8786; without it a cluster is started on this machine"
            ) from error
        workers = len(self._client.scheduler_info(n_workers=-1)["workers"])
        self.jobs = jobs or max(workers, 1)
        # Dask must not retry trials: the loop finds out which trial kills its worker.
        self._executor = self._client.get_executor(pure=False, retries=0)

    def submit(self, job: Job, task: Task) -> Future[Outcome]:
        """Start a trial on a worker; the job that all trials share is sent once."""
        from mlmagic.sweeps.trials.trial import run_trial

        if id(job) not in self._jobs:
            self._jobs[id(job)] = self._client.scatter(job, broadcast=True, hash=False)
        future: Future[Outcome] = self._executor.submit(run_trial, self._jobs[id(job)], task)
        return future

    def renew(self) -> None:
        """Forget the jobs that were sent. The cluster continues with its other workers, or starts a new worker."""
        self._jobs.clear()  # the scattered data may have been lost with the worker

    def stop(self) -> None:
        """Cancel pending and running trials; end the workers if the cluster was started for the sweep."""
        with contextlib.suppress(Exception):  # the cluster itself may be broken
            self._executor.shutdown(wait=False, cancel_futures=True)
        self.close()

    def close(self) -> None:
        """Disconnect from the cluster, and shut it down if it was started for the sweep."""
        client, self._client = self._client, None
        cluster, self._cluster = self._cluster, None
        for one in (client, cluster):
            if one is not None:
                with contextlib.suppress(Exception):  # as above
                    one.close(timeout=_PATIENCE_S)


def require_whole(option: str, number: object) -> None:
    """Require a whole number, of Python or NumPy."""
    if not isinstance(number, Integral) or isinstance(number, bool):
        raise UsageProblem(f"{option} {described(number)}: it is a whole number.")


def engine_for(jobs: int | None, on: str, address: str | None, threads: int) -> Engine:
    """Return the engine that the options select; 0 *jobs* means one per core.

    Raises
    ------
    UsageProblem
        If there is no such engine, or no cluster at the address.
    MissingPackageError
        If the package that the engine needs is not installed.
    """
    if on not in ENGINES:
        raise UsageProblem(f"--on {on}: there are {', '.join(ENGINES)}.{did_you_mean(str(on), ENGINES)}")
    if address is not None and on != "dask":
        raise UsageProblem(f"--address {address} is that of a Dask scheduler: --on dask --address {address}")
    if jobs is not None:
        require_whole("--jobs", jobs)
    if jobs is not None and jobs < 0:
        raise UsageProblem(f"--jobs {jobs}: it is 0 (one a core) or more.")
    jobs = (os.cpu_count() or 1) if jobs == 0 else jobs
    if on == "dask":
        return Dask(jobs, address, threads)
    return Local(jobs, threads) if jobs is not None and jobs > 1 else InProcess()
