"""The tab of charts in a real Chromium: all runs that pass the filter, brushed, coloured, selected and downloaded."""

import re
from pathlib import Path

import pytest
from bare_widget import open_widget, send_table
from jupyter_pages import ROOT
from light_runs import numbered_run

from mlmagic.comparison.compared_runs import Comparison

AXE = ROOT / "mlmagic/comparison/web/node_modules/axe-core/axe.min.js"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
EVIL = "<img src=x onerror=window.injected=1> $5 and $6"
KINDS = ["parallel", "scatter", "importance"]
IMPORTANCE = {
    "kind": "importance",
    "params": [
        {"name": EVIL, "importance": 0.7, "low": 0.5, "high": 0.9, "direction": -0.8},
        {"name": "optimizer", "importance": 0.01, "low": -0.02, "high": 0.05, "direction": None},
        {"name": "depth", "importance": 0.1, "low": 0.05, "high": 0.2, "direction": 0.02, "best": "4"},
    ],
    "runs": 40,
    "explained": 0.83,
    "notice": "",
    "notes": ["2 runs are left out: loss is missing or not a number."],
}


def made(count=40, **more):
    """Return runs: ``lr`` spans four decades, ``loss`` falls with the number of the run, every tenth has none."""
    runs = []
    for at in range(count):
        params = {"lr": f"{10 ** (-1 - 4 * at / max(1, count - 1)):.3g}", "optimizer": ["adam", "sgd"][at % 2], **more}
        metrics = {} if at % 10 == 9 else {"loss": 1 - at / (2 * count), "accuracy": at / count}
        runs.append(numbered_run(at, EVIL if at == 3 else f"net {at}", params, metrics))
    return Comparison(runs, "experiment digits", metric="loss")


@pytest.fixture
def opened(chromium):
    """Return a function that opens the charts of a comparison; when the test has run no page may have failed."""
    pages = []

    def show(comparison=None, *, charts=None, view=None, **options):
        shown = {"tab": "charts", "charts": charts or {}, **(view or {})}
        pages.append(open_widget(chromium, comparison or made(), view=shown, **options))
        pages[-1].locator(".mm-charts").first.wait_for()
        return pages[-1]

    yield show
    for page in pages:
        assert page.problems == []
        assert page.evaluate("window.injected") is None
        page.close()


def kept(page, wanted):
    """Wait until the bar says how many runs there are."""
    page.locator(".mm-chart-count", has_text=re.compile(wanted)).wait_for()


def picture(page):
    return page.locator(".mm-layers:visible").get_attribute("aria-label")


def until(page, wanted):
    page.wait_for_function(
        "(wanted) => [...document.querySelectorAll('.mm-layers')]"
        ".some((one) => one.checkVisibility() && new RegExp(wanted).test(one.getAttribute('aria-label')))",
        arg=wanted,
    )


def view(page):
    return page.evaluate("models[0].get('view').charts")


def selected(page):
    return page.evaluate("models[0].get('selected')")


def heading(page, name):
    return page.locator(".mm-axis-name", has_text=name)


def brush(page, name, top, bottom):
    """Drag along an axis between two parts of its height."""
    box = page.get_by_role("slider", name=f"Range of {name}").bounding_box()
    page.mouse.move(box["x"] + 12, box["y"] + top * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 12, box["y"] + bottom * box["height"], steps=4)
    page.mouse.up()


def names(page):
    return [one.split("\n")[0] for one in page.locator(".mm-axis-head").all_inner_texts()]


def test_the_params_that_vary_have_axes_and_the_metric_comes_last(opened):
    page = opened()
    until(page, "Parallel coordinates of 40 runs on 3 axes: lr, optimizer, loss")
    assert "log" in heading(page, "lr").inner_text()
    assert page.get_by_role("tab", name="Charts").inner_text() == "Charts"


def test_a_range_of_an_axis_keeps_its_runs_which_are_selected_by_a_button(opened):
    page = opened()
    until(page, "40 runs")
    brush(page, "lr", 0.01, 0.4)
    kept(page, r"1\d of 40 runs in the ranges")
    brush(page, "optimizer", 0.02, 0.45)
    kept(page, r"[78] of 40 runs in the ranges")
    page.get_by_role("button", name="Select these").click()
    chosen = selected(page)
    assert {int(one, 16) % 2 for one in chosen} == {1}
    assert len(chosen) in {7, 8}
    page.get_by_text(f"{len(chosen)} runs selected.").wait_for()
    page.get_by_role("button", name="Clear the ranges").click()
    kept(page, "^40 runs$")
    assert view(page)["brushes"] == {}


