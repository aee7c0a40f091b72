"""The settings, each declared once; ``%config MLMagic.x``, ``MLMAGIC_X`` and the docs derive from the declaration."""

from __future__ import annotations

import ast
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import Bool, Float, List, TraitError, Unicode, observe
from traitlets.config import Configurable

from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from traitlets.config import Config

ENVIRONMENT_PREFIX = "MLMAGIC_"


class InvalidPatternError(UsageProblem, TraitError):
    """A setting has an invalid regular expression. Also a ``TraitError``, so that traitlets keeps the old value."""


class Texts(List):  # type: ignore[type-arg]  # traitlets before 5.10, as on Colab, is not generic at runtime
    """A list of strings; an environment variable may have a Python list of strings, or a single string."""

    def from_string(self, s: str) -> list[str]:
        """Parse *s* as a Python list of strings, or return it as the only item."""
        try:
            value = ast.literal_eval(s)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = None
        is_list = isinstance(value, list) and all(isinstance(text, str) for text in value)
        return value if is_list else [s] if s else []


class UnknownSettingError(UsageProblem, AttributeError):
    """There is no such setting. Also an ``AttributeError``, as ``hasattr`` expects."""


class RegularExpressions(Texts):
    """A list of regular expressions, which is validated on assignment."""

    def validate(self, obj: Any, value: Any) -> list[str]:
        """Return *value* after checking that each pattern compiles and does not match the empty string."""
        patterns: list[str] = super().validate(obj, value) or []
        for pattern in patterns:
            if problem := _problem_of(pattern):
                raise InvalidPatternError(
                    f"{self.name}: {pattern!r} {problem}. Write each as a raw string: "
                    rf'%config MLMagic.{self.name} = [r"ACME-\d+"]'
                )
        return patterns


def _problem_of(pattern: str) -> str | None:
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    return "matches the empty text, which is everywhere" if compiled.search("") else None


class MLMagic(Configurable):
    """Settings of mlmagic, for ``%config MLMagic.<name> = <value>`` or the variable ``MLMAGIC_<NAME>``."""

    experiment = Unicode(
        "", help="Experiment of the runs that do not name one (-e). Empty: MLflow's active experiment."
    ).tag(config=True)
    ui_url = Unicode(
        "",
        help="Address of the MLflow UI that serves the store, such as http://127.0.0.1:5000, for links to runs. "
        "An http(s) tracking server is linked without it.",
    ).tag(config=True)
    quiet = Bool(default_value=False, help="Leave one line under a tracked cell, as --quiet does.").tag(config=True)
    figures = Bool(default_value=True, help="Record the figures of a tracked cell.").tag(config=True)
    tracebacks = Bool(default_value=False, help="Show the full traceback of mlmagic's own errors.").tag(config=True)
    output_limit_mb = Float(
        20.0, min=0.0, help="Most MB of printed output kept of a run: its beginning and its end."
    ).tag(config=True)
    patch_limit_mb = Float(
        5.0, min=0.0, help="Most MB of uncommitted changes that a run records; larger files are left out with a notice."
    ).tag(config=True)
    data_budget_s = Float(
        2.0,
        min=0.0,
        help="Seconds a cell that fingerprints of its data may take; then the rest is sampled, with a notice.",
    ).tag(config=True)
    model_limit_mb = Float(
        200.0,
        min=0.0,
        help="Largest model, in MB, that is recorded automatically; a larger one is skipped with a notice.",
    ).tag(config=True)
    journal = Unicode(
        "",
        help="Folder of the journals of runs, absolute or from the folder in which mlmagic was loaded. "
        "Empty: .mlmagic/journal.",
    ).tag(config=True)
    journal_days = Float(
        7.0, min=0.0, help="Days that the journal of a run is kept, packed, when all of it is in the store."
    ).tag(config=True)
    store_timeout_s = Float(
        3.0, min=0.0, help="Seconds, in all, that a cell waits for a store that is away or slow."
    ).tag(config=True)
    offline = Bool(
        default_value=False, help="Record to the journal only; %mlmagic sync delivers when this is False again."
    ).tag(config=True)
    secret_patterns = RegularExpressions(
        Unicode(),
        help="Regular expressions of secrets of your own, such as ACME-[0-9]+: what they match is redacted.",
    ).tag(config=True)
    instantiate_allow = Texts(
        Unicode(),
        help="Packages, modules, classes or functions that mlmagic.instantiate may make, beside those that it knows.",
    ).tag(config=True)
    artifact_servers = Texts(
        Unicode(),
        help="Servers of artifacts (host:port) beside the tracking server that may see its credentials.",
    ).tag(config=True)
    system_interval_s = Float(1.0, min=0.05, help="Seconds between two samples of --system.").tag(config=True)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a setting; raise for an unknown name, for which Python would create an attribute."""
        if not name.startswith("_") and not hasattr(type(self), name):
            raise self._unknown(name)
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        """Raise for a setting that does not exist, as ``%config MLMagic.quite`` asks for one."""
        raise AttributeError(name) if name.startswith("_") else self._unknown(name)

    def _unknown(self, name: str) -> UnknownSettingError:
        names = sorted(self.trait_names(config=True))
        return UnknownSettingError(
            f"there is no setting {name!r}.{did_you_mean(name, names)} There are: {', '.join(names)}."
        )

    def update_config(self, config: Config) -> None:
        """Take what ``%config MLMagic.quiet = True`` sets; raise for an unknown name, of which traitlets only warns."""
        unknown = [name for name in config.get(type(self).__name__, {}) if not self.has_trait(name)]
        if unknown:
            raise self._unknown(unknown[0])
        super().update_config(config)

    @observe("tracebacks")
    def _show_tracebacks(self, change: dict[str, Any]) -> None:
        MLMagicError.full_tracebacks = change["new"]

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        for name, trait in self.traits(config=True).items():
            text = os.environ.get(ENVIRONMENT_PREFIX + name.upper())
            if text is None or name in values:
                continue
            try:
                setattr(self, name, trait.from_string(text))
            except (TraitError, ValueError) as error:
                why = str(error).replace("%r", repr(text))  # traitlets does not fill it in
                raise UsageProblem(f"{ENVIRONMENT_PREFIX}{name.upper()}={text!r} is not valid: {why}") from None


try:
    settings = MLMagic()
    """The settings of this process."""
except UsageProblem as error:
    if Path(sys.argv[0]).stem == "mlmagic":  # the command, which imports this before it can catch anything
        sys.exit(f"mlmagic: {error}")
    raise
