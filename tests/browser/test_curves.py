"""The curves of selected runs in a real JupyterLab: each thing that a person does with them."""

import re

import ipykernel
import pytest

RUNS = """
import math, mlflow
for at in range(4):
    with mlmagic.track(f"net {at}" if at else "<img src=x onerror=window.injected=1>", quiet=True):
        mlmagic.log_params(lr=0.1 / 2 ** (at // 2), seed=at % 2)
        for step in range(60):
            loss = math.exp(-step / (20 + 10 * at))
            mlmagic.log(loss=loss if step != 30 or at else float("nan"), step=step)
            mlmagic.log(accuracy=1 - loss, step=step)
        mlmagic.log(final=at / 10)
with mlmagic.track("other", quiet=True):
    mlmagic.log(reward=1.0)
ids = {run.name: run.run_id for run in mlmagic.runs().itertuples()}
nets = [ids["net 3"], ids["net 2"], ids["net 1"], ids["<img src=x onerror=window.injected=1>"]]
"""


@pytest.fixture(scope="module")
def ran(lab):
    lab.run(RUNS)
    return lab


@pytest.fixture
def curves(ran):
    """The tab of curves with four runs selected."""
    widget = ran.run("widget = mlmagic.compare(metric='loss')\nwidget.selected = nets\nwidget").locator(
        ".mlmagic-compare"
    )
    widget.get_by_role("tab", name="Curves").click()
    panel(widget, "loss").locator("canvas").wait_for()
    widget.locator(".mm-legend-item").nth(3).wait_for(timeout=10_000)
    yield widget
    ran.assert_clean()


def panel(widget, metric):
    return widget.get_by_role("region", name=metric)


def summary(widget, metric="loss"):
    return panel(widget, metric).get_by_role("img").get_attribute("aria-label")


def until(widget, wanted, metric="loss"):
    """Wait until the summary of a panel says this."""
    pattern = re.compile(wanted)
    for _ in range(100):
        if pattern.search(summary(widget, metric) or ""):
            return
        widget.page.wait_for_timeout(50)
    raise AssertionError(f"{wanted!r} is not in {summary(widget, metric)!r}")


def test_a_panel_for_each_metric_that_has_a_curve_the_main_one_first(curves):
    assert curves.locator(".mm-curve h3").all_inner_texts() == ["loss", "accuracy"]
    assert "4 lines" in summary(curves)
    assert "final" in curves.locator(".mm-told").inner_text()
    assert curves.locator(".mm-legend-item").count() == 4


def test_values_that_are_not_finite_are_told(curves):
    assert "not finite" in panel(curves, "loss").locator(".mm-notes").inner_text()


def test_without_a_selection_it_helps(ran):
    widget = ran.run("mlmagic.compare()").locator(".mlmagic-compare")
    widget.get_by_role("tab", name="Curves").click()
    widget.get_by_text("Select runs in the table").wait_for()
    widget.get_by_role("button", name="Select the newest 5").click()
    panel(widget, "loss").locator("canvas").wait_for()


def test_time_in_place_of_steps(curves):
    curves.get_by_role("button", name="Time").click()
    until(curves, "by time since the start")
    curves.get_by_role("button", name="Step").click()
    until(curves, "by step")


def test_log_axes(curves):
    curves.get_by_role("button", name="Log y").click()
    until(curves, "log y")
    curves.get_by_role("button", name="Log x").click()
    until(curves, "log x and y")


def test_smoothing(curves):
    slider = curves.get_by_label("Smoothing")
    slider.fill("0.9")
    curves.locator("output", has_text="0.90").wait_for()
    assert slider.get_attribute("aria-valuetext") == "0.90"


def test_runs_of_one_configuration_become_a_mean_with_a_band(curves):
    curves.get_by_role("button", name="Average seeds").click()
    until(curves, "2 lines")
    heading, *lines = curves.locator(".mm-legend").inner_text().split("n=2")
    assert heading.split() == ["lr", "loss", "best", "accuracy", "best", "0.05"]
    assert lines[0].split()[-1] == "0.1"


