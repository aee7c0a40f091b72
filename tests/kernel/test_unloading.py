"""Nothing of mlmagic stays in a process when it is unloaded; loaded again, all works as at first."""

from __future__ import annotations

import json

import pytest

STATE = """\
import atexit, builtins, gc, getpass, json, logging, os, random, signal, sys, threading, time, warnings
import numpy, matplotlib.backend_bases, mlflow, mlflow.utils.rest_utils, sklearn.metrics
import mlflow.tracking._tracking_service.client
class Probe:
    "Sees what is registered at exit: `unregister` compares it with each function."
    def __init__(self):
        self.seen = []
    def __eq__(self, other):
        self.seen.append(str(getattr(other, "__module__", "")))
        return False
    __hash__ = None
def at_exit():
    probe = Probe()
    atexit.unregister(probe)
    return [name for name in probe.seen if name.startswith("mlmagic")]
def state():
    shell = get_ipython()
    rest, client = mlflow.utils.rest_utils, mlflow.tracking._tracking_service.client
    loggers = [logging.getLogger(), *(one for one in logging.root.manager.loggerDict.values() if hasattr(one, "filters"))]
    return json.dumps({
        "threads": sorted(one.name for one in threading.enumerate() if one.name.startswith("mlmagic")),
        "variables": sorted(
            name for place in (rest, client) for name, one in vars(place).items()
            if type(one).__module__.startswith("mlmagic") or getattr(one, "__code__", one) is not one
            and "mlmagic" in one.__code__.co_filename
        ),
        "filters": {one.name: [len(one.filters), len(one.handlers)] for one in loggers if one.filters or one.handlers},
        "call_handlers": logging.Logger.callHandlers.__module__,
        "levels": {name: logging.getLogger(name).level for name in ("mlflow", "alembic", "mlflow.store.db.utils")},
        "events": {name: len(found) for name, found in shell.events.callbacks.items()},
        "transformers": [len(shell.input_transformers_cleanup), len(shell.ast_transformers)],
        "matchers": len(shell.Completer.custom_matchers), "configurables": len(shell.configurables),
        "magics": sorted(name for kind in shell.magics_manager.magics.values() for name in kind),
        "registry": sorted(shell.magics_manager.registry),
        "names": sorted(name for name in shell.user_ns if not name.startswith("_")),
        "hidden": sorted(name for name in shell.user_ns_hidden if not name.startswith("_")),
        "builtins": sorted(vars(builtins)), "environment": dict(os.environ),
        "meta_path": [type(one).__name__ for one in sys.meta_path], "hooks": len(sys.path_hooks),
        "print_figure": matplotlib.backend_bases.FigureCanvasBase.print_figure.__code__.co_filename,
        "signal": str(signal.getsignal(signal.SIGINT)), "atexit": at_exit(),
        "streams": sorted({*vars(sys.stdout), *vars(sys.stderr)} - {"echo", "write"}),
        "display_hook": sorted(vars(shell.displayhook)), "input": str(vars(shell.kernel).get("_input_request")),
        "formatters": len(shell.display_formatter.mimebundle_formatter.deferred_printers),
        "getpass": getpass.getpass.__module__, "excepthook": str(sys.excepthook),
        "gc": len(gc.callbacks), "warnings": len(warnings.filters), "audit": mlflow.active_run() is None,
    })
None
"""
CELL = """\
%%track {name}
import matplotlib.pyplot as plt, mlmagic
_ = plt.figure(); _ = plt.plot([1, 2]); plt.show()
mlmagic.log(loss=0.5)
"""


def _state(kernel):
    return json.loads(kernel.check("print(state())"))


