import gc
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlmagic
from mlmagic.errors import UsageProblem
from mlmagic.recording import open_runs, progress_loops
from mlmagic.training.progress import progress


class Wordy:
    def __repr__(self):
        return "several\nlines"


@pytest.fixture(autouse=True)
def _no_loop_is_left():
    yield
    gc.collect()
    assert progress_loops._running.all() == []


@pytest.fixture
def tracked(store_uri):
    """Runs a function in a tracked block and returns the run."""

    def track(body, **options):
        with mlmagic.track(quiet=True, **options) as run:
            body()
        return run

    return track


def steps(run, metric="loss"):
    return [step for step, _ in run.history(metric)]


@given(st.lists(st.integers()))
def test_the_items_come_as_they_are(items):
    assert list(progress(items)) == items
    assert list(progress(iter(items))) == items
    assert list(progress(dict.fromkeys(items))) == list(dict.fromkeys(items))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: range(3), [0, 1, 2]),
        (lambda: range(1, 4), [1, 2, 3]),
        (lambda: range(10, 0, -5), [5, 10]),
        (lambda: [2, 4, 8], [0, 1, 2]),
        (lambda: iter("abc"), [0, 1, 2]),
        (lambda: (x for x in (1.5, 2.5)), [0, 1]),
        (list, []),
    ],
    ids=["range", "from 1", "down", "list", "iterator", "generator", "nothing"],
)
def test_what_is_logged_has_the_step_of_the_loop(tracked, make, expected):
    def body():
        for _ in progress(make()):
            mlmagic.log(loss=1.0)

    assert steps(tracked(body)) == expected


def test_a_step_that_is_given_counts_and_a_curve_counts_by_itself(tracked):
    def body():
        for epoch in progress(range(2)):
            mlmagic.log(loss=1.0, step=epoch + 100)
            mlmagic.log(curve=[1.0, 2.0])
            mlmagic.log({"scores": {"f1": 0.5}})

    run = tracked(body)
    assert (steps(run), steps(run, "curve"), steps(run, "scores.f1")) == ([100, 101], [0, 1, 2, 3], [0, 1])


def test_the_batches_of_each_epoch_count_on(tracked):
    def body():
        for _ in progress(range(1, 4)):
            for batch in progress(range(10)):
                if batch % 5 == 0:  # not each: the next epoch begins after all batches nevertheless
                    mlmagic.log(batch_loss=1.0)
            mlmagic.log(loss=1.0)

    run = tracked(body)
    assert steps(run, "batch_loss") == [0, 5, 10, 15, 20, 25]
    assert steps(run) == [1, 2, 3]


def test_folds_one_after_the_other_count_on(tracked):
    def body():
        for _ in range(2):
            for _ in progress(range(3)):
                mlmagic.log(loss=1.0)

    assert steps(tracked(body)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("more", [range(3), range(3, 6)], ids=["from 0", "from where it was"])
def test_a_continued_run_counts_on(tracked, more):
    def body(epochs):
        for _ in progress(epochs):
            mlmagic.log(loss=1.0)

    run = tracked(lambda: body(range(3)))
    tracked(lambda: body(more), resume=run.id)
    assert steps(run) == [0, 1, 2, 3, 4, 5]


def test_after_a_break_the_metrics_count_by_themselves_again(tracked):
    def body():
        held = progress(range(10))
        for epoch in held:
            mlmagic.log(loss=1.0)
            if epoch == 2:
                break
        assert progress_loops._running.all() == []
        mlmagic.log(loss=1.0, test=1.0)

    run = tracked(body)
    assert steps(run) == [0, 1, 2, 3]
    assert steps(run, "test") == [0]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, StopIteration, GeneratorExit])
def test_an_exception_passes_and_ends_the_loop(tracked, error):
    def loop():
        for _ in progress(range(3)):
            raise error("mine")

    def body():
        with pytest.raises(error, match="mine"):
            loop()
        assert progress_loops._running.all() == []

    tracked(body)


def test_an_exception_of_the_iterable_passes(tracked):
    def items():
        yield 1
        raise ValueError("no more data")

    def loop():
        for _ in progress(items()):
            mlmagic.log(loss=1.0)

    def body():
        with pytest.raises(ValueError, match="no more data"):
            loop()

    assert steps(tracked(body)) == [0]


def test_a_generator_of_the_user_goes_on_after_a_break():
    numbers = iter([1, 2, 3])
    generator = (n for n in numbers)
    for _ in progress(generator):
        break
    assert next(generator) == 2


def test_no_item_is_taken_before_its_turn():
    taken = []
    for item in progress(taken.append(n) or n for n in range(3)):
        assert taken == list(range(item + 1))


