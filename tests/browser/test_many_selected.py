"""Two hundred selected runs: each part of the comparison says what it shows of them, within the page."""

import json

import numpy as np
import pytest
from bare_widget import as_json, open_widget
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison
from mlmagic.comparison.diffs.difference import difference_of
from mlmagic.comparison.diffs.run_record import RunRecord
from mlmagic.views.differences.difference import difference_json

RUNS = [
    numbered_run(
        at, f"forest {at}", {"depth": f"{at % 9}", "seed": f"{at}"}, {"loss": 1 / (at + 1), "accuracy": at / 200}
    )
    for at in range(200)
]
IDS = [run.info.run_id for run in RUNS]


def answer(content):
    """Answer as a kernel whose runs have three steps of each metric, and no files."""
    if content["kind"] == "histories":
        series = [
            {"run": run, "metric": name, "count": 3, "exact": True}
            for run in content["runs"]
            for name in content["metrics"]
        ]
        parts = [np.array(part, dtype=np.float64).tobytes() for part in ([0, 1, 2], [0, 1, 2], [0.9, 0.5, 0.2])] * len(
            series
        )
        return json.loads(as_json({"kind": "histories", "series": series, "problems": [], "buffers": parts}))
    if content["kind"] == "difference":
        records = [
            RunRecord(
                run.info.run_id,
                run.info.run_name,
                "digits",
                "FINISHED",
                0,
                0.5,
                None,
                run.data.params,
                run.data.metrics,
                {},
            )
            for run in RUNS
            if run.info.run_id in content["runs"]
        ]
        return {"kind": "difference", "difference": difference_json(difference_of(records))}
    return {"kind": "error", "text": f"no {content['kind']} here"}


@pytest.mark.parametrize("width", [500, 1400])
def test_each_part_shows_what_it_can_and_says_so(chromium, width):
    page = open_widget(chromium, Comparison(RUNS, "digits", metric="loss"), selected=IDS, answer=answer, width=width)
    for tab, shown, told in [
        ("Runs", ".mm-body .mm-row", "200 selected"),
        ("Curves", ".mm-curves canvas", "30 of 200"),
        ("Charts", ".mm-charts canvas", "200 runs"),
        ("Differences", ".mm-section", "of 200"),
    ]:
        page.get_by_role("tab", name=tab).click()
        page.locator(shown).first.wait_for()
        text = " ".join(page.locator(".mlmagic-compare").inner_text().split())
        assert told in text, (tab, text[:1000])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.problems == []
    page.close()
