"""Figures, git, environment and data in a difference: the same facts in the page, in text and for the widget."""

import base64
import json
import zlib

import mlflow
import pytest
from pages import Page

from mlmagic.comparison.comparing import compare_runs
from mlmagic.errors import UsageProblem
from mlmagic.views.differences import difference as module
from mlmagic.views.differences.difference import difference_bundle, difference_json


def png(colour):
    """Return a picture of one pixel."""

    def chunk(kind, data):
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    size = (1).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size)
        + chunk(b"IDAT", zlib.compress(b"\0" + bytes(colour)))
        + chunk(b"IEND", b"")
    )


RED, BLUE = png((255, 0, 0)), png((0, 0, 255))


@pytest.fixture
def log_run(store_uri, tmp_path):
    """Record a run by plain MLflow with files by their paths; return its id."""

    def make(name, files=(), *, tags=()):
        with mlflow.start_run(run_name=name) as run:
            mlflow.set_tags(dict(tags))
            for path, content in dict(files).items():
                folder, _, file = path.rpartition("/")
                place = tmp_path / "made" / name / file
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content if isinstance(content, bytes) else content.encode())
                mlflow.log_artifact(str(place), folder or None)
        return run.info.run_id

    return make


def shown(*runs):
    found = compare_runs(runs)
    bundle = difference_bundle(found)
    return Page(bundle["text/html"]), bundle["text/plain"], found


def sources(page):
    return [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]


def test_figures_stand_side_by_side_and_runs_with_the_same_bytes_share_one(log_run):
    runs = [
        log_run("a", {"figures/roc.png": RED}),
        log_run("b", {"figures/roc.png": BLUE}),
        log_run("c", {"figures/roc.png": RED}),
    ]
    page, text, found = shown(*runs)
    assert page.problems == []
    assert [base64.b64decode(one.partition(",")[2]) for one in sources(page)] == [RED, BLUE]
    alts = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert alts == ["roc.png, A a, C c", "roc.png, B b"]
    assert "  roc.png: A has its own, B has its own, C has that of A" in text
    assert found.figure_bytes(runs[1], "figures/roc.png") == BLUE


def test_a_run_without_the_figure_says_so(log_run):
    page, text, _ = shown(log_run("a", {"figures/roc.png": RED}), log_run("b", {"figures/other.png": BLUE}))
    assert "roc.png: A has its own, B has none" in text
    assert "other.png: A has none, B has its own" in text
    assert len(sources(page)) == 2
    assert page.text.count("none") >= 2


def test_equal_figures_are_folded_and_named_in_text(log_run):
    page, text, _ = shown(log_run("a", {"figures/roc.png": RED}), log_run("b", {"figures/roc.png": RED}))
    assert "figures (1 the same)" in text
    assert len(sources(page)) == 1
    both = shown(
        log_run("c", {"figures/roc.png": RED, "figures/new.png": RED}),
        log_run("d", {"figures/roc.png": RED, "figures/new.png": BLUE}),
    )
    assert "Figures: 1 of 2 differs" in both[1]
    assert "1 the same" in both[0].text


def test_an_interactive_figure_is_not_run_but_named(log_run):
    page, _, _ = shown(
        log_run("a", {"figures/plot.html": "<script>alert(1)</script>"}),
        log_run("b", {"figures/plot.html": "<b>x</b>"}),
    )
    assert "an interactive figure: %compare shows it" in page.text
    assert "script" not in page.tags
    assert sources(page) == []


def test_more_pictures_than_a_notebook_should_hold_are_named(log_run, monkeypatch):
    monkeypatch.setattr(module, "_EMBEDDED_BYTES", len(RED) + 1)
    page, _, _ = shown(log_run("a", {"figures/roc.png": RED}), log_run("b", {"figures/roc.png": BLUE}))
    assert len(sources(page)) == 1
    assert "not shown: the pictures are more than 4 MB" in page.text


def test_large_figures_of_one_size_are_not_called_the_same(log_run):
    large = b"\x89PNG" + b"a" * 4_100_000
    page, text, found = shown(
        log_run("a", {"figures/big.png": large}), log_run("b", {"figures/big.png": large[:-1] + b"b"})
    )
    assert found.figures[0].differs is None
    assert "figures (1 the same)" not in text
    assert "not read: it has 4.1 MB" in text
    assert "Not compared: " in page.text
    assert "figures (nothing to compare)" in page.text
    mixed = shown(
        log_run("c", {"figures/big.png": large, "figures/roc.png": RED}),
        log_run("d", {"figures/big.png": large, "figures/roc.png": BLUE}),
    )
    assert "big.png: A has one that was not read, B has one that was not read" in mixed[1]


@pytest.mark.parametrize(("run", "path"), [(0, "figures/rco.png"), (0, "../secret"), (None, "figures/roc.png")])
def test_only_a_figure_of_the_compared_runs_is_read(log_run, run, path):
    runs = [log_run("a", {"figures/roc.png": RED}), log_run("b", {"figures/roc.png": BLUE})]
    found = compare_runs(runs)
    with pytest.raises(UsageProblem, match=r"the compared runs have no figure '.*'\."):
        found.figure_bytes("f" * 32 if run is None else runs[run], path)


def test_with_many_runs_pictures_name_them_by_letter_only(log_run):
    runs = [log_run(f"run {at}", {"figures/roc.png": png((at, 0, 0))}) for at in range(5)]
    page, _, _ = shown(*runs)
    alts = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert alts == [f"roc.png, {letter}" for letter in "ABCDE"]


