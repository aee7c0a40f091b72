"""Ctrl-C while mlmagic imports a library, or reads the store, costs what was asked for and nothing that comes after.

Each moment is made certain: the import of a module, or a step of SQLAlchemy, sends SIGINT itself.
"""

from __future__ import annotations

import pytest

SETUP = """\
%load_ext mlmagic
import os, signal, sys, threading, time

class Bomb:
    "Sends SIGINT to the kernel as a module is imported, once."
    def __init__(self, module):
        self.module = module
        sys.meta_path.insert(0, self)
    def find_spec(self, name, path, target=None):
        if name == self.module:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.02 if threading.current_thread() is threading.main_thread() else 0.3)

def interrupt_import(module):
    "As in a kernel that has not imported the package, have the import of one of its modules interrupted."
    package = module.partition(".")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    Bomb(module)

def interrupt_reading():
    "Interrupt once while the rows of a statement are read."
    from sqlalchemy.orm import loading
    original = loading._instance_processor
    def step(*args, **kwargs):
        loading._instance_processor = original
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.02 if threading.current_thread() is threading.main_thread() else 0.3)
        return original(*args, **kwargs)
    loading._instance_processor = step
"""
REJECTED = "KeyboardInterrupt: Interrupted while the run was being opened; the cell did not run."


@pytest.fixture(scope="module")
def prepared(kernel):
    kernel.check(SETUP)
    return kernel


IMPORTS = {
    "a tracked cell": ("mlflow.entities", "%%track first\nprint('ran')", REJECTED),
    "late in the import": ("mlflow.tracking.fluent", "%%track late\nprint('ran')", REJECTED),
    "an async cell": ("mlflow.exceptions", "%%track waits\nimport asyncio\nawait asyncio.sleep(0)\nprint('ran')", REJECTED),
    "%runs": ("mlflow.tracking", "%runs", "KeyboardInterrupt: %runs was interrupted."),
    "mlmagic.runs": ("mlflow.tracking", "_ = mlmagic.runs()\nprint('ran')", "KeyboardInterrupt"),
    "the user's own": ("mlflow.tracking", "import mlflow\nprint('ran')", "KeyboardInterrupt"),
}  # fmt: skip


@pytest.mark.parametrize("case", IMPORTS)
def test_an_interrupted_import_leaves_no_half_of_a_library(prepared, case):
    module, code, words = IMPORTS[case]
    prepared.check(f"interrupt_import({module!r})")
    output = prepared.run(code)
    assert (output.status, "ran" in output.stdout) == ("error", False), output.text
    assert output.errors[0].strip().splitlines()[-1].startswith(words), output.text
    if case != "the user's own" and "mlmagic.runs" not in code:
        assert output.errors == [words]
    after = prepared.run(f"%%track {module}\nx = 0.5")
    assert (after.status, len(after.summaries)) == ("ok", 1), after.text
    assert "offline" not in after.summaries[0]
    assert prepared.last_run(module)["status"] == "FINISHED"


@pytest.mark.parametrize("code", ["%runs", "%compare", "%compare first", "%diff first one", "mlmagic.runs()"])
def test_an_interrupted_reading_leaves_no_lock(prepared, code):
    prepared.check("%%track first\nx = 1")
    prepared.check("interrupt_reading()")
    output = prepared.run(code)
    assert (output.status, len(output.errors)) == ("error", 1), output.text
    if code.startswith("%"):
        assert output.errors == [f"KeyboardInterrupt: {code.split()[0]} was interrupted."]
    after = prepared.run("%%track after\nx = 0.5")
    assert "offline" not in after.summaries[0], after.text
