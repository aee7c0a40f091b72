"""The table of runs in a real JupyterLab: each thing that a person does with it."""

import csv
import io

import pytest

RUNS = """
import mlflow
for at in range(24):
    with mlmagic.track(f"net {at:02}", quiet=True):
        mlmagic.log_params(lr=["1e-3", "0.01", "0.1"][at % 3], seed=at // 6, depth=at % 6, width=64)
        mlmagic.log(accuracy=0.5 + at / 100, val_loss=1 / (at + 1), oddness=at)
with mlmagic.track("folds", quiet=True):
    for fold in range(4):
        with mlmagic.track(f"fold {fold}", quiet=True):
            mlmagic.log(accuracy=0.9 + fold / 100)
try:
    with mlmagic.track("broken", quiet=True):
        mlmagic.log(accuracy=float("nan"), val_loss=float("inf"))
        raise ValueError("no")
except ValueError:
    pass
with mlflow.start_run(run_name="plain"):
    mlflow.log_metric("accuracy", 0.4)
"""


@pytest.fixture(scope="module")
def ran(lab):
    lab.run(RUNS)
    return lab


@pytest.fixture
def table(ran):
    """A new comparison of all runs, in view."""
    widget = ran.run("widget = %compare\nwidget").locator(".mlmagic-compare")
    widget.locator(".mm-body .mm-row").first.wait_for()
    widget.scroll_into_view_if_needed()
    yield widget
    ran.assert_clean()


def names(widget, most=100):
    """The names of the rows that are drawn, from top to bottom."""
    found = widget.evaluate(
        """element => [...element.querySelectorAll('.mm-body .mm-row')]
            .sort((a, b) => a.dataset.line - b.dataset.line).map(row => row.querySelector('.mm-name').textContent)"""
    )
    return found[:most]


def heading(widget, label):
    return widget.locator(".mm-heading").filter(has=widget.page.get_by_text(label, exact=True))


def cell(widget, name, label):
    """The cell of a run in a column."""
    column = heading(widget, label).get_attribute("data-column")
    row = widget.locator(".mm-body .mm-row").filter(has=widget.page.get_by_text(name, exact=True))
    return row.locator(f'[data-column="{column}"]')


def row(widget, name):
    return widget.locator(".mm-body .mm-row").filter(has=widget.page.get_by_text(name, exact=True))


def filtered(widget, text):
    widget.get_by_role("combobox", name="Filter").fill(text)
    widget.get_by_role("combobox", name="Filter").press("Enter")


def selected(lab):
    return lab.check("frame = widget.to_dataframe()\nprint(list(frame['name']) if widget.selected else [])")


def test_the_newest_run_is_first_and_children_are_folded(table):
    assert names(table, 4) == ["plain", "broken", "folds", "net 23"]
    assert "27 runs + 4 below" in table.locator(".mm-found").inner_text()


def test_a_click_on_a_heading_sorts_the_better_first_then_the_other_way_then_not(table):
    heading(table, "accuracy").click()
    assert heading(table, "accuracy").get_attribute("aria-sort") == "descending"
    assert names(table, 2) == ["folds", "net 23"]
    heading(table, "accuracy").click()
    assert heading(table, "accuracy").get_attribute("aria-sort") == "ascending"
    assert names(table, 2) == ["plain", "net 00"]
    heading(table, "accuracy").click()
    assert heading(table, "accuracy").get_attribute("aria-sort") == "none"
    assert names(table, 1) == ["plain"]


def test_shift_adds_a_second_key_and_words_that_are_numbers_sort_as_such(table):
    grid = table.locator(".mm-grid")
    grid.evaluate("grid => (grid.scrollLeft = 400)")  # a click that scrolls would hit a cell that has moved on
    table.page.wait_for_timeout(200)
    heading(table, "lr").click()
    grid.evaluate("grid => (grid.scrollLeft = 0)")
    table.page.wait_for_timeout(200)
    heading(table, "accuracy").click(modifiers=["Shift"])
    assert names(table, 2) == ["net 21", "net 18"]
    assert "lr ascending, then accuracy descending" in table.locator(".mm-status").inner_text()


@pytest.mark.parametrize("clicks", [1, 2])
def test_nan_and_missing_values_are_last_either_way(table, clicks):
    filtered(table, "val_loss < 0.05 or status = failed or name = plain")
    for _ in range(clicks):
        heading(table, "accuracy").click()
    assert names(table)[-1] == "broken"
    for _ in range(clicks):
        heading(table, "val_loss").click()
    assert names(table)[-1] == "plain"