GIT = {"mlflow.source.git.commit": "a" * 40, "mlflow.source.git.branch": "main", "mlmagic.git.dirty": "true"}


def test_git_and_uncommitted_changes(log_run):
    patch = "--- a/code.py\n+++ b/code.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
    first = log_run("a", {"mlmagic/uncommitted.patch": patch}, tags=GIT)
    second = log_run("b", tags={**GIT, "mlflow.source.git.commit": "b" * 40, "mlmagic.git.dirty": "false"})
    page, text, _ = shown(first, second)
    assert "Git: 3 of 4 differ" in text
    assert "uncommitted changes  yes" in text
    assert "uncommitted changes, A → B: 0 lines added, 5 removed" in text
    assert "-x = 1" in text
    for part in ("commit", "a" * 40, "b" * 40, "uncommitted changes, A → B"):
        assert part in page.text


def test_git_of_one_run_alone_is_told_as_not_recorded(log_run):
    _, text, _ = shown(log_run("a", tags=GIT), log_run("b"))
    assert "git (not recorded of B)" in text


def test_environments_differ_by_versions_and_facts(log_run):
    def environment(python, numpy, threads):
        return json.dumps(
            {
                "python": {"version": python}, "platform": {"name": "Linux"}, "machine": {"cores_logical": 2, "memory_bytes": 8e9},
                "imported": {"numpy": numpy}, "installed": {"attrs": "23", "mine": "1"}, "threads": {"OMP": threads},
                "gpus": [{"name": "H", "memory_bytes": 1e9, "driver": None}, "odd"], "variables": {"SEED": "1"},
            }
        )  # fmt: skip

    first = log_run(
        "a", {"mlmagic/environment.json": environment("3.11", "1", 2), "mlmagic/requirements.txt": "mine @ git+x@1"}
    )
    second = log_run(
        "b", {"mlmagic/environment.json": environment("3.12", "2", 2), "mlmagic/requirements.txt": "mine @ git+x@2"}
    )
    page, text, _ = shown(first, second)
    assert "Environment: 3 of 10 differ" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["Python", "3.11", "3.12"] in rows
    assert ["numpy", "1", "2"] in rows
    assert any(row[:1] == ["mine"] and "git+x@1" in row and "git+x@2" in row for row in rows)
    assert "1 package of the same version" in page.text


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "5", '{"python": 5, "gpus": 5, "imported": [], "machine": {"memory_bytes": "x"}}']
)
def test_an_environment_of_another_program_costs_nothing(log_run, content):
    runs = [log_run(name, {"mlmagic/environment.json": content}) for name in "ab"]
    page, text, _ = shown(*runs)
    assert page.problems == []
    assert "environment" in text


def test_code_that_is_the_same_as_another_runs_is_named_not_repeated(log_run):
    sources_of = ["x = 1\n", "x = 2\n", "x = 2\n", "x = 1\n"]
    runs = [log_run(f"r{at}", {"mlmagic/cell.py": source}) for at, source in enumerate(sources_of)]
    page, text, _ = shown(*runs)
    assert "A → B: 1 line added, 1 removed" in text
    assert "A → C: 1 line added, 1 removed, as in B" in text
    assert "A → D: the same code" in text
    assert text.count("- x = 1") == 1
    assert page.text.count("as in B") == 1


def test_thousands_of_lines_of_code_are_cut_and_counted(log_run):
    runs = [log_run(name, {"mlmagic/cell.py": "".join(f"{name}{at} = 1\n" for at in range(900))}) for name in "ab"]
    page, text, _ = shown(*runs)
    assert len([line for line in text.splitlines() if " - a" in line or " + b" in line]) <= 80
    assert "more lines" in text
    assert "more lines of the difference are not shown" in page.text


def test_the_widget_gets_what_the_page_has_as_plain_json(log_run):
    runs = [
        log_run("<b>", {"figures/roc.png": RED, "mlmagic/cell.py": "x = 1\n"}, tags=GIT),
        log_run("b", {"figures/roc.png": BLUE, "mlmagic/cell.py": "x = 2\n"}),
    ]
    found = compare_runs(runs)
    sent = json.loads(json.dumps(difference_json(found)))
    page = Page(difference_bundle(found)["text/html"])
    assert [head["name"]["text"] for head in sent["runs"]] == ["<b>", "b"]
    for section in sent["sections"]:
        assert section["title"] in page.text or section["title"].lower() in page.text
        for row in section["rows"]:
            assert row["name"]["text"] in page.text
    (figures,) = [section["figures"] for section in sent["sections"] if section["key"] == "figures"]
    assert figures == [{
        "name": "roc.png", "media_type": "image/png", "paths": ["figures/roc.png"] * 2, "sizes": [len(RED), len(BLUE)],
        "alike": [0, 1], "differs": True,
    }]  # fmt: skip


def test_a_figure_that_is_gone_from_the_store_says_why(log_run, tmp_path):
    runs = [log_run("a", {"figures/roc.png": RED}), log_run("b", {"figures/roc.png": BLUE})]
    found = compare_runs(runs)
    (path,) = [one for one in tmp_path.glob("mlruns/**/roc.png") if runs[1] in str(one)]
    path.unlink()
    found.files[runs[1]]._contents.clear()
    page = Page(difference_bundle(found)["text/html"])
    assert len(sources(page)) == 1
    assert "not read" in page.text or "is not of this run" in page.text
