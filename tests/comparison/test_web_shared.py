"""What Python and the browser must say alike, held to one table of cases: names, numbers, texts, means and durations."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison
from mlmagic.comparison.groups import mean_of
from mlmagic.store.query.filters.values import number_or_none, seconds_or_none
from mlmagic.suggestions import did_you_mean
from mlmagic.visible import clean

WEB = Path(__file__).parents[2] / "mlmagic" / "comparison" / "web"
CASES = json.loads((WEB / "test" / "shared.json").read_text(encoding="utf-8"))


def number(value):
    """Return the number that a case means: JSON has none for infinities and NaN."""
    return float(value) if isinstance(value, str) else value


@pytest.mark.parametrize(("word", "valid", "nearest"), CASES["nearest"], ids=str)
def test_the_nearest_word(word, valid, nearest):
    assert did_you_mean(word, valid) == (f" Did you mean '{nearest}'?" if nearest else "")


@pytest.mark.parametrize(("word", "value"), CASES["number_or_none"], ids=repr)
def test_the_number_that_a_word_is(word, value):
    found = number_or_none(word)
    assert (found is None) == (value is None)
    assert value is None or found == pytest.approx(number(value), nan_ok=True)


@pytest.mark.parametrize(("text", "shown"), CASES["clean"], ids=ascii)
def test_a_text_on_one_line(text, shown):
    assert clean(text) == shown


@pytest.mark.parametrize(("text", "seconds"), CASES["seconds"], ids=repr)
def test_a_duration(text, seconds):
    assert seconds_or_none(text) == number(seconds)


@pytest.mark.parametrize(("values", "mean", "error"), CASES["mean"], ids=str)
def test_a_mean_and_its_standard_error(values, mean, error):
    values = [number(value) for value in values]
    finite = pd.Series([value for value in values if math.isfinite(value)])
    assert finite.mean() == pytest.approx(mean)
    assert finite.sem() == pytest.approx(number(error), rel=1e-6, nan_ok=True)
    runs = [numbered_run(at, None, {}, {"loss": value}) for at, value in enumerate(values)]
    column = next(one for one in Comparison(runs, "t").columns if one.id == "metric:loss")
    found = mean_of(column, range(len(values)))
    assert found.mean == pytest.approx(mean)
    assert found.error == pytest.approx(number(error), rel=1e-6, nan_ok=True)
