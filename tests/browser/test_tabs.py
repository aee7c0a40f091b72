"""The numbers of the tabs, and the code of selected runs, on a page without Jupyter."""

import mlflow
import pytest
from bare_widget import open_widget
from light_runs import numbered_run

import mlmagic
from mlmagic.comparison.compared_runs import Comparison

RUNS = [numbered_run(at, f"net {at}", {"lr": f"{at}"}, {"loss": 0.1 * at}) for at in range(4)]
FIGURES = [
    {"name": name, "media_type": "image/png", "unit": "", "runs": [[{"at": 0, "path": f"{name}.png"}], []]}
    for name in ("roc", "loss", "confusion")
]
HEADS = [
    {
        "id": f"{at:032x}",
        "letter": "AB"[at],
        "name": {"text": f"net {at}", "title": ""},
        "experiment": {"text": "digits", "title": ""},
        "status": "finished",
        "started": "",
        "duration": "",
        "url": None,
    }
    for at in range(2)
]


def row(name):
    value = {"lines": [{"text": "1", "title": ""}], "remark": "", "is_base": False, "is_best": False}
    return {"name": {"text": name, "title": ""}, "goal": "", "values": [value, value]}


def section(key, differs, rows=()):
    empty = {"told": "", "rows_left_out": 0, "equal": [], "remarks": [], "diffs": [], "figures": []}
    return {"key": key, "title": key.title(), "differs": differs, "rows": [row(name) for name in rows], **empty}


def answer(content):
    if content["kind"] == "figures":
        return {"figures": FIGURES, "problems": []}
    if content["kind"] == "difference":
        sections = [
            section("params", True, ["lr", "depth"]),
            section("metrics", True, ["loss"]),
            section("data", False),
        ]
        return {"difference": {"runs": HEADS, "sections": sections, "notices": []}}
    return {"kind": "error", "text": "not here"}


@pytest.fixture
def page(chromium):
    opened = open_widget(
        chromium,
        Comparison(RUNS, "experiment digits", metric="loss"),
        selected=[f"{at:032x}" for at in range(2)],
        answer=answer,
        width=1300,
    )
    yield opened
    assert opened.problems == []
    opened.close()


def tabs(page):
    return page.get_by_role("tab").all_inner_texts()


def test_a_tab_counts_what_is_in_it_and_not_the_selected_runs(page):
    assert tabs(page) == ["Runs", "Curves", "Charts", "Figures", "Differences"]
    page.get_by_role("tab", name="Figures").click()
    page.get_by_role("tab", name="Figures (3)").wait_for()
    page.get_by_role("tab", name="Differences").click()
    page.get_by_role("tab", name="Differences (3)").wait_for()
    page.evaluate("models[0].set('selected', [])")
    page.get_by_role("tab", name="Differences", exact=True).wait_for()
    assert tabs(page) == ["Runs", "Curves", "Charts", "Figures", "Differences"]


def test_what_cannot_be_read_is_said_and_asked_for_again(page):
    page.evaluate(
        "() => { window.right = window.answer; window.answer = async () => ({ kind: 'error', text: 'away' }); }"
    )
    for tab in ("Figures", "Differences"):
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("alert").filter(visible=True).get_by_text("away").wait_for()
    page.evaluate("() => { window.answer = window.right; }")
    page.get_by_role("button", name="Try again").filter(visible=True).click()
    page.get_by_role("tab", name="Differences (3)").wait_for()


def copied(page, runs):
    page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no'); }; }")
    page.evaluate("(runs) => models[0].set('selected', runs)", runs)
    page.get_by_role("button", name="selected").click()
    page.get_by_role("menuitem", name="Copy as code").click()
    return page.get_by_label("Text to copy").filter(visible=True).input_value()


def test_the_code_of_selected_runs_runs(page, make_run):
    first, second = (make_run(name, {"lr": 1}, {"loss": 0.5}) for name in ("one", "two"))
    names = [f"{at:032x}" for at in range(2)]
    code = copied(page, names[:1])
    assert code.splitlines()[2] == f'run = mlmagic.Run.find("{names[0]}")  # net 0'
    found = {}
    exec(code.replace(names[0], first), found)  # what a person runs
    assert found["run"].params["lr"] == "1"
    code = copied(page, names)
    statement = code.replace(names[0], first).replace(names[1], second).partition("\n\n")[2]
    assert [run.info.run_name for run in eval(statement, {"mlmagic": mlmagic}).comparison.runs] == ["one", "two"]
    assert mlflow.active_run() is None
