"""A run's page, its figures, and what is changed in place, in a real JupyterLab."""

import re

import pytest
from test_accessibility import AXE, CONTRAST

RUNS = """
import pathlib, mlflow, numpy as np, matplotlib.pyplot as plt
def plot(at, title):
    figure, axes = plt.subplots(figsize=(2, 1.5))
    axes.plot([at, 1, 2])
    mlmagic.log_figure(figure, title)
    plt.close(figure)
for at in range(3):
    with mlmagic.track(f"forest {at}", quiet=True, tags={"team": "vision"}):
        mlmagic.log_params(depth=at, label="<b>$5</b>")
        for step in range(5):
            mlmagic.log(loss=1 / (step + at + 1), step=step)
        plot(at, "roc")
        plot(at, "gone")
        print("hello from", at)
with mlmagic.track("parent <img src=x onerror='window.injected = 1'>", quiet=True):
    with mlmagic.track("child", quiet=True):
        mlmagic.log(loss=3.0)
mlmagic.sync()
client = mlflow.MlflowClient()
ids = {run.info.run_name.split("<")[0].strip(): run.info.run_id for run in client.search_runs(["0"])}
for step in (0, 10, 20):
    client.log_image(ids["forest 0"], np.full((8, 8, 3), 10 * step, dtype="uint8"), key="sample", step=step)
client.log_text(ids["forest 1"], "this is no picture", "figures/odd.png")
"""


@pytest.fixture(scope="module")
def ran(lab):
    lab.run(RUNS)
    return lab


@pytest.fixture
def widget(ran):
    """A new comparison of all runs, in view."""
    found = ran.run("widget = %compare\nwidget").locator(".mlmagic-compare")
    found.locator(".mm-body .mm-row").first.wait_for()
    found.scroll_into_view_if_needed()
    yield found
    ran.assert_clean()


def row(widget, name):
    return widget.locator(".mm-body .mm-row").filter(has=widget.page.get_by_text(name, exact=True))


def opened(widget, name):
    """Open the page of a run, and return it."""
    row(widget, name).locator(".mm-name").dblclick()
    page = widget.locator(".mm-page")
    page.get_by_role("heading", name=name, exact=True).wait_for()
    return page


def says(widget, text):
    widget.locator(".mm-status").filter(has_text=text).wait_for()


def stored(ran, expression):
    return ran.check(f"print({expression})")


def test_enter_opens_a_run_and_escape_returns_to_its_row(ran, widget):
    row(widget, "forest 1").locator(".mm-name").click()
    widget.page.keyboard.press("Enter")
    page = widget.locator(".mm-page")
    page.get_by_role("heading", name="forest 1", exact=True).wait_for()
    assert not widget.locator(".mm-grid").is_visible()
    text = page.inner_text()
    for part in ("finished", "depth", "<b>$5</b>", "hello from 1", "team", "Python", "mlmagic/cell.py", "packages"):
        assert part in text
    page.locator(".mm-spark").first.wait_for()
    assert re.search(r"loss ↓\s+0\.1667\s+0\.1667\s+0\.5\s+5", page.inner_text())
    widget.page.keyboard.press("Alt+ArrowDown")
    page.get_by_role("heading", name="forest 0", exact=True).wait_for()
    widget.page.keyboard.press("Escape")
    widget.locator(".mm-grid:focus").wait_for()
    row(widget, "forest 0").locator(".mm-active").wait_for()
    assert stored(ran, "len(widget.selected)") == "1"


def test_a_double_click_opens_a_run_and_leaves_the_selection(ran, widget):
    row(widget, "forest 2").locator(".mm-name").click()
    row(widget, "forest 1").locator(".mm-name").click(modifiers=["Control"])
    page = opened(widget, "forest 0")
    assert "4 of 4" in page.inner_text()
    page.get_by_role("button", name="Back").click()
    assert stored(ran, "len(widget.selected)") == "2"


def test_keys_of_the_table_select_unfold_and_star_as_before(ran, widget):
    grid = widget.locator(".mm-grid")
    row(widget, "forest 2").locator(".mm-name").click()
    grid.press("ArrowDown")
    grid.press(" ")
    assert stored(ran, "len(widget.selected)") == "2"
    grid.press("Control+Home")
    grid.press("+")
    row(widget, "child").wait_for()
    grid.press("-")
    row(widget, "child").wait_for(state="detached")


