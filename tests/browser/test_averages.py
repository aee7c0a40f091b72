"""Averages over seeds as the browser computes them, of the bytes that the kernel sends, against pandas."""

import importlib.util
import json
import math

import pandas as pd
import pytest
from bare_widget import as_json
from jupyter_pages import ROOT
from light_runs import seeded_runs

from mlmagic.comparison import wire
from mlmagic.comparison.compared_runs import Comparison

ENTRY = """
export { decode } from "./src/wire.ts";
export { grouped, summaryIn } from "./src/table/tree.ts";
"""
READ = """(table) => {
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer);
  window.table = averages.decode(JSON.parse(table, (_, value) => (value?.base64 === undefined ? value : bytes(value.base64))));
}"""
GROUPS = """([group, metric]) => averages.grouped(table, null, group).map((branch) => ({
  runs: branch.children.map(({ row }) => table.ids[row]),
  summary: averages.summaryIn(table.byId.get(metric), branch),
}))"""


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):
    """A page with the widget's modules for groups, and a table of 500 configurations with 5 seeds each."""
    spec = importlib.util.spec_from_file_location("build_web", ROOT / "tools" / "build_web.py")
    build_web = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build_web)
    build_web.install()
    bundle = tmp_path_factory.mktemp("averages") / "averages.js"
    options = {"bundle": True, "format": "iife", "globalName": "averages", "outfile": str(bundle)}
    options["stdin"] = {"contents": ENTRY, "resolveDir": str(build_web.WEB)}
    build_web.node("-e", f"require('esbuild').buildSync({json.dumps(options)})")
    page = chromium.new_page()
    page.add_script_tag(content=bundle.read_text())
    page.evaluate(READ, as_json(dict(wire.table_of(Comparison(seeded_runs(), "t"), None))))
    yield page
    page.close()


@pytest.mark.parametrize(
    ("group", "by"), [("configuration", ["lr", "depth"]), ("param:depth", ["depth"])], ids=["seeds", "column"]
)
@pytest.mark.parametrize("metric", ["loss", "score"])
def test_the_averages_are_those_of_pandas(page, group, by, metric):
    runs = seeded_runs()
    frame = pd.DataFrame([{"id": run.info.run_id, **run.data.params, **run.data.metrics} for run in runs]).set_index(
        "id"
    )
    wanted = frame.replace([math.inf, -math.inf], math.nan).groupby(by)[metric].agg(["count", "mean", "sem"])
    found = page.evaluate(GROUPS, [group, f"metric:{metric}"])
    assert len(found) == len(wanted)
    for one in found:
        key = tuple(frame.loc[one["runs"][0], by])
        of_pandas = wanted.loc[key if len(by) > 1 else key[0]]
        summary = one["summary"] or {"count": 0}
        assert summary["count"] == of_pandas["count"]
        if summary["count"]:
            assert summary["mean"] == pytest.approx(of_pandas["mean"], rel=1e-9)
            assert summary["error"] == pytest.approx(of_pandas["sem"], rel=1e-9, nan_ok=True)
