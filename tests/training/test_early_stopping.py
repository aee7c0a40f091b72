import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlmagic
from mlmagic.errors import UsageProblem
from mlmagic.recording import open_runs
from mlmagic.training.early_stopping import EarlyStopping, restores_nothing
from mlmagic.training.progress import progress


class Wordy:
    def __repr__(self):
        return "several\nlines"


def fed(values, **options):
    stopper = EarlyStopping(**options)
    said = [stopper(value) for value in values]
    return stopper, said


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.integers(1, 5), st.floats(0, 10))
def test_it_stops_after_so_many_values_without_a_better_one(values, patience, min_delta):
    stopper, said = fed(values, patience=patience, min_delta=min_delta)
    best, best_at, stopped = values[0], 0, None
    for at, value in enumerate(values[1:], 1):
        if value < best - min_delta:
            best, best_at = value, at
        if stopped is None and at - best_at >= patience:
            stopped = at
    assert (stopper.best_value, stopper.best_epoch, stopper.stopped_epoch) == (best, best_at, stopped)
    assert said == [stopped is not None and at >= stopped for at in range(len(values))]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.integers(1, 5))
def test_max_is_min_of_the_negative(values, patience):
    low, low_said = fed(values, patience=patience)
    high, high_said = fed([-value for value in values], patience=patience, mode="max")
    assert (low_said, low.best_epoch) == (high_said, high.best_epoch)
    assert low.best_value == -high.best_value


@pytest.mark.parametrize("value", [np.float32(0.5), np.array([0.5]), 1, True])
def test_numbers_of_all_kinds_are_taken(value):
    assert fed([value])[0].best_value == np.asarray(value).item()


def test_tensors_are_taken():
    torch = pytest.importorskip("torch")
    assert fed([torch.tensor(0.5, requires_grad=True)])[0].best_value == 0.5


def test_nan_is_no_improvement_and_told_once():
    with pytest.warns(UserWarning, match="got nan at epoch 1: nan counts as no improvement") as told:
        stopper, said = fed([0.5, math.nan, math.nan, 0.1], patience=2)
    assert said == [False, False, True, True]
    assert (stopper.best_value, stopper.best_epoch) == (0.1, 3)
    assert len(told) == 1


def test_nan_from_the_beginning_stops_without_a_best():
    with pytest.warns(UserWarning, match="got nan at epoch 0"):
        stopper, said = fed([math.nan] * 3, patience=3)
    assert said == [False, False, True]
    assert (stopper.best_value, stopper.best_epoch) == (None, None)


def test_infinity_is_a_value():
    stopper, said = fed([math.inf, math.inf, 1.0, -math.inf, -math.inf], patience=2)
    assert said == [False] * 5
    assert (stopper.best_value, stopper.best_epoch) == (-math.inf, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "mini"}, "mode is 'min' or 'max', got 'mini'. Did you mean 'min'?"),
        ({"mode": None}, "mode is 'min' or 'max', got None."),
        ({"patience": 0}, "patience is a whole number from 1, got 0."),
        ({"patience": 2.5}, "patience is a whole number from 1, got 2.5."),
        ({"patience": True}, "patience is a whole number from 1, got True."),
        ({"min_delta": -0.1}, "min_delta is a number from 0, got -0.1."),
        ({"min_delta": math.nan}, "min_delta is a number from 0, got nan."),
        ({"min_delta": "small"}, "min_delta is a number from 0, got 'small'."),
        ({"patience": Wordy()}, "patience is a whole number from 1, got several lines."),
        ({"min_delta": Wordy()}, "min_delta is a number from 0, got several lines."),
        ({"mode": Wordy()}, "mode is 'min' or 'max', got several lines."),
        ({"mode": np.array(["min"])}, "mode is 'min' or 'max', got array(['min']"),
        ({"mode": ["min"]}, "mode is 'min' or 'max', got ['min']."),
        ({"model": object()}, "model has torch's state_dict and load_state_dict, got object."),
    ],
)
def test_wrong_arguments_name_the_value_and_what_is_valid(options, message):
    with pytest.raises(UsageProblem, match=re.escape(message)) as caught:
        EarlyStopping(**options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["0.5", None, [0.5], 1j])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(UsageProblem, match=re.escape(f"takes a number (a tensor of one element too), got {value!r}")):
        EarlyStopping()(value)


@pytest.mark.parametrize("value", [np.zeros((3, 3)), np.zeros(0), {"loss": 1.0}])
def test_what_is_no_number_is_told_in_one_line(value):
    with pytest.raises(UsageProblem, match="takes a number") as caught:
        EarlyStopping()(value)
    assert "\n" not in str(caught.value)


