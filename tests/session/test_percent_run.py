"""The cells of a notebook that `%run` executes, read off IPython's own frames."""

from __future__ import annotations

import contextlib
import io

import nbformat
import pytest

from mlmagic.session import percent_run


@pytest.fixture
def heard(shell):
    """What begins and ends in *shell*: (what, source or error, file)."""
    events = []

    def begins():
        if (cell := percent_run.beginning()) is not None:
            events.append(("begins", cell.info.raw_cell, cell.file.name))

    def ends():
        if (result := percent_run.ended()) is not None:
            events.append(("ends", result.info.raw_cell, type(result.error_in_exec).__name__))

    shell.events.register("pre_execute", begins)
    shell.events.register("post_execute", ends)
    yield events
    shell.events.unregister("pre_execute", begins)
    shell.events.unregister("post_execute", ends)


@pytest.fixture
def run(shell, tmp_path):
    """Return a function that runs cells of a notebook, or a script, by `%run`."""

    def run(*cells, name="other.ipynb", line="%run"):
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        file = tmp_path / name
        if name.endswith(".ipynb"):
            nbformat.write(book, file)
        else:
            file.write_text("\n".join(cells))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return shell.run_cell(f"before = 1\n{line} {file}\nafter = 2", store_history=True)

    return run


def test_each_cell_begins_and_ends_once(heard, run):
    run("a = 1", "b = 2").raise_error()
    assert heard == [
        ("begins", "a = 1", "other.ipynb"),
        ("ends", "a = 1", "NoneType"),
        ("begins", "b = 2", "other.ipynb"),
        ("ends", "b = 2", "NoneType"),
    ]


def test_a_cell_that_fails_ends_with_its_error_and_the_rest_is_not_run(heard, run):
    run("a = 1 / 0", "b = 2")
    assert heard == [("begins", "a = 1 / 0", "other.ipynb"), ("ends", "a = 1 / 0", "ZeroDivisionError")]


def test_a_cell_that_awaits_is_one_too(heard, run):
    run("import asyncio\nawait asyncio.sleep(0)", "b = 2").raise_error()
    assert [what for what, *_ in heard] == ["begins", "ends"] * 2


def test_a_notebook_that_a_notebook_runs(heard, run, tmp_path):
    inner = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("c = 3")])
    nbformat.write(inner, tmp_path / "inner.ipynb")
    run(f"%run {tmp_path / 'inner.ipynb'}", "b = 2").raise_error()
    assert [(what, name) for what, _, name in heard if what == "begins"] == [
        ("begins", "other.ipynb"), ("begins", "inner.ipynb"), ("begins", "other.ipynb"),
    ]  # fmt: skip
    assert next(source for what, source, _ in heard if what == "ends") == "c = 3"


@pytest.mark.parametrize("line", ["%run", "%run -i"])
def test_a_script_has_no_cells(line, heard, run):
    run("a = 1", "b = 2", name="script.py", line=line).raise_error()
    assert heard == []


def test_a_cell_of_the_user_is_none(heard, shell):
    shell.run_cell("x = 1", store_history=True)
    shell.run_cell("get_ipython().run_cell('y = 2')", store_history=True)
    shell.run_cell("z = 3", silent=True)
    assert heard == []


def test_outside_of_a_shell_nothing_begins_or_ends():
    assert percent_run.beginning() is None
    assert percent_run.ended() is None
