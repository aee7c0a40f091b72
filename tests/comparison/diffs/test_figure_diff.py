"""Which figures of runs are the same bytes, and what is not known of those that were not read."""

import pytest

from mlmagic.comparison.diffs.figure_diff import figure_rows
from mlmagic.comparison.diffs.run_files import RunFiles


def run(figures):
    """Return the files of a run: the content of each path, or only the size of one that is not read."""
    files = RunFiles("a" * 32, "")
    for path, content in figures.items():
        files.sizes[path] = content if isinstance(content, int) else len(content)
        if not isinstance(content, int):
            files._contents[path] = content
    return files


@pytest.mark.parametrize(
    ("runs", "alike", "differs"),
    [
        ([b"aa", b"aa"], (0, 0), False),
        ([b"aa", b"bb"], (0, 1), True),
        ([b"aa", b"bbb"], (0, 1), True),
        ([b"aa", b"bb", b"aa"], (0, 1, 0), True),
        ([b"aa", None], (0, None), True),
        ([None, b"aa", b"aa"], (None, 1, 1), True),
        ([5_000_000, 5_000_000], (None, None), None),
        ([5_000_000, 5_000_001], (0, 1), True),
        ([5_000_000, 5_000_000, None], (None, None, None), True),
        ([5_000_000, 5_000_000, b"aa"], (None, None, 2), True),
    ],
)
def test_what_is_the_same_what_differs_and_what_is_not_known(runs, alike, differs):
    (row,) = figure_rows([run({} if one is None else {"figures/roc.png": one}) for one in runs])
    assert row.alike == alike
    assert row.differs is differs
    assert row.name == "roc.png"
    assert row.media_type == "image/png"


@pytest.mark.parametrize(
    ("path", "name", "media_type"),
    [
        ("figures/a.PNG", "a.PNG", "image/png"),
        ("figures/sub/a.jpeg", "sub/a.jpeg", "image/jpeg"),
        ("a.svg", "a.svg", "image/svg+xml"),
        ("figures/plot.html", "plot.html", "text/html"),
        ("figures/data.csv", None, None),
        ("other/a.png", None, None),
        ("figures/png", None, None),
        ("mlmagic/cell.py", None, None),
    ],
)
def test_which_files_are_figures(path, name, media_type):
    rows = figure_rows([run({path: b"x"}), run({path: b"x"})])
    assert [(row.name, row.media_type) for row in rows] == ([] if name is None else [(name, media_type)])


def test_a_figure_in_the_folder_counts_before_one_of_its_name_above():
    (row,) = figure_rows([run({"a.png": b"x", "figures/a.png": b"yy"}), run({"a.png": b"yy"})])
    assert row.paths == ("figures/a.png", "a.png")
    assert row.differs is False


def test_of_figures_with_a_step_the_last_step_is_compared():
    stem = "sample+step+{}+timestamp+{}+ab"
    first = {
        f"images/{stem.format(2, 200)}.png": b"two",
        f"images/{stem.format(10, 300)}.png": b"ten",
        f"images/{stem.format(10, 300)}+compressed.webp": b"small",
    }
    second = {f"images/{stem.format(10, 900)}.png": b"ten", f"images/{stem.format(9, 950)}.png": b"nine"}
    (row,) = figure_rows([run(first), run(second), run({})])
    assert row.name == "sample (last step)"
    assert row.media_type == "image/png"
    assert row.paths == (f"images/{stem.format(10, 300)}.png", f"images/{stem.format(10, 900)}.png", None)
    assert row.alike == (0, 0, None)
    (interactive,) = figure_rows([run({f"figures/{stem.format(step, 1)}.html": b"x" for step in (1, 2)})] * 2)
    assert interactive.paths[0] == f"figures/{stem.format(2, 1)}.html"
