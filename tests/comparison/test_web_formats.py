"""The browser writes numbers as `mlmagic.views.rendering` does: both are held to one table of examples."""

import json
from pathlib import Path

import pytest

from mlmagic.views.rendering import duration, number, numbers

WEB = Path(__file__).parents[2] / "mlmagic" / "comparison" / "web"
EXAMPLES = json.loads((WEB / "test" / "formats.json").read_text())


@pytest.mark.parametrize(("write", "name"), [(number, "number"), (numbers, "numbers"), (duration, "duration")])
def test_the_examples_of_the_browser_hold_here(write, name):
    examples = EXAMPLES[name]
    assert len(examples) > 10
    assert [write(value) for value, _ in examples] == [text for _, text in examples]