def test_a_note_is_edited_and_what_is_refused_stays_in_the_box(ran, widget):
    page = opened(widget, "forest 1")
    box = page.get_by_role("textbox", name="Note")
    box.fill("x" * 8001)
    page.get_by_role("button", name="Save note").click()
    page.get_by_text("The note is not saved. The note has 8,001 characters").wait_for()
    assert len(box.input_value()) == 8001
    box.fill("the <b>baseline</b>")
    page.get_by_role("button", name="Next run").click()
    page.get_by_role("heading", name="forest 0", exact=True).wait_for()
    page.get_by_role("button", name="Previous run").click()
    page.get_by_role("heading", name="forest 1", exact=True).wait_for()
    assert page.get_by_role("textbox", name="Note").input_value() == "the <b>baseline</b>"
    page.get_by_role("textbox", name="Note").press("Control+Enter")
    says(widget, "The note is saved.")
    assert stored(ran, "mlmagic.Run(ids['forest 1']).note") == "the <b>baseline</b>"
    assert page.get_by_role("button", name="Save note").is_hidden()


def test_tags_are_added_changed_and_removed(ran, widget):
    page = opened(widget, "forest 2")
    page.get_by_label("Name of a new tag").fill("mlflow.user")
    page.get_by_label("Value of the new tag").fill("me")
    page.get_by_role("button", name="Add tag").click()
    page.get_by_text("'mlflow.user' is reserved").wait_for()
    assert page.get_by_label("Value of the new tag").input_value() == "me"
    page.get_by_label("Name of a new tag").fill("stage")
    page.get_by_label("Value of the new tag").press("Enter")
    page.get_by_label("Value of stage").wait_for()
    page.get_by_label("Value of stage").fill("draft")
    page.get_by_label("Value of stage").press("Enter")
    says(widget, "The tags are saved.")
    page.get_by_role("button", name="Remove the tag team").click()
    page.get_by_label("Value of team").wait_for(state="detached")
    assert stored(ran, "[mlmagic.Run(ids['forest 2']).tags.get(tag) for tag in ('stage', 'team')]") == "['draft', None]"
    page.get_by_role("button", name="Back").click()
    widget.get_by_role("combobox", name="Filter").fill("stage = draft")
    widget.get_by_role("combobox", name="Filter").press("Enter")
    assert "1 of 4 runs" in widget.locator(".mm-found").inner_text()


def test_a_star_is_shown_and_found(ran, widget):
    page = opened(widget, "forest 0")
    page.get_by_role("button", name="Star").click()
    page.locator('.mm-star-button[aria-pressed="true"]').wait_for()
    page.get_by_role("button", name="Back").click()
    assert row(widget, "forest 0").locator(".mm-starred").inner_text() == "★"
    widget.get_by_role("combobox", name="Filter").fill("star = true")
    widget.get_by_role("combobox", name="Filter").press("Enter")
    assert "1 of 4 runs" in widget.locator(".mm-found").inner_text()
    row(widget, "forest 0").locator(".mm-starred").click()
    widget.get_by_text("No run has").first.wait_for()
    assert stored(ran, "mlmagic.Run(ids['forest 0']).tags.get('mlmagic.star')") == "None"


def test_archived_runs_are_hidden_until_one_asks_for_them(ran, widget):
    page = opened(widget, "forest 0")
    page.get_by_role("button", name="Archive").click()
    page.get_by_text("archived", exact=True).wait_for()
    page.get_by_role("button", name="Back").click()
    assert row(widget, "forest 0").count() == 0
    assert "3 runs + 1 below" in widget.locator(".mm-found").inner_text()
    assert "1 archived run hidden" in ran.run("%runs").inner_text()
    widget.get_by_role("button", name="1 archived").click()
    row(widget, "forest 0").locator(".mm-name").click()
    widget.get_by_role("button", name="1 selected").click()
    widget.get_by_role("menuitem", name="Take out of the archive").click()
    says(widget, "1 run taken out of the archive.")
    assert stored(ran, "len(mlmagic.runs(nested=True))") == "5"


