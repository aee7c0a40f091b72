"""Where trials run: in this process, in worker processes on this machine, or on a Dask cluster. Only this differs."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

from mlmagic.adapters.optional import require
from mlmagic.errors import UsageProblem, did_you_mean

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
    """Runs trials: ``jobs`` of them at the same time.

    ``is_remote`` tells that they run in other processes, ``breaks_as_a_whole`` that all are lost when a worker dies.
    """

    jobs: int
    is_remote: bool
    breaks_as_a_whole: bool

    def submit(self, job: Job, task: Task) -> Future[Outcome]:
        """Begin a trial; its future raises when the process in which it runs dies."""

    def renew(self) -> None:
        """Go on after a worker died."""

    def stop(self) -> None:
        """End at once what runs, and leave no process behind."""

    def close(self) -> None:
        """Give back what is not needed any more."""


class InProcess:
    """One trial after the other, in this process."""

    jobs = 1
    is_remote = False
    breaks_as_a_whole = False

    def submit(self, job: Job, task: Task) -> Future[Outcome]:
        """Run a trial to its end."""
        from mlmagic.sweeps.trials.trial import run_trial

        future: Future[Outcome] = Future()
        future.set_result(run_trial(job, task))
        return future

    def renew(self) -> None:
        """Do nothing: there is no worker."""

    def stop(self) -> None:
        """Do nothing: nothing runs."""

    def close(self) -> None:
        """Do nothing: nothing is held."""


class Local:
    """Worker processes on this machine (loky)."""

    is_remote = True
    breaks_as_a_whole = True

    def __init__(self, jobs: int, threads: int) -> None:
        require("loky", "--jobs")
        self.jobs = jobs
        self._threads = threads
        self._executor: Any = None

    def submit(self, job: Job, task: Task) -> Future[Outcome]:
        """Begin a trial in a worker."""
        from mlmagic.sweeps.trials.trial import run_trial

        future: Future[Outcome] = self._running().submit(run_trial, job, task)
        return future

    def _running(self) -> Any:
        if self._executor is None:
            from loky import ProcessPoolExecutor

            # Set before the libraries are loaded that read them.
            limits = {**dict.fromkeys(_THREADS, str(self._threads)), "MPLBACKEND": "agg"}
            self._executor = ProcessPoolExecutor(self.jobs, env=limits, initializer=_begin_worker)
        return self._executor

    def renew(self) -> None:
        """Give up the pool, which is broken as a whole; the next trial begins a new one."""
        self.stop()

    def stop(self) -> None:
        """Kill the workers."""
        executor, self._executor = self._executor, None
        if executor is not None:
            with contextlib.suppress(Exception):  # a broken pool complains of what is broken
                executor.shutdown(wait=True, kill_workers=True)

    def close(self) -> None:
        """Let the workers end."""
        self.stop()


def _begin_worker() -> None:
    """Leave interrupts to the process that began this one: Jupyter sends them to all of its group. End when it dies."""
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), name="mlmagic-parent", daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: a kernel that was killed tells its workers nothing."""
    while os.getppid() == parent:
        time.sleep(_LOOK_UP_EVERY_S)
    os._exit(1)


class Dask:
    """The workers of a Dask cluster: one at an address, or one on this machine that is started for the sweep."""

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

            # A trial that kills its worker is not to kill three more.
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
        # A trial is never run a second time behind our back: which one kills its worker is for the loop to find out.
        self._executor = self._client.get_executor(pure=False, retries=0)

    def submit(self, job: Job, task: Task) -> Future[Outcome]:
        """Begin a trial on a worker; what all trials share is sent once."""
        from mlmagic.sweeps.trials.trial import run_trial

        if id(job) not in self._jobs:
            self._jobs[id(job)] = self._client.scatter(job, broadcast=True, hash=False)
        future: Future[Outcome] = self._executor.submit(run_trial, self._jobs[id(job)], task)
        return future

    def renew(self) -> None:
        """Do nothing: the cluster goes on with the workers that it has, or starts another."""
        self._jobs.clear()  # what was sent may have gone with its worker

    def stop(self) -> None:
        """Cancel what waits and runs; the workers of a cluster of our own are ended."""
        with contextlib.suppress(Exception):  # the cluster may be what is broken
            self._executor.shutdown(wait=False, cancel_futures=True)
        self.close()

    def close(self) -> None:
        """Leave the cluster; one of our own ends."""
        client, self._client = self._client, None
        cluster, self._cluster = self._cluster, None
        for one in (client, cluster):
            if one is not None:
                with contextlib.suppress(Exception):  # as above
                    one.close(timeout=_PATIENCE_S)


def engine_for(jobs: int | None, on: str, address: str | None, threads: int) -> Engine:
    """Return the engine that the options name; 0 *jobs* are one a core.

    Raises
    ------
    UsageProblem
        When there is no such engine, or no cluster at the address.
    MissingPackageError
        When the package that it needs is not installed.
    """
    if on not in ENGINES:
        raise UsageProblem(f"--on {on}: there are {', '.join(ENGINES)}.{did_you_mean(on, ENGINES)}")
    if address is not None and on != "dask":
        raise UsageProblem(f"--address {address} is that of a Dask scheduler: --on dask --address {address}")
    if jobs is not None and jobs < 0:
        raise UsageProblem(f"--jobs {jobs}: it is 0 (one a core) or more.")
    jobs = (os.cpu_count() or 1) if jobs == 0 else jobs
    if on == "dask":
        return Dask(jobs, address, threads)
    return Local(jobs, threads) if jobs is not None and jobs > 1 else InProcess()
