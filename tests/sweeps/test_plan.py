"""Plans that cannot be run are refused before any trial, in one line; and which direction of a metric is better."""

from functools import partial

import numpy as np
import pytest

from mlmagic.errors import UsageProblem
from mlmagic.sweeps.body import body_of
from mlmagic.sweeps.plan import SweepPlan, goal_of, require_valid
from mlmagic.sweeps.points.space import Choices, Interval

GRID = [Choices("a", tuple(range(50))), Choices("b", tuple(range(20)))]
ENDLESS = [Choices("a", (1, 2)), Interval("x", 0.0, 1.0)]


def train(a=0, b=0, x=0):
    """What is swept."""


planned = partial(SweepPlan, train)
tpe = {"search": "tpe", "metric": "loss"}


@pytest.mark.parametrize(
    ("axes", "options"),
    [
        (GRID, {}),
        (GRID, {"seeds": 1, "trials": 1}),
        (GRID, {"seeds": 2, "yes": True}),
        (GRID, {"seeds": 2, "trials": 500}),
        (GRID, {"search": "random", "trials": 5000}),
        (GRID, {"trials": np.int64(5), "threads": np.int32(2)}),
        (GRID, {"timeout_s": 0}),
        (GRID, {"timeout_s": np.float32(0.5)}),
        (GRID, {"timeout_s": float("inf")}),
        (GRID, {"models": "none"}),
        (GRID, {"prune": True, "metric": "loss"}),
        (ENDLESS, {"search": "random", "trials": 3}),
        (ENDLESS, tpe | {"trials": 3000}),
        (ENDLESS, tpe),  # the search itself asks for a number of trials
        ([Choices("a", tuple(range(1001))), Choices("b", tuple(range(1001)))], {"zips": [("a", "b")], "yes": True}),
        ([Choices("a", tuple(range(900))), Choices("b", tuple(range(900)))], {"zips": [("a", "b")]}),
    ],
)
def test_plans_that_can_be_run(axes, options):
    require_valid(planned(axes, **options))


@pytest.mark.parametrize(
    ("axes", "options", "message"),
    [
        ([], {}, "There is nothing to go over: lr=0.1,0.01 depth=range(1,10)"),
        (GRID, {"search": "grd"}, "There is no search 'grd'. Did you mean 'grid'? There are grid, random, tpe."),
        (GRID, {"search": None}, "There is no search None. There are grid, random, tpe."),
        (GRID, {"models": "bst"}, "models='bst': it is best, all, none. Did you mean 'best'?"),
        (GRID, {"models": True}, "models=True: it is best, all, none."),
        (GRID, {"timeout_s": -0.5}, "--timeout -0.5: it is a number of seconds, 0 or more."),
        (GRID, {"timeout_s": float("nan")}, "--timeout nan: it is a number of seconds, 0 or more."),
        (GRID, {"timeout_s": "3"}, "--timeout '3' (str): it is a number of seconds, 0 or more."),
        (GRID, {"timeout_s": True}, "--timeout True (bool): it is a number of seconds, 0 or more."),
        (GRID, {"trials": 0}, "--trials 0: it is 1 or more."),
        (GRID, {"trials": 2.5}, "--trials 2.5 (float): it is a whole number."),
        (GRID, {"trials": "10"}, "--trials '10' (str): it is a whole number."),
        (GRID, {"trials": True}, "--trials True (bool): it is a whole number."),
        (GRID, {"seeds": 0}, "--seeds 0: it is 1 or more."),
        (GRID, {"seeds": None}, "--seeds None: it is a whole number."),
        (GRID, {"threads": -1}, "--threads -1: it is 1 or more."),
        (GRID, {"threads": 1.0}, "--threads 1.0 (float): it is a whole number."),
        (GRID, {"metric": ""}, "--metric names no metric: --metric accuracy"),
        (GRID, {"metric": ["loss"]}, "mlmagic.sweep: metric is text, not ['loss'] (list)."),
        (GRID, {"experiment": 3}, "mlmagic.sweep: experiment is text, not 3 (int)."),
        (GRID, {"address": 8786}, "mlmagic.sweep: address is text, not 8786 (int)."),
        (GRID, {"prune": True}, "--prune judges trials by a metric that they log as they go: --metric val_loss"),
        (GRID, {"prune": True, "metric": "loss", "seeds": 2}, "--prune ends trials one by one, and --seeds judges them together"),
        (GRID, {"seeds": 2}, "That is 2,000 trials: --yes runs them all, --search random --trials 100 a hundred, --trials 100 the first hundred"),
        (GRID, {"seeds": 2, "search": "random"}, "That is 2,000 trials: --yes runs them all, --trials 100 a hundred of them"),
        (ENDLESS, {}, "x=interval(0,1) has no grid"),
        (ENDLESS, {"search": "random"}, "--search random needs to know how many: --trials 20"),
        (GRID, {"zips": [("a", "b")]}, "--zip a b: 'a' has 50 values and 'b' 20 values"),
    ],
)  # fmt: skip
def test_plans_that_cannot_be_run_are_one_line(axes, options, message):
    with pytest.raises(UsageProblem) as caught:
        require_valid(planned(axes, **options))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


BODY = body_of("val_los = a * 1.0\nscore2 = a", {}, ["a"])


@pytest.mark.parametrize(
    ("options", "goal"),
    [
        ({}, None),
        ({"metric": "val_loss"}, "min"),
        ({"metric": "accuracy"}, "max"),
        ({"metric": "val_loss", "mode": "max"}, "max"),
        ({"metric": "oddness", "mode": "min"}, "min"),
        ({"metric": "loss", "search": "tpe"}, "min"),
    ],
)
def test_which_is_better_is_told_by_the_name_or_the_mode(options, goal):
    assert goal_of(planned(GRID, **options)) == goal


@pytest.mark.parametrize(
    ("code", "options", "message"),
    [
        (train, {"metric": "oddness"}, "The name 'oddness' does not tell which is better: --mode max, or --mode min."),
        (BODY, {"metric": "val_lso"}, "The name 'val_lso' does not tell which is better: --mode max, or --mode min."),
        (train, {"metric": "loss", "mode": "best"}, "--mode best: it is min or max."),
        (train, {"metric": "loss", "mode": ["max"]}, "--mode ['max']: it is min or max."),
        (train, {"mode": "max"}, "--mode max says which is better of a metric: --metric accuracy --mode max"),
        (train, {"search": "tpe"}, "--search tpe needs a metric to optimize: --metric accuracy --mode max"),
    ],
)
def test_a_direction_that_is_not_known_is_asked_for(code, options, message):
    with pytest.raises(UsageProblem) as caught:
        goal_of(SweepPlan(code, GRID, **options))
    assert str(caught.value).startswith(message)
