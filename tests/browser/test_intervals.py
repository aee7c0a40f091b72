"""A metric with the bounds of its interval, as one column of the table and one line of the run's page."""

import base64
from array import array

import pytest
from bare_widget import open_widget
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison

METRICS = {"accuracy": 0.912345, "accuracy_low": 0.8812, "accuracy_high": 0.9345}
RUNS = [
    numbered_run(0, "net 0", {"lr": "1"}, METRICS),
    numbered_run(1, "net 1", {"lr": "2"}, {"accuracy": 0.85}),
]
PAGE = {
    "id": f"{0:032x}", "name": "net 0", "experiment": "digits", "status": "FINISHED", "is_deleted": False,
    "is_starred": False, "is_archived": False, "started": None, "duration_s": None, "span_s": None, "url": None,
    "parent": "", "note": "", "metrics": [[name, "max"] for name in METRICS], "installed": 0, "left_out": "",
    "ends": {"accuracy": ["accuracy_low", "accuracy_high"]},
    "source": [], "params": [], "tags": [], "verdicts": [], "datasets": [], "models": [], "evaluated": [],
    "environment": [], "packages": [], "texts": [], "figures": [], "files": [], "problems": [],
}  # fmt: skip


def answer(content):
    if content["kind"] == "run":
        values = base64.b64encode(array("d", METRICS.values()).tobytes()).decode()
        return {"page": PAGE, "buffers": [{"base64": values}]}
    return {"kind": "error", "text": "not here"}


@pytest.fixture
def page(chromium):
    opened = open_widget(chromium, Comparison(RUNS, "experiment digits"), answer=answer, width=1300)
    yield opened
    assert opened.problems == []
    opened.close()


def test_the_interval_stands_beside_the_value_and_its_bounds_are_no_columns(page):
    assert page.locator(".mm-heading .mm-label").all_inner_texts()[:3] == ["name", "accuracy", "lr"]
    cell = page.locator(".mm-cell", has_text="[0.8812, 0.9345]")
    assert cell.inner_text().endswith("0.9123 [0.8812, 0.9345]")
    assert cell.get_attribute("title").startswith("0.912345 [0.8812, 0.9345]")
    assert cell.evaluate("(cell) => cell.scrollWidth <= cell.clientWidth"), "nothing is cut off"
    page.get_by_role("tab", name="Charts").click()
    page.get_by_role("button", name="Scatter").click()
    labels = page.get_by_label("Vertical axis").locator("option").all_inner_texts()
    assert "accuracy" in labels
    assert not {"accuracy_low", "accuracy_high"} & set(labels)


def test_on_the_page_of_the_run_it_is_one_line(page):
    page.locator(".mm-body .mm-row", has_text="net 0").dblclick()
    table = page.locator(".mm-page table", has_text="accuracy")
    table.first.wait_for()
    assert table.first.locator("tbody tr").count() == 1
    assert "0.9123 [0.8812, 0.9345]" in table.first.inner_text()
