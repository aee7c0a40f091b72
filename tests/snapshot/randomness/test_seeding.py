"""A seed gives the same numbers again, in every library, also in one that is imported later."""

import os
import pickle
import random
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.snapshot.randomness import seeding


@pytest.fixture(autouse=True)
def forget_the_seed():
    yield
    seeding.forget()


def python(code, **environment):
    """Run *code* in a new Python and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def draw():
    return random.random(), np.random.rand(3).tolist(), seeding.rng().normal(size=2).tolist()


@given(st.integers(0, seeding.MAX_SEED))
def test_the_same_seed_gives_the_same_numbers(value):
    assert seeding.seed(value).value == value
    first = draw()
    seeding.seed(value)
    assert draw() == first


@given(st.integers(0, seeding.MAX_SEED - 1))
def test_another_seed_gives_other_numbers(value):
    seeding.seed(value)
    first = draw()
    seeding.seed(value + 1)
    assert all(one != other for one, other in zip(draw(), first, strict=True))


def test_a_numpy_integer_is_a_seed():
    assert seeding.seed(np.int64(7)).value == 7
    assert type(seeding.current().value) is int


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (-1, "-1"),
        (2**32, "4294967296"),
        (10**5000, "an integer of 16610 bits"),
        (True, "True"),
        (None, "None"),
        ("x" * 10_000, "'xxx"),
        (float("nan"), "nan"),
        (np.array([1, 2]), r"array\(\[1, 2\]\)"),
    ],
    ids=["negative", "high", "huge", "bool", "none", "text", "nan", "array"],
)
def test_what_is_no_seed_is_named_with_what_is_valid(value, got):
    with pytest.raises(UsageProblem, match=f"^a seed is a whole number from 0 to 4294967295, got {got}") as raised:
        seeding.seed(value)
    assert len(str(raised.value)) < 150
    assert seeding.current() is None


@pytest.mark.parametrize("value", ["42", 42.0, " 42 "])
def test_the_number_that_was_meant_is_named(value):
    with pytest.raises(UsageProblem, match=r"Did you mean 42\?$"):
        seeding.seed(value)


def test_a_refused_seed_leaves_the_one_before():
    seeding.seed(3)
    with pytest.raises(UsageProblem, match="got -3"):
        seeding.seed(-3)
    assert seeding.current().value == 3


def test_rng_is_one_generator_that_goes_on():
    seeding.seed(42)
    drawn = [seeding.rng().integers(1000) for _ in range(3)]
    assert drawn == np.random.default_rng(42).integers(1000, size=3).tolist()
    before = seeding.rng()
    seeding.seed(42)
    assert seeding.rng() is not before
    assert seeding.rng().integers(1000) == drawn[0]


@pytest.mark.parametrize("function", [seeding.rng, seeding.torch_generator])
def test_without_a_seed_the_next_command_is_named(function):
    with pytest.raises(UsageProblem, match=rf"^{function.__name__}\(\) needs a seed.*run %seed 42"):
        function()


def test_forgetting_leaves_nothing_behind():
    before = list(sys.meta_path)
    seeding.seed(42, deterministic=True)
    seeding.rng()
    seeding.forget()
    assert seeding.current() is None
    assert sys.meta_path == before
    with pytest.raises(UsageProblem, match="needs a seed"):
        seeding.rng()


def test_the_state_is_shown_without_changing_it():
    seeding.seed(5)
    expected = random.Random(5).random()
    seeding.report({"rng": np.random.default_rng()})
    assert random.random() == expected


class Noise:
    """A data set whose items are random numbers of every kind; torch's Dataset is a class like it."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return [random.random(), np.random.rand(), float(seeding.rng().random())]


def epoch(workers):
    from torch.utils.data import DataLoader

    loader = DataLoader(
        Noise(),
        num_workers=workers,
        worker_init_fn=seeding.worker_init,
        generator=seeding.torch_generator(),
        shuffle=True,
    )
    return [[float(value) for value in row] for row in loader]