def test_a_module_in_place_of_the_mode_is_one_line():
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
    with pytest.raises(UsageProblem, match="mode is 'min' or 'max', got Sequential") as caught:
        EarlyStopping(5, net)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "options", "said", "best"),
    [
        pytest.param([3, 2, 1], {"patience": 1}, [False, False, False], (1, 2), id="it goes on getting better"),
        pytest.param([1, 1], {"patience": 1}, [False, True], (1, 0), id="equal is no better"),
        pytest.param([1, 0.95, 0.85], {"patience": 1, "min_delta": 0.1}, [False, True, True], (0.85, 2), id="a small step is none"),
        pytest.param([1, 0.9], {"patience": 1, "min_delta": 0.1}, [False, True], (1, 0), id="nor is a step of just that size"),
        pytest.param([1, 2, 0.5, 2, 2], {"patience": 2}, [False, False, False, False, True], (0.5, 2), id="patience begins anew"),
        pytest.param([1, 2, 3], {"patience": 1, "mode": "max"}, [False, False, False], (3, 2), id="more is better"),
        pytest.param([1, math.nan, 0.5], {"patience": 2}, [False, False, False], (0.5, 2), id="nan is no value"),
        pytest.param([math.inf, 1], {"patience": 2}, [False, False], (1, 1), id="from infinity down"),
        pytest.param([1, 2, 0.1], {"patience": 1}, [False, True, True], (0.1, 2), id="once it has stopped it says so"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:EarlyStopping got nan")
def test_when_it_stops_and_what_was_best(values, options, said, best):
    stopper = EarlyStopping(**options)
    assert [stopper(value) for value in values] == said
    assert (stopper.best_value, stopper.best_epoch) == best
    assert stopper.stopped_epoch == (said.index(True) if True in said else None)
    stopper.reset()
    assert (stopper.best_value, stopper.best_epoch, stopper.stopped_epoch, stopper.should_stop) == (
        None,
        None,
        None,
        False,
    )
    assert [stopper(value) for value in values] == said


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("s = EarlyStopping(5)\ns.restore_best()", "s"),
        ("s = mlmagic.EarlyStopping()\nfor _ in range(3): pass\ns.restore_best()", "s"),
        ("s = EarlyStopping(5, 'max', 0.1)\nif s.should_stop: s.restore_best()", "s"),
        ("s = EarlyStopping(model=net)\ns.restore_best()", None),
        ("s = EarlyStopping(**options)\ns.restore_best()", None),
        ("s = EarlyStopping(5)\nother.restore_best()", None),
        ("s = Other(5)\ns.restore_best()", None),
        ("s = EarlyStopping(5)\ns = EarlyStopping(model=net)\ns.restore_best()", None),
        ("s = EarlyStopping(5)", None),
        ("s = EarlyStopping(5\ns.restore_best()", None),
        ("# s.restore_best()\ns = EarlyStopping(5)", None),
        ("", None),
    ],
)
def test_a_stopper_that_restores_nothing_is_seen_before_the_training(code, name):
    assert restores_nothing(code) == name


class Model:
    """A model of one weight, as torch keeps it."""

    def __init__(self):
        self.weight = [0]

    def state_dict(self):
        return {"weight": self.weight}

    def load_state_dict(self, state):
        self.weight[:] = state["weight"]


def test_the_best_state_is_put_back_also_twice():
    model = Model()
    stopper = EarlyStopping(patience=2, model=model)
    for epoch, loss in enumerate([0.9, 0.5, 0.7, 0.8]):
        model.weight[0] = epoch
        stopper(loss)
    for _ in range(2):
        stopper.restore_best()
        assert model.weight == [1]
        model.weight[0] = 99


def test_the_best_state_of_a_torch_module_is_a_copy():
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    stopper = EarlyStopping(model=model)
    stopper(0.5)
    best = {name: value.clone() for name, value in model.state_dict().items()}
    model(torch.ones(4, 2))  # moves the running mean
    with torch.no_grad():
        model[0].weight.add_(1.0)
    stopper(0.7)
    stopper.restore_best()
    assert all(torch.equal(best[name], value) for name, value in model.state_dict().items())
    assert model.training


@pytest.mark.parametrize(
    ("stopper", "message"),
    [
        (EarlyStopping(), r"no model was given\. EarlyStopping\(model=model\)"),
        (EarlyStopping(model=Model()), "no best state was kept yet"),
    ],
)
def test_nothing_to_restore_is_said(stopper, message):
    with pytest.raises(UsageProblem, match=message):
        stopper.restore_best()