def test_a_click_on_an_axis_clears_its_range_and_a_drag_below_it_keeps_what_is_missing(opened):
    page = opened()
    until(page, "40 runs")
    brush(page, "loss", 0.1, 0.5)
    kept(page, "in the ranges")
    page.get_by_role("slider", name="Range of loss").click(position={"x": 12, "y": 350})
    kept(page, "^40 runs$")
    brush(page, "loss", 0.96, 0.99)
    kept(page, "4 of 40 runs")
    until(page, "loss only missing")


def test_ranges_by_keys(opened):
    page = opened()
    until(page, "40 runs")
    one = page.get_by_role("slider", name="Range of loss")
    one.focus()
    for _ in range(4):
        one.press("ArrowDown")
    assert re.match(r"0\.\d+ to 0\.9\d*, and missing", one.get_attribute("aria-valuetext"))
    one.press("Shift+ArrowUp")
    kept(page, r"in the ranges")
    page.locator(".mm-status", has_text=re.compile("^loss: ")).wait_for()
    one.press("Escape")
    kept(page, "^40 runs$")
    assert one.get_attribute("aria-valuetext") == "all runs"


def test_axes_are_moved_flipped_made_log_and_removed_by_keys(opened):
    page = opened()
    until(page, "lr, optimizer, loss")
    heading(page, "lr").focus()
    page.keyboard.press("ArrowRight")
    until(page, "optimizer, lr, loss")
    page.get_by_text("lr is axis 2 of 3.").wait_for()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # there is no further place
    until(page, "optimizer, loss, lr")
    page.keyboard.press("l")
    page.keyboard.press("f")
    page.locator(".mm-axis-marks", has_text="flipped").wait_for()
    assert view(page)["logs"] == {"param:lr": False}
    assert view(page)["flipped"] == ["param:lr"]
    assert heading(page, "lr").evaluate("(one) => one === document.activeElement")
    page.keyboard.press("Delete")
    until(page, "optimizer, loss")
    assert heading(page, "loss").evaluate("(one) => one === document.activeElement")


def test_an_axis_is_moved_by_dragging_its_heading(opened):
    page = opened()
    until(page, "lr, optimizer, loss")
    one, other = heading(page, "loss").bounding_box(), heading(page, "lr").bounding_box()
    page.mouse.move(one["x"] + 10, one["y"] + 8)
    page.mouse.down()
    page.mouse.move(other["x"] + 10, other["y"] + 8, steps=8)
    page.mouse.up()
    until(page, "loss, lr, optimizer")
    assert names(page) == ["loss", "lr", "optimizer"]
    assert page.locator(".mm-menu:popover-open").count() == 0


def test_the_menu_of_an_axis(opened):
    page = opened()
    until(page, "Coloured by loss")
    heading(page, "lr").click()
    page.get_by_role("menuitemcheckbox", name="Colour by this").click()
    until(page, "Coloured by lr")
    heading(page, "optimizer").press("Enter")
    assert page.get_by_role("menuitemcheckbox", name="Log axis").count() == 0
    page.get_by_role("menuitem", name="Remove the axis").click()
    until(page, "2 axes: lr, loss")


def test_axes_are_chosen_from_a_list(opened):
    page = opened()
    page.get_by_role("button", name="Axes: 3").click()
    page.get_by_label("Search columns").fill("acc")
    page.get_by_role("checkbox", name="accuracy").check()
    until(page, "lr, optimizer, accuracy, loss")
    page.get_by_role("button", name="Choose for me").click()
    until(page, "3 axes")


def test_the_line_at_the_pointer_is_named_as_text_and_a_click_selects_it(opened):
    page = opened(charts={"axes": ["metric:accuracy", "metric:loss"]})
    until(page, "accuracy, loss")
    plot = page.locator(".mm-parallel-plot")
    box = plot.bounding_box()
    for down in range(20, 360, 3):
        page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + down)
        if page.locator(".mm-tip:popover-open").count():
            break
    assert re.match(r"net \d+|<img", page.locator(".mm-tip:popover-open").inner_text())
    page.mouse.down()
    page.mouse.up()
    assert len(selected(page)) == 1
    page.mouse.move(2, 2)
    page.locator(".mm-tip:popover-open").wait_for(state="hidden")