def test_a_run_is_deleted_after_a_question_and_restored(ran, widget):
    page = opened(widget, "forest 2")
    page.get_by_role("button", name="Delete …").click()
    question = page.get_by_role("alertdialog")
    assert "Delete the run “forest 2”?" in question.inner_text()
    widget.page.keyboard.press("Escape")
    question.wait_for(state="hidden")
    page.get_by_role("button", name="Delete …").click()
    question.get_by_role("button", name="Delete").click()
    page.get_by_text("deleted", exact=True).wait_for()
    assert stored(ran, "'forest 2' in list(mlmagic.runs().name)") == "False"
    page.get_by_role("button", name="Back").click()
    assert "deleted" in row(widget, "forest 2").inner_text()
    page = opened(widget, "forest 2")
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("button", name="Delete …").wait_for()
    assert stored(ran, "'forest 2' in list(mlmagic.runs().name)") == "True"


def test_of_a_parent_it_is_asked_what_becomes_of_its_nested_runs(ran, widget):
    row(widget, "parent <img src=x onerror='window.injected = 1'>").locator(".mm-name").click()
    widget.get_by_role("button", name="1 selected").click()
    widget.get_by_role("menuitem", name="Delete …").click()
    question = widget.locator(".mm-table").get_by_role("alertdialog")
    assert "Delete the 1 nested run too; otherwise it stays, as in MLflow" in question.inner_text()
    question.get_by_role("checkbox").check()
    question.get_by_role("button", name="Delete").click()
    says(widget, "2 runs deleted.")
    widget.get_by_role("button", name="1 selected").click()
    widget.get_by_role("menuitem", name="Restore").click()
    says(widget, "1 run restored.")
    assert stored(ran, "len(mlmagic.runs())") == "4"
    ran.run("mlmagic.Run(ids['child']).restore()")


def test_a_run_that_another_process_deleted_is_told(ran, widget):
    ran.run("widget.live = False\nclient.delete_run(ids['child'])")
    widget.get_by_role("combobox", name="Filter").fill("child")
    widget.get_by_role("combobox", name="Filter").press("Enter")
    row(widget, "parent <img src=x onerror='window.injected = 1'>").locator(".mm-fold").click()
    page = opened(widget, "child")
    page.get_by_text("deleted", exact=True).wait_for()
    ran.run("client.restore_run(ids['child'])")
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("button", name="Delete …").wait_for()


def test_figures_stand_side_by_side_with_a_slider_and_say_what_is_gone(ran, widget):
    for name in ("forest 0", "forest 1", "forest 2"):
        row(widget, name).locator(".mm-name").click(modifiers=["Control"])
    ran.run(
        "pathlib.Path(client.get_run(ids['forest 2']).info.artifact_uri.removeprefix('file://'), 'figures/gone.png')"
        ".rename('moved.png')"
    )
    widget.get_by_role("tab", name="Figures").click()
    figures = widget.locator(".mm-figures")
    roc = figures.locator(".mm-figure").filter(has=widget.page.get_by_role("heading", name="roc.png"))
    roc.scroll_into_view_if_needed()
    roc.locator("img").nth(2).wait_for()
    gone = figures.locator(".mm-figure").filter(has=widget.page.get_by_role("heading", name="gone.png"))
    gone.locator("img").nth(1).wait_for()
    assert "no such figure" in gone.inner_text()
    sample = figures.locator(".mm-figure").filter(has=widget.page.get_by_role("heading", name="sample"))
    sample.scroll_into_view_if_needed()
    sample.get_by_alt_text("sample, forest 0, step 20").wait_for()
    ran.run("[path.unlink() for path in pathlib.Path('mlruns').rglob('*sample+step+0+*')]")
    slider = sample.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    sample.get_by_text("is not in the store any more.").wait_for()
    sample.get_by_role("button", name="Next step of sample").click()
    sample.get_by_alt_text("sample, forest 0, step 10").wait_for()
    odd = figures.locator(".mm-figure").filter(has=widget.page.get_by_role("heading", name="odd.png"))
    odd.scroll_into_view_if_needed()
    odd.get_by_text("figures/odd.png is no image that a browser can show.").wait_for()
    ran.screenshot("figures", widget)
    roc.get_by_role("button", name="forest 1").click()
    widget.locator(".mm-page").get_by_role("heading", name="forest 1", exact=True).wait_for()
    widget.page.keyboard.press("Escape")
    assert figures.is_visible()


