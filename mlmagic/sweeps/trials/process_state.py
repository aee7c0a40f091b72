"""Gives each trial the notebook's process-wide settings, and restores the settings that a trial changes.

Each part reads and sets one setting of a module, once the module is imported. The state of a module that a trial
imports is taken right after its import. A setting that cannot be read or restored is reported and skipped.
"""

from __future__ import annotations

import contextlib
import sys
import time
import warnings
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.import_hooks import when_imported
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class StatePart:
    """One setting of a *module*, with functions that read and set its state.

    A setting that *travels* is sent to workers. Workers have their own of the others, or inherit them on this machine.
    """

    module: str
    take: Callable[[Any], Any]
    put: Callable[[Any, Any], None]
    travels: bool = True


def state_to_send() -> tuple[dict[str, bytes], list[str]]:
    """Return the process's state, with each part pickled, and a message for each part that cannot be pickled."""
    import cloudpickle

    sent: dict[str, bytes] = {}
    problems = []
    for name, part in PARTS.items():
        if part.travels and part.module in sys.modules:
            try:
                sent[name] = cloudpickle.dumps(part.take(sys.modules[part.module]))
            except BaseException as error:  # noqa: BLE001  # a setting may be a user's object
                reraise_interrupt(error)
                problems.append(f"{name} cannot be sent to another process: {one_line(error)}")
    return sent, problems


@contextlib.contextmanager
def process_state_kept(sent: Mapping[str, bytes] | None = None) -> Iterator[list[str]]:
    """Apply the settings that were *sent*, and restore all settings at the end; yield a list of problems."""
    import cloudpickle

    own: dict[str, Any] = {}
    problems: list[str] = []

    def begin(name: str, module: Any) -> None:
        part = PARTS[name]
        with _noted(name, problems):
            try:
                own[name] = part.take(module)
            except AttributeError:  # this version of the library has no such setting
                return
            if sent and name in sent and (state := cloudpickle.loads(sent[name])) != own[name]:
                part.put(module, state)

    waiting = [when_imported(part.module, partial(begin, name)) for name, part in PARTS.items()]
    try:
        yield problems
    finally:
        for cancel in waiting:
            cancel()
        for name, state in reversed(own.items()):
            with _noted(name, problems):
                part, module = PARTS[name], sys.modules[PARTS[name].module]
                if part.take(module) != state:
                    part.put(module, state)


@contextlib.contextmanager
def _noted(name: str, problems: list[str]) -> Iterator[None]:
    try:
        yield
    except BaseException as error:  # noqa: BLE001  # a setting that cannot be read or set is skipped
        reraise_interrupt(error)
        problems.append(f"{name} could not be kept as it was: {one_line(error)}")


def _refill(values: list[Any], state: list[Any]) -> None:
    values[:] = state


def _set_environment(os: Any, state: dict[str, str]) -> None:
    for name in set(os.environ) - set(state):
        del os.environ[name]
    os.environ.update({name: text for name, text in state.items() if os.environ.get(name) != text})
    if hasattr(time, "tzset"):
        time.tzset()


def _set_collection(gc: Any, state: tuple[bool, tuple[int, ...]]) -> None:
    is_on, thresholds = state
    gc.set_threshold(*thresholds)
    (gc.enable if is_on else gc.disable)()


def _set_filters(warnings: Any, state: list[Any]) -> None:
    warnings.resetwarnings()  # notifies the interpreter of the change
    _refill(warnings.filters, state)


def _loggers(logging: Any) -> dict[str, Any]:
    made = {name: one for name, one in logging.root.manager.loggerDict.items() if isinstance(one, logging.Logger)}
    return {"": logging.root, **made}


def _levels(logging: Any) -> dict[str, Any]:
    levels = {name: (one.level, one.propagate, one.disabled) for name, one in _loggers(logging).items()}
    return {"disabled": logging.root.manager.disable, "levels": levels}


def _set_levels(logging: Any, state: dict[str, Any]) -> None:
    logging.disable(state["disabled"])
    levels = state["levels"]
    for name in [*levels, *_new_loggers(logging, levels)]:
        logger = logging.getLogger(name or None)
        level, logger.propagate, logger.disabled = levels.get(name, (logging.NOTSET, True, False))
        logger.setLevel(level)


def _handlers(logging: Any) -> dict[str, list[Any]]:
    return {name: one.handlers[:] for name, one in _loggers(logging).items()}


def _set_handlers(logging: Any, state: dict[str, list[Any]]) -> None:
    for name in [*state, *_new_loggers(logging, state)]:
        logging.getLogger(name or None).handlers[:] = state.get(name, [])


def _new_loggers(logging: Any, known: Mapping[str, Any]) -> list[str]:
    """Return the new loggers except those of libraries, which configure them once, at their import."""
    return [name for name in _loggers(logging) if name not in known and name.partition(".")[0] not in sys.modules]


