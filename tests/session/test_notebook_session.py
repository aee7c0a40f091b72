import asyncio
import contextlib
import io
from types import SimpleNamespace

import pytest

from mlmagic.session import notebook_session
from mlmagic.session.notebook_session import NotebookSession


@pytest.fixture
def shell(new_shell):
    return new_shell()


@pytest.fixture
def follow(shell):
    """Start to follow the shell, as loading the extension does; what ended is collected in a list."""

    def start():
        session, ended = NotebookSession(shell), []

        def after(result):
            ended.append([(cell.source, cell.number, type(error).__name__) for cell, error, _ in session.end(result)])

        shell.events.register("pre_run_cell", session.begin)
        shell.events.register("post_run_cell", after)
        return session, ended

    return start


def run(shell, source, **options):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return shell.run_cell(source, **{"store_history": True} | options)


def logged(session):
    return [(cell.number, cell.source, cell.status) for cell in session.log.cells]


def test_every_cell_is_logged_with_its_number_and_how_it_ended(shell, follow):
    session, ended = follow()
    for source in ("x = 1", "1 / 0", "x = )", "raise KeyboardInterrupt", "import sys; sys.exit()"):
        run(shell, source)
    assert logged(session) == [
        (1, "x = 1", "ok"),
        (2, "1 / 0", "error"),
        (3, "x = )", "rejected"),
        (4, "raise KeyboardInterrupt", "interrupted"),
        (5, "import sys; sys.exit()", "error"),
    ]
    assert [one[0][2] for one in ended] == [
        "NoneType", "ZeroDivisionError", "SyntaxError", "KeyboardInterrupt", "SystemExit"
    ]  # fmt: skip


def test_cells_from_before_are_taken_over_and_the_loading_cell_is_logged_when_it_ends(shell, follow):
    run(shell, "before = 1")
    shell.user_ns["follow"] = follow
    run(shell, "session, ended = follow()")
    run(shell, "after = 1")
    assert logged(shell.user_ns["session"]) == [
        (1, "before = 1", "unknown"),
        (2, "session, ended = follow()", "ok"),
        (3, "after = 1", "ok"),
    ]


def test_a_nested_cell_is_logged_within_the_one_that_runs_it(shell, follow):
    session, ended = follow()
    run(shell, "get_ipython().run_cell('inner = 1')")
    assert logged(session) == [
        (1, "get_ipython().run_cell('inner = 1')", "ok"),
        (None, "inner = 1", "ok"),
    ]
    assert session.log.cells[1].nested
    assert [one[0][0] for one in ended] == ["inner = 1", "get_ipython().run_cell('inner = 1')"]


def test_a_cell_outside_the_history_is_logged_without_number(shell, follow):
    session, _ = follow()
    run(shell, "x = 1", store_history=False)
    run(shell, "y = 1")
    assert logged(session) == [(None, "x = 1", "ok"), (1, "y = 1", "ok")]


def test_a_silent_execution_is_not_logged(shell, follow):
    session, _ = follow()
    run(shell, "x = 1", silent=True)
    assert logged(session) == []


def test_an_async_cell_is_logged(shell, follow):
    session, _ = follow()
    run(shell, "import asyncio\nawait asyncio.sleep(0)")
    assert logged(session)[0][2] == "ok"


def test_a_cell_that_was_cancelled_is_interrupted():
    shell = SimpleNamespace(user_ns={}, execution_count=1, history_manager=None)
    session = NotebookSession(shell)
    cell = session.begin(SimpleNamespace(raw_cell="await x", store_history=True, cell_id="c"))
    (ended,) = session.end(None)
    assert ended.cell is cell
    assert isinstance(ended.error, asyncio.CancelledError)
    assert session.log.cells[0].status == "interrupted"
    assert session.log.cells[0].cell_id == "c"


def test_the_entry_of_a_cell_is_there_until_it_is_forgotten(shell, follow):
    session, _ = follow()
    cell = session.begin(SimpleNamespace(raw_cell="x", store_history=False, cell_id=None))
    entry = session.entry(cell)
    assert entry.source == "x"
    session.end(SimpleNamespace(info=cell.info, error_before_exec=None, error_in_exec=None))
    assert session.entry(cell) is entry
    session.forget(cell)
    session.forget(cell)
    assert session.entry(cell) is None


def test_the_namespace_is_the_users_own(shell, follow):
    session, _ = follow()
    run(shell, "x = [1]")
    assert session.namespace["x"] is shell.user_ns["x"]


def test_the_session_of_the_process_is_the_last_that_was_entered(shell):
    before, session = notebook_session.current(), NotebookSession(shell)
    leave = notebook_session.enter(session)
    assert notebook_session.current() is session
    leave()
    assert notebook_session.current() is before
