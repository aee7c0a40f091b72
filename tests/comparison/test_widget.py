"""The widget in Python: what is selected, what it shows at first, and the page that is saved with the notebook."""

import pandas as pd
import pytest
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import CONFIGURATION, Comparison
from mlmagic.comparison.widget import CompareWidget
from mlmagic.errors import UsageProblem
from mlmagic.views.comparison import still_of

IDS = [f"{at:032x}" for at in range(3)]


def comparison(**options):
    runs = [
        numbered_run(at, name, {"lr": f"0.{at}"}, {"loss": 0.5 - at / 10, "size": 1.0}, tags={"mlflow.user": "me"})
        for at, name in enumerate(["first", "second", "third"])
    ]
    return Comparison(runs, "three", **options)


@pytest.fixture
def widget(store_uri):
    return CompareWidget(comparison(), still=still_of)


def test_nothing_is_selected_at_first_and_all_runs_are_in_the_frame(widget):
    assert widget.selected == []
    assert list(widget.to_dataframe()["name"]) == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("given", "selected"),
    [
        ([IDS[1]], [IDS[1]]),
        ((IDS[2], IDS[0]), [IDS[2], IDS[0]]),
        ([IDS[0], IDS[0]], [IDS[0]]),
        (pd.Series(IDS[1:]), IDS[1:]),
        (pd.DataFrame({"run_id": IDS[:2]}), IDS[:2]),
        (None, []),
        ([], []),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_may_be_selected(widget, given, selected):
    widget.selected = given
    assert widget.selected == selected
    names = dict(zip(IDS, ["first", "second", "third"], strict=True))
    assert list(widget.to_dataframe()["name"]) == ([names[one] for one in selected] or list(names.values()))


def test_a_part_of_the_frame_selects_its_runs(widget):
    widget.selected = widget.to_dataframe().tail(2)
    assert widget.selected == IDS[1:]
    assert list(widget.to_dataframe()["run_id"]) == IDS[1:]


@pytest.mark.parametrize("given", [["f" * 32], [IDS[0], "nope"], [IDS[0][:8]]])
def test_a_run_that_is_not_in_the_table_is_refused_and_the_selection_stays(widget, given):
    widget.selected = [IDS[0]]
    with pytest.raises(UsageProblem, match=r"No run of this table has the id '.*'\..*to_dataframe\(\)\.run_id"):
        widget.selected = given
    assert widget.selected == [IDS[0]]


@pytest.mark.parametrize(
    ("options", "view"),
    [
        ({}, {"group": "", "curves": {"grouped": False}}),
        ({"group": CONFIGURATION}, {"group": CONFIGURATION, "curves": {"grouped": True}}),
        (
            {"metric": "loss"},
            {"group": "", "curves": {"grouped": False}, "metric": "metric:loss", "sort": [{"column": "metric:loss", "descending": False}]},
        ),
        (
            {"metric": "size", "goal": "max"},
            {"group": "", "curves": {"grouped": False}, "metric": "metric:size", "sort": [{"column": "metric:size", "descending": True}]},
        ),
        (
            {"metric": "size"},
            {"group": "", "curves": {"grouped": False}, "metric": "metric:size", "sort": [{"column": "metric:size", "descending": True}]},
        ),
    ],
    ids=str,
)  # fmt: skip
def test_what_the_table_shows_at_first(store_uri, options, view):
    assert CompareWidget(comparison(**options)).view == {"hidden": ["tag:mlflow.user"], **view}


@pytest.fixture
def displayed(monkeypatch):
    """The bundles that are displayed: only the shell of the process displays any."""
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, **options: bundles.append(bundle))
    return bundles


def test_below_the_widget_stands_the_page_that_is_saved(widget, displayed):
    widget._ipython_display_()
    live, saved = displayed
    assert live["text/html"] == ""
    assert "application/vnd.jupyter.widget-view+json" in live
    assert "<details open" in saved["text/html"]
    assert "first" in saved["text/plain"]


def test_without_a_saved_page_there_is_the_widget_alone(store_uri, displayed):
    CompareWidget(comparison())._ipython_display_()
    assert len(displayed) == 1


def test_the_page_has_the_table_where_the_store_is_away(widget, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    shown = still_of(comparison())
    assert "second" in shown["text/html"]
    assert "loss by run, oldest first" in shown["text/html"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"kind": "nonsense"}, "KeyError: 'nonsense'"),
        ({}, "KeyError: 'kind'"),
        ({"kind": "difference"}, "KeyError: 'runs'"),
        ({"kind": "difference", "runs": ["a" * 32, "b" * 32]}, "No run has the name or id"),
        ({"kind": "figure", "run": "a" * 32, "path": "x"}, "KeyError"),
        ({"kind": "histories", "runs": IDS}, "KeyError"),
    ],
    ids=str,
)
def test_a_request_that_cannot_be_answered_is_answered_by_an_error(widget, content, text):
    sent = []
    widget.send = lambda message, buffers=None: sent.append(message)
    widget._receive(widget, {"request": 5, **content}, [])
    (answer,) = sent
    assert answer["kind"] == "error"
    assert answer["request"] == 5
    assert text in answer["text"]
