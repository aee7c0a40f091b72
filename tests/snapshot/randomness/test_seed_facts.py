"""What the table of a seed says is true."""

import os
import random
import subprocess
import sys
import threading

import numpy as np
import pytest
import threadpoolctl
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.snapshot.randomness import seeding
from mlmagic.snapshot.randomness.seed_facts import SeedState, seed_report


@pytest.fixture(autouse=True)
def forget_the_seed():
    yield
    seeding.forget()


def states(report):
    return {row.what: row.state for row in report.rows}


def listed(**namespace):
    """Return the variables that the table lists as not fixed."""
    rows = seeding.report(namespace).rows
    return {row.what.split(",")[0] for row in rows if row.state == "not fixed"} & set(namespace)


def test_unseeded_generators_of_the_user_are_listed_by_name():
    unseeded = {
        "generator": np.random.default_rng(),
        "bits": np.random.PCG64(),
        "philox": np.random.Generator(np.random.Philox()),
        "child": np.random.default_rng().spawn(1)[0],
        "legacy": np.random.RandomState(),
        "python": random.Random(),
        "system": random.SystemRandom(),
    }
    assert listed(**unseeded) == set(unseeded)


def test_seeded_generators_and_other_variables_are_not_listed():
    seeding.seed(42)
    assert not listed(
        generator=np.random.default_rng(42),
        several=np.random.default_rng([1, 2, 3]),
        ours=seeding.rng(),
        child=np.random.default_rng(7).spawn(1)[0],
        bits=np.random.MT19937(7),
        legacy=np.random.RandomState(7),
        module=np.random,
        number=3,
        kind=random.Random,
        _hidden=np.random.default_rng(),
    )


@given(st.integers(0, 2**64) | st.lists(st.integers(0, 2**32), min_size=1, max_size=8))
def test_no_seed_that_a_user_gives_looks_unseeded(entropy):
    assert not listed(rng=np.random.default_rng(entropy))


def test_the_next_command_mends_what_it_stands_beside():
    seeding.seed(42)
    for name, value in {"g": np.random.default_rng(), "b": np.random.PCG64()}.items():
        row = next(row for row in seeding.report({name: value}).rows if row.what.startswith(f"{name},"))
        scope = {"np": np, "mlmagic": seeding}
        exec(row.command, scope)
        assert not listed(**{name: scope[name]})


def test_a_namespace_full_of_generators_stays_short():
    many = {f"rng_{number}": np.random.default_rng() for number in range(500)}
    rows = seeding.report(many).rows
    assert len(rows) < 40
    assert "480 more generators" in {row.what for row in rows}


def test_a_variable_that_raises_when_touched_is_left_alone():
    class Touchy:
        @property
        def __class__(self):
            raise RuntimeError("do not touch")

    assert "Python's random" in states(seeding.report({"touchy": Touchy()}))


def test_before_any_seed_nothing_is_fixed_by_one():
    report = seeding.report()
    assert report.value is None
    assert states(report)["Python's random"] == "not fixed"
    assert states(report)["NumPy's np.random"] == "not fixed"


def test_rows_stand_in_the_order_fixed_not_fixed_restart():
    order = [row.state for row in seeding.seed(42, namespace={"r": random.Random()}).rows]
    assert order == sorted(order, key=["fixed", "not fixed", "needs restart"].index)


def test_another_torch_seed_since_is_told():
    import torch

    seeding.seed(42)
    assert states(seeding.report())["torch"] == "fixed"
    torch.manual_seed(7)
    row = next(row for row in seeding.report().rows if row.what == "torch")
    assert (row.state, row.command) == ("not fixed", "%seed 42")
    assert row.why.endswith("another seed since, 7")


def test_a_library_that_could_not_be_seeded_is_not_called_fixed():
    report = seed_report(SeedState(42), seeded=set())
    assert states(report)["NumPy's np.random"] == "not fixed"


def test_cuda_in_use_before_a_deterministic_seed_needs_a_restart():
    import torch  # noqa: F401 - the row is torch's

    late = SeedState(42, deterministic=True, cublas_late=True)
    row = next(row for row in seed_report(late, {"torch"}).rows if row.what == "cuBLAS")
    assert (row.state, row.command) == ("needs restart", "%seed 42 --deterministic")


def test_one_thread_adds_in_one_order():
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        with threadpoolctl.threadpool_limits(1):
            assert states(seeding.report())["Sums over several threads"] == "fixed"
        torch.set_num_threads(3)
        with threadpoolctl.threadpool_limits(1, user_api="blas"):
            row = next(row for row in seeding.report().rows if row.what == "Sums over several threads")
        assert row.state == "not fixed"
        assert row.command == "OMP_NUM_THREADS=3 jupyter lab"
    finally:
        torch.set_num_threads(before)


HASHES = """
import os
from mlmagic.snapshot.randomness import seeding as randomness
randomness.seed(42)
{before}
(row,) = [row for row in randomness.report().rows if row.what.startswith("Hashes")]
print(row.state, row.why, sep=": ")
"""


@pytest.mark.parametrize(
    ("variable", "before", "expected"),
    [
        (None, "", "needs restart: drawn anew by each start of Python"),
        ("random", "", "needs restart: drawn anew by each start of Python"),
        ("0", "", "fixed: PYTHONHASHSEED=0"),
        ("42", "", "fixed: PYTHONHASHSEED=42"),
        (
            None,
            "os.environ['PYTHONHASHSEED'] = '42'",
            "needs restart: PYTHONHASHSEED=42 was set after Python had started",
        ),
    ],
)
def test_hashes_are_fixed_only_by_the_environment_that_python_started_with(variable, before, expected):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    if variable is not None:
        environment["PYTHONHASHSEED"] = variable
    done = subprocess.run(
        [sys.executable, "-c", HASHES.format(before=before)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout.strip() == expected


def test_a_namespace_that_changes_meanwhile_does_no_harm():
    namespace = {f"name_{number}": number for number in range(2000)}
    stop = threading.Event()

    def change():
        while not stop.is_set():
            namespace.pop("extra", None)
            namespace["extra"] = 1

    changer = threading.Thread(target=change)
    changer.start()
    try:
        reports = [seeding.report(namespace) for _ in range(20)]
    finally:
        stop.set()
        changer.join()
    assert all(report == reports[0] for report in reports)
