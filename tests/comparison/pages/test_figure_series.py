"""Figures by name over several runs, and those that were logged by step as one series."""

import pytest

from mlmagic.comparison.pages.figure_series import series_of


def shown(*runs):
    """The figures as `{name: (unit, frames of each run)}`."""
    return {one.name: (one.unit, [[(f.at, f.path) for f in frames] for frames in one.runs]) for one in series_of(runs)}


def test_one_row_a_name_and_a_place_a_run():
    found = shown(["figures/roc.png", "loss.svg", "model.pkl"], ["roc.png"])
    assert found == {
        "roc.png": ("", [[(0, "figures/roc.png")], [(0, "roc.png")]]),
        "loss.svg": ("", [[(0, "loss.svg")], []]),
    }


def test_the_folder_of_figures_goes_before_the_top():
    assert shown(["roc.png", "figures/roc.png"])["roc.png"] == ("", [[(0, "figures/roc.png")]])
    assert shown(["figures/roc.png", "roc.png"])["roc.png"] == ("", [[(0, "figures/roc.png")]])


def test_numbered_figures_are_one_series_in_order_of_their_numbers():
    paths = [f"figures/loss{end}.png" for end in ("_10", "_2", "", "_3")]
    unit, (frames,) = shown(paths)["loss.png"]
    assert unit == "number"
    assert [at for at, _ in frames] == [1, 2, 3, 10]


def test_what_is_a_series_in_one_run_is_one_in_the_others():
    found = shown(["a_1.png", "a_2.png"], ["a_7.png"], ["a.png"])
    assert list(found) == ["a.png"]
    assert found["a.png"][1] == [[(1, "a_1.png"), (2, "a_2.png")], [(7, "a_7.png")], [(1, "a.png")]]


@pytest.mark.parametrize("name", ["2024.png", "1.png", "f1_1.png", "epoch_3.png", "a_.png", "_.png", ".png"])
def test_a_number_alone_makes_no_series(name):
    ((found, (unit, frames)),) = shown([name]).items()
    assert (found, unit) == (name, "")
    assert frames == [[(0, name)]]


def test_images_of_mlflow_by_step_are_one_series_and_the_whole_image_is_taken():
    whole = "images/val~sample+step+{0}+timestamp+{1}+0a-1b.png"
    small = "images/val~sample+step+{0}+timestamp+{1}+0a-1b+compressed.webp"
    paths = [one.format(step, 100 + step) for step in (10, 2) for one in (small, whole)]
    unit, (frames,) = shown(paths)["val/sample"]
    assert unit == "step"
    assert frames == [(2, whole.format(2, 102)), (10, whole.format(10, 110))]


def test_of_two_images_at_a_step_the_later_counts_in_any_order():
    early, late = (f"images/s+step+1+timestamp+{at}+u.png" for at in (5, 6))
    for paths in ([early, late], [late, early]):
        assert shown(paths)["s"] == ("", [[(1, late)]])


def test_images_of_an_older_mlflow_are_known_too():
    paths = [f"images/a#b%step%{step}%timestamp%7%u.png" for step in (0, 1)]
    assert shown(paths)["a/b"][0] == "step"


def test_an_image_that_mlflow_logged_and_a_figure_of_its_name_stay_apart():
    found = series_of([["images/roc.png+step+1+timestamp+1+u.png", "figures/roc.png"]])
    assert [(one.name, len(one.runs[0])) for one in found] == [("roc.png", 1), ("roc.png", 1)]


@pytest.mark.parametrize(
    "path",
    [
        "../x.png",
        "<b>x</b>.png",
        "$5.png",
        "images/a+step+99999999999999999999+timestamp+1+u.png",
        "a" * 5000 + "1.png",
    ],
)
def test_names_of_any_kind_are_figures(path):
    ((_, (unit, frames)),) = shown([path]).items()
    assert unit == ""
    assert frames == [[(0, path)]]
