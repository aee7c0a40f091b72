"""Each part of the comparison, in both themes: what axe finds, and the contrast of every text."""

from pathlib import Path

import pytest
from jupyter_pages import ROOT

AXE = ROOT / "mlmagic/comparison/web/node_modules/axe-core/axe.min.js"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
RUNS = """
import mlflow
for at in range(12):
    with mlmagic.track(f"forest {at}", quiet=True):
        mlmagic.log_params(depth=at % 4, seed=at // 4, optimizer=["adam", "sgd"][at % 2])
        for step in range(20):
            mlmagic.log(loss=1 / (step + at + 1), accuracy=1 - 1 / (step + at + 2), step=step)
try:
    with mlmagic.track("failed", quiet=True):
        raise ValueError("no")
except ValueError:
    pass
"""
TABS = ["Runs", "Curves", "Charts", "Figures", "Differences"]


@pytest.fixture(scope="module", params=["JupyterLab Light", "JupyterLab Dark"])
def widget(lab, request):
    """The comparison in one theme, three runs selected, one of them the failed one."""
    lab.theme(request.param)
    lab.run(RUNS)
    output = lab.run(
        "widget = mlmagic.compare(metric='accuracy')\nwidget.selected = [*widget.table['ids'][:3]]\nwidget"
    )
    found = output.locator(".mlmagic-compare")
    found.wait_for()
    found.scroll_into_view_if_needed()
    return found


def opened(widget, tab):
    widget.get_by_role("tab", name=tab).click()
    widget.page.wait_for_timeout(1500)
    return widget


@pytest.mark.parametrize("tab", TABS)
def test_axe_finds_nothing_serious(lab, widget, tab):
    opened(widget, tab)
    lab.page.evaluate(AXE.read_text())
    found = widget.evaluate("async (element) => (await axe.run(element)).violations")
    serious = [
        f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert not serious


@pytest.mark.parametrize("tab", TABS)
def test_every_text_stands_out(lab, widget, tab):
    opened(widget, tab)
    found = widget.evaluate(CONTRAST)
    assert found["texts"] > 5
    assert not found["faint"]