def test_infinity_and_nan_and_missing_are_told_apart(table):
    assert cell(table, "broken", "val_loss").inner_text() == "inf"
    assert cell(table, "broken", "accuracy").inner_text() == "nan"
    assert "missing" in cell(table, "plain", "val_loss").text_content()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("val_loss < 0.05 and lr = 0.01", ["net 22"]),
        ("depth = 5 and seed >= 2", ["net 23", "net 17"]),
        ("net 07", ["net 07"]),
        ("status = failed", ["broken"]),
        ("accuracy > 0.71 and not lr = 0.1 and name ~ net", ["net 22"]),
        ("param.lr in (1e-3) and seed = 3", ["net 21", "net 18"]),
        ("val_loss is missing and name ~ pl", ["plain"]),
        ("fold 2", ["folds"]),
    ],
)
def test_the_filter_keeps_what_it_says(table, text, expected):
    filtered(table, text)
    assert names(table) == expected
    assert not table.locator(".mm-filter-problem").is_visible()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("val_los < 1", "Did you mean 'val_loss'?"),
        ("val_loss <", "value"),
        ("(lr = 1", "not closed"),
        ("'open", "quote"),
    ],
)
def test_a_filter_that_cannot_be_read_says_why_and_keeps_the_rows(table, text, message):
    before = names(table)
    filtered(table, text)
    assert message in table.locator(".mm-filter-problem").inner_text()
    assert names(table) == before


def test_nothing_found_offers_to_clear_the_filter(table):
    filtered(table, "accuracy > 5")
    assert "No run matches the filter." in table.inner_text()
    table.get_by_role("button", name="Clear the filter").click()
    assert names(table, 1) == ["plain"]


def test_names_are_offered_while_typing_and_escape_clears(table):
    box = table.get_by_role("combobox", name="Filter")
    box.press_sequentially("val")
    table.get_by_role("option", name="val_loss").wait_for()
    box.press("ArrowDown")
    box.press("Enter")
    box.press_sequentially("< 0.05")
    box.press("Enter")
    assert box.input_value() == "val_loss < 0.05"
    assert names(table, 1) == ["net 23"]
    box.press("Escape")
    assert box.input_value() == ""


def test_keys_typed_in_the_filter_do_not_reach_the_notebook(ran, table):
    before = ran.page.locator(".jp-Notebook .jp-Cell").count()
    box = table.get_by_role("combobox", name="Filter")
    box.press_sequentially("dd bb x")
    assert box.input_value() == "dd bb x"
    assert ran.page.locator(".jp-Notebook .jp-Cell").count() == before


def test_click_shift_and_control_select(ran, table):
    row(table, "net 23").click()
    row(table, "net 20").click(modifiers=["Shift"])
    assert selected(ran) == "['net 23', 'net 22', 'net 21', 'net 20']"
    row(table, "net 22").click(modifiers=["Control"])
    row(table, "net 19").locator("input").click()
    assert selected(ran) == "['net 23', 'net 21', 'net 20', 'net 19']"
    assert row(table, "net 21").get_attribute("aria-selected") == "true"
    row(table, "plain").click()
    assert selected(ran) == "['plain']"


def test_what_code_selects_is_selected_in_the_table(ran, table):
    ran.run("widget.selected = [widget.table['ids'][0]]")
    table.locator('.mm-body .mm-row[aria-selected="true"]').wait_for()
    assert row(table, "plain").get_attribute("aria-selected") == "true"


def test_everything_works_by_keys(ran, table):
    table.get_by_role("tab", name="Runs").focus()
    grid = table.locator(".mm-grid")
    grid.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", " ", "Shift+ArrowDown"):
        grid.press(key)
    assert selected(ran) == "['net 23', 'net 22']"
    grid.focus()
    grid.press("Escape")
    assert selected(ran) == "[]"
    grid.focus()
    for key in ("Control+Home", "ArrowUp", "ArrowRight", "Enter"):
        grid.press(key)
    assert table.locator('.mm-heading:not([aria-sort="none"])').count() == 1
    active = grid.get_attribute("aria-activedescendant")
    assert table.locator(f'[id="{active}"]').evaluate("cell => cell.classList.contains('mm-active')")
    grid.press("Alt+ArrowDown")
    table.get_by_role("menu").wait_for()
    table.page.keyboard.press("Escape")
    assert grid.evaluate("element => element === document.activeElement")
    grid.press("Control+a")
    assert "31 runs selected" in table.locator(".mm-status").inner_text()
    assert ran.check("print(len(widget.selected))") == "31"


