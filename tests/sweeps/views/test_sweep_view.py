"""What is shown of a sweep while it runs, while it is stored, and when it is over."""

import io
import math

import pytest
from PIL import Image

from mlmagic.recording.summary import Notice, RunSummary
from mlmagic.sweeps.results import Results, Trial
from mlmagic.sweeps.views.sweep_picture import _so_far, picture_of
from mlmagic.sweeps.views.sweep_view import SweepView, results_html, sweep_bundle

SCRIPT = "<script>window.injected = 1</script>"


def trial(number, point, value, *, status="FINISHED", point_number=None, error=None):
    metrics = {} if value is None else {"loss": value}
    place = number if point_number is None else point_number
    return Trial(number, place, point, 7, status, metrics, 0.1, f"uid{number}", error)


def results(*trials, name="tuned", metric="loss", goal="min"):
    return Results(name, "run", trials, metric, goal)


THREE = results(*(trial(at, {"lr": 10.0**-at, "opt": opt}, 1.0 / (at + 1)) for at, opt in enumerate(["a", "b", "a"])))


def shown(found, **changed):
    about = {"total": 3, "running": 0, "took_s": 6.0}
    return sweep_bundle(found, **{**about, **changed})


def ended(*notices, status="FINISHED"):
    url = "http://127.0.0.1:5000/#/experiments/1/runs/run"
    return RunSummary("run", "tuned", "churn", status, 6.5, {}, notices=notices, url=url)


def test_while_it_runs_it_tells_the_best_and_the_time_left():
    bundle = shown(results(trial(0, {"lr": 1}, 0.5)), running=2)
    assert bundle["text/plain"] == "tuned: 1 of 3 trials, 2 running, best loss 0.5, 12.0 s left"
    assert 'aria-valuenow="33"' in bundle["text/html"]


def test_while_its_runs_are_stored_it_says_so():
    told = shown(THREE, is_storing=True)["text/plain"]
    assert told == "tuned: 3 of 3 trials, best loss 0.3333, 6.00 s, writing the last runs to the store"


def test_when_it_is_over_it_tells_what_is_worth_telling():
    bundle = shown(THREE, summary=ended(Notice("1 of 3 trials failed", "warning")))
    assert bundle["text/plain"] == "● finished  tuned: 3 trials, best loss 0.3333, 6.00 s\n1 of 3 trials failed"
    assert '<li class="warning">1 of 3 trials failed</li>' in bundle["text/html"]
    assert "progressbar" not in bundle["text/html"]
    assert 'class="status finished"' in bundle["text/html"]
    assert 'href="http://127.0.0.1:5000/#/experiments/1/runs/run"' in bundle["text/html"]


def test_one_trial_is_one():
    told = shown(results(trial(0, {"lr": 1}, 0.5)), total=1, summary=ended())["text/plain"]
    assert told.startswith("● finished  tuned: 1 trial, ")


def test_nothing_of_names_values_and_errors_is_markup():
    odd = results(
        trial(0, {SCRIPT: SCRIPT}, 1.0), trial(1, {SCRIPT: "b"}, None, status="FAILED", error=SCRIPT), name=SCRIPT
    )
    for html in (
        shown(odd)["text/html"],
        shown(odd, summary=ended(Notice(SCRIPT)))["text/html"],
        results_html(odd, None),
    ):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_secrets_of_a_point_are_not_shown():
    assert "hunter2hunter2" not in results_html(results(trial(0, {"api_password": "hunter2hunter2"}, 1.0)), None)


def test_points_are_judged_by_their_mean_with_its_error():
    values = {"a": (1.0, 3.0), "b": (1.5, 1.7)}
    trials = [
        trial(2 * at + one, {"opt": opt}, value, point_number=at)
        for at, (opt, pair) in enumerate(values.items())
        for one, value in enumerate(pair)
    ]
    html = results_html(results(*trials), None)
    assert html.index(">b<") < html.index(">a<")
    assert "seeds" in html


def test_without_a_metric_that_tells_which_is_better_it_says_what_to_write():
    assert "--metric NAME --mode max" in results_html(results(trial(0, {"x": 1}, 1.0), metric=None, goal=None), None)


def test_the_picture_is_one():
    picture = Image.open(io.BytesIO(picture_of(THREE)))
    assert picture.width > 800


@pytest.mark.parametrize("found", [results(), results(trial(0, {"x": 1}, 1.0)), results(trial(0, {"x": 1}, math.nan))])
def test_without_two_points_there_is_none(found):
    assert picture_of(found) is None


def test_signs_that_the_font_has_not_are_drawn_without_a_word(recwarn):
    assert picture_of(results(trial(0, {"学习率": 1}, 1.0), trial(1, {"学习率": 2}, 2.0)))
    assert not [one for one in recwarn if "Glyph" in str(one.message)]


def test_the_best_so_far_is_that_of_means():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    pairs = [(0, 1.0), (0, 3.0), (1, 1.5), (1, 1.7), (2, 0.5), (2, 9.0)]
    _so_far(axes, results(*(trial(at, {"x": p}, value, point_number=p) for at, (p, value) in enumerate(pairs))))
    [line] = axes.get_lines()
    assert line.get_xydata().tolist() == [[1, 2.0], [3, 1.6], [5, 1.6]]
    assert line.get_label() == "best mean so far"


def test_a_script_has_a_bar_and_the_notices_on_standard_error(capsys):
    view = SweepView()
    view.show(results(trial(0, {"x": 1}, 1.0)), total=3, running=1)
    view.show_storing(THREE, total=3)
    view.show_end(THREE, ended(Notice("told")), total=3)
    written = capsys.readouterr()
    assert not written.out
    assert "1/3" in written.err
    assert written.err.endswith("● finished  tuned · 6.50 s\ntold\n")
