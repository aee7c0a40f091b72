"""The tab of differences, and %diff, in a real JupyterLab."""

import pytest

DATA = """
import numpy as np, pandas as pd, matplotlib.pyplot as plt
from sklearn.linear_model import LogisticRegression
def table(shift):
    random = np.random.default_rng(0)
    return pd.DataFrame({"age": random.integers(20, 60, 80), "income": random.random(80) + shift, "bought": np.arange(80) % 2})
frame = table(0)
"""
FIRST = """%%track "first <script>window.injected = 1</script>"
C = 1.0
X, y = frame[["age", "income"]], frame["bought"]
model = LogisticRegression(C=C).fit(X, y)
accuracy = model.score(X, y)
note = "<img src=x onerror='window.injected = 2'>"
plt.plot([1, 2, 3]); plt.title("curve")
plt.show()
"""
SECOND = FIRST.replace("first", "second").replace("C = 1.0", "C = 0.01").replace("[1, 2, 3]", "[3, 2, 1]")


@pytest.fixture(scope="module")
def widget(lab):
    """The comparison of two runs with another parameter, other data and another figure; both are selected."""
    lab.run(DATA)
    lab.run(FIRST)
    lab.run("frame = table(1)")
    lab.run(SECOND)
    found = lab.run("widget = %compare\nwidget").locator(".mlmagic-compare")
    found.wait_for()
    return found


def open_tab(widget):
    widget.get_by_role("tab", name="Differences").click()


def section(widget, name):
    return widget.locator(f'.mm-section[data-section="{name}"]')


def test_without_a_selection_it_says_how_to_begin_and_does_it(lab, widget):
    open_tab(widget)
    assert "Select two runs or more in the table." in widget.inner_text()
    widget.get_by_role("button", name="Compare the newest two runs").click()
    section(widget, "params").wait_for()
    assert lab.check("print(len(widget.selected))") == "2"


def test_what_differs_is_open_and_told(lab, widget):
    section(widget, "code").wait_for()
    assert section(widget, "params").get_attribute("open") is not None
    params = section(widget, "params").inner_text()
    assert "C" in params
    assert "0.01" in params
    assert "accuracy" in section(widget, "metrics").inner_text()
    data = section(widget, "data").inner_text()
    assert "income" in data
    assert "age" not in data.replace("frame", "")
    assert section(widget, "environment").get_attribute("open") is None
    lab.screenshot("differences", widget)
    lab.assert_clean()


def test_code_is_compared_by_line_and_word(widget):
    code = section(widget, "code")
    assert code.locator("ins").first.inner_text()
    removed = code.locator("tr.mm-removed")
    assert removed.count() >= 2
    assert "removed" in removed.first.inner_text()
    assert "plt.show()" in code.inner_text()


def test_figures_stand_side_by_side(widget):
    figures = section(widget, "figures")
    figures.locator("img").nth(1).wait_for()
    for at in range(2):
        assert figures.locator("img").nth(at).evaluate("img => img.decode().then(() => img.naturalWidth)") > 100


def test_another_run_can_be_the_base(widget):
    before = section(widget, "params").locator("thead").inner_text()
    widget.get_by_label("Base").select_option(index=1)
    widget.page.wait_for_function(
        "([element, before]) => element.querySelector('[data-section=params] thead')?.innerText !== before",
        arg=[widget.element_handle(), before],
    )
    assert "first" in section(widget, "params").locator("thead th").first.inner_text()


def test_a_run_deleted_meanwhile_is_told_and_asked_for_again(lab, widget):
    # A widget that follows the store would drop the run from the table.
    lab.run("import mlflow\nwidget.live = False\nlast = mlmagic.last_run.id\nmlflow.delete_run(last)")
    widget.get_by_label("Base").select_option(index=1)
    widget.get_by_role("alert").wait_for()
    assert "was deleted" in widget.get_by_role("alert").inner_text()
    lab.run("mlflow.MlflowClient().restore_run(last)")
    widget.get_by_role("button", name="Try again").click()
    section(widget, "params").wait_for()
    lab.assert_clean()


def test_the_magic_shows_the_same_below_the_cell(lab, widget):
    output = lab.run("ids = widget.table['ids']\n%diff {ids[1]} {ids[0]}", ok=False)
    lab.run("mlmagic.diff(ids[1], ids[0])").locator(".mlmagic-diff").wait_for()
    shown = lab.page.locator(".mlmagic-diff").last
    text = shown.inner_text()
    assert "income" in text
    assert "0.01" in text
    assert "<script>window.injected" in text
    lab.screenshot("diff", shown)
    lab.theme("JupyterLab Dark")
    lab.page.wait_for_timeout(800)
    lab.screenshot("diff_dark", shown)
    lab.screenshot("differences_dark", widget)
    lab.theme("JupyterLab Light")
    lab.assert_clean()
    assert output is not None


def test_after_a_restart_of_the_kernel_it_says_what_to_do(lab, widget):
    lab.restart()
    open_tab(widget)
    widget.get_by_label("Base").select_option(index=1)
    problem = widget.locator(".mm-differences").get_by_role("alert")
    problem.wait_for()
    assert "The kernel was restarted or shut down. Run the cell again" in problem.inner_text()
    widget.get_by_role("tab", name="Curves").click()
    problem = widget.locator(".mm-curves").get_by_role("alert")
    problem.wait_for()
    assert "The kernel was restarted or shut down." in problem.inner_text()
