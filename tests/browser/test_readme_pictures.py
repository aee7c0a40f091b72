"""README's pictures: there, made by ``make pictures``, and with the columns that the table has today."""

import json
import re
import sys

import pytest
from bare_widget import open_widget
from jupyter_pages import ROOT
from light_runs import numbered_run
from PIL import Image

from mlmagic.comparison.compared_runs import Comparison
from mlmagic.comparison.widget import CompareWidget

sys.path.append(str(ROOT / "tools"))
from pictures import IMAGES, TABLE, headings

STALE = "README's pictures are older than the table: make pictures"


def test_the_table_in_readme_has_todays_columns(chromium):
    with Image.open(IMAGES / TABLE) as image:
        told = {key: json.loads(text) for key, text in image.text.items()}
    runs = [numbered_run(at, "run", one["params"], one["metrics"]) for at, one in enumerate(told["runs"])]
    comparison = Comparison(runs, "digits", metric="val_loss")
    page = open_widget(chromium, comparison, view=dict(CompareWidget(comparison).first), width=1120)
    page.locator(".mm-body .mm-row").first.wait_for()
    assert headings(page) == told["headings"], STALE
    page.close()


@pytest.mark.parametrize("name", sorted(path.name for path in IMAGES.iterdir()))
def test_each_picture_is_shown_and_made_by_the_tool(name):
    assert f"docs/images/{name}" in (ROOT / "README.md").read_text(encoding="utf-8")
    tool = (ROOT / "tools/pictures.py").read_text(encoding="utf-8")
    assert name in tool or re.search(rf'\("{name.removeprefix("compare_").removesuffix(".png")}", "', tool)
