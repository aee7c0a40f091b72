"""One rule for how many runs there are, in each table and page."""

import re

import pytest
from light_runs import numbered_run

import mlmagic
from mlmagic.comparison.saved_page import saved_page
from mlmagic.comparison.selecting import select
from mlmagic.store.query.families import all_counted
from mlmagic.views.comparison import still_of
from mlmagic.views.comparison_page import page_html

PARENT = "mlflow.parentRunId"


@pytest.mark.parametrize(
    ("parents", "told"),
    [
        ([], "0 runs"),
        ([None], "1 run"),
        ([None, None], "2 runs"),
        ([None, 0, 0, None], "2 runs + 2 below them"),
        ([None, 0, 1], "1 run + 2 below them"),
        ([None, 99], "2 runs"),  # its parent is not among them
    ],
)
def test_runs_below_others_are_counted_apart(parents, told):
    tags = [{} if parent is None else {PARENT: f"{parent:032x}"} for parent in parents]
    assert all_counted([numbered_run(at, tags=one) for at, one in enumerate(tags)]) == told


def test_each_view_of_an_experiment_counts_the_same(make_run):
    parent = make_run("sweep")
    for at in range(4):
        make_run(f"trial {at}", {"lr": str(at)}, {"loss": at}, tags={PARENT: parent})
    for at in range(24):
        make_run(f"run {at}", {}, {"loss": at})
    make_run("old", tags={"mlmagic.archived": "true"})
    frame = mlmagic.runs()
    assert "20 of 25 runs, newest first · 1 archived run hidden" in repr(frame)
    assert repr(mlmagic.runs(n=3)).startswith("3 of 25 runs, newest first")
    assert repr(mlmagic.runs(sort="loss", n=3)).startswith("3 of 25 runs, lowest loss (best) first")
    still = still_of(select([], metric="loss"))["text/html"]
    assert "20 of 25 runs, lowest loss (best) first" in still
    assert "5 more runs are in the live view" in still
    assert "more with -n" not in still
    page = page_html(saved_page(select([]), view={}, selected=[], ui=None))
    assert re.search(r"· 25 runs \+ 4 below them, 1 archived ·", page)
