"""Ctrl-C while mlmagic works: it is never lost, never breaks an import, and leaves the user's handler as it was."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading

import pytest

from mlmagic.errors import Interrupted
from mlmagic.session.interrupts import deferred, deliver, in_one_line, interruptible, whole_imports


def ctrl_c():
    signal.raise_signal(signal.SIGINT)


def ends(work):
    """Run *work*, and return what it raises."""
    try:
        work()
    except BaseException as error:  # noqa: BLE001  # an interrupt is looked at, too
        return error
    return None


@pytest.fixture(autouse=True)
def _handler():
    """The handler that Python sets, and it again afterwards."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    left = signal.signal(signal.SIGINT, before)
    assert left is signal.default_int_handler


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return the name of a module whose import is interrupted in the middle."""
    (tmp_path / "interrupted_module.py").write_text(
        "import signal\nbefore = 1\nsignal.raise_signal(signal.SIGINT)\nafter = 2\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield "interrupted_module"
    sys.modules.pop("interrupted_module", None)


@pytest.mark.parametrize("context", [interruptible, whole_imports, lambda: in_one_line("it")])
def test_an_interrupt_outside_of_imports_comes_at_once(context):
    steps = []

    def work():
        with context():
            steps.append(1)
            ctrl_c()
            steps.append(2)

    assert isinstance(ends(work), KeyboardInterrupt)
    assert steps == [1]


@pytest.mark.parametrize("context", [interruptible, whole_imports])
def test_an_import_is_completed_first(context, module):
    seen = []

    def work():
        with context():
            __import__(module)
            seen.append(sys.modules[module].after)

    assert isinstance(ends(work), KeyboardInterrupt)
    assert seen == [2]


def test_an_interrupt_during_an_import_can_be_asked_for(module):
    steps = []

    def work():
        with interruptible():
            __import__(module)
            steps.append("imported")
            deliver()
            steps.append("waited")

    assert isinstance(ends(work), KeyboardInterrupt)
    assert steps == ["imported"]


def test_without_an_interrupt_there_is_nothing_to_deliver(module):
    deliver()
    with interruptible():
        deliver()


def test_an_import_around_the_context_is_none_of_its_imports(tmp_path, monkeypatch):
    (tmp_path / "waiting_module.py").write_text(
        "from mlmagic.session.interrupts import interruptible\nimport signal\nreached = []\nwith interruptible():\n"
        "    signal.raise_signal(signal.SIGINT)\n    reached.append(1)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        __import__("waiting_module")
    assert "waiting_module" not in sys.modules


def test_an_exception_of_the_body_passes_through():
    for context in (interruptible, whole_imports, deferred, lambda: in_one_line("it")):
        with pytest.raises(ValueError, match="mine"), context():
            raise ValueError("mine")


def test_an_interrupt_is_shown_in_one_line():
    with pytest.raises(Interrupted, match=r"^%runs was interrupted\.$") as raised, in_one_line("%runs"):
        ctrl_c()
    assert isinstance(raised.value, KeyboardInterrupt)
    assert raised.value.__suppress_context__


def test_a_step_that_must_be_whole_is_completed():
    steps = []

    def work():
        with deferred():
            ctrl_c()
            ctrl_c()
            steps.append("whole")
        steps.append("after")

    assert isinstance(ends(work), KeyboardInterrupt)
    assert steps == ["whole"]


def test_a_step_within_a_step_is_whole_too():
    steps = []

    def work():
        with deferred():
            with deferred():
                ctrl_c()
                steps.append(1)
            steps.append(2)
        steps.append(3)

    assert isinstance(ends(work), KeyboardInterrupt)
    assert steps == [1, 2]


@pytest.mark.parametrize("context", [interruptible, whole_imports, deferred])
def test_the_users_own_handler_gets_the_interrupt_or_python_does(context):
    heard = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    with contextlib.suppress(KeyboardInterrupt), context():
        ctrl_c()
    assert heard == ([] if context is interruptible else [signal.SIGINT])
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    handler(1, None)
    assert heard[-1] == 1


@pytest.mark.parametrize("context", [whole_imports, deferred])
def test_an_ignored_interrupt_stays_ignored(context):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with context():
        ctrl_c()
    assert signal.signal(signal.SIGINT, signal.default_int_handler) is signal.SIG_IGN


@pytest.mark.parametrize("context", [interruptible, whole_imports, deferred, lambda: in_one_line("it")])
def test_another_thread_leaves_the_handler_alone(context):
    seen = []

    def work():
        with context():
            seen.append(signal.getsignal(signal.SIGINT))
        deliver()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
