"""A comparison in a notebook that was saved: what a reader without a kernel sees."""

import nbformat
import pytest
from nbconvert import HTMLExporter

RUNS = """
%load_ext mlmagic
for depth in range(1, 8):
    with mlmagic.track(f"forest <script>window.injected = 1</script> {depth}", quiet=True):
        mlmagic.log_params({"depth": depth, "<img src=x onerror=window.injected=1>": "'\\"><b>bold</b>"})
        for step in range(30):
            mlmagic.log(loss=1 / (step + depth), step=step)
        mlmagic.log(accuracy=0.8 + depth / 50)
"""
STATIC = ".mlmagic-comparison"


@pytest.fixture(scope="module")
def saved(jupyter, browse, tmp_path_factory):
    """A notebook in which a comparison was run in JupyterLab and saved, and the server's own folder."""
    folder = tmp_path_factory.mktemp("saved") / "work"
    server = jupyter(folder)
    lab = browse(server, lab=True).open()
    lab.run(RUNS)
    lab.run("%compare --metric loss").locator(".mlmagic-compare").wait_for()
    lab.save()
    yield lab
    lab.shut_down()


def visible_static(page):
    static = page.locator(STATIC).first
    static.wait_for()
    assert "forest <script>window.injected = 1</script> 7" in static.inner_text()
    picture = static.locator("img").first
    assert picture.evaluate("img => img.decode().then(() => img.naturalWidth)") > 100
    return static


def test_while_the_widget_lives_it_is_all_that_is_seen(saved):
    saved.page.locator(".mlmagic-compare").wait_for()
    assert not saved.page.locator(STATIC).is_visible()
    saved.assert_clean()


def test_the_static_view_needs_no_script_and_names_no_other_machine(saved):
    outputs = nbformat.read(saved.server.folder / "work.ipynb", 4).cells[-1].outputs
    widget, static = outputs
    assert widget.data["text/html"] == ""
    html = static.data["text/html"]
    assert "<script" not in html
    assert "onerror=" not in html.replace("&lt;img src=x onerror=", "")
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "depth" in static.data["text/plain"]


def test_a_page_that_nbconvert_makes_shows_table_and_picture(saved, browse):
    notebook = nbformat.read(saved.server.folder / "work.ipynb", 4)
    exporter = HTMLExporter(template_name="lab")
    html, _ = exporter.from_notebook_node(notebook)
    (saved.server.folder / "page.html").write_text(html)
    page = browse(saved.server)
    page.page.goto(saved.server.url("files/page.html"))
    page.screenshot("static_nbconvert", visible_static(page.page))
    assert set(page.elsewhere) <= {exporter.require_js_url, exporter.mathjax_url}, "more than nbconvert's own scripts"
    page.elsewhere.clear()
    page.page.set_viewport_size({"width": 420, "height": 800})  # the axis stays beside the picture, which shrinks
    plot = page.page.locator(f"{STATIC} .plot").first
    low, picture = (plot.locator(part).first.bounding_box() for part in (".y span:last-child", "img"))
    assert low["x"] + low["width"] <= picture["x"]
    assert abs(low["y"] + low["height"] - picture["y"] - picture["height"]) < 2
    assert page.page.evaluate("() => window.injected === undefined")
    assert not page.dialogs


@pytest.mark.parametrize("trusted", [True, False])
def test_reopened_without_its_kernel_it_shows_table_and_picture(saved, jupyter, browse, tmp_path, trusted):
    own = saved.server.folder.parent / f"{saved.server.folder.name}-home"
    server = jupyter(saved.server.folder, data=own if trusted else tmp_path / "new-home")
    lab = browse(server, lab=True).open()
    static = visible_static(lab.page)
    lab.screenshot(f"static_{'trusted' if trusted else 'untrusted'}", static)
    if trusted:
        assert not lab.page.get_by_text("Error displaying widget").is_visible()
    lab.assert_clean()
    lab.shut_down()