def test_the_best_runs_are_named_below_and_stand_out(opened):
    page = opened()
    page.get_by_text("Lowest loss").wait_for()
    first = page.locator(".mm-best-runs button").first
    assert first.inner_text().split("\n")[0] == "net 38"
    first.click()
    assert selected(page) == [f"{38:032x}"]
    page.locator('.mm-best-runs button[aria-pressed="true"]').wait_for()


def test_only_runs_that_pass_the_filter_are_drawn(opened):
    page = opened(view={"filter": "optimizer = sgd"})
    kept(page, "20 runs that pass the filter")
    until(page, "20 runs on 2 axes: lr, loss")
    page.evaluate("models[0].set('view', { ...models[0].get('view'), filter: 'optimizer = nothing' })")
    page.get_by_text("No run matches the filter.").wait_for()
    page.get_by_role("button", name="Clear the filter").click()
    until(page, "40 runs")


def test_scatter(opened):
    page = opened(charts={"kind": "scatter"})
    until(page, "Scatter plot of 40 runs: loss by lr, coloured by loss")
    assert page.get_by_role("button", name="Log x").get_attribute("aria-pressed") == "true"
    page.get_by_label("Vertical axis").select_option("metric:accuracy")
    until(page, "accuracy by lr")
    page.get_by_label("Horizontal axis").select_option("param:optimizer")
    until(page, "accuracy by optimizer")
    page.get_by_label("Colour by").select_option("none")
    until(page, r"accuracy by optimizer\.")


def test_a_rectangle_of_the_scatter_plot_keeps_its_runs(opened):
    page = opened(charts={"kind": "scatter"})
    until(page, "40 runs")
    box = page.locator(".mm-scatter").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 10, box["y"] + 360, steps=4)
    page.mouse.up()
    kept(page, r"\d+ of 40 runs in the rectangle")
    page.get_by_role("button", name="Select these").click()
    assert 10 <= len(selected(page)) <= 25
    page.get_by_role("button", name="Clear the rectangle").click()
    kept(page, "^40 runs$")


def test_the_scatter_plot_by_keys(opened):
    page = opened(charts={"kind": "scatter"})
    until(page, "40 runs")
    dots = page.get_by_role("slider", name="Runs of the scatter plot")
    dots.focus()
    dots.press("End")
    assert dots.get_attribute("aria-valuetext").startswith("net 0: loss 1")
    page.locator(".mm-tip:popover-open").wait_for()
    dots.press("Enter")
    assert selected(page) == [f"{0:032x}"]
    for _ in range(4):
        dots.press("Shift+ArrowLeft")
    kept(page, "5 of 40 runs in the rectangle")
    dots.press("Escape")
    kept(page, "^40 runs$")


def test_a_click_on_a_dot_selects_its_run(opened):
    page = opened(made(2), charts={"kind": "scatter"})
    until(page, "2 runs")
    dots = page.get_by_role("slider", name="Runs of the scatter plot")
    dots.focus()
    dots.press("Home")
    box = page.locator(".mm-tip:popover-open").bounding_box()
    page.mouse.click(box["x"] - 14, box["y"] - 14)
    assert selected(page) == [f"{1:032x}"]


@pytest.mark.parametrize(("kind", "name"), [("parallel", "loss-parallel-coordinates"), ("scatter", "loss-by-lr")])
def test_a_chart_is_downloaded_as_png_and_as_svg(opened, kind, name):
    page = opened(charts={"kind": kind}, selected=[f"{3:032x}"])
    until(page, "40 runs")
    files = {}
    for form in ("PNG", "SVG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download the chart as {form}").click()
        files[download.value.suggested_filename] = download.value.path().read_bytes()
    assert set(files) == {f"{name}.png", f"{name}.svg"}
    assert files[f"{name}.png"].startswith(b"\x89PNG")
    svg = files[f"{name}.svg"].decode()
    assert svg.startswith("<svg")
    assert ">loss</text>" in svg
    assert ">lr" in svg
    assert "<script" not in svg


