"""Imports optional packages on first use; the error for a missing package has the command that installs it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from mlmagic.errors import MissingPackageError

if TYPE_CHECKING:
    from types import ModuleType


def require(package: str, for_what: str, *, pip: str = "") -> ModuleType:
    """Import *package* and return it; *pip* is the distribution's name if it differs.

    Raises
    ------
    MissingPackageError
        If the package is not installed. The message has the command that installs it.

    Examples
    --------
    >>> require("json", "mlmagic.compare").__name__
    'json'
    >>> require("no_such_package", "mlmagic.compare")
    Traceback (most recent call last):
    mlmagic.errors.MissingPackageError: mlmagic.compare needs no_such_package: %pip install no_such_package
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{package}.".startswith(f"{error.name}."):  # another one, that it needs itself
            raise
        raise MissingPackageError(f"{for_what} needs {pip or package}: %pip install {pip or package}") from error
