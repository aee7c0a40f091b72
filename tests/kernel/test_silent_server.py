"""A server that accepts and never answers, in a real kernel: one line within a bound, and Ctrl-C ends the waiting."""

from __future__ import annotations

import socket

import pytest


@pytest.fixture(scope="module")
def server():
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield listening


@pytest.fixture(scope="module")
def held(kernel, server):
    kernel.check(f"%env MLFLOW_TRACKING_URI=http://127.0.0.1:{server.getsockname()[1]}")
    kernel.check("%config MLMagic.store_timeout_s = 1.5\nfrom mlmagic.store import connection as store")
    return kernel


@pytest.mark.parametrize("code", ["%runs", "%runs loss < 1", "%compare", "%compare a b", "%diff a b"])
def test_reading_ends_with_one_line_that_names_the_cause(held, server, code):
    output = held.run(code, timeout=30)
    where = f"the MLflow store http://127.0.0.1:{server.getsockname()[1]} does not answer within "
    assert (output.status, len(output.errors)) == ("error", 1), output.text
    assert output.errors[0].startswith(f"StoreAwayError: {where}"), output.text
    assert "\n" not in output.errors[0]


def test_the_next_cells_are_held_only_for_a_probe(held):
    held.check("%%track first\nx = 0.5")
    assert held.check("print(store.wait_budget().left_s)") == "1.0"
    output = held.run("%%track second\nx = 0.5")
    assert (output.status, "(the store does not answer)" in output.summaries[0]) == ("ok", True), output.text


INTERRUPT = """\
import os, signal, threading
from mlmagic.session import interrupts
original = interrupts.deliver
def soon():
    "Called before each wait."
    interrupts.deliver = original
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
interrupts.deliver = soon
"""


@pytest.mark.parametrize("code", ["%runs", "%compare", "%diff a b", "%mlmagic sync"])
def test_an_interrupt_ends_the_waiting_with_one_line(held, code):
    held.check("%config MLMagic.store_timeout_s = 60\nstore.waiting.answered()")
    held.check(INTERRUPT)
    output = held.run(code, timeout=30)
    assert output.errors == [f"KeyboardInterrupt: {code.split()[0]} was interrupted."], output.text