def _options(pandas: Any) -> dict[str, Any]:
    def leaves(above: str, node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, value in node.items():
            yield from leaves(f"{above}{name}.", value) if isinstance(value, dict) else [(above + name, value)]

    return dict(leaves("", pandas._config.config._global_config))  # get_option warns about some


def _set_options(pandas: Any, state: dict[str, Any]) -> None:
    now = _options(pandas)
    with warnings.catch_warnings(action="ignore"):
        for name, value in state.items():
            if name in now and now[name] != value:
                pandas.set_option(name, value)


def _rc_params(matplotlib: Any) -> dict[str, Any]:
    plain = {name: dict.__getitem__(matplotlib.rcParams, name) for name in dict.__iter__(matplotlib.rcParams)}
    return {
        name: value[:] if isinstance(value, list) else value
        for name, value in plain.items()
        if name not in {"backend", "backend_fallback"}
    }


def _set_backend(matplotlib: Any, state: Any) -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if not isinstance(state, str):  # no backend was chosen before: the trial's backend stays
        return
    if pyplot is not None:
        pyplot.switch_backend(state)
    else:
        dict.__setitem__(matplotlib.rcParams, "backend", state)


def _calls(module: str, take: str, put: str, *, spread: bool = False, travels: bool = True) -> StatePart:
    """Return a part that functions of *module* read and set; with *spread*, the state is passed as keywords."""

    def set_to(of: Any, state: Any) -> None:
        function = attrgetter(put)(of)
        _ = function(**state) if spread else function(state)

    return StatePart(module, lambda of: attrgetter(take)(of)(), set_to, travels)


def _attribute(module: str, path: str, *, travels: bool = True) -> StatePart:
    """Return a part for an attribute of *module*, named by a dotted path."""
    above, _, name = path.rpartition(".")

    def home(of: Any) -> Any:
        return attrgetter(above)(of) if above else of

    return StatePart(
        module, lambda of: getattr(home(of), name), lambda of, state: setattr(home(of), name, state), travels
    )


def _list(module: str, name: str) -> StatePart:
    """Return a part for a list of *module*, which is changed in place."""
    return StatePart(
        module, lambda of: getattr(of, name)[:], lambda of, state: _refill(getattr(of, name), state), travels=False
    )


_TORCH_PRINTS = ("precision", "threshold", "edgeitems", "linewidth", "sci_mode")

PARTS: dict[str, StatePart] = {
    "the working folder": _calls("os", "getcwd", "chdir", travels=False),
    "environment variables": StatePart("os", lambda os: dict(os.environ), _set_environment, travels=False),
    "sys.path": _list("sys", "path"),
    "sys.argv": _list("sys", "argv"),
    "the recursion limit": _calls("sys", "getrecursionlimit", "setrecursionlimit"),
    "garbage collection": StatePart("gc", lambda gc: (gc.isenabled(), gc.get_threshold()), _set_collection),
    "warning filters": StatePart("warnings", lambda warnings: warnings.filters[:], _set_filters),
    "warnings.showwarning": _attribute("warnings", "showwarning", travels=False),
    "logging levels": StatePart("logging", _levels, _set_levels),
    "logging handlers": StatePart("logging", _handlers, _set_handlers, travels=False),
    "the decimal context": StatePart(
        "decimal", lambda decimal: decimal.getcontext().copy(), lambda decimal, state: decimal.setcontext(state)
    ),
    "the locale": StatePart(
        "locale",
        lambda locale: locale.setlocale(locale.LC_ALL),
        lambda locale, state: locale.setlocale(locale.LC_ALL, state),
    ),
    "NumPy's handling of errors": _calls("numpy", "geterr", "seterr", spread=True),
    "NumPy's print options": _calls("numpy", "get_printoptions", "set_printoptions", spread=True),
    "pandas' options": StatePart("pandas", _options, _set_options),
    "Matplotlib's rcParams": StatePart(
        "matplotlib", _rc_params, lambda matplotlib, state: dict.update(matplotlib.rcParams, state)
    ),
    "Matplotlib's backend": StatePart(
        "matplotlib", lambda matplotlib: dict.__getitem__(matplotlib.rcParams, "backend"), _set_backend, travels=False
    ),
    "scikit-learn's config": _calls("sklearn", "get_config", "set_config", spread=True),
    "torch's default dtype": _calls("torch", "get_default_dtype", "set_default_dtype"),
    "torch's default device": StatePart(
        "torch",
        lambda torch: str(torch.get_default_device()),
        lambda torch, state: torch.set_default_device(None if state == "cpu" else state),
    ),
    "torch's grad mode": _calls("torch", "is_grad_enabled", "set_grad_enabled"),
    "torch's anomaly detection": _calls("torch", "is_anomaly_enabled", "autograd.set_detect_anomaly"),
    "torch's deterministic algorithms": _calls("torch", "get_deterministic_debug_mode", "set_deterministic_debug_mode"),
    "torch's matmul precision": _calls("torch", "get_float32_matmul_precision", "set_float32_matmul_precision"),
    "torch's print options": StatePart(
        "torch",
        lambda torch: {name: getattr(torch._tensor_str.PRINT_OPTS, name) for name in _TORCH_PRINTS},
        lambda torch, state: torch.set_printoptions(**state),
    ),
    "torch's threads": _calls("torch", "get_num_threads", "set_num_threads", travels=False),
    "cuDNN's deterministic mode": _attribute("torch", "backends.cudnn.deterministic"),
    "cuDNN's benchmark mode": _attribute("torch", "backends.cudnn.benchmark"),
    "cuDNN's use of TF32": _attribute("torch", "backends.cudnn.allow_tf32"),
}