def test_columns_are_hidden_pinned_and_found_again(table):
    heading(table, "val_loss").hover()
    heading(table, "val_loss").locator(".mm-more").click()
    table.get_by_role("menuitem", name="Hide").click()
    assert heading(table, "val_loss").count() == 0
    table.get_by_role("button", name="Columns").click()
    panel = table.get_by_role("dialog", name="Columns")
    panel.get_by_label("Search columns").fill("val_l")
    panel.get_by_label("val_loss").check()
    table.page.keyboard.press("Escape")
    heading(table, "val_loss").wait_for()
    heading(table, "val_loss").hover()
    heading(table, "val_loss").locator(".mm-more").click()
    table.get_by_role("menuitemcheckbox", name="Pin at the left").click()
    assert heading(table, "val_loss").get_attribute("data-column") == "1"
    assert "mm-pinned" in heading(table, "val_loss").get_attribute("class")


def test_a_column_is_resized_by_a_drag_a_double_click_and_keys(table):
    def width():
        return heading(table, "accuracy").bounding_box()["width"]

    before = width()
    handle = heading(table, "accuracy").locator(".mm-handle").bounding_box()
    mouse = table.page.mouse
    mouse.move(handle["x"] + 4, handle["y"] + 10)
    mouse.down()
    mouse.move(handle["x"] + 84, handle["y"] + 10, steps=4)
    mouse.up()
    assert abs(width() - before - 80) <= 2
    heading(table, "accuracy").locator(".mm-handle").dblclick()
    assert width() < before + 40
    dragged = width()
    heading(table, "accuracy").click()
    table.locator(".mm-grid").press("Alt+ArrowRight")
    assert width() == dragged + 16


def test_only_the_columns_that_differ(table):
    def count():
        return int(table.locator(".mm-grid").get_attribute("aria-colcount"))

    before = count()
    table.get_by_role("button", name="Only differing").click()
    assert count() == before
    filtered(table, "name ~ net")
    assert count() == before - 3  # the width, the status and the order of cells are the same for all of these


def test_the_best_is_marked_by_the_metrics_direction_and_better_ones_are_shaded(table):
    filtered(table, "net")
    assert "best" in cell(table, "net 23", "val_loss").text_content()
    assert "best" in cell(table, "net 23", "accuracy").text_content()
    assert "best" not in cell(table, "net 23", "oddness").text_content()
    assert cell(table, "net 23", "accuracy").get_attribute("data-shade") == "6"
    assert cell(table, "net 23", "oddness").get_attribute("data-shade") is None
    table.get_by_role("button", name="Shade").click()
    assert cell(table, "net 23", "accuracy").get_attribute("data-shade") is None


def test_nested_runs_unfold_and_their_parent_shows_mean_and_error(table):
    mean = cell(table, "folds", "accuracy")
    assert mean.inner_text().split() == ["0.9150", "±", "0.0065"] or "±" in mean.inner_text()
    assert "mean ± standard error of 4 runs" in mean.get_attribute("title")
    row(table, "folds").locator(".mm-fold").click()
    assert names(table, 5)[2:5] == ["folds", "fold 3", "fold 2"]
    row(table, "folds").locator(".mm-fold").click()
    assert "fold 3" not in names(table)


def test_runs_are_grouped_by_configuration_and_by_a_param(ran, table):
    filtered(table, "net")
    table.get_by_label("Group by").select_option("configuration")
    assert table.locator(".mm-group").count() == 6
    first = table.locator(".mm-group").first
    assert "4 runs" in first.inner_text()
    first.locator("input").click()
    assert ran.check("print(len(widget.selected))") == "4"
    table.get_by_label("Group by").select_option("param:lr")
    assert table.locator(".mm-group").count() == 3
    assert "lr = " in table.locator(".mm-group").first.inner_text()


def test_the_file_holds_what_is_shown_exactly(ran, table):
    filtered(table, "accuracy > 0.71 and lr = 0.01")
    with ran.page.expect_download() as download:
        table.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert [one["name"] for one in rows] == ["net 22"]
    assert float(rows[0]["val_loss"]) == 1 / 23
    assert rows[0]["lr"] == "0.01"
    assert len(rows[0]["run_id"]) == 32


def test_a_run_links_to_the_mlflow_ui_where_one_serves(ran, table):
    assert table.locator(".mm-link").count() == 0
    ran.run("mlmagic.settings.ui_url = 'http://127.0.0.1:5000'")
    widget = ran.run("mlmagic.compare()").locator(".mlmagic-compare")
    link = widget.locator(".mm-link").first
    link.wait_for()
    ran.run("mlmagic.settings.ui_url = ''")
    assert link.get_attribute("href").startswith("http://127.0.0.1:5000/#/experiments/0/runs/")
    assert link.get_attribute("rel") == "noopener noreferrer"


