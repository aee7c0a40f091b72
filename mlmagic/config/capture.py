"""Records the configs of a run: those that a tracked cell reads or composes, and those that a script passes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlmagic.config.composing import composition_of
from mlmagic.config.flat import Resolved, resolvable
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from mlmagic.recording.active_run import ActiveRun

_FILE = "mlmagic/config.yaml"


class ConfigCapture:
    """Captures the configs that a cell reads before its body runs, and records them after it has ended."""

    what = "configs"

    def __init__(self) -> None:
        self._taken: dict[str, Resolved] = {}
        self._overrides: dict[str, tuple[str, ...]] = {}

    def before(self, run: ActiveRun) -> None:
        """Capture the configs that the cell reads."""
        watch = run.origin.watch
        for name, value in watch.objects_read().items() if watch else ():
            if watch and watch.skips.read(name, value, _is_config, default=False):
                self._take(run, name, value)

    def give(self, run: ActiveRun, name: str, config: Any) -> None:
        """Capture a script's *config* under *name*, with the overrides of Hydra's command line."""
        self._take(run, name, config)
        hydra = sys.modules.get("hydra.core.hydra_config")
        if name not in self._overrides and hydra is not None and hydra.HydraConfig.initialized():
            self._overrides[name] = tuple(hydra.HydraConfig.get().overrides.task)

    def _take(self, run: ActiveRun, name: str, config: Any) -> None:
        if name.startswith("_") or name in run.options.exclude:
            return
        try:
            taken = self._taken[name] = resolvable(config) if _is_config(config) else Resolved(dict(config))
        except BaseException as error:  # noqa: BLE001  # a user's mapping may raise anything
            reraise_interrupt(error)
            run.notices.warn(f"the config {name} is not recorded: {one_line(error)}")
            return
        if taken.open:
            run.notices.warn(f"the config {name} is recorded without the keys that have no value: {taken.told()}")
        composed = composition_of(config)
        if composed is not None:
            self._overrides[name] = composed.overrides

    def after(self, run: ActiveRun) -> None:
        """Record the configs that the cell read or composed: their values as parameters, and each config as a file."""
        watch = run.origin.watch
        if watch is not None:
            self._taken = {name: one for name, one in self._taken.items() if name not in watch.unread}
        for name, value in watch.objects(watch.bound.names()).items() if watch else ():
            if name not in self._taken and composition_of(value) is not None:
                self._take(run, name, value)
        for number, (name, taken) in enumerate(self._taken.items()):
            left_out = run.options.exclude | run.logged_params
            for key, value in taken.leaves().items() if isinstance(taken.values, Mapping) else ():
                if f"{name}.{key}" not in left_out:
                    run.recorder.param(f"{name}.{key}", value)
            run.recorder.yaml(_FILE if number == 0 else f"mlmagic/config_{name}.yaml", taken.values)
        given = {
            name: list(overrides) for name, overrides in self._overrides.items() if overrides and name in self._taken
        }
        if given:
            told = next(iter(given.values())) if len(self._taken) == 1 else given
            run.recorder.tag("mlmagic.overrides", json.dumps(told, ensure_ascii=False))


def _is_config(value: object) -> bool:
    omegaconf = sys.modules.get("omegaconf")
    return omegaconf is not None and isinstance(value, omegaconf.DictConfig)
