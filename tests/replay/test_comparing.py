"""How results compare: bit for bit, within rounding, within the noise of two replays, or not."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from mlmagic.comparison.diffs.run_record import DatasetRecord
from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.profile.profile import profile
from mlmagic.replay.comparing import compare
from mlmagic.replay.predictions.stored_models import StoredModel
from mlmagic.replay.results import RunResults


def _results(metrics, **more):
    series = {name: ((0, values),) if isinstance(values, float) else values for name, values in metrics.items()}
    return RunResults(None, series, more.pop("params", {}), more.pop("data", {}), **more)


def _state(original, replayed, again=None):
    return compare(original, replayed, again)[0].state


@pytest.mark.parametrize(
    ("original", "replayed", "again", "state"),
    [
        (0.1 + 0.2, 0.1 + 0.2, None, "identical"),
        (float("nan"), float("nan"), None, "identical"),
        (0.0, -0.0, None, "equivalent"),
        (0.1 + 0.2, 0.3, None, "equivalent"),
        (0.9, 0.91, None, "different"),
        (0.9, 0.91, 0.91, "different"),
        (0.9, 0.91, 0.89, "different"),
        (1.0, 1.00001, 1.00002, "equivalent"),
        (float("inf"), 1.0, 1.0, "different"),
        (float("nan"), 1.0, 1.0, "different"),
    ],
)
def test_a_metric(original, replayed, again, state):
    other = None if again is None else _results({"m": again})
    assert _state(_results({"m": original}), _results({"m": replayed}), other) == state


def test_a_curve_of_another_length_is_different():
    assert _state(_results({"m": ((0, 1.0), (1, 0.5))}), _results({"m": ((0, 1.0),)})) == "different"
    assert _state(_results({"m": ((0, 1.0), (1, 0.5))}), _results({"m": ((0, 1.0), (2, 0.5))})) == "different"


def test_a_metric_that_is_missing_or_new():
    found = compare(_results({"a": 1.0}), _results({"b": 1.0}))
    assert [(one.name, one.state) for one in found] == [("a", "missing"), ("b", "different")]


@pytest.mark.parametrize("name", ["fit_time", "elapsed_seconds", "train.duration", "memory_mb"])
def test_what_measures_time_or_memory_is_not_compared(name):
    assert _state(_results({name: 1.0}), _results({name: 2.0})) == "not compared"


def test_parameters_data_and_models():
    original = _results({}, params={"n": "3"}, data={"X": "a"}, models={"m": StoredModel("1")})
    found = compare(original, _results({}, params={"n": "4"}, data={"X": "a"}, models={"m": StoredModel("2")}))
    assert [(one.kind, one.state) for one in found] == [
        ("parameter", "different"), ("data", "identical"), ("model", "not compared"),
    ]  # fmt: skip


def _png(value):
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (10, 10), (value, 0, 0)).save(file, "PNG")
    return file.getvalue()


def test_a_figure_whose_file_differs_but_not_its_pixels_is_identical():
    from PIL import Image, PngImagePlugin

    noted, file = PngImagePlugin.PngInfo(), io.BytesIO()
    noted.add_text("Software", "another version")
    Image.new("RGB", (10, 10), (5, 0, 0)).save(file, "PNG", pnginfo=noted)
    assert (
        _state(_results({}, figures={"a.png": _png(5)}), _results({}, figures={"a.png": file.getvalue()}))
        == "identical"
    )


def test_a_figure_with_other_pixels_is_different_and_a_damaged_one_too():
    one = _results({}, figures={"a.png": _png(5)})
    assert _state(one, _results({}, figures={"a.png": _png(9)})) == "different"
    assert _state(one, _results({}, figures={"a.png": b"none"})) == "different"
    assert _state(one, _results({})) == "missing"


def test_a_figure_of_the_same_data_in_other_pixels_is_identical():
    one = _results({}, figures={"a.png": _png(5)}, figure_digests={"a.png": "d"})
    same = _results({}, figures={"a.png": _png(9)}, figure_digests={"a.png": "d"})
    other = _results({}, figures={"a.png": _png(9)}, figure_digests={"a.png": "e"})
    assert _state(one, same) == "identical"
    assert _state(one, other) == "different"


def _with_data(**columns):
    """Return the results of a run with a table of these columns as its data."""
    frame = pd.DataFrame(columns)
    found = fingerprint(frame)
    record = DatasetRecord("trials", found.digest, json.dumps(profile(frame, found)))
    return _results({}, data={"trials": found.digest}, datasets=[record])


def test_a_column_that_measures_time_is_not_compared():
    original = _with_data(loss=[0.5, 0.4], duration=[1.5, 2.5])
    (one,) = compare(original, _with_data(loss=[0.5, 0.4], duration=[1.6, 2.4]))
    assert (one.state, one.note) == ("not compared", "it differs in duration only, which measures time or memory")
    assert _state(original, _with_data(loss=[0.5, 0.3], duration=[1.6, 2.4])) == "different"
    assert _state(original, _with_data(loss=[0.5], duration=[1.5])) == "different"
    assert _state(original, _with_data(loss=[0.5, 0.4], duration=["a", "b"])) == "different"
    assert _state(original, _with_data(loss=[0.5, 0.4])) == "different"
    assert _state(original, _with_data(loss=[0.5, 0.4], duration=[1.5, 2.5])) == "identical"