def test_the_crosshair_reads_all_values_by_pointer_and_by_keys(ran, curves):
    cross = panel(curves, "loss").get_by_role("slider")
    box = cross.bounding_box()
    curves.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = panel(curves, "loss").locator(".mm-tip")
    tip.wait_for()
    assert len(tip.locator(".mm-tip-row").all()) == 4
    assert "<img src=x" in tip.inner_text()
    curves.page.mouse.move(0, 0)
    cross.focus()
    cross.press("ArrowRight")
    cross.press("ArrowRight")
    assert "net 3" in cross.get_attribute("aria-valuetext") or "net 3" in curves.locator(".mm-status").inner_text()


def test_a_window_is_drawn_to_zoom_and_the_reset_shows_all(curves):
    until(curves, "from 0 to 59")
    box = panel(curves, "loss").get_by_role("slider").bounding_box()
    mouse = curves.page.mouse
    mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 70, steps=5)
    mouse.up()
    until(curves, r"from (1|2)\d")
    curves.get_by_role("button", name="Reset zoom").click()
    until(curves, "from 0 to 59")
    curves.get_by_role("button", name="Zoom in").click()
    until(curves, r"from 1\d")


def test_the_same_as_a_table(curves):
    panel(curves, "accuracy").get_by_role("button", name="Show as table").click()
    table = panel(curves, "accuracy").get_by_role("table")
    assert "net 3" in table.inner_text()
    assert table.locator("tbody tr").count() == 4


def test_one_legend_serves_all_panels_and_a_row_of_a_table_makes_its_line_stand_out_as_well(curves):
    assert curves.locator(".mm-legend:visible").count() == 1
    panel(curves, "accuracy").get_by_role("button", name="Show as table").click()
    panel(curves, "accuracy").locator("tbody tr", has_text="net 2").hover()
    curves.locator(".mm-legend-item.mm-standing", has_text="net 2").wait_for()
    curves.locator(".mm-legend-item", has_text="net 1").hover()
    panel(curves, "accuracy").locator("tr.mm-standing", has_text="net 1").wait_for()


def test_metrics_are_chosen(curves):
    curves.get_by_role("button", name="Metrics").click()
    curves.get_by_label("Search metrics").fill("acc")
    curves.get_by_role("checkbox", name="accuracy").uncheck()
    panel(curves, "accuracy").wait_for(state="detached")
    assert curves.locator(".mm-curve h3").all_inner_texts() == ["loss"]


def test_a_picture_is_downloaded(ran, curves):
    with ran.page.expect_download() as download:
        panel(curves, "loss").get_by_role("button", name="Download loss as PNG").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_a_run_deleted_meanwhile_is_told_and_the_others_are_drawn(ran):
    # A widget that follows the store would drop the run from the table.
    widget = ran.run("widget = mlmagic.compare()\nwidget.live = False\nwidget.selected = nets\nwidget").locator(
        ".mlmagic-compare"
    )
    ran.run("mlflow.delete_run(nets[0])")
    widget.get_by_role("tab", name="Curves").click()
    widget.get_by_role("alert").wait_for(timeout=10_000)
    ran.run("mlflow.MlflowClient().restore_run(nets[0])")
    assert "was deleted" in widget.get_by_role("alert").inner_text()
    assert widget.locator(".mm-legend-item").count() == 3


@pytest.mark.skipif(ipykernel.version_info < (7,), reason="ipykernel 6 answers when its cell has ended, as is told")
def test_curves_come_while_a_cell_runs(ran):
    ran.run("import time\nwidget = mlmagic.compare()\nwidget.selected = nets[1:3]")
    widget = ran.run("widget").locator(".mlmagic-compare")
    widget.wait_for()
    cell = ran.start("time.sleep(10)")
    widget.get_by_role("tab", name="Curves").click()
    widget.locator(".mm-legend-item").first.wait_for(timeout=8_000)
    assert ran.runs(cell)
    ran.page.wait_for_timeout(10_000)
    assert not ran.runs(cell)


COUNT = """(canvas, [red, green, blue]) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
        count += data[at] === red && data[at + 1] === green && data[at + 2] === blue;
    return count;
}"""


def test_lines_are_drawn_in_the_colours_of_the_theme(ran, curves):
    canvas = panel(curves, "loss").locator("canvas").first
    for theme, colour in (("Dark", [0x6C, 0xB0, 0xFF]), ("Light", [0x0B, 0x62, 0xB0])):
        ran.theme(f"JupyterLab {theme}")
        curves.page.wait_for_timeout(700)
        ran.screenshot(f"curves_{theme.lower()}", curves)
        assert canvas.evaluate(COUNT, colour) > 50