def test_what_it_shows_of_itself():
    assert repr(EarlyStopping(3)) == "EarlyStopping(patience=3, mode='min', min_delta=0.0)"
    assert repr(fed([2, 1])[0]).endswith(": best 1 at epoch 1")


def train(losses, *, epochs=None, stopper=None, **options):
    stopper = stopper or EarlyStopping(**options)
    for _, loss in zip(progress(epochs or range(100)), losses, strict=False):
        if stopper(loss):
            break
    return stopper


FOUND = ["early_stopped", "best_epoch", "best_value", "stopped_epoch"]


def recorded(run):
    return {name: value for name, value in run.metrics.items() if name in FOUND}


def test_an_epoch_has_the_loops_step_and_the_run_holds_what_was_found(store_uri):
    with mlmagic.track("run", quiet=True) as run:
        stopper = train([3.0, 2.0, 2.5, 2.5], epochs=range(1, 50), patience=2)
    assert recorded(run) == {"early_stopped": 1.0, "best_epoch": 2.0, "best_value": 2.0, "stopped_epoch": 4.0}
    assert (stopper.best_epoch, stopper.stopped_epoch) == (2, 4)


def test_a_loop_that_comes_to_its_end_is_not_stopped(store_uri):
    with mlmagic.track("run", quiet=True) as run:
        train([3.0, 2.0, 1.0], epochs=range(3))
        assert open_runs.require_active("test").recorder.metrics["early_stopped"].value == 0.0
    assert recorded(run) == {"early_stopped": 0.0, "best_epoch": 2.0, "best_value": 1.0}


def diverge(losses):
    stopper = EarlyStopping()
    for epoch in progress(range(len(losses) + 1)):
        if epoch == len(losses):
            raise ValueError("diverged")
        stopper(losses[epoch])


def test_an_exception_records_what_was_found_until_then(store_uri):
    with mlmagic.track("run", quiet=True) as run, pytest.raises(ValueError, match="diverged"):
        diverge([3.0, 2.0, 1.0])
    assert recorded(run) == {"early_stopped": 0.0, "best_epoch": 2.0, "best_value": 1.0}


def test_in_a_plain_loop_it_counts_and_records_when_it_stops_or_the_run_ends(store_uri):
    with mlmagic.track("run", quiet=True) as run:
        recorder = open_runs.require_active("test").recorder
        stopper, _ = fed([3.0, 2.0], patience=2)
        assert "early_stopped" not in recorder.metrics
        recorder.finish()
        assert recorder.metrics["early_stopped"].value == 0.0
        stopper(2.5)
        stopper(2.5)
        assert recorder.metrics["early_stopped"].value == 1.0
    assert recorded(run) == {"early_stopped": 1.0, "best_epoch": 1.0, "best_value": 2.0, "stopped_epoch": 3.0}


def test_folds_are_steps(store_uri):
    with mlmagic.track("run", quiet=True) as run:
        for losses in ([3.0, 2.0, 2.0, 2.0], [1.0, 1.0, 1.0]):
            train(losses, patience=2)
    assert run.history("best_epoch") == [(0, 1.0), (1, 0.0)]
    assert run.history("stopped_epoch") == [(0, 3.0), (1, 2.0)]


def test_a_stopper_of_an_earlier_cell_starts_anew_in_the_next_loop():
    stopper = train([1.0, 2.0, 2.0], patience=2)
    assert stopper.should_stop
    train([5.0, 4.0], stopper=stopper)
    assert (stopper.should_stop, stopper.best_value, stopper.best_epoch) == (False, 4.0, 1)


def test_loops_within_one_loop_are_one_training():
    stopper = EarlyStopping(patience=3)
    for epoch in progress(range(3)):
        for _ in progress(range(2)):
            stopper(1.0 + epoch)
    assert stopper.should_stop
    assert stopper.best_value == 1.0


def test_nan_in_a_run_is_a_notice_under_the_cell(store_uri, recwarn):
    with mlmagic.track("run", quiet=True):
        train([1.0, math.nan, math.nan], patience=5)
        notices = [notice.text for notice in open_runs.require_active("test").notices.all()]
    assert notices == ["EarlyStopping got nan at epoch 1: nan counts as no improvement"]
    assert not [warning for warning in recwarn if "EarlyStopping" in str(warning.message)]


def test_the_bar_counts_the_epoch_at_which_it_stopped_and_says_so(capsys):
    stopper = EarlyStopping(patience=2)
    for epoch in progress(range(10)):
        if stopper(float(epoch)):
            break
    last = capsys.readouterr().err.rstrip("\n").split("\r")[-1]
    assert "3/10" in last
    assert "stopped early" in last
