"""The files of a saved MLflow model besides the model itself: its description and its environment."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from mlmagic.snapshot.environment.distributions import installed
from mlmagic.snapshot.secrets import cuts
from mlmagic.user_objects import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlflow.models import Model

CONDA, VIRTUALENV, REQUIREMENTS, MLMODEL = "conda.yaml", "python_env.yaml", "requirements.txt", "MLmodel"
ENVIRONMENT = {"conda_env": CONDA, "python_env": VIRTUALENV}


class CannotLogError(Exception):
    """The model cannot be logged. The message is the reason and continues ``the model was not logged:``."""


def first_line(error: BaseException) -> str:
    r"""Return the first line of *error*'s message, or the name of its type if it has no message.

    >>> first_line(ValueError("no rows\nin X")), first_line(KeyError())
    ('no rows', 'KeyError')
    """
    return cuts.first_line(text_of(error), 200) or type(error).__name__


@dataclass
class Saved:
    """A model written to ``folder``: its MLflow description, its format, and notes for the user."""

    meta: Model
    folder: Path
    format: str
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The total size of its files in bytes."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


def new_folder(folder: Path) -> tuple[Model, Path]:
    """Create *folder*, and return an empty MLflow description and the folder."""
    from mlflow.models import Model

    folder.mkdir(parents=True)
    return Model(), folder


def write_environment(folder: Path, requirements: Iterable[str], needed: Iterable[str]) -> None:
    """Write the model's three environment files: its *requirements*, MLflow, and what is *needed* to load it.

    JSON's strings are valid YAML, so strings are quoted as JSON.
    """
    lines = with_needed(requirements, needed)
    python = platform.python_version()
    (folder / REQUIREMENTS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    quoted = "".join(f"  - {json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    (folder / CONDA).write_text(
        f"channels:\n- conda-forge\ndependencies:\n- python={python}\n- pip\n- pip:\n{quoted}name: mlflow-env\n",
        encoding="utf-8",
    )
    (folder / VIRTUALENV).write_text(
        f'python: "{python}"\nbuild_dependencies:\n- pip\n- setuptools\n- wheel\ndependencies:\n- -r {REQUIREMENTS}\n',
        encoding="utf-8",
    )


def with_needed(requirements: Iterable[str], needed: Iterable[str]) -> list[str]:
    """Return *requirements* plus MLflow and *needed*, if missing, pinned to the installed versions.

    >>> with_needed(["numpy==2.0", "mlflow==3.0"], ["NumPy", "no-such-package"])
    ['numpy==2.0', 'mlflow==3.0']
    """
    lines = [line.strip() for line in requirements if line.strip()]
    there = {_distribution(line) for line in lines}
    for name in ("mlflow", *needed):
        distribution = _distribution(name)
        if distribution in there or (name == "mlflow" and "mlflow-skinny" in there):
            continue
        if found := installed().get(distribution):
            lines.append(f"{name}=={found.version}")
            there.add(distribution)
    return lines


@lru_cache(maxsize=1024)
def _distribution(requirement: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        return str(canonicalize_name(Requirement(requirement).name))
    except InvalidRequirement:  # a pip option or a path
        return requirement