def test_nothing_stays_when_it_is_unloaded_and_loaded_again_it_works_whole(new_kernel):
    kernel = new_kernel()
    kernel.check(STATE)
    kernel.check("%load_ext mlmagic")
    kernel.check(CELL.format(name="warm"))  # what MLflow, matplotlib and the cell itself leave
    kernel.check("%unload_ext mlmagic")
    before = _state(kernel)
    assert (before["threads"], before["variables"], before["atexit"]) == ([], [], [])
    for name in ("first", "second"):
        kernel.check("%load_ext mlmagic")
        output = kernel.run(CELL.format(name=name))
        assert output.status == "ok", output.text
        during = _state(kernel)
        assert (during["threads"], during["atexit"]) == (["mlmagic-ship", "mlmagic-sync"], ["mlmagic.tracking.ending"])
        assert during["variables"] == ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "_get_http_response_with_retries"]
        kernel.check("%unload_ext mlmagic")
        assert _state(kernel) == before
        run = kernel.last_run(name)
        assert (run["status"], run["metrics"]["loss"], run["count"]) == ("FINISHED", 0.5, 1)
        assert "figures/figure_1.png" in run["files"]


def test_a_run_that_still_waits_when_it_is_unloaded_is_delivered_when_it_is_loaded_again(new_kernel):
    kernel = new_kernel()
    kernel.check(STATE)
    kernel.check("%load_ext mlmagic")
    kernel.check(CELL.format(name="warm"))
    kernel.check("%unload_ext mlmagic")
    kernel.check("from mlmagic.user_settings import settings")
    before = _state(kernel)
    kernel.check("settings.offline = True\n%load_ext mlmagic")
    output = kernel.run(CELL.format(name="waiting"))
    assert (output.status, "offline" in output.summaries[0]) == ("ok", True), output.text
    kernel.check("%unload_ext mlmagic")
    assert _state(kernel) == before
    kernel.check("settings.offline = False\n%load_ext mlmagic")
    kernel.check(
        "from mlmagic.store.delivery.worker import delivery_workers\nend = time.monotonic() + 30\n"
        "while any(one.deliveries() for one in delivery_workers()) and time.monotonic() < end: time.sleep(0.05)"
    )
    run = kernel.last_run("waiting")
    assert (run["status"], run["metrics"]["loss"], run["count"]) == ("FINISHED", 0.5, 1)
    assert "figures/figure_1.png" in run["files"]
    kernel.check("%unload_ext mlmagic")
    left = _state(kernel)
    assert (left["threads"], left["variables"], left["atexit"]) == ([], [], [])


TRACKED = {
    "%reload_ext mlmagic": "mlmagic: not reloaded, since a run is open: %reload_ext mlmagic in a cell of its own.",
    "%unload_ext mlmagic": "mlmagic: unloaded, now that the run has ended.",
}


@pytest.mark.parametrize("magic", TRACKED)
@pytest.mark.parametrize("body", ["{}", "with mlmagic.track('inner'):\n    {}\n    mlmagic.log(inside=1.5)"])
def test_within_a_run_it_stays_until_that_has_ended(kernel, magic, body):
    kernel.check("%load_ext mlmagic\nimport mlmagic, mlflow")
    output = kernel.run(f"%%track inside\na = 0.7\n{body.format(magic)}\nb = a * 2\nprint('went on')")
    assert (output.status, output.stdout.splitlines()) == (
        "ok",
        sorted(["went on", TRACKED[magic]], reverse="un" in magic),
    )
    assert len(output.summaries) == 1 + ("with" in body)
    run = kernel.last_run("inside")
    assert (run["status"], run["params"]["a"], run["metrics"]["b"]) == ("FINISHED", "0.7", 1.4)
    assert (run["running"], kernel.check("print(mlflow.active_run())")) == ([], "None")
    after = kernel.run("%%track after\nx = 1")
    assert (after.status == "ok") == ("reload" in magic), after.text


def test_a_name_that_the_user_bound_stays(kernel):
    kernel.check("%reload_ext mlmagic\n%unload_ext mlmagic\nmlmagic = None\ndel mlmagic")
    kernel.check("%load_ext mlmagic")
    kernel.check("def f():\n    import mlmagic\ntext = 'import mlmagic'")
    assert kernel.check("%unload_ext mlmagic\nprint('mlmagic' in globals())") == "False"
    kernel.check("%load_ext mlmagic")
    kernel.check("import mlmagic")
    assert kernel.check("%unload_ext mlmagic\nprint(mlmagic.__name__)") == "mlmagic"