def test_importance_is_asked_of_the_kernel_and_shown_with_its_intervals(opened):
    asked = []

    def answer(content):
        if content["kind"] != "importance":
            return {"kind": "error", "text": "not here"}
        asked.append(content)
        return IMPORTANCE

    page = opened(charts={"kind": "importance"}, answer=answer)
    table = page.get_by_role("table")
    table.wait_for()
    assert (asked[0]["kind"], asked[0]["metric"], len(asked[0]["runs"])) == ("importance", "metric:loss", 40)
    first, second, third = table.locator("tbody tr").all_inner_texts()
    assert EVIL in first
    assert "70% 50% to 90%" in first
    assert "higher is better" in first
    assert "0.80" in first
    assert "may be none" in second
    assert "best near 4" in third
    told = page.locator(".mm-importance").inner_text()
    assert "40 runs with loss. Random forests explain 83% of the order of the runs (out-of-bag R² 0.83)." in told
    assert "2 runs are left out" in told
    page.evaluate("(ids) => models[0].set('selected', ids)", [f"{at:032x}" for at in range(12)])
    page.get_by_text("of the selected ones").wait_for()
    assert len(asked[-1]["runs"]) == 12
    page.get_by_label("Metric", exact=True).select_option("metric:accuracy")
    page.get_by_text("with accuracy").first.wait_for()


def test_without_an_importance_one_sentence_says_why(opened):
    answers = iter(
        [
            {"kind": "error", "text": "the importance of params needs scikit-learn: %pip install scikit-learn"},
            {**IMPORTANCE, "params": [], "notice": "4 runs with loss: at least 10 are needed."},
        ]
    )
    nothing = {"kind": "error", "text": "not here"}

    def asks(content):
        return next(answers) if content["kind"] == "importance" else nothing

    page = opened(charts={"kind": "importance"}, answer=asks)
    page.get_by_text("%pip install scikit-learn").wait_for()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("4 runs with loss: at least 10 are needed.").wait_for()


def shown(params, metrics, name="net"):
    """Return a comparison of runs with these params and metrics, one of each per run."""
    runs = [numbered_run(at, name, one, other) for at, (one, other) in enumerate(zip(params, metrics, strict=True))]
    return Comparison(runs, "odd")


LONG = "a_very_long_name_of_a_parameter." * 20
ODD = {
    "no runs": Comparison([], "none"),
    "one run": shown([{"lr": "0.1"}], [{"loss": 1.0}]),
    "no params": shown([{}] * 3, [{"loss": 1.0}, {"loss": 2.0}, {}]),
    "no metrics": shown([{"lr": "1"}, {"lr": "2"}], [{}, {}]),
    "nothing": shown([{}, {}], [{}, {}]),
    "one value": shown([{"lr": "1"}] * 3, [{"loss": 1.0}] * 3),
    "not finite": shown([{"lr": "nan"}, {"lr": "inf"}, {"lr": "1"}], [{"loss": float(one)} for one in ("nan", "inf", "-inf")]),
    "all nan": shown([{"lr": "1"}, {"lr": "2"}], [{"loss": float("nan")}] * 2),
    "the largest floats": shown([{"lr": "1e308"}, {"lr": "-1e308"}], [{"loss": -1.7e308}, {"loss": 1.7e308}]),
    "negative on a log axis": shown([{"lr": str(at - 2)} for at in range(5)], [{"loss": float(at - 2)} for at in range(5)]),
    "markup": shown([{EVIL: EVIL}, {EVIL: "$x$"}], [{"<b>loss</b>": 1.0}, {"<b>loss</b>": 2.0}], name=EVIL),
    "long names": shown([{LONG: LONG}, {LONG: "b", LONG + "2": "3"}], [{LONG: 1.0}, {LONG: 2.0}], name=LONG),
    "5,000 words": shown([{"word": f"word {at}"} for at in range(5000)], [{"loss": float(at)} for at in range(5000)]),
}  # fmt: skip
CHANGE = """(changes) => {
    const view = models[0].get("view");
    models[0].set("view", { ...view, charts: { ...view.charts, ...changes } });
}"""
OUTSIDE = """() => {
    const root = document.querySelector(".mlmagic-compare").getBoundingClientRect();
    return [...document.querySelectorAll(".mm-bar *, .mm-best-runs *, .mm-importance p")]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > root.right + 1)
        .map((one) => one.className);
}"""
LOGS = {"logs": {"param:lr": True, "metric:loss": True}, "axes": ["param:lr", "param:word", "metric:loss"]}


