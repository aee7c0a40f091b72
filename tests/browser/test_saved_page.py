"""The saved page of a comparison in Chromium: a file, with no kernel, no network and, if need be, no JavaScript."""

import math
import re

import pytest
from databases import copy_new_database
from test_accessibility import AXE, CONTRAST

import mlmagic

HOSTILE = "forest </script><script>window.injected = 1</script><b>bold</b> $5 and $6"
TABS = ["Runs", "Curves", "Differences"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The page of twelve runs, three of them selected."""
    import mlflow
    from mlflow.entities import Metric, Param, RunTag

    folder = tmp_path_factory.mktemp("saved")
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri := f"sqlite:///{folder / 'mlflow.db'}")
        mlflow.set_tracking_uri(uri)
        client = mlflow.MlflowClient()
        for at in range(12):
            name = HOSTILE if at == 11 else f"forest {at}"
            run_id = client.create_run("0", start_time=1_790_000_000_000 + at, run_name=name).info.run_id
            losses = [Metric("loss", 1 / (step + at + 1), 1_790_000_000_000 + step, step) for step in range(30)]
            odd = Metric("odd", [math.nan, math.inf, 0.5][at % 3], 1_790_000_000_000, 0)
            params = [
                Param("depth", str(at % 4)),
                Param("seed", str(at // 4)),
                Param("optimizer", ["adam", "sgd"][at % 2]),
            ]
            stars = [RunTag("mlmagic.star", "true")] if at == 9 else []
            client.log_batch(run_id, [*losses, odd], params, [RunTag("note", HOSTILE), *stars])
            client.set_terminated(run_id, "FAILED" if at == 3 else "FINISHED", 1_790_000_009_000)
        widget = mlmagic.compare(metric="loss")
        widget.selected = widget.to_dataframe().run_id[1:4]
        widget.save(folder / "report.html")
        mlflow.set_tracking_uri(None)
    return folder / "report.html"


class Opened:
    """A page of the file, and what it asked for."""

    def __init__(self, chromium, path, **options):
        self.context = chromium.new_context(**options)
        self.page = self.context.new_page()
        self.asked, self.errors = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(path.as_uri())

    def assert_clean(self, path):
        assert [url for url in self.asked if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
        assert self.errors == []
        assert self.page.evaluate("() => window.injected === undefined")


@pytest.fixture
def opened(chromium, saved):
    """Return a function that opens the page; no page asked for anything but itself, or had an error."""
    pages = []

    def open_page(path=saved, **options):
        pages.append((Opened(chromium, path, **options), path))
        return pages[-1][0].page

    yield open_page
    for page, path in pages:
        if page.context.pages and page.page.evaluate("() => true"):
            page.assert_clean(path)
        page.context.close()


def names(page):
    page.locator(".mm-body .mm-row").first.wait_for()
    return [one.split("\n")[0] for one in page.locator('.mm-body [role="gridcell"][data-column="0"]').all_inner_texts()]


def test_the_page_says_what_it_is_and_is_filtered_sorted_and_grouped(opened):
    page = opened()
    assert page.title() == "experiment Default"
    assert "experiment Default" in page.locator("h1").inner_text()
    assert f"12 runs · mlmagic {mlmagic.__version__}" in page.locator("header").inner_text()
    assert names(page)[0] == HOSTILE
    page.locator('.mm-heading[title^="name"] .mm-label').click(click_count=2)
    page.wait_for_function("() => document.querySelector('.mm-body [data-line=\"0\"]').innerText.includes('forest 10')")
    page.get_by_placeholder("Filter").fill("optimizer = adam and depth < 2")
    page.wait_for_function("() => document.querySelectorAll('.mm-body .mm-row').length === 3")
    page.get_by_placeholder("Filter").fill("")
    page.get_by_label("Group by").select_option("configuration")
    page.locator(".mm-group").first.wait_for()


def test_a_star_is_in_sight_and_does_not_indent_its_run(opened):
    page = opened()
    star = page.locator(".mm-body").get_by_role("img", name="Starred")
    star.wait_for()
    assert star.inner_text() == "★"
    assert star.evaluate("(one) => getComputedStyle(one).opacity") == "1"
    lefts = [page.locator(".mm-body .mm-name", has_text=name).bounding_box()["x"] for name in ("forest 9", "forest 8")]
    assert lefts[0] == lefts[1]


def test_when_a_run_began_is_not_told_as_how_long_ago(opened):
    page = opened()
    column = page.locator('.mm-heading[title^="started"]').get_attribute("data-column")
    started = page.locator(f'.mm-body [data-line="0"] [data-column="{column}"]').inner_text()
    assert re.search(r"\d\d:\d\d|\d{4}-\d\d-\d\d", started)


def test_curves_are_drawn_from_the_page(opened):
    page = opened()
    page.locator('.mm-body [data-line="0"] [data-do="check"]').first.click()
    page.get_by_role("tab", name="Curves").click()
    page.locator(".mm-curves canvas").first.wait_for()
    page.get_by_role("button", name="Show as table").first.click()
    table = page.locator(".mm-curves table").first
    table.wait_for()
    assert HOSTILE in page.locator(".mm-curves").inner_text()
    assert "One value only: odd" in page.locator(".mm-curves").inner_text()
    page.get_by_role("button", name="Time").click()
    assert page.locator(".mm-problem").count() == 0


def test_differences_are_those_that_the_table_knows_and_the_rest_is_said(opened):
    page = opened()
    page.get_by_role("tab", name="Differences").click()
    page.locator('[data-section="metrics"]').wait_for()
    text = page.locator(".mm-differences").inner_text()
    assert "2 of 3 differ" in text  # depth and optimizer, not the seed
    assert "code (not in a saved page)" in text
    assert "Code, figures, Git state and environment are not in this page" in page.locator("footer").inner_text()


def test_without_javascript_the_best_runs_are_shown(chromium, saved):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(saved.as_uri())
    still = page.locator("#mlmagic-still")
    assert still.is_visible()
    assert "</script>" in still.inner_text()
    assert still.locator("img").first.bounding_box()["width"] > 100
    context.close()


def test_with_javascript_the_static_view_is_not_there_twice(opened):
    page = opened()
    page.locator(".mlmagic-compare").wait_for()
    assert page.locator("#mlmagic-still").count() == 0
    assert page.locator("#mlmagic-failed").is_hidden()


def test_a_page_that_is_cut_off_says_so_and_shows_the_best_runs(chromium, saved, tmp_path):
    path = tmp_path / "cut.html"
    path.write_text(saved.read_text().replace('id="mlmagic-columns">', 'id="mlmagic-columns">AAAA'))
    page = chromium.new_page()
    page.goto(path.as_uri())
    page.locator("#mlmagic-failed").wait_for()
    assert "The best runs are below" in page.locator("#mlmagic-failed").inner_text()
    assert "forest 10" in page.locator("#mlmagic-still").inner_text()
    page.close()


def test_an_empty_comparison_says_why(opened, tmp_path, store_uri):
    mlmagic.compare().save(tmp_path / "empty.html")
    page = opened(tmp_path / "empty.html")
    page.get_by_text("No runs yet.").wait_for()


@pytest.fixture(scope="module", params=["light", "dark"])
def themed(chromium, saved, request):
    context = chromium.new_context(color_scheme=request.param, viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(saved.as_uri())
    page.locator(".mlmagic-compare").wait_for()
    yield page
    context.close()


@pytest.mark.parametrize("tab", TABS)
def test_every_text_stands_out_and_axe_finds_nothing(themed, tab):
    themed.get_by_role("tab", name=tab).click()
    shown = {"Runs": ".mm-body .mm-row", "Curves": ".mm-curves canvas", "Differences": ".mm-section"}[tab]
    themed.locator(shown).first.wait_for()
    found = themed.locator("body").evaluate(CONTRAST)
    assert found["texts"] > 10
    assert not found["faint"]
    # The policy of the page lets nothing be added as a script, so axe is evaluated.
    themed.evaluate(AXE.read_text())
    violations = themed.evaluate("async () => (await axe.run()).violations")
    assert [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in violations] == []


@pytest.mark.parametrize("width", [500, 1400])
@pytest.mark.parametrize("tab", TABS)
def test_nothing_is_wider_than_the_window(themed, width, tab):
    themed.set_viewport_size({"width": width, "height": 900})
    themed.get_by_role("tab", name=tab).click()
    themed.locator(".mlmagic-compare [role=tabpanel]:not([hidden])").wait_for()
    assert themed.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_follows_the_theme_of_the_system(opened):
    page = opened(color_scheme="light")
    page.locator(".mlmagic-compare").wait_for()
    colour = "() => getComputedStyle(document.querySelector('.mlmagic-compare')).backgroundColor"
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"() => ({colour})() === 'rgb(17, 17, 17)'")


def test_the_policy_forbids_the_network(chromium, saved):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(saved.as_uri())
    failed = []
    page.on("requestfailed", lambda request: failed.append((request.url, request.failure)))
    page.evaluate(
        "() => { const image = new Image(); image.src = 'http://127.0.0.1:9/x.png'; document.body.append(image); }"
    )
    refused = page.evaluate("() => fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.message)")
    assert refused == "Failed to fetch"
    assert failed == [("http://127.0.0.1:9/x.png", "csp")]
    context.close()
