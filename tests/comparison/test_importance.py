"""Which params matter to a metric: what is found, how sure it is, and what is said where there is nothing to find."""

import re
import subprocess
import sys

import numpy as np
import pytest
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison
from mlmagic.comparison.importance import importance_of
from mlmagic.comparison.widget import CompareWidget
from mlmagic.errors import UsageProblem

COUNT = 60


def made(count=COUNT, loss=lambda lr, depth, noise: -np.log10(lr) + noise, **more):
    """Return runs whose loss depends on ``lr``, with a param of words and one without effect."""
    random = np.random.default_rng(0)
    runs = []
    for at in range(count):
        lr, depth = 10 ** random.uniform(-5, -1), int(random.integers(1, 9))
        params = {"lr": f"{lr:.3g}", "depth": str(depth), "optimizer": ["adam", "sgd"][at % 2], "fixed": "1", **more}
        runs.append(numbered_run(at, None, params, {"loss": float(loss(lr, depth, random.normal(0, 0.1)))}))
    return runs


def changed(runs, **metrics):
    for at, run in enumerate(runs):
        run.data.metrics.update({name: value(at) for name, value in metrics.items()})
    return runs


def test_the_param_that_decides_comes_first_with_its_direction_and_others_may_be_none():
    found = importance_of(Comparison(made(), "t"))
    first, *others = found.params
    assert (found.metric, found.runs, found.notice) == ("loss", COUNT, "")
    assert first.param == "lr"
    assert 0.5 < first.low <= first.importance <= first.high < 1.5
    assert first.direction == pytest.approx(-1, abs=0.05)
    assert {one.param for one in others} == {"depth", "optimizer"}
    assert all(one.low <= 0.02 for one in others)
    words = next(one for one in others if one.param == "optimizer")
    assert (words.direction, words.monotonic) == (None, None)
    assert found.explained > 0.8


def test_where_a_metric_is_best_is_told_as_it_was_logged():
    runs = made(loss=lambda lr, depth, noise: abs(np.log10(lr) + 3) + noise)
    for at, run in enumerate(runs):
        run.data.metrics["loss"] += at % 2  # "sgd" is worse
    best = {one.param: one.best for one in importance_of(Comparison(runs, "t")).params}
    assert best["optimizer"] == "adam"
    assert 3e-4 < float(best["lr"]) < 3e-3
    assert best["lr"] in {run.data.params["lr"] for run in runs}
    undirected = importance_of(Comparison([*changed(runs, size=lambda at: float(at % 2))], "t"), "size")
    assert {one.best for one in undirected.params} == {None}


def test_a_v_shaped_effect_is_not_monotonic_and_has_no_direction():
    middle = -2.6
    found = importance_of(Comparison(made(80, loss=lambda lr, depth, noise: abs(np.log10(lr) - middle) + noise), "t"))
    first = found.params[0]
    assert (first.param, first.monotonic, first.direction) == ("lr", False, None)
    assert abs(np.log10(float(first.best)) - middle) < 0.5
    sent = found.to_json()["params"][0]
    assert (sent["monotonic"], sent["direction"]) == (False, None)
    assert found.to_dataframe()["monotonic"].iloc[0] is False


@pytest.mark.parametrize(
    "loss",
    [
        lambda lr, depth, noise: np.exp(-1.2 * (np.log10(lr) + 5)) + noise / 2,
        lambda lr, depth, noise: float(lr > 1e-3) + noise,
    ],
)
def test_an_effect_that_rises_saturates_or_steps_is_monotonic(loss):
    first = importance_of(Comparison(made(loss=loss), "t")).params[0]
    assert (first.param, first.monotonic) == ("lr", True)
    assert abs(first.direction) > 0.5


def test_a_seed_is_no_predictor_even_where_it_decides():
    seed = "trial.seed"
    runs = made()
    for at, run in enumerate(runs):
        run.data.params[seed] = str(at % 3)
        run.data.metrics["loss"] += 5 * (at % 3)
    found = importance_of(Comparison(runs, "t"))
    assert seed not in {one.param for one in found.params}
    note = f"{seed} is no param here: repetitions of a configuration differ in it."
    assert note in found.notes
    alone = [numbered_run(at, None, {seed: str(at)}, {"loss": at}) for at in range(12)]
    assert "No param but the seed varies" in importance_of(Comparison(alone, "t")).notice


def test_runs_that_failed_or_were_killed_are_left_out():
    runs = made()
    runs[3].info.status, runs[4].info.status, runs[5].info.status = "FAILED", "KILLED", "RUNNING"
    found = importance_of(Comparison(changed(runs, loss=lambda at: 1.0 + at), "t"))
    assert found.runs == COUNT - 2
    assert found.notes == ("2 runs are left out: failed or killed runs logged a part of their values.",)


