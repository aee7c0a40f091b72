"""A budget of false alarms: the threshold keeps to it, also where rows depend on the rows before them."""

import numpy as np
import pandas as pd
import pytest

import mlmagic
from mlmagic.errors import UsageProblem
from mlmagic.monitoring.drift.alarm_budget import per_check


def independent(rng, rows):
    return pd.DataFrame(rng.normal(size=(rows, 3)))


def correlated(rng, rows):
    noise = rng.normal(size=(rows + 60, 3))
    for at in range(1, len(noise)):
        noise[at] += 0.7 * noise[at - 1]
    return pd.DataFrame(noise[60:])


@pytest.mark.parametrize("make", [independent, correlated])
def test_the_rate_of_false_alarms_is_that_of_the_budget(make):
    rng = np.random.default_rng(8)
    options = {"multivariate": False, "min_effect": 0.0}
    alarms, of_bonferroni = [], []
    for _ in range(4):
        reference = make(rng, 1500)
        budget = mlmagic.drift(reference, make(rng, 150), budget="1 per month", checks=5, **options).budget
        assert budget.per_check == 0.2
        assert (budget.block > 1) == (make is correlated)
        for _ in range(20):
            found = mlmagic.drift(reference, make(rng, 150), alpha=budget.alpha, correction="none", **options)
            alarms.append(found.is_drifted)
            of_bonferroni.append(min(one.p for one in found.columns.values()) * len(found.columns) < 0.2)
    assert np.mean(alarms) <= 0.2 + 3 * np.sqrt(0.2 * 0.8 / len(alarms))
    if make is correlated:
        assert np.mean(of_bonferroni) > 0.5


def test_a_real_change_is_found_within_the_budget_and_the_report_says_it():
    rng = np.random.default_rng(9)
    report = mlmagic.drift(independent(rng, 1000), independent(rng, 300) + 1, budget="1 per month", checks="daily")
    assert len(report.drifted) == 3
    assert report.multivariate.drifted
    assert (report.correction, report.alpha) == ("none", report.budget.alpha)
    from mlmagic.views.monitoring.drift_report import footer

    assert footer(report).startswith("at most 1 per month false alarms with daily checks")


def test_a_reference_that_is_too_short_for_its_dependence_says_so():
    rng = np.random.default_rng(3)
    walks = [pd.DataFrame(np.cumsum(rng.normal(size=(200, 8)), axis=0)) for _ in range(2)]
    report = mlmagic.drift(*walks, budget="1 per month", checks=10)
    assert any("the reference is too short for the budget" in note.text for note in report.notes)


@pytest.mark.parametrize(
    ("budget", "checks", "expected"),
    [
        ("1 per month", "monthly", None),
        ("1 per year", "monthly", 1 / 12),
        ("2/week", "hourly", 2 * 4.348 / 730.5),
        ("1 a day", 100, 0.3044),
    ],
)
def test_the_rate_of_one_check(budget, checks, expected):
    if expected is None:
        with pytest.raises(UsageProblem, match="more than one false alarm in each check"):
            per_check(budget, checks)
    else:
        assert per_check(budget, checks) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": "few"}, "budget is a number of false alarms per time, not 'few'"),
        ({"budget": "1 per mont"}, "Did you mean 'month'"),
        ({"budget": "0 per month"}, "'0 per month' accepts no false alarm"),
        ({"budget": "1 per month", "checks": "dayly"}, "Did you mean 'daily'"),
        ({"budget": "1 per month", "checks": -1}, "checks says how often"),
        ({"budget": "1 per month", "by": "0"}, "budget and by exclude each other"),
        ({"budget": "1 per month"}, "a reference of at least 200 rows"),
    ],
)
def test_what_is_refused(options, message):
    frame = independent(np.random.default_rng(1), 50)
    with pytest.raises(UsageProblem, match=message):
        mlmagic.drift(frame, frame, **options)
