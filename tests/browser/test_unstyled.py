"""A saved notebook where styles are removed, as GitHub does, and Jupyter of a notebook that is not trusted."""

import re
from pathlib import Path

import pytest
from saved_outputs import CELLS, html_of

SHOWN = [name for name in CELLS if name not in {"load", "registered"}]
GLUED = (Path(__file__).parent / "glued.js").read_text()
CODE = ["def build(depth):", "    if depth > 3:", "        return DecisionTreeClassifier("]
FACTS = {
    "seed": ["Seed 42: ", "fixed Python's random"],
    "split": ["Split 178 rows", "70.2%"],
    "card": [
        "finished tree Default",
        "accuracy 0.7736 · error 0.2264",
        "8 parameters depth 2 · seed 42",
        "Data X_train",
    ],
    "card again": ["since the last run depth 2 → 3"],
    "second card": ["finished larger", "accuracy 0.9245 · error 0.07547"],
    "failed": ["failed broken", "ZeroDivisionError: division by zero"],
    "blocks": ["3 runs of this cell", "depth 2", "0.9200"],
    "training": ["epochs 8/50", "stopped early", "train_loss 0.125 · val_loss 2", "best at 5"],
    "bar": ["3/3"],
    "config": ["cfg 5 values, 2 by overrides", "lr: 0.05 override", "model (3)", "depth: 5 override"],
    "sweep": ["finished depths · 12 trials · best accuracy 0.9245", "accuracy ↑"],
    "runs": ["8 runs, highest accuracy", "depths + 12 runs", "The same for all: seed = 42"],
    "diff": ["A tree base", "0.9245 best +0.151 (+19.5%)", "Not compared: figures"],
    "comparison": ["experiment Default", "accuracy by run, oldest first", "depths + 12 runs"],
    "drift": ["Drift in 12 of 13 columns", "mean 12.96 → 17.04; 100 % beyond the reference's range"],
    "models": ["wine-tree", "version"],
    "evaluation": ["model on 53 rows of X_test (3 classes)", "0.92453", "0.83019 to 0.98113"],
}


def stripped(html):
    """Return *html* without styles and classes, as sanitizers leave it."""
    return re.sub(r'\s(?:style|class)="[^"]*"', "", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))


@pytest.fixture(scope="module")
def page(outputs, chromium):
    page = chromium.new_page(viewport={"width": 900, "height": 900})
    parts = (f'<section id="{name.replace(" ", "-")}">{stripped(html_of(outputs[name]))}</section>' for name in SHOWN)
    page.set_content(f"<!doctype html><meta charset='utf-8'>{''.join(parts)}")
    yield page
    page.close()


def section(page, name):
    return page.locator(f"section#{name.replace(' ', '-')}")


def test_no_output_is_a_widget_or_a_line_of_a_text_bar(outputs):
    kinds = {kind for name in SHOWN if name != "comparison" for one in outputs[name] for kind in one.get("data", {})}
    assert kinds <= {"text/html", "text/plain"}
    texts = [one.data["text/plain"] for name in SHOWN for one in outputs[name] if "data" in one]
    texts += [one.text for name in SHOWN for one in outputs[name] if one.output_type == "stream"]
    assert not [text for text in texts if re.search(r"\d%\|", text)]


@pytest.mark.parametrize("name", SHOWN)
def test_what_it_tells_is_there_and_no_two_words_run_together(page, name):
    text = " ".join(section(page, name).inner_text().split())
    assert [fact for fact in FACTS[name] if fact not in text] == []
    assert section(page, name).evaluate(GLUED) == []


@pytest.mark.parametrize("name", SHOWN)
def test_numbers_stand_at_the_right_and_names_at_the_left(page, name):
    aligned = section(page, name).evaluate(
        "(root) => [...root.querySelectorAll('th, td')].map((cell) => [cell.tagName, cell.scope,"
        " cell.innerText.trim(), getComputedStyle(cell).textAlign.replace('-webkit-', '')])"
    )
    names = {align for tag, scope, text, align in aligned if tag == "TH" and scope == "row"}
    assert names <= {"left"}
    numbers = [(text, align) for tag, _, text, align in aligned if tag == "TD" and re.fullmatch(r"-?\d+\.\d+%?", text)]
    assert [text for text, align in numbers if align not in {"right", "end"}] == [] or name in {"diff", "drift"}


def test_code_keeps_its_spaces(page):
    lines = section(page, "diff").locator("pre").all_inner_texts()
    assert [line for line in CODE if not any(shown.startswith(line) for shown in lines)] == []


def test_a_config_keeps_its_levels(page):
    left = section(page, "config").evaluate(
        "(root) => [...root.querySelectorAll('li')].map((item) => [item.innerText.split('\\n')[0].trim(), item.getBoundingClientRect().left])"
    )
    places = dict(left)
    assert places["name: forest"] > places["lr: 0.05 override"] + 10


def test_the_samples_of_a_histogram_have_their_colours(page):
    path = section(page, "drift").locator("svg path").first
    assert path.evaluate("(path) => getComputedStyle(path).fill") == "rgb(59, 125, 216)"