def test_what_words_decide_is_found():
    runs = made()
    for at, run in enumerate(runs):
        run.data.metrics["loss"] = float(at % 2) + run.data.metrics["loss"] / 100
    assert importance_of(Comparison(runs, "t")).params[0].param == "optimizer"


def test_one_run_that_diverged_decides_nothing():
    runs = made()
    runs[7].data.metrics["loss"] = float("inf")
    runs[8].data.metrics["loss"] = 1e300
    found = importance_of(Comparison(runs, "t"))
    assert found.params[0].param == "lr"
    assert found.explained > 0.7


def test_params_that_explain_nothing_are_said_to_and_have_no_bars():
    found = importance_of(Comparison(made(loss=lambda lr, depth, noise: noise), "t"))
    assert found.params == ()
    assert "do not explain loss" in found.notice
    assert "out-of-bag R²" in found.notice


@pytest.mark.parametrize(
    ("runs", "notice"),
    [
        ([], "no metrics"),
        (made(1), r"^1 run with loss: at least 10 are needed"),
        (made(9), r"^9 runs with loss"),
        (made(20, loss=lambda lr, depth, noise: 1.0), "loss is the same in all 20 runs"),
        ([numbered_run(at, None, {"a": "1"}, {"loss": at}) for at in range(12)], "No param varies among these 12 runs"),
        ([numbered_run(at, None, {}, {"loss": at}) for at in range(12)], "No param varies"),
        (changed(made(12), loss=lambda at: float("nan")), "^0 runs with loss"),
    ],
)
def test_where_nothing_can_be_found_one_sentence_says_why(runs, notice):
    found = importance_of(Comparison(runs, "t"))
    assert found.params == ()
    assert re.search(notice, found.notice)
    assert found.to_dataframe().empty


def test_runs_without_the_metric_are_left_out_and_told():
    runs = made()
    del runs[3].data.metrics["loss"]
    runs[4].data.metrics["loss"] = float("nan")
    found = importance_of(Comparison(runs, "t"))
    assert found.runs == COUNT - 2
    assert found.notes == ("2 runs are left out: loss is missing or not a number.",)


def test_missing_infinite_and_huge_params_and_many_words_are_no_trouble():
    runs = made()
    for at, run in enumerate(runs):
        run.data.params["odd"] = ["inf", "-inf", "nan", "1e300", "2"][at % 5]
        run.data.params["unique"] = f"<b>{at}</b>"
        if at % 3:
            del run.data.params["depth"]
    found = importance_of(Comparison(runs, "t"))
    assert found.params[0].param == "lr"
    assert {"odd", "unique", "depth"} <= {one.param for one in found.params}
    assert all(np.isfinite([one.importance, one.low, one.high]).all() for one in found.params)


def test_many_runs_are_drawn_from():
    found = importance_of(
        Comparison([numbered_run(at, None, {"p": str(at % 17)}, {"loss": at % 17}) for at in range(1100)], "t")
    )
    assert found.runs == 1000
    assert found.notes == ("1000 of them were drawn at random.",)


def test_of_many_params_the_first_ones_are_used():
    runs = [numbered_run(at, None, {f"p{n}": str(at % 7 + n) for n in range(45)}, {"loss": at % 7}) for at in range(40)]
    found = importance_of(Comparison(runs, "t"))
    assert len(found.params) == 40
    assert found.notes == ("The first 40 of 45 params that vary were used.",)


def test_the_widget_uses_the_selected_runs_and_answers_the_browser(store_uri):
    widget = CompareWidget(Comparison(made(), "t"))
    widget.selected = widget.table["ids"][:20]
    assert widget.importance().runs == 20
    assert widget.importance("loss").to_dataframe()["param"].iloc[0] == "lr"
    sent = []
    widget.send = lambda content, buffers=None: sent.append(content)
    ids = widget.table["ids"]
    widget._receive(None, {"kind": "importance", "request": 3, "metric": "metric:loss", "runs": ids}, [])
    widget._receive(None, {"kind": "importance", "request": 4, "metric": "metric:los", "runs": ids}, [])
    assert (sent[0]["kind"], sent[0]["request"], sent[0]["runs"]) == ("importance", 3, COUNT)
    assert sent[0]["params"][0]["name"] == "lr"
    assert sent[1]["kind"] == "error"
    with pytest.raises(UsageProblem, match=r"No run has the metric 'los'. Did you mean 'loss'\?"):
        widget.importance("los")


def test_scikit_learn_is_not_imported_before_it_is_needed():
    code = "import sys, mlmagic.comparison.widget; print('sklearn' in sys.modules, 'scipy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.split() == ["False", "False"]