def test_an_iterator_that_is_held_loses_its_loop_when_the_run_ends(tracked):
    held = []

    def body():
        held.append(iter(progress(range(5))))
        next(held[0])
        recorder = open_runs.require_active("test").recorder
        assert progress_loops.innermost(recorder) is not None
        recorder.finish()
        assert progress_loops.innermost(recorder) is None
        mlmagic.log(loss=1.0)

    run = tracked(body)
    assert steps(run) == [0]
    assert list(held[0]) == [1, 2, 3, 4]


def test_a_run_that_ends_within_the_loop_changes_nothing(store_uri):
    block = mlmagic.track("short", quiet=True)
    run = block.__enter__()
    seen = []
    for epoch in progress(range(4)):
        seen.append(epoch)
        if epoch < 2:
            mlmagic.log(loss=1.0)
        if epoch == 1:
            block.__exit__(None, None, None)
    assert seen == [0, 1, 2, 3]
    assert steps(run) == [0, 1]


def test_a_run_within_the_loop_counts_by_itself(store_uri):
    runs = []
    for _ in progress(range(5, 7)):
        with mlmagic.track("fold", quiet=True) as run:
            mlmagic.log(loss=1.0)
        runs.append(run)
    assert [steps(run) for run in runs] == [[0], [0]]


def test_a_worker_thread_belongs_to_the_loop(tracked):
    def body():
        for _ in progress(range(3, 5)):
            worker = threading.Thread(target=mlmagic.log, kwargs={"loss": 1.0})
            worker.start()
            worker.join()

    assert steps(tracked(body)) == [3, 4]


def test_system_metrics_are_none_of_the_loops(tracked):
    def body():
        for number in progress(range(50, 52)):
            recorder = open_runs.require_active("test").recorder
            loop = progress_loops.innermost(recorder)
            recorder.metric("system/cpu", 0.5, number - 43)
            assert loop._latest == {}

    assert steps(tracked(body), "system/cpu") == [7, 8]


def test_the_bar_shows_description_and_latest_metrics_on_stderr(tracked, capsys):
    def body():
        for epoch in progress(range(4), description="epochs"):
            mlmagic.log(loss=1 / (epoch + 1), accuracy=0.75)

    tracked(body)
    out, err = capsys.readouterr()
    last = err.replace("\n", "\r").split("\r")
    assert any(
        line.startswith("epochs: 100%") and "4/4" in line and "loss=0.25, accuracy=0.75" in line for line in last
    )
    assert out == ""


def test_outside_a_run_it_is_a_bar(capsys):
    for _ in progress(iter("ab"), total=2, description="two\x1b[31m\nlines"):
        pass
    err = capsys.readouterr().err
    assert "2/2" in err
    assert "\x1b[31m" not in err


def test_the_bar_of_a_loop_within_is_used_again_and_goes_with_the_outer_one(capsys):
    from tqdm import tqdm

    before = len(getattr(tqdm, "_instances", ()))
    for _ in progress(range(3)):
        for _ in progress(range(2), description="batches"):
            assert len(tqdm._instances) == before + 2
        for _ in progress(iter("ab")):  # without a total: a bar of its own
            assert len(tqdm._instances) == before + 2
    assert len(tqdm._instances) == before


class Sized:
    """An iterable whose length is a problem."""

    def __init__(self, error):
        self.error = error

    def __len__(self):
        raise self.error

    def __iter__(self):
        return iter("ab")


@pytest.mark.parametrize("error", [TypeError("IterableDataset"), NotImplementedError(), RuntimeError("broken")])
def test_a_length_that_raises_is_no_length(error):
    assert list(progress(Sized(error))) == ["a", "b"]


def test_old_style_sequences_and_endless_ranges_can_be_looped_over():
    class Old:
        def __getitem__(self, at):
            return [1, 2][at]

    assert list(progress(Old())) == [1, 2]
    for number in progress(range(2**70)):
        assert number == 0
        break


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"iterable": 50}, r"something to loop over, got 50\. Did you mean range\(50\)\?"),
        ({"iterable": None}, "something to loop over, got None"),
        ({"iterable": [], "total": -1}, "total is a whole number from 0, got -1"),
        ({"iterable": [], "total": 2.5}, r"total is a whole number from 0, got 2\.5"),
        ({"iterable": [], "total": True}, "total is a whole number from 0, got True"),
        ({"iterable": [], "total": "3"}, "total is a whole number from 0, got '3'"),
        ({"iterable": Wordy()}, "something to loop over, got several lines"),
        ({"iterable": [], "total": Wordy()}, "total is a whole number from 0, got several lines"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        progress(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("total", [np.int64(3), np.uint8(3), 3, 0])
def test_a_total_may_be_numpys(total, capsys):
    assert list(progress((item for item in range(3)), total=total)) == [0, 1, 2]
    assert f"3/{total}" in capsys.readouterr().err or not total


def test_nothing_heavy_is_imported_before_a_loop_runs():
    code = (
        "import sys, mlmagic.training.progress, mlmagic.training.early_stopping\n"
        "print({'tqdm', 'mlflow', 'torch', 'numpy', 'IPython.display'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
