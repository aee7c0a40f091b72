"""Code that runs within shows nothing and changes nothing; what others do goes on."""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
import warnings

import numpy as np
import pytest
import torch

from mlmagic.models.saving.guard import preserve_state, quietly


def test_generators_and_grad_mode_are_put_back():
    def draw():
        return random.random(), np.random.rand(), torch.rand(1).item()

    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    with preserve_state() as rewind:
        torch.set_grad_enabled(False)
        first = draw()
        rewind()
        assert draw() == first
    assert torch.is_grad_enabled()
    assert states == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())


def test_they_are_put_back_after_an_error():
    state = random.getstate()

    def draw_and_fail():
        with preserve_state():
            return random.random() / 0

    with pytest.raises(ZeroDivisionError, match="division"):
        draw_and_fail()
    assert random.getstate() == state


def test_nothing_is_shown_of_this_thread(capsys, caplog):
    other = threading.Thread(target=lambda: (print("other"), logging.getLogger("mlflow.x").warning("other")))
    filters, stdout, bar = list(warnings.filters), sys.stdout, os.environ.get("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR")
    handlers = {handler: list(handler.filters) for handler in logging.getLogger("mlflow").handlers}
    with quietly():
        print("mine")
        print("mine", file=sys.stderr)
        logging.getLogger("mlflow.x").warning("mine")
        logging.getLogger().warning("mine")
        warnings.warn("mine", stacklevel=1)
        other.start()
        other.join()
    shown = capsys.readouterr()
    assert shown.out == "other\n"
    assert "mine" not in shown.err
    assert "mine" not in caplog.text
    assert (warnings.filters, sys.stdout) == (filters, stdout)
    assert os.environ.get("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR") == bar
    assert handlers == {handler: list(handler.filters) for handler in logging.getLogger("mlflow").handlers}


def test_two_threads_leave_the_filters_as_they_were():
    filters = list(warnings.filters)

    def work():
        for _ in range(50):
            with quietly():
                warnings.warn("mine", stacklevel=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == filters