@pytest.mark.parametrize("width", [500, 1400])
@pytest.mark.parametrize("name", ODD)
def test_odd_runs_are_drawn_within_the_page_and_nothing_fails(opened, name, width):
    page = opened(ODD[name], charts=LOGS if width > 1000 else {}, width=width, answer=lambda content: IMPORTANCE)
    for kind in KINDS:
        page.evaluate(CHANGE, {"kind": kind})
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUTSIDE) == []


def test_two_hundred_selected_runs_and_ten_thousand_in_sight(opened):
    page = opened(made(10_000), selected=[f"{at:032x}" for at in range(200)])
    until(page, "10,000 runs on 3 axes")
    brush(page, "loss", 0.05, 0.5)
    kept(page, r"[\d,]+ of 10,000 runs in the ranges")
    page.get_by_role("button", name="Select these").click()
    page.get_by_text("The best 500 of").wait_for()
    assert len(selected(page)) == 500


def test_a_view_of_another_version_is_shown_as_far_as_it_can_be(opened):
    charts = {"kind": "pie", "axes": ["param:gone", "metric:loss", 3], "colour": "metric:gone", "brushes": {"a": 1}}
    page = opened(charts=charts, view={"tab": "charts", "later": [1]})
    until(page, "1 axes: loss|1 axis: loss")


def test_ranges_outlive_a_table_that_changes_also_to_none(opened):
    brushes = {"metric:loss": {"low": 0.6, "high": 0.9, "off": False}}
    page = opened(charts={"brushes": brushes})
    kept(page, "of 40 runs in the ranges")
    heading(page, "lr").hover()
    for count, wanted in ((5, "of 5 runs in the ranges"), (40, "of 40 runs in the ranges")):
        send_table(page, made(count))
        kept(page, wanted)
    send_table(page, Comparison([], "none"))
    page.get_by_text("No runs.").wait_for()
    send_table(page, made(20))
    kept(page, "of 20 runs in the ranges")
    assert view(page)["brushes"] == brushes


def test_two_widgets_of_one_page_share_no_id(opened):
    page = opened(count=2)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids)) > 0
    assert page.locator(".mm-charts").count() == 2


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_and_contrast(opened, kind, is_dark):
    brushes = {"metric:loss": {"low": 0.6, "high": 0.9, "off": True}}
    page = opened(
        charts={"kind": kind, "brushes": brushes}, is_dark=is_dark, answer=lambda content: IMPORTANCE,
        selected=[f"{1:032x}"],
    )  # fmt: skip
    page.locator(".mm-importance table" if kind == "importance" else ".mm-best-runs").wait_for()
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run(document.querySelector('.mlmagic-compare'))).violations")
    assert [
        f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ] == []
    texts = page.locator(".mlmagic-compare").evaluate(CONTRAST)
    assert texts["texts"] > 10
    assert texts["faint"] == []


RUNS = """
for at in range(14):
    with mlmagic.track(f"net {at}", quiet=True):
        mlmagic.log_params(lr=10.0 ** -(at % 7), optimizer=["adam", "sgd"][at % 2])
        mlmagic.log(loss=float(at % 7))
"""


def test_the_kernel_of_a_notebook_answers_which_params_matter(lab):
    lab.run(RUNS)
    widget = lab.run("widget = mlmagic.compare(metric='loss')\nwidget").locator(".mlmagic-compare")
    widget.get_by_role("tab", name="Charts").click()
    widget.get_by_role("img", name="Parallel coordinates of 14 runs").wait_for()
    lab.screenshot("compare_charts", widget)
    widget.get_by_role("button", name="Importance").click()
    table = widget.get_by_role("table")
    table.wait_for(timeout=30_000)
    assert table.locator("tbody tr").first.inner_text().split()[0] == "lr"
    assert lab.check("print(widget.importance().params[0].param, widget.view['charts']['kind'])") == "lr importance"
    lab.assert_clean()


def test_the_scale_of_colours_says_what_it_leaves_out_and_survives_a_selection_of_all(opened):
    comparison = made()
    comparison.runs[5].data.metrics["loss"] = 1e9
    page = opened(comparison, selected=[run.info.run_id for run in comparison.runs])
    until(page, "40 runs")
    scale = page.locator(".mm-scale").inner_text()
    assert "2nd to 98th percentile" in scale
    assert "≥ 1" in scale.split("\n"), "not the value of the run that is far off"