def test_of_200_selected_runs_the_figures_of_the_first_12_are_shown(ran):
    ran.run(
        "from mlmagic.comparison.compared_runs import Comparison\nfrom mlmagic.comparison.widget import CompareWidget\n"
        "every = mlmagic.compare()._comparison.runs\n"
        "import copy\n"
        "def numbered(at):\n    run = copy.deepcopy(every[at % len(every)])\n    run.info.run_id = f'{at:032x}'\n    return run\n"
        "many = CompareWidget(Comparison([*every, *map(numbered, range(300))], 'many'))\n"
        "many.selected = many.to_dataframe().head(200)"
    )
    many = ran.run("many").locator(".mlmagic-compare")
    many.get_by_role("tab", name="Figures").click()
    many.get_by_text("The figures of the first 12 of 200 selected runs.").wait_for()
    assert many.locator(".mm-figures figure").count() < 100
    ran.assert_clean()


def test_code_is_copied_or_shown_where_the_browser_does_not_let_a_page_copy(ran, widget):
    page = opened(widget, "forest 1")
    widget.page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no'); }; }")
    page.get_by_role("button", name="Copy as code").click()
    code = page.get_by_label("Text to copy").input_value()
    assert ran.check(f"{code}\nprint(run.params['depth'])") == "1"
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Back").click()
    widget.get_by_role("combobox", name="Filter").fill("depth > 0")
    widget.get_by_role("combobox", name="Filter").press("Enter")
    widget.get_by_role("button", name="Actions").click()
    widget.get_by_role("menuitem", name="Copy what is shown as code").click()
    code = widget.locator(".mm-table").get_by_label("Text to copy").input_value()
    assert code == "%compare depth > 0 -e Default\n"
    assert ran.check(f"copied = {code.strip()}\nprint(len(copied.to_dataframe()))") == "2"


def test_two_widgets_on_a_page_do_not_share_ids(ran, widget):
    opened(widget, "forest 1")
    other = ran.run("%compare").locator(".mlmagic-compare")
    opened(other, "forest 2")
    assert "forest 1" in widget.locator(".mm-page").inner_text()
    twice = widget.page.evaluate(
        """() => {
            const ids = [...document.querySelectorAll('.mlmagic-compare [id]')].map((one) => one.id);
            return ids.filter((id, at) => ids.indexOf(id) !== at);
        }"""
    )
    assert twice == []


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_page_and_figures_are_accessible_in_both_themes(ran, widget, theme):
    ran.theme(theme)
    page = opened(widget, "forest 1")
    page.locator(".mm-spark").first.wait_for()
    page.get_by_role("button", name="Delete …").click()
    ran.screenshot(f"run_page_{theme[-5:].strip().lower()}", widget)
    _assert_accessible(ran, widget)
    widget.page.keyboard.press("Escape")
    page.get_by_role("button", name="Back").click()
    row(widget, "forest 1").locator(".mm-name").click()
    widget.get_by_role("tab", name="Figures").click()
    widget.locator(".mm-figures img").first.wait_for()
    _assert_accessible(ran, widget)


def _assert_accessible(ran, widget):
    ran.page.evaluate(AXE.read_text())
    found = widget.evaluate("async (element) => (await axe.run(element)).violations")
    assert not [
        f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    contrast = widget.evaluate(CONTRAST)
    assert contrast["texts"] > 5
    assert not contrast["faint"]


def test_a_page_whose_kernel_was_restarted_says_so_in_one_sentence(ran, widget):
    page = opened(widget, "forest 1")
    page.get_by_role("textbox", name="Note").fill("not to be lost")
    ran.restart()
    page.get_by_role("button", name="Save note").click()
    page.get_by_text("The kernel was restarted or shut down.").wait_for()
    assert page.get_by_role("textbox", name="Note").input_value() == "not to be lost"
    page.get_by_role("button", name="Reload").click()
    assert page.get_by_role("textbox", name="Note").input_value() == "not to be lost"
    page.get_by_role("button", name="Next run").click()
    page.get_by_role("heading", name="forest 0", exact=True).wait_for()
    assert "The kernel was restarted or shut down." in page.get_by_role("alert").inner_text()
    assert "<b>$5</b>" in page.locator(".mm-part", has_text="Parameters").inner_text()
