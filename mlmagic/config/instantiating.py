"""Creates objects from a config's ``_target_``: only when the user calls it, and only of allowed classes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pydoc import locate
from typing import Any

from mlmagic.adapters.optional import require
from mlmagic.config.flat import resolved
from mlmagic.config.problems import reason_of
from mlmagic.errors import UsageProblem
from mlmagic.suggestions import did_you_mean
from mlmagic.user_settings import settings

ALLOWED = (
    "catboost",
    "keras",
    "lightgbm",
    "sklearn",
    "torch.nn",
    "torch.optim",
    "torch.utils.data",
    "torchmetrics",
    "xgboost",
)
"""The packages whose classes are allowed, besides those of the notebook and of ``MLMagic.instantiate_allow``."""

_UNKNOWN = re.compile(r"unexpected keyword argument '([^']+)'")
_PLACE = re.compile(r"^full_key: (.+)$", re.MULTILINE)
_SHOWN = 12


def instantiate(config: Any, *args: Any, **kwargs: Any) -> Any:
    """Create the object that a config's ``_target_`` names, as ``hydra.utils.instantiate`` does.

    A config may come from an untrusted source, and a target may be any function. Allowed are therefore only the
    classes of known model libraries, those of the notebook, and the packages, modules, classes and functions that the
    setting ``instantiate_allow`` names.

    Parameters
    ----------
    config
        A config with ``_target_``. Nested targets are created first.
    args, kwargs
        Passed to the target. Keywords take precedence over the config.

    Returns
    -------
    What the target returns.

    Raises
    ------
    MissingPackageError
        If hydra-core is not installed.
    UsageProblem
        If a target is missing or not allowed, or does not accept the config's arguments, or if an interpolation has no
        value.
    Exception
        Whatever the target raises.

    Examples
    --------
    >>> instantiate({"_target_": "sklearn.tree.DecisionTreeClassifier", "max_depth": 3})
    DecisionTreeClassifier(max_depth=3)
    >>> instantiate({"_target_": "os.system", "command": "ls"})
    Traceback (most recent call last):
    mlmagic.errors.UsageProblem: The target 'os.system' is not allowed. ...
    """
    utils = require("hydra.utils", "mlmagic.instantiate", pip="hydra-core")
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        plain = resolved(config) if OmegaConf.is_config(config) else config
    except OmegaConfBaseException as error:
        raise UsageProblem(f"The config cannot be resolved: {reason_of(str(error))}") from error
    if not isinstance(plain, Mapping) or "_target_" not in plain:
        raise UsageProblem("The config has no _target_, which names the class: _target_: sklearn.svm.SVC")
    for target in _targets([plain, kwargs]):
        _require_allowed(target)
    from hydra.errors import InstantiationException

    given = OmegaConf.create(dict(plain))
    missing = sorted(key for key in OmegaConf.missing_keys(given) if key.partition(".")[0] not in kwargs)
    if missing:
        raise UsageProblem(f"The config has no value for {', '.join(missing)} (???): set it, or pass it as a keyword")
    try:
        return utils.instantiate(given, *args, **_authorization(utils.instantiate, [plain, kwargs]), **kwargs)
    except InstantiationException as error:  # Hydra wraps the target's exception; from 1.4 on it does not
        cause = error.__cause__
        if cause is None:
            raise UsageProblem(str(error).strip().partition("\n")[0]) from error
        if problem := _misfit(given, kwargs, str(error), cause):
            raise problem from error
        raise cause from None
    except TypeError as error:
        if problem := _misfit(given, kwargs, "\n".join(getattr(error, "__notes__", ())), error):
            raise problem from error
        raise


def _authorization(hydras: Callable[..., Any], configs: Sequence[Any]) -> dict[str, Any]:
    """Return the argument that tells Hydra 1.4 and newer which targets may be called: those that passed the check."""
    if "_execution_whitelist_" not in inspect.signature(hydras).parameters:
        return {}
    packages = [f"{package}.*" for package in (*ALLOWED, *settings.instantiate_allow, "__main__")]
    return {"_execution_whitelist_": [*_targets(configs), *settings.instantiate_allow, *packages]}


def _misfit(config: Any, kwargs: Mapping[str, Any], said: str, cause: BaseException) -> UsageProblem | None:
    """Return what is wrong with a call's arguments, or None if they are valid and the target itself failed."""
    from omegaconf import OmegaConf

    unknown = _UNKNOWN.search(str(cause)) if isinstance(cause, TypeError) else None
    place = _PLACE.search(said)
    node = OmegaConf.select(config, place[1]) if place else {**config, **kwargs}
    if unknown is None or not isinstance(node, Mapping) or unknown[1] not in node or "_target_" not in node:
        return None
    called = locate(node["_target_"])
    try:
        takes = [name for name in inspect.signature(called).parameters if name != "self"]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        takes = []
    if unknown[1] in takes:
        return None
    near = did_you_mean(unknown[1], takes)
    shown = ", ".join(takes[:_SHOWN]) + (", …" if len(takes) > _SHOWN else "")
    listed = "" if near or not takes else f" It takes: {shown}."
    name = node["_target_"].rpartition(".")[2]
    return UsageProblem(f"{name} takes no {unknown[1]!r}.{near}{listed}")


def _targets(config: Any) -> Iterator[Any]:
    if isinstance(config, Mapping):
        if "_target_" in config:
            yield config["_target_"]
        for value in config.values():
            yield from _targets(value)
    elif isinstance(config, Sequence) and not isinstance(config, str | bytes):
        for value in config:
            yield from _targets(value)


def _require_allowed(target: Any) -> None:
    """Check a target by its name and by the module of the object, because a module may import another's functions."""
    own = tuple(settings.instantiate_allow)
    if not isinstance(target, str):
        raise UsageProblem(f"_target_ is the name of a class, not {target!r}")
    # The name is checked first, because looking an object up imports its module.
    if not _is_in(target, (*ALLOWED, *own, "__main__")):
        raise _refused(target)
    found = locate(target)
    if found is None:
        home = locate(target.rpartition(".")[0])
        raise UsageProblem(f"There is no {target!r}.{did_you_mean(target.rpartition('.')[2], dir(home))}")
    if target in own:
        return
    home = str(getattr(found, "__module__", ""))
    by_package = isinstance(found, type) and _is_in(home, (*ALLOWED, "__main__"))
    if not by_package and not _is_in(home, own):
        raise _refused(target)


def _is_in(name: str, packages: Sequence[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _refused(target: str) -> UsageProblem:
    return UsageProblem(
        f"The target {target!r} is not allowed. If you trust it: "
        f"mlmagic.settings.instantiate_allow = [*mlmagic.settings.instantiate_allow, {target!r}]"
    )
