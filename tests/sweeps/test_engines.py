"""Which engine the options of a sweep select, and what is said of options that select none."""

import os
from concurrent.futures import BrokenExecutor

import pytest

from mlmagic.errors import UsageProblem
from mlmagic.sweeps.engines import InProcess, Local, engine_for


@pytest.mark.parametrize(
    ("jobs", "kind", "side_by_side"),
    [
        (None, InProcess, 1),
        (1, InProcess, 1),
        (2, Local, 2),
        (0, Local if (os.cpu_count() or 1) > 1 else InProcess, os.cpu_count() or 1),
    ],
)
def test_the_number_of_jobs_selects_the_engine(jobs, kind, side_by_side):
    engine = engine_for(jobs, "local", None, 1)
    assert (type(engine), engine.jobs, engine.is_remote) == (kind, side_by_side, kind is Local)
    engine.close()
    engine.close()  # twice does no harm


@pytest.mark.parametrize(
    ("jobs", "on", "address", "message"),
    [
        (2, "dusk", None, r"--on dusk: there are local, dask\. Did you mean 'dask'\?"),
        (2, "", None, r"--on : there are local, dask\."),
        (2, "local", "tcp://a:1", r"--address tcp://a:1 is that of a Dask scheduler: --on dask --address tcp://a:1"),
        (-1, "local", None, r"--jobs -1: it is 0 \(one a core\) or more"),
    ],
)
def test_options_that_select_none_are_told(jobs, on, address, message):
    with pytest.raises(UsageProblem, match=message):
        engine_for(jobs, on, address, 1)


def test_a_trial_begun_after_a_worker_died_fails_as_those_that_ran_with_it():
    engine = Local(2, 1)
    with pytest.raises(BrokenExecutor):
        engine._running().submit(os._exit, 1).result(timeout=60)
    lost = engine.submit(job=None, task=None)
    with pytest.raises(BrokenExecutor):
        lost.result(timeout=60)
    engine.renew()
    assert engine._running().submit(abs, -1).result(timeout=60) == 1
    engine.close()
