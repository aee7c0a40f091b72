"""``mlmagic.log_artifact`` and ``mlmagic.log_figure``: where files go in the run, and what is refused in one line."""

import os
import re
from pathlib import Path

import pytest

import mlmagic
from mlmagic.api.logged_files import _within_the_run, record_copy
from mlmagic.comparison.pages.run_figures import read_figures, read_picture
from mlmagic.errors import UsageProblem
from mlmagic.recording.notices import Notices
from mlmagic.recording.recorder import Recorder
from mlmagic.recording.run_context import RunContext
from mlmagic.session.output.capture import Capture
from mlmagic.sweeps.trials.trial import Memory


@pytest.fixture
def files(store_uri, tmp_path):
    """A file, and a folder with two files, in a working folder of their own."""
    here = tmp_path / "work"
    (here / "made" / "inner").mkdir(parents=True)
    (here / "made" / "a.txt").write_text("a")
    (here / "made" / "inner" / "b.txt").write_text("b")
    (here / "one.txt").write_text("one")
    os.chdir(here)  # `store_uri` puts the working folder back
    return here


def below(folder):
    """Return the paths of all files below *folder*; journals may go away meanwhile."""
    return sorted(os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)  # noqa: PTH118


PLACES = [
    (("one.txt",), ["one.txt"]),
    (("one.txt", "notes"), ["notes/one.txt"]),
    (("one.txt", "/notes/"), ["notes/one.txt"]),
    (("one.txt", "notes//./deep"), ["notes/deep/one.txt"]),
    (("one.txt", "."), ["one.txt"]),
    (("one.txt", "notes\\deep"), ["notes/deep/one.txt"]),
    (("made",), ["a.txt", "inner/b.txt"]),
    (("made/",), ["a.txt", "inner/b.txt"]),
    (("made", "data"), ["data/a.txt", "data/inner/b.txt"]),
    (("made", "data/./raw"), ["data/raw/a.txt", "data/raw/inner/b.txt"]),
    (("made/inner", "."), ["b.txt"]),
    ((Path("made/inner/b.txt"), "größe"), ["größe/b.txt"]),
]


@pytest.mark.parametrize(("arguments", "expected"), PLACES, ids=str)
def test_where_files_go_in_the_run(files, record, arguments, expected):
    found = record(lambda: mlmagic.log_artifact(*arguments))
    assert found.files == expected
    assert found.warnings == []


def test_files_of_a_trial_go_to_the_same_places(files):
    for arguments, expected in PLACES:
        sink, notices = Memory(), Notices()
        capture = Capture(output_limit=0, figures=False)
        context = RunContext(recorder=Recorder(sink, notices), notices=notices, capture=capture)
        record_copy(context, *arguments, *[""] * (2 - len(arguments)))
        assert sorted(sink.files) == expected
    assert sink.files == {"größe/b.txt": b"b"}


def test_the_file_is_taken_as_it_is_now(files, record):
    def work():
        mlmagic.log_artifact("one.txt")
        Path("one.txt").write_text("changed")

    run = record(work)
    assert mlmagic.Run(run.stored.info.run_id).text("one.txt") == "one"


def test_the_working_folder_is_recorded_without_the_journals_in_it(files, record):
    (files / "plots").mkdir()
    (files / "plots" / "c.txt").write_text("c")
    record()  # there is a journal now
    found = record(lambda: mlmagic.log_artifact("."))
    assert {"made/a.txt", "made/inner/b.txt", "one.txt", "plots/c.txt"} <= set(found.files)
    assert [path for path in found.files if "journal/" in path] == []
    assert found.warnings == []
    assert max(len(path) for path in below(files)) < 300


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs on this system")
def test_links_are_followed_once_and_what_is_no_file_is_left_out(files, record, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "data.csv").write_text("x")
    made = files / "made"
    (made / "link.txt").symlink_to(files / "one.txt")
    (made / "folder").symlink_to(tmp_path / "elsewhere")
    (made / "itself").symlink_to(made)
    (made / "inner" / "up").symlink_to("..")
    (made / "dead").symlink_to("nowhere")
    os.mkfifo(made / "fifo")
    found = record(lambda: mlmagic.log_artifact("made", "data"))
    assert found.files == ["data/a.txt", "data/folder/data.csv", "data/inner/b.txt", "data/link.txt"]


@pytest.mark.parametrize("path", ["nope.txt", "", "made/nope", Path("nope")])
def test_a_file_that_is_not_there_is_a_line_in_the_summary(files, record, path):
    found = record(lambda: mlmagic.log_artifact(path))
    assert found.files == []
    assert found.warnings[0].startswith("mlmagic.log_artifact: there is no file or folder ") or path == Path("nope")


@pytest.mark.parametrize("folder", ["..", "../x", "a/../../b", "a\\..\\b", "../../../../out"])
def test_a_folder_outside_of_the_run_is_refused_and_nothing_is_written_there(files, record, folder):
    before = [path for path in below(files.parent) if path.endswith("one.txt")]
    with pytest.raises(UsageProblem, match=r"leads out of the run: name a folder within it, such as 'data/raw'"):
        record(lambda: mlmagic.log_artifact("one.txt", folder))
    assert [path for path in below(files.parent) if path.endswith("one.txt")] == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5,), r"path is text or a Path, not 5 \(int\)"),
        ((None,), r"path is text or a Path, not None"),
        ((b"one.txt",), r"path is text or a Path, not b'one.txt' \(bytes\)"),
        (("one.txt", 5), r"mlmagic\.log_artifact: folder is text, not 5 \(int\)\. For example: mlmagic\.log_artifact\('report"),
        (("one.txt", None), r"folder is text, not None"),
        (("one.txt", b"x"), r"folder is text, not b'x' \(bytes\)"),
    ],
)  # fmt: skip
def test_an_argument_of_a_wrong_type_is_one_line(files, record, arguments, message):
    with pytest.raises(UsageProblem, match=message):
        record(lambda: mlmagic.log_artifact(*arguments))


