"""The comparison in Notebook 7."""

import nbformat
import pytest

CELL = """
%load_ext mlmagic
for depth in range(1, 4):
    with mlmagic.track(f"forest {depth}", quiet=True):
        mlmagic.log_params(depth=depth)
        mlmagic.log(accuracy=0.8 + depth / 50)
widget = %compare
widget
"""


@pytest.fixture(scope="module")
def page(jupyter, browse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("seven") / "work"
    server = jupyter(folder, "notebook")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "work.ipynb")
    opened = browse(server)
    opened.page.goto(server.url("notebooks/work.ipynb"))
    opened.page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
    opened.errors.clear()  # what Notebook says of its own settings before anything of ours is there
    cell = opened.page.locator(".jp-CodeCell").first
    for _ in range(60):  # the kernel may be idle before the page listens to keys
        if (asked := opened.page.locator(".jp-Dialog .jp-mod-accept")).count():
            asked.first.click()  # on a slow machine Notebook asks what to do about its own connection
        cell.locator(".cm-content").click()
        opened.page.keyboard.press("Control+Enter")
        opened.page.wait_for_timeout(500)
        if cell.locator(".jp-InputPrompt").first.inner_text() != "[ ]:":
            break
    opened.page.locator(".mlmagic-compare .mm-body .mm-row").first.wait_for(timeout=60_000)
    return opened


def test_the_runs_are_there_and_the_tabs_work(page):
    widget = page.page.locator(".mlmagic-compare")
    assert "forest 2" in widget.inner_text()
    widget.get_by_role("tab", name="Curves").click()
    assert widget.get_by_role("tab", name="Curves").get_attribute("aria-selected") == "true"
    assert not page.page.locator(".mlmagic-comparison").is_visible()
    page.screenshot("notebook7", widget)
    page.assert_clean()
