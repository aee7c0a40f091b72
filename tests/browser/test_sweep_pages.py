"""A config and a sweep in JupyterLab, in both themes: what is seen while trials run, and when they have ended."""

import json

import pytest
from test_accessibility import AXE, CONTRAST

PREPARE = """%seed 3
import time
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
X_train, X_test, y_train, y_test = train_test_split(*load_digits(return_X_y=True), random_state=0)
"""
CONFIG = """%%hydra cfg lr=0.05 model.depth=5
lr: 0.1
model:
  name: forest
  depth: 3
seed: 42
"""
SWEEP = """%%sweep strength=tag(log,interval(1e-4,1)) scaled=true,false --search random --trials 12 --seeds 2 --metric accuracy
if strength > 0.1:
    raise ValueError("too <b>strong</b>")
model = LogisticRegression(C=strength, max_iter=60).fit(X_train / (16 if scaled else 1), y_train)
accuracy = model.score(X_test / (16 if scaled else 1), y_test)
time.sleep(0.25)
"""


@pytest.fixture(scope="module", params=["JupyterLab Light", "JupyterLab Dark"])
def shown(lab, request):
    """What a sweep showed while it ran, and its cell's outputs when it had ended."""
    lab.theme(request.param)
    lab.run(PREPARE)
    cell = lab.start(SWEEP)
    output = lab.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-Cell-outputWrapper")
    output.locator(".mlmagic-sweep tr.best").first.wait_for()
    while_it_runs = output.locator(".mlmagic-sweep").first.inner_text()
    lab.screenshot(f"sweep runs {request.param}", output)
    values = [output.get_by_role("progressbar").get_attribute("aria-valuenow")]
    lab.page.wait_for_timeout(1500)
    values.append(output.get_by_role("progressbar").get_attribute("aria-valuenow"))
    lab.idle()
    lab.screenshot(f"sweep {request.param}", output)
    return while_it_runs, values, output


def test_while_it_runs_there_is_a_bar_with_the_best_so_far_and_the_time_left(shown):
    words, values, _ = shown
    assert "of 24 trials" in words
    assert "best accuracy" in words
    assert "left" in words
    assert int(values[0]) < int(values[1])


def test_when_it_has_ended_there_are_the_best_points_and_a_picture(shown):
    _, _, output = shown
    assert output.get_by_role("progressbar").count() == 0
    text = output.inner_text()
    assert "24 trials" in text
    assert "too <b>strong</b>" in text
    assert output.locator("tr.best").count() == 1
    assert output.get_by_role("img").evaluate("(image) => image.naturalWidth") > 500


@pytest.mark.parametrize("cell", ["sweep", "config"])
def test_it_can_be_read_by_everyone(lab, shown, cell):
    output = shown[2] if cell == "sweep" else lab.run(CONFIG)
    lab.screenshot(f"{cell} read {json.dumps(lab.page.evaluate('document.body.dataset.jpThemeLight'))}", output)
    found = [view.evaluate(CONTRAST) for view in output.locator(".mlmagic-view").all()]
    assert sum(one["texts"] for one in found) > 5
    assert not [faint for one in found for faint in one["faint"]]
    lab.page.evaluate(AXE.read_text())
    violations = output.evaluate("async (element) => (await axe.run(element)).violations")
    assert not [one["id"] for one in violations if one["impact"] in {"serious", "critical"}]