@pytest.mark.parametrize("folder", ["", "a", "a/b", "/a/", "a//b", "./a/.", "a\\b", " a ", "..a", "a.."])
def test_a_folder_within_the_run_has_no_step_that_the_store_refuses(folder):
    found = _within_the_run(folder)
    assert not {"", ".", ".."} & set(found.split("/")) or found == ""
    assert _within_the_run(found) == found


@pytest.fixture
def figure():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    made = pyplot.figure()
    yield made
    pyplot.close(made)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loss", "figures/loss.png"),
        ("two words", "figures/two_words.png"),
        ("a/b", None),
        ("../../x", None),
        ("", "figures/figure.png"),
        (None, "figures/figure.png"),
        ("x" * 500, None),
        ("<b>\n", None),
    ],
    ids=lambda one: repr(one)[:20],
)
def test_a_figure_has_a_name_that_is_one_file(record, figure, name, expected):
    (path,) = record(lambda: mlmagic.log_figure(figure, name)).files
    assert path.startswith("figures/")
    assert path.endswith(".png")
    assert path.count("/") == 1
    assert len(path.encode()) <= 220
    assert expected is None or path == expected


def test_a_figures_title_is_its_name_and_two_of_a_name_are_two_files(record, figure):
    def work():
        figure.suptitle("Learning curve")
        for _ in range(2):
            mlmagic.log_figure(figure)
        mlmagic.log_figure(figure, "own")

    found = record(work)
    assert len(found.files) == len(set(found.files)) == 3
    assert "figures/own.png" in found.files


@pytest.mark.parametrize("thing", [5, None, "plot.png", object(), [1, 2]], ids=lambda thing: type(thing).__name__)
def test_what_is_no_figure_is_a_line_in_the_summary(record, thing):
    found = record(lambda: mlmagic.log_figure(thing))
    assert found.files == []
    assert found.warnings[0].startswith(
        "mlmagic.log_figure takes a matplotlib, Plotly or Altair figure that can be drawn"
    )


def test_a_figure_that_cannot_be_drawn_costs_only_itself(record, figure):
    axes = figure.add_subplot()
    axes.set_title("$\\frac{$")  # no formula
    found = record(lambda: (mlmagic.log_figure(figure), mlmagic.log(a=1)))
    assert found.stored.data.metrics == {"a": 1.0}
    assert "ValueError" in found.warnings[0]


@pytest.mark.parametrize("name", [5, b"x", ["a"]], ids=repr)
def test_a_name_of_a_figure_is_text(record, figure, name):
    with pytest.raises(
        UsageProblem, match=r"mlmagic\.log_figure: name is text, not .*For example: mlmagic\.log_figure"
    ):
        record(lambda: mlmagic.log_figure(figure, name))


def test_figures_with_a_step_are_a_series_as_those_of_mlflow(store_uri, record):
    import matplotlib.pyplot as plt
    import mlflow
    import numpy as np
    from PIL import Image

    figure, axes = plt.subplots()

    def work():
        for step in (0, np.int64(5), 10.0):
            axes.plot([0, step])
            mlmagic.log_figure(figure, "weights", step=step)
        mlmagic.log_figure(figure, "weights", step=5)
        mlflow.log_image(Image.new("RGB", (9, 9)), key="of mlflow", step=3)

    run = record(work)
    plt.close(figure)
    assert run.warnings == []
    assert run.stored.data.tags["mlflow.loggedImages"] == "True"
    own, theirs = ([path for path in run.files if path.startswith(f"images/{key}")] for key in ("weights", "of mlflow"))
    shape = re.compile(r"[+]step[+]\d+[+]timestamp[+]\d{13}[+][0-9a-f-]{36}([+]compressed)?[.](png|webp)")
    for key, paths in (("weights", own), ("of mlflow", theirs)):
        assert all(shape.fullmatch(path.removeprefix(f"images/{key}")) for path in paths)
    assert sum(path.endswith("+compressed.webp") for path in own) == 4
    [other, weights] = read_figures([run.stored])["figures"]
    assert (weights["name"], weights["unit"], other["name"]) == ("weights", "step", "of mlflow")
    assert [frame["at"] for frame in weights["runs"][0]] == [0, 5, 10]
    assert all(frame["path"].endswith(".png") for frame in weights["runs"][0])
    latest = weights["runs"][0][1]["path"]
    assert read_picture(run.stored, latest).startswith(b"\x89PNG")


def test_interactive_figures_with_a_step_are_a_series_too(record):
    go = pytest.importorskip("plotly.graph_objects")

    def work():
        for step in (1, 2):
            mlmagic.log_figure(go.Figure(go.Bar(y=[step])), "a+b", step=step)

    [series] = read_figures([record(work).stored])["figures"]
    assert (series["name"], series["unit"], series["media_type"]) == ("a_b", "step", "text/html")
    assert [frame["at"] for frame in series["runs"][0]] == [1, 2]


@pytest.mark.parametrize("step", ["first", 1.5, float("nan"), 10**18, [1]])
def test_a_step_that_is_none_is_told_and_the_figure_recorded(record, step):
    import matplotlib.pyplot as plt

    figure = plt.figure()
    run = record(lambda: mlmagic.log_figure(figure, "curve", step=step))
    plt.close(figure)
    assert run.files == ["figures/curve.png"]
    [told] = run.warnings
    assert re.fullmatch(
        r"mlmagic\.log_figure: step is a whole number, not .+: the figure was recorded without it", told
    )