def test_a_dataloader_with_two_workers_draws_the_same_again_and_each_worker_its_own():
    seeding.seed(42)
    first = epoch(2)
    assert len({value for row in first for value in row}) == 24
    seeding.seed(42)
    assert epoch(2) == first
    seeding.seed(43)
    assert epoch(2) != first


def test_another_number_of_workers_draws_other_numbers_as_the_table_says():
    seeding.seed(42)
    assert epoch(1) != epoch(2)


def test_worker_init_travels_to_a_worker_process():
    assert pickle.loads(pickle.dumps(seeding.worker_init)) is seeding.worker_init


def test_torch_and_its_generators_are_fixed():
    import torch

    seeding.seed(42)
    first = torch.rand(3), torch.rand(3, generator=seeding.torch_generator())
    seeding.seed(42)
    again = torch.rand(3), torch.rand(3, generator=seeding.torch_generator())
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])


def test_libraries_imported_after_the_seed_are_fixed_and_not_imported_by_it():
    lines = python("""
        import sys
        from mlmagic.snapshot.randomness import seeding as randomness
        randomness.seed(42)
        print("numpy" in sys.modules, "torch" in sys.modules)
        import numpy, torch
        print(numpy.random.rand(), torch.rand(1).item())
        numpy.random.seed(42)
        torch.manual_seed(42)
        print(numpy.random.rand(), torch.rand(1).item())
        print(len([finder for finder in sys.meta_path if type(finder).__module__.startswith("mlmagic")]))
    """)
    assert lines[0] == "False False"
    assert lines[1] == lines[2]
    assert lines[3] == "1"  # TensorFlow and Keras are still waited for


def test_a_later_seed_is_the_one_that_a_later_import_gets():
    lines = python("""
        from mlmagic.snapshot.randomness import seeding as randomness
        randomness.seed(1)
        randomness.seed(2)
        import numpy
        print(numpy.random.rand() == numpy.random.RandomState(2).rand())
    """)
    assert lines == ["True"]


def test_deterministic_waits_for_torch_and_the_next_seed_sets_it_back():
    lines = python("""
        import os
        from mlmagic.snapshot.randomness import seeding as randomness

        def switches():
            cudnn = torch.backends.cudnn
            print(torch.are_deterministic_algorithms_enabled(), cudnn.deterministic, cudnn.benchmark,
                  os.environ.get("CUBLAS_WORKSPACE_CONFIG"))

        os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)
        randomness.seed(42, deterministic=True)
        import torch
        switches()
        randomness.seed(43, deterministic=True)
        randomness.seed(44)
        switches()
        print(*[row.why for row in randomness.report().rows if row.what == "torch's algorithms"])
        randomness.forget()
        switches()
    """)
    assert lines[:2] == ["True True False :4096:8", "False False False :4096:8"]
    assert lines[2].startswith("set back, since this seed is without --deterministic")
    assert lines[3] == "False False False None"


@pytest.fixture
def torch():
    """Give torch as it was, and leave it so."""
    import torch

    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    yield torch
    seeding.forget()
    cudnn.deterministic, cudnn.benchmark = before
    torch.use_deterministic_algorithms(mode=False)


def test_deterministic_keeps_what_the_user_had_switched(torch, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    torch.backends.cudnn.benchmark = True
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    seeding.seed(42, deterministic=True)
    assert not torch.backends.cudnn.benchmark
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
    seeding.seed(42)
    assert torch.backends.cudnn.benchmark
    assert torch.is_deterministic_algorithms_warn_only_enabled()


def test_deterministic_lets_an_operation_without_such_an_algorithm_raise(torch):
    values, places = torch.ones(4), torch.tensor([0, 0])
    seeding.seed(42, deterministic=True)
    with pytest.raises(RuntimeError, match="does not have a deterministic implementation"):
        values.put_(places, torch.ones(2), accumulate=False)
    seeding.seed(42)
    assert values.put_(places, torch.ones(2), accumulate=False).sum() == 4