def test_status_and_duration_are_seen_at_a_glance(table):
    assert row(table, "broken").get_by_role("img", name="failed").count() == 1  # beside the name, always in sight
    table.locator(".mm-grid").evaluate("grid => { grid.scrollLeft = grid.scrollWidth }")
    heading(table, "status").wait_for()
    assert cell(table, "broken", "status").inner_text() == "failed"
    assert cell(table, "broken", "status").locator(".mm-bad").count() == 1
    assert (
        "ms" in cell(table, "broken", "duration").inner_text() or "s" in cell(table, "broken", "duration").inner_text()
    )


def test_the_grid_tells_its_size_to_screen_readers(table):
    grid = table.locator(".mm-grid")
    assert grid.get_attribute("role") == "treegrid"
    assert grid.get_attribute("aria-rowcount") == "28"
    assert int(grid.get_attribute("aria-colcount")) >= 9
    assert table.locator('[tabindex="0"]').evaluate_all("all => all.filter(one => one.closest('.mm-grid')).length") == 1


def test_of_ten_thousand_runs_and_two_thousand_columns_only_what_is_seen_is_drawn(ran):
    ran.run(
        "from mlmagic.comparison.compared_runs import Comparison\nfrom mlmagic.comparison.widget import CompareWidget\n"
        "from mlmagic.store.query.bulk import LightRun, RunData, RunInfo\n"
        "def made(at, columns): return LightRun(RunInfo(f'{at:032x}', f'run {at}', '0', None, 'FINISHED', at, at + 9, '', 'active'),"
        " RunData({}, {f'm{c}': float((at * 7919 + c) % 10007) for c in range(columns)}))\n"
        "many = [made(at, 8) for at in range(10_000)]; wide = [made(at, 2_000) for at in range(30)]"
    )
    widget = ran.run("CompareWidget(Comparison(many, 'many'))").locator(".mlmagic-compare")
    widget.locator(".mm-body .mm-row").first.wait_for()
    assert widget.locator(".mm-row").count() < 40
    widget.locator(".mm-grid").evaluate("grid => (grid.scrollTop = grid.scrollHeight)")
    row(widget, "run 9999").wait_for()
    heading(widget, "m0").click()
    widget.locator(".mm-grid").evaluate("grid => (grid.scrollTop = 0)")
    assert float(cell(widget, names(widget, 1)[0], "m0").inner_text()) == 0
    filtered(widget, "m0 < 100 and run 5")
    assert "of 10,000 runs" in widget.locator(".mm-found").inner_text()

    widget = ran.run("CompareWidget(Comparison(wide, 'wide'))").locator(".mlmagic-compare")
    widget.locator(".mm-body .mm-row").first.wait_for()
    assert widget.locator(".mm-cell").count() < 1000
    widget.locator(".mm-grid").evaluate("grid => (grid.scrollLeft = grid.scrollWidth)")
    widget.locator('[data-column="2003"]').first.wait_for()
    assert row(widget, "run 0").is_visible()
    ran.assert_clean()


ODD = [
    "<script>window.injected = 1</script>",
    "'\"><img src=x onerror='window.injected = 2'>",
    "🚀 emoji",
    "שלום עולם",
    "x" * 5000,
    "$a$ and `b`",
]


def test_whatever_runs_are_called_is_shown_as_text(ran):
    ran.run(
        f"odd = {ODD!r}\n"
        "def strange(at, text): return LightRun(RunInfo(f'{at:032x}', text, '0', None, 'FINISHED', at, at + 9, '', 'active'),"
        " RunData({text: text}, {text: 1.0 * at}, {text: text}))\n"
        "runs = [strange(at, text) for at, text in enumerate(odd)]"
    )
    widget = ran.run("widget = CompareWidget(Comparison(runs, odd[0]))\nwidget").locator(".mlmagic-compare")
    widget.locator(".mm-body .mm-row").first.wait_for()
    assert names(widget, 4) == ODD[:4]
    assert widget.locator("img, script").count() == 0
    filtered(widget, "`🚀 emoji` = '🚀 emoji'")
    assert names(widget) == ["🚀 emoji"]
    filtered(widget, "")
    for text in ODD[:2]:
        row(widget, text).click(modifiers=["Control"])
    widget.get_by_label("Group by").select_option(index=2)
    widget.get_by_role("button", name="Columns").click()
    assert "<script>" in widget.get_by_role("dialog", name="Columns").inner_text()
    ran.page.keyboard.press("Escape")
    ran.screenshot("odd", widget)
    ran.assert_clean()


def test_without_runs_it_says_what_to_do(ran):
    ran.run("mlflow.create_experiment('empty')")
    widget = ran.run("%compare -e empty").locator(".mlmagic-compare")
    widget.get_by_text("No runs yet.").wait_for()
    assert "%%track" in widget.inner_text()
    assert not widget.locator(".mm-grid").is_visible()
